"""Simulated people at feature level: windows of three features, states, and answers, some of them wrong.

Signal, artifacts and gate are left out; other targets measure them. Centring and scaling are the product's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.statistics import auc
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.feature_covariance import (
    WindowCovariance,
    column_medians,
    estimate_window_covariance,
    pool_covariances,
)
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.evidence import Evidence
from neurofeedback.simulation.population import POPULATIONS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NAMES = ("theta_frontal", "alpha_posterior", "beta_all")
SETTINGS = DecoderSettings()
CORRECT = 0.88
_WINDOW_S, _WINDOWS = 9.0, 130
_FOCUS_S, _WANDER_S = 40.0, 20.0
_CORRELATION = np.full((3, 3), 0.4) + 0.6 * np.eye(3)  # gives the oracle of the targets: .724, .668
_DRIFT, _DRIFT_S = 0.5, 120.0
_NOISE = _CORRELATION - _DRIFT**2 * np.eye(3)  # effects are in SDs within a session, slow drift included
_JUDGED = np.arange(5, _WINDOWS, 2)
_NOVICE = "breath-novice"


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """One person: effects of wandering on each feature, in SDs of a window."""

    seed: int
    population: str
    effects: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """One session: windows ``(n, 3)`` in order, and whether each was wandering."""

    values: Floats
    wander: Flags


def person(seed: int, population: str) -> Simulated:
    """Draw a person."""
    drawn = POPULATIONS[population].draw(np.random.default_rng((seed, 1)))
    return Simulated(seed, population, np.array([drawn.theta, drawn.alpha, drawn.beta]))


def half_and_half(seed: int) -> Simulated:
    """Draw a person from the two populations in turn."""
    return person(seed, _NOVICE if seed % 2 else "probe-pooled")


def simulate_windows(who: Simulated, session: int) -> Windows:
    """Simulate the windows of about twenty minutes: states, noise, drift, and an offset of the session."""
    rng = np.random.default_rng((who.seed, 2, session))
    wander = _states(rng)
    noise = rng.multivariate_normal(np.zeros(3), _NOISE, size=_WINDOWS)
    drift = np.outer(np.linspace(-0.5, 0.5, _WINDOWS), rng.uniform(-1, 1, 3)) + _slow(rng)
    x = wander[:, None] * who.effects + noise + drift + rng.standard_normal(3)
    return Windows(x * estimate_window_covariance(NAMES).sd, wander)


def _states(rng: np.random.Generator) -> Flags:
    """Draw states in windows: episodes of focus and wandering, Gamma-distributed."""
    out: list[bool] = []
    wander = bool(rng.random() < _WANDER_S / (_FOCUS_S + _WANDER_S))
    while len(out) < _WINDOWS:
        length_s = rng.gamma(1.5, _WANDER_S / 1.5) if wander else rng.gamma(2.0, _FOCUS_S / 2.0)
        out += [wander] * round(max(length_s, 2.0) / _WINDOW_S + rng.uniform(-0.5, 0.5))
        wander = not wander
    return np.array(out[:_WINDOWS])


def _slow(rng: np.random.Generator) -> Floats:
    keep = math.exp(-_WINDOW_S / _DRIFT_S)
    steps = rng.standard_normal((_WINDOWS, 3)) * math.sqrt(1 - keep**2)
    out = np.empty_like(steps)
    level = rng.standard_normal(3)
    for k, step in enumerate(steps):
        level = keep * level + step
        out[k] = level
    return _DRIFT * out


def answered(wander: Flags, rng: np.random.Generator) -> Flags:
    """Answer truly in 88 of 100 cases."""
    return wander ^ (rng.random(len(wander)) >= CORRECT)


def scaled(windows: Windows, past: WindowCovariance, at: NDArray[np.int64]) -> Floats:
    """Return windows in the decoder's unit, as for a probe right after each, from the windows until then."""
    out = np.empty((len(at), len(NAMES)))
    for row, k in enumerate(at.tolist()):
        until = windows.values[: k + 1]
        sd = past.combine(estimate_window_covariance(NAMES, until, 1.0), SETTINGS.prior_windows).sd
        out[row] = (windows.values[k] - column_medians(until)) / sd
    return out


def history(who: Simulated, sessions: int, probes: int) -> tuple[TrainingSet, WindowCovariance]:
    """Simulate sessions with answers; return the training set and the covariance of the windows."""
    sessions_so_far: list[SessionTrainingData] = []
    for session in range(sessions):
        windows = simulate_windows(who, session)
        past = pooled_covariance([one.window_covariance for one in sessions_so_far])
        rng = np.random.default_rng((who.seed, 3, session))
        at = np.sort(rng.choice(np.arange(5, _WINDOWS), probes, replace=False))
        x, answers = scaled(windows, past, at), answered(windows.wander[at], rng)
        labelled = tuple(
            LabelledWindow(int(k), x[j], bool(answers[j]), 1.0, k * _WINDOW_S / 60.0) for j, k in enumerate(at.tolist())
        )
        sessions_so_far.append(
            SessionTrainingData(
                f"{session}", float(session), "", labelled, estimate_window_covariance(NAMES, windows.values, 1.0)
            )
        )
    return build_training_set(NAMES, sessions_so_far), pooled_covariance(
        [one.window_covariance for one in sessions_so_far]
    )


def pooled_covariance(varied: Sequence[WindowCovariance]) -> WindowCovariance:
    """Return the pooled covariance of windows."""
    return pool_covariances(list(varied), NAMES, SETTINGS.prior_windows)


def learn(training: TrainingSet, evidence: Evidence, day: float = 0.0) -> Decoder:
    """Fit a decoder as the product does."""
    return fit_decoder(training, evidence, SETTINGS, day=day, device="")


@dataclass(frozen=True, slots=True, eq=False)
class TestSessions:
    """New sessions of a person: windows in the decoder's unit, true states, and the session of each."""

    x: Floats
    wander: Flags
    session: NDArray[np.int64]

    def auc(self, weights: Floats, truth: Flags | None = None) -> float:
        """Return the mean AUC within sessions of a weighted sum."""
        wander = self.wander if truth is None else truth
        here = [self.session == k for k in range(int(self.session.max()) + 1)]
        return float(np.nanmean([auc(self.x[rows] @ weights, wander[rows]) for rows in here]))


def make_test_sessions(who: Simulated, past: WindowCovariance, sessions: int = 6) -> TestSessions:
    """Simulate more sessions and return every other window."""
    new_sessions = [simulate_windows(who, 1000 + k) for k in range(sessions)]
    return TestSessions(
        np.concatenate([scaled(windows, past, _JUDGED) for windows in new_sessions]),
        np.concatenate([windows.wander[_JUDGED] for windows in new_sessions]),
        np.repeat(np.arange(sessions), len(_JUDGED)),
    )


def oracle(who: Simulated) -> Floats:
    """Return the ideal weights, from the true effects of wandering on this person."""
    return np.linalg.solve(_CORRELATION, who.effects)
