"""Choose the length of the sound buffer: short on a calm machine, long on a busy one.

PulseAudio holds one buffer, however many miniaudio is asked for, and the next one is rendered when it is used up.
Sound rendered now is heard one to two buffers later, and may come one buffer late.
"""

from __future__ import annotations

N_BUFFERS = 2
LONG_BUFFER_MS = 140  # with the tone's 0.2 s, neutral is heard 0.5 s after its guidance
SHORTEN_AFTER_S = 45.0
SHORTEN_AGAIN_AFTER_S = 900.0
_SAFE_LATE_SHARE = 0.5  # of a short buffer
_RISKY_LATE_SHARE = 0.7
_MAX_LOAD = 0.5  # per core; above it a wait far longer than all before it can come at any time


class AdaptiveBuffer:
    """Decides on the length of the buffer. It starts long, because the first minutes have no guidance to delay.

    Parameters
    ----------
    short_ms : int
        Length of the buffer on a calm machine, ms.

    Attributes
    ----------
    buffer_ms : int
        Length of the buffer now, ms.
    """

    def __init__(self, short_ms: int) -> None:
        self._short_ms = short_ms
        self._long_ms = max(short_ms, LONG_BUFFER_MS)
        self._wait_s = SHORTEN_AFTER_S
        self._on_time_since_s: float | None = None
        self.buffer_ms = self._long_ms

    def update(self, now_s: float, late_s: float, *, steady: bool, load: float = 0.0) -> bool:
        """Apply the worst lateness since the last call; return whether ``buffer_ms`` changed.

        Parameters
        ----------
        now_s : float
            Any clock, s.
        late_s : float
            Worst lateness, s.
        steady : bool
            The device has been running steadily, so that lateness is known.
        load : float
            Runnable programs per core, 0 or more.
        """
        before, late_share, busy = self.buffer_ms, 1000 * late_s / self._short_ms, load > _MAX_LOAD
        if not steady or busy or late_share > _SAFE_LATE_SHARE:
            self._on_time_since_s = None
        elif self._on_time_since_s is None:
            self._on_time_since_s = now_s
        if self.buffer_ms == self._short_ms and (busy or late_share > _RISKY_LATE_SHARE):
            self.use_long_buffer()
        elif self._on_time_since_s is not None and now_s - self._on_time_since_s >= self._wait_s:
            self.buffer_ms = self._short_ms
        return self.buffer_ms != before

    def use_long_buffer(self) -> None:
        """Use the long buffer for some time, as on a busy machine."""
        self.buffer_ms, self._wait_s, self._on_time_since_s = self._long_ms, SHORTEN_AGAIN_AFTER_S, None
