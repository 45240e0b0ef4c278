"""The charge of a headset's battery, from the readings among its auxiliary signals."""

from __future__ import annotations

from collections import deque

import numpy as np

from neurofeedback.types import LOW_BATTERY, Chunk

_LABEL = "battery"
_MEDIAN_READINGS, _MIN_READINGS_FOR_LOW = 11, 5
_MIN_SPAN_MIN, _MAX_SPAN_MIN, _MIN_DROP_PERCENT = 10, 30, 3.0


class BatteryMonitor:
    """Charge of the headset's battery, once a second of the device's time, as the median of the last seconds.

    Readings of 0 or above 100 (such as 255) and NaN are no charge: drivers deliver them before the first report.

    Attributes
    ----------
    level : float, optional
        The charge now, %; None before the first plausible reading.
    first_level : float, optional
        The first charge, %.
    minutes_left : float, optional
        Time until it is empty, min, if the charge has fallen for long enough to show that.
    """

    def __init__(self) -> None:
        self.level: float | None = None
        self.first_level: float | None = None
        self.minutes_left: float | None = None
        self._recent: deque[float] = deque(maxlen=_MEDIAN_READINGS)
        self._minutes: deque[tuple[float, float]] = deque(maxlen=_MAX_SPAN_MIN + 1)
        self._last_s = -np.inf

    def update(self, chunk: Chunk) -> None:
        """Take a chunk."""
        for signal in chunk.auxiliary:
            if signal.label == _LABEL:
                end_s = signal.start_s + (signal.first_sample + signal.data.shape[1]) / signal.sfreq
                plausible = signal.data[(signal.data > 0) & (signal.data <= 100)]
                if plausible.size and end_s - self._last_s >= 1:
                    self._read(float(np.median(plausible)), end_s)

    @property
    def is_low(self) -> bool:
        """Whether the battery is known to be low, by more than a few readings."""
        return self.level is not None and self.level <= LOW_BATTERY and len(self._recent) >= _MIN_READINGS_FOR_LOW

    def _read(self, percent: float, at_s: float) -> None:
        self._last_s = at_s
        self._recent.append(percent)
        self.level = level = float(np.median(self._recent))
        self.first_level = level if self.first_level is None else self.first_level
        if not self._minutes or at_s / 60 - self._minutes[-1][0] >= 1:
            self._minutes.append((at_s / 60, level))
            self.minutes_left = self._estimate_minutes_left(level)

    def _estimate_minutes_left(self, level: float) -> float | None:
        """Return the time until the charge is 0 by the line through the last half hour, min."""
        minutes, levels = np.array(self._minutes).T
        if np.ptp(minutes) < _MIN_SPAN_MIN or levels[0] - level < _MIN_DROP_PERCENT:
            return None
        slope = float(np.polyfit(minutes, levels, 1)[0])
        return level / -slope if slope < 0 else None
