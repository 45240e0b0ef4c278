"""The system's own voice through Qt, for what has no recording and no espeak-ng. Qt speaks it: no sink can mix it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QLocale, QTimer

from neurofeedback.texts.catalogue import language

if TYPE_CHECKING:
    from PyQt6.QtTextToSpeech import QTextToSpeech

    from neurofeedback.audio.voice import Utterance
    from neurofeedback.session.config import SessionConfig
    from neurofeedback.session.live_state import Snapshot

ENGINE = "espeak-ng"  # as in audio.voice, which is slow to import
_WITHOUT_SOUND = "mock"


def open_speech(code: str, engine: str = "") -> QTextToSpeech | None:
    """Return Qt's speech in a language; None if Qt or the system has no voice for it.

    Parameters
    ----------
    code : str
        Language code, such as ``de``.
    engine : str
        Name of Qt's plug-in; empty for the first one that sounds.
    """
    try:
        from PyQt6.QtTextToSpeech import QTextToSpeech  # seldom needed
    except ImportError:
        return None
    engines = [name for name in QTextToSpeech.availableEngines() if name != _WITHOUT_SOUND]
    if not (engine or engines):
        return None
    speech = QTextToSpeech(engine or engines[0])
    wanted = QLocale(code).language()
    found = [locale for locale in speech.availableLocales() if locale.language() == wanted]
    if speech.state() is QTextToSpeech.State.Error or not found:
        return None
    speech.setLocale(found[0])
    return speech


class SystemVoice:
    """Says by the system what a session hands to the screen, at the volume of the session.

    Parameters
    ----------
    speech : QTextToSpeech
        Qt's speech.
    level_db : float
        Level of the voice, dB; 0 is the system's own.
    """

    def __init__(self, speech: QTextToSpeech, level_db: float = 0.0) -> None:
        self._speech = speech
        self._level_db = level_db
        self._n_stops = 0
        self._muted = False

    def follow(self, utterances: Iterable[Utterance | None], snapshot: Snapshot) -> None:
        """Say these, or end what is said where one is None; nothing is said while the session is muted."""
        if snapshot.muted and not self._muted:
            self.stop()
        self._muted = snapshot.muted
        self._speech.setVolume(min(1.0, 10 ** ((self._level_db + snapshot.volume_db) / 20)))
        for utterance in utterances:
            if utterance is None:
                self.stop()
            elif not self._muted:
                self._say_later(utterance.text, utterance.delay_s)

    def stop(self) -> None:
        """End what is said, and say nothing that waits."""
        self._n_stops += 1
        self._speech.stop()

    def _say_later(self, text: str, delay_s: float) -> None:
        n_stops = self._n_stops

        def say() -> None:
            if n_stops == self._n_stops:
                self._speech.enqueue(text)

        QTimer.singleShot(round(1000 * delay_s), say)


def system_voice_for(config: SessionConfig) -> SystemVoice | None:
    """Return the system's voice for a session; None where the voice is off, espeak-ng is there, or nothing speaks."""
    audio: dict[str, Any] = {one.name: one.value for one in config.settings_overrides if one.section == "audio"}
    if not audio.get("voice_enabled") or shutil.which(ENGINE) is not None:
        return None
    speech = open_speech(audio.get("voice_language", language()))
    return None if speech is None else SystemVoice(speech, audio.get("voice_db", 0.0))
