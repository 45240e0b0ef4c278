"""What a helper thread reads of a finished sitting: plain values for the page after it. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.recording.after import After, read_after, write_after
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.reader import open_recording, session_at
from neurofeedback.report.answers import answer_lines
from neurofeedback.report.log import Span, read_log
from neurofeedback.report.standing import Standing, standing
from neurofeedback.report.timeline import thinned
from neurofeedback.session.probing import probes_of
from neurofeedback.types import EventKind, Frame, Phase

Floats = NDArray[np.float64]
POINTS = 600
_WIDEST = 30.0
"""Half width of the band where the index is not trusted at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """An index over time, thinned: middle and half width of its uncertainty, all on the scale of 0 to 100."""

    times_s: Floats
    mwi: Floats
    unsure: Floats
    threshold: Floats


@dataclass(frozen=True, slots=True)
class Told:
    """A finished sitting for the page after it.

    Parameters
    ----------
    gaps : tuple of Span
        Where the signal was ``unknown`` or ``lost``.
    probes : tuple of (float, str)
        When the chime asked (s), and where the mind was by the answer: ``1``, ``2``, ``3`` or empty.
    presses : tuple of float
        When the person noticed, s.
    """

    line: Line
    duration_s: float
    gaps: tuple[Span, ...] = ()
    phases: tuple[Span, ...] = ()
    probes: tuple[tuple[float, str], ...] = ()
    presses: tuple[float, ...] = ()
    answers: tuple[str, ...] = ()
    said: After = field(default_factory=After)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another profile or target would have made of the same sitting."""

    line: Line
    quiet: float
    usable: float


def tell(session: Path) -> Told:
    """Read a finished session.

    Raises
    ------
    RecordingError
        It cannot be read, or is gone.
    """
    recording = open_recording(session)
    files = _files(session)
    log = read_log(recording.frames_path)
    sfreq = recording.stream.sfreq
    presses = tuple(e.sample / sfreq for e in recording.events if e.kind is EventKind.PRESS)
    return Told(
        line=_line(log.onset, log.mwi, log.threshold, log.confidence),
        duration_s=recording.duration_s,
        gaps=tuple(span for span in log.spans(log.trouble) if span.word),
        phases=tuple(log.spans(log.phase)),
        probes=tuple((probe.sample / sfreq, str(probe.where or "")) for probe in probes_of(recording.events)),
        presses=presses,
        answers=tuple(answer_lines(recording.events)),
        said=read_after(files),
    )


def learned_of(session: Path) -> Standing:
    """Say what has been learned of whoever sat; it takes the longer the more sittings there are."""
    return standing(_files(session))


def keep(session: Path, said: After) -> None:
    """Keep what a person says of a session."""
    write_after(_files(session), said)


def what_if(session: Path, profile: str, target_rate: float | None, step: Callable[[float], None]) -> WhatIf:
    """Replay a session with another profile, or another share of quiet; ``step`` hears how far it is (0 to 1)."""
    from neurofeedback.session.replay import replay  # noqa: PLC0415 - a second, in the helper
    from neurofeedback.settings.load import load_settings  # noqa: PLC0415

    recording = open_recording(session)
    settings = load_settings(profile)
    if target_rate is not None:
        threshold = settings.threshold.model_copy(update={"target_rate": target_rate})
        settings = settings.model_copy(update={"threshold": threshold})
    frames: list[Frame] = []
    for frame in replay(recording, settings=settings).frames:
        frames.append(frame)
        if not frame.index % 40:
            step(frame.onset / recording.duration_s)
    return _summed_up(frames)


def _summed_up(frames: list[Frame]) -> WhatIf:
    from scipy.special import ndtr  # noqa: PLC0415

    rewards = [frame.reward for frame in frames if frame.valid and frame.phase is Phase.PRACTICE]
    columns = np.array([(f.onset, f.mwi, f.threshold, f.confidence) for f in frames], np.float64).reshape(-1, 4).T
    line = _line(columns[0], columns[1], 100 * ndtr(columns[2]), columns[3])
    usable = float(np.mean([frame.valid for frame in frames])) if frames else float("nan")
    return WhatIf(line, float(np.mean(rewards)) if rewards else float("nan"), usable)


def _line(times_s: Floats, mwi: Floats, threshold: Floats, confidence: Floats) -> Line:
    """Thin what is drawn; the band is the wider the less the index is trusted."""
    unsure = _WIDEST * (1 - np.nan_to_num(thinned(confidence, POINTS)))
    return Line(thinned(times_s, POINTS), thinned(mwi, POINTS), unsure, thinned(threshold, POINTS))


def _files(session: Path) -> SessionFiles:
    files = session_at(session) if session.exists() else None
    if files is None:
        raise RecordingError(
            "the sitting's folder is gone", got=str(session), todo="put it back, or sit again; nothing else is touched"
        )
    return files
