"""The simulated meditator as a source: streams at the pace of a clock, in packets that arrive when they can."""

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
from neurofeedback.simulation.conditions import EYES_CLOSED, Conditions
from neurofeedback.simulation.devices import device_of
from neurofeedback.simulation.link import Link, Packet, check_link, draw_packets, lost_runs, without
from neurofeedback.simulation.meditator import SimulatedSitting, sitting
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.response import DEAF, Response
from neurofeedback.types import Chunk, Stream

DURATION_S = 5400.0


class SimulatedSource:
    """A headset on a simulated meditator. Opened again, it begins anew.

    Parameters
    ----------
    seed : int
        Same seed, same person, sitting and losses.
    now : callable
        Clock that sets the pace, s; one that runs faster streams faster.
    duration_s : float, optional
        Length of the sitting, s; an hour and a half if not given.
    person : Person, optional
        Who sits; drawn from novices at breath meditation if not given.
    family : str
        Device family: ``muse``, ``ganglion``, ``cyton`` or ``cyton-daisy``.
    response : Response
        What the guidance it hears does to the person; nothing if not given.

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
        conditions: Conditions = EYES_CLOSED,
        link: Link | None = None,
        response: Response = DEAF,
    ) -> None:
        self._seed = seed
        self._now = now
        self._duration_s = DURATION_S if duration_s is None else duration_s
        self._person = person
        self._device = device_of(family)
        self._montage = load_montage(self._device.montage)
        self._conditions = conditions
        self._link = Link() if link is None else link
        check_link(self._link)
        self._response = response
        self._sat: SimulatedSitting | None = None
        self._correlation = 0.0
        self._journey: _Journey | None = None

    @property
    def stream(self) -> Stream:
        """The headset that is simulated."""
        return Stream(
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
    def truth(self) -> SimulatedSitting:
        """All that is true of the sitting: person, states, artifacts; with a response, as far as it came."""
        if not self._response.hears:
            return self._unguided
        return self._journey.truth if self._journey is not None else self._sat or self._unguided

    @property
    def correlation(self) -> float:
        """How closely the tone that was heard went with wandering, once the source is closed."""
        return self._correlation

    @cached_property
    def _unguided(self) -> SimulatedSitting:
        return sitting(
            self._person or draw_person(self._seed),
            seconds=self._duration_s,
            seed=self._seed,
            montage=self._montage,
            device=self._device,
            conditions=self._conditions,
        )

    def open(self) -> None:
        """Begin to stream, from the first sample.

        Raises
        ------
        SettingsError
            The sitting cannot be that long.
        """
        if self._journey is None:
            self._journey = _Journey(self._unguided, self._response, self._link, begun=self._now())

    def hear(self, sample: int, level: float) -> None:
        """Let the person hear a level of the guide tone (0 to 1) from this sample on."""
        if self._journey is not None:
            self._journey.hear(sample, level)

    def read(self) -> Chunk | None:
        """Return what has arrived, or None.

        Raises
        ------
        SourceEnded
            The sitting is over.
        """
        if self._journey is None:
            raise SourceError(f"{self.stream.device} is not open")
        return self._journey.read(self._now())

    def close(self) -> None:
        """Stop streaming."""
        if self._journey is not None:
            self._sat, self._correlation = self._journey.truth, self._journey.correlation
            self._journey.end()
            self._journey = None


class _Journey:
    """One opening of the source: where the stream stands."""

    def __init__(self, truth: SimulatedSitting, response: Response, link: Link, begun: float) -> None:
        self._begun = begun
        self._ahead = _Ahead(truth.layers())
        self._signal = ClosedLoop(truth, response, self._ahead)
        self._packets = draw_packets(link, truth.device, truth.n_samples, truth.seed)
        self._next = next(self._packets, None)
        self._lost: list[Packet] = []
        self._position = 0

    @property
    def truth(self) -> SimulatedSitting:
        return self._signal.truth

    @property
    def correlation(self) -> float:
        return self._signal.correlation

    def hear(self, sample: int, level: float) -> None:
        self._signal.hear(sample, level)

    def read(self, now: float) -> Chunk | None:
        if self._next is None:
            raise SourceEnded
        newest: Packet | None = None
        while self._next is not None and self._next.arrival_s <= now - self._begun:
            if self._next.lost:
                self._lost.append(self._next)
            else:
                newest = self._next
            self._next = next(self._packets, None)
        return self._chunk(newest, now) if newest else None

    def _chunk(self, newest: Packet, now: float) -> Chunk:
        """Deliver up to a packet that arrived; only then is it known which before it did not."""
        first, self._position = self._position, newest.stop
        runs = lost_runs(packet for packet in self._lost if packet.first < newest.first)
        self._lost = [packet for packet in self._lost if packet.first > newest.first]
        data = without(self._signal.take(newest.stop - first), runs, first)
        return Chunk(first, data, runs, device_time=newest.arrival_s, host_time=now)

    def end(self) -> None:
        self._ahead.end()


class _Ahead:
    """Passes items on; a helper makes the next one in time, so that no read waits for it."""

    def __init__(self, items: Iterator[NDArray[np.float64]]) -> None:
        self._items = items
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="simulation")
        self._coming = self._helper.submit(next, items)
        self._coming.result()

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        return self

    def __next__(self) -> NDArray[np.float64]:
        item, self._coming = self._coming.result(), self._helper.submit(next, self._items)
        return item

    def end(self) -> None:
        self._helper.shutdown(cancel_futures=True)
