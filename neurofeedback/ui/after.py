"""After: three lines first, then where to go from here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QWidget

from neurofeedback.errors import EXIT_OK
from neurofeedback.feedback.picture import Water
from neurofeedback.feedback.words import duration_words, share_words
from neurofeedback.session.request import Outcome
from neurofeedback.ui.parts import FLAT_MARGIN, HEADER_HEIGHT, MARGIN, button, column, key, label, row
from neurofeedback.ui.water import WaterView


def after_lines(outcome: Outcome, recording: Path | None) -> tuple[str, str, str]:
    """How long, how much usable signal, where the recording is; what is not known is left empty.

    Examples
    --------
    >>> after_lines(Outcome(0, summary={"duration_s": 600.0, "valid_fraction": 0.9}), Path("ses-1"))
    ('You sat for 10 minutes.', '90 % of it had a usable signal.', 'The recording is in ses-1')
    """
    duration, usable = (_number(outcome.summary, name) for name in ("duration_s", "valid_fraction"))
    return (
        "" if duration is None else f"You sat for {duration_words(duration)}.",
        "" if usable is None else f"{share_words(usable)} of it had a usable signal.",
        "" if recording is None else f"The recording is in {recording}",
    )


def last_sitting_words(outcome: Outcome) -> str:
    """One line about a sitting for the first page, or nothing if it never ran."""
    duration, usable = (_number(outcome.summary, name) for name in ("duration_s", "valid_fraction"))
    if duration is None:
        return ""
    signal = "" if usable is None else f", {share_words(usable)} usable signal"
    return f"Last sitting: {duration_words(duration)}{signal}"


def find_report(session: Path | None) -> Path | None:
    """Return the report of a session, if it has been made: beside it or among the derivatives."""
    if session is None:
        return None
    twin = session.parents[1] / "derivatives" / "neurofeedback" / session.parent.name / session.name
    found = [path for folder in (session, twin) if folder.is_dir() for path in sorted(folder.rglob("*_report.html"))]
    return found[0] if found else None


def _number(summary: Mapping[str, object], name: str) -> float | None:
    value = summary.get(name)
    return float(value) if isinstance(value, int | float) else None


class After(QWidget):
    """What the sitting was."""

    again = pyqtSignal()
    home = pyqtSignal()

    def __init__(self, water: Water) -> None:
        super().__init__()
        self._picture = WaterView(water)
        self._picture.setFixedHeight(HEADER_HEIGHT)
        self._recording: Path | None = None
        self._made: Path | None = None
        self._title = label(large=True, name="How the sitting ended")
        self._lines = [label(name=name) for name in ("Length", "Usable signal", "Recording")]
        self._message = label(quiet=True, name="Message")
        for words in (*self._lines, self._message):
            words.setWordWrap(True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._again = button("&Sit again", self.again.emit, main=True)
        self._report = button("Open the &report", self._open_report)
        self._folder = button("Open the &folder", self._open_folder)
        self._lay_out()
        key(self, "Esc", self.home.emit)

    def _lay_out(self) -> None:
        inner = column(gap=10)
        inner.addWidget(self._title)
        inner.addSpacing(6)
        for words in self._lines:
            inner.addWidget(words)
        inner.addWidget(self._message)
        inner.addSpacing(14)
        keys = row(self._again, self._report, self._folder)
        keys.addStretch(1)
        keys.addWidget(button("&Home", self.home.emit, flat=True))
        inner.addLayout(keys)
        inner.setContentsMargins(MARGIN, 0, FLAT_MARGIN, 0)
        outer = column(self, gap=0)
        outer.addWidget(self._picture)
        outer.addStretch(1)
        outer.addLayout(inner)
        outer.addStretch(1)

    def enter(self, outcome: Outcome, recording: Path | None) -> None:
        """Show an outcome and where its recording is, and take the keyboard."""
        self._recording, self._made = recording, find_report(outcome.session)
        orderly = outcome.exit_code == EXIT_OK
        self._title.setText("The sitting is over" if orderly else "The sitting could not go on")
        for words, said in zip(
            (*self._lines, self._message), (*after_lines(outcome, recording), outcome.message), strict=True
        ):
            words.setText(said)
            words.setVisible(bool(said))
        self._report.setVisible(self._made is not None)
        self._folder.setVisible(recording is not None)
        self._again.setFocus()

    def _open_report(self) -> None:
        _open(self._made)

    def _open_folder(self) -> None:
        _open(self._recording)


def _open(path: Path | None) -> None:
    if path is not None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
