"""A thread that syncs growing files to disk, so that a slow disk does not delay the writer."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

PROGRAM_FAULT = "a write failed by a fault of this program"
"""What an error of the disk says where the disk has none."""


class DiskSyncer:
    """Syncs files to disk in its own thread, so that a slow disk does not delay the writer.

    Parameters
    ----------
    descriptors : callable
        Returns the file descriptors; they must stay open until ``stop`` returns.
    period_s : float
        Time between two syncs, s.
    sync : callable
        Syncs one file descriptor.
    """

    def __init__(
        self, descriptors: Callable[[], tuple[int, ...]], period_s: float = 0.2, sync: Callable[[int], None] = os.fsync
    ) -> None:
        self._descriptors = descriptors
        self._period_s = period_s
        self._sync = sync
        self._stop = threading.Event()
        self._busy_since: float | None = None
        self.error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="disk-sync", daemon=True)
        self._thread.start()

    @property
    def delay_s(self) -> float:
        """How long the sync under way has been waiting for the disk, s; 0 if there is none."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def _run(self) -> None:
        completed = False
        try:
            self._sync_all()
            while not self._stop.wait(self._period_s):
                self._sync_all()
            self._sync_all()
            completed = True
        except OSError as error:
            _log.info("syncing to disk failed: %s", error)
            self.error = error
        finally:  # a fault of this program, which ends the thread, is a failed write, too
            if not completed and self.error is None:
                self.error = OSError(errno.EIO, PROGRAM_FAULT)

    def _sync_all(self) -> None:
        self._busy_since = time.monotonic()
        for descriptor in self._descriptors():
            self._sync(descriptor)
        self._busy_since = None

    def stop(self) -> None:
        """Sync a last time and end the thread. Returns when all data are on disk."""
        self._stop.set()
        self._thread.join()
