"""When a headset counts as lost, and when it is tried again: one table of states. No I/O, no clock, no thread."""

from __future__ import annotations

from enum import StrEnum

FIRST_SAMPLE_TIMEOUT_S = 3.0
"""A device that was just opened may take this long to send its first sample, s."""

RELEASE_AFTER_S = 2.5
"""A device may be silent this long before it is let go, s: a radio is often back sooner than a new connection."""

RETRY_PAUSES_S = (0.25, 0.5, 1.0)
"""Pauses between attempts to connect, s; the last one is repeated."""


class LinkState(StrEnum):
    """Where the connection to a device stands."""

    CLOSED = "closed"
    STREAMING = "streaming"
    RELEASING = "releasing"
    CONNECTING = "connecting"
    WAITING = "waiting"


class LinkEvent(StrEnum):
    """What changes it."""

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
    """Decides from moments alone when a device counts as lost and when it is tried again.

    Parameters
    ----------
    lost_s : float
        Silence after which a device counts as lost, s.

    Attributes
    ----------
    link : Link
        Where the connection stands.
    reconnects : int
        How often samples came again from a device that had been let go.
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
        """Take note of what happened at this moment (s); return the new state.

        Raises
        ------
        ValueError
            That cannot happen in this state.
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
        """Take note of one look at the device at this moment (s), and whether it had samples; return the state.

        Silence counts only while somebody looks: after a pause (the machine was asleep or overloaded) it is
        counted anew, since the samples may be waiting.
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
