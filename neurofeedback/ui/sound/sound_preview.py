"""Plays a sound of the settings for some seconds, in a thread beside the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import sound, spoken
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.languages import in_language
from neurofeedback.ui.sound.system_voice import open_speech

if TYPE_CHECKING:
    from PyQt6.QtTextToSpeech import QTextToSpeech

    from neurofeedback.audio.sink import Sink
    from neurofeedback.feedback.mapping import GuidanceMapper
    from neurofeedback.session.config import SettingOverride
    from neurofeedback.settings.audio_feedback import AudioSettings
    from neurofeedback.types import Guidance

OpenOutput = Callable[[str, "AudioSettings", Callable[[str], None]], "Sink"]
PREVIEW_S = 8.0
LOW_U, HIGH_U = -1.5, 1.5
"""The index of a mind with the breath and of one that wanders, in baseline spreads."""
_GUIDANCE_S = 0.25  # without guidance the sound output becomes neutral
_WAIT_S = _GUIDANCE_S
_VOICE_DELAY_S = 1.0
_STEADY_HOPS = 100  # after these the tone has reached its level from any other


@dataclass(frozen=True, slots=True)
class Preview:
    """What is played.

    Parameters
    ----------
    share : float
        The index, from 0 with the breath to 1 wandering.
    gradual : bool
        The tone follows as slowly as in a session; else it has its level at once.
    calm, unclear, bell : bool
        Play the sign of calm, an unclear signal, a bell.
    sentence : str
        The id of a sentence to say.
    """

    share: float = 0.0
    gradual: bool = False
    calm: bool = False
    unclear: bool = False
    bell: bool = False
    sentence: str = ""


class SoundPreview(QObject):
    """Plays one preview at a time; ``notified`` carries a sentence if nothing or something else is heard.

    ``silent`` comes before the sentence if nothing can be heard.

    A preview with the sound settings of the one before goes on in its output.

    Parameters
    ----------
    audio : str
        Sound output, as in ``SessionConfig``.
    open_output : callable, optional
        Opens the sound output, as `neurofeedback.audio.open.open_sink`.
    seconds : float
        How long a preview is played, s.
    """

    notified = pyqtSignal(str)
    silent = pyqtSignal()
    _unsaid = pyqtSignal(str, str, str)

    def __init__(self, audio: str = "auto", open_output: OpenOutput | None = None, seconds: float = PREVIEW_S) -> None:
        super().__init__()
        self._audio = audio
        self._open_output = open_output
        self._n_hops = round(seconds / _GUIDANCE_S)
        self._overrides: tuple[SettingOverride, ...] = ()
        self._playing: _Playing | None = None
        self._speech: QTextToSpeech | None = None
        self._unsaid.connect(self._speak_by_system)

    def play(self, overrides: tuple[SettingOverride, ...], preview: Preview) -> None:
        """Play a preview with the sound settings among these."""
        if self._playing is not None and overrides == self._overrides and self._playing.change(preview):
            return
        self.stop()
        self._overrides = overrides
        self._playing = _Playing(preview, self._n_hops)
        work = (self._playing, overrides)
        threading.Thread(target=self._run, args=work, name="sound-preview", daemon=True).start()

    def stop(self) -> None:
        """Fade out, if a preview is played."""
        if self._playing is not None:
            self._playing.stop()
        if self._speech is not None:
            self._speech.stop()
        self._playing = None

    def _run(self, playing: _Playing, overrides: tuple[SettingOverride, ...]) -> None:
        try:
            self._play(playing, overrides)
        except NeurofeedbackError as error:
            self.silent.emit()
            self.notified.emit(error_text(error))
        finally:
            playing.over.set()

    def _play(self, playing: _Playing, overrides: tuple[SettingOverride, ...]) -> None:
        # NumPy and the sound library, which the window is shown before
        from neurofeedback.audio.null_sink import NullSink
        from neurofeedback.audio.open import open_sink
        from neurofeedback.audio.sink import Bell
        from neurofeedback.feedback.mapping import GuidanceMapper
        from neurofeedback.settings.audio_feedback import AudioSettings, FeedbackSettings
        from neurofeedback.settings.load import parse

        values = {override.name: override.value for override in overrides if override.section == "audio"}
        settings = parse(AudioSettings, values, "the sound settings of the window")
        sink = (self._open_output or open_sink)(self._audio, settings, self.notified.emit)
        if isinstance(sink, NullSink):
            self.silent.emit()
            self.notified.emit(tr(sound.NO_DEVICE))
            return
        mapper = GuidanceMapper(FeedbackSettings(), _GUIDANCE_S)
        before: Preview | None = None
        try:
            sink.start()
            while (preview := playing.next()) is not None:
                if preview is not before and preview.bell:
                    sink.ring(Bell.PROBE, 0.0)
                if preview is not before and preview.sentence:
                    self._speak(preview.sentence, settings, sink)
                sink.set_guidance(_guidance(preview, mapper), 0.0)
                before = preview
        finally:
            sink.stop(self._n_hops * _GUIDANCE_S)

    def _speak(self, sentence: str, settings: AudioSettings, sink: Sink) -> None:
        """Say a sentence; in the window's thread by the system's own voice, where only that can say it."""
        from neurofeedback.audio.voice import Utterance, check_voice, needs_system_voice

        text = in_language(settings.voice_language, spoken.SENTENCES[sentence])
        utterance = Utterance(text, sentence, delay_s=_VOICE_DELAY_S)
        enabled = settings.model_copy(update={"voice_enabled": True})
        by_system = needs_system_voice(utterance, settings)
        if problem := check_voice(enabled, has_system_voice=by_system):
            self.notified.emit(problem)
        if by_system:
            self._unsaid.emit(text, settings.voice_language, check_voice(enabled))
        else:
            sink.speak(utterance, 0.0)

    def _speak_by_system(self, text: str, code: str, problem: str) -> None:
        self._speech = open_speech(code)
        if self._speech is None:
            self.notified.emit(problem)
            return
        self._speech.say(text)
        self.notified.emit(tr(sound.SYSTEM_VOICE))


class _Playing:
    """What one thread plays: the preview, which may change, and how long still."""

    def __init__(self, preview: Preview, n_hops: int) -> None:
        self._preview, self._n_hops = preview, n_hops
        self._n_left: int | None = n_hops
        self._begun = False
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.over = threading.Event()

    def change(self, preview: Preview) -> bool:
        """Play another preview from now on; return False if this is over."""
        with self._lock:
            if self._n_left is None or self.over.is_set():
                return False
            self._preview, self._n_left = preview, self._n_hops
            return True

    def stop(self) -> None:
        """End before the next hop."""
        self._stopped.set()

    def next(self) -> Preview | None:
        """Return what to play in the next hop, once the one before is over; None at the end."""
        stopped = self._stopped.wait(_WAIT_S) if self._begun else self._stopped.is_set()
        self._begun = True
        with self._lock:
            if stopped or not self._n_left:
                self._n_left = None
                return None
            self._n_left -= 1
            return self._preview


def _guidance(preview: Preview, mapper: GuidanceMapper) -> Guidance:
    from neurofeedback.types import Guidance, State

    if preview.calm:
        return Guidance(calm=True)
    u = LOW_U + preview.share * (HIGH_U - LOW_U)
    state = State.UNKNOWN if preview.unclear else State.WANDER
    guidance = mapper.update(u, 1.0, 1.0, state, feedback=True)
    if preview.gradual:
        return guidance
    for _ in range(_STEADY_HOPS):
        guidance = mapper.update(u, 1.0, 1.0, state, feedback=True)
    return replace(guidance, immediate=True)
