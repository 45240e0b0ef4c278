"""Slow processes of a session, drawn once on a coarse grid and interpolated.

The grid has 20 points a second and starts 2 s before the session, as the first piece of signal does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from neurofeedback.simulation.disturbances import Disturbances
from neurofeedback.simulation.noise import RandomStream, ornstein_uhlenbeck, rng_for
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.states import (
    REFERENCE_SESSION_S,
    Episode,
    MentalState,
    StateSequence,
    draw_episodes,
    state_at,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GRID_HZ = 20.0
LEAD_S = 2.0
OSCILLATIONS = ("theta", "alpha", "beta")
BANDS = ("delta", "theta", "alpha", "beta")

# Centre and bandwidth of each oscillation (alpha's centre is the IAF), and (SD, time constant) of its envelope.
_CENTRE_HZ = {"theta": 6.0, "beta": 19.0}
BANDWIDTH_HZ = {"theta": 1.5, "alpha": 1.2, "beta": 4.0}
_BURST = {"theta": (0.4, 2.0), "alpha": (0.5, 3.0), "beta": (0.3, 1.0)}

_JITTER_HZ, _JITTER_TAU_S = 0.3, 8.0
_BAND_DRIFT, _BAND_DRIFT_TAU_S = 0.5, 120.0
_FATIGUE_TAU_S, _FATIGUE_SD = 300.0, 0.3
_FATIGUE_EFFECT = {"delta": 0.0, "theta": 0.5, "alpha": -0.5, "beta": 0.0}
_FATIGUE_ON_STAY = 0.5
_TONIC_TAU_S, _TONIC_SD = 60.0, 0.5
_ELECTRODE_TAU_S = 20.0
_MAINS_WANDER_HZ, _MAINS_TAU_S = 0.02, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class SlowProcesses:
    """Slow processes on the grid.

    Parameters
    ----------
    episodes : tuple of Episode
        The true states, to the end of the grid.
    wander, drowsy : array, shape (n_grid,)
        The states as levels 0 to 1, low-passed at 1 s.
    arousal : array, shape (n_grid,)
        What guidance adds to beta, SDs of the feature; 0 without guidance.
    phase_cycles, envelope : dict of array, shape (n_grid,)
        Phase of each oscillation in cycles, and its envelope with mean square 1.
    band_drift : dict of array, shape (n_grid,)
        Slow drift of ln power of each band, SDs of the feature.
    fatigue : array, shape (n_grid,)
        The vigilance effect times about -1 at the start and 1 after 20 min.
    tonic_muscle : array, shape (n_grid,)
        Sustained muscle tone, rms uV at a gain of 1.
    electrode_drift : array, shape (n_channels, n_grid)
        Electrode drift, SD 1.
    mains_cycles : array, shape (n_grid,)
        Phase of the mains in cycles.
    """

    episodes: tuple[Episode, ...]
    wander: Floats
    drowsy: Floats
    arousal: Floats
    phase_cycles: dict[str, Floats]
    envelope: dict[str, Floats]
    band_drift: dict[str, Floats]
    fatigue: Floats
    tonic_muscle: Floats
    electrode_drift: Floats
    mains_cycles: Floats


def interpolate(series: Floats, times_s: Floats) -> Floats:
    """Return a slow process at rising times (s), linearly interpolated."""
    places = (times_s + LEAD_S) * GRID_HZ
    first = min(max(int(places[0]), 0), series.size - 1)
    last = min(max(int(places[-1]) + 2, first + 1), series.size)
    return np.interp(places, np.arange(first, last, dtype=np.float64), series[first:last])


def draw_slow_processes(
    seconds: float, person: Person, disturbances: Disturbances, n_channels: int, seed: int
) -> SlowProcesses:
    """Draw all slow processes; a longer draw with the same seed starts with the shorter one."""
    n_grid = int(np.ceil((seconds + LEAD_S) * GRID_HZ)) + 1
    times = np.arange(n_grid) / GRID_HZ - LEAD_S
    fatigue = disturbances.vigilance * _draw_fatigue(times, seed)
    episodes = draw_episodes(seconds, make_state_sequence(person, disturbances, fatigue, seed))
    states = state_at(episodes, times)
    return SlowProcesses(
        episodes=episodes,
        wander=_low_pass((states == MentalState.WANDER).astype(np.float64)),
        drowsy=_low_pass((states == MentalState.DROWSY).astype(np.float64)),
        arousal=np.zeros(n_grid),
        phase_cycles={name: _draw_phase(name, person, n_grid, seed) for name in OSCILLATIONS},
        envelope={name: _draw_envelope(name, n_grid, seed) for name in OSCILLATIONS},
        band_drift=_band_drift(times, disturbances.band_drift, fatigue, seed),
        fatigue=fatigue,
        tonic_muscle=disturbances.tonic_uv * np.exp(_TONIC_SD * _ou(n_grid, _TONIC_TAU_S, RandomStream.TONIC, seed)),
        electrode_drift=_draw_electrode_drift(n_grid, n_channels, seed),
        mains_cycles=_mains(times, disturbances.mains_hz, seed),
    )


def make_state_sequence(person: Person, disturbances: Disturbances, fatigue: Floats, seed: int) -> StateSequence:
    """Return the random sequence of a person's states; fatigue shortens the stay in focus."""
    return StateSequence(
        person.dwell,
        rng_for(seed, RandomStream.STATES),
        alertness=lambda onset_s: float(np.exp(-_FATIGUE_ON_STAY * interpolate(fatigue, np.array([onset_s]))[0])),
        drowsiness=disturbances.drowsiness,
    )


def _ou(n_grid: int, tau_s: float, stream: RandomStream, seed: int, part: int = 0) -> Floats:
    return ornstein_uhlenbeck(n_grid, tau_s=tau_s, sfreq=GRID_HZ, rng=rng_for(seed, stream, part))


class LowPass:
    """Low-pass of 1 s on the grid, initialised with the first value; independent of chunk sizes."""

    def __init__(self) -> None:
        self._decay = float(np.exp(-1.0 / GRID_HZ))
        self._state: Floats | None = None

    def process(self, series: Floats) -> Floats:
        """Filter the next points."""
        state = self._decay * series[:1] if self._state is None else self._state
        smooth, self._state = lfilter([1.0 - self._decay], [1.0, -self._decay], series, zi=state)
        return np.asarray(smooth, dtype=np.float64)


def _low_pass(series: Floats) -> Floats:
    return LowPass().process(series)


def _draw_phase(name: str, person: Person, n_grid: int, seed: int) -> Floats:
    centre = person.iaf_hz if name == "alpha" else _CENTRE_HZ[name]
    jitter = _JITTER_HZ * _ou(n_grid, _JITTER_TAU_S, RandomStream.JITTER, seed, OSCILLATIONS.index(name))
    return np.cumsum(centre + jitter) / GRID_HZ


def _draw_envelope(name: str, n_grid: int, seed: int) -> Floats:
    sd, tau_s = _BURST[name]
    return np.exp(sd * _ou(n_grid, tau_s, RandomStream.BURSTING, seed, OSCILLATIONS.index(name)) - sd**2)


def _draw_fatigue(times: Floats, seed: int) -> Floats:
    """Return a rise by 2 over 20 min around 0, with slow fluctuations."""
    trend = np.interp(times, [0.0, REFERENCE_SESSION_S], [-1.0, 1.0])
    return trend + _FATIGUE_SD * _ou(times.size, _FATIGUE_TAU_S, RandomStream.TIREDNESS, seed)


def _band_drift(times: Floats, size: float, fatigue: Floats, seed: int) -> dict[str, Floats]:
    """Draw a line of N(0, 0.5) SDs in each half of 20 min, constant later, plus a process of 120 s."""
    line = np.interp(times, [0.0, REFERENCE_SESSION_S], [-1.0, 1.0])
    drift: dict[str, Floats] = {}
    for part, band in enumerate(BANDS):
        slope = _BAND_DRIFT * rng_for(seed, RandomStream.BAND_DRIFT, 2 * part).standard_normal()
        walk = _BAND_DRIFT * _ou(times.size, _BAND_DRIFT_TAU_S, RandomStream.BAND_DRIFT, seed, part=2 * part + 1)
        drift[band] = size * (slope * line + walk) + _FATIGUE_EFFECT[band] * fatigue
    return drift


def _draw_electrode_drift(n_grid: int, n_channels: int, seed: int) -> Floats:
    """Draw the electrodes' drift; half of its variance is that of the reference, common to all.

    It is smoothed over 1 s: an Ornstein-Uhlenbeck process alone falls only as 1/f^2, and with 60 uV it would have
    ten times the power of recorded signals below 2 Hz.
    """
    walks = [_ou(n_grid, _ELECTRODE_TAU_S, RandomStream.ELECTRODES, seed, part) for part in range(n_channels + 1)]
    return np.stack([_low_pass(np.sqrt(0.5) * (walk + walks[0])) for walk in walks[1:]])


def _mains(times: Floats, mains_hz: float, seed: int) -> Floats:
    deviation_hz = _MAINS_WANDER_HZ * _ou(times.size, _MAINS_TAU_S, RandomStream.MAINS, seed)
    return np.cumsum(mains_hz + deviation_hz) / GRID_HZ
