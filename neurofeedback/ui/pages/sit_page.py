"""Sit: one slow picture and the time left. Everything by key, also on a dark screen; the rest is tucked away."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QWidget

from neurofeedback.feedback.water_picture import WaterRenderer, WaterScene, advance_scene
from neurofeedback.session.keymap import EXTEND_MINUTES, request_for_key
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.session.status_text import guidance_text, phase_label
from neurofeedback.texts.format import format_clock
from neurofeedback.types import Phase
from neurofeedback.ui.app_state import AppState
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.translation import tr
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.controls_panel import ControlsPanel
from neurofeedback.ui.widgets.prompt import Prompt, PromptAnswer
from neurofeedback.ui.widgets.sit_picture import SitPicture
from neurofeedback.ui.widgets.status_panel import StatusPanel

NOTICE_MS = 2500
GUIDANCE_WIDTH = 440
STILL_PICTURES = 4
_KEYS = {
    "Space": "space", "S": "s", "P": "p", "M": "m", "L": "l", "K": "k", "+": "+", "=": "=", "-": "-",
    "PgUp": "page_up", "PgDown": "page_down", "Left": "left", "Right": "right", "B": "b", ".": ".",
    "O": "o", "1": "1", "2": "2", "3": "3", "4": "4", "5": "5",
}  # fmt: skip
_NOTICES = {
    RequestKind.PRESS: "Noted. Come back to the breath.",
    RequestKind.MARK: "Marked.",
    RequestKind.EXTEND: "A little longer.",
}
_COMPARED = {"own": "Compared with your earlier sittings.", "session": "Compared with this sitting's baseline."}
_HIDE = "H  hide time"
DROWSY = "You may be getting sleepy: sit up a little, take one deeper breath."
_MAY_BE_SLEEPY = (Phase.BASELINE, Phase.PRACTICE, Phase.TRANSFER)


class SitPage(QWidget):
    """Shows snapshots of a sitting; ``asked`` carries what a person asks of it, ``end`` that it shall end."""

    end = pyqtSignal()
    requested = pyqtSignal(object)
    research = pyqtSignal()

    def __init__(self, theme: Theme, water: WaterRenderer, choices: AppState, preferences: Preferences) -> None:
        super().__init__()
        self._scene = WaterScene()
        self._still = preferences.reduced_motion
        self._snapshot = Snapshot()
        self._ending = self._over = False
        self._picture = SitPicture(water, preferences.picture)
        self._phase = label(large=True, onPicture=True, name="Phase")
        self._time = label(large=True, onPicture=True, name="Time left")
        self._guidance = label(onPicture=True, name="What is going on")
        self._guidance.setMaximumWidth(GUIDANCE_WIDTH)
        self._notice = label(onPicture=True, name="Notice")
        self._message = label(onPicture=True, name="Message")
        for words in (self._guidance, self._message):
            words.setWordWrap(True)
        self._card = Prompt()
        self._facts = StatusPanel(theme)
        self._drawer = ControlsPanel(
            (
                ("H", _HIDE, self.toggle_time),
                ("D", "D  dark", self.toggle_dark),
                ("I", "I  signal", self.toggle_facts),
                ("R", "R  research", self.research.emit),
                ("K", "K  mark", lambda: self._press("k")),
                ("L", "L  longer", lambda: self._press("l")),
                ("O", "", lambda: self._press("o")),
            )
        )
        self._drawer.requested.connect(self.requested)
        self._foot = QFrame()
        self._foot.setObjectName("panel")
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(NOTICE_MS)
        self._quiet.timeout.connect(lambda: self._notice.setText(""))
        self._lay_out()
        self._bind_keys()
        self._time.setVisible(choices.time_shown)
        self._facts.setVisible(choices.facts_shown)
        self._drawer.hide()

    @property
    def time_shown(self) -> bool:
        """Whether the time left is shown."""
        return not self._time.isHidden()

    @property
    def facts_shown(self) -> bool:
        """Whether contact, signal and index are shown."""
        return not self._facts.isHidden()

    @property
    def pictures_per_second(self) -> int | None:
        """How often it is worth looking; None for as often as the screen allows."""
        return None if self._picture.is_animated and not self._still else STILL_PICTURES

    def _lay_out(self) -> None:
        over = column(self._picture, MARGIN, gap=6)
        over.addLayout(_apart(self._phase, self._time))
        over.addWidget(self._guidance)
        over.addStretch(1)
        middle = row()
        middle.addStretch()
        middle.addWidget(self._card, 1)
        middle.addStretch()
        over.addLayout(middle)
        over.addWidget(self._notice)
        over.addWidget(self._message)
        inside = column(self._foot, gap=0)
        inside.setContentsMargins(0, 0, 0, 8)
        inside.addWidget(self._facts)
        inside.addWidget(self._drawer)
        inside.addLayout(self._buttons())
        whole = column(self, gap=0)
        whole.addWidget(self._picture, 1)
        whole.addWidget(self._foot)

    def _buttons(self) -> QHBoxLayout:
        self._pause_button = button("P  pause", lambda: self._press("p"), name="Pause or go on (P)", flat=True)
        self._mute_button = button("M  mute", lambda: self._press("m"), name="Mute or unmute (M)", flat=True)
        self._longer_button = button("L  longer", lambda: self._press("l"), name="Sit a little longer (L)", flat=True)
        self._longer_button.setToolTip(tr("{minutes} minutes").format(minutes=f"{EXTEND_MINUTES:g}"))
        self._longer_button.hide()
        keys = row(
            button("Space  I was away", lambda: self._press("space"), name="I was away (Space)", flat=True),
            self._pause_button,
            self._mute_button,
            button("−", lambda: self._press("-"), name="Quieter (−)", flat=True),
            button("+  volume", lambda: self._press("+"), name="Louder (+)", flat=True),
            self._longer_button,
            button("C  controls", self.toggle_controls, name="Show or hide the controls (C)", flat=True),
            gap=4,
        )
        keys.setContentsMargins(FLAT_MARGIN, 8, FLAT_MARGIN, 0)
        keys.addStretch(1)
        keys.addWidget(button("Esc  end", self.confirm_end, name="End the sitting (Esc)", flat=True))
        return keys

    def _bind_keys(self) -> None:
        for shown, meant in _KEYS.items():
            bind_key(self, shown, lambda meant=meant: self._press(meant))
        for keys, act in (
            ("Esc", self.confirm_end),
            ("Return", self._confirm),
            ("Enter", self._confirm),
            ("C", self.toggle_controls),
            ("H", self.toggle_time),
            ("D", self.toggle_dark),
            ("I", self.toggle_facts),
            ("R", self.research.emit),
        ):
            bind_key(self, keys, act)

    def activate(self) -> None:
        """Begin afresh and take the keyboard."""
        self._scene = WaterScene()
        self._ending = self._over = False
        self._notice.setText("")
        self._card.dismiss()
        self._show_dark(dark=False)
        self.show_snapshot(Snapshot(), 0.0)
        self.setFocus()

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        guidance = snapshot.frame.guidance if snapshot.frame else None
        ripple = guidance.ripple if guidance else 0.0
        mist = 1.0 if snapshot.signal_lost_s > 0 else guidance.mist if guidance else 0.0
        scene = advance_scene(self._scene, ripple, mist, step_s)
        self._scene = replace(scene, time_s=0.0) if self._still else scene
        if self.isVisible():
            self._picture.show_scene(self._scene)
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._show_words(snapshot)
            self._show_prompt(snapshot)

    def show_notice(self, notice: str, *, lasting: bool = False) -> None:
        """Show a short notice on the picture, for a moment or until the end; a dark screen stays dark."""
        if self._picture.dark and not lasting:
            return
        self._notice.setText(tr(notice))
        self._quiet.stop() if lasting else self._quiet.start()

    def show_ending(self) -> None:
        """Show that the end has been asked for and is under way."""
        self._over = True
        self._card.dismiss()
        self.show_notice("Ending. The recording is being closed.", lasting=True)

    def confirm_end(self) -> None:
        """Ask whether it shall end; a second time, go on. What has not begun, or is over, ends at once."""
        if self._over:
            return
        sitting = self._snapshot.phase not in {None, Phase.DEBRIEF}
        if not sitting:
            self.end.emit()
            return
        self._ending = not self._ending
        self._show_prompt(self._snapshot)

    def toggle_time(self) -> None:
        """Hide or show the time left."""
        self._time.setVisible(not self.time_shown)
        self._drawer.set_button_text("H", _HIDE if self.time_shown else "H  show time")

    def toggle_dark(self) -> None:
        """Make the screen dark, or bring it back."""
        self._show_dark(dark=not self._picture.dark)

    def toggle_facts(self) -> None:
        """Show or hide contact, signal and index."""
        self._facts.setVisible(not self.facts_shown)
        self._facts.show_snapshot(self._snapshot)

    def toggle_controls(self) -> None:
        """Show or hide the controls."""
        self._drawer.setVisible(self._drawer.isHidden())
        self._drawer.show_snapshot(self._snapshot)

    def _press(self, pressed: str) -> None:
        request = request_for_key(pressed, self._snapshot)
        if request is not None and not self._over:
            self._ask(request)

    def _ask(self, request: Request) -> None:
        self.requested.emit(request)
        if notice := _NOTICES.get(request.kind) or _COMPARED.get(request.value):
            self.show_notice(notice)

    def _confirm(self) -> None:
        if self._ending:
            self._ending = False
            self.end.emit()

    def _show_dark(self, *, dark: bool) -> None:
        self._picture.set_dark(dark)
        self._foot.setVisible(not dark)
        self._card.setProperty("dark", dark)
        for part in (self._card, *self._card.findChildren(QWidget)):
            if (style := part.style()) is not None:
                style.polish(part)
        self._show_words(self._snapshot)

    def _show_words(self, snapshot: Snapshot) -> None:
        frame, dark = snapshot.frame, self._picture.dark
        sleepy = frame is not None and frame.drowsy and snapshot.phase in _MAY_BE_SLEEPY and not snapshot.signal_lost_s
        state = frame.state if frame else None
        guidance = guidance_text(snapshot.phase, state, snapshot.signal_lost_s, water=self._picture.is_water)
        self._phase.setText("" if dark else tr(phase_label(snapshot.phase)))
        self._time.setText("" if dark or not snapshot.phase else format_clock(snapshot.remaining_s))
        self._guidance.setText("" if dark else tr(DROWSY if sleepy else guidance))
        self._message.setText("" if dark else tr(snapshot.message))
        self._pause_button.setText(tr("P  go on" if snapshot.paused else "P  pause"))
        self._mute_button.setText(tr("M  unmute" if snapshot.muted else "M  mute"))
        self._longer_button.setVisible(snapshot.can_extend)
        if not self._facts.isHidden():
            self._facts.show_snapshot(snapshot)
        if not self._drawer.isHidden():
            self._drawer.show_snapshot(snapshot)

    def _show_prompt(self, snapshot: Snapshot) -> None:
        """Show the one question that matters most now, if there is any."""
        if self._over:
            return
        question = snapshot.question
        if self._ending:
            self._card.show_question(
                tr("End the sitting?"),
                (
                    PromptAnswer("Enter", tr("end it"), self._confirm),
                    PromptAnswer("Esc", tr("go on"), self.confirm_end),
                ),
                tr("What came until now is kept."),
            )
        elif question is not None:
            choices = [
                PromptAnswer(name, tr(text), lambda name=name: self._press(name)) for name, text in question.choices
            ]
            self._card.show_question(tr(question.wording), choices, tr("One key. S leaves it; there is no hurry."))
        elif snapshot.paused:
            self._card.show_question(
                tr("Paused"),
                (PromptAnswer("P", tr("go on"), lambda: self._press("p")),),
                tr("This time does not count."),
            )
        else:
            self._card.dismiss()


def _apart(left: QWidget, right: QWidget) -> QHBoxLayout:
    apart = QHBoxLayout()
    apart.addWidget(left)
    apart.addStretch(1)
    apart.addWidget(right, alignment=Qt.AlignmentFlag.AlignTop)
    return apart
