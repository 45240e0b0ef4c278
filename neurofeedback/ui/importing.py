"""Import of another program's recording, in a helper: a file to choose, one sentence at the end."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog

from neurofeedback.ui.jobs import Ticket
from neurofeedback.ui.texts import tr
from neurofeedback.ui.working import WorkButton


class ImportButton(WorkButton):
    """Asks for a file, and makes it a session of the participant shown."""

    def __init__(self) -> None:
        super().__init__(tr("&Import a recording"))
        self.setToolTip(tr("EDF, BDF, FIF, BrainVision, XDF, Mind Monitor, OpenBCI, BrainFlow and others"))
        self._recordings = Path()
        self._participant = ""
        self.wanted.connect(self.ask)
        self.done.connect(self._say_what)

    def enter(self, recordings: Path, participant: str) -> None:
        """Import to this folder and this participant from now on."""
        self._recordings, self._participant = recordings, participant

    def ask(self) -> None:
        """Ask which file, and begin."""
        chosen, _ = QFileDialog.getOpenFileName(self, tr("Import a recording"), str(Path.home()))
        if chosen:
            self.take(Path(chosen))

    def take(self, file: Path) -> None:
        """Import a file in a helper; the file itself is left alone."""
        self.begin(partial(_work, file, self._recordings, self._participant))

    def _say_what(self, session: Path) -> None:
        self.said.emit(tr("Imported: {session}").format(session=session.name))


def _work(file: Path, recordings: Path, participant: str, ticket: Ticket) -> Path:
    from neurofeedback.recording.importing import import_recording  # noqa: PLC0415 - MNE, in the helper

    return import_recording(file, recordings, participant=participant, progress=ticket.step).raw
