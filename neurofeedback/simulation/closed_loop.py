"""A simulated session in a closed loop: the tone level influences the mental states.

Only the states depend on the guidance: with the same seed everything else equals the session without it, bit by bit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.simulation.feedback_response import FeedbackResponse, StayModel
from neurofeedback.simulation.headset_specs import digitise
from neurofeedback.simulation.simulated_meditator import SimulatedSession
from neurofeedback.simulation.slow_processes import GRID_HZ, LEAD_S, LowPass, make_state_sequence
from neurofeedback.simulation.states import Episode, MentalState, truncate_episodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BLOCK_S = 0.5


class ClosedLoop:
    """The signal of a session in order, whose person hears the guide tone.

    Parameters
    ----------
    session : SimulatedSession
        The session as it would be without guidance.
    layers : iterator, optional
        Its layers, if they are made in advance elsewhere.

    Notes
    -----
    Signal is made half a second at a time, and a level acts after ``response.delay_s``. A level that is set within a
    second of its sample gives the same signal for any sizes of reads. One that is set later acts from then on.
    """

    def __init__(
        self, session: SimulatedSession, response: FeedbackResponse, layers: Iterator[Floats] | None = None
    ) -> None:
        n_channels, n_grid = len(session.montage.ch_names), session.drifts.wander.size
        self._response = response
        self._layers = session.layers() if layers is None else layers
        self._states = _OnlineStates(session, response, n_grid)
        self._session = replace(session, drifts=replace(session.drifts, **self._states.levels))
        self._pending_layers = np.zeros((0, n_channels, 0))
        self._pending_samples = np.zeros((n_channels, 0), np.float32)
        self._n_rendered = 0
        self._n_read = 0

    @property
    def truth(self) -> SimulatedSession:
        """The session as far as it has been read, with its true states."""
        seconds = self._n_read / self._session.headset.sfreq
        return replace(self._session, seconds=seconds, episodes=truncate_episodes(self._states.episodes, seconds))

    @property
    def correlation(self) -> float:
        """Correlation of the tone level with wandering while there was a tone; 0 without one."""
        times, levels = self._states.tone_levels
        wandering = self.truth.state_at(times) == MentalState.WANDER
        if levels.size == 0 or np.ptp(levels) == 0 or wandering.all() or not wandering.any():
            return 0.0
        return float(np.corrcoef(levels, wandering)[0, 1])

    def set_tone_level(self, sample: int, level: float) -> None:
        """Set the tone level (0 to 1) that the person hears from this sample on."""
        self._states.set_tone_level(sample / self._session.headset.sfreq, level)

    def read(self, n_samples: int) -> NDArray[np.float32]:
        """Return the next samples, shape (n_channels, n_samples), uV; fewer at the end of the session."""
        n_samples = min(n_samples, self._session.n_samples - self._n_read)
        while self._pending_samples.shape[1] < n_samples:
            self._pending_samples = np.concatenate([self._pending_samples, self._render_block()], axis=1)
        samples, self._pending_samples = self._pending_samples[:, :n_samples], self._pending_samples[:, n_samples:]
        self._n_read += n_samples
        return samples

    def _render_block(self) -> NDArray[np.float32]:
        if not self._pending_layers.shape[-1]:
            self._pending_layers = next(self._layers)
        sfreq = self._session.headset.sfreq
        length = round(_BLOCK_S * sfreq) if self._response.responds else self._pending_layers.shape[-1]
        layers, self._pending_layers = self._pending_layers[..., :length], self._pending_layers[..., length:]
        times = np.arange(self._n_rendered, self._n_rendered + layers.shape[-1], dtype=np.float64) / sfreq
        self._n_rendered += layers.shape[-1]
        self._states.advance(float(times[-1]))
        return digitise(self._session.mix(layers, times), self._session.headset)


class _OnlineStates:
    """The states in a closed loop, on the grid of the slow processes."""

    def __init__(self, session: SimulatedSession, response: FeedbackResponse, n_grid: int) -> None:
        self._response = response
        self._dwell = session.person.dwell
        self._sequence = make_state_sequence(session.person, session.disturbances, session.drifts.fatigue, session.seed)
        self._times = np.arange(n_grid) / GRID_HZ - LEAD_S
        self._n_done = 0
        self._low_passes = {name: LowPass() for name in ("wander", "drowsy", "arousal")}
        self.levels: dict[str, Floats] = {name: np.zeros(n_grid) for name in self._low_passes}
        self._finished: list[Episode] = []
        self._level_times_s: list[float] = [-np.inf]
        self._levels: list[float] = [0.0]
        self._begin_episode(0.0)

    @property
    def episodes(self) -> list[Episode]:
        """The episodes so far; the last one with its planned duration."""
        return [*self._finished, self._current]

    @property
    def tone_levels(self) -> tuple[Floats, Floats]:
        """Times of the tone (s) and its levels, without silence."""
        times, levels = np.array(self._level_times_s), np.array(self._levels)
        return times[levels > 0], levels[levels > 0]

    def set_tone_level(self, time_s: float, level: float) -> None:
        self._level_times_s.append(max(time_s, self._level_times_s[-1], self._reached_s() - self._response.delay_s))
        self._levels.append(level)

    def advance(self, until_s: float) -> None:
        """Advance to the grid point just after a time, s."""
        last = min(int(np.ceil((until_s + LEAD_S) * GRID_HZ)) + 1, self._times.size)
        points = slice(self._n_done, last)
        states = np.empty(last - self._n_done, np.int64)
        arousal = np.empty(last - self._n_done)
        for place, time_s in enumerate(self._times[points].tolist()):
            level = self._level_at(time_s)
            self._advance_episode(time_s, level)
            states[place], arousal[place] = self._current.state, self._response.arousal * level
        for name, series in (
            ("wander", states == MentalState.WANDER),
            ("drowsy", states == MentalState.DROWSY),
            ("arousal", arousal),
        ):
            self.levels[name][points] = self._low_passes[name].process(series.astype(np.float64))
        self._n_done = last

    def _reached_s(self) -> float:
        return float(self._times[self._n_done]) if self._n_done < self._times.size else np.inf

    def _level_at(self, time_s: float) -> float:
        return self._levels[bisect_right(self._level_times_s, time_s - self._response.delay_s) - 1]

    def _advance_episode(self, time_s: float, level: float) -> None:
        """Advance the episode to a grid point; start the next one where it ends."""
        while time_s >= self._current.onset_s:
            if self._stay is not None:
                end_after_s = self._stay.update(time_s - self._current.onset_s, 1.0 + self._response.eta * level)
                if end_after_s is None:
                    return
                self._current, self._stay = replace(self._current, duration_s=end_after_s), None
            end_s = self._current.onset_s + self._current.duration_s
            if time_s < end_s:
                return
            self._finished.append(self._current)
            self._begin_episode(end_s)

    def _begin_episode(self, onset_s: float) -> None:
        self._current = self._sequence.next_episode(onset_s)
        self._stay: StayModel | None = None
        if self._current.state is MentalState.WANDER and self._response.eta:
            shape, mean_s = self._sequence.gamma_params(MentalState.WANDER, onset_s)
            planned_s, shortest_s = self._current.duration_s, self._dwell.shortest_s
            self._stay = StayModel(planned_s, shape=shape, mean_s=mean_s, shortest_s=shortest_s)
