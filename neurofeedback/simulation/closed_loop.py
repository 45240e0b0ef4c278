"""A sitting that answers to its own guidance: made a little at a time, states drawn as what is heard decides.

Everything but the states is what the sitting would have been without guidance, so the same seed is the same
person on the same day; with guidance that changes nothing it is the same to the last bit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.simulation.devices import digitise
from neurofeedback.simulation.meditator import SimulatedSitting
from neurofeedback.simulation.response import Response, Stay
from neurofeedback.simulation.slow import GRID_HZ, LEAD_S, Smoothing, course_of
from neurofeedback.simulation.states import Episode, Mind, cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BLOCK_S = 0.5


class ClosedLoop:
    """The signal of a sitting, taken in order, while its person hears the guide tone.

    Parameters
    ----------
    sitting : SimulatedSitting
        The sitting as it would be without guidance.
    layers : iterator, optional
        Its layers, where somebody else makes them ahead of time.

    Notes
    -----
    Signal is made half a second at a time, and a level acts after ``response.delay_s``: one that is told within a
    second of its sample gives the same signal however the samples are taken. Told later it acts from then on.
    """

    def __init__(self, sitting: SimulatedSitting, response: Response, layers: Iterator[Floats] | None = None) -> None:
        n_channels, n_grid = len(sitting.montage.ch_names), sitting.slow.wander.size
        self._response = response
        self._layers = sitting.layers() if layers is None else layers
        self._states = _States(sitting, response, n_grid)
        self._scene = replace(sitting, slow=replace(sitting.slow, **self._states.levels))
        self._held = np.zeros((0, n_channels, 0))
        self._made = np.zeros((n_channels, 0), np.float32)
        self._n_made = 0
        self._n_taken = 0

    @property
    def truth(self) -> SimulatedSitting:
        """The sitting as far as it has been taken, with the states it came to have."""
        seconds = self._n_taken / self._scene.device.sfreq
        return replace(self._scene, seconds=seconds, episodes=cut(self._states.episodes, seconds))

    @property
    def correlation(self) -> float:
        """Correlation of the level heard with wandering, while there was a tone; 0 without one."""
        times, levels = self._states.heard
        wandering = self.truth.mind_at(times) == Mind.WANDER
        if levels.size == 0 or np.ptp(levels) == 0 or wandering.all() or not wandering.any():
            return 0.0
        return float(np.corrcoef(levels, wandering)[0, 1])

    def hear(self, sample: int, level: float) -> None:
        """Let the person hear a level (0 to 1) from this sample on."""
        self._states.hear(sample / self._scene.device.sfreq, level)

    def take(self, n_samples: int) -> NDArray[np.float32]:
        """Return the next samples, shape (n_channels, n_samples), uV; fewer at the end of the sitting."""
        n_samples = min(n_samples, self._scene.n_samples - self._n_taken)
        while self._made.shape[1] < n_samples:
            self._made = np.concatenate([self._made, self._block()], axis=1)
        taken, self._made = self._made[:, :n_samples], self._made[:, n_samples:]
        self._n_taken += n_samples
        return taken

    def _block(self) -> NDArray[np.float32]:
        if not self._held.shape[-1]:
            self._held = next(self._layers)
        sfreq = self._scene.device.sfreq
        length = round(_BLOCK_S * sfreq) if self._response.hears else self._held.shape[-1]
        held, self._held = self._held[..., :length], self._held[..., length:]
        times = np.arange(self._n_made, self._n_made + held.shape[-1], dtype=np.float64) / sfreq
        self._n_made += held.shape[-1]
        self._states.advance(float(times[-1]))
        return digitise(self._scene.mixed(held, times), self._scene.device)


class _States:
    """The states as they come to be, on the grid of the slow processes."""

    def __init__(self, sitting: SimulatedSitting, response: Response, n_grid: int) -> None:
        self._response = response
        self._dwell = sitting.person.dwell
        self._course = course_of(sitting.person, sitting.conditions, sitting.slow.tired, sitting.seed)
        self._times = np.arange(n_grid) / GRID_HZ - LEAD_S
        self._done = 0
        self._smoothings = {name: Smoothing() for name in ("wander", "drowsy", "arousal")}
        self.levels: dict[str, Floats] = {name: np.zeros(n_grid) for name in self._smoothings}
        self._past: list[Episode] = []
        self._heard_s: list[float] = [-np.inf]
        self._heard: list[float] = [0.0]
        self._begin(0.0)

    @property
    def episodes(self) -> list[Episode]:
        """The episodes so far; the last one lasts as long as is known."""
        return [*self._past, self._now]

    @property
    def heard(self) -> tuple[Floats, Floats]:
        """When the tone was heard (s), and its level; silence is left out."""
        times, levels = np.array(self._heard_s), np.array(self._heard)
        return times[levels > 0], levels[levels > 0]

    def hear(self, time_s: float, level: float) -> None:
        self._heard_s.append(max(time_s, self._heard_s[-1], self._reached_s() - self._response.delay_s))
        self._heard.append(level)

    def advance(self, until_s: float) -> None:
        """Go on to the grid point just after a time, s."""
        last = min(int(np.ceil((until_s + LEAD_S) * GRID_HZ)) + 1, self._times.size)
        points = slice(self._done, last)
        minds = np.empty(last - self._done, np.int64)
        aroused = np.empty(last - self._done)
        for place, time_s in enumerate(self._times[points].tolist()):
            level = self._level(time_s)
            self._go_on(time_s, level)
            minds[place], aroused[place] = self._now.mind, self._response.arousal * level
        for name, series in (("wander", minds == Mind.WANDER), ("drowsy", minds == Mind.DROWSY), ("arousal", aroused)):
            self.levels[name][points] = self._smoothings[name].push(series.astype(np.float64))
        self._done = last

    def _reached_s(self) -> float:
        return float(self._times[self._done]) if self._done < self._times.size else np.inf

    def _level(self, time_s: float) -> float:
        return self._heard[bisect_right(self._heard_s, time_s - self._response.delay_s) - 1]

    def _go_on(self, time_s: float, level: float) -> None:
        """Let the state last to a grid point, and what follows it begin."""
        while time_s >= self._now.onset_s:
            if self._stay is not None:
                ended_s = self._stay.push(time_s - self._now.onset_s, 1.0 + self._response.eta * level)
                if ended_s is None:
                    return
                self._now, self._stay = replace(self._now, duration_s=ended_s), None
            end_s = self._now.onset_s + self._now.duration_s
            if time_s < end_s:
                return
            self._past.append(self._now)
            self._begin(end_s)

    def _begin(self, onset_s: float) -> None:
        self._now = self._course.next(onset_s)
        self._stay: Stay | None = None
        if self._now.mind is Mind.WANDER and self._response.eta:
            shape, mean_s = self._course.law(Mind.WANDER, onset_s)
            planned_s, shortest_s = self._now.duration_s, self._dwell.shortest_s
            self._stay = Stay(planned_s, shape=shape, mean_s=mean_s, shortest_s=shortest_s)
