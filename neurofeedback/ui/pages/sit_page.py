"""The page of a running session: a picture, the time left, and hidden controls. Keys work on a dark screen too."""

from __future__ import annotations

import math
from dataclasses import replace

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QWidget

from neurofeedback.feedback.water_picture import WaterRenderer, WaterScene, advance_scene
from neurofeedback.session.keymap import EXTEND_MINUTES, request_for_key
from neurofeedback.session.live_state import Request, RequestKind, Snapshot, guide_text_of, situation_of
from neurofeedback.texts import sit, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_clock
from neurofeedback.texts.session import SIGNAL_BACK
from neurofeedback.texts.situation import CHANNELS, Picture
from neurofeedback.texts.status import phase_label
from neurofeedback.types import Phase
from neurofeedback.ui.announcer import announce
from neurofeedback.ui.app_state import AppState
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.breath_circle import BreathClock
from neurofeedback.ui.widgets.controls_panel import ControlsPanel
from neurofeedback.ui.widgets.prompt import Prompt, PromptAnswer
from neurofeedback.ui.widgets.sit_picture import SitPicture
from neurofeedback.ui.widgets.status_panel import StatusPanel

NOTICE_MS = 2500
GUIDANCE_WIDTH = 440
STILL_PICTURES = 4
_BURST_S = 2.0
_KEYS = {
    "Space": "space", "S": "s", "P": "p", "M": "m", "L": "l", "K": "k", "+": "+", "=": "=", "-": "-",
    "PgUp": "page_up", "PgDown": "page_down", "Left": "left", "Right": "right", "B": "b", ".": ".",
    "O": "o", "1": "1", "2": "2", "3": "3", "4": "4", "5": "5",
}  # fmt: skip
_NOTICES = {
    RequestKind.PRESS: sit.PRESS_NOTED,
    RequestKind.MARK: sit.MARKED,
    RequestKind.EXTEND: sit.EXTENDED,
}
_SLEEPINESS_PHASES = (Phase.BASELINE, Phase.PRACTICE, Phase.TRANSFER)


class Countdown:
    """The time left as a person expects it: it goes on while the headset is lost, and never jumps back by a second.

    Samples arrive in bursts, and those of a lost headset all at once when it is back; the time left by samples jumps.
    """

    def __init__(self) -> None:
        self._shown_s = math.inf

    def update(self, snapshot: Snapshot) -> float:
        """Return the time left to show, s."""
        left_s = max(0.0, snapshot.remaining_s - snapshot.signal_lost_s)
        if not math.isfinite(left_s) or not 0.0 < left_s - self._shown_s < _BURST_S:  # longer: more time was added
            self._shown_s = left_s
        return self._shown_s


class SitPage(QWidget):
    """Shows snapshots of a session; ``requested`` carries a person's requests, ``end`` asks to end it."""

    end = pyqtSignal()
    requested = pyqtSignal(object)
    research = pyqtSignal()
    dark_changed = pyqtSignal()

    def __init__(self, theme: Theme, water: WaterRenderer, state: AppState, preferences: Preferences) -> None:
        super().__init__()
        self._scene = WaterScene()
        self._still = preferences.reduced_motion
        self._snapshot = Snapshot()
        self._ending = self._stopping = False
        self._countdown, self._breath_clock = Countdown(), BreathClock()
        self._picture = SitPicture(water, preferences.picture)
        self._phase = label(large=True, onPicture=True, name=sit.PHASE)
        self._time = label(large=True, onPicture=True, name=sit.TIME_LEFT)
        self._guidance = label(onPicture=True, name=sit.GUIDANCE)
        self._guidance.setMaximumWidth(GUIDANCE_WIDTH)
        self._notice = label(onPicture=True, name=window.NOTICE)
        self._message = label(live=True, onPicture=True, name=window.MESSAGE)
        for line in (self._guidance, self._message):
            line.setWordWrap(True)
        self._prompt = Prompt()
        self._status = StatusPanel(theme)
        self._controls = ControlsPanel(
            (
                ("H", sit.HIDE_TIME, self.toggle_time),
                ("D", sit.DARK, self.toggle_dark),
                ("I", sit.SIGNAL, self.toggle_status),
                ("R", sit.RESEARCH, self.research.emit),
                ("K", sit.MARK, lambda: self._press("k")),
                ("L", sit.LONGER, lambda: self._press("l")),
                ("O", "", lambda: self._press("o")),
            )
        )
        self._controls.requested.connect(self.requested)
        self._foot = QFrame()
        self._foot.setObjectName("panel")
        self._notice_timer = QTimer(self)
        self._notice_timer.setSingleShot(True)
        self._notice_timer.setInterval(NOTICE_MS)
        self._notice_timer.timeout.connect(self._clear_notice)
        self._lay_out()
        self._bind_keys()
        self._time.setVisible(state.time_shown)
        self._status.setVisible(state.facts_shown)
        self._controls.hide()

    @property
    def time_shown(self) -> bool:
        """Whether the time left is shown."""
        return not self._time.isHidden()

    @property
    def status_shown(self) -> bool:
        """Whether contact, signal and index are shown."""
        return not self._status.isHidden()

    @property
    def dark(self) -> bool:
        """Whether the screen is dark."""
        return self._picture.dark

    @property
    def pictures_per_second(self) -> int | None:
        """Pictures a second that are enough; None for as many as the screen allows."""
        return None if self._picture.is_animated and not self._still else STILL_PICTURES

    def _lay_out(self) -> None:
        overlay = column(self._picture, MARGIN, gap=6)
        overlay.addLayout(_spread_row(self._phase, self._time))
        overlay.addWidget(self._guidance)
        overlay.addStretch(1)
        middle = row()
        middle.addStretch()
        middle.addWidget(self._prompt, 1)
        middle.addStretch()
        overlay.addLayout(middle)
        overlay.addWidget(self._notice)
        overlay.addWidget(self._message)
        inside = column(self._foot, gap=0)
        inside.setContentsMargins(0, 0, 0, 8)
        inside.addWidget(self._status)
        inside.addWidget(self._controls)
        inside.addLayout(self._buttons())
        page = column(self, gap=0)
        page.addWidget(self._picture, 1)
        page.addWidget(self._foot)

    def _buttons(self) -> QHBoxLayout:
        self._pause_button = button(sit.PAUSE, lambda: self._press("p"), name=sit.PAUSE_NAME, flat=True)
        self._mute_button = button(sit.MUTE, lambda: self._press("m"), name=sit.MUTE_NAME, flat=True)
        self._longer_button = button(sit.LONGER, lambda: self._press("l"), name=sit.LONGER_NAME, flat=True)
        self._longer_button.setToolTip(tr(sit.LONGER_TIP, minutes=f"{EXTEND_MINUTES:g}"))
        self._longer_button.hide()
        keys = row(
            button(sit.AWAY, lambda: self._press("space"), name=sit.AWAY_NAME, flat=True),
            self._pause_button,
            self._mute_button,
            button("−", lambda: self._press("-"), name=sit.QUIETER_NAME, flat=True),
            button(sit.LOUDER, lambda: self._press("+"), name=sit.LOUDER_NAME, flat=True),
            self._longer_button,
            button(sit.CONTROLS, self.toggle_controls, name=sit.CONTROLS_NAME, flat=True),
            gap=4,
        )
        keys.setContentsMargins(FLAT_MARGIN, 8, FLAT_MARGIN, 0)
        keys.addStretch(1)
        keys.addWidget(button(sit.END, self.confirm_end, name=sit.END_NAME, flat=True))
        return keys

    def _bind_keys(self) -> None:
        for qt_key, key in _KEYS.items():
            bind_key(self, qt_key, lambda key=key: self._press(key))
        for keys, act in (
            ("Esc", self.confirm_end),
            ("Return", self._confirm),
            ("Enter", self._confirm),
            ("C", self.toggle_controls),
            ("H", self.toggle_time),
            ("D", self.toggle_dark),
            ("I", self.toggle_status),
            ("R", self.research.emit),
        ):
            bind_key(self, keys, act)

    def activate(self, *, masked: bool = False) -> None:
        """Reset the page for a new session and take the keyboard focus."""
        self._scene = WaterScene()
        self._ending = self._stopping = False
        self._countdown, self._breath_clock = Countdown(), BreathClock()
        self._clear_notice()
        self._prompt.dismiss()
        self._show_dark(dark=False)
        self.show_snapshot(Snapshot(masked=masked), 0.0)
        self.setFocus()

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        ripple, mist = _ripple_and_mist(snapshot)
        scene = advance_scene(self._scene, ripple, mist, step_s)
        self._scene = replace(scene, time_s=0.0) if self._still else scene
        breath = self._breath_clock.update(snapshot, step_s)
        if self.isVisible():
            self._picture.show_scene(self._scene)
            self._picture.show_breath(breath, still=self._still)
        if snapshot is not self._snapshot:
            self._announce_change(self._snapshot, snapshot)
            self._snapshot = snapshot
            self._show_texts(snapshot)
            self._show_prompt(snapshot)

    def show_notice(self, notice: str, *, lasting: bool = False) -> None:
        """Show a short notice on the picture, for a moment or until the end; a dark screen stays dark."""
        if self._picture.dark and not lasting:
            return
        self._notice.setText(tr(notice))
        self._message.hide()  # one sentence at a time
        self._notice_timer.stop() if lasting else self._notice_timer.start()

    def _clear_notice(self) -> None:
        self._notice.setText("")
        self._message.show()

    def show_ending(self) -> None:
        """Show that the session is ending."""
        self._stopping = True
        self._prompt.dismiss()
        self.show_notice(sit.ENDING, lasting=True)

    def confirm_end(self) -> None:
        """Ask whether to end the session; asked again, continue it. Before and after the practice it ends at once."""
        if self._stopping:
            return
        if self._snapshot.phase in {None, Phase.DEBRIEF}:
            self.end.emit()
            return
        self._ending = not self._ending
        self._show_prompt(self._snapshot)

    def toggle_time(self) -> None:
        """Hide or show the time left."""
        self._time.setVisible(not self.time_shown)
        self._controls.set_button_text("H", sit.HIDE_TIME if self.time_shown else sit.SHOW_TIME)

    def toggle_dark(self) -> None:
        """Make the screen dark, or show the picture again."""
        self._show_dark(dark=not self._picture.dark)

    def toggle_status(self) -> None:
        """Show or hide contact, signal and index."""
        self._status.setVisible(not self.status_shown)
        self._status.show_snapshot(self._snapshot)

    def toggle_controls(self) -> None:
        """Show or hide the controls."""
        self._controls.setVisible(self._controls.isHidden())
        self._controls.show_snapshot(self._snapshot)

    def _press(self, key: str) -> None:
        request = request_for_key(key, self._snapshot)
        if request is not None and not self._stopping:
            self._send(request)

    def _send(self, request: Request) -> None:
        self.requested.emit(request)
        self.note_answer(request)
        if notice := _NOTICES.get(request.kind) or sit.COMPARED_WITH.get(request.value):
            self.show_notice(notice)

    def note_answer(self, request: Request) -> None:
        """Announce an answer to the open question, given in this window or in the researcher's."""
        question = self._snapshot.question
        answer = dict(question.choices).get(request.value) if question else None
        if request.kind is RequestKind.ANSWER and answer is not None:
            announce(tr(sit.ANSWER_NOTED, answer=tr(answer)), urgent=True)

    def _announce_change(self, before: Snapshot, now: Snapshot) -> None:
        """Announce a new phase, and a headset that is lost or back; what the index says is never announced."""
        lost, was_lost = now.signal_lost_s > 0, before.signal_lost_s > 0
        if lost and not was_lost:
            announce(self._words(now), urgent=True)
        elif was_lost and not lost and now.phase is not None:
            announce(tr(SIGNAL_BACK))
        elif (now.phase, now.paused) != (before.phase, before.paused) and now.phase is not None:
            name = phase_label(now.phase, now.practice)
            announce(f"{name}.", "" if now.phase is Phase.PRACTICE else self._words(now))
        elif now.guide_text and now.guide_text != before.guide_text:
            announce(tr(now.guide_text))

    def _words(self, snapshot: Snapshot) -> str:
        if guide_text := guide_text_of(snapshot):
            return tr(guide_text)
        channels = CHANNELS[situation_of(snapshot)]
        return tr(channels.words if self._picture.is_water else channels.plain_words)

    def _confirm(self) -> None:
        if self._ending:
            self._ending = False
            self.end.emit()

    def _show_dark(self, *, dark: bool) -> None:
        self._picture.set_dark(dark)
        self._foot.setVisible(not dark)
        self._prompt.setProperty("dark", dark)
        for part in (self._prompt, *self._prompt.findChildren(QWidget)):
            if (style := part.style()) is not None:
                style.polish(part)
        self._show_texts(self._snapshot)
        self.dark_changed.emit()

    def _show_texts(self, snapshot: Snapshot) -> None:
        frame, dark = snapshot.frame, self._picture.dark
        lost = snapshot.signal_lost_s > 0
        sleepy = frame is not None and frame.drowsy and snapshot.phase in _SLEEPINESS_PHASES and not lost
        guidance = "" if snapshot.paused and not lost else self._words(snapshot)  # the card says it
        self._phase.setText("" if dark else phase_label(snapshot.phase, snapshot.practice))
        self._time.setText("" if dark or not snapshot.phase else format_clock(self._countdown.update(snapshot)))
        self._guidance.setText("" if dark else tr(sit.SLEEPY) if sleepy else guidance)
        # one sentence at a time: that of a lost headset says what its message says
        self._message.setText("" if dark or lost else tr(snapshot.message))
        self._pause_button.setText(tr(sit.RESUME if snapshot.paused else sit.PAUSE))
        self._mute_button.setText(tr(sit.UNMUTE if snapshot.muted else sit.MUTE))
        self._longer_button.setVisible(snapshot.can_extend)
        if not self._status.isHidden():
            self._status.show_snapshot(snapshot)
        if not self._controls.isHidden():
            self._controls.show_snapshot(snapshot)

    def _show_prompt(self, snapshot: Snapshot) -> None:
        """Show the most important question, if there is any."""
        if self._stopping:
            return
        question = snapshot.question
        if self._ending:
            self._prompt.show_question(
                tr(sit.END_QUESTION),
                (
                    PromptAnswer("Enter", tr(sit.END_CONFIRM), self._confirm),
                    PromptAnswer("Esc", tr(sit.CONTINUE), self.confirm_end),
                ),
                tr(sit.END_HINT),
            )
        elif question is not None:
            choices = [
                PromptAnswer(name, tr(text), lambda name=name: self._press(name)) for name, text in question.choices
            ]
            self._prompt.show_question(tr(question.wording), choices, _probe_hint(len(choices)))
        elif snapshot.paused:
            self._prompt.show_question(
                tr(sit.PAUSED),
                (PromptAnswer("P", tr(sit.CONTINUE), lambda: self._press("p")),),
                tr(sit.PAUSED_HINT),
            )
        else:
            self._prompt.dismiss()


def _ripple_and_mist(snapshot: Snapshot) -> tuple[float, float]:
    """Return what the picture shows: the index only where the sound follows it, too."""
    shown = CHANNELS[situation_of(snapshot)].picture
    if shown is Picture.MIST:
        return 0.0, 1.0
    if shown is Picture.STILL or snapshot.frame is None:
        return 0.0, 0.0
    guidance = snapshot.frame.played_guidance
    return guidance.ripple, guidance.mist


def _probe_hint(n_choices: int) -> str:
    keys = [str(number) for number in range(1, n_choices + 1)]
    return tr(sit.PROBE_HINT, keys=tr(sit.LAST_KEY, keys=", ".join(keys[:-1]), last=keys[-1]))


def _spread_row(left: QWidget, right: QWidget) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.addWidget(left)
    layout.addStretch(1)
    layout.addWidget(right, alignment=Qt.AlignmentFlag.AlignTop)
    return layout
