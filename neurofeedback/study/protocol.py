"""The protocol of a study as strict data: arms, sites, visits, exclusion rules and the primary outcome."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.settings.base import SettingsModel, number
from neurofeedback.settings.load import (
    available,
    configs_folder,
    load_evidence,
    load_programme,
    load_questionnaire,
    load_settings,
    parse,
    read_toml,
)
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.private_files import make_folder, open_new, sync_file
from neurofeedback.study.exclusion_rules import Rule, parse_rule
from neurofeedback.study.session_fields import OUTCOME_FIELDS

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,23}$"
FeedbackKind = Literal["real", "sham"]
Design = Literal["parallel", "crossover", "single"]
_TODO = "correct these entries of the protocol; `neurofeedback study check` lists what is wrong"


class ArmSettings(SettingsModel):
    """One arm. Its name and its feedback are hidden in a masked study; what differs openly is ``open_part``."""

    name: str = Field(pattern=NAME, description="name of the arm")
    feedback: tuple[FeedbackKind, ...] = Field(
        min_length=1, max_length=2, description="feedback; two entries for the two periods of a crossover"
    )
    open_part: str = Field(
        default="", max_length=24, description="open factor, such as the practice; shown at enrolment"
    )


class SiteSettings(SettingsModel):
    """One site and the participant numbers it may use."""

    name: str = Field(pattern=NAME, description="name of the site")
    first: int = Field(ge=1, le=999_999, description="first participant number of this site")
    last: int = Field(ge=1, le=999_999, description="last participant number of this site")


class FactorSettings(SettingsModel):
    """A factor known at enrolment by which the allocation is stratified."""

    name: str = Field(pattern=NAME, description="name of the factor")
    levels: tuple[str, ...] = Field(min_length=2, max_length=6, description="its levels")


class VisitSettings(SettingsModel):
    """One planned visit."""

    name: str = Field(pattern=NAME, description="name of the visit, as in the table of sessions")
    day: int = Field(ge=0, le=3660, description="day of the visit, counted from the first visit")
    early_days: int = Field(default=0, ge=0, le=365, description="days that it may be earlier")
    late_days: int = Field(default=0, ge=0, le=365, description="days that it may be later")
    profile: str = Field(default="default", description="profile of the session")
    programme: str = Field(default="", description="programme of segments; the profile's phases if empty")
    period: int = Field(default=1, ge=1, le=2, description="period of a crossover")
    feedback: bool = Field(
        default=True, description="whether the visit has feedback; false for run-in and home practice"
    )
    forms_before: tuple[str, ...] = Field(default=(), description="questionnaires before the session")
    forms_after: tuple[str, ...] = Field(default=(), description="questionnaires after the session")
    ask_guess: bool = Field(default=False, description="ask participant and experimenter for the arm afterwards")


class InstructionSettings(SettingsModel):
    """What the participant is instructed to do, word for word."""

    version: str = Field(min_length=1, max_length=40, description="version of the text")
    text: str = Field(min_length=1, max_length=4000, description="the text")
    open_part: str = Field(default="", max_length=24, description="for which open part; empty for all")


class ExclusionSettings(SettingsModel):
    """A rule, fixed beforehand, by which sessions are excluded."""

    name: str = Field(pattern=NAME, description="name of the rule")
    rule: str = Field(min_length=3, max_length=300, description="such as valid_fraction < 0.5 or practice_s < 300")

    @property
    def parsed(self) -> Rule:
        """The rule, parsed."""
        return parse_rule(self.rule)


class OutcomeSettings(SettingsModel):
    """The primary outcome, its test, and what the simulation of power assumes."""

    measure: str = Field(default="wander_share", description="field of a session")
    test: Literal["welch", "permutation"] = Field(default="welch", description="test of the people's contrasts")
    alpha: float = number(0.05, "two-sided significance level", low=0.001, high=0.2)
    difference: float = number(0.5, "expected difference of the arms in the contrast, logits", low=0.0, high=5)
    share: float = number(0.33, "share of answers that are wandering", low=0.02, high=0.98)
    answers_per_visit: int = Field(default=12, ge=2, le=200, description="answers in one visit")
    person_sd: float = number(0.8, "SD between people of the share, logits", low=0, high=3)
    change_sd: float = number(0.4, "SD between people of the change from first to last visit, logits", low=0, high=3)
    visit_sd: float = number(0.5, "SD between visits of one person, logits", low=0, high=3)
    visit_memory: float = number(0.5, "correlation of neighbouring visits", low=0, high=0.95)
    source: str = Field(default="", max_length=1000, description="source of these values")
    important_change: str = Field(
        default="", max_length=1000, description="clinically or behaviourally important change, with its source"
    )


class SampleSettings(SettingsModel):
    """Sample size and stop rule."""

    per_arm: int = Field(default=24, ge=2, le=5000, description="people in one arm")
    justification: str = Field(default="", max_length=2000, description="why this number")
    stop_rule: str = Field(default="", max_length=1000, description="when recruitment stops")


class ShamSettings(SettingsModel):
    """Kind of sham."""

    kind: Literal["none", "yoked", "surrogate"] = Field(default="none", description="series played in the sham arm")
    donors: str = Field(default="", description="file of donors for yoked sham, beside the protocol")
    min_donors: int = Field(default=12, ge=2, le=1000, description="donors needed")


class Protocol(SettingsModel):
    """A study protocol."""

    name: str = Field(pattern=NAME, description="name of the study")
    title: str = Field(min_length=1, max_length=300, description="title")
    version: str = Field(min_length=1, max_length=40, description="version of the protocol")
    design: Design = Field(description="parallel, crossover, or single without arms")
    masked: bool = Field(default=True, description="whether the arm is hidden until the study is unlocked")
    registration: str = Field(default="", max_length=500, description="address of the preregistration")
    block_sizes: tuple[int, ...] = Field(default=(), max_length=6, description="block sizes, one drawn for each block")
    arms: tuple[ArmSettings, ...] = Field(default=(), max_length=12)
    sites: tuple[SiteSettings, ...] = Field(min_length=1, max_length=50)
    factors: tuple[FactorSettings, ...] = Field(default=(), max_length=4)
    visits: tuple[VisitSettings, ...] = Field(min_length=1, max_length=200)
    instructions: tuple[InstructionSettings, ...] = Field(min_length=1, max_length=12)
    exclusions: tuple[ExclusionSettings, ...] = Field(default=(), max_length=30)
    outcome: OutcomeSettings = OutcomeSettings()
    sample: SampleSettings = SampleSettings()
    sham: ShamSettings = ShamSettings()

    @model_validator(mode="after")
    def _check(self) -> Protocol:
        problems = [*self._name_problems(), *self._arm_problems(), *self._visit_problems(), *self._site_problems()]
        problems += self._outcome_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _name_problems(self) -> list[str]:
        groups = {
            "arms": self.arms, "sites": self.sites, "factors": self.factors, "visits": self.visits,
            "exclusions": self.exclusions,
        }  # fmt: skip
        return [
            f"two {what} are named {name}"
            for what, group in groups.items()
            for name, count in Counter(one.name for one in group).items()
            if count > 1
        ]

    def _arm_problems(self) -> list[str]:
        if self.design == "single":
            return ["a single-arm study has no arms"] if self.arms else []
        periods = 2 if self.design == "crossover" else 1
        problems = [
            f"arm {arm.name} needs {periods} entries in feedback" for arm in self.arms if len(arm.feedback) != periods
        ]
        if len(self.arms) < 2:
            problems.append("at least two arms are needed")
        problems += self._sham_problems()
        if not self.block_sizes:
            problems.append("block_sizes is empty")
        problems += [
            f"block size {size} is no multiple of the {len(self.arms)} arms"
            for size in self.block_sizes
            if size < 1 or size % max(1, len(self.arms))
        ]
        return problems

    def _sham_problems(self) -> list[str]:
        has_sham = any("sham" in arm.feedback for arm in self.arms)
        problems = []
        if has_sham == (self.sham.kind == "none"):
            problems.append("sham.kind must be yoked or surrogate exactly if an arm has sham feedback")
        if self.sham.kind == "yoked" and not self.sham.donors:
            problems.append("yoked sham needs sham.donors")
        if has_sham and len({arm.feedback[0] for arm in self.arms}) < 2:
            problems.append("all arms begin with the same kind of feedback, so no two groups can be compared")
        by_part: dict[str, set[tuple[FeedbackKind, ...]]] = {}
        for arm in self.arms:
            by_part.setdefault(arm.open_part, set()).add(arm.feedback)
        if self.masked and has_sham and any(len(kinds) < 2 for kinds in by_part.values()):
            problems.append("an open part with one kind of feedback alone shows the arm")
        return problems

    def _visit_problems(self) -> list[str]:
        days = [visit.day for visit in self.visits]
        problems = ["the first visit must be on day 0"] if days[0] != 0 else []
        if days != sorted(days):
            problems.append("the visits are not in the order of their days")
        if self.design == "crossover" and {visit.period for visit in self.visits} != {1, 2}:
            problems.append("a crossover needs visits in periods 1 and 2")
        parts = {arm.open_part for arm in self.arms} or {""}
        known = {one.open_part for one in self.instructions}
        problems += [f"no instruction for open part {part!r}" for part in sorted(parts) if not {part, ""} & known]
        return problems

    def _site_problems(self) -> list[str]:
        problems = [f"site {site.name} ends before it begins" for site in self.sites if site.last < site.first]
        ordered = sorted(self.sites, key=lambda site: site.first)
        problems += [
            f"the numbers of sites {a.name} and {b.name} overlap" for a, b in pairwise(ordered) if b.first <= a.last
        ]
        return problems

    def _outcome_problems(self) -> list[str]:
        problems = [] if self.outcome.measure in OUTCOME_FIELDS else [
            f"outcome.measure {self.outcome.measure} is no field of a session (known: {', '.join(OUTCOME_FIELDS)})"
        ]  # fmt: skip
        for exclusion in self.exclusions:
            try:
                parse_rule(exclusion.rule)
            except ValueError as error:
                problems.append(f"exclusion {exclusion.name}: {error}")
        return problems

    @property
    def has_sham(self) -> bool:
        """Whether an arm has sham feedback."""
        return self.sham.kind != "none"

    def visit(self, name: str) -> VisitSettings:
        """Return a visit by name."""
        return next(one for one in self.visits if one.name == name)

    def site_of(self, participant: str) -> SiteSettings | None:
        """Return the site whose numbers contain a participant label; None for no number of this study."""
        if not participant.isascii() or not participant.isdigit():
            return None
        value = int(participant)
        return next((site for site in self.sites if site.first <= value <= site.last), None)

    def instruction(self, open_part: str) -> InstructionSettings:
        """Return the instruction for an open part."""
        exact = (one for one in self.instructions if one.open_part == open_part)
        return next(exact, next((one for one in self.instructions if not one.open_part), self.instructions[0]))


def study_folder(root: Path) -> Path:
    """Return the folder of a dataset's study files."""
    return root / "code" / "study"


def protocol_path(root: Path) -> Path:
    """Return the path of a dataset's protocol."""
    return study_folder(root) / "protocol.toml"


def template_names() -> list[str]:
    """Return the names of the shipped protocols."""
    return available("protocols")


def new_protocol(root: Path, template: str) -> Path:
    """Copy a shipped protocol into a dataset, for editing, and return the file. An existing protocol stays.

    Raises
    ------
    SettingsError
        There is no such shipped protocol, or the dataset has a protocol.
    RecordingError
        The file cannot be written.
    """
    names = template_names()
    if template not in names:
        raise SettingsError("no such shipped protocol", got=repr(template), allowed=", ".join(names))
    path = protocol_path(root)
    if path.exists():
        raise SettingsError("this dataset has a protocol", got=path, todo="edit it, or choose another --recordings")
    shipped = configs_folder() / "protocols"
    protocol = tomllib.loads((shipped / f"{template}.toml").read_text(encoding="utf-8"))
    programmes = sorted({visit["programme"] for visit in protocol["visits"] if "programme" in visit})
    with explain_disk_errors(f"{path.parent} cannot be written", todo="check the permissions of that folder"):
        make_folder(path.parent)
        for name in programmes:
            _copy_new(shipped / "programmes" / name, path.parent / name)
        _copy_new(shipped / f"{template}.toml", path)
    return path


def _copy_new(source: Path, target: Path) -> None:
    """Copy a file unless there is one."""
    if target.exists():
        return
    with os.fdopen(open_new(target), "wb") as file:
        file.write(source.read_bytes())
    sync_file(target)


def read_protocol(root: Path) -> Protocol:
    """Read and check the protocol of a dataset, with the profiles, programmes and questionnaires it names.

    Raises
    ------
    SettingsError
        It cannot be used; the message lists every mistake.
    RecordingError
        There is none.
    """
    path = protocol_path(root)
    if not path.is_file():
        raise RecordingError(
            "this dataset has no study protocol", got=path, todo="`neurofeedback study new` writes one"
        )
    protocol = parse(Protocol, read_toml(path), str(path), todo=_TODO)
    if problems := _reference_problems(root, protocol):
        raise SettingsError(f"{path} cannot be used", got="; ".join(problems), todo=_TODO)
    return protocol


def programme_name(root: Path, visit: VisitSettings) -> str:
    """Return the programme of a visit for `load_programme`: a name, or the path of a file beside the protocol."""
    is_file = visit.programme.endswith(".toml")
    return str(study_folder(root) / visit.programme) if is_file else visit.programme


def _reference_problems(root: Path, protocol: Protocol) -> list[str]:
    """Return what is wrong with the profiles, programmes and questionnaires that a protocol names."""
    problems: list[str] = []
    known: dict[tuple[Callable[[str], object], str], str] = {}  # visits share most of them
    for visit in protocol.visits:
        loads: list[tuple[Callable[[str], object], str]] = [(_load_profile, visit.profile)]
        if visit.programme:
            loads.append((load_programme, programme_name(root, visit)))
        loads += [(load_questionnaire, form) for form in (*visit.forms_before, *visit.forms_after)]
        for load, name in loads:
            if (load, name) not in known:
                known[load, name] = _problem_of(load, name)
            problems += [f"visit {visit.name}: {known[load, name]}"] if known[load, name] else []
    return problems


def _problem_of(load: Callable[[str], object], name: str) -> str:
    """Return why a profile, programme or questionnaire cannot be loaded; empty if it can."""
    try:
        load(name)
    except SettingsError as error:
        return f"{error.what} (got {error.got})"
    return ""


def _load_profile(name: str) -> None:
    load_evidence(load_settings(name).index.evidence)
