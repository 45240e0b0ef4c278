"""Count underruns and measure lateness from the times at which sound was delivered to a device."""

from __future__ import annotations

STEADY_S = 1.0
CLOCK_TOLERANCE = 0.002
_MIN_REGULAR = 5  # consecutive requests, each within these periods of the last delivery
_REGULAR_PERIODS = (0.5, 1.5)


class BufferMonitor:
    """A model of the device's buffer: filled by each delivery, emptied by the host's clock.

    If the model is empty at a delivery, the device had nothing to play: one underrun, however long. Counting starts
    after the first second without one; until then the model learns how much the device buffers ahead. A device asks
    as soon as there is room, so if the model overflows, the clocks have drifted and the buffer is full. It is also
    full if a device has asked at a regular pace for a while: a device without sound asks at once, so the device (a
    sound server on a busy machine) was stopped and the sound was not late. The device's clock may be up to 0.2 %
    slower than the host's without a false underrun. Losses inside a sound server are not seen.

    Parameters
    ----------
    nominal_s : float
        Length of the buffer that the device was asked for (s); the model never assumes less.

    Attributes
    ----------
    underruns : int
        Underruns counted so far.
    lateness_s : float
        Worst lateness since it was last read, s.
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
        """Whether counting has started."""
        return self._steady

    def pop_worst_lateness_s(self) -> float:
        """Return and reset the worst lateness (s) since the last call."""
        lateness_s, self.lateness_s = self.lateness_s, 0.0
        return lateness_s

    def record_delivery(self, requested_s: float, now_s: float, duration_s: float) -> None:
        """Record a delivery of ``duration_s`` (s) of sound: times of request and delivery (host's clock, s)."""
        if self._last_s is None:
            self._last_s = self._no_underrun_since_s = now_s
        shortest, longest = _REGULAR_PERIODS
        is_regular = shortest * duration_s <= requested_s - self._last_s <= longest * duration_s
        self._n_regular = self._n_regular + 1 if is_regular else 0
        left_s = self._level_s - (now_s - self._last_s) * (1 - CLOCK_TOLERANCE)
        self._last_s = now_s
        self._level_s = max(left_s, 0.0) + duration_s
        if left_s < 0:
            self._no_underrun_since_s = now_s
        if self._steady:
            self.lateness_s = max(self.lateness_s, self._capacity_s - duration_s - left_s)
            self._count(is_empty=left_s < 0)
        else:
            self._learn_capacity(now_s)

    def _count(self, *, is_empty: bool) -> None:
        self.underruns += is_empty
        full = is_empty or self._n_regular >= _MIN_REGULAR
        self._level_s = self._capacity_s if full else min(self._level_s, self._capacity_s)

    def _learn_capacity(self, now_s: float) -> None:
        self._capacity_s = max(self._capacity_s, self._level_s)
        if now_s - self._no_underrun_since_s >= STEADY_S:
            self._steady = True
            self._level_s = self._capacity_s
