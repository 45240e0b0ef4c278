"""Play a sound of the settings for some seconds, in a thread beside the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import spoken
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.preferences import Preferences

if TYPE_CHECKING:
    from neurofeedback.audio.sink import Sink
    from neurofeedback.settings.audio_feedback import AudioSettings

OpenOutput = Callable[[str, "AudioSettings", Callable[[str], None]], "Sink"]
PREVIEW_S = 8.0
_GUIDANCE_S = 0.25  # without guidance the sound output becomes neutral


@dataclass(frozen=True, slots=True)
class Preview:
    """What is played: the tone's gain, the sign of calm, a moment without a state, a bell, or a sentence."""

    tone_gain: float = 0.0
    calm: bool = False
    unclear: bool = False
    bell: bool = False
    sentence: str = ""


class SettingsPreview(QObject):
    """Plays one preview at a time; ``notified`` carries a sentence if nothing or something else is heard.

    Parameters
    ----------
    open_output : callable, optional
        Opens the sound output, as `neurofeedback.audio.open.open_sink`.
    seconds : float
        How long a preview is played, s.
    """

    notified = pyqtSignal(str)

    def __init__(self, open_output: OpenOutput | None = None, seconds: float = PREVIEW_S) -> None:
        super().__init__()
        self._open_output = open_output
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def play(self, preferences: Preferences, preview: Preview) -> None:
        """Play a preview with the sounds and levels of the preferences; the one before ends."""
        self.stop()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(preferences, preview, self._stop), name="sound-preview", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the preview, if one is played."""
        self._stop.set()

    def _run(self, preferences: Preferences, preview: Preview, stop: threading.Event) -> None:
        # NumPy and the sound library, which the window is shown before
        from neurofeedback.audio.null_sink import NullSink
        from neurofeedback.audio.open import open_sink
        from neurofeedback.audio.sink import Bell
        from neurofeedback.audio.voice import Utterance, check_voice
        from neurofeedback.settings.audio_feedback import AudioSettings
        from neurofeedback.types import BackgroundMode, Guidance

        overrides = preferences.settings_overrides()
        values = {override.name: override.value for override in overrides if override.section == "audio"}
        try:
            settings = AudioSettings.model_validate(values)
            sink = (self._open_output or open_sink)("auto", settings, self.notified.emit)
        except (NeurofeedbackError, ValueError) as error:
            self.notified.emit(str(error))
            return
        mode = BackgroundMode.NEUTRAL if preview.unclear else BackgroundMode.NORMAL
        guidance = Guidance(preview.tone_gain, preview.tone_gain, mode, immediate=True)
        if preview.calm:
            guidance = replace(Guidance(), calm=True)
        if isinstance(sink, NullSink):
            return
        sink.start()
        if preview.bell:
            sink.ring(Bell.PROBE, 0.0)
        if preview.sentence:
            if problem := check_voice(settings.model_copy(update={"voice_enabled": True})):
                self.notified.emit(problem)
            sink.speak(Utterance(tr(spoken.SENTENCES[preview.sentence]), preview.sentence, delay_s=1.0), 0.0)
        for _ in range(round(self._seconds / _GUIDANCE_S)):
            sink.set_guidance(guidance, 0.0)
            if stop.wait(_GUIDANCE_S):
                break
        sink.stop(self._seconds)
