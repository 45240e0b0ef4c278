"""Everything that changes slowly over a sitting, drawn once on a coarse grid and read at any time.

The grid has 20 points a second and begins 2 s before the sitting, where the first piece of signal begins.
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

# Where each oscillation sits, how wide it is, how much and how fast its envelope bursts (alpha's place is the IAF).
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
        The states as levels 0 to 1, low-passed with 1 s.
    arousal : array, shape (n_grid,)
        What guidance adds to beta, spreads; none where nobody listens.
    cycles, burst : dict of array, shape (n_grid,)
        Of each oscillation its phase in cycles and its envelope, mean square 1.
    band_drift : dict of array, shape (n_grid,)
        Of each band its slow drift of ln power, spreads.
    tired : array, shape (n_grid,)
        Tiredness: the sitting's vigilance effect times about -1 at the start and 1 after 20 min.
    tonic : array, shape (n_grid,)
        Standing muscle tone, rms uV where the gain is 1.
    electrode : array, shape (n_channels, n_grid)
        Electrode drift, spread 1.
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
    """Read a slow process at rising times (s of the sitting), linearly between grid points."""
    places = (times_s + LEAD_S) * GRID_HZ
    first = min(max(int(places[0]), 0), series.size - 1)
    last = min(max(int(places[-1]) + 2, first + 1), series.size)
    return np.interp(places, np.arange(first, last, dtype=np.float64), series[first:last])


def draw_slow_processes(
    seconds: float, person: Person, disturbances: Disturbances, n_channels: int, seed: int
) -> SlowProcesses:
    """Draw all slow processes for so many seconds; a longer draw of the same seed begins like the shorter one."""
    n_grid = int(np.ceil((seconds + LEAD_S) * GRID_HZ)) + 1
    times = np.arange(n_grid) / GRID_HZ - LEAD_S
    tired = disturbances.vigilance * _draw_fatigue(times, seed)
    episodes = draw_episodes(seconds, make_state_sequence(person, disturbances, tired, seed))
    minds = state_at(episodes, times)
    return SlowProcesses(
        episodes=episodes,
        wander=_low_pass((minds == MentalState.WANDER).astype(np.float64)),
        drowsy=_low_pass((minds == MentalState.DROWSY).astype(np.float64)),
        arousal=np.zeros(n_grid),
        phase_cycles={name: _draw_phase(name, person, n_grid, seed) for name in OSCILLATIONS},
        envelope={name: _draw_envelope(name, n_grid, seed) for name in OSCILLATIONS},
        band_drift=_band_drift(times, disturbances.band_drift, tired, seed),
        fatigue=tired,
        tonic_muscle=disturbances.tonic_uv * np.exp(_TONIC_SD * _ou(n_grid, _TONIC_TAU_S, RandomStream.TONIC, seed)),
        electrode_drift=_draw_electrode_drift(n_grid, n_channels, seed),
        mains_cycles=_mains(times, disturbances.mains_hz, seed),
    )


def make_state_sequence(person: Person, disturbances: Disturbances, fatigue: Floats, seed: int) -> StateSequence:
    """Return the course of a person's mind, from its beginning: who is tired wanders sooner."""
    return StateSequence(
        person.dwell,
        rng_for(seed, RandomStream.STATES),
        alertness=lambda onset_s: float(np.exp(-_FATIGUE_ON_STAY * interpolate(fatigue, np.array([onset_s]))[0])),
        drowsiness=disturbances.drowsiness,
    )


def _ou(n_grid: int, tau_s: float, stream: RandomStream, seed: int, part: int = 0) -> Floats:
    return ornstein_uhlenbeck(n_grid, tau_s=tau_s, sfreq=GRID_HZ, rng=rng_for(seed, stream, part))


class LowPass:
    """Low-pass with 1 s of a series on the grid, settled on its first value, however it is cut."""

    def __init__(self) -> None:
        self._decay = float(np.exp(-1.0 / GRID_HZ))
        self._state: Floats | None = None

    def process(self, series: Floats) -> Floats:
        """Take the next points."""
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
    """Rise by 2 over 20 min around 0, with slow ups and downs."""
    trend = np.interp(times, [0.0, REFERENCE_SESSION_S], [-1.0, 1.0])
    return trend + _FATIGUE_SD * _ou(times.size, _FATIGUE_TAU_S, RandomStream.TIREDNESS, seed)


def _band_drift(times: Floats, size: float, fatigue: Floats, seed: int) -> dict[str, Floats]:
    """Draw a line that moves N(0, .5) spreads in each half of 20 min, then level, and a process of 120 s."""
    line = np.interp(times, [0.0, REFERENCE_SESSION_S], [-1.0, 1.0])
    drift: dict[str, Floats] = {}
    for part, band in enumerate(BANDS):
        slope = _BAND_DRIFT * rng_for(seed, RandomStream.BAND_DRIFT, 2 * part).standard_normal()
        walk = _BAND_DRIFT * _ou(times.size, _BAND_DRIFT_TAU_S, RandomStream.BAND_DRIFT, seed, part=2 * part + 1)
        drift[band] = size * (slope * line + walk) + _FATIGUE_EFFECT[band] * fatigue
    return drift


def _draw_electrode_drift(n_grid: int, n_channels: int, seed: int) -> Floats:
    """Half of each electrode's drift is the reference's and common to all.

    It is smooth over 1 s: a bare Ornstein-Uhlenbeck process falls only as 1/f^2, and 60 uV of it would put
    ten times the power of recorded signals below 2 Hz.
    """
    walks = [_ou(n_grid, _ELECTRODE_TAU_S, RandomStream.ELECTRODES, seed, part) for part in range(n_channels + 1)]
    return np.stack([_low_pass(np.sqrt(0.5) * (walk + walks[0])) for walk in walks[1:]])


def _mains(times: Floats, mains_hz: float, seed: int) -> Floats:
    wander = _MAINS_WANDER_HZ * _ou(times.size, _MAINS_TAU_S, RandomStream.MAINS, seed)
    return np.cumsum(mains_hz + wander) / GRID_HZ
