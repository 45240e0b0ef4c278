"""Counting underruns by what was handed over and when, and telling how late the device was served."""

from __future__ import annotations

STEADY_S = 1.0
CLOCK_TOLERANCE = 0.002
_MIN_REGULAR = 5  # requests in a row, each so much of a period after the last samples were handed over
_REGULAR_PERIODS = (0.5, 1.5)


class BufferMonitor:
    """A model of the device's buffer: filled by what is handed over, emptied by the host's clock.

    When the model is empty as the next samples are handed over, the device had nothing to play: one
    underrun, however long. Counting begins after the first second without one; until then the model learns
    how much the device takes ahead. A device asks as soon as there is room, so whenever the model would
    overflow it was the clock that drifted, and the buffer is simply full. It is full, too, where a device has
    asked at its own pace for a while: one that lacks sound asks at once, so it was the device (a sound server on
    a busy machine) that stood still, and not the sound that was late. The device's clock may be slower than the
    host's by 0.2 % without that looking like a buffer that runs dry. What a sound server loses after it took the
    samples is not seen.

    Parameters
    ----------
    nominal_s : float
        What the device was asked to hold (s); less is never assumed.
    """

    def __init__(self, nominal_s: float) -> None:
        self.underruns = 0
        self.lateness_s = 0.0
        self._capacity_s = nominal_s
        self._steady = False
        self._last_s: float | None = None
        self._no_underrun_since_s = 0.0
        self._level_s = 0.0
        self._n_regular = 0

    @property
    def steady(self) -> bool:
        """Counting has begun."""
        return self._steady

    def pop_worst_lateness_s(self) -> float:
        """How late samples came at worst (s) since this was last asked: what the buffer had to make up for."""
        late_s, self.lateness_s = self.lateness_s, 0.0
        return late_s

    def record_delivery(self, requested_s: float, now_s: float, duration_s: float) -> None:
        """Note that samples worth ``sound_s`` (s) were asked for and handed over at these times (host's clock, s)."""
        if self._last_s is None:
            self._last_s = self._no_underrun_since_s = now_s
        shortest, longest = _REGULAR_PERIODS
        at_ease = shortest * duration_s <= requested_s - self._last_s <= longest * duration_s
        self._n_regular = self._n_regular + 1 if at_ease else 0
        left_s = self._level_s - (now_s - self._last_s) * (1 - CLOCK_TOLERANCE)
        self._last_s = now_s
        self._level_s = max(left_s, 0.0) + duration_s
        if left_s < 0:
            self._no_underrun_since_s = now_s
        if self._steady:
            self.lateness_s = max(self.lateness_s, self._capacity_s - duration_s - left_s)
            self._count(dry=left_s < 0)
        else:
            self._learn_capacity(now_s)

    def _count(self, *, dry: bool) -> None:
        self.underruns += dry
        full = dry or self._n_regular >= _MIN_REGULAR
        self._level_s = self._capacity_s if full else min(self._level_s, self._capacity_s)

    def _learn_capacity(self, now_s: float) -> None:
        self._capacity_s = max(self._capacity_s, self._level_s)
        if now_s - self._no_underrun_since_s >= STEADY_S:
            self._steady = True
            self._level_s = self._capacity_s
