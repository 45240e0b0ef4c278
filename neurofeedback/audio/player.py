"""Devices that play: miniaudio asks for samples in a thread of its own."""

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


class Player(Protocol):
    """A device that pulls samples out of a generator: it sends how many and gets stereo float32."""

    @property
    def description(self) -> str:
        """One line for people."""
        ...

    def start(self, samples: SampleGenerator) -> None:
        """Begin to play; the generator has been started."""
        ...

    def close(self) -> None:
        """End and let go of the device, also when it is gone."""
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
        """Begin to play."""
        try:
            self._device.start(samples)
        except self._error as error:
            raise _no_device(error) from error

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()


def device_names() -> tuple[str, ...]:
    """Names of the outputs of this machine, as ``--audio device:NAME`` takes them.

    Raises
    ------
    SourceError
        There is no way to any.
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
        There is none, none of that name, or no way to it.
    """
    miniaudio = _load_miniaudio()
    try:
        if not settings.device:
            return MiniaudioPlayer(settings)
        name, device_id = _find_device(settings.device)
        return MiniaudioPlayer(settings, name, device_id)
    except miniaudio.MiniaudioError as error:
        raise _no_device(error) from error


def _find_device(wanted: str) -> tuple[str, Any]:
    """Find the device of this name, or the only one whose name holds it."""
    devices = _devices()
    if wanted in devices:
        return wanted, devices[wanted]
    alike = [name for name in devices if wanted.casefold() in name.casefold()]
    if len(alike) != 1:
        raise SourceError(
            "there is no such sound device",
            got=wanted,
            allowed=", ".join(devices) or "none is there",
            todo="pass --audio device:NAME with one of these names, or --audio auto",
        )
    return alike[0], devices[alike[0]]


def _devices() -> dict[str, Any]:
    """Every output's name and miniaudio's handle of it; of two with one name the first is taken."""
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
