"""From what a person typed to a sink."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurofeedback.audio.apart import ApartSink
from neurofeedback.audio.own_sound import check_sound, instead
from neurofeedback.audio.silence import SilentSink
from neurofeedback.audio.sink import Sink
from neurofeedback.audio.wav import WavSink
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.settings.guidance import AudioSettings

_DEVICE = "device:"
NO_DEVICE = "No sound device was found: the sitting goes on in silence."


def open_sink(spec: str, settings: AudioSettings, say: Callable[[str], None]) -> Sink:
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
        return SilentSink()
    settings = _with_a_bed(settings, say)
    if spec.lower().endswith(".wav"):
        return WavSink(Path(spec).expanduser(), settings)
    if spec.startswith(_DEVICE):
        return ApartSink(settings.model_copy(update={"device": spec.removeprefix(_DEVICE)}))
    if spec != "auto":
        raise SettingsError(
            "there is no such sound output",
            got=spec,
            allowed="auto, none, device:NAME or the name of a new file that ends in .wav",
            todo="pass --audio auto",
        )
    return _automatic(settings, say)


def _automatic(settings: AudioSettings, say: Callable[[str], None]) -> Sink:
    try:
        return ApartSink(settings)
    except SourceError:
        if not settings.device:
            say(NO_DEVICE)
            return SilentSink()
    sink = _automatic(settings.model_copy(update={"device": ""}), say)
    if not isinstance(sink, SilentSink):
        say(f"The sound device {settings.device} is not there: the sitting sounds through {sink.description}.")
    return sink


def _with_a_bed(settings: AudioSettings, say: Callable[[str], None]) -> AudioSettings:
    """Take the usual bed where the person's own file cannot be played, and say so."""
    try:
        check_sound(settings)
    except SettingsError as error:
        say(f"{error} For now the bed is rain.")
        return instead(settings)
    return settings
