"""The window's search for headsets: runs in a helper thread and reports its state in one line."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from neurofeedback.session.config import RunningSession, SessionConfig
from neurofeedback.texts import home
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.device_names import device_title, is_simulated_device

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult

_STEP_S = 0.05


class DeviceScan(QObject):
    """Searches for headsets on request; ``changed`` is emitted when a search begins and when it ends.

    Parameters
    ----------
    scan : callable, optional
        Finds the headsets in reach, which may take seconds; None if this window cannot search.
    """

    changed = pyqtSignal()

    def __init__(self, scan: Callable[[], ScanResult] | None, parent: QObject) -> None:
        super().__init__(parent)
        self._scan = scan
        self._devices_in_use = Lock()
        self.findings: ScanResult | None = None
        self._error = ""
        self._job: BackgroundTask[ScanResult] = BackgroundTask(self, "device-scan")
        self._job.done.connect(self._found)
        self._job.failed.connect(self._failed)

    @property
    def available(self) -> bool:
        """Whether this window can search at all."""
        return self._scan is not None

    @property
    def busy(self) -> bool:
        """Whether a search is running."""
        return self._job.busy

    def begin(self) -> None:
        """Start a search, unless one is running."""
        if self._scan is not None and not self.busy:
            self.findings, self._error = None, ""
            self._job.start(partial(_scan_task, self._scan, self._devices_in_use))
            self.changed.emit()

    def cancel(self) -> None:
        """Cancel the search."""
        self._job.cancel()

    def launch_after_scan(
        self, launch: Callable[[SessionConfig], RunningSession], request: SessionConfig
    ) -> RunningSession:
        """Launch a session once no search uses its headset. Called in a helper thread."""
        if not is_simulated_device(request.device):
            with self._devices_in_use:
                pass
        return launch(request)

    @property
    def status_line(self) -> str:
        """State of the search in one line, followed by what hindered it."""
        if self.busy:
            return tr(home.SCANNING)
        if self.findings is None:
            return self._error
        found = self.findings.found
        if not found:
            hindrances = (reason[:1].upper() + reason[1:] for reason in self.findings.hindrances)
            return "\n".join((f"{tr(home.NO_HEADSET)} {tr(home.TRY_DEMO)}", *hindrances))
        names = ", ".join(device_title(one.device) for one in found)
        return "" if len(found) == 1 else tr(home.FOUND_SEVERAL, names=names)  # one is shown as the headset

    def _found(self, findings: ScanResult) -> None:
        self.findings = findings
        self.changed.emit()

    def _failed(self, sentence: str) -> None:
        self._error = sentence
        self.changed.emit()


def _scan_task(scan: Callable[[], ScanResult], in_use: Lock, handle: TaskHandle) -> ScanResult:
    """Search in a thread of its own, so that closing the window need not wait for the result."""
    future: Future[ScanResult] = Future()

    def work() -> None:
        with in_use:
            try:
                future.set_result(scan())
            except Exception as error:  # noqa: BLE001 - passed on to the task, which reports it
                future.set_exception(error)

    Thread(target=work, name="device-scan", daemon=True).start()
    while True:
        handle.report_progress(0.0)
        try:
            return future.result(_STEP_S)
        except TimeoutError:
            if future.done():  # it has ended since, or its own error is a TimeoutError
                return future.result()
