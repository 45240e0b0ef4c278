"""Fast simulation of many people over many sessions at the level of the index.

States and their response to the tone follow the same model as ``simulation.closed_loop``, on a grid of 0.25 s. Signal
and estimator are replaced by an index with a given agreement with the true state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc

from neurofeedback.feedback.mapping import smoothstep
from neurofeedback.settings.audio_feedback import FeedbackSettings
from neurofeedback.simulation.feedback_response import RESPONSES, FeedbackResponse, learning_growth
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.population import DWELL_TIMES, DwellTimes, NormalDistribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOP_S = 0.25
_INDEX_TAU_S = 4.0
_LEVEL_TAU_S = 1.0
_LONGEST_S = 1200.0
_TONE = FeedbackSettings()
_NEUTRAL = smoothstep(-_TONE.ramp_low_u / _TONE.ramp_width_u)
_GRID = np.linspace(-1.0, 3.0, 401)
_SMOOTHSTEP = np.array([smoothstep(x) for x in _GRID.tolist()])


@dataclass(frozen=True, slots=True)
class ToneSource:
    """Source of the tone level in a session.

    Parameters
    ----------
    separation : NormalDistribution or None
        d' of the index between wandering and focus, over people; None for an oracle that knows the true state.
    confidence : float
        How far the tone moves from its neutral level.
    """

    separation: NormalDistribution | None = None
    confidence: float = 1.0


ORACLE = ToneSource()


@dataclass(frozen=True, slots=True)
class TrialDesign:
    """A trial: people with their own feedback and as many yoked to them, over several sessions.

    ``n_responders`` of either arm respond; the others do not.
    """

    n_people: int = 20
    n_responders: int = 12
    n_sessions: int = 12
    seconds: float = 1200.0
    responder: FeedbackResponse = RESPONSES["responder"]
    other: FeedbackResponse = RESPONSES["non-responder"]
    dwell: DwellTimes = DWELL_TIMES["average"]


@dataclass(frozen=True, slots=True, eq=False)
class TrialResults:
    """Results of repeated trials.

    Parameters
    ----------
    wandering : ndarray, shape (n_trials, 2, n_people, n_sessions)
        True share of each session spent wandering; own feedback first, then yoked. Responders come first.
    correlation : ndarray, same shape
        Correlation of the tone level with the true state.
    """

    design: TrialDesign
    wandering: Floats
    correlation: Floats

    def change(self) -> Floats:
        """Return the change of wandering from the first to the last session by least squares, per person."""
        sessions = np.arange(self.design.n_sessions) - (self.design.n_sessions - 1) / 2
        slope = self.wandering @ sessions / np.sum(sessions**2)
        return slope * (self.design.n_sessions - 1)


def run_trials(tone_source: ToneSource, n_trials: int, seed: int, design: TrialDesign | None = None) -> TrialResults:
    """Simulate trials; the result is described in `TrialResults`."""
    design_used = TrialDesign() if design is None else design
    rng = rng_for(seed, RandomStream.TRIALS)
    shape = (n_trials, 2, design_used.n_people)
    responds = np.arange(design_used.n_people) < design_used.n_responders
    eta = np.broadcast_to(np.where(responds, design_used.responder.eta, design_used.other.eta), shape).copy()
    learning = np.where(responds, design_used.responder.learning, design_used.other.learning)
    focus_s = np.full(shape, design_used.dwell.focus_s)
    separation = _separations(tone_source, (n_trials, design_used.n_people), rng)
    wandering, correlation = np.empty((design_used.n_sessions, *shape)), np.empty((design_used.n_sessions, *shape))
    for session in range(design_used.n_sessions):
        states = _StateProcess(focus_s, eta, design_used.dwell, rng)
        tone = _Tone(tone_source, separation, rng)
        wandering[session], correlation[session] = _simulate_session(states, tone, design_used)
        growth = learning_growth(learning, correlation[session])
        focus_s, eta = focus_s * growth, eta * growth
    return TrialResults(design_used, np.moveaxis(wandering, 0, -1), np.moveaxis(correlation, 0, -1))


def _separations(tone_source: ToneSource, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    if tone_source.separation is None:
        return np.zeros(shape)
    return tone_source.separation.mean + tone_source.separation.sd * rng.standard_normal(shape)


def _simulate_session(states: _StateProcess, tone: _Tone, design: TrialDesign) -> tuple[Floats, Floats]:
    """Simulate one session; return the share of wandering, and its correlation with the tone level."""
    delay = round(design.responder.delay_s / HOP_S)
    n = round(design.seconds / HOP_S)
    shape = states.wandering.shape
    levels = np.zeros((n + delay, *shape), np.float32)
    wandering = np.empty((n, *shape), np.bool_)
    for step in range(n):
        states.advance(levels[step])
        wandering[step] = states.wandering
        levels[step + delay] = tone.level(states.wandering[:, 0])[:, None]
    levels = levels[delay:]
    mean, share = levels.mean(axis=0, dtype=np.float64), wandering.mean(axis=0)
    together = np.einsum("s...,s...->...", levels, wandering, dtype=np.float64) / n - mean * share
    spread = levels.std(axis=0, dtype=np.float64) * np.sqrt(share * (1.0 - share))
    return share, np.divide(together, spread, out=np.zeros(shape), where=spread > 0)


class _StateProcess:
    """States of all people; the tone level multiplies the hazard of the end of wandering."""

    def __init__(self, focus_s: Floats, eta: Floats, dwell: DwellTimes, rng: np.random.Generator) -> None:
        self._focus_s, self._eta, self._dwell, self._rng = focus_s, eta, dwell, rng
        ages = np.arange(0.0, _LONGEST_S, HOP_S) * dwell.wander_shape / dwell.wander_s
        survival = np.maximum(gammaincc(dwell.wander_shape, ages), np.finfo(float).tiny)
        self._hazard = np.diff(-np.log(survival))
        self._shortest = round(dwell.shortest_s / HOP_S)
        self._age = np.zeros(focus_s.shape, np.int64)
        self._remaining = np.zeros(focus_s.shape)
        self.wandering = np.zeros(focus_s.shape, np.bool_)
        self._begin(np.ones(focus_s.shape, np.bool_))

    def advance(self, level: NDArray[np.float32]) -> None:
        hazard = self._hazard[np.minimum(self._age, self._hazard.size - 1)] * (1.0 + self._eta * level)
        self._remaining -= np.where(self.wandering, hazard, HOP_S)
        self._age += 1
        ended = (self._remaining <= 0.0) & (self._age >= self._shortest)
        if ended.any():
            self.wandering ^= ended
            self._begin(ended)

    def _begin(self, who: NDArray[np.bool_]) -> None:
        """Draw the remaining time of a new state: seconds of focus, or hazard of wandering."""
        n = int(who.sum())
        shape = self._dwell.focus_shape
        focus_s = self._rng.gamma(shape, 1.0 / shape, n) * self._focus_s[who]
        self._remaining[who] = np.where(self.wandering[who], self._rng.exponential(size=n), focus_s)
        self._age[who] = 0


class _Tone:
    """The tone levels of all people with their own feedback."""

    def __init__(self, tone_source: ToneSource, separation: Floats, rng: np.random.Generator) -> None:
        self._tone_source, self._separation, self._rng = tone_source, separation, rng
        tau_s = _LEVEL_TAU_S if tone_source.separation is None else _INDEX_TAU_S
        self._decay = math.exp(-HOP_S / tau_s)
        self._state = np.zeros(separation.shape)
        self._noise = (
            np.zeros(separation.shape) if tone_source.separation is None else rng.standard_normal(separation.shape)
        )

    def level(self, wandering: NDArray[np.bool_]) -> Floats:
        decay = self._decay
        self._state = decay * self._state + (1.0 - decay) * wandering
        if self._tone_source.separation is None:
            return self._state
        self._noise = decay * self._noise + math.sqrt(1.0 - decay**2) * self._rng.standard_normal(self._noise.shape)
        u = self._separation * self._state + self._noise
        target = np.interp((u - _TONE.ramp_low_u) / _TONE.ramp_width_u, _GRID, _SMOOTHSTEP)
        return _NEUTRAL + self._tone_source.confidence * (target - _NEUTRAL)
