"""Sittings that broke off: completed at the next start, and offered to be sat to their end. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MIN_MINUTES_LEFT = 2.0
_RECENT = 1


@dataclass(frozen=True, slots=True)
class UnfinishedSession:
    """A sitting that broke off, of whom, and how many minutes of it are left (0 if not worth sitting)."""

    session: Path
    participant: str
    minutes_left: int = 0


def complete_unfinished(recordings: Path) -> UnfinishedSession | None:
    """Complete what broke off in a recordings folder; return the latest of it, if there is any."""
    from neurofeedback.recording.recovery import recover_sessions  # in a helper, once the window is there

    completed = recover_sessions(recordings) if recordings.is_dir() else []
    return _interrupted(completed[-_RECENT]) if completed else None


def _interrupted(derived: Path) -> UnfinishedSession:
    from neurofeedback.formats.reader import open_recording

    recording = open_recording(derived)
    left = (_planned_s(recording.start_state) - recording.duration_s) / 60
    participant = derived.parent.name.removeprefix("sub-")
    return UnfinishedSession(recording.path.parents[1], participant, round(left) if left >= MIN_MINUTES_LEFT else 0)


def _planned_s(start: Mapping[str, object]) -> float:
    """Length of the whole plan, s; 0 where it has no end, or nothing tells."""
    plan = start.get("plan")
    lengths = [segment.get("length_s") for segment in plan] if isinstance(plan, list) else []
    known = [float(length) for length in lengths if isinstance(length, int | float) and math.isfinite(length)]
    return sum(known) if len(known) == len(lengths) else 0.0
