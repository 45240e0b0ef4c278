"""The report of a course: two printed pages in two editions, as an HTML page or as PDF. It names no effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from neurofeedback.analysis.body.body_file import SessionBody
from neurofeedback.analysis.course.course_measures import (
    MIN_FOR_BAND,
    REPORTED_MEASURES,
    DoseSession,
    MeasuredSession,
    body_sessions,
    dose_sessions,
    measure_course,
    own_band,
)
from neurofeedback.analysis.course.course_plan import CourseData, due_items, read_course_data
from neurofeedback.analysis.history_summary import summarize_history
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.course_file import read_course
from neurofeedback.report.course.course_plots import (
    ScoredForm,
    missed_days,
    plot_measures,
    plot_scores,
    plot_strip,
    plot_within,
)
from neurofeedback.report.course.course_tables import (
    adverse_rows,
    body_rows,
    dose_rows,
    home_text,
    item_9_lines,
    leaving_lines,
    medicines_text,
    note_lines,
    vitals_rows,
)
from neurofeedback.report.course.pdf import write_pdf
from neurofeedback.report.templates import render_template
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic
from neurofeedback.texts import course
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import course_report
from neurofeedback.texts.format import format_percent

Edition = Literal["clinic", "patient"]
_TEMPLATE = "course/course.html.j2"
_SCORED = ("phq9", "gad7")
_SEGMENT_S = 300.0
_WIDTH_PX = 680
_MAX_BODY_ROWS = 6


@dataclass(frozen=True, slots=True)
class CourseContent:
    """What the report of a course is made from."""

    root: Path
    data: CourseData
    sessions: tuple[MeasuredSession, ...]
    left_out: Mapping[str, str]
    within: tuple[DoseSession, ...]
    now: datetime
    body: tuple[tuple[datetime, SessionBody], ...] = ()


def read_course_content(
    root: Path, participant: str, *, now: datetime | None = None, segment_s: float = _SEGMENT_S
) -> CourseContent:
    """Read and measure what the report of a course is made from. The first time this takes some seconds a session.

    Parameters
    ----------
    segment_s : float
        Length of the segments within a session, s.

    Raises
    ------
    SettingsError
        There is no course of this person.
    """
    plan = read_course(root, participant)
    if plan is None or not plan.start:
        raise SettingsError(tr(course.NO_COURSE, participant=participant.removeprefix("sub-")))
    data = read_course_data(root, plan)
    sessions, left_out = measure_course(root, data)
    within = dose_sessions(root, data, segment_s)
    return CourseContent(
        root,
        data,
        tuple(sessions),
        left_out,
        tuple(within),
        (now or datetime.now()).astimezone(),
        tuple(body_sessions(root, data, _MAX_BODY_ROWS)),
    )


def write_course_report(content: CourseContent, out: Path, *, edition: Edition = "clinic", by: str = "") -> Path:
    """Write the report of a course as PDF, or as HTML if ``out`` ends so, and return the file.

    Parameters
    ----------
    out : Path
        A file that ends with ``.pdf`` or ``.html``; an existing one is not overwritten.
    edition : {"clinic", "patient"}
        The patient's is without the history of item 9 and without vital signs.
    by : str
        Who prints it.

    Raises
    ------
    SettingsError
        The name of the file is not allowed.
    RecordingError
        The file exists, or the disk cannot be written.
    """
    if out.suffix not in {".pdf", ".html"}:
        raise SettingsError("the report cannot be written in this format", got=out.name, allowed=".pdf or .html")
    if out.exists():
        raise RecordingError("there is a file of this name", got=out, todo="choose another name")
    kind = "png" if out.suffix == ".pdf" else "svg"
    page = render_template(_TEMPLATE, course_report, _context(content, edition, by, kind))
    with explain_disk_errors(f"the report {out} cannot be written", todo="free disk space, or choose another folder"):
        if kind == "png":
            write_pdf(page, out)
        else:
            write_atomic(out, page)
    return out


def _context(content: CourseContent, edition: Edition, by: str, kind: str) -> Mapping[str, object]:
    data, plan = content.data, content.data.course
    is_clinic = edition == "clinic"
    waiting, seen = item_9_lines(content.root, data)
    end = min(content.now, plan.first_day + timedelta(days=plan.days)).date()
    forms = _scored_forms(content)
    return {
        "kind": kind,
        "width": _WIDTH_PX,
        "is_clinic": is_clinic,
        "title": tr(course_report.TITLE, participant=plan.participant, title=plan.title),
        "edition": tr(course_report.EDITION_CLINIC if is_clinic else course_report.EDITION_PATIENT),
        "period": tr(
            course_report.PERIOD,
            start=plan.start,
            end=end.isoformat(),
            day=min(plan.day_of(content.now), plan.days),
            days=plan.days,
        ),
        "born": tr(course_report.BORN, year=plan.birth_year) if plan.birth_year else "",
        "printed": tr(
            course_report.PRINTED,
            at=f"{content.now:%Y-%m-%d %H:%M}",
            by=tr(course_report.PRINTED_BY, by=by) if by else "",
        ),
        "contacts": tr(course_report.CONTACTS, **plan.contacts.model_dump()) if plan.contacts else "",
        "open_item_9": waiting,
        "item_9": seen,
        "strip": plot_strip(data, kind),
        "scores": plot_scores(data, forms, kind, item_9=is_clinic) if forms else "",
        "adverse_columns": course_report.ADVERSE_COLUMNS,
        "adverse": adverse_rows(data),
        "dose_columns": course_report.DOSE_COLUMNS,
        "doses": dose_rows(data),
        "vitals_columns": course_report.VITALS_COLUMNS,
        "vitals": vitals_rows(data),
        "leaving": leaving_lines(data),
        "home": home_text(data, content.now),
        "medicines": medicines_text(data),
        "notes": note_lines(data),
        "measures": plot_measures(data, content.sessions, kind) if content.sessions else "",
        "measure_lines": _measure_lines(content),
        "within": [{"title": _within_title(one), "figure": plot_within(one, kind)} for one in content.within],
        "within_caption": tr(course_report.WITHIN_CAPTION, minutes=f"{_segment_minutes(content):g}"),
        "wandering": _wandering(content),
        "body_columns": [tr(name) for name in course_report.BODY_COLUMNS],
        "body": body_rows(content.body),
        "body_caption": tr(course_report.BODY_CAPTION, n=len(content.body)),
        "box": [tr(line) for line in course_report.BOX_LINES],
        "intended_use": tr(course.INTENDED_USE),
    }


def _scored_forms(content: CourseContent) -> list[ScoredForm]:
    """Return PHQ-9 and GAD-7 with their answers, where they were planned or answered."""
    items = due_items(content.data, content.now)
    found: list[ScoredForm] = []
    for name in _SCORED:
        asked = tuple(one for one in content.data.forms if one.answers.form == name)
        if asked or any(planned.form == name for planned in content.data.course.forms):
            found.append(ScoredForm(load_questionnaire(name), asked, missed_days(content.data, items, name)))
    return found


def _measure_lines(content: CourseContent) -> list[str]:
    if not content.sessions:
        return [tr(course_report.MEASURES_NONE)]
    lines: list[str] = []
    bands = {name: own_band(content.sessions, name) for name in REPORTED_MEASURES}
    n_ordinary = sum(bool(one.values) and not one.under_substance for one in content.sessions)
    if n_ordinary < MIN_FOR_BAND:
        lines.append(tr(course_report.NO_BAND, n=n_ordinary))
    lines += [
        tr(course_report.BAND, name=tr(course_report.SHORT_NAMES[name]), n=band.n, outside=band.n_outside)
        for name, band in bands.items()
        if band is not None
    ]
    near = [
        f"{one.started:%Y-%m-%d %H:%M} {one.minutes_from_dose:g}"
        for one in content.sessions
        if one.minutes_from_dose is not None
    ]
    if near:
        lines.append(tr(course_report.SAME_DAY, list="; ".join(near)))
    if n_short := sum(not one.values for one in content.sessions):
        lines.append(tr(course_report.TOO_SHORT, n=n_short))
    if content.left_out:
        stem, why = next(iter(content.left_out.items()))
        lines.append(tr(course_report.LEFT_OUT, n=len(content.left_out), stem=stem, why=why))
    return lines


def _within_title(one: DoseSession) -> str:
    eyes = one.eyes or tr(course_report.EYES_UNKNOWN)
    return tr(course_report.WITHIN, at=f"{one.started:%Y-%m-%d %H:%M}", eyes=eyes)


def _segment_minutes(content: CourseContent) -> float:
    lengths = [one.stop_min - one.start_min for session in content.within for one in session.course.segments]
    return round(max(lengths, default=_SEGMENT_S / 60), 1)


def _wandering(content: CourseContent) -> str:
    share = summarize_history(content.data.sessions).wandering if content.data.sessions else None
    if share is None:
        return tr(course_report.WANDERING_NONE)
    return tr(
        course_report.WANDERING,
        share=format_percent(share.value),
        low=format_percent(share.low),
        high=format_percent(share.high),
        n=share.n,
    )
