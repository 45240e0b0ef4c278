"""Three courses with simulated people: infusion alone, meditation alone, both. Everything in it is invented.

Run it with a folder: ``python docs/examples/courses/simulated_courses.py FOLDER``. It writes a dataset, plays the
courses through as a clinic would, and writes the reports. ``--short`` makes recordings of a minute and a half, for a
look at the steps; segments of real length need the full lengths.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.recording.facts.course_file import course_path, freeze_course, new_course
from neurofeedback.recording.facts.entries import save_entry
from neurofeedback.recording.facts.entry_models import AdverseEvent, AttendantNote, Consent, DoseEnd, ReadyToLeave
from neurofeedback.recording.facts.entry_parsing import parse_dose, parse_vitals
from neurofeedback.recording.facts.forms import acknowledge_answers, save_answers
from neurofeedback.recording.facts.session_facts import SessionFacts
from neurofeedback.report.course.course_page import CourseContent, Edition, read_course_content, write_course_report
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.simulation.disturbances import EYES_CLOSED
from neurofeedback.simulation.substance_course import SubstanceCourse

EDITIONS: tuple[Edition, ...] = ("clinic", "patient")
CONTACTS = '\n[contacts]\nclinic = "Ward 3, 555 0100"\nemergency = "112"\ncrisis_line = "555 0199"\n'


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulated course: sizes in minutes and numbers of sittings."""

    participant: str
    template: str
    sitting_days: tuple[int, ...]
    infusion_minutes: float = 60.0
    sitting_minutes: float = 10.0
    dose_after_min: float = 5.0
    recordings: tuple[str, ...] = ("pre", "during", "post_0-2h", "post_24h")


def record(
    root: Path, scenario: Scenario, started: datetime, minutes: float, *, seed: int, facts: SessionFacts | None = None
) -> None:
    """Record a simulated session: record only with facts, practice without."""
    is_infusion = facts is not None and facts.condition == "during"
    substance = SubstanceCourse(60 * scenario.dose_after_min, 2400.0, 0.5) if is_infusion else None
    conditions = replace(EYES_CLOSED, substance=substance)

    def find(_device: str, *, now: Callable[[], float], seed: int, duration_s: float | None) -> SimulatedSource:
        return SimulatedSource(seed, now, duration_s=duration_s, conditions=conditions)

    config = SessionConfig(
        f"simulated:{seed}",
        root,
        scenario.participant,
        minutes=minutes,
        audio="none",
        seed=seed,
        fast=True,
        start_time=started,
        mode="record" if facts else "practice",
        facts=facts,
    )
    session = Session(config, find)
    session.start()
    result = session.join()
    if result is None or result.exit_code:
        raise SystemExit(f"the session of {started:%Y-%m-%d %H:%M} ended with: {result and result.message}")


def answer(root: Path, participant: str, form: str, at: datetime, values: list[int]) -> str:
    """Save invented answers to a form, and return the hash of their line."""
    questionnaire = load_questionnaire(form)
    answers = dict(zip((item.id for item in questionnaire.items), values, strict=True))
    return save_answers(root, questionnaire, answers, participant=participant, asked_at=at).hash


def plan(root: Path, scenario: Scenario, first_day: datetime) -> None:
    """Write and freeze the course, and enter consent."""
    new_course(root, scenario.participant, scenario.template, f"{first_day:%Y-%m-%d}", birth_year=1984)
    path = course_path(root, scenario.participant)
    if "[contacts]" not in path.read_text():
        path.write_text(path.read_text() + CONTACTS)
    freeze_course(root, scenario.participant)
    save_entry(root, scenario.participant, Consent(version="2"), at=first_day, by="study nurse")


def infuse(root: Path, scenario: Scenario, first_day: datetime) -> None:
    """Play the day of the infusion through: before, during with the attendant's entries, two hours and a day after."""
    who = scenario.participant
    dose_at = first_day + timedelta(hours=14, minutes=4)
    entries = (
        (-20, parse_vitals("122/78 pulse 66 spo2 98")),
        (0, parse_dose("35 mg (0.5 mg/kg) over 40 min", "ketamine", "iv")),
        (18, AttendantNote(text="says that the room feels far away, calm")),
        (22, AdverseEvent(term="feels sick", how_bad="mild", serious=False, related="possibly", outcome="gone 14:45")),
        (40, parse_vitals("146/92 pulse 84 spo2 97")),
        (41, DoseEnd()),
        (125, parse_vitals("126/80 pulse 70 spo2 98")),
        (130, ReadyToLeave(escort="sister", told_not_to_drive=True)),
    )
    for minutes, entry in entries:
        save_entry(root, who, entry, at=dose_at + timedelta(minutes=minutes), by="Dr. Roe")
    ketamine = SessionFacts(substance="ketamine", dose="0.5 mg/kg", route="iv")
    starts = {
        "pre": dose_at - timedelta(minutes=40),
        "during": dose_at - timedelta(minutes=scenario.dose_after_min),
        "post_0-2h": dose_at + timedelta(minutes=120),
        "post_24h": dose_at + timedelta(days=1),
    }
    for seed, condition in enumerate(scenario.recordings, start=11):
        facts = SessionFacts() if condition == "pre" else ketamine
        minutes = scenario.infusion_minutes if condition == "during" else scenario.sitting_minutes
        record(root, scenario, starts[condition], minutes, seed=seed, facts=replace(facts, condition=condition))
    answer(root, who, "effect", dose_at + timedelta(minutes=80), [6, 4])


def play(root: Path, scenario: Scenario, first_day: datetime) -> None:
    """Play a course through: plan, forms, infusion if there is one, sittings."""
    who = scenario.participant
    plan(root, scenario, first_day)
    entry = answer(root, who, "phq9", first_day + timedelta(hours=9), [2, 2, 3, 2, 1, 2, 2, 1, 1])
    answer(root, who, "gad7", first_day + timedelta(hours=9, minutes=5), [1, 2, 2, 1, 1, 2, 1])
    acknowledge_answers(root, "phq9", entry, by="Dr. Roe", done="spoke with her at 9:30, no plan, sister informed")
    if scenario.template == "infusion":
        infuse(root, scenario, first_day)
    for number, day in enumerate(scenario.sitting_days):
        at = first_day + timedelta(days=day, hours=18, minutes=7 * number)
        record(root, scenario, at, scenario.sitting_minutes, seed=20 + number)
    answer(root, who, "phq9", first_day + timedelta(days=14, hours=9), [1, 2, 2, 2, 1, 1, 1, 1, 1])
    answer(root, who, "gad7", first_day + timedelta(days=14, hours=9, minutes=4), [1, 1, 1, 1, 1, 1, 1])


SCENARIOS = (
    Scenario("infusion", "infusion", ()),
    Scenario("meditation", "meditation", (0, 1, 3, 4, 6, 8, 9, 11, 13)),
    Scenario("both", "infusion", (1, 2, 4, 5, 7, 9, 10, 12, 13)),
)


def shorten(scenario: Scenario) -> Scenario:
    """Return a scenario with recordings of a minute and a half."""
    return replace(scenario, infusion_minutes=3.0, sitting_minutes=1.5, dose_after_min=1.0)


def read(root: Path, scenario: Scenario, first_day: datetime) -> CourseContent:
    """Read a course as it stands on its day 20."""
    segment_s = 60.0 if scenario.infusion_minutes < 10 else 300.0
    now = first_day + timedelta(days=20, hours=10)
    return read_course_content(root, scenario.participant, now=now, segment_s=segment_s)


def main(folder: Path, *, short: bool) -> None:
    """Write the dataset and the reports."""
    root, first_day = folder / "recordings", datetime(2026, 10, 5).astimezone()
    for scenario in SCENARIOS:
        sized = shorten(scenario) if short else scenario
        play(root, sized, first_day)
        content = read(root, sized, first_day)
        for edition in EDITIONS:
            for ending in ("pdf", "html"):
                out = folder / f"{scenario.participant}-{edition}.{ending}"
                print(write_course_report(content, out, edition=edition, by="Dr. Roe"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), short="--short" in sys.argv)
