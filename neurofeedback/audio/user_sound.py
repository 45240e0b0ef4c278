"""Read a user's sound file as background sound, and make the sound bank of the settings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.feedback.backgrounds import USER_FILE
from neurofeedback.feedback.loops import Loop
from neurofeedback.feedback.sound_bank import SoundBank, make_sound_bank
from neurofeedback.settings.audio_feedback import AudioSettings

log = logging.getLogger(__name__)

MIN_DURATION_S = 2.0
MAX_DURATION_S = 300.0  # five minutes take 115 MB; only the beginning of a longer file is looped
DEFAULT_BACKGROUND = "rain"
_SILENCE_RMS = 1e-4  # -80 dBFS
_BLOCK = 48000


def read_sound(name: str, sfreq: int, max_duration_s: float = MAX_DURATION_S) -> Loop:
    """Read a sound file and bring it to a sampling rate.

    Parameters
    ----------
    name : str
        A WAV, FLAC, MP3 or OGG (Vorbis) file.
    sfreq : int
        Sampling rate to resample to, Hz.
    max_duration_s : float
        Only this much is read, s.

    Returns
    -------
    ndarray of float32, shape (n_samples, 2)
        Stereo; a mono file sounds the same in both ears.

    Raises
    ------
    SettingsError
        The file is missing, no sound, too short or silent.
    """
    path = Path(name).expanduser()
    blocks = list(islice(_blocks(path, sfreq), round(max_duration_s * sfreq / _BLOCK) + 1))
    sound = np.concatenate(blocks).reshape(-1, 2)[: round(max_duration_s * sfreq)] if blocks else np.zeros((0, 2))
    if not np.isfinite(sound).all():
        raise _unusable_file(path, "it has values that are no numbers")
    if len(sound) < MIN_DURATION_S * sfreq:
        raise _unusable_file(path, f"it lasts {len(sound) / sfreq:.1f} s")
    if np.sqrt(np.mean(np.square(sound, dtype=np.float64))) < _SILENCE_RMS:
        raise _unusable_file(path, "it is silent")
    return sound.astype(np.float32)


def check_user_sound(settings: AudioSettings) -> None:
    """Check the sound file of these settings, if they name one.

    Raises
    ------
    SettingsError
        The file cannot be the background sound.
    """
    if settings.background == USER_FILE:
        read_sound(settings.background_file, settings.sfreq_hz)


def load_sound_bank(settings: AudioSettings) -> SoundBank:
    """Make the sounds of these settings; replace an unreadable file by the default background, with one warning."""
    if settings.background != USER_FILE:
        return make_sound_bank(settings)
    try:
        return make_sound_bank(settings, read_sound(settings.background_file, settings.sfreq_hz))
    except SettingsError as error:
        log.warning("%s; %s is played instead", error, DEFAULT_BACKGROUND)
        return make_sound_bank(with_default_background(settings))


def with_default_background(settings: AudioSettings) -> AudioSettings:
    """Return these settings with the default background sound."""
    return settings.model_copy(update={"background": DEFAULT_BACKGROUND})


def _blocks(path: Path, sfreq: int) -> Iterator[Loop]:
    try:
        import miniaudio  # its native library may be missing
    except (ImportError, OSError) as error:
        raise _unusable_file(path, f"there is no sound library: {error}") from error
    if not path.is_file():
        raise _unusable_file(path, "there is no such file")
    try:
        stream = miniaudio.stream_file(str(path), miniaudio.SampleFormat.FLOAT32, 2, sfreq, _BLOCK)
        for block in stream:
            yield np.frombuffer(block, np.float32)
    except miniaudio.MiniaudioError as error:
        raise _unusable_file(path, "its contents cannot be read as sound") from error
    except OSError as error:
        raise _unusable_file(path, str(error)) from error


def _unusable_file(path: Path, why: str) -> SettingsError:
    return SettingsError(
        "this sound file cannot be the background sound",
        got=f"{path} ({why})",
        allowed=f"a WAV, FLAC, MP3 or OGG (Vorbis) file of {MIN_DURATION_S:g} s or more that is not silent",
        todo="choose another file (audio.background_file), or another background sound (audio.background)",
    )
