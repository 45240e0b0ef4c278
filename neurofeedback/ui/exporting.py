"""Export of one session, in a helper: a menu of formats, a file to choose, one sentence at the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QMenu, QPushButton

from neurofeedback.ui.jobs import Job, Ticket
from neurofeedback.ui.texts import tr

FORMATS = {
    "edf": ("EDF+, 16 bits", "edf"),
    "bdf": ("BDF+, 24 bits", "bdf"),
    "fif": ("FIF, for MNE", "fif"),
    "csv": ("CSV, for spreadsheets", "csv"),
    "bids-zip": ("BIDS dataset, zipped", "zip"),
}


class ExportButton(QPushButton):
    """Offers the formats; ``say`` hears what came of it."""

    def __init__(self, say: Callable[[str], object]) -> None:
        super().__init__(tr("&Export"))
        self.setAccessibleName(tr("Export"))
        self._say = say
        self._session: Path | None = None
        menu = QMenu(self)
        for to, (text, _) in FORMATS.items():
            action = menu.addAction(tr(text))
            if action is not None:
                action.triggered.connect(partial(self.ask, to))
        self.setMenu(menu)
        self._job: Job[list[Path]] = Job(self, "export")
        self._job.done.connect(self._done)
        self._job.failed.connect(self._failed)

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
            self.begin(to, Path(chosen))

    def begin(self, to: str, out: Path) -> None:
        """Write ``out`` in a helper; a second time before it is done changes nothing."""
        if self._session is not None and not self._job.busy:
            self.setText(tr("Exporting"))
            self.setEnabled(False)
            self._job.start(partial(_work, self._session, to, out))

    def _done(self, written: list[Path]) -> None:
        self._idle()
        self._say(tr("Exported to {path}").format(path=", ".join(str(path) for path in written)))

    def _failed(self, sentence: str) -> None:
        self._idle()
        self._say(sentence)

    def _idle(self) -> None:
        self.setText(tr("&Export"))
        self.setEnabled(True)


def _work(session: Path, to: str, out: Path, _ticket: Ticket) -> list[Path]:
    from neurofeedback.recording.exporters.formats import export  # noqa: PLC0415 - MNE, in the helper

    return export(session, to, out)
