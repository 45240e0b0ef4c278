"""Contact of each channel over a session: the gate's results, computed by replaying the recording."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.recording import Recording
from neurofeedback.types import ContactLevel, Frame

_GRADES = {ContactLevel.GOOD: 0, ContactLevel.FAIR: 1, ContactLevel.BAD: 2}
_MIN_LISTED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class ChannelContactSummary:
    """Shares of time of one channel, 0 to 1, by contact level, and by main reason with the most frequent first."""

    ch_name: str
    good: float
    fair: float
    bad: float
    reasons: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ContactLog:
    """Contact of every channel in every frame.

    Parameters
    ----------
    sample : ndarray, shape (n_frames,)
        Sample index just after each frame's window.
    phase : ndarray of str, shape (n_frames,)
    grades : ndarray, shape (n_frames, n_channels)
        0 good, 1 fair, 2 bad, each over the 4 s before.
    iaf_hz, baseline_clean_s : float, optional
        Alpha frequency (Hz) and length of clean signal (s) of the baseline; None without a baseline.
    """

    sample: NDArray[np.int64]
    phase: NDArray[np.str_]
    grades: NDArray[np.int8]
    channels: tuple[ChannelContactSummary, ...]
    iaf_hz: float | None
    baseline_clean_s: float | None


def replay_contacts(recording: Recording) -> ContactLog:
    """Replay a session, which must have its own profile, and return its contacts."""
    from neurofeedback.verification.replay import replay  # takes long to load; a stored comparison needs none

    ch_names = recording.stream.ch_names
    reasons = [Counter[str]() for _ in ch_names]
    samples, grades = array("q"), array("b")  # a list of lists would take ten times as much for a night
    phases: list[str] = []
    replayed = replay(recording)
    for frame in replayed.frames:
        samples.append(frame.sample)
        phases.append(frame.phase.value)
        grades.extend(_count(frame, reasons))
    table = np.array(grades, np.int8).reshape(-1, len(ch_names))
    baseline = replayed.engine.baseline
    return ContactLog(
        sample=np.array(samples, np.int64),
        phase=np.array(phases, np.str_),
        grades=table,
        channels=tuple(_summarize_channel(*channel) for channel in zip(ch_names, table.T, reasons, strict=True))
        if samples
        else (),
        iaf_hz=baseline.iaf_hz if baseline else None,
        baseline_clean_s=baseline.clean_s if baseline else None,
    )


def _count(frame: Frame, reasons: list[Counter[str]]) -> list[int]:
    for contact, counter in zip(frame.contacts, reasons, strict=True):
        counter.update(contact.reasons[:1])  # the first is the main reason; a gap, for example, also looks flat
    return [_GRADES[contact.level] for contact in frame.contacts]


def _summarize_channel(ch_name: str, grades: NDArray[np.int8], reasons: Counter[str]) -> ChannelContactSummary:
    good, fair, bad = (float(np.mean(grades == grade)) for grade in (0, 1, 2))
    shares = ((reason, count / grades.size) for reason, count in reasons.most_common())
    return ChannelContactSummary(
        ch_name, good, fair, bad, tuple(pair for pair in shares if pair[1] >= _MIN_LISTED_SHARE)
    )
