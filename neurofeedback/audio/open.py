"""From what a person typed to a sink."""

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

_DEVICE = "device:"
NO_DEVICE = "No sound device was found: the sitting goes on in silence."


def open_sink(spec: str, settings: AudioSettings, notify: Callable[[str], None]) -> Sink:
    """Open the sink that ``spec`` names.

    Parameters
    ----------
    spec : str
        ``auto`` (the sound device of the settings, or silence if there is none), ``device:NAME``, ``none``, or the
        name of a new WAV file.
    settings : AudioSettings
        What it sounds like.
    say : callable
        Takes one sentence for people.

    Raises
    ------
    SettingsError
        ``spec`` is none of these.
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
            notify(NO_DEVICE)
            return NullSink()
    sink = _automatic(settings.model_copy(update={"device": ""}), notify)
    if not isinstance(sink, NullSink):
        notify(f"The sound device {settings.device} is not there: the sitting sounds through {sink.description}.")
    return sink


def _check_background(settings: AudioSettings, notify: Callable[[str], None]) -> AudioSettings:
    """Take the usual bed where the person's own file cannot be played, and say so."""
    try:
        check_user_sound(settings)
    except SettingsError as error:
        notify(f"{error} For now the bed is rain.")
        return with_default_background(settings)
    return settings
