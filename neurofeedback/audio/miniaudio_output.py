"""Sound devices through miniaudio, which asks for samples in its own thread."""

from __future__ import annotations

from collections.abc import Generator
from types import ModuleType
from typing import Any, Protocol

from neurofeedback.audio.adaptive_buffer import N_BUFFERS
from neurofeedback.audio.system_audio import silence_alsa
from neurofeedback.errors import SourceError
from neurofeedback.settings.audio_feedback import AudioSettings

SampleGenerator = Generator[bytes, int, None]

_EXCLUDED_BACKENDS = {"NULL", "CUSTOM"}
_DISCARDING_DEVICE = "Discard all samples"
"""Beginning of the name of ALSA's null device, which makes no sound."""


class Player(Protocol):
    """A device that takes stereo float32 samples from a generator, to which it sends their number."""

    @property
    def description(self) -> str:
        """The device, as one line of text."""
        ...

    def start(self, samples: SampleGenerator) -> None:
        """Start playing; the generator has been started."""
        ...

    def close(self) -> None:
        """Stop and close the device, also one that is gone."""
        ...


class MiniaudioPlayer:
    """An output of this machine, through PulseAudio, PipeWire, ALSA or whatever miniaudio finds."""

    def __init__(self, settings: AudioSettings, name: str = "", device_id: Any = None) -> None:
        miniaudio = _load_miniaudio()
        self._error = miniaudio.MiniaudioError
        self._device = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.FLOAT32,
            nchannels=2,
            sample_rate=settings.sfreq_hz,
            buffersize_msec=settings.buffer_ms,
            device_id=device_id,
            callback_periods=N_BUFFERS,
            backends=_backends(),
            app_name="neurofeedback",
        )
        self.description = " ".join(filter(None, ("sound device", name, f"({self._device.backend})")))

    def start(self, samples: SampleGenerator) -> None:
        """Start playing."""
        try:
            self._device.start(samples)
        except self._error as error:
            raise _no_device(error) from error

    def close(self) -> None:
        """Close the device."""
        self._device.close()


def device_names() -> tuple[str, ...]:
    """Return the names of this machine's outputs, for ``--audio device:NAME``.

    Raises
    ------
    SourceError
        No output can be opened.
    """
    return tuple(_devices())


def open_player(settings: AudioSettings) -> Player:
    """Open the output that the settings name, or this machine's default.

    Parameters
    ----------
    settings : AudioSettings
        The device, its sampling rate and buffer.

    Raises
    ------
    SourceError
        There is no output, none of that name, or it cannot be opened.
    """
    miniaudio = _load_miniaudio()
    try:
        if not settings.device:
            _check_audible()
            return MiniaudioPlayer(settings)
        name, device_id = _find_device(settings.device)
        return MiniaudioPlayer(settings, name, device_id)
    except miniaudio.MiniaudioError as error:
        raise _no_device(error) from error


def _find_device(wanted: str) -> tuple[str, Any]:
    """Find the device of this name, or the only one whose name contains it."""
    devices = _devices()
    if wanted in devices:
        return wanted, devices[wanted]
    similar = [name for name in devices if wanted.casefold() in name.casefold()]
    if len(similar) != 1:
        raise SourceError(
            "there is no such sound device",
            got=wanted,
            allowed=", ".join(devices) or "none is there",
            todo="pass --audio device:NAME with one of these names, or --audio auto",
        )
    return similar[0], devices[similar[0]]


def _devices() -> dict[str, Any]:
    """Return miniaudio's handle of every audible output by name; of two with one name, the first."""
    return {name: device_id for name, device_id in _listed().items() if not name.startswith(_DISCARDING_DEVICE)}


def _check_audible() -> None:
    """Refuse a default output that can only be ALSA's null device."""
    if (listed := _listed()) and not _devices():
        raise _no_device(ValueError(", ".join(listed)))


def _listed() -> dict[str, Any]:
    miniaudio = _load_miniaudio()
    try:
        found = miniaudio.Devices(_backends()).get_playbacks()
    except miniaudio.MiniaudioError as error:
        raise _no_device(error) from error
    return {str(device["name"]): device["id"] for device in reversed(found)}


def _load_miniaudio() -> ModuleType:
    try:
        import miniaudio  # its native library may be missing, and only a device needs it
    except (ImportError, OSError) as error:
        raise _no_device(error) from error
    silence_alsa()
    return miniaudio


def _backends() -> list[Any]:
    return [backend for backend in _load_miniaudio().Backend if backend.name not in _EXCLUDED_BACKENDS]


def _no_device(error: Exception) -> SourceError:
    return SourceError(
        "there is no sound device that can be opened",
        got=error,
        allowed="a default output of PulseAudio, PipeWire, ALSA or the system's own",
        todo="plug one in, or pass --audio none or --audio FILE.wav",
    )
