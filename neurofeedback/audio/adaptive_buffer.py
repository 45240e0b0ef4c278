"""How much sound a device is to hold ahead: little where this machine is quick, much where it is busy.

PulseAudio holds one buffer, however many miniaudio is asked for, and the next one is rendered when it is used up:
what is rendered now is heard one to two buffers later, and may come one buffer late.
"""

from __future__ import annotations

N_BUFFERS = 2
LONG_BUFFER_MS = 140  # with the tone's 0.2 s, neutral is heard 0.5 s after it was told
SHORTEN_AFTER_S = 45.0
SHORTEN_AGAIN_AFTER_S = 900.0
_SAFE_LATE_SHARE = 0.5  # of a tight buffer
_RISKY_LATE_SHARE = 0.7
_MAX_LOAD = 0.5  # a core; beyond it a wait far longer than all before it can come at any time


class AdaptiveBuffer:
    """Decides on the length of the buffer. It begins roomy, because the first minutes have no guidance to delay.

    Parameters
    ----------
    tight_ms : int
        The buffer where the machine is calm, ms.
    """

    def __init__(self, short_ms: int) -> None:
        self._short_ms = short_ms
        self._long_ms = max(short_ms, LONG_BUFFER_MS)
        self._wait_s = SHORTEN_AFTER_S
        self._on_time_since_s: float | None = None
        self.buffer_ms = self._long_ms

    def update(self, now_s: float, late_s: float, *, steady: bool, load: float = 0.0) -> bool:
        """Take in how late samples came at worst since the last time; True if ``buffer_ms`` changed.

        Parameters
        ----------
        now_s : float
            Any clock, s.
        late_s : float
            Lateness at worst, s.
        steady : bool
            The device has been running steadily, so that lateness can be told.
        load : float
            Programs that want to run, for each core, 0 or more.
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
        """Take it that this machine is busy, and for some time."""
        self.buffer_ms, self._wait_s, self._on_time_since_s = self._long_ms, SHORTEN_AGAIN_AFTER_S, None
