"""Export of one session, in a helper: a menu of formats, a file to choose, one sentence at the end."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog

from neurofeedback.ui.jobs import Ticket
from neurofeedback.ui.texts import tr
from neurofeedback.ui.working import WorkButton

FORMATS = {
    "edf": ("EDF+, 16 bits", "edf"),
    "bdf": ("BDF+, 24 bits", "bdf"),
    "fif": ("FIF, for MNE", "fif"),
    "csv": ("CSV, for spreadsheets", "csv"),
    "bids-zip": ("BIDS dataset, zipped", "zip"),
}


class ExportButton(WorkButton):
    """Offers the formats."""

    def __init__(self) -> None:
        super().__init__(tr("&Export"))
        self._session: Path | None = None
        self.offer({text: partial(self.ask, to) for to, (text, _) in FORMATS.items()})
        self.done.connect(self._say_where)

    def enter(self, session: Path | None) -> None:
        """Export this session from now on."""
        self._session = session

    def ask(self, to: str) -> None:
        """Ask where to, and begin."""
        if self._session is None:
            return
        suggestion = Path.home() / f"{self._session.parent.name}_{self._session.name}.{FORMATS[to][1]}"
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Export"), str(suggestion), options=QFileDialog.Option.DontConfirmOverwrite
        )
        if chosen:
            out = Path(chosen)
            self.export(to, out if out.suffix else out.with_suffix(suggestion.suffix))

    def export(self, to: str, out: Path) -> None:
        """Write ``out`` in a helper."""
        if self._session is not None:
            self.begin(partial(_work, self._session, to, out))

    def _say_where(self, written: list[Path]) -> None:
        self.said.emit(tr("Exported to {path}").format(path=", ".join(str(path) for path in written)))


def _work(session: Path, to: str, out: Path, ticket: Ticket) -> list[Path]:
    from neurofeedback.recording.exporters.formats import export  # noqa: PLC0415 - MNE, in the helper

    return export(session, to, out, progress=ticket.step)
