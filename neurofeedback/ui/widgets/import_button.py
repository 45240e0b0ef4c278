"""A button that imports another program's recording: a file dialog, then a task in a helper thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog

from neurofeedback.texts import progress
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.widgets.task_button import TaskButton


class ImportButton(TaskButton):
    """Asks for a file and imports it as a session of the participant shown."""

    def __init__(self) -> None:
        super().__init__(tr(progress.IMPORT))
        self.setToolTip(tr(progress.IMPORT_TIP))
        self._recordings = Path()
        self._participant = ""
        self.requested.connect(self.choose_file)
        self.done.connect(self._show_result)

    def set_target(self, recordings: Path, participant: str) -> None:
        """Set the folder and the participant to import to."""
        self._recordings, self._participant = recordings, participant

    def choose_file(self) -> None:
        """Ask for a file and start the import."""
        chosen, _ = QFileDialog.getOpenFileName(self, tr(progress.IMPORT_DIALOG), str(Path.home()))
        if chosen:
            self.import_file(Path(chosen))

    def import_file(self, file: Path) -> None:
        """Import a file in a helper thread; the file itself stays unchanged."""
        self.begin(partial(_import_task, file, self._recordings, self._participant))

    def _show_result(self, session: Path) -> None:
        self.message.emit(tr(progress.IMPORTED, session=session.name))


def _import_task(file: Path, recordings: Path, participant: str, handle: TaskHandle) -> Path:
    from neurofeedback.formats.session_import import import_recording  # imports MNE

    return import_recording(file, recordings, participant=participant, progress=handle.report_progress).raw
