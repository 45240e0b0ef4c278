"""From what a person typed to a sink."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurofeedback.audio.device import DeviceSink
from neurofeedback.audio.silence import SilentSink
from neurofeedback.audio.sink import Sink
from neurofeedback.audio.wav import WavSink
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.settings.model import AudioSettings

NO_DEVICE = "No sound device was found: the sitting goes on in silence (--audio FILE.wav writes its sound to a file)."


def open_sink(spec: str, settings: AudioSettings, say: Callable[[str], None]) -> Sink:
    """Open the sink that ``spec`` names.

    Parameters
    ----------
    spec : str
        ``auto`` (the sound device, or silence if there is none), ``none``, or the name of a new WAV file.
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
    """
    if spec == "none":
        return SilentSink()
    if spec.lower().endswith(".wav"):
        return WavSink(Path(spec).expanduser(), settings)
    if spec != "auto":
        raise SettingsError(
            "there is no such sound output",
            got=spec,
            allowed="auto, none or the name of a new file that ends in .wav",
            todo="pass --audio auto",
        )
    try:
        return DeviceSink(settings)
    except SourceError:
        say(NO_DEVICE)
        return SilentSink()
