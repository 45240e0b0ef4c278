"""The simulated meditator: a session with known truth, as arrays or in pieces of limited memory.

One channel is background + oscillations + band changes + muscle + eyes + pops + drift + mains, rounded to the
device's counts. A change of band power multiplies what the signal holds in that band:
``x += (exp(shift / 2) - 1) * x_band`` with ``shift`` in units of ln power. ``disturbances`` says how much there is of
each; the sizes of slow processes stand in ``slow_processes``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.settings import Montage
from neurofeedback.simulation.artifacts import (
    Artifact,
    broken_electrode_rms,
    draw_artifacts,
    muscle_rms,
    render_waveforms,
)
from neurofeedback.simulation.disturbances import EYES_CLOSED, Disturbances
from neurofeedback.simulation.headset_specs import HeadsetSpec, digitise
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.scalp import ScalpGains, scalp_of
from neurofeedback.simulation.slow_processes import BANDS, SlowProcesses, draw_slow_processes, interpolate
from neurofeedback.simulation.sources import FADE_S, GAMMA_LAYER, LAYERS, STEP_S, HeadModel, check_rate, draw_piece
from neurofeedback.simulation.states import Episode, MentalState, state_at, truncate_episodes
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

# SD of each feature (ln power of a region, exponent) over 4-s windows: the unit of an effect.
FEATURE_SD = {"delta": 0.30, "theta": 0.30, "alpha": 0.60, "beta": 0.155, "chi": 0.136}
_DROWSY = {"delta": 1.5, "theta": 1.5, "alpha": -2.0, "beta": 0.0}
_HARMONICS = ((1, 1.0), (2, 0.1), (3, 0.2))
_CHI_LAYER = LAYERS.index("chi")
_LONGEST_S = 12 * 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSession:
    """A simulated session: its truth, and its signal on demand.

    Parameters
    ----------
    person : Person
        The meditator.
    disturbances : Disturbances
        Artifacts, drifts and noise.
    montage : Montage
        Channels and reference.
    headset : HeadsetSpec
        Rate and resolution.
    seed : int
        Same seed and arguments, same samples to the last bit.
    seconds : float
        Length, s.
    episodes : tuple of Episode
        The true states, without gaps or overlap.
    artifacts : tuple of Artifact
        Ground truth of the artifacts, in order of onset.
    """

    person: Person
    disturbances: Disturbances
    montage: Montage
    headset: HeadsetSpec
    seed: int
    seconds: float
    episodes: tuple[Episode, ...]
    artifacts: tuple[Artifact, ...]
    scalp: ScalpGains
    drifts: SlowProcesses

    @property
    def n_samples(self) -> int:
        """Number of samples of the whole session."""
        return int(self.seconds * self.headset.sfreq)

    def state_at(self, times_s: ArrayLike) -> NDArray[np.int64]:
        """Return the true state (as `MentalState`) at each time, s."""
        return state_at(self.episodes, times_s)

    def wandering_share(self) -> float:
        """Return the share of time spent wandering."""
        wandering = sum(episode.duration_s for episode in self.episodes if episode.state is MentalState.WANDER)
        return wandering / self.seconds

    def segments(self) -> Iterator[NDArray[np.float32]]:
        """Yield the signal in order, about a minute at a time, shape (n_channels, n_samples), uV."""
        first: int = 0
        for layers in self.layers():
            stop = min(first + layers.shape[2], self.n_samples)
            times = np.arange(first, stop, dtype=np.float64) / self.headset.sfreq
            yield digitise(self.mix(layers[..., : stop - first], times), self.headset)
            first = stop

    def layers(self) -> Iterator[Floats]:
        """Yield the layers of the signal (``sources.LAYERS``) in order, without the effects of states."""
        sfreq = int(self.headset.sfreq)
        fade, step = FADE_S * sfreq, STEP_S * sfreq
        head = self._head_model()
        tail: Floats | None = None
        for number in range(_n_pieces(self.seconds)):
            piece = draw_piece(head, number, sfreq)
            if tail is not None:
                piece[..., :fade] += tail
            yield piece[..., 0 if tail is not None else fade : step]
            tail = piece[..., step:]

    def _head_model(self) -> HeadModel:
        alpha_uv = self.person.alpha_uv * self.disturbances.alpha_gain
        person = replace(self.person, alpha_uv=alpha_uv)
        return HeadModel(
            person, self.scalp, self.drifts, self.seed, self.disturbances.shift, self.disturbances.substance is not None
        )

    def mix(self, layers: Floats, times_s: Floats) -> Floats:
        """Return the whole signal at rising times (s), shape (n_channels, n_samples), uV."""
        brain, bands, chi, (muscle, broken) = layers[0], layers[1:5], layers[5], layers[6:8]
        changes = np.stack([np.expm1(0.5 * self._shift(band, times_s)) for band in BANDS])
        muscle_uv = muscle_rms(self.artifacts, times_s, self.scalp)
        tonic_uv = interpolate(self.drifts.tonic_muscle, times_s) * np.exp(self.substance_change("muscle", times_s))
        muscle_uv = np.hypot(muscle_uv, self.scalp.muscle * tonic_uv)
        return (
            brain
            + np.einsum("bt,bct->ct", changes, bands)
            + self.person.effects.chi * FEATURE_SD["chi"] * interpolate(self.drifts.wander, times_s) * chi
            + muscle * muscle_uv
            + broken * broken_electrode_rms(self.artifacts, times_s, self.scalp)
            + render_waveforms(self.artifacts, times_s, self.scalp)
            + self._substance(layers, times_s)
            + self._electrodes(times_s)
            + self._mains(times_s)
        )

    def _shift(self, band: str, times_s: Floats) -> Floats:
        """Return the change of ln power in one band at given times."""
        effect = getattr(self.person.effects, band, 0.0)
        wander, drowsy = interpolate(self.drifts.wander, times_s), interpolate(self.drifts.drowsy, times_s)
        drift = interpolate(self.drifts.band_drift[band], times_s)
        arousal = interpolate(self.drifts.arousal, times_s) if band == "beta" else 0.0
        of_states = FEATURE_SD[band] * (effect * wander + _DROWSY[band] * drowsy + drift + arousal)
        return of_states + self.substance_change(band, times_s)

    def substance_change(self, name: str, times_s: Floats) -> Floats:
        """Return what the substance changes at given times: a field of ``SubstanceEffects``; 0 without a substance."""
        course = self.disturbances.substance
        if course is None:
            return np.zeros(times_s.size)
        return getattr(course.effects, name) * course.level(times_s)

    def _substance(self, layers: Floats, times_s: Floats) -> Floats | float:
        """Return what the substance changes beside the four bands of mental states: gamma and the exponent."""
        if self.disturbances.substance is None:
            return 0.0
        gamma = np.expm1(0.5 * self.substance_change("gamma", times_s))
        return gamma * layers[GAMMA_LAYER] + self.substance_change("chi", times_s) * layers[_CHI_LAYER]

    def _electrodes(self, times_s: Floats) -> Floats:
        walks = np.stack([interpolate(walk, times_s) for walk in self.drifts.electrode_drift])
        return self.disturbances.drift_uv * self.scalp.drift * walks

    def _mains(self, times_s: Floats) -> Floats:
        """Return mains hum with its harmonics below the Nyquist frequency."""
        cycles = interpolate(self.drifts.mains_cycles, times_s)
        wave = np.zeros(times_s.size)
        for order, size in _HARMONICS:
            if order * self.disturbances.mains_hz < self.headset.sfreq / 2:
                wave += size * np.sin(2 * np.pi * order * cycles)
        position = rng_for(self.seed, RandomStream.HUM).random((self.scalp.alpha.size, 1))
        low, high = self.scalp.mains_low_uv, self.scalp.mains_high_uv
        return self.disturbances.hum * (low + position * (high - low)) * wave


def draw_session(
    person: Person,
    *,
    seconds: float,
    seed: int,
    montage: Montage,
    headset: HeadsetSpec,
    disturbances: Disturbances = EYES_CLOSED,
    extra_artifacts: tuple[Artifact, ...] = (),
) -> SimulatedSession:
    """Draw everything about a session except its samples.

    Parameters
    ----------
    seconds : float
        Length, s; a longer session starts with the samples of a shorter one.
    extra_artifacts : tuple of Artifact
        Artifacts at chosen times, in addition to the random ones.

    Raises
    ------
    SettingsError
        The length or the device's rate cannot be simulated.
    """
    check_rate(headset.sfreq)
    if not 1 / headset.sfreq <= seconds <= _LONGEST_S:
        raise SettingsError(
            tr(texts.SESSION_LENGTH),
            got=f"{seconds} s",
            allowed=tr(texts.SESSION_LENGTH_ALLOWED, longest_s=f"{_LONGEST_S:.0f}"),
        )
    scalp = scalp_of(montage)
    drawn = draw_artifacts(seconds, disturbances, scalp, seed)
    covered_s = _n_pieces(seconds) * STEP_S  # whole pieces, so that the last one does not depend on the length
    slow = draw_slow_processes(covered_s, person, disturbances, len(montage.ch_names), seed)
    return SimulatedSession(
        person=person,
        disturbances=disturbances,
        montage=montage,
        headset=headset,
        seed=seed,
        seconds=seconds,
        episodes=truncate_episodes(slow.episodes, seconds),
        artifacts=tuple(sorted((*drawn, *extra_artifacts), key=lambda artifact: artifact.onset_s)),
        scalp=scalp,
        drifts=slow,
    )


def _n_pieces(seconds: float) -> int:
    return math.ceil((seconds + FADE_S) / STEP_S)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedRecording:
    """A session as an array: ``data`` of shape (n_channels, n_samples), float32 uV, and its truth."""

    data: NDArray[np.float32]
    truth: SimulatedSession


def simulate(
    person: Person,
    *,
    seconds: float,
    seed: int,
    montage: Montage,
    headset: HeadsetSpec,
    disturbances: Disturbances = EYES_CLOSED,
    extra_artifacts: tuple[Artifact, ...] = (),
) -> SimulatedRecording:
    """Simulate a whole session; the parameters are those of `draw_session`."""
    truth = draw_session(
        person,
        seconds=seconds,
        seed=seed,
        montage=montage,
        headset=headset,
        disturbances=disturbances,
        extra_artifacts=extra_artifacts,
    )
    return SimulatedRecording(np.concatenate(list(truth.segments()), axis=1), truth)
