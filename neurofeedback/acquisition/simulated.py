"""A source that streams a simulated meditator at the pace of a clock, with packet delays and losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.errors import SourceError
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.closed_loop import ClosedLoop
from neurofeedback.simulation.disturbances import EYES_CLOSED, Disturbances
from neurofeedback.simulation.feedback_response import NO_RESPONSE, FeedbackResponse
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.packet_loss import Packet, RadioLink, check_link, draw_packets, lost_runs, mask_lost
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.simulated_meditator import SimulatedSession, draw_session
from neurofeedback.types import Chunk, StreamInfo

DEFAULT_DURATION_S = 5400.0


class SimulatedSource:
    """A headset on a simulated meditator. Opened again, it starts over.

    Parameters
    ----------
    seed : int
        The same seed gives the same person, session and losses.
    now : callable
        Clock that sets the pace, s; one that runs faster streams faster.
    duration_s : float, optional
        Length of the session, s; an hour and a half if not given.
    person : Person, optional
        The meditator; drawn from novices at breath meditation if not given.
    family : str
        Device family: ``muse``, ``ganglion``, ``cyton`` or ``cyton-daisy``.
    response : FeedbackResponse
        How the feedback changes the person's state; not at all if not given.

    Raises
    ------
    SettingsError
        There is no such family, or the link cannot be.
    """

    def __init__(
        self,
        seed: int = 0,
        now: Callable[[], float] = time.monotonic,
        *,
        duration_s: float | None = None,
        person: Person | None = None,
        family: str = "muse",
        conditions: Disturbances = EYES_CLOSED,
        link: RadioLink | None = None,
        response: FeedbackResponse = NO_RESPONSE,
    ) -> None:
        self._seed = seed
        self._now = now
        self._duration_s = DEFAULT_DURATION_S if duration_s is None else duration_s
        self._person = person
        self._device = get_headset(family)
        self._montage = load_montage(self._device.montage)
        self._conditions = conditions
        self._link = RadioLink() if link is None else link
        check_link(self._link)
        self._response = response
        self._finished: SimulatedSession | None = None
        self._correlation = 0.0
        self._run: _SimulatedRun | None = None

    @property
    def stream(self) -> StreamInfo:
        """The stream of the simulated headset."""
        return StreamInfo(
            device=f"simulated:{self._seed}",
            sfreq=self._device.sfreq,
            ch_names=self._montage.ch_names,
            montage=self._montage.name,
            reference=self._montage.reference,
            ground=self._montage.ground,
            manufacturer="neurofeedback",
            model=f"simulated meditator, {self._montage.name}",
            facts={"simulated": "true", "seed": str(self._seed)},
        )

    @property
    def truth(self) -> SimulatedSession:
        """The ground truth of the session: person, states, artifacts; with a response, up to the last sample read."""
        if not self._response.responds:
            return self._open_loop
        return self._run.truth if self._run is not None else self._finished or self._open_loop

    @property
    def correlation(self) -> float:
        """Correlation of the tone level with mind-wandering, once the source is closed."""
        return self._correlation

    @cached_property
    def _open_loop(self) -> SimulatedSession:
        return draw_session(
            self._person or draw_person(self._seed),
            seconds=self._duration_s,
            seed=self._seed,
            montage=self._montage,
            headset=self._device,
            disturbances=self._conditions,
        )

    def open(self) -> None:
        """Start streaming from the first sample.

        Raises
        ------
        SettingsError
            The session is too long.
        """
        if self._run is None:
            self._run = _SimulatedRun(self._open_loop, self._response, self._link, start_s=self._now())

    def set_tone_level(self, sample: int, level: float) -> None:
        """Set the level of the guide tone that the person hears (0 to 1) from this sample on."""
        if self._run is not None:
            self._run.set_tone_level(sample, level)

    def read(self) -> Chunk | None:
        """Return what has arrived, or None.

        Raises
        ------
        SourceEnded
            The session is over.
        """
        if self._run is None:
            raise SourceError(f"{self.stream.device} is not open")
        return self._run.read(self._now())

    def restart_numbering(self) -> None:
        """Start over from the first sample."""
        self.close()
        self.open()

    def close(self) -> None:
        """Stop streaming."""
        if self._run is not None:
            self._finished, self._correlation = self._run.truth, self._run.correlation
            self._run.close()
            self._run = None


class _SimulatedRun:
    """One run of the source, from opening to closing."""

    def __init__(self, truth: SimulatedSession, response: FeedbackResponse, link: RadioLink, start_s: float) -> None:
        self._start_s = start_s
        self._prefetcher = _Prefetcher(truth.layers())
        self._signal = ClosedLoop(truth, response, self._prefetcher)
        self._packets = draw_packets(link, truth.headset, truth.n_samples, truth.seed)
        self._next = next(self._packets, None)
        self._lost: list[Packet] = []
        self._position = 0

    @property
    def truth(self) -> SimulatedSession:
        return self._signal.truth

    @property
    def correlation(self) -> float:
        return self._signal.correlation

    def set_tone_level(self, sample: int, level: float) -> None:
        self._signal.set_tone_level(sample, level)

    def read(self, now: float) -> Chunk | None:
        if self._next is None:
            raise SourceEnded
        newest: Packet | None = None
        while self._next is not None and self._next.arrival_s <= now - self._start_s:
            if self._next.lost:
                self._lost.append(self._next)
            else:
                newest = self._next
            self._next = next(self._packets, None)
        return self._chunk(newest, now) if newest else None

    def _chunk(self, newest: Packet, now: float) -> Chunk:
        """Return the samples up to a packet that arrived; earlier packets that did not arrive are lost."""
        first, self._position = self._position, newest.stop
        runs = lost_runs(packet for packet in self._lost if packet.first < newest.first)
        self._lost = [packet for packet in self._lost if packet.first > newest.first]
        data = mask_lost(self._signal.read(newest.stop - first), runs, first)
        return Chunk(first, data, runs, device_time=newest.arrival_s, host_time=now)

    def close(self) -> None:
        self._prefetcher.close()


class _Prefetcher:
    """Iterates over items; a helper thread computes the next one ahead, so that no read waits for it."""

    def __init__(self, items: Iterator[NDArray[np.float64]]) -> None:
        self._items = items
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="simulation")
        self._next_item = self._helper.submit(next, items)
        self._next_item.result()

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        return self

    def __next__(self) -> NDArray[np.float64]:
        item, self._next_item = self._next_item.result(), self._helper.submit(next, self._items)
        return item

    def close(self) -> None:
        self._helper.shutdown(cancel_futures=True)
