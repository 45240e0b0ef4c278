"""A bounded queue of writes with a thread of its own, so that a disk that does not answer delays nobody."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from neurofeedback.storage.disk_syncer import PROGRAM_FAULT

_log = logging.getLogger(__name__)

MAX_BYTES = 64 * 2**20
"""What may wait in memory: hours of four channels, minutes of 64."""

FULL_WAIT_S = 5.0
"""Longest time to wait for room in a full queue, s."""

Job = Callable[[], object]


class DiskQueue:
    """Runs writes in their order in a thread. After the first that fails none is run.

    Parameters
    ----------
    max_bytes : int
        Size of the queue.
    full_wait_s : float
        Longest time that ``put`` waits for room, s.
    clock : callable
        Monotonic clock, s.

    Attributes
    ----------
    error : OSError or None
        Why a write failed.
    """

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        full_wait_s: float = FULL_WAIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._full_wait_s = full_wait_s
        self._clock = clock
        self._jobs: deque[tuple[Job, int, float]] = deque()
        self._n_bytes = 0
        self._changed = threading.Condition()
        self._closing = False
        self.error: OSError | None = None
        self._thread = threading.Thread(target=self._run_or_fail, name="disk-writer", daemon=True)
        self._thread.start()

    @property
    def delay_s(self) -> float:
        """How long the oldest write has been waiting for the disk, s; 0 if none is."""
        with self._changed:
            return self._clock() - self._jobs[0][2] if self._jobs else 0.0

    def put(self, job: Job, n_bytes: int = 0) -> None:
        """Add a write of about this size; returns at once unless the queue is full.

        Raises
        ------
        OSError
            An earlier write failed, or the queue stayed full: a `TimeoutError`.
        """
        with self._changed:
            has_room = self._changed.wait_for(lambda: self.error or self._fits(n_bytes), self._full_wait_s)
            if self.error is not None:
                raise self.error
            if not has_room:
                self.error = TimeoutError(
                    errno.ETIMEDOUT, f"the disk has not answered for {self._clock() - self._jobs[0][2]:.0f} s"
                )
                raise self.error
            self._jobs.append((job, n_bytes, self._clock()))
            self._n_bytes += n_bytes
            self._changed.notify_all()

    def _fits(self, n_bytes: int) -> bool:
        return not self._jobs or self._n_bytes + n_bytes <= self._max_bytes

    def close(self) -> None:
        """Run what is left and end the thread; waits for the disk, unless it has failed to answer before."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(0.0 if isinstance(self.error, TimeoutError) else None)

    def _run_or_fail(self) -> None:
        """Run the writes; a fault of the program in one of them, which ends the thread, is a failed write, too."""
        try:
            self._run()
        finally:
            with self._changed:
                if self._jobs:
                    self.error = self.error or OSError(errno.EIO, PROGRAM_FAULT)
                    self._jobs.clear()
                    self._changed.notify_all()

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                job()
            except OSError as error:
                _log.info("writing to disk failed: %s", error)
                with self._changed:
                    self.error = self.error or error
            with self._changed:
                self._n_bytes -= self._jobs.popleft()[1]
                self._changed.notify_all()

    def _next_job(self) -> Job | None:
        """Wait for the next job; it stays in the queue until it is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing)
            if not self._jobs or self.error is not None:
                self._jobs.clear()
                return None
            return self._jobs[0][0]
