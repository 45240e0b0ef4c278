"""Heart, breath and stillness of the last minute while a session runs, for a display."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurofeedback.processing.body.breath import WINDOW_S, Acceleration, measure_breath
from neurofeedback.processing.body.heart import measure_heart
from neurofeedback.processing.body.motion import Motion, measure_motion
from neurofeedback.processing.body.rhythm import MIN_SFREQ, Floats, RateWindow
from neurofeedback.types import AuxChunk

UPDATE_S = 5.0
"""Time from one measurement to the next, s."""

PULSE_LABELS = ("ppg", "optics")
"""Labels of signals with a pulse, the first that is there counts."""


@dataclass(frozen=True, slots=True)
class LiveBody:
    """The newest windows, and the share of still time in the last minute; None where a sensor is missing."""

    heart: RateWindow | None = None
    breath: RateWindow | None = None
    still_share: float | None = None


class BodyMonitor:
    """Measures the last minute every five seconds.

    Attributes
    ----------
    latest : LiveBody
        What was measured last.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, _Buffer] = {}
        self._due_s = UPDATE_S
        self.latest = LiveBody()

    def update(self, signals: Sequence[AuxChunk]) -> None:
        """Take new samples of the auxiliary signals."""
        for signal in signals:
            if signal.label in {"motion", *PULSE_LABELS} and signal.sfreq >= MIN_SFREQ:
                self._buffers.setdefault(signal.label, _Buffer()).append(signal)
        newest_s = max((buffer.stop_s for buffer in self._buffers.values()), default=0.0)
        if newest_s >= self._due_s:
            self._due_s = newest_s + UPDATE_S
            self.latest = self._measure()

    def _measure(self) -> LiveBody:
        acceleration, motion = None, None
        if (buffer := self._buffers.get("motion")) is not None:
            acceleration, motion = split_motion(buffer.joined())
        pulse = next((self._buffers[label] for label in PULSE_LABELS if label in self._buffers), None)
        heart = None
        if pulse is not None:
            table = pulse.joined()
            heart = measure_heart(table.data.astype(float), table.sfreq, table.start_s, motion)
        breath = measure_breath(acceleration, motion, heart)
        return LiveBody(
            heart=None if heart is None else heart.windows[-1],
            breath=breath[-1] if breath else None,
            still_share=None if motion is None else motion.still_share(motion.start_s, motion.start_s + WINDOW_S),
        )


def split_motion(table: AuxChunk) -> tuple[Acceleration | None, Motion | None]:
    """Return acceleration and motion of a table whose channels are named ``accel_x`` to ``gyro_z``, where it has them.

    ``start_s`` of the table is the time of its first sample.
    """
    accel, gyro = _axes(table, "accel"), _axes(table, "gyro")
    if accel is None:
        return None, None
    motion = measure_motion(accel, gyro, table.sfreq, table.start_s)
    return Acceleration(accel, table.sfreq, table.start_s), motion


def _axes(table: AuxChunk, name: str) -> Floats | None:
    rows = [row for row, channel in enumerate(table.ch_names) if channel.startswith(f"{name}_")]
    return table.data[rows].astype(float) if len(rows) == 3 else None


class _Buffer:
    """The last minute of one signal."""

    def __init__(self) -> None:
        self._pieces: deque[AuxChunk] = deque()
        self._n_samples = 0

    @property
    def stop_s(self) -> float:
        """Time of the end of the newest sample, s."""
        last = self._pieces[-1]
        return last.start_s + (last.first_sample + last.data.shape[1]) / last.sfreq

    def append(self, piece: AuxChunk) -> None:
        self._pieces.append(piece)
        self._n_samples += piece.data.shape[1]
        while self._n_samples - self._pieces[0].data.shape[1] >= round(WINDOW_S * piece.sfreq):
            self._n_samples -= self._pieces.popleft().data.shape[1]

    def joined(self) -> AuxChunk:
        """Return the last minute as one table that starts at its own ``start_s``."""
        last = self._pieces[-1]
        data = np.concatenate([piece.data for piece in self._pieces], axis=1)[:, -round(WINDOW_S * last.sfreq) :]
        start_s = self.stop_s - data.shape[1] / last.sfreq
        return AuxChunk(last.label, last.sfreq, last.ch_names, last.units, start_s, 0, data)
