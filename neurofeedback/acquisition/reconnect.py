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
from neurofeedback.acquisition.watchdog import RELEASE_AFTER_S, LinkEvent, LinkState, Watchdog
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, StreamInfo

_log = logging.getLogger(__name__)

_EXIT_WAIT_S = 10.0
_DEVICE_LOCK = threading.Lock()  # BrainFlow knows boards by number: one must be gone before it can be opened anew


def run_in_thread(job: Callable[[], None]) -> None:
    """Run a job in a helper thread that does not keep the program from ending."""
    threading.Thread(target=job, name="device", daemon=True).start()


class ReconnectingSource:
    """A source that outlives the loss of its device. It is opened and closed once.

    The wrapped source must go on in its place when it is opened again, with what was lost as a gap.

    Parameters
    ----------
    source : Source
        The device.
    lost_s : float
        Silence after which it counts as lost, s; it is let go and looked for then, but not before ``RELEASE_AFTER_S``.
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
        run: Callable[[Callable[[], None]], None] = run_in_thread,
    ) -> None:
        self._source = source
        self._watchdog = Watchdog(max(lost_s, RELEASE_AFTER_S))
        self._now = now
        self._run = run
        self._reports: queue.SimpleQueue[LinkEvent] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._released = threading.Event()
        self._jobs = {LinkState.RELEASING: self._release, LinkState.CONNECTING: self._connect}

    @property
    def stream(self) -> StreamInfo:
        """What the device delivers."""
        return self._source.stream

    @property
    def link_state(self) -> LinkState:
        """Where the connection stands."""
        return self._watchdog.state

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
        with _DEVICE_LOCK:
            self._source.open()
        self._released.set()
        atexit.register(self._released.wait, _EXIT_WAIT_S)  # a driver interrupted in its release may crash
        self._watchdog.handle_event(LinkEvent.OPENED, self._now())

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read; None also while the device is lost.

        Raises
        ------
        SourceError
            It is not open.
        """
        while not self._reports.empty():
            self._enter_state(self._watchdog.handle_event(self._reports.get(), self._now()))
        before, chunk = self.link_state, self._read_source()
        if self._watchdog.update(self._now(), has_samples=chunk is not None) is not before:
            self._enter_state(self.link_state)
        return chunk

    def restart_numbering(self) -> None:
        """Count samples from 0 again; the device goes on streaming."""
        self._source.restart_numbering()

    def close(self) -> None:
        """Let go of the device: at once if it is streaming, else in the background, whatever is under way there."""
        before = self.link_state
        self._ended.set()
        self._watchdog.handle_event(LinkEvent.ENDED, self._now())
        if before is LinkState.STREAMING:
            self._shut_down()
        elif before is not LinkState.CLOSED:
            self._run(self._shut_down)

    def _read_source(self) -> Chunk | None:
        if self.link_state is LinkState.CLOSED:
            raise SourceError(f"{self.stream.device} is not open")
        if self.link_state is not LinkState.STREAMING:
            return None
        try:
            return self._source.read()
        except SourceError as error:
            _log.info("%s", error)
            self._watchdog.handle_event(LinkEvent.SILENT, self._now())
            return None

    def _enter_state(self, link: LinkState) -> None:
        _log.info("%s is %s", self.stream.device, link)
        if link in self._jobs:
            self._run(self._jobs[link])

    def _release(self) -> None:
        try:
            with _DEVICE_LOCK:
                self._close_source()
        finally:
            self._reports.put(LinkEvent.RELEASED)

    def _connect(self) -> None:
        report = LinkEvent.REFUSED
        try:
            with _DEVICE_LOCK:
                if not self._ended.is_set():
                    self._source.open()
                    report = LinkEvent.OPENED
        except SourceError as error:
            _log.info("not back yet: %s", error)
        finally:
            self._reports.put(report)

    def _shut_down(self) -> None:
        """Close whatever is open; waits for a helper at work, which opens nothing any more."""
        with _DEVICE_LOCK:
            self._close_source()
        atexit.unregister(self._released.wait)

    def _close_source(self) -> None:
        self._released.clear()
        try:
            self._source.close()
        finally:
            self._released.set()


def count_reconnects(source: Source) -> int:
    """How often samples came again from a device that had been let go; 0 for one that cannot be lost."""
    return source.reconnects if isinstance(source, ReconnectingSource) else 0
