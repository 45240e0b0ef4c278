"""A button that imports another program's recording: a file dialog, then a task in a helper thread."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QMessageBox

from neurofeedback.texts import progress
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.widgets.task_button import TaskButton

if TYPE_CHECKING:
    from neurofeedback.verification.verified_import import VerifiedImport


class ImportButton(TaskButton):
    """Asks for a file, imports it as a session of the participant shown, and shows what the import did."""

    def __init__(self) -> None:
        super().__init__(tr(progress.IMPORT))
        self.setToolTip(tr(progress.IMPORT_TIP))
        self._recordings = Path()
        self._participant = ""
        self.summary: QMessageBox | None = None
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

    def _show_result(self, done: VerifiedImport) -> None:
        if done.files is None:
            return
        self.message.emit(tr(progress.IMPORTED, session=done.files.raw.name))
        rows = "".join(
            f"<tr><td>{escape(row.label)}&nbsp;&nbsp;</td><td>{escape(row.text)}</td></tr>" for row in done.rows
        )
        box = QMessageBox(
            QMessageBox.Icon.Warning if any(row.warning for row in done.rows) else QMessageBox.Icon.Information,
            tr(progress.IMPORT_DIALOG),
            f"<table>{rows}</table>",
            QMessageBox.StandardButton.Ok,
            self,
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.summary = box
        box.open()


def _import_task(file: Path, recordings: Path, participant: str, handle: TaskHandle) -> VerifiedImport:
    from neurofeedback.verification.verified_import import import_verified  # imports MNE

    return import_verified(file, recordings, participant=participant, progress=handle.report_progress)
