"""Sound through the device: miniaudio asks for samples in a thread of its own, the voice answers."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Generator
from typing import Protocol

from neurofeedback.audio.alsa import quiet_alsa
from neurofeedback.audio.meter import BufferMeter
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SourceError
from neurofeedback.feedback.tone import FADE_OUT_S, Voice, make_instrument, render, strike
from neurofeedback.settings.model import AudioSettings
from neurofeedback.types import Guidance

log = logging.getLogger(__name__)

PERIODS = 3  # what is rendered now is heard 40 to 60 ms later; two did not hold with all cores busy
WATCH_S = 0.5
PATIENCE_S = 3.0  # a device may stall for its first two seconds

SampleGenerator = Generator[bytes, int, None]


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


class DeviceSink:
    """Plays the latest guidance. The device's thread only reads one attribute and a queue, never waits.

    A device that asks for nothing for `PATIENCE_S` is closed and the default one opened anew, by a helper
    thread, until one answers; the voice goes on where it stood.

    Parameters
    ----------
    settings : AudioSettings
        Sounds, levels, sampling rate and buffer.
    open_player : callable, optional
        Opens a device, or raises SourceError.
    clock : callable, optional
        The host's monotonic clock (s).
    """

    def __init__(
        self,
        settings: AudioSettings,
        open_player: Callable[[AudioSettings], Player] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._open_player = open_player or open_default_player
        self._clock = clock
        self._player: Player | None = self._open_player(settings)
        self.description = self._player.description
        self._instrument = make_instrument(settings)
        self._voice = Voice()
        self._guidance = Guidance()
        self._bells: queue.SimpleQueue[Bell] = queue.SimpleQueue()
        self._meter = BufferMeter(PERIODS * settings.buffer_ms / 1000)
        self._served_s = 0.0
        self._stopping = threading.Event()
        self._faded = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="sound-keeper")

    @property
    def underruns(self) -> int:
        """Times the device ran dry, since it ran steadily (see `BufferMeter`)."""
        return self._meter.underruns

    def start(self) -> None:
        """Begin with the bed alone."""
        self._play()
        self._keeper.start()

    def guide(self, guidance: Guidance, at_s: float) -> None:
        """Sound like this from the next buffer on."""
        self._guidance = guidance

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell with the next buffer."""
        self._bells.put(bell)

    def stop(self, at_s: float) -> None:
        """Fade out and end; the helper thread closes the device once it is silent."""
        self._stopping.set()
        if not self._keeper.is_alive():
            self._close()

    def _play(self) -> None:
        """Let the device pull; it may vanish in the very act, which the keeper will notice."""
        if self._player is None:
            return
        self._meter.restart()
        self._served_s = self._clock()
        samples = self._samples()
        next(samples)
        with contextlib.suppress(SourceError):
            self._player.start(samples)

    def _samples(self) -> SampleGenerator:
        n_samples = yield b""
        while True:
            n_samples = yield self._render(n_samples)

    def _render(self, n_samples: int) -> bytes:
        voice = self._voice
        with contextlib.suppress(queue.Empty):
            while True:
                voice = strike(voice, self._bells.get_nowait())
        sounding = not self._stopping.is_set()
        self._voice, samples = render(self._instrument, voice, self._guidance, n_samples, sounding=sounding)
        if self._voice.silent:
            self._faded.set()
        self._served_s = self._clock()
        self._meter.hand_over(self._served_s, n_samples / self._instrument.sfreq)
        return samples.tobytes()

    def _keep(self) -> None:
        """Watch over the device until the end; not a daemon, so that a program's end does not cut the fade."""
        while not self._stopping.wait(WATCH_S) and threading.main_thread().is_alive():
            if self._clock() - self._served_s > PATIENCE_S:
                self._reopen()
        self._faded.wait(FADE_OUT_S + WATCH_S)
        self._close()

    def _reopen(self) -> None:
        if self._player is not None:
            log.warning("the sound device does not answer; looking for another one")
        self._close()
        self._served_s = self._clock()
        with contextlib.suppress(SourceError):
            self._player = self._open_player(self._settings)
            log.info("sound goes on through %s", self._player.description)
        self._play()

    def _close(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.close()


class MiniaudioPlayer:
    """The default output of this machine, through PulseAudio, PipeWire, ALSA or whatever miniaudio finds."""

    def __init__(self, settings: AudioSettings) -> None:
        import miniaudio  # noqa: PLC0415 - its native library may be missing, and nobody else needs it

        self._error = miniaudio.MiniaudioError
        backends = [backend for backend in miniaudio.Backend if backend.name not in {"NULL", "CUSTOM"}]
        self._device = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.FLOAT32,
            nchannels=2,
            sample_rate=settings.sfreq_hz,
            buffersize_msec=settings.buffer_ms,
            callback_periods=PERIODS,
            backends=backends,
            app_name="neurofeedback",
        )
        self.description = f"sound device ({self._device.backend})"

    def start(self, samples: SampleGenerator) -> None:
        """Begin to play."""
        try:
            self._device.start(samples)
        except self._error as error:
            raise _no_device(error) from error

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()


def open_default_player(settings: AudioSettings) -> Player:
    """Open this machine's default output.

    Raises
    ------
    SourceError
        There is none, or no way to it.
    """
    try:
        import miniaudio  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise _no_device(error) from error
    quiet_alsa()
    try:
        return MiniaudioPlayer(settings)
    except miniaudio.MiniaudioError as error:
        raise _no_device(error) from error


def _no_device(error: Exception) -> SourceError:
    return SourceError(
        "there is no sound device that can be opened",
        got=error,
        allowed="a default output of PulseAudio, PipeWire, ALSA or the system's own",
        todo="plug one in, or pass --audio none or --audio FILE.wav",
    )
