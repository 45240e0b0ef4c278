"""The CRED-nf checklist of a study as one HTML page, each item filled from the data where they can say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from matplotlib.figure import Figure
from pydantic import Field

from neurofeedback.errors import SettingsError
from neurofeedback.recording.facts.form_records import form_names, read_form
from neurofeedback.recording.masking.masked_sessions import unblinding_rows
from neurofeedback.report.crednf_page import CrednfPage, CrednfRow, render_crednf
from neurofeedback.report.figure_style import ACCENT, GREY, render_svg
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.load import load_evidence, load_programme, load_settings, parse, read_toml
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic
from neurofeedback.study.enrolment import unlocked_arms
from neurofeedback.study.guesses import read_guesses
from neurofeedback.study.protocol import Protocol, programme_name, study_folder
from neurofeedback.study.protocol_lock import ProtocolLock, frozen_protocol
from neurofeedback.study.results.cobidas import cobidas_rows, mean_of
from neurofeedback.study.results.primary_test import primary_test
from neurofeedback.study.session_table import StudySession, study_sessions
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.studies import crednf as texts
from neurofeedback.texts.studies import study as study_texts

MAY_NOT_APPLY = frozenset({"2b", "2c.rater", "2c.stat", "2d", "2e", "5c", "6a", "6b"})
"""Items for which the checklist allows "not applicable"."""

ONE_GROUP = frozenset({"2c.rater", "2c.stat", "2d", "5c"})
"""Those of them for which it allows it only with one group of participants."""


class ItemStatus(StrEnum):
    """What stands behind an item."""

    FILLED = texts.STATUS_FILLED
    TEXT = texts.STATUS_TEXT
    PARTLY = texts.STATUS_PARTLY
    NOT_MET = texts.STATUS_NOT_MET
    NOT_APPLICABLE = texts.STATUS_NOT_APPLICABLE
    LATER = texts.STATUS_LATER


class ChecklistAnswers(SettingsModel):
    """What people write in ``crednf.toml``: answers, and reasons why an item does not apply, by item."""

    answers: dict[str, str] = Field(default_factory=dict)
    not_applicable: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item with its answer and the place of its evidence."""

    id: str
    label: str
    status: ItemStatus
    answer: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What the data say: an answer, its evidence, and the status without a text of a person."""

    answer: str = ""
    evidence: str = ""
    status: ItemStatus = ItemStatus.FILLED


@dataclass(frozen=True, slots=True)
class _Study:
    root: Path
    protocol: Protocol
    lock: ProtocolLock
    sessions: Sequence[StudySession]
    arms: Mapping[str, str] | None

    def mean(self, field: str) -> str:
        value = mean_of(self.sessions, field)
        return "n/a" if value is None else f"{value:.3g}"

    def by_arm(self, field: str) -> str:
        """Means of a field by arm after unlocking, as a sentence; empty before, and without arms."""
        groups: dict[str, list[StudySession]] = {}
        for one in self.sessions if self.arms is not None else ():
            groups.setdefault((self.arms or {}).get(one.participant, "n/a"), []).append(one)
        means = {arm: mean_of(found, field) for arm, found in sorted(groups.items())}
        shown = ", ".join(f"{arm} {value:.2f}" for arm, value in means.items() if value is not None)
        return f". {english(texts.BY_GROUP, groups=shown)}" if shown else ""

    def by_visit(self, field: str) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        for visit in self.protocol.visits:
            value = mean_of((one for one in self.sessions if one.visit == visit.name), field)
            found += [] if value is None else [(visit.name, value)]
        return found

    def shares(self, field: str) -> str:
        return ", ".join(f"{visit} {value:.2f}" for visit, value in self.by_visit(field)) or "n/a"


def read_answers(root: Path) -> ChecklistAnswers:
    """Return what people wrote in ``code/study/crednf.toml``; nothing without it.

    Raises
    ------
    SettingsError
        The file cannot be used, names an unknown item, or one that always applies as not applicable.
    """
    path = study_folder(root) / "crednf.toml"
    if not path.is_file():
        return ChecklistAnswers()
    answers = parse(ChecklistAnswers, read_toml(path), str(path), todo="correct these keys")
    unknown = sorted((set(answers.answers) | set(answers.not_applicable)) - set(texts.ITEMS))
    if unknown:
        raise SettingsError(f"{path} names an unknown item", got=unknown[0], allowed=", ".join(texts.ITEMS))
    always = sorted(set(answers.not_applicable) - MAY_NOT_APPLY)
    if always:
        raise SettingsError(
            f"{path} says that an item does not apply which always applies", got=always[0],
            allowed=", ".join(sorted(MAY_NOT_APPLY)),
        )  # fmt: skip
    return answers


def checklist(root: Path) -> list[ChecklistItem]:
    """Return all items of the checklist in order.

    Raises
    ------
    RecordingError
        The protocol is not frozen, or a file of the study is damaged.
    SettingsError
        ``crednf.toml`` cannot be used.
    """
    return _items(_read(root))


def write_checklist(root: Path, path: Path) -> list[ChecklistItem]:
    """Write the page, and return its items.

    Raises
    ------
    RecordingError
        The page cannot be written, or the study cannot be read.
    SettingsError
        ``crednf.toml`` cannot be used.
    """
    study = _read(root)
    items = _items(study)
    page = CrednfPage(
        title=study.protocol.title,
        items=tuple(CrednfRow(item.id, item.label, item.status, item.answer, item.evidence) for item in items),
        counts=count_sentence(items),
        answers="code/study/crednf.toml",
        figure=_figure(study),
        cobidas=tuple(cobidas_rows(root, study.sessions, _profiles(study), study.arms)),
    )
    with explain_disk_errors(f"the page cannot be written to {path}", todo="choose another place with --out"):
        write_atomic(path, render_crednf(page))
    return items


def count_sentence(items: Sequence[ChecklistItem]) -> str:
    """Return how many items have which status, as a sentence."""
    counts = Counter(item.status for item in items)
    return english(
        texts.COUNTS,
        filled=counts[ItemStatus.FILLED],
        text=counts[ItemStatus.TEXT],
        later=counts[ItemStatus.LATER],
        partly=counts[ItemStatus.PARTLY],
        unmet=counts[ItemStatus.NOT_MET],
        without=counts[ItemStatus.NOT_APPLICABLE],
    )


def _read(root: Path) -> _Study:
    protocol, lock = frozen_protocol(root)
    return _Study(root, protocol, lock, study_sessions(root, protocol), unlocked_arms(root))


def _items(study: _Study) -> list[ChecklistItem]:
    written = read_answers(study.root)
    one_group = sorted(ONE_GROUP & set(written.not_applicable)) if study.protocol.arms else []
    if one_group:
        raise SettingsError(
            "crednf.toml says that an item does not apply which applies to every study with two groups",
            got=one_group[0],
            todo="write an answer to it, or leave it out",
        )
    items: list[ChecklistItem] = []
    for key, label in texts.ITEMS.items():
        found = _FILLERS[key](study) if key in _FILLERS else _Found(status=ItemStatus.TEXT)
        status, answer = found.status, found.answer
        if key in written.not_applicable:
            status, answer = ItemStatus.NOT_APPLICABLE, written.not_applicable[key]
        elif text := written.answers.get(key, "").strip():
            status = ItemStatus.FILLED if status is ItemStatus.TEXT else status
            answer = f"{text} {answer}".strip()
        items.append(ChecklistItem(key, english(label), status, answer, found.evidence))
    return items


def _preregistered(study: _Study) -> _Found:
    address = study.protocol.registration
    answer = english(texts.REGISTERED, address=address or "-", hash=study.lock.sha256)
    return _Found(answer, "code/study/protocol.lock", ItemStatus.FILLED if address else ItemStatus.NOT_MET)


def _sample(study: _Study) -> _Found:
    sample = study.protocol.sample
    status = ItemStatus.FILLED if sample.justification else ItemStatus.TEXT
    return _Found(f"{sample.per_arm}. {sample.justification} {sample.stop_rule}".strip(), "protocol.toml", status)


def _control(study: _Study) -> _Found:
    if not study.protocol.arms:
        return _Found(status=ItemStatus.NOT_MET)
    arms = ", ".join(arm.name for arm in study.protocol.arms)
    return _Found(english(texts.ARMS, arms=arms, sham=study.protocol.sham.kind), "protocol.toml")


def _double_blind(study: _Study) -> _Found:
    reveals = sum(row.split("\t")[3:4] == ["reveal"] for row in unblinding_rows(study.root))
    return _Found(english(texts.BLIND_LOG, n=reveals), "code/study/unblinding.tsv", ItemStatus.TEXT)


def _analysts(study: _Study) -> _Found:
    if study.arms is None and study.protocol.masked and study.protocol.arms:
        return _Found(english(texts.TABLES_MASKED), "code/study/unblinding.tsv")
    return _Found(status=ItemStatus.TEXT)


def _blinding(study: _Study) -> _Found:
    guesses = read_guesses(study.root)
    if not guesses:
        return _Found(status=ItemStatus.NOT_MET)
    visits = ", ".join(sorted({one.visit for one in guesses}))
    return _Found(english(texts.GUESSES, n=len(guesses), visits=visits), "sourcedata/study/guesses.jsonl")


def _forms(study: _Study) -> _Found:
    names = sorted({form for visit in study.protocol.visits for form in (*visit.forms_before, *visit.forms_after)})
    n = sum(len(read_form(study.root, form)) for form in form_names(study.root))
    status = ItemStatus.FILLED if names and n else ItemStatus.NOT_MET
    return _Found(english(texts.FORMS_ASKED, forms=", ".join(names) or "-", n=n), "sourcedata/forms", status)


def _strategies(study: _Study) -> _Found:
    lines = (f"({one.version}) {one.text}" for one in study.protocol.instructions)
    return _Found(" ".join(lines), "protocol.toml")


def _profiles(study: _Study) -> list[str]:
    return sorted({visit.profile for visit in study.protocol.visits})


def _processing(study: _Study) -> _Found:
    return _Found(english(texts.PROCESSING, profiles=", ".join(_profiles(study))), "*_settings.toml")


def _artifacts(study: _Study) -> _Found:
    answer = english(texts.USABLE, shares=study.shares("valid_fraction")) + study.by_arm("valid_fraction")
    later = bool(study.protocol.arms) and study.arms is None
    status = ItemStatus.LATER if later else ItemStatus.FILLED  # the item asks for effects of group or condition
    return _recorded(study, _Found(answer, "study table --by session", status))


def _features(study: _Study) -> _Found:
    names = sorted({load_settings(profile).index.evidence for profile in _profiles(study)})
    lines = (
        english(texts.FEATURES_USED, evidence=name, features=", ".join(load_evidence(name).feature_names))
        for name in names
    )
    return _Found("; ".join(lines), "*_settings.toml")


def _schedule(study: _Study) -> _Found:
    targets = ", ".join(f"{load_settings(name).threshold.target_rate:g}" for name in _profiles(study))
    answer = english(texts.SCHEDULE, target=targets, achieved=study.mean("reward_rate"))
    return _Found(answer, "*_settings.toml, *_desc-frames_timeseries.tsv", ItemStatus.TEXT)


def _modality(study: _Study) -> _Found:
    lines = (
        english(texts.MODALITY, background=load_settings(name).audio.background, profile=name)
        for name in _profiles(study)
    )
    return _Found("; ".join(lines), "*_settings.toml")


def _displayed(study: _Study) -> _Found:
    later = study.protocol.has_sham and study.arms is None
    found = _Found(
        english(texts.LOGGED), "*_desc-frames_timeseries.tsv", ItemStatus.LATER if later else ItemStatus.FILLED
    )
    return found if later else _recorded(study, found)


def _hardware(study: _Study) -> _Found:
    answer = english(
        texts.DEVICE,
        device=", ".join(sorted({one.device for one in study.sessions})) or "-",
        version=", ".join(sorted({one.program for one in study.sessions if one.program})) or "n/a",
        p50=study.mean("latency_p50_ms"),
        p95=study.mean("latency_p95_ms"),
    )
    return _recorded(study, _Found(answer, "*_start.json, *_summary.json"))


def _success(study: _Study) -> _Found:
    answer = english(texts.SUCCESS, shares=study.shares("reward_rate")) + study.by_arm("reward_rate")
    return _recorded(study, _Found(answer, "study table --by session"))


def _plots(study: _Study) -> _Found:
    visits = [visit for visit in study.protocol.visits if visit.feedback]
    rests = [
        bool(visit.programme) and load_programme(programme_name(study.root, visit)).segments[-1].phase == "rest"
        for visit in visits
    ]
    rest = bool(rests) and all(rests)
    found = _Found(english(texts.PLOTS, rest=english(texts.YES if rest else texts.NO)), "report")
    return _recorded(study, found if rest else _Found(found.answer, found.evidence, ItemStatus.PARTLY))


def _comparison(study: _Study) -> _Found:
    if study.arms is None:
        return _Found(status=ItemStatus.LATER if study.protocol.arms else ItemStatus.NOT_MET)
    if study.protocol.has_sham and not any(one.sealed_visit for one in study.sessions):
        return _Found(english(texts.NOT_RECORDED), status=ItemStatus.NOT_MET)
    result = primary_test(study.protocol, study.sessions, study.arms)
    if result is None:
        return _Found(english(texts.TOO_FEW, n=len(study.arms)), status=ItemStatus.NOT_MET)
    test = english(study_texts.TESTS[study.protocol.outcome.test])
    measure = study.protocol.outcome.measure
    unit = english(texts.TEST_LOGITS) if measure == "wander_share" else english(texts.TEST_UNITS, measure=measure)
    answer = english(
        texts.TEST_RESULT,
        unit=unit,
        n_real=result.n_real,
        n_sham=result.n_other,
        difference=result.difference,
        p=result.p,
        test=test,
    )
    return _Found(answer, "study table --by session")


def _significance(study: _Study) -> _Found:
    text = study.protocol.outcome.important_change
    return _Found(text, "protocol.toml", ItemStatus.FILLED if text else ItemStatus.TEXT)


_FILLERS: Mapping[str, Callable[[_Study], _Found]] = {
    "1a": _preregistered,
    "1b": _sample,
    "2a": _control,
    "2b": _double_blind,
    "2c.stat": _analysts,
    "2d": _blinding,
    "3a": _forms,
    "3b": _strategies,
    "3d": _processing,
    "3e": _artifacts,
    "4a": _features,
    "4b": _schedule,
    "4c": _modality,
    "4d": _displayed,
    "4e": _hardware,
    "5a": _success,
    "5b": _plots,
    "5c": _comparison,
    "6a": _significance,
}


def _recorded(study: _Study, found: _Found) -> _Found:
    """Return what was found, or "not met" in a study without sessions."""
    return found if study.sessions else _Found(status=ItemStatus.NOT_MET)


def _figure(study: _Study) -> str:
    series = [
        (english(texts.FIGURE_REWARD), GREY, study.by_visit("reward_rate")),
        (english(texts.FIGURE_WANDER), ACCENT, study.by_visit("wander_share")),
    ]
    if not any(points for _, _, points in series):
        return ""
    names = [visit.name for visit in study.protocol.visits]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for label, colour, points in series:
            axes.plot(
                [names.index(name) for name, _ in points],
                [value for _, value in points],
                "o-",
                color=colour,
                label=label,
            )
        axes.set_xticks(range(len(names)), names)
        axes.set_ylim(0, 1)
        axes.set_xlabel(english(texts.FIGURE_VISIT))
        axes.legend()

    return render_svg("crednf", 2.6, draw)
