"""Three cards at the first start: what this is, what you will hear, and what it will ask."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QHideEvent
from PyQt6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSlider, QStackedWidget, QWidget

from neurofeedback.feedback.water_picture import WaterRenderer, WaterScene
from neurofeedback.session.config import SettingOverride
from neurofeedback.session.keymap import request_for_key
from neurofeedback.session.live_state import RequestKind, Snapshot
from neurofeedback.texts import welcome
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.texts.session import DISCLAIMER, STOP_ADVICE
from neurofeedback.ui.announcer import announce
from neurofeedback.ui.first_start.rehearsal import Rehearsal
from neurofeedback.ui.sound.sound_preview import Preview, SoundPreview
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, ignore_wheel, label, row
from neurofeedback.ui.widgets.prompt import Prompt, PromptAnswer
from neurofeedback.ui.widgets.water_view import WaterView

_TEXT_WIDTH = 820
_STEPS = 100
_MIN_PICTURE_HEIGHT = 90
_LEAST_PICTURE_HEIGHT = 20


class WelcomePage(QWidget):
    """Shows one card at a time; ``left`` follows the last one, or Skip."""

    left = pyqtSignal()

    def __init__(self, water: WaterRenderer, audio: str, overrides: tuple[SettingOverride, ...]) -> None:
        super().__init__()
        self._overrides = overrides
        self._preview = SoundPreview(audio)
        self._picture = WaterView(water)
        self._water = water
        self._slider = ignore_wheel(QSlider(Qt.Orientation.Horizontal))
        self._slider.setRange(0, _STEPS)
        self._slider.setAccessibleName(tr(welcome.SLIDER_NAME))
        self._slider.valueChanged.connect(self._rehearse)
        self._sound_notice = label(live=True)
        self._minute = button(welcome.MINUTE, self._start_or_stop_minute)
        self.rehearsal = Rehearsal(self)
        self.rehearsal.explained.connect(lambda sentence: self._sound_notice.setText(tr(sentence)))
        self.rehearsal.moved.connect(lambda share, part: self._show_index(share, unclear=part.unclear))
        self.rehearsal.ended.connect(self._end_rehearsal)
        self._preview.silent.connect(self.rehearsal.stop)
        self._preview.notified.connect(self._show_notice)
        self._tried = label(live=True)
        self._prompt = Prompt()
        self._disclaimer = label(DISCLAIMER, quiet=True)
        self._disclaimer.hide()
        self._more = button(welcome.MORE, self._show_more, flat=True)
        self._step = label(quiet=True)
        self._back = button(welcome.BACK, lambda: self._go(-1), flat=True)
        self._skip = button(welcome.SKIP, self._leave, flat=True)
        self.forward = button(welcome.NEXT, lambda: self._go(1), main=True)
        self._cards = QStackedWidget()
        self._titles = (welcome.WHAT_TITLE, welcome.HEAR_TITLE, welcome.ASK_TITLE)
        self._sentences = (welcome.WHAT, welcome.HEAR, welcome.ASK)
        for parts in (self._what(), self._hearing(), self._ask()):
            self._cards.addWidget(parts)
        self._lay_out()
        bind_key(self, "Esc", self._leave)
        for number in ("1", "2", "3", "PgUp", "PgDown"):
            bind_key(self, number, lambda number=number: self._try_key(number))

    def _lay_out(self) -> None:
        foot = row(self._step)
        foot.addStretch(1)
        for part in (self._skip, self._back, self.forward):
            foot.addWidget(part)
        foot.setContentsMargins(MARGIN, 10, MARGIN, FLAT_MARGIN)
        outer = column(self, gap=0)
        outer.addWidget(self._cards, 1)
        outer.addLayout(foot)

    def _card(self, number: int, *parts: QWidget | QHBoxLayout, picture: QWidget | None = None) -> QWidget:
        """Return a card of a title, a sentence and some parts."""
        page, content = QWidget(), QWidget()
        content.setMaximumWidth(_TEXT_WIDTH)
        inside = column(content, MARGIN, gap=14)
        inside.addWidget(label(self._titles[number], large=True))
        inside.addWidget(_wrapped(label(self._sentences[number])))
        for part in parts:
            inside.addLayout(part) if isinstance(part, QHBoxLayout) else inside.addWidget(part)
        middle = row(gap=0)
        middle.addStretch(1)
        middle.addWidget(content, 1000)
        middle.addStretch(1)
        outer = column(page, gap=0)
        picture = picture or WaterView(self._water)
        picture.setMinimumHeight(_MIN_PICTURE_HEIGHT)
        outer.addWidget(picture, 1)
        outer.addLayout(middle)
        return page

    def _what(self) -> QWidget:
        more = row(self._more)
        more.addStretch(1)
        return self._card(0, _wrapped(self._disclaimer), _wrapped(label(STOP_ADVICE, quiet=True)), more)

    def _hearing(self) -> QWidget:
        play = row(
            button(welcome.HEAR_QUIET, lambda: self._play(0.0)),
            button(welcome.HEAR_TONE, lambda: self._play(1.0)),
            button(welcome.HEAR_UNCLEAR, lambda: self._play(0.0, unclear=True)),
        )
        play.addStretch(1)
        minute = row(self._minute, _wrapped(self._sound_notice))
        minute.setStretch(1, 1)
        return self._card(1, play, label(welcome.REHEARSE, quiet=True), self._slider, minute, picture=self._picture)

    def _ask(self) -> QWidget:
        chime = row(button(welcome.HEAR_CHIME, self._play_chime), self._tried)
        chime.setStretch(1, 1)
        middle = row(self._prompt)
        parts = (middle, chime, _wrapped(label(welcome.PRESS, quiet=True)))
        picture = WaterView(self._water)
        card = self._card(2, *parts, picture=picture)
        picture.setMinimumHeight(_LEAST_PICTURE_HEIGHT)  # in large type the question needs the space
        return card

    @property
    def number(self) -> int:
        """Number of the card shown, from 0."""
        return self._cards.currentIndex()

    def hideEvent(self, a0: QHideEvent | None) -> None:  # noqa: N802 - Qt's name
        """End the preview when the page is left, also by another window's request."""
        self._stop()
        super().hideEvent(a0)

    def activate(self) -> None:
        """Show the first card."""
        self._show_card(0)

    def _show_card(self, number: int) -> None:
        self._stop()
        self._cards.setCurrentIndex(number)
        total = self._cards.count()
        self._step.setText(tr(welcome.STEP, number=number + 1, total=total))
        self._back.setVisible(number > 0)
        last = number == total - 1
        self._skip.setVisible(not last)
        _rename(self.forward, welcome.START if last else welcome.NEXT)
        self.forward.setFocus()
        announce(f"{tr(self._titles[number])}.", tr(self._sentences[number]))
        if last:
            choices = [PromptAnswer(key, tr(text), lambda key=key: self._try_key(key)) for key, text in WHERE.choices]
            self._prompt.show_question(tr(WHERE.wording), choices)

    def _go(self, step: int) -> None:
        if self.number + step == self._cards.count():
            self._leave()
        else:
            self._show_card(self.number + step)

    def _leave(self) -> None:
        self._stop()
        self.left.emit()

    def _show_more(self) -> None:
        self._disclaimer.show()
        self._more.hide()

    def _play(self, share: float, *, unclear: bool = False) -> None:
        self._stop()
        self._show_index(share, unclear=unclear)

    def _show_index(self, share: float, *, unclear: bool = False) -> None:
        """Move slider, picture and sound to an index."""
        self._slider.blockSignals(True)
        self._slider.setValue(round(_STEPS * share))
        self._slider.blockSignals(False)
        self._picture.show_scene(WaterScene(ripple=share, mist=1.0 if unclear else 0.0))
        self._play_share(share, unclear=unclear)

    def _start_or_stop_minute(self) -> None:
        if self.rehearsal.is_running:
            self._stop()
        else:
            _rename(self._minute, welcome.MINUTE_STOP)
            self.rehearsal.start()

    def _end_rehearsal(self) -> None:
        self._preview.stop()
        _rename(self._minute, welcome.MINUTE)
        self._sound_notice.setText("")

    def _stop(self) -> None:
        """End what is played."""
        self.rehearsal.stop()
        self._preview.stop()

    def _show_notice(self, sentence: str) -> None:
        (self._tried if self.number == self._cards.count() - 1 else self._sound_notice).setText(sentence)

    def _play_chime(self) -> None:
        self._preview.play(self._overrides, Preview(bell=True))

    def _rehearse(self, value: int) -> None:
        self.rehearsal.stop()
        self._picture.show_scene(WaterScene(ripple=value / _STEPS))
        self._play_share(value / _STEPS)

    def _play_share(self, share: float, *, unclear: bool = False) -> None:
        self._preview.play(self._overrides, Preview(share, gradual=True, unclear=unclear))

    def _try_key(self, key: str) -> None:
        """Show what a key would answer; only on the last card."""
        name = {"PgUp": "page_up", "PgDown": "page_down"}.get(key, key)
        request = request_for_key(name, Snapshot(question=WHERE))
        if self.number == self._cards.count() - 1 and request is not None and request.kind is RequestKind.ANSWER:
            self._tried.setText(tr(welcome.TRIED, answer=tr(dict(WHERE.choices)[request.value])))


def _rename(button: QAbstractButton, text: str) -> None:
    button.setText(tr(text))
    button.setAccessibleName(tr(text).replace("&", ""))


def _wrapped(line: QLabel) -> QLabel:
    line.setWordWrap(True)
    return line
