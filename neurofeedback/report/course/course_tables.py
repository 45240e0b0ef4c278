"""Rows and sentences of the report of a course: answers to acknowledge, adverse events, doses, vital signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.analysis.body.body_file import RateSummary, SessionBody
from neurofeedback.analysis.course.course_plan import OBSERVED, CourseData, home_weeks
from neurofeedback.recording.facts.entries import dose_ends
from neurofeedback.recording.facts.entry_models import (
    AdverseEvent,
    AttendantNote,
    DoseGiven,
    Medicine,
    ReadyToLeave,
    Vitals,
)
from neurofeedback.recording.facts.form_records import AskedForm, read_definition
from neurofeedback.settings.questionnaire import Questionnaire
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import course_report as texts
from neurofeedback.texts.format import format_number, format_percent

_MOMENT = "%Y-%m-%d %H:%M"
_BEFORE = timedelta(hours=2)
_MAX_NOTES = 8


def item_9_lines(root: Path, data: CourseData) -> tuple[list[str], list[str]]:
    """Return the answers that staff have not acknowledged, and lines about all others; never hidden, never scored."""
    waiting: list[str] = []
    seen: list[str] = []
    n_asked = 0
    for one in data.forms:
        wording = read_definition(root, one.answers.form, one.answers.form_sha256)
        if wording is None:
            continue
        n_asked += any(pointer.clinic_text for pointer in wording.pointers)
        for item in wording.items_to_acknowledge(one.answers.items):
            (seen if one.acknowledged else waiting).append(_item_9_line(one, wording, item))
    if not waiting and not seen:
        seen.append(tr(texts.ITEM_9_NONE, n=n_asked) if n_asked else tr(texts.ITEM_9_NOT_ASKED))
    return waiting, seen


def _item_9_line(one: AskedForm, wording: Questionnaire, item: str) -> str:
    question = next(known.text for known in wording.items if known.id == item)
    asked, value = one.asked_at.strftime(_MOMENT), one.answers.items[item]
    corrected = tr(texts.ITEM_9_CORRECTED) if one.superseded_by else ""
    if not one.acknowledged:
        line = tr(texts.ITEM_9_OPEN, value=value, question=question, form=wording.title, asked=asked)
        return line + corrected
    last = one.acknowledged[-1]
    at = datetime.fromisoformat(last.at).strftime(_MOMENT)
    line = tr(
        texts.ITEM_9_SEEN,
        value=value,
        question=question,
        form=wording.title,
        asked=asked,
        by=last.by,
        at=at,
        done=last.done,
    )
    return line + corrected


def adverse_rows(data: CourseData) -> list[tuple[str, ...]]:
    """Return the adverse events, serious ones first, then by time."""
    found = [(one, one.line.entry) for one in data.entries if isinstance(one.line.entry, AdverseEvent)]
    return [
        (
            f"{entry.start or one.at.strftime(_MOMENT)}{f' to {entry.end}' if entry.end else ''}",
            entry.term,
            entry.how_bad,
            "SERIOUS" if entry.serious else "no",
            entry.related,
            entry.done or "-",
            entry.outcome or "-",
        )
        for one, entry in sorted(found, key=lambda pair: (not pair[1].serious, pair[0].at))
    ]


def dose_rows(data: CourseData) -> list[tuple[str, ...]]:
    """Return the doses as entered, each with its end."""
    ends = {start.hash: end for start, end in dose_ends(data.entries)}
    rows: list[tuple[str, ...]] = []
    for one in data.doses:
        entry = one.line.entry
        if not isinstance(entry, DoseGiven):
            continue
        end = ends.get(one.hash)
        shown_end = f"{end.at:%H:%M}" if end else tr(texts.NO_END) if entry.route == "iv" else "-"
        numbers = tuple("-" if value is None else f"{value:g}" for value in (entry.mg, entry.mg_per_kg))
        rows.append((one.at.strftime(_MOMENT), entry.substance, entry.route, entry.text, *numbers, shown_end))
    return rows


def vitals_rows(data: CourseData) -> list[tuple[str, ...]]:
    """Return vital signs before, highest and last of each dose, as entered."""
    rows: list[tuple[str, ...]] = []
    measured = [(one.at, one.line.entry) for one in data.entries if isinstance(one.line.entry, Vitals)]
    for dose in data.doses:
        before = [entry for at, entry in measured if dose.at - _BEFORE <= at <= dose.at]
        after = [entry for at, entry in measured if dose.at < at <= dose.at + OBSERVED]
        if before or after:
            rows.append(
                (
                    tr(texts.VITALS_OF, at=dose.at.strftime(_MOMENT)),
                    _vitals_text(before[-1]) if before else "-",
                    _highest(after),
                    _vitals_text(after[-1]) if after else "-",
                )
            )
    return rows


def _vitals_text(entry: Vitals) -> str:
    pressure = "" if entry.systolic is None else f"{entry.systolic}/{entry.diastolic} mmHg"
    pulse = "" if entry.pulse is None else f"pulse {entry.pulse}"
    spo2 = "" if entry.spo2 is None else f"SpO2 {entry.spo2} %"
    return ", ".join(filter(None, (pressure, pulse, spo2)))


def _highest(entries: list[Vitals]) -> str:
    """Return the highest systolic, diastolic and pulse, and the lowest saturation."""
    systolic = [one.systolic for one in entries if one.systolic is not None]
    diastolic = [one.diastolic for one in entries if one.diastolic is not None]
    pulse = [one.pulse for one in entries if one.pulse is not None]
    spo2 = [one.spo2 for one in entries if one.spo2 is not None]
    parts = (
        f"{max(systolic)}/{max(diastolic)} mmHg" if systolic and diastolic else "",
        f"pulse {max(pulse)}" if pulse else "",
        f"lowest SpO2 {min(spo2)} %" if spo2 else "",
    )
    return ", ".join(filter(None, parts)) or "-"


def leaving_lines(data: CourseData) -> list[str]:
    """Return a line on who found the person ready to leave after each dose, or that nobody entered it."""
    lines: list[str] = []
    for dose in data.doses:
        found = [
            one
            for one in data.entries
            if isinstance(one.line.entry, ReadyToLeave) and dose.at <= one.at <= dose.at + OBSERVED
        ]
        if not found or not isinstance(entry := found[0].line.entry, ReadyToLeave):
            lines.append(tr(texts.NO_LEAVING))
            continue
        escort = tr(texts.ESCORT, escort=entry.escort) if entry.escort else ""
        drive = tr(texts.TOLD if entry.told_not_to_drive else texts.NOT_TOLD)
        by = found[0].line.by or "-"
        lines.append(tr(texts.LEAVING, at=found[0].at.strftime(_MOMENT), by=by, escort=escort, drive=drive))
    return lines


def home_text(data: CourseData, now: datetime) -> str:
    """Return planned and done sittings of each week."""
    words = {"later": texts.HOME_LATER, "due": texts.HOME_NOW}
    parts = [
        tr(words.get(week.state(now), texts.HOME_WEEK), number=week.number, done=week.done, planned=week.planned)
        for week in home_weeks(data)
    ]
    return "; ".join(parts) or tr(texts.HOME_NONE)


def medicines_text(data: CourseData) -> str:
    """Return other medicines as entered."""
    found = [f"{one.at:%Y-%m-%d} {entry.name}" for one in data.entries if isinstance(entry := one.line.entry, Medicine)]
    return "; ".join(found) or tr(texts.NOTHING)


def note_lines(data: CourseData) -> list[str]:
    """Return the attendant's notes, the newest last, with the number of those that are left out."""
    found = [
        f"{one.at.strftime(_MOMENT)}  {entry.text}"
        for one in data.entries
        if isinstance(entry := one.line.entry, AttendantNote)
    ]
    if not found:
        return [tr(texts.NOTHING)]
    more = len(found) - _MAX_NOTES
    tail = [tr(texts.MORE_NOTES, n=more, participant=data.course.participant)] if more > 0 else []
    return [*found[-_MAX_NOTES:], *tail]


def body_rows(sessions: Sequence[tuple[datetime, SessionBody]]) -> list[tuple[str, ...]]:
    """Return heart rate, breath rate and stillness of sessions, each with its interval and quality."""
    return [
        (
            started.strftime(_MOMENT),
            *_rate_cells(body.heart),
            *_rate_cells(body.breath),
            tr(texts.BODY_UNKNOWN) if body.still_share is None else format_percent(body.still_share),
        )
        for started, body in sessions
    ]


def _rate_cells(found: RateSummary | None) -> tuple[str, str]:
    """Return a mean rate with its interval, and the share of the time in which it was clear."""
    unknown = tr(texts.BODY_UNKNOWN)
    if found is None:
        return unknown, unknown
    clear = format_percent(found.good_share)
    if found.mean is None:
        return unknown, clear
    mean = format_number(found.mean, 1)
    if found.low is None or found.high is None:
        return mean, clear
    return f"{mean} ({format_number(found.low, 1)}-{format_number(found.high, 1)})", clear
