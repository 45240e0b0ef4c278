"""A source that reconnects in the background when its device stops sending data.

The reading thread makes all decisions by the watchdog's table of states. Helper threads do what takes seconds
(releasing, connecting) and report through a queue.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable

from neurofeedback.acquisition.source import HoldingSource, ImpedanceSource, Source, flush_source
from neurofeedback.acquisition.watchdog import RELEASE_AFTER_S, LinkEvent, LinkState, Watchdog
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, StreamInfo

_log = logging.getLogger(__name__)

_THREAD_NAME = "device"
_CLOSE_WAIT_S = 10.0
_DEVICE_LOCK = threading.Lock()  # BrainFlow identifies boards by number: release one before opening it again


def run_in_thread(job: Callable[[], None]) -> None:
    """Run a job in a daemon thread."""
    _start_thread(job)


def _start_thread(job: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=job, name=_THREAD_NAME, daemon=True)
    thread.start()
    return thread


def device_is_busy() -> bool:
    """Return whether a thread is still connecting or releasing a device."""
    return any(thread.name == _THREAD_NAME for thread in threading.enumerate())


class ReconnectingSource:
    """A source that continues after the loss of its device. It is opened and closed once.

    The wrapped source must continue its sample numbers when it is opened again, with the lost samples as a gap.

    Parameters
    ----------
    source : Source
        The device.
    lost_s : float
        Silence after which the device counts as lost, s. It is released and reconnected after this time, but not before
        ``RELEASE_AFTER_S``.
    now : callable
        Monotonic clock, s.
    run : callable
        Starts a job that may take seconds, and does not wait for it.
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
        """The device's stream."""
        return self._source.stream

    @property
    def link_state(self) -> LinkState:
        """State of the connection."""
        return self._watchdog.state

    @property
    def reconnects(self) -> int:
        """Number of times that samples arrived after a reconnection."""
        return self._watchdog.reconnects

    def open(self) -> None:
        """Connect for the first time; wait until an earlier session has released the device.

        Raises
        ------
        SourceError
            The device is missing or does not answer.
        """
        with _DEVICE_LOCK:
            self._source.open()
        self._released.set()
        atexit.register(self._released.wait, _CLOSE_WAIT_S)  # a driver interrupted in its release may crash
        self._watchdog.handle_event(LinkEvent.OPENED, self._now())

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read; None also while the device is lost.

        Raises
        ------
        SourceError
            The source is not open.
        """
        while not self._reports.empty():
            self._enter_state(self._watchdog.handle_event(self._reports.get(), self._now()))
        before, chunk = self.link_state, self._read_source()
        has_samples = chunk is not None or self.pop_received()
        if self._watchdog.update(self._now(), has_samples=has_samples) is not before:
            self._enter_state(self.link_state)
        return chunk

    def pop_received(self) -> bool:
        """Return whether samples were read since the last call, also if they are held."""
        return isinstance(self._source, HoldingSource) and self._source.pop_received()

    @property
    def measures_impedance(self) -> bool:
        """Whether the device can measure impedance."""
        return isinstance(self._source, ImpedanceSource) and self._source.measures_impedance

    @property
    def impedances(self) -> tuple[float, ...]:
        """Newest impedance of each electrode and of the reference, kOhm; 0 where none has been measured."""
        return self._source.impedances if isinstance(self._source, ImpedanceSource) else ()

    def start_impedance(self) -> None:
        """Measure impedance from now on, if the device is there."""
        if isinstance(self._source, ImpedanceSource):
            self._command(self._source.start_impedance)

    def stop_impedance(self) -> None:
        """Let the device send samples again, if it is there; it does so too after a reconnection."""
        if isinstance(self._source, ImpedanceSource):
            self._command(self._source.stop_impedance)

    def _command(self, command: Callable[[], None]) -> None:
        """Run a command of the device while it streams; whether it is gone is decided by its silence."""
        if self.link_state is LinkState.STREAMING:
            try:
                command()
            except SourceError as error:
                _log.info("%s", error)

    def flush(self) -> Chunk | None:
        """Return the samples that the device's source holds, placed by what is known now."""
        return flush_source(self._source)

    def restart_numbering(self) -> None:
        """Count samples from 0 again; the device goes on streaming."""
        self._source.restart_numbering()

    def close(self) -> None:
        """Release the device: at once if it is streaming, else in the background after any job there.

        A driver that does not return is left to its thread after ``_CLOSE_WAIT_S``.
        """
        before = self.link_state
        self._ended.set()
        self._watchdog.handle_event(LinkEvent.ENDED, self._now())
        if before is LinkState.STREAMING:
            closing = _start_thread(self._shut_down)
            closing.join(_CLOSE_WAIT_S)
            if closing.is_alive():
                _log.warning("%s was not released within %.0f s", self.stream.device, _CLOSE_WAIT_S)
                atexit.unregister(self._released.wait)
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
            _log.info("not reconnected yet: %s", error)
        finally:
            self._reports.put(report)

    def _shut_down(self) -> None:
        """Close the source after any running job; no job opens it again."""
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
    """Return how often samples arrived after a reconnection; 0 for a source that cannot be lost."""
    return source.reconnects if isinstance(source, ReconnectingSource) else 0
