"""Time zero of a session, such as the beginning of an infusion, and the minutes from it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.facts.session_facts import parse_time
from neurofeedback.recording.session_json import read_start, read_summary
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def parse_clock(text: str, near: datetime) -> datetime:
    """Return the time that a text names: ISO 8601, or a time of day on the day that is nearest to ``near``.

    Raises
    ------
    RecordingError
        It is neither.

    Examples
    --------
    >>> near = datetime.fromisoformat("2026-12-02T00:10+00:00")
    >>> parse_clock("23:55", near).isoformat()
    '2026-12-01T23:55:00+00:00'
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        return parse_time(text)
    same_day = near.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
    return min((same_day + timedelta(days=day) for day in (-1, 0, 1)), key=lambda at: abs(at - near))


def time_zero_facts(root: Path, participant: str, session: str, text: str) -> tuple[str, float, str]:
    """Return time zero as ISO 8601, the minutes from it to the recording, and a notice if it lies outside.

    Raises
    ------
    RecordingError
        There is no such session, or the text is no time.
    """
    prefix = f"sub-{participant.removeprefix('sub-')}_ses-{session.removeprefix('ses-')}_"
    stem = next((stem for stem in find_session_stems(root) if stem.startswith(prefix)), None)
    if stem is None:
        raise RecordingError("there is no such recording", got=prefix.rstrip("_"), todo="check the label")
    files = SessionFiles.from_stem(root, stem)
    start = read_start(files.derived_file("start.json")).started
    summary = files.derived_file("summary.json")
    duration_s = read_summary(summary).duration_s if summary.exists() else None
    anchor = parse_clock(text, start)
    minutes, notice = minutes_from(anchor, start, duration_s)
    return anchor.isoformat(timespec="seconds"), minutes, notice


def minutes_from(anchor: datetime, start: datetime, duration_s: float | None) -> tuple[float, str]:
    """Return the minutes from time zero to the beginning of a recording, and a notice if it lies outside.

    Examples
    --------
    >>> zero = datetime.fromisoformat("2026-12-01T14:02+01:00")
    >>> minutes_from(zero, datetime.fromisoformat("2026-12-01T14:32+01:00"), 600.0)[0]
    30.0
    """
    minutes = round((start - anchor).total_seconds() / 60, 2)
    after_s = (anchor - start).total_seconds() - (duration_s or 0.0)
    if minutes > 0:
        return minutes, tr(texts.TIME_ZERO_BEFORE, minutes=f"{minutes:g}")
    if duration_s is not None and after_s > 0:
        return minutes, tr(texts.TIME_ZERO_AFTER, minutes=f"{after_s / 60:.1f}")
    return minutes, ""
