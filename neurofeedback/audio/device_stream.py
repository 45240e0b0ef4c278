"""An open sound device: its buffers are rendered in the device's thread, which never waits."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterable

from neurofeedback.audio.buffer_monitor import BufferMonitor
from neurofeedback.audio.miniaudio_output import Player, SampleGenerator
from neurofeedback.audio.mixer import Mixer, SoundCommand
from neurofeedback.audio.system_audio import raise_thread_priority
from neurofeedback.errors import SourceError

log = logging.getLogger(__name__)

FRAME_BYTES = 8


class DeviceStream:
    """Plays the mixer's sound, or silence without one.

    Parameters
    ----------
    player : Player
        The device, open.
    sfreq : int
        Sampling rate of the sound, Hz.
    buffer_s : float
        Length of the buffer that the device was asked for, s.
    clock : callable
        The host's monotonic clock (s).
    commands : iterable of SoundCommand
        Commands to apply first.
    """

    def __init__(
        self,
        player: Player,
        sfreq: int,
        buffer_s: float,
        clock: Callable[[], float],
        commands: Iterable[SoundCommand] = (),
    ) -> None:
        self._player = player
        self._sfreq = sfreq
        self._clock = clock
        self.description = player.description
        self.commands: queue.SimpleQueue[SoundCommand] = queue.SimpleQueue()
        for command in commands:
            self.commands.put(command)
        self.monitor = BufferMonitor(buffer_s)
        self.mixer: Mixer | None = None
        self.last_served_s = clock()
        self.faded_out = threading.Event()

    def start(self) -> None:
        """Start the device. If it is gone by now, `last_served_s` stays as it is, which the sink notices."""
        samples = self._samples()
        next(samples)
        with contextlib.suppress(SourceError):
            self._player.start(samples)

    def fade(self) -> None:
        """Fade out; `faded_out` is set when it is silent."""
        if self.mixer is None:
            self.faded_out.set()
        else:
            self.mixer.playing = False

    def close(self) -> None:
        """Close the device."""
        self._player.close()

    def _samples(self) -> SampleGenerator:
        n_samples = yield b""
        log.debug("the sound thread's priority: %s", raise_thread_priority())
        while True:
            n_samples = yield self._render(n_samples)

    def _render(self, n_samples: int) -> bytes:
        mixer, asked_s = self.mixer, self._clock()
        sound = bytes(n_samples * FRAME_BYTES) if mixer is None else self._render_mixer(mixer, n_samples)
        self.last_served_s = self._clock()
        self.monitor.record_delivery(asked_s, self.last_served_s, n_samples / self._sfreq)
        return sound

    def _render_mixer(self, mixer: Mixer, n_samples: int) -> bytes:
        with contextlib.suppress(queue.Empty):
            while True:
                mixer.apply(self.commands.get_nowait())
        samples = mixer.render(n_samples)
        if mixer.silent:
            self.faded_out.set()
        return samples.tobytes()
