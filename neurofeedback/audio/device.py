"""Sound through a device: watched over, opened anew when it is gone, with as much held ahead as it needs."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from neurofeedback.audio.cushion import BUFFERS, Cushion
from neurofeedback.audio.load import machine_load
from neurofeedback.audio.mixer import Mixer, Mute, Order, Volume
from neurofeedback.audio.own_sound import load_instrument
from neurofeedback.audio.player import Player, open_player
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.stream import Stream
from neurofeedback.errors import SourceError
from neurofeedback.feedback.knobs import FADE_OUT_S
from neurofeedback.settings.guidance import AudioSettings
from neurofeedback.types import Guidance

log = logging.getLogger(__name__)

WATCH_S = 0.5
_WORTH_A_LINE_S = 0.05
PATIENCE_S = 3.0  # a device may stall for its first two seconds
GONE = "no sound: the device is gone; the sitting goes on, and sound comes back with the next device"

OpenPlayer = Callable[[AudioSettings], Player]


class DeviceSink:
    """Plays the latest guidance. Whoever guides puts orders on queues; the device's thread never waits.

    A helper thread makes the sounds, and watches: a device that asks for nothing for `PATIENCE_S` is closed and
    another one opened, until one answers. Where a device must hold more sound (see `Cushion`), a second opening of
    it is started beside the first, and the voice crosses over without a seam.

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
        self._cushion = Cushion(settings.buffer_ms)
        self._latest: dict[type[Order], Order] = {}
        self._lock = threading.Lock()  # between whoever guides and the helper; the device's thread takes none
        self._past_underruns = 0
        self._looked_s = -PATIENCE_S
        self._mixer: Mixer | None = None
        self._stream: Stream | None = self._open(settings)
        self._next: Stream | None = None
        self._beds: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="sound-keeper")

    @property
    def description(self) -> str:
        """Where the sound goes now."""
        stream = self._stream
        return GONE if stream is None else stream.description

    @property
    def underruns(self) -> int:
        """Times a device ran dry, since it ran steadily (see `BufferMeter`)."""
        stream = self._stream
        return self._past_underruns + (stream.meter.underruns if stream else 0)

    def start(self) -> None:
        """Begin with the bed alone, as soon as the sounds are made."""
        if self._stream is not None:
            self._stream.start()
        self._keeper.start()

    def guide(self, guidance: Guidance, at_s: float) -> None:
        """Sound like this from the next buffer on; a bell in it rings once, and not again on the next device."""
        if guidance.bell:
            self.ring(Bell.WANDER, at_s)
        self._order(replace(guidance, bell=False))

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell with the next buffer."""
        with self._lock:
            if self._stream is not None:
                self._stream.orders.put(bell)

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Play so much louder than the settings say (dB), at most 12 and never above the ceiling."""
        self._order(Volume(volume_db))

    def mute(self, on: bool, at_s: float) -> None:
        """Be silent, or sound again."""
        self._order(Mute(on))

    def set_bed(self, bed: str, at_s: float) -> None:
        """Cross over to another background sound as soon as it is made."""
        self._beds.put(bed)

    def stop(self, at_s: float) -> None:
        """Fade out and end; the helper thread closes the device once it is silent."""
        self._stopping.set()
        self._fade()
        if not self._keeper.is_alive():
            self._close_all()

    def _order(self, order: Order) -> None:
        with self._lock:
            self._latest[type(order)] = order
            for stream in filter(None, (self._stream, self._next)):
                stream.orders.put(order)

    def _open(self, settings: AudioSettings) -> Stream:
        buffer_ms = self._cushion.buffer_ms
        player = self._open_device(settings.model_copy(update={"buffer_ms": buffer_ms}))
        with self._lock:
            orders = tuple(self._latest.values())
        return Stream(player, settings.sfreq_hz, BUFFERS * buffer_ms / 1000, self._clock, orders)

    def _keep(self) -> None:
        """Watch over the device until the end; not a daemon, so that a program's end does not cut the fade."""
        self._lead(Mixer(load_instrument(self._settings)))
        while not self._stopping.wait(WATCH_S) and threading.main_thread().is_alive():
            self._change_bed()
            self._watch()
        self._fade()
        if self._stream is not None:
            self._stream.faded.wait(FADE_OUT_S + WATCH_S)
        self._close_all()

    def _fade(self) -> None:
        for stream in filter(None, (self._stream, self._next)):
            stream.fade()

    def _lead(self, mixer: Mixer) -> None:
        self._mixer = mixer
        if self._stream is not None:
            self._stream.mixer = mixer

    def _change_bed(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._settings = self._settings.model_copy(update={"bed": self._beds.get_nowait()})
            self._order(load_instrument(self._settings))

    def _watch(self) -> None:
        stream, now_s = self._stream, self._clock()
        if stream is None:
            self._look(now_s)
        elif now_s - stream.served_s > PATIENCE_S:
            log.warning("the sound device does not answer; looking for another one")
            self._let_go(stream)
            self._look(now_s)
        elif self._next is not None:
            self._cross(self._next)
        else:
            self._weigh(stream, now_s)

    def _weigh(self, stream: Stream, now_s: float) -> None:
        late_s = stream.meter.worst_late_s()
        if late_s > _WORTH_A_LINE_S:
            log.debug("sound was rendered up to %.0f ms late, underruns: %d", 1000 * late_s, self.underruns)
        if self._cushion.push(now_s, late_s, steady=stream.meter.steady, load=self._load()):
            self._prepare()

    def _let_go(self, stream: Stream) -> None:
        with self._lock:
            self._stream = None
        self._retire(stream)
        self._drop_next()
        self._cushion.stay_roomy()

    def _look(self, now_s: float) -> None:
        """Look for a device now and then: the one that was asked for first, then whatever is the default."""
        if now_s - self._looked_s < PATIENCE_S:
            return
        self._looked_s = now_s
        for name in dict.fromkeys((self._settings.device, "")):
            with contextlib.suppress(SourceError):
                self._go_on_with(self._open(self._settings.model_copy(update={"device": name})))
                return

    def _go_on_with(self, stream: Stream) -> None:
        if self._mixer is not None:
            self._mixer = stream.mixer = self._mixer.successor()
        with self._lock:
            self._stream = stream
        stream.start()
        log.info("sound goes on through %s", stream.description)

    def _prepare(self) -> None:
        """Open the device a second time with another cushion; it plays silence until it runs steadily."""
        log.info("the sound buffer is to be %d ms from now on", self._cushion.buffer_ms)
        with contextlib.suppress(SourceError):
            stream = self._open(self._settings)
            with self._lock:
                self._next = stream
            stream.start()

    def _cross(self, stream: Stream) -> None:
        """Let the voice cross over once the second opening runs steadily."""
        if self._clock() - stream.served_s > PATIENCE_S:
            self._drop_next()
        elif stream.meter.steady and self._mixer is not None:
            old, mixer = self._stream, self._mixer.successor()
            stream.mixer = mixer
            with self._lock:
                self._stream, self._next, self._mixer = stream, None, mixer
            if old is not None:
                old.fade()
                old.faded.wait(FADE_OUT_S + WATCH_S)
                self._retire(old)

    def _drop_next(self) -> None:
        with self._lock:
            spare, self._next = self._next, None
        if spare is not None:
            spare.close()

    def _retire(self, stream: Stream) -> None:
        self._past_underruns += stream.meter.underruns
        stream.close()

    def _close_all(self) -> None:
        self._drop_next()
        if self._stream is not None:
            self._stream.close()
