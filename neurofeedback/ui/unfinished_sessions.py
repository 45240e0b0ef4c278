"""Sessions that broke off: their files are completed at the next start. No Qt here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.types.events import Phase

if TYPE_CHECKING:
    from neurofeedback.recording.session_json import StartState

MIN_MINUTES_LEFT = 2.0


@dataclass(frozen=True, slots=True)
class UnfinishedSession:
    """A session that broke off, its participant, and the minutes left of its plan (0 if too few to resume)."""

    session: Path
    participant: str
    minutes_left: int = 0


def complete_unfinished(recordings: Path) -> UnfinishedSession | None:
    """Complete the unfinished sessions of a folder; return the latest one, or None if there was none."""
    from neurofeedback.recording.recovery import recover_sessions  # slow; called in a helper thread

    completed = recover_sessions(recordings) if recordings.is_dir() else []
    return _unfinished_session(completed[-1]) if completed else None


def _unfinished_session(derived: Path) -> UnfinishedSession:
    from neurofeedback.formats.reader import open_recording

    recording = open_recording(derived)
    left = (_planned_s(recording.start_state) - recording.duration_s) / 60
    state = recording.start_state
    if state is not None and state.study is not None:
        left = 0.0  # a visit of a study is recorded again by `train --study`, so that its arm is played
    if state is not None and all(segment.phase != Phase.PRACTICE for segment in state.plan or ()):
        left = 0.0  # what had no feedback, such as a recording under a substance, is not resumed with it
    participant = derived.parent.name.removeprefix("sub-")
    return UnfinishedSession(recording.path.parents[1], participant, round(left) if left >= MIN_MINUTES_LEFT else 0)


def _planned_s(start_state: StartState | None) -> float:
    """Return the length of the plan, s; 0 without an end or without a readable plan."""
    lengths = [segment.length_s for segment in (start_state and start_state.plan) or ()]
    known = [length for length in lengths if length is not None and math.isfinite(length)]
    return sum(known) if len(known) == len(lengths) else 0.0
