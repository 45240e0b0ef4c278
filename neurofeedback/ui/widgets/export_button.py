"""A button that exports a session: a menu of formats, a file dialog, then a task in a helper thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog

from neurofeedback.texts import after
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.widgets.task_button import TaskButton

SUFFIXES = {
    "edf": ".edf", "bdf": ".bdf", "fif": ".fif", "csv": ".csv", "set": ".set", "mat": ".mat", "bids-zip": ".zip"
}  # fmt: skip


class ExportButton(TaskButton):
    """Offers the formats and exports the session."""

    def __init__(self) -> None:
        super().__init__(tr(after.EXPORT))
        self._session: Path | None = None
        self.set_menu({after.EXPORT_FORMATS[to]: partial(self.choose_file, to) for to in SUFFIXES})
        self.done.connect(self._show_path)

    def set_session(self, session: Path | None) -> None:
        """Set the session to export."""
        self._session = session

    def choose_file(self, to: str) -> None:
        """Ask for a file and start the export."""
        if self._session is None:
            return
        suggestion = Path.home() / f"{self._session.parent.name}_{self._session.name}{SUFFIXES[to]}"
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr(after.EXPORT_DIALOG), str(suggestion), options=QFileDialog.Option.DontConfirmOverwrite
        )
        if chosen:
            out = Path(chosen)
            self.export(to, out if out.suffix else out.with_suffix(suggestion.suffix))

    def export(self, to: str, out: Path) -> None:
        """Write ``out`` in a helper thread."""
        if self._session is not None:
            self.begin(partial(_export_task, self._session, to, out))

    def _show_path(self, paths: list[Path]) -> None:
        self.message.emit(tr(after.EXPORTED, path=", ".join(str(path) for path in paths)))


def _export_task(session: Path, to: str, out: Path, handle: TaskHandle) -> list[Path]:
    from neurofeedback.formats.export.exporters import export_recording  # imports MNE

    return export_recording(session, to, out, progress=handle.report_progress)
