"""Evaluation of a linear classifier without leaks, and with leaking shuffled folds for comparison."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.statistics import auc

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Fit = Callable[[Floats, Flags], Floats]


def discriminant(x: Floats, y: Flags, ridge: float = 0.1) -> Floats:
    """Return the weights of a linear discriminant, its covariance shrunk to the diagonal."""
    difference = x[y].mean(axis=0) - x[~y].mean(axis=0)
    residual = np.where(y[:, None], x - x[y].mean(axis=0), x - x[~y].mean(axis=0))
    covariance = residual.T @ residual / len(x)
    shrunk = (1 - ridge) * covariance + ridge * np.diag(np.diag(covariance))
    return np.linalg.solve(shrunk + 1e-9 * np.eye(len(shrunk)), difference)


def within(scores: Floats, y: Flags, groups: NDArray[np.int_]) -> float:
    """AUC that counts only pairs of the same group."""
    pairs = [(auc(scores[groups == g], y[groups == g]), y[groups == g]) for g in np.unique(groups)]
    known = [(value, int(labels.sum()) * int((~labels).sum())) for value, labels in pairs if np.isfinite(value)]
    weight = np.array([n for _, n in known], dtype=np.float64)
    return float(np.sum(np.array([value for value, _ in known]) * weight) / weight.sum())


def leave_one_out(x: Floats, y: Flags, groups: NDArray[np.int_], fit: Fit = discriminant) -> Floats:
    """Return scores of every group by weights fitted without it."""
    scores = np.full(len(y), np.nan)
    for g in np.unique(groups):
        rest = groups != g
        scores[~rest] = x[~rest] @ fit(x[rest], y[rest])
    return scores


def prequential(x: Floats, y: Flags, sessions: NDArray[np.int_], fit: Fit = discriminant) -> Floats:
    """Return scores of every session by weights of the sessions before it; NaN in the first."""
    scores = np.full(len(y), np.nan)
    for session in np.unique(sessions)[1:]:
        before, now = sessions < session, sessions == session
        scores[now] = x[now] @ fit(x[before], y[before])
    return scores


def shuffled(x: Floats, y: Flags, rng: np.random.Generator, folds: int = 5) -> Floats:
    """Return scores of shuffled folds, which leak what neighbours share; only for the leak test."""
    scores = np.full(len(y), np.nan)
    for fold in np.array_split(rng.permutation(len(y)), folds):
        rest = np.ones(len(y), dtype=np.bool_)
        rest[fold] = False
        scores[fold] = x[fold] @ discriminant(x[rest], y[rest])
    return scores
