"""What the voice says during a session: phases, questions, the state of the headset."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.sink import Sink
from neurofeedback.audio.voice import Utterance, needs_system_voice, shipped_texts
from neurofeedback.session.live_state import LiveState
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts.languages import in_language
from neurofeedback.texts.probe_questions import ProbeQuestion, spoken_question
from neurofeedback.texts.spoken import SENTENCES
from neurofeedback.types import Command, CommandKind, Event, EventKind, Phase

_AFTER_BELL_S = 1.5
_CHANGES: Mapping[tuple[EventKind | CommandKind, str], str] = {
    (CommandKind.PAUSE, "on"): "phase_pause",
    (CommandKind.PAUSE, "off"): "phase_resume",
    (EventKind.SESSION_EXTENDED, ""): "phase_extended",
}
_PHASES: Mapping[Phase, str] = {
    Phase.SETTLE: "phase_settle",
    Phase.BASELINE: "phase_baseline",
    Phase.PRACTICE: "phase_practice",
    Phase.TRANSFER: "phase_transfer",
    Phase.REST: "phase_rest",
    Phase.DEBRIEF: "phase_debrief",
}
_TIMES_LEFT: Mapping[str, tuple[float, float]] = {
    "phase_five_minutes": (300.0, 900.0),
    "phase_one_minute": (60.0, 300.0),
}
"""Time left at which each is said, and the least length of a sitting for it, s."""
_HALFWAY, _MIN_HALFWAY_S = "phase_halfway", 600.0
_END, _END_LEFT_S = "session_end", 4.0  # as long as the sentence, so that it ends with the sitting
_MIN_END_S = 300.0  # in a shorter one the last phase is too short for both
_MAX_DELAY_S = 20.0  # while a question is open
_QUESTIONS: Mapping[int, str] = {1: "probe_where", 2: "probe_sure", 3: "probe_sleepy"}


class VoiceAnnouncer:
    """Speaks through the session's sound output, and names what it said for the recording.

    While a question is open it says nothing but the questions, so that it never speaks over an answer.

    Parameters
    ----------
    settings : AudioSettings
        Whether it speaks at all.
    sink : Sink
        The sound output; nothing is said or noted where it is silent.
    eyes_open : bool
        Whether the eyes are open in this session.
    note : callable
        Receives what is said: the id of a sentence, or a text.
    live_state : LiveState, optional
        Where a screen may speak by the system's own voice what cannot be rendered here.
    """

    def __init__(
        self,
        settings: AudioSettings,
        sink: Sink,
        *,
        eyes_open: bool,
        note: Callable[[str], object],
        live_state: LiveState | None = None,
    ) -> None:
        self._settings = settings
        self._live_state = live_state
        self._enabled = settings.voice_enabled and not isinstance(sink, NullSink)
        self._language = settings.voice_language
        self._sink = sink
        self._eyes_open = eyes_open
        self._note = note
        self._question: ProbeQuestion | None = None
        self._left_s = self._total_s = math.inf
        self._due: tuple[str, float] | None = None

    @property
    def question_open(self) -> bool:
        """Whether a question is open, so that nothing else is said."""
        return self._question is not None

    def announce_phase(self, phase: Phase, at_s: float) -> None:
        """Say which phase begins, after its bell."""
        if (sentence := _PHASES.get(phase)) is not None:
            opened = self._eyes_open and phase is Phase.SETTLE
            self.speak("phase_settle_open" if opened else sentence, at_s, delay_s=_AFTER_BELL_S)

    def announce_changes(self, rows: Iterable[Event | Command], at_s: float) -> None:
        """Say what a request has changed: a pause, its end, a longer sitting."""
        for row in rows:
            sentence = _CHANGES.get((row.kind, row.value if row.kind is CommandKind.PAUSE else ""))
            if sentence is not None:
                self.speak(sentence, at_s)

    def update_time(self, left_s: float, at_s: float, *, quiet: bool = False) -> None:
        """Say that half of the time is over, how much is left, and the end.

        Parameters
        ----------
        left_s : float
            Time left in the sitting by its plan, without pauses, s; infinite without an end.
        at_s : float
            Session time, s.
        quiet : bool
            Say nothing but the end, such as while a practice speaks itself or the sitting comes to its end.
        """
        before_s, self._left_s = self._left_s, left_s
        if math.isinf(before_s):
            self._total_s = left_s
        elif left_s > before_s:  # it was extended
            self._total_s += left_s - before_s
        elif not math.isinf(left_s):
            times = [(sentence, s) for sentence, (s, shortest) in _TIMES_LEFT.items() if self._total_s >= shortest]
            times += [(_HALFWAY, self._total_s / 2)] if self._total_s >= _MIN_HALFWAY_S else []
            passed = [sentence for sentence, s in times if left_s <= s < before_s and not quiet]
            passed += [_END] if left_s <= _END_LEFT_S < before_s and self._total_s >= _MIN_END_S else []
            if passed:
                self._due = (passed[-1], at_s)
        self._speak_due(at_s)

    def _speak_due(self, at_s: float) -> None:
        """Say the time that was due, unless a question has been open for too long since."""
        if self._due is None or self._question is not None:
            return
        (sentence, due_s), self._due = self._due, None
        if at_s - due_s <= _MAX_DELAY_S:
            self.speak(sentence, at_s)

    def update_question(self, question: ProbeQuestion | None, at_s: float) -> None:
        """Ask a question that opens, after its chime; an answer ends what is being said."""
        if question is self._question:
            return
        is_first, self._question = self._question is None, question
        if self._enabled:
            self._sink.hush(at_s)
            if self._live_state is not None:
                self._live_state.send_speech(None)
            if question is not None:
                sentence = _QUESTIONS.get(question.number, "")
                text = SENTENCES[sentence] if sentence else spoken_question(question)
                self._speak(text, sentence, at_s, _AFTER_BELL_S if is_first else 0.0)

    def speak(self, sentence: str, at_s: float, *, delay_s: float = 0.0) -> None:
        """Say a sentence of `texts.spoken`, unless a question is open."""
        if self._enabled and self._question is None:
            self._speak(SENTENCES[sentence], sentence, at_s, delay_s)

    def speak_text(self, text: str, at_s: float, *, sentence: str = "", after_bell: bool = False) -> None:
        """Say any text, such as one of a practice, unless a question is open; ``sentence`` names its recording."""
        if self._enabled and self._question is None:
            self._speak(text, sentence, at_s, _AFTER_BELL_S if after_bell else 0.0)

    def _speak(self, text: str, sentence: str, at_s: float, delay_s: float) -> None:
        """Speak a text in the language of the voice, and note it in English."""
        utterance = Utterance(in_language(self._language, text), sentence, delay_s)
        screen = self._live_state
        if screen is not None and screen.has_system_voice and needs_system_voice(utterance, self._settings):
            screen.send_speech(utterance)
        else:
            self._sink.speak(utterance, at_s)
        is_known = text in (SENTENCES.get(sentence), shipped_texts().get(sentence))
        self._note(sentence if is_known else text)
