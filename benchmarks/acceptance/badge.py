"""T9, badge: how often "Personal model active" is ever shown, on answers without any effect and on people with one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.answers import CORRECT, NAMES, SETTINGS
from benchmarks.acceptance.figures import Figure, Run, Target, at_most, figure
from benchmarks.acceptance.statistics import share_of
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.evaluation import activation, score_prequentially
from neurofeedback.learning.feature_covariance import estimate_window_covariance
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.load import load_evidence
from neurofeedback.simulation.population import POPULATIONS

_ANSWERS, _RATE = 15, 0.35
_MEMORY, _PERSISTENCE = 0.6, 0.3
_NULL_SESSIONS, _POWER_SESSIONS = 8, 16
_STRONG = 0.80  # d' at which the best index has an AUC of .66 against answers of which 12 % are wrong
_EVIDENCE = load_evidence("default")


@dataclass(frozen=True, slots=True)
class Kind:
    """Answers and features of one session: with or without memory from one answer to the next."""

    memory: float = 0.0
    persistence: float = 0.0


INDEPENDENT, PERSISTENT = Kind(), Kind(_MEMORY, _PERSISTENCE)


def person_history(seed: int, effects: NDArray[np.float64], kind: Kind, sessions: int) -> TrainingSet:
    """Draw sessions of 15 answers, 12 % of them wrong; ``effects`` ``(3,)`` are in SDs of a window."""
    rng = np.random.default_rng((seed, 21))
    data: list[SessionTrainingData] = []
    for session in range(sessions):
        noise = np.empty((_ANSWERS, 3))
        wander = np.empty(_ANSWERS, dtype=np.bool_)
        for k in range(_ANSWERS):
            fresh = rng.standard_normal(3)
            noise[k] = kind.memory * noise[k - 1] + math.sqrt(1 - kind.memory**2) * fresh if k else fresh
            again = bool(k and rng.random() < kind.persistence)
            wander[k] = wander[k - 1] if again else rng.random() < _RATE
        answers = wander ^ (rng.random(_ANSWERS) >= CORRECT)
        x = noise + wander[:, None] * effects
        windows = tuple(LabelledWindow(k, x[k], bool(answers[k]), 1.0, 1.3 * k) for k in range(_ANSWERS))
        data.append(SessionTrainingData(str(session), float(session), "", windows, estimate_window_covariance(NAMES)))
    return build_training_set(NAMES, data)


def shown_after(seed: int, *, kind: Kind, sessions: int, people: str) -> tuple[bool, ...]:
    """Return at the end of each session whether the badge shows; ``people`` is null, probe-pooled or strong."""
    history = person_history(seed, _effects(seed, people), kind, sessions)
    shown = activation(history, score_prequentially(history, _train, SETTINGS), SETTINGS)
    return (False,) * (sessions - len(shown)) + shown  # nothing is scored in the first session


def _train(training_set: TrainingSet, day: float, device: str) -> Decoder:
    return fit_decoder(training_set, _EVIDENCE, SETTINGS, day=day, device=device)


def _effects(seed: int, people: str) -> NDArray[np.float64]:
    rng = np.random.default_rng((seed, 22))
    if people == "null":
        return np.zeros(3)
    if people == "strong":
        direction = rng.standard_normal(3)
        return _STRONG * direction / float(np.linalg.norm(direction))
    drawn = POPULATIONS[people].draw(rng)
    return np.array([drawn.theta, drawn.alpha, drawn.beta])


def badge(run: Run) -> list[Figure]:
    """Measure nulls over eight sessions, and people with an effect over sixteen."""
    out: list[Figure] = []
    seeds = list(run.people(1000, 100))
    for name, kind in (("independent", INDEPENDENT), ("persistent", PERSISTENT)):
        null = partial(shown_after, kind=kind, sessions=_NULL_SESSIONS, people="null")
        shown: list[tuple[bool, ...]] = run.map(null, seeds)
        ever = share_of([any(one) for one in shown])
        goal = None if run.fast else at_most(0.02)
        out.append(figure(f"null, {name}: ever shown within 8 sessions", ever, goal, known=".003 to .009"))
    for people, known in (("probe-pooled", (".09", ".26")), ("strong", (".38", ".88"))):
        seeds = list(run.people(300, 20))
        power = partial(shown_after, kind=PERSISTENT, sessions=_POWER_SESSIONS, people=people)
        shown: list[tuple[bool, ...]] = run.map(power, seeds)
        name = people if people != "strong" else "AUC .66"
        for sessions, expected in zip((_NULL_SESSIONS, _POWER_SESSIONS), known, strict=True):
            now = share_of([one[sessions - 1] for one in shown])
            out.append(figure(f"{name}: shown after {sessions} sessions", now, known=expected))
    return out


TARGETS = (
    Target(
        "T9b",
        "badge: personal model active",
        badge,
        population="feature level, three features, sessions of 15 answers, 12 % wrong; persistent: features AR(.6) and "
        "answers persisting .3 within a session, also for the people with an effect",
    ),
)
