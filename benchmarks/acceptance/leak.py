"""T10: differences between sessions without an effect of state must not look like decoding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.evaluation import shuffled
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, between, figure
from benchmarks.acceptance.statistics import auc, mean_of
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.evaluation import score_leaving_sessions_out, score_prequentially
from neurofeedback.learning.feature_covariance import estimate_window_covariance
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.metrics import within_session_auc
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.load import load_evidence

_SESSIONS, _ANSWERS = 6, 40
_NAMES = DecoderSettings().features
_FEATURES = len(_NAMES)


def leaked(seed: int) -> tuple[float, float, float]:
    """Return AUC (prequential, leave-one-session-out, shuffled) of labels that follow the session, not the state.

    Sessions differ in mean and slow drift; most answers of a session are alike, so session and label go together.
    """
    rng = np.random.default_rng((seed, 10))
    sessions = np.repeat(np.arange(_SESSIONS), _ANSWERS)
    level = rng.standard_normal((_SESSIONS, _FEATURES)) * 2
    x = level[sessions] + rng.standard_normal((len(sessions), _FEATURES))
    often = np.where(np.arange(_SESSIONS) % 2 == 0, 0.05, 0.95)
    y = rng.random(len(sessions)) < often[sessions]
    y[::_ANSWERS], y[1::_ANSWERS] = True, False
    training = _training_set(x, y, sessions)
    ahead, aside = (
        score_prequentially(training, _learn, DecoderSettings()),
        score_leaving_sessions_out(training, _learn),
    )
    found = [within_session_auc(scored.score, scored.wander, scored.session_index, 1.0) for scored in (ahead, aside)]
    aucs = [np.nan if interval is None else interval.value for interval in found]
    return aucs[0], aucs[1], auc(shuffled(x, y, rng), y)


def _training_set(x: NDArray[np.float64], y: NDArray[np.bool_], sessions: NDArray[np.int64]) -> TrainingSet:
    """Return a training set of uncentred windows, so that only the evaluation can prevent the leak."""
    return build_training_set(_NAMES, [_session(k, x[sessions == k], y[sessions == k]) for k in range(_SESSIONS)])


def _session(session: int, x: NDArray[np.float64], y: NDArray[np.bool_]) -> SessionTrainingData:
    windows = tuple(
        LabelledWindow(j, row, bool(label), 1.0, float(j)) for j, (row, label) in enumerate(zip(x, y, strict=True))
    )
    return SessionTrainingData(str(session), float(session), "", windows, estimate_window_covariance(_NAMES))


def _learn(training: TrainingSet, day: float, device: str) -> Decoder:
    return fit_decoder(training, load_evidence("default"), DecoderSettings(), day=day, device=device)


def leak(run: Run) -> list[Figure]:
    """Average over many draws."""
    got = np.array(run.map(leaked, list(range(1, 81 if run.fast else 401))))
    return [
        figure("prequential, pairs of one session", mean_of(got[:, 0]), between(0.48, 0.52), of="runs"),
        figure("leave-one-session-out, pairs of one session", mean_of(got[:, 1]), between(0.48, 0.52), of="runs"),
        figure("shuffled folds (never in the product)", mean_of(got[:, 2]), at_least(0.8), of="runs"),
    ]


TARGETS = (
    Target(
        "T10",
        "leak test: session differences without any effect of state",
        leak,
        population=f"feature level, {_SESSIONS} sessions of {_ANSWERS} answers",
    ),
)
