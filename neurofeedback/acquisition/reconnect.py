"""A headset that falls silent is let go, and looked for in the background until it is back.

The reading thread takes every decision: it counts the silence, and one table says how the link's state changes.
What takes seconds (releasing, connecting) is done by helper threads, which report back through a queue.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable

from neurofeedback.acquisition.source import Source
from neurofeedback.acquisition.watchdog import OUTAGE_S, Link, LinkEvent, Watchdog
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, Stream

_log = logging.getLogger(__name__)

_EXIT_WAIT_S = 10.0
_DEVICE = threading.Lock()  # BrainFlow knows boards by number: one must be gone before it can be opened anew


def in_thread(job: Callable[[], None]) -> None:
    """Run a job in a helper thread that does not keep the program from ending."""
    threading.Thread(target=job, name="device", daemon=True).start()


class Reconnecting:
    """A source that outlives the loss of its device. It is opened and closed once.

    The wrapped source must go on in its place when it is opened again, with what was lost as a gap.

    Parameters
    ----------
    source : Source
        The device.
    lost_s : float
        Silence after which it counts as lost, s; it is let go and looked for then, but not before ``OUTAGE_S``.
    now : callable
        Monotonic clock, s.
    run : callable
        Runs a job that may take seconds, without waiting for it.
    """

    def __init__(
        self,
        source: Source,
        lost_s: float,
        *,
        now: Callable[[], float] = time.monotonic,
        run: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        self._source = source
        self._watchdog = Watchdog(max(lost_s, OUTAGE_S))
        self._now = now
        self._run = run
        self._reports: queue.SimpleQueue[LinkEvent] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._released = threading.Event()
        self._jobs = {Link.RELEASING: self._release, Link.CONNECTING: self._connect}

    @property
    def stream(self) -> Stream:
        """What the device delivers."""
        return self._source.stream

    @property
    def link(self) -> Link:
        """Where the connection stands."""
        return self._watchdog.link

    @property
    def reconnects(self) -> int:
        """How often samples came again from a device that had been let go."""
        return self._watchdog.reconnects

    def open(self) -> None:
        """Connect for the first time; waits for a sitting before this one to let go of the device.

        Raises
        ------
        SourceError
            The device is not there or does not answer.
        """
        with _DEVICE:
            self._source.open()
        self._released.set()
        atexit.register(self._released.wait, _EXIT_WAIT_S)  # a driver interrupted in its release may crash
        self._watchdog.happened(LinkEvent.OPENED, self._now())

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read; None also while the device is lost.

        Raises
        ------
        SourceError
            It is not open.
        """
        while not self._reports.empty():
            self._enter(self._watchdog.happened(self._reports.get(), self._now()))
        before, chunk = self.link, self._chunk()
        if self._watchdog.look(self._now(), heard=chunk is not None) is not before:
            self._enter(self.link)
        return chunk

    def close(self) -> None:
        """Let go of the device: at once if it is streaming, else in the background, whatever is under way there."""
        before = self.link
        self._ended.set()
        self._watchdog.happened(LinkEvent.ENDED, self._now())
        if before is Link.STREAMING:
            self._let_go()
        elif before is not Link.CLOSED:
            self._run(self._let_go)

    def _chunk(self) -> Chunk | None:
        if self.link is Link.CLOSED:
            raise SourceError(f"{self.stream.device} is not open")
        if self.link is not Link.STREAMING:
            return None
        try:
            return self._source.read()
        except SourceError as error:
            _log.info("%s", error)
            self._watchdog.happened(LinkEvent.SILENT, self._now())
            return None

    def _enter(self, link: Link) -> None:
        _log.info("%s is %s", self.stream.device, link)
        if link in self._jobs:
            self._run(self._jobs[link])

    def _release(self) -> None:
        try:
            with _DEVICE:
                self._close_source()
        finally:
            self._reports.put(LinkEvent.RELEASED)

    def _connect(self) -> None:
        report = LinkEvent.REFUSED
        try:
            with _DEVICE:
                if not self._ended.is_set():
                    self._source.open()
                    report = LinkEvent.OPENED
        except SourceError as error:
            _log.info("not back yet: %s", error)
        finally:
            self._reports.put(report)

    def _let_go(self) -> None:
        """Close whatever is open; waits for a helper at work, which opens nothing any more."""
        with _DEVICE:
            self._close_source()
        atexit.unregister(self._released.wait)

    def _close_source(self) -> None:
        self._released.clear()
        try:
            self._source.close()
        finally:
            self._released.set()


def reconnects_of(source: Source) -> int:
    """How often samples came again from a device that had been let go; 0 for one that cannot be lost."""
    return source.reconnects if isinstance(source, Reconnecting) else 0
