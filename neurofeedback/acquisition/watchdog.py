"""When a device counts as lost and when to reconnect, as a table of states. No I/O, no clock, no thread."""

from __future__ import annotations

from enum import StrEnum

FIRST_SAMPLE_TIMEOUT_S = 3.0
"""Time that a device may take to its first sample after opening, s."""

RELEASE_AFTER_S = 2.5
"""Shortest silence before a device is released, s: a radio often recovers faster than a new connection."""

RETRY_PAUSES_S = (0.25, 0.5, 1.0)
"""Pauses between attempts to connect, s; the last one is repeated."""


class LinkState(StrEnum):
    """State of the connection to a device."""

    CLOSED = "closed"
    STREAMING = "streaming"
    RELEASING = "releasing"
    CONNECTING = "connecting"
    WAITING = "waiting"


class LinkEvent(StrEnum):
    """An event that changes the state."""

    OPENED = "opened"
    SILENT = "silent"
    RELEASED = "released"
    REFUSED = "refused"
    RETRY_DUE = "due"
    ENDED = "ended"


TRANSITIONS = {
    (LinkState.CLOSED, LinkEvent.OPENED): LinkState.STREAMING,
    (LinkState.STREAMING, LinkEvent.SILENT): LinkState.RELEASING,
    (LinkState.RELEASING, LinkEvent.RELEASED): LinkState.CONNECTING,
    (LinkState.CONNECTING, LinkEvent.OPENED): LinkState.STREAMING,
    (LinkState.CONNECTING, LinkEvent.REFUSED): LinkState.WAITING,
    (LinkState.WAITING, LinkEvent.RETRY_DUE): LinkState.CONNECTING,
    **{(link, LinkEvent.ENDED): LinkState.CLOSED for link in LinkState},
}


class Watchdog:
    """Decides from times alone when a device counts as lost and when to reconnect.

    Parameters
    ----------
    lost_s : float
        Silence after which a device counts as lost, s; the setting ``gaps.lost_s``.

    Attributes
    ----------
    state : LinkState
        State of the connection.
    reconnects : int
        Number of times that samples arrived after a reconnection.
    """

    def __init__(self, lost_s: float) -> None:
        self._lost_s = lost_s
        self._max_silence_s = FIRST_SAMPLE_TIMEOUT_S
        self._silent_since = self._updated_at = self._retry_at = 0.0
        self._refusals = 0
        self._reopened = False
        self.state = LinkState.CLOSED
        self.reconnects = 0

    def handle_event(self, event: LinkEvent, now: float) -> LinkState:
        """Apply an event at this time (s) and return the new state.

        Raises
        ------
        ValueError
            The event is not possible in this state.
        """
        if (self.state, event) not in TRANSITIONS:
            raise ValueError(f"{event} cannot happen to a link that is {self.state}")
        if event is LinkEvent.OPENED:
            self._reopened = self.state is LinkState.CONNECTING
            self._max_silence_s = max(FIRST_SAMPLE_TIMEOUT_S, self._lost_s)
            self._silent_since = self._updated_at = now
        elif event is LinkEvent.REFUSED:
            self._retry_at = now + RETRY_PAUSES_S[min(self._refusals, len(RETRY_PAUSES_S) - 1)]
            self._refusals += 1
        self.state = TRANSITIONS[self.state, event]
        return self.state

    def update(self, now: float, *, has_samples: bool) -> LinkState:
        """Apply one read of the device at this time (s), and whether it had samples; return the state.

        Silence counts only while the device is read. After a pause (the machine was asleep or overloaded) it is
        counted from zero, because samples may be waiting.
        """
        if has_samples:
            self._samples_arrived()
        if has_samples or now - self._updated_at > self._lost_s / 2:
            self._silent_since = now
        self._updated_at = now
        if self.state is LinkState.STREAMING and now - self._silent_since >= self._max_silence_s:
            return self.handle_event(LinkEvent.SILENT, now)
        if self.state is LinkState.WAITING and now >= self._retry_at:
            return self.handle_event(LinkEvent.RETRY_DUE, now)
        return self.state

    def _samples_arrived(self) -> None:
        self.reconnects += self._reopened
        self._reopened = False
        self._refusals = 0
        self._max_silence_s = self._lost_s
