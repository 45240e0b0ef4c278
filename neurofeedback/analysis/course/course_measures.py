"""Raw measures of a person's sessions over days and within the sessions of a dose, for the report of a course."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from neurofeedback.analysis.body.body_file import SessionBody, load_or_compute_body
from neurofeedback.analysis.clean_signal import NO_FEEDBACK_PHASES
from neurofeedback.analysis.course.course_plan import CourseData
from neurofeedback.analysis.measures.measure_cache import measure_sessions
from neurofeedback.analysis.measures.session_measures import CommonBands, SessionMeasures, regional_measures
from neurofeedback.analysis.session_course import SessionCourse, compute_session_course
from neurofeedback.errors import NeurofeedbackError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.entries import minutes_since_dose
from neurofeedback.recording.facts.merge_entries import recorded_span
from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts

_log = logging.getLogger(__name__)
REPORTED_MEASURES = ("alpha", "beta", "gamma", "exponent", "lzc_ratio", "muscle")
"""Five measures of EEG, and muscle, without which none of them may be read."""
MIN_FOR_BAND = 8


@dataclass(frozen=True, slots=True)
class MeasuredSession:
    """Measures of one session.

    Parameters
    ----------
    started : datetime
        When it began.
    under_substance : bool
        By its facts.
    minutes_from_dose : float, optional
        From the last dose of the same day to its beginning; None without one.
    values : dict
        By the names of ``REPORTED_MEASURES``; a measure that could not be computed is missing.
    """

    started: datetime
    under_substance: bool
    minutes_from_dose: float | None
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class OwnBand:
    """Mean and SD of a measure over ordinary sessions, and how many of them lie outside mean +- SD."""

    mean: float
    sd: float
    n: int
    n_outside: int


@dataclass(frozen=True, slots=True)
class DoseSession:
    """The course within a session during which a dose was given; the first dose is its time zero."""

    started: datetime
    dose_at: datetime
    eyes: str
    course: SessionCourse


def measure_course(root: Path, data: CourseData) -> tuple[list[MeasuredSession], dict[str, str]]:
    """Return the measures of all sessions of a course by time, and the reasons why others are left out, by stem."""
    stems = [one.stem for one in data.sessions]
    left_out: dict[str, str] = {}
    found: dict[str, SessionMeasures] = {}
    files = [SessionFiles.from_stem(root, stem) for stem in stems]
    for stem, measured in measure_sessions(files, NO_FEEDBACK_PHASES):
        if isinstance(measured, str):
            left_out[stem] = measured
        else:
            found[stem] = measured
    bands = _common_bands(list(found.values()))
    sessions: list[MeasuredSession] = []
    for past in data.sessions:
        if past.stem not in found or bands is None:
            continue
        facts = _facts(root, past.stem)
        sessions.append(
            MeasuredSession(
                past.started_at,
                facts.under_substance,
                _minutes_the_same_day(data, past.started_at),
                _values(found[past.stem], bands),
            )
        )
    return sessions, left_out


def own_band(sessions: Sequence[MeasuredSession], name: str) -> OwnBand | None:
    """Return the band of a measure over ordinary sessions; None with fewer than eight of them.

    A band from fewer would call every second ordinary session unusual: mean +- SD of three misses the next one in 48 %.
    """
    values = [one.values[name] for one in sessions if not one.under_substance and name in one.values]
    if len(values) < MIN_FOR_BAND:
        return None
    mean, sd = fmean(values), stdev(values)
    return OwnBand(mean, sd, len(values), sum(abs(value - mean) > sd for value in values))


def dose_sessions(root: Path, data: CourseData, segment_s: float = 300.0) -> list[DoseSession]:
    """Return the course within each session that covers the time of a dose, by the entries."""
    found: list[DoseSession] = []
    for past in data.sessions:
        files = SessionFiles.from_stem(root, past.stem)
        try:
            began, ended = recorded_span(files)
            given = [one.at for one in data.doses if began <= one.at < ended]
            if not given:
                continue
            course = compute_session_course(
                open_recording(files.raw), time_zero_s=(given[0] - began).total_seconds(), segment_s=segment_s
            )
        except NeurofeedbackError as error:
            _log.warning("the course within %s is left out: %s", past.stem, error)
            continue
        found.append(DoseSession(began, given[0], _facts(root, past.stem).eyes, course))
    return found


def body_sessions(root: Path, data: CourseData, n_last: int) -> list[tuple[datetime, SessionBody]]:
    """Return start and body measures of the last sessions that have any, by time."""
    found: list[tuple[datetime, SessionBody]] = []
    for past in reversed(data.sessions):
        if len(found) == n_last:
            break
        try:
            body = load_or_compute_body(SessionFiles.from_stem(root, past.stem))
        except NeurofeedbackError as error:
            _log.warning("heart and breath of %s are left out: %s", past.stem, error)
            continue
        if body is not None:
            found.append((past.started_at, body))
    return found[::-1]


def _common_bands(sessions: list[SessionMeasures]) -> CommonBands | None:
    """Return the same montage, settings and alpha frequency for all sessions: those of the first, and its peak."""
    if not sessions:
        return None
    first = sessions[0]
    montage, settings = first.profile.montage, first.profile.settings
    peaks = [one.iaf(_rows(one, "posterior"), montage, settings) for one in sessions]
    known = [peak for peak in peaks if not np.isnan(peak)]
    return CommonBands(montage, settings, float(np.median(known)) if known else None)


def _rows(session: SessionMeasures, region: str) -> list[int]:
    return [row for row in session.profile.montage.rows(region) if row in session.clean_rows]


def _values(session: SessionMeasures, bands: CommonBands) -> dict[str, float]:
    rows = {region: _rows(session, region) for region in ("all", "frontal", "posterior")}
    measures = regional_measures(session.whole, session, rows, bands)
    return {name: measures[name] for name in REPORTED_MEASURES if np.isfinite(measures[name])}


def _facts(root: Path, stem: str) -> SessionFacts:
    participant, session = stem.split("_")[:2]
    return read_facts(root, participant, session) or SessionFacts()


def _minutes_the_same_day(data: CourseData, at: datetime) -> float | None:
    today = [one for one in data.entries if one.at.date() == at.date()]
    return minutes_since_dose(today, at)
