"""The attendant's dialogs: begin a recording without feedback, and enter a dose, vital signs or a note."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QDialog, QFormLayout, QLineEdit, QSpinBox, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording.facts.session_facts import SessionFacts
from neurofeedback.session.config import SessionConfig
from neurofeedback.texts import course, forms, window
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.clinic import record
from neurofeedback.ui.widgets.basic import MARGIN, button, column, ignore_wheel, label, row
from neurofeedback.ui.widgets.facts_tabs import EntryTab

_MAX_MINUTES = 240
_DEFAULT_MINUTES = 60
_WIDTH = 640


class RecordDialog(QDialog):
    """Asks for length and facts of a recording without feedback; ``begun`` carries its configuration.

    Under a substance it begins only once an attendant and the prescriber's agreement are confirmed.
    """

    begun = pyqtSignal(object)

    def __init__(self, request: SessionConfig, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request = request
        self.setWindowTitle(tr(record.TITLE))
        self.setMinimumWidth(_WIDTH)
        self.minutes = ignore_wheel(QSpinBox())
        self.minutes.setRange(1, _MAX_MINUTES)
        self.minutes.setValue(_DEFAULT_MINUTES)
        self.minutes.setSuffix(tr(window.MINUTES_SUFFIX))
        self.fields = {name: QLineEdit() for name in ("condition", "substance", "dose", "route")}
        self.safety = label("\n\n".join((tr(course.BEFORE_A_SUBSTANCE), tr(course.INTENDED_USE))), quiet=True)
        self.agreed = QCheckBox(tr(record.AGREED))
        self.message = label(live=True, name=window.MESSAGE)
        self.begin = button(record.BEGIN, self._begin, main=True)
        self._lay_out()
        for field in self.fields.values():
            field.textChanged.connect(self._update)
        self.agreed.toggled.connect(self._update)
        self._update()

    def _lay_out(self) -> None:
        inside = column(self, MARGIN, gap=12)
        form = QFormLayout()
        captions = (record.MINUTES, record.CONDITION, record.SUBSTANCE, record.DOSE, record.ROUTE)
        for text, field in zip(captions, (self.minutes, *self.fields.values()), strict=True):
            field.setAccessibleName(tr(text).replace("&", ""))
            form.addRow(tr(text), field)
        what, monitor = label(record.WHAT_IT_IS), label(course.NOT_A_MONITOR)
        for line in (what, monitor, self.safety, self.message):
            line.setWordWrap(True)
        inside.addWidget(what)
        inside.addWidget(monitor)
        inside.addLayout(form)
        for part in (self.safety, self.agreed, self.message):
            inside.addWidget(part)
        cancel = button(record.CANCEL, self.reject, flat=True)
        cancel.setAutoDefault(False)
        foot = row(self.begin, cancel)
        foot.addStretch(1)
        inside.addLayout(foot)

    def _facts(self) -> SessionFacts:
        condition, substance, dose, route = (field.text().strip() for field in self.fields.values())
        return SessionFacts(condition=condition, substance=substance, dose=dose, route=route)

    def _update(self) -> None:
        try:
            needs_agreement = self._facts().under_substance
            self.message.setText("")
        except NeurofeedbackError as error:
            self.message.setText(error_text(error))
            self.begin.setEnabled(False)
            return
        self.safety.setVisible(needs_agreement)
        self.agreed.setVisible(needs_agreement)
        self.begin.setEnabled(not needs_agreement or self.agreed.isChecked())
        if (inside := self.layout()) is not None:  # its lines wrap, so that its height follows from its width
            inside.activate()
            self.setMinimumHeight(inside.heightForWidth(max(self.width(), _WIDTH)))

    def _begin(self) -> None:
        facts = self._facts()
        config = replace(
            self._request,
            mode="record",
            minutes=float(self.minutes.value()),
            programme="",
            probe_interval_s=0.0,
            learn_live=False,
            facts=None if facts == SessionFacts() else facts,
        )
        self.accept()
        self.begun.emit(config)


class EntryDialog(QDialog):
    """Takes one entry of an attendant while a session runs; ``saved`` carries what was saved, in words.

    Attributes
    ----------
    kind : str
        Of the key that opened it.
    """

    saved = pyqtSignal(str)

    def __init__(self, recordings: Path, participant: str, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = kind
        self.setWindowTitle(tr(record.ENTRY_TITLE, participant=participant))
        self.setMinimumWidth(_WIDTH)
        self.tab = EntryTab(recordings, participant)
        self.tab.kind.setCurrentIndex(max(0, self.tab.kind.findData(kind)))
        self.tab.moment = datetime.now().astimezone()  # the key was pressed now; typing takes a while
        self.tab.at.setPlaceholderText(tr(record.AT, at=f"{self.tab.moment:%H:%M:%S}"))
        self._opened = self.tab.state()
        self.tab.update_save()
        self.tab.task.done.connect(self._finish)
        inside = column(self, 0, gap=0)
        inside.addWidget(self.tab, 1)
        foot = row()
        foot.setContentsMargins(MARGIN // 2, 0, MARGIN // 2, MARGIN // 2)
        foot.addStretch(1)
        close = button(forms.CLOSE, self.reject, flat=True)
        close.setAutoDefault(False)  # Enter in a line saves
        foot.addWidget(close)
        inside.addLayout(foot)
        (self.tab.text if self.tab.text.isVisibleTo(self) else self.tab.save).setFocus()

    @property
    def is_begun(self) -> bool:
        """Whether closing it would lose what was typed or chosen, or when an infusion ended."""
        return self.kind == "end" or self.tab.state() != self._opened

    def _finish(self, lines: tuple[str, ...]) -> None:
        self.accept()
        self.saved.emit(" ".join(lines))
