"""When a headset counts as lost, and when it is tried again: one table of states. No I/O, no clock, no thread."""

from __future__ import annotations

from enum import StrEnum

FIRST_SAMPLE_S = 3.0
"""A device that was just opened may take this long to send its first sample, s."""

OUTAGE_S = 2.5
"""A device may be silent this long before it is let go, s: a radio is often back sooner than a new connection."""

RETRY_S = (0.25, 0.5, 1.0)
"""Pauses between attempts to connect, s; the last one is repeated."""


class Link(StrEnum):
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
    DUE = "due"
    ENDED = "ended"


NEXT = {
    (Link.CLOSED, LinkEvent.OPENED): Link.STREAMING,
    (Link.STREAMING, LinkEvent.SILENT): Link.RELEASING,
    (Link.RELEASING, LinkEvent.RELEASED): Link.CONNECTING,
    (Link.CONNECTING, LinkEvent.OPENED): Link.STREAMING,
    (Link.CONNECTING, LinkEvent.REFUSED): Link.WAITING,
    (Link.WAITING, LinkEvent.DUE): Link.CONNECTING,
    **{(link, LinkEvent.ENDED): Link.CLOSED for link in Link},
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
        self._patience_s = FIRST_SAMPLE_S
        self._quiet_since = self._looked_at = self._due_at = 0.0
        self._refusals = 0
        self._reopened = False
        self.link = Link.CLOSED
        self.reconnects = 0

    def happened(self, event: LinkEvent, now: float) -> Link:
        """Take note of what happened at this moment (s); return the new state.

        Raises
        ------
        ValueError
            That cannot happen in this state.
        """
        if (self.link, event) not in NEXT:
            raise ValueError(f"{event} cannot happen to a link that is {self.link}")
        if event is LinkEvent.OPENED:
            self._reopened = self.link is Link.CONNECTING
            self._patience_s = max(FIRST_SAMPLE_S, self._lost_s)
            self._quiet_since = self._looked_at = now
        elif event is LinkEvent.REFUSED:
            self._due_at = now + RETRY_S[min(self._refusals, len(RETRY_S) - 1)]
            self._refusals += 1
        self.link = NEXT[self.link, event]
        return self.link

    def look(self, now: float, *, heard: bool) -> Link:
        """Take note of one look at the device at this moment (s), and whether it had samples; return the state.

        Silence counts only while somebody looks: after a pause (the machine was asleep or overloaded) it is
        counted anew, since the samples may be waiting.
        """
        if heard:
            self._sample_came()
        if heard or now - self._looked_at > self._lost_s / 2:
            self._quiet_since = now
        self._looked_at = now
        if self.link is Link.STREAMING and now - self._quiet_since >= self._patience_s:
            return self.happened(LinkEvent.SILENT, now)
        if self.link is Link.WAITING and now >= self._due_at:
            return self.happened(LinkEvent.DUE, now)
        return self.link

    def _sample_came(self) -> None:
        self.reconnects += self._reopened
        self._reopened = False
        self._refusals = 0
        self._patience_s = self._lost_s
