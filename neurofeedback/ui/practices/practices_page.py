"""The page of one's own practices: a list with new, edit, duplicate, delete and undo, and the editor."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.practices import editor
from neurofeedback.ui.practices.practice_draft import PracticeDraft
from neurofeedback.ui.practices.practice_editor import PracticeEditor
from neurofeedback.ui.practices.practice_files import (
    PracticeFile,
    delete_practice,
    duplicate,
    list_practices,
    read_draft,
    restore_practice,
)
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row


class PracticesPage(QStackedWidget):
    """Lists the practices and edits one's own; ``left`` carries whether any has changed."""

    left = pyqtSignal(bool)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._changed = False
        self._deleted: list[tuple[str, Path]] = []
        self.list = QListWidget()
        self.list.setAccessibleName(tr(editor.LIST_NAME))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setUniformItemSizes(True)
        self._message = label(live=True, name=window.MESSAGE)
        self._message.setWordWrap(True)
        self.new_button = button(editor.NEW, lambda: self.open_editor(PracticeDraft()), main=True)
        self.edit_button = button(editor.EDIT, self.edit)
        self.duplicate_button = button(editor.DUPLICATE, self.duplicate)
        self.delete_button = button(editor.DELETE, self.delete)
        self.undo_button = button(editor.UNDO, self.undo, name=editor.UNDO_NAME)
        self.editor = PracticeEditor(folder)
        self._overview = QWidget()
        self._lay_out()
        self.list.itemSelectionChanged.connect(self._update)
        self.list.itemActivated.connect(lambda _item: self.edit())
        self.editor.left.connect(self._show_list)
        self.editor.saved.connect(self._note_saved)
        bind_key(self._overview, "Esc", self._leave)
        bind_key(self._overview, "Del", self.delete)
        bind_key(self._overview, "Ctrl+Z", self.undo)

    def _lay_out(self) -> None:
        whole = column(self._overview, gap=10)
        whole.setContentsMargins(MARGIN, MARGIN, MARGIN, FLAT_MARGIN)
        whole.addWidget(label(editor.LIST_TITLE, large=True))
        whole.addWidget(label(editor.LIST_HINT, quiet=True))
        whole.addWidget(self.list, 1)
        whole.addWidget(self._message)
        foot = row(self.new_button, self.edit_button, self.duplicate_button, self.delete_button, self.undo_button)
        foot.addStretch(1)
        foot.addWidget(button(window.HOME, self._leave, flat=True))
        whole.addLayout(foot)
        self.addWidget(self._overview)
        self.addWidget(self.editor)

    def activate(self) -> None:
        """Show the list and take the keyboard focus."""
        self._changed, self._deleted = False, []
        self._show_list()

    @property
    def chosen(self) -> PracticeFile | None:
        """The practice that is chosen in the list."""
        items = self.list.selectedItems()
        return items[0].data(Qt.ItemDataRole.UserRole) if items else None

    def open_editor(self, draft: PracticeDraft) -> None:
        """Edit a practice."""
        self.setCurrentWidget(self.editor)
        self.editor.activate(draft)

    def edit(self) -> None:
        """Edit one's own practice that is chosen; of a shipped one, a copy."""
        practice = self.chosen
        if practice is not None and (draft := self._read(practice)) is not None:
            self.open_editor(draft if practice.own else duplicate(draft))

    def duplicate(self) -> None:
        """Edit a copy of the practice that is chosen."""
        practice = self.chosen
        if practice is not None and (draft := self._read(practice)) is not None:
            self.open_editor(duplicate(draft))

    def delete(self) -> None:
        """Delete one's own practice that is chosen; it can be put back."""
        practice = self.chosen
        if practice is None or not practice.own:
            return
        title = practice.title or practice.name
        try:
            self._deleted.append((title, delete_practice(practice.name, self._folder)))
        except NeurofeedbackError as error:
            self._message.setText(error_text(error))
        else:
            self._show_changed(tr(editor.DELETED, title=title))

    def undo(self) -> None:
        """Put the practice back that was deleted last."""
        if not self._deleted:
            return
        title, path = self._deleted[-1]
        try:
            restore_practice(path)
        except NeurofeedbackError as error:
            self._message.setText(error_text(error))
        else:
            self._deleted.pop()
            self._show_changed(tr(editor.RESTORED, title=title))

    def _read(self, practice: PracticeFile) -> PracticeDraft | None:
        try:
            return read_draft(practice, self._folder)
        except NeurofeedbackError as error:
            self._message.setText(error_text(error))
            return None

    def _note_saved(self, title: str) -> None:
        self._show_changed(tr(editor.SAVED, title=title))

    def _show_changed(self, sentence: str) -> None:
        self._changed = True
        self._show_list()
        self._message.setText(sentence)

    def _show_list(self) -> None:
        before = self.chosen
        place = max(0, self.list.currentRow())
        self.setCurrentWidget(self._overview)
        self.list.clear()
        practices = list_practices(self._folder)
        for practice in practices:
            item = QListWidgetItem(_title(practice))
            item.setData(Qt.ItemDataRole.UserRole, practice)
            self.list.addItem(item)
        names = [(practice.name, practice.own) for practice in practices]
        known = before is not None and (before.name, before.own) in names
        self.list.setCurrentRow(
            names.index((before.name, before.own)) if known and before else min(place, len(names) - 1)
        )
        self.list.setFocus()
        self._update()
        if not any(practice.own for practice in practices):
            self._message.setText(tr(editor.NONE_YET))

    def _update(self) -> None:
        """Enable what can be done with the chosen practice, and show what is wrong with it."""
        practice = self.chosen
        usable = practice is not None and not practice.error
        own = practice is not None and practice.own
        self.edit_button.setEnabled(usable and own)
        self.duplicate_button.setEnabled(usable)
        self.delete_button.setEnabled(own)
        self.undo_button.setVisible(bool(self._deleted))
        self._message.setText("" if practice is None else practice.error)

    def _leave(self) -> None:
        self.left.emit(self._changed)


def _title(practice: PracticeFile) -> str:
    if practice.error:
        return tr(editor.FAULTY, name=practice.name)
    return practice.title if practice.own else tr(editor.SHIPPED, title=tr(practice.title))
