"""A form for notes on a session: note, tags, mood, sleepiness, condition. Saved while it is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QPlainTextEdit, QWidget

from neurofeedback.recording.session_notes import MAX_TEXT_LENGTH, SUGGESTED_CONDITIONS, NoteValue, SessionNotes
from neurofeedback.texts import after
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.widgets.basic import ComboBox, column, label

_SCALES = {
    "mood_before": (after.MOOD_BEFORE, after.MOOD_LOW, after.MOOD_HIGH),
    "mood_after": (after.MOOD_AFTER, after.MOOD_LOW, after.MOOD_HIGH),
    "sleepiness_before": (after.SLEEPINESS_BEFORE, after.SLEEPINESS_LOW, after.SLEEPINESS_HIGH),
    "sleepiness_after": (after.SLEEPINESS_AFTER, after.SLEEPINESS_LOW, after.SLEEPINESS_HIGH),
}
_SAVE_DELAY_MS = 1500
_MAX_TAGS = 20
_MAX_TAG_LENGTH = 60


class NotesForm(QWidget):
    """Fields for one session; ``changed`` carries the changed fields by name, shortly after the last key.

    Whoever saves them calls `mark_saved`, or `mark_unsaved` so that they are emitted again.
    """

    changed = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._saved = SessionNotes()
        self._notes = self._saved  # with what is being saved
        self._mood_offered = False
        self._note = QPlainTextEdit()
        self._note.setPlaceholderText(tr(after.NOTE_PLACEHOLDER))
        self._note.setTabChangesFocus(True)
        self._note.setFixedHeight(64)
        self._tags = QLineEdit()
        self._tags.setPlaceholderText(tr(after.TAGS_PLACEHOLDER))
        self._condition = ComboBox()
        self._condition.setEditable(True)
        self._condition.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._condition.addItems(["", *SUGGESTED_CONDITIONS])
        self._scales = {name: _scale(low, high) for name, (_, low, high) in _SCALES.items()}
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(_SAVE_DELAY_MS)
        self._save_timer.timeout.connect(self.save)
        self._lay_out()
        self._note.textChanged.connect(self._save_timer.start)
        self._tags.textEdited.connect(self._save_timer.start)
        self._condition.currentTextChanged.connect(self._save_timer.start)
        for scale in self._scales.values():
            scale.activated.connect(self._save_timer.start)

    def _lay_out(self) -> None:
        outer = column(self, gap=8)
        self._note.setAccessibleName(tr(after.NOTE))
        outer.addWidget(self._note)
        self._tags.setAccessibleName(tr(after.TAGS))
        outer.addWidget(label(after.TAGS, quiet=True))
        outer.addWidget(self._tags)
        self._mood = QWidget()
        grid = QGridLayout(self._mood)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        named: list[tuple[str, QWidget]] = [(_SCALES[name][0], scale) for name, scale in self._scales.items()]
        named += [(after.CONDITION, self._condition)]
        for at, (name, field) in enumerate(named):
            field.setAccessibleName(tr(name))
            place, side = divmod(at, 2)
            grid.addWidget(label(name, quiet=True), 3 * place, side)
            grid.addWidget(field, 3 * place + 1, side)
            grid.setRowMinimumHeight(3 * place + 2, 5)
            grid.setColumnStretch(side, 1)
        outer.addWidget(self._mood)
        outer.addStretch(1)

    def offer_mood(self, offered: bool) -> None:
        """Offer mood, sleepiness and condition; a session that has them shows them in any case."""
        self._mood_offered = offered
        self._show_mood()

    def _show_mood(self) -> None:
        notes = self._notes
        self._mood.setVisible(self._mood_offered or bool(notes.condition) or any(getattr(notes, n) for n in _SCALES))

    def show_notes(self, notes: SessionNotes) -> None:
        """Show the notes saved before."""
        self._saved = self._notes = notes
        self._note.setPlainText(notes.note)
        self._tags.setText(", ".join(notes.tags))
        self._condition.setCurrentText(notes.condition)
        for name, scale in self._scales.items():
            scale.setCurrentIndex(getattr(notes, name) or 0)
        self._show_mood()
        self._save_timer.stop()

    def save(self) -> None:
        """Emit the fields that have changed, if any."""
        self._save_timer.stop()
        changes = {name: value for name, value in self._read().items() if value != getattr(self._notes, name)}
        if changes:
            self._notes = _changed(self._notes, changes)
            self.changed.emit(changes)

    @property
    def condition(self) -> str:
        """The condition as it is entered."""
        return self._condition.currentText().strip()

    def mark_saved(self, changes: Mapping[str, NoteValue]) -> None:
        """Note that these fields are saved."""
        self._saved = _changed(self._saved, changes)

    def mark_unsaved(self, changes: Mapping[str, NoteValue]) -> None:
        """Note that these fields could not be saved; the next `save` emits them again."""
        self._notes = _changed(self._notes, {name: getattr(self._saved, name) for name in changes})

    def _read(self) -> Mapping[str, NoteValue]:
        tags = [tag.strip()[:_MAX_TAG_LENGTH] for tag in self._tags.text().split(",")]
        numbers = {name: scale.currentIndex() or None for name, scale in self._scales.items()}
        return {
            "note": self._note.toPlainText()[:MAX_TEXT_LENGTH],
            "tags": tuple(dict.fromkeys(tag for tag in tags if tag))[:_MAX_TAGS],
            "condition": self.condition,
            **numbers,
        }


def _changed(notes: SessionNotes, changes: Mapping[str, NoteValue]) -> SessionNotes:
    values: Mapping[str, Any] = changes
    return replace(notes, **values)


def _scale(low: str, high: str) -> ComboBox:
    box = ComboBox()
    box.addItems(["", f"1  {tr(low)}", "2", "3", "4", f"5  {tr(high)}"])
    return box
