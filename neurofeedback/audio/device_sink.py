"""Sound output to a device, which is replaced when it is gone, with a buffer of adaptive length."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from neurofeedback.audio.adaptive_buffer import N_BUFFERS, AdaptiveBuffer
from neurofeedback.audio.device_stream import DeviceStream
from neurofeedback.audio.miniaudio_output import Player, open_player
from neurofeedback.audio.mixer import Breathe, Hush, Mixer, Mute, SoundCommand, Speech, Volume
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.system_audio import machine_load
from neurofeedback.audio.user_sound import load_sound_bank
from neurofeedback.audio.voice import Utterance, speak
from neurofeedback.errors import SourceError
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.feedback.gain_ramps import FADE_OUT_S
from neurofeedback.feedback.sound_bank import make_breath
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Guidance

log = logging.getLogger(__name__)

WATCH_S = 0.5
_LOG_LATENESS_S = 0.05
DEVICE_TIMEOUT_S = 3.0  # a device may stall for its first two seconds

OpenPlayer = Callable[[AudioSettings], Player]


class DeviceSink:
    """Plays the latest guidance. The caller puts commands on queues; the device's thread never waits.

    A worker thread makes the sounds and watches the device: one that asks for nothing for `DEVICE_TIMEOUT_S` is
    closed and another one opened, until one works. To change the buffer (see `AdaptiveBuffer`), a second stream of
    the device is opened beside the first, and the sound crossfades to it.

    Parameters
    ----------
    settings : AudioSettings
        Sounds, levels, device, sampling rate and buffer.
    open_device : callable, optional
        Opens the device of the settings, or raises SourceError.
    clock : callable, optional
        The host's monotonic clock (s).
    load : callable, optional
        How busy this machine is, see `machine_load`.

    Raises
    ------
    SourceError
        There is no device.
    """

    def __init__(
        self,
        settings: AudioSettings,
        open_device: OpenPlayer | None = None,
        clock: Callable[[], float] = time.monotonic,
        load: Callable[[], float] = machine_load,
    ) -> None:
        self._settings = settings
        self._open_device = open_device or open_player
        self._clock = clock
        self._load = load
        self._buffer = AdaptiveBuffer(settings.buffer_ms)
        self._latest_commands: dict[type[SoundCommand], SoundCommand] = {}
        self._lock = threading.Lock()  # between the caller and the worker; the device's thread does not use it
        self._past_underruns = 0
        self._searched_s = -DEVICE_TIMEOUT_S
        self._mixer: Mixer | None = None
        self._stream: DeviceStream | None = self._open(settings)
        self._next_stream: DeviceStream | None = None
        self._backgrounds: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._utterances: queue.SimpleQueue[tuple[Utterance, int] | None] = queue.SimpleQueue()
        self._n_hushes = 0
        self._speaker: threading.Thread | None = None
        self._stopping = threading.Event()
        self._worker = threading.Thread(target=self._run, name="sound-device")

    @property
    def description(self) -> str:
        """The output that plays now."""
        stream = self._stream
        return tr(sound.DEVICE_GONE) if stream is None else stream.description

    @property
    def underruns(self) -> int:
        """Number of underruns since the device ran steadily (see `BufferMonitor`)."""
        stream = self._stream
        return self._past_underruns + (stream.monitor.underruns if stream else 0)

    def start(self) -> None:
        """Start with the background sound alone, as soon as the sounds are made."""
        if self._stream is not None:
            self._stream.start()
        self._worker.start()

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Play this guidance from the next buffer on; a bell in it rings once, and not again on the next device."""
        if guidance.bell:
            self.ring(Bell.WANDER, at_s)
        self._send_command(replace(guidance, bell=False))

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell in the next buffer."""
        self._put_once(bell)

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        """Sound the breath that begins in the next buffer; None ends the sound of the one before."""
        self._put_once(Breathe(None if turn is None else make_breath(self._settings, turn)))

    def speak(self, utterance: Utterance, at_s: float) -> None:
        """Say something as soon as it is loaded, after what is being said."""
        self._utterances.put((utterance, self._n_hushes))
        if self._speaker is None:
            self._speaker = threading.Thread(target=self._speak_all, name="voice", daemon=True)
            self._speaker.start()

    def hush(self, at_s: float) -> None:
        """End what is being said, and what waits."""
        with self._lock:
            self._n_hushes += 1
            if self._stream is not None:
                self._stream.commands.put(Hush())

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Play louder than the settings by this many dB, at most 12 and never above the ceiling."""
        self._send_command(Volume(volume_db))

    def mute(self, on: bool, at_s: float) -> None:
        """Switch silence on or off."""
        self._send_command(Mute(on))

    def set_background(self, background: str, at_s: float) -> None:
        """Crossfade to another background sound as soon as it is made."""
        self._backgrounds.put(background)

    def stop(self, at_s: float) -> None:
        """Fade out and end; the worker thread closes the device once it is silent."""
        self._stopping.set()
        self._utterances.put(None)
        self._fade()
        if not self._worker.is_alive():
            self._close_all()

    def _put_once(self, command: Bell | Breathe) -> None:
        """Send a command that is not repeated on the next device."""
        with self._lock:
            if self._stream is not None:
                self._stream.commands.put(command)

    def _speak_all(self) -> None:
        """Load what is to be said, which an engine may take a second for; what was ended meanwhile is not said."""
        while (item := self._utterances.get()) is not None:
            utterance, n_hushes = item
            voice = speak(utterance, self._settings) if n_hushes == self._n_hushes else None
            with self._lock:  # else it could follow the command that ends it
                if voice is not None and n_hushes == self._n_hushes and self._stream is not None:
                    self._stream.commands.put(Speech(voice))

    def _send_command(self, command: SoundCommand) -> None:
        with self._lock:
            self._latest_commands[type(command)] = command
            for stream in filter(None, (self._stream, self._next_stream)):
                stream.commands.put(command)

    def _open(self, settings: AudioSettings) -> DeviceStream:
        buffer_ms = self._buffer.buffer_ms
        player = self._open_device(settings.model_copy(update={"buffer_ms": buffer_ms}))
        with self._lock:
            commands = tuple(self._latest_commands.values())
        return DeviceStream(player, settings.sfreq_hz, N_BUFFERS * buffer_ms / 1000, self._clock, commands)

    def _run(self) -> None:
        """Watch the device until the end; no daemon thread, so that the program's end does not cut the fade."""
        self._set_mixer(Mixer(load_sound_bank(self._settings)))
        while not self._stopping.wait(WATCH_S) and threading.main_thread().is_alive():
            self._change_background()
            self._watch()
        self._fade()
        if self._stream is not None:
            self._stream.faded_out.wait(FADE_OUT_S + WATCH_S)
        self._close_all()

    def _fade(self) -> None:
        for stream in filter(None, (self._stream, self._next_stream)):
            stream.fade()

    def _set_mixer(self, mixer: Mixer) -> None:
        self._mixer = mixer
        if self._stream is not None:
            self._stream.mixer = mixer

    def _change_background(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._settings = self._settings.model_copy(update={"background": self._backgrounds.get_nowait()})
            self._send_command(load_sound_bank(self._settings))

    def _watch(self) -> None:
        stream, now_s = self._stream, self._clock()
        if stream is None:
            self._search_device(now_s)
        elif now_s - stream.last_served_s > DEVICE_TIMEOUT_S:
            log.warning("the sound device does not answer; looking for another one")
            self._drop_stream(stream)
            self._search_device(now_s)
        elif self._next_stream is not None:
            self._crossfade(self._next_stream)
        else:
            self._check_lateness(stream, now_s)

    def _check_lateness(self, stream: DeviceStream, now_s: float) -> None:
        late_s = stream.monitor.pop_worst_lateness_s()
        if late_s > _LOG_LATENESS_S:
            log.debug("sound was rendered up to %.0f ms late, underruns: %d", 1000 * late_s, self.underruns)
        if self._buffer.update(now_s, late_s, steady=stream.monitor.steady, load=self._load()):
            self._open_next()

    def _drop_stream(self, stream: DeviceStream) -> None:
        with self._lock:
            self._stream = None
        self._close_stream(stream)
        self._drop_next()
        self._buffer.use_long_buffer()

    def _search_device(self, now_s: float) -> None:
        """Look for a device at intervals: first the one of the settings, then the default."""
        if now_s - self._searched_s < DEVICE_TIMEOUT_S:
            return
        self._searched_s = now_s
        for name in dict.fromkeys((self._settings.device, "")):
            with contextlib.suppress(SourceError):
                self._switch_to(self._open(self._settings.model_copy(update={"device": name})))
                return

    def _switch_to(self, stream: DeviceStream) -> None:
        if self._mixer is not None:
            self._mixer = stream.mixer = self._mixer.successor()
        with self._lock:
            self._stream = stream
        stream.start()
        log.info("sound goes on through %s", stream.description)

    def _open_next(self) -> None:
        """Open the device a second time with the new buffer; it plays silence until it runs steadily."""
        log.info("the sound buffer changes to %d ms", self._buffer.buffer_ms)
        with contextlib.suppress(SourceError):
            stream = self._open(self._settings)
            with self._lock:
                self._next_stream = stream
            stream.start()

    def _crossfade(self, stream: DeviceStream) -> None:
        """Crossfade to the second stream once it runs steadily."""
        if self._clock() - stream.last_served_s > DEVICE_TIMEOUT_S:
            self._drop_next()
        elif stream.monitor.steady and self._mixer is not None:
            old, mixer = self._stream, self._mixer.successor()
            stream.mixer = mixer
            with self._lock:
                self._stream, self._next_stream, self._mixer = stream, None, mixer
            if old is not None:
                old.fade()
                old.faded_out.wait(FADE_OUT_S + WATCH_S)
                self._close_stream(old)

    def _drop_next(self) -> None:
        with self._lock:
            stream, self._next_stream = self._next_stream, None
        if stream is not None:
            stream.close()

    def _close_stream(self, stream: DeviceStream) -> None:
        self._past_underruns += stream.monitor.underruns
        stream.close()

    def _close_all(self) -> None:
        self._drop_next()
        if self._stream is not None:
            self._stream.close()
