"""Open the sound output that an option names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.process_sink import ProcessSink
from neurofeedback.audio.sink import Sink
from neurofeedback.audio.user_sound import check_user_sound, with_default_background
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr

_DEVICE = "device:"


def open_sink(spec: str, settings: AudioSettings, notify: Callable[[str], None]) -> Sink:
    """Open the sink that ``spec`` names.

    Parameters
    ----------
    spec : str
        ``auto`` (the sound device of the settings, or silence if there is none), ``device:NAME``, ``none``, or the
        name of a new WAV file.
    settings : AudioSettings
        Sounds, levels and device.
    notify : callable
        Receives a sentence for the user where another output or background is used.

    Raises
    ------
    SettingsError
        ``spec`` names no output.
    RecordingError
        The WAV file cannot be created.
    SourceError
        There is no device of that name.
    """
    if spec == "none":
        return NullSink()
    settings = _check_background(settings, notify)
    if spec.lower().endswith(".wav"):
        return WavSink(Path(spec).expanduser(), settings)
    if spec.startswith(_DEVICE):
        return ProcessSink(settings.model_copy(update={"device": spec.removeprefix(_DEVICE)}))
    if spec != "auto":
        raise SettingsError(
            "there is no such sound output",
            got=spec,
            allowed="auto, none, device:NAME or the name of a new file that ends in .wav",
            todo="pass --audio auto",
        )
    return _automatic(settings, notify)


def _automatic(settings: AudioSettings, notify: Callable[[str], None]) -> Sink:
    try:
        return ProcessSink(settings)
    except SourceError:
        if not settings.device:
            notify(tr(sound.NO_DEVICE))
            return NullSink()
    sink = _automatic(settings.model_copy(update={"device": ""}), notify)
    if not isinstance(sink, NullSink):
        notify(tr(sound.OTHER_DEVICE, device=settings.device, output=sink.description))
    return sink


def _check_background(settings: AudioSettings, notify: Callable[[str], None]) -> AudioSettings:
    """Return the settings, with the default background and a notice if the user's file cannot be played."""
    try:
        check_user_sound(settings)
    except SettingsError as error:
        notify(tr(sound.DEFAULT_BACKGROUND, error=error))
        return with_default_background(settings)
    return settings
