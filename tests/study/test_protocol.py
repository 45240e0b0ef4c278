"""Protocols: the shipped ones can be used, each mistake is one plain message, a frozen one is protected."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.settings.programme import Programme
from neurofeedback.study import protocol_lock
from neurofeedback.study.donors import DonorPool
from neurofeedback.study.exclusion_rules import parse_rule
from neurofeedback.study.preregistration import preregistration
from neurofeedback.study.protocol import Protocol, new_protocol, protocol_path, read_protocol, template_names
from neurofeedback.study.protocol_lock import (
    changed_defaults,
    changed_parts,
    freeze_protocol,
    frozen_protocol,
    lock_path,
    read_lock,
)
from neurofeedback.study.schedule import (
    VisitState,
    check_clock,
    next_visit,
    person_status,
)
from neurofeedback.study.session_table import exclusions_of, study_sessions

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import add_session, edit_protocol, frozen_study


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", ["sham-2x2", "crossover", "infusion-course"])
def test_shipped_protocol_can_be_used(name: str, tmp_path: Path) -> None:
    assert name in template_names()
    new_protocol(tmp_path, name)
    assert isinstance(read_protocol(tmp_path), Protocol)


MISTAKES = [
    (('design = "crossover"', 'desing = "crossover"'), "unknown key desing (did you mean design?)"),
    (('rule = "valid_fraction < 0.5"', 'rule = "valid_fracton < 0.5"'), "unknown field valid_fracton"),
    (('rule = "valid_fraction < 0.5"', 'rule = "open(1) < 2"'), "a rule is FIELD < NUMBER"),
    (("block_sizes = [2, 4, 6]", "block_sizes = [2, 3]"), "block size 3 is no multiple of the 2 arms"),
    (('kind = "surrogate"', 'kind = "none"'), "sham.kind must be yoked or surrogate"),
    (('feedback = ["sham", "real"]', 'feedback = ["sham"]'), "arm sham-first needs 2 entries"),
    (('name = "a2"', 'name = "a1"'), "two visits are named a1"),
    (('measure = "wander_share"', 'measure = "happiness"'), "happiness is no field"),
    (('forms_before = ["expectancy"]', 'forms_before = ["expectanc"]'), "visit run-in: no such questionnaire"),
    (("study-20-minutes.toml", "missing.toml"), "visit a1: no such programme"),
    (("last = 999", 'last = 999\n\n[[sites]]\nname = "B"\nfirst = 500\nlast = 1200'), "sites A and B overlap"),
    (("day = 2\n", "day = 30\n"), "not in the order of their days"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES, ids=[message[:30] for _, message in MISTAKES])
def test_mistake_in_a_protocol_is_one_plain_message(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    new_protocol(tmp_path, "crossover")
    edit_protocol(tmp_path, change)
    with pytest.raises(SettingsError) as error:
        read_protocol(tmp_path)
    assert message in str(error.value)


def test_open_part_with_one_kind_of_feedback_is_refused(tmp_path: Path) -> None:
    new_protocol(tmp_path, "sham-2x2")
    edit_protocol(tmp_path, ('name = "sham-open"\nfeedback = ["sham"]', 'name = "sham-open"\nfeedback = ["real"]'))
    with pytest.raises(SettingsError, match="one kind of feedback alone shows the arm"):
        read_protocol(tmp_path)


def test_protocol_is_never_replaced(tmp_path: Path) -> None:
    new_protocol(tmp_path, "crossover")
    with pytest.raises(SettingsError, match="has a protocol"):
        new_protocol(tmp_path, "crossover")
    with pytest.raises(SettingsError, match="no such shipped protocol"):
        new_protocol(tmp_path / "other", "nothing")
    with pytest.raises(RecordingError, match="has no study protocol"):
        read_protocol(tmp_path / "other")


def test_frozen_protocol_notices_every_change(tmp_path: Path) -> None:
    root = frozen_study(tmp_path)
    protocol, lock = frozen_protocol(root)
    assert lock == read_lock(root)
    assert {"protocol", "profile default", "form sleepiness", "programme study-20-minutes.toml"} <= set(lock.hashes)
    with pytest.raises(SettingsError, match="is frozen"):
        freeze_protocol(root, "MB")
    programme = protocol_path(root).with_name("study-20-minutes.toml")
    programme.write_text(programme.read_text(encoding="utf-8").replace("minutes = 3", "minutes = 4"), encoding="utf-8")
    assert changed_parts(root, protocol, lock) == ["programme study-20-minutes.toml"]
    with pytest.raises(RecordingError, match=r"not the frozen one: got changes in programme study-20-minutes\.toml"):
        frozen_protocol(root)


def test_protocol_that_is_not_frozen_has_a_preregistration_without_hash(tmp_path: Path) -> None:
    new_protocol(tmp_path, "crossover")
    assert "[not frozen yet]" in preregistration(tmp_path)


class _WithNewSetting(Programme):
    """A programme of a later version, with a setting that no file has yet."""

    new_setting: int = 1


def test_new_setting_of_a_later_version_changes_no_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = frozen_study(tmp_path)
    load = protocol_lock.load_programme

    def load_later(name: str) -> Programme:
        return _WithNewSetting.model_validate(load(name).model_dump(exclude_unset=True), strict=False)

    monkeypatch.setattr(protocol_lock, "load_programme", load_later)
    protocol, lock = frozen_protocol(root)
    assert changed_parts(root, protocol, lock) == []


class _WithOtherDefault(Programme):
    """A programme of a later version, with another default."""

    learn: bool = False


def test_changed_default_of_a_later_version_is_reported_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = frozen_study(tmp_path)
    protocol, lock = frozen_protocol(root)
    assert changed_defaults(root, protocol, lock) == []
    load = protocol_lock.load_programme
    monkeypatch.setattr(
        protocol_lock,
        "load_programme",
        lambda name: _WithOtherDefault.model_validate(load(name).model_dump(exclude_unset=True), strict=False),
    )
    frozen_protocol(root)
    expected = "programme study-20-minutes.toml: learn (true when frozen, false now)"
    assert changed_defaults(root, protocol, lock) == [expected]
    shown = CliRunner().invoke(app, ["study", "check", "--recordings", str(root)])
    assert expected in shown.output
    before = lock.model_copy(update={"values": {}})
    assert changed_defaults(root, protocol, before) == [], "a lock of an earlier version has no values"


def test_yoked_protocol_is_not_frozen_without_its_donors(tmp_path: Path) -> None:
    new_protocol(tmp_path, "sham-2x2")
    with pytest.raises(RecordingError, match="no pool of donors"):
        freeze_protocol(tmp_path, "MB")


@pytest.mark.parametrize(
    ("n", "hop_s", "words"),
    [(12, 0.5, "another rate of frames: got one every 0.5 s"), (5, 0.25, "too small: got 5; allowed: 6 or more")],
)
def test_donors_that_cannot_serve_every_visit_are_found_before_the_freeze(
    tmp_path: Path, n: int, hop_s: float, words: str
) -> None:
    path = new_protocol(tmp_path, "sham-2x2")
    path.write_text(path.read_text(encoding="utf-8").replace("min_donors = 12", "min_donors = 2"), encoding="utf-8")
    donors = tuple({"participant": f"D{k}", "session": "1", "u": (0.1,) * 40} for k in range(n))
    pool = DonorPool.model_validate({"hop_s": hop_s, "min_s": 1.0, "donors": donors})
    (path.parent / "donors.json").write_text(pool.model_dump_json(), encoding="utf-8")
    with pytest.raises(RecordingError, match=words):
        freeze_protocol(tmp_path, "MB")
    assert not lock_path(tmp_path).exists()


def test_preregistration_has_everything_and_marks_what_is_open(tmp_path: Path) -> None:
    text = preregistration(frozen_study(tmp_path, "infusion-course"))
    assert read_lock(tmp_path).sha256 in text
    assert "- little-signal: valid_fraction < 0.3" in text
    assert text.count("[to be filled in]") == 3
    assert "- after-14d: day 15 (-1/+7)" in text


def test_rules_are_evaluated_with_missing_values_excluded() -> None:
    rule = parse_rule("not (practice_s >= 300 and n_probes > 4) or valid_fraction < -1")
    assert not rule.excludes({"practice_s": 400.0, "n_probes": 5.0, "valid_fraction": 0.5})
    assert rule.excludes({"practice_s": 200.0, "n_probes": 5.0, "valid_fraction": 0.5})
    assert parse_rule("iaf_hz > 9").excludes({})
    assert parse_rule("not practice_s >= 300").excludes({})
    either, both = parse_rule("practice_s < 300 or iaf_hz > 9"), parse_rule("practice_s < 300 and iaf_hz > 9")
    assert [either.excludes({"practice_s": s}) for s in (200.0, 400.0)] == [True, True]
    assert [both.excludes({"practice_s": s}) for s in (200.0, 400.0)] == [True, False]
    assert not either.excludes({"practice_s": 400.0, "iaf_hz": 8.0})


@pytest.mark.parametrize(
    "text", ["", "valid_fraction", "1 < 2", "valid_fraction < iaf_hz", "valid_fraction == 1", "(" * 300]
)
def test_other_expressions_are_no_rules(text: str) -> None:
    with pytest.raises(ValueError, match="a rule is"):
        parse_rule(text)


def test_visits_are_due_done_late_and_excluded(tmp_path: Path) -> None:
    root = frozen_study(tmp_path)
    protocol, _ = frozen_protocol(root)
    assert next_visit(person_status(protocol, "07", [], date(2026, 11, 2))).first is None  # type: ignore[union-attr]
    add_session(root, "07", "2026-11-02", "run-in")
    add_session(root, "07", "2026-11-07", "a1", valid=0.2)
    add_session(root, "4000", "2026-11-07", "a1")
    sessions = study_sessions(root, protocol)
    assert [one.participant for one in sessions] == ["07", "07"]
    assert exclusions_of(sessions[1], protocol) == ["little-signal"]
    assert sessions[1].numbers["wander_share"] == 0.4
    assert sessions[1].value("day") == 5
    rows = person_status(protocol, "07", sessions, date(2026, 11, 12))
    expected = [VisitState.DONE, VisitState.EXCLUDED, VisitState.LATE, VisitState.LATER, VisitState.LATER]
    assert [row.state for row in rows] == expected
    assert rows[1].off_window_days == 1
    following = next_visit(rows)
    assert following is not None
    assert (following.visit.name, following.last) == ("a2", date(2026, 11, 9))


def test_clock_behind_the_recordings_is_refused(tmp_path: Path) -> None:
    root = frozen_study(tmp_path)
    add_session(root, "07", "2026-11-02", "run-in")
    sessions = study_sessions(root, frozen_protocol(root)[0])
    check_clock(sessions, date(2026, 11, 2))
    with pytest.raises(RecordingError, match="clock of this computer is behind"):
        check_clock(sessions, date(2025, 11, 2))


def test_every_mistake_of_a_visit_is_named(tmp_path: Path) -> None:
    new_protocol(tmp_path, "crossover")
    edit_protocol(tmp_path, ('programme = "study-20-minutes.toml"\nforms_before = ["sleepiness"]\nask_guess = true',
        'programme = "nowhere"\nforms_before = ["sleepiness", "no-form"]\nask_guess = true'))  # fmt: skip
    with pytest.raises(SettingsError) as caught:
        read_protocol(tmp_path)
    assert str(caught.value).count("visit a1") == 2
