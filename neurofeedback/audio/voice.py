"""The voice: sentences as sound, from recordings or from the system's speech engine."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.feedback.loops import Loop, soft_limit
from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.sound_bank import INTERSAMPLE_MARGIN
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr

log = logging.getLogger(__name__)

RECORDINGS = Path(__file__).parent / "voice_en"
"""The shipped English sentences: Ogg Vorbis files, with texts and SHA-256 in ``manifest.json``."""
RECORDINGS_LUFS = -23.0
ENGLISH = "en"
ENGINE = "espeak-ng"

MAX_SENTENCE_S = 60.0
_HEADROOM_LU = 9.0  # from the ceiling to the voice: its peaks are rounded off a little
_PEAK = 0.85  # of the ceiling
_CHARACTERS_PER_S = 14.0
_WORDS_PER_MIN = 150
_MIN_ENGINE_S = 1.0


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the voice says: a sentence of `texts.spoken` in the person's language, or any other text.

    Parameters
    ----------
    text : str
        What is said, in the language of the settings.
    sentence : str
        Its id in `texts.spoken.SENTENCES`; empty for any other text.
    delay_s : float
        Delay before it, so that a bell is heard first, s.
    """

    text: str
    sentence: str = ""
    delay_s: float = 0.0


def speak(utterance: Utterance, settings: AudioSettings) -> Loop | None:
    """Return an utterance as sound at the voice's level, shape ``(n_samples, 2)``; None, logged, if it cannot be said.

    A person's own recording comes first, then the English recordings, then the system's speech engine.
    """
    for name, load in (("own recording", _own), ("recording", _shipped), ("speech engine", _engine)):
        try:
            voice = load(utterance, settings)
        except (SettingsError, OSError) as error:  # a voice must not end the sound of a session
            log.warning("%s", error)
            continue
        if voice is not None:
            log.debug("%s says %r", name, utterance.text)
            silence = np.zeros((round(utterance.delay_s * settings.sfreq_hz), 2), np.float32)
            return np.concatenate((silence, _levelled(voice, settings)))
    return None


def needs_system_voice(utterance: Utterance, settings: AudioSettings) -> bool:
    """Return whether only the system's own voice can say this: there is no recording of it, and no espeak-ng."""
    if shutil.which(ENGINE) is not None:
        return False
    own = _own_path(utterance, settings)
    return own is None and _shipped_path(utterance, settings) is None


def check_voice(settings: AudioSettings, *, has_system_voice: bool = False) -> str:
    """Return why the voice cannot speak with these settings, as one sentence; empty if it can.

    ``has_system_voice`` says that a screen speaks what has no recording.
    """
    if not settings.voice_enabled:
        return ""
    if settings.voice_folder and not _is_folder(_voice_folder(settings)):
        return tr(sound.NO_VOICE_FOLDER, folder=settings.voice_folder)
    if settings.voice_language != ENGLISH and not has_system_voice and shutil.which(ENGINE) is None:
        return tr(sound.NO_VOICE_ENGINE if sys.platform == "linux" else sound.ADD_SYSTEM_VOICE)
    return ""


def engine_timeout_s(text: str) -> float:
    """Return twice the time a text may be expected to take; an engine not done by then counts as failed."""
    return 2 * max(_MIN_ENGINE_S, len(text) / _CHARACTERS_PER_S)


def _voice_folder(settings: AudioSettings) -> Path:
    """Return the folder of a person's own recordings; ``~`` of an unknown user stays, and names no folder."""
    try:
        return Path(settings.voice_folder).expanduser()
    except RuntimeError:
        return Path(settings.voice_folder)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # it may not be read
        return False


def _own(utterance: Utterance, settings: AudioSettings) -> Loop | None:
    path = _own_path(utterance, settings)
    return None if path is None else _decoded(path.read_bytes(), settings.sfreq_hz, str(path))


def _own_path(utterance: Utterance, settings: AudioSettings) -> Path | None:
    path = _voice_folder(settings) / f"{utterance.sentence}.wav"
    return path if settings.voice_folder and utterance.sentence and path.is_file() else None


def _shipped(utterance: Utterance, settings: AudioSettings) -> Loop | None:
    path = _shipped_path(utterance, settings)
    return None if path is None else _decoded(path.read_bytes(), settings.sfreq_hz, path.name)


def _shipped_path(utterance: Utterance, settings: AudioSettings) -> Path | None:
    if settings.voice_language != ENGLISH or shipped_texts().get(utterance.sentence) != utterance.text:
        return None
    path = RECORDINGS / f"{utterance.sentence}.ogg"
    return path if path.is_file() else None


def _engine(utterance: Utterance, settings: AudioSettings) -> Loop | None:
    """Return what espeak-ng makes of a text; it is ended if it is late."""
    program = shutil.which(ENGINE)
    if program is None or not utterance.text.strip():
        return None
    words_per_min = round(_WORDS_PER_MIN * settings.voice_speed)
    command = [program, "--stdout", "--stdin", "-v", settings.voice_language, "-s", str(words_per_min)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=utterance.text.encode(),
            capture_output=True,
            timeout=engine_timeout_s(utterance.text),
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _unusable(ENGINE, str(error).splitlines()[0]) from error
    return _decoded(done.stdout, settings.sfreq_hz, ENGINE)


def _decoded(data: bytes, sfreq: int, name: str) -> Loop:
    try:
        import miniaudio  # its native library may be missing
    except (ImportError, OSError) as error:
        raise _unusable(name, f"there is no sound library: {error}") from error
    try:
        decoded = miniaudio.decode(data, miniaudio.SampleFormat.FLOAT32, 2, sfreq)
    except miniaudio.MiniaudioError as error:
        raise _unusable(name, "it cannot be read as sound") from error
    voice = np.frombuffer(decoded.samples, np.float32).reshape(-1, 2)[: round(MAX_SENTENCE_S * sfreq)]
    if not len(voice) or not np.isfinite(voice).all() or not voice.any():
        raise _unusable(name, "it is silent")
    return voice


def _levelled(voice: Loop, settings: AudioSettings) -> Loop:
    """Return a sentence at the level of the settings, however loud its recording is, with its peaks rounded off."""
    ceiling = INTERSAMPLE_MARGIN * 10 ** (settings.ceiling_dbfs / 20)
    target = settings.ceiling_dbfs - _HEADROOM_LU
    gain = 10 ** ((target - _speech_loudness(voice, settings.sfreq_hz)) / 20)
    limited = soft_limit(np.float32(gain) * voice, _PEAK * ceiling)
    return (limited * 10 ** (settings.voice_db / 20)).astype(np.float32)


def _speech_loudness(voice: Loop, sfreq: int) -> float:
    """Return the loudness of a sentence without its pauses (blocks 10 dB below the mean), LUFS."""
    size = sfreq // 10
    padded = np.concatenate((voice, np.zeros((-len(voice) % size, 2), np.float32))).reshape(-1, size, 2)
    power = np.square(padded, dtype=np.float64).mean(axis=(1, 2))
    spoken = padded[power > 0.1 * power.mean()]
    return loudness(spoken.reshape(-1, 2), sfreq=sfreq)


@cache
def shipped_texts() -> dict[str, str]:
    """Return the text of each shipped recording by its id."""
    content = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))
    return {name: entry["text"] for name, entry in content["sentences"].items()}


def _unusable(name: str, why: str) -> SettingsError:
    return SettingsError(
        "this voice cannot be used",
        got=f"{name} ({why})",
        allowed="a WAV file that is not silent, or espeak-ng",
        todo="replace the file, or switch the voice off (audio.voice_enabled)",
    )
