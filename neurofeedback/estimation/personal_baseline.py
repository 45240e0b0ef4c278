"""A person's own baseline across sessions: the median of their good session baselines.

It is used beside the session's own baseline. Bands, gate limits and muscle level stay those of the session; only the
middle and the spread of each feature come from earlier sessions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline
from neurofeedback.processing.features import FEATURES
from neurofeedback.processing.regions import RegionAverager
from neurofeedback.settings.montages import Montage

MIN_SESSIONS = 3
MAX_SESSIONS = 20
MIN_CLEAN_S = 60.0
_MIN_BETWEEN_SD_SHARE = 0.25

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SessionBaseline:
    """The part of one session's baseline that another session can be compared with.

    Parameters
    ----------
    ch_names : tuple of str
        Channels, in row order.
    reference, eyes : str
        Reference electrode; eyes ``closed`` or ``open``.
    clean_s : float
        Clean signal it is computed from, s.
    iaf_hz : float
        Individual alpha frequency; NaN where none was found.
    channel_median : ndarray, shape (n_channels, len(KINDS))
    mu, spread : ndarray, shape (len(FEATURES),)
        As in ``Baseline``.
    level : ndarray, shape (len(FEATURES),)
        Median of each regional feature, in its own unit; NaN for a region without channels.
    """

    ch_names: tuple[str, ...]
    reference: str
    eyes: str
    clean_s: float
    iaf_hz: float
    channel_median: Floats
    mu: Floats
    spread: Floats
    level: Floats

    @property
    def enough_signal(self) -> bool:
        """Whether it has a minute of clean signal and a median for every channel."""
        return self.clean_s >= MIN_CLEAN_S and bool(np.isfinite(self.channel_median).all())


@dataclass(frozen=True, slots=True, eq=False)
class PersonalBaseline:
    """Medians over ``n_sessions`` sessions, and the standard deviation of ``level`` between them."""

    n_sessions: int
    median: SessionBaseline
    between_session_sd: Floats


def summarize_baseline(baseline: Baseline, montage: Montage, eyes: str) -> SessionBaseline:
    """Return the part of a baseline that other sessions are compared with."""
    measured = np.broadcast_to(baseline.measured_channels[:, None], baseline.channel_median.shape)[None]
    level = RegionAverager(montage).means(baseline.channel_median[None], measured)[0] + baseline.mu
    return SessionBaseline(
        ch_names=montage.ch_names,
        reference=montage.reference,
        eyes=eyes,
        clean_s=baseline.clean_s,
        iaf_hz=math.nan if baseline.iaf_hz is None else baseline.iaf_hz,
        channel_median=baseline.channel_median,
        mu=baseline.mu,
        spread=baseline.spread,
        level=level,
    )


def aggregate_baselines(baselines: Sequence[SessionBaseline], montage: Montage, eyes: str) -> PersonalBaseline | None:
    """Return the personal baseline of earlier sessions, oldest first; None with fewer than three eligible ones.

    The spread between sessions is their standard deviation, at least a quarter of the spread between windows.
    """
    chosen = [baseline for baseline in baselines if is_eligible(baseline, montage, eyes)][-MAX_SESSIONS:]
    if len(chosen) < MIN_SESSIONS:
        return None
    spread = _median([baseline.spread for baseline in chosen])
    levels = np.stack([baseline.level for baseline in chosen])
    iaf = [baseline.iaf_hz for baseline in chosen if math.isfinite(baseline.iaf_hz)]
    median = SessionBaseline(
        ch_names=montage.ch_names,
        reference=montage.reference,
        eyes=eyes,
        clean_s=float(sum(baseline.clean_s for baseline in chosen)),
        iaf_hz=float(np.median(iaf)) if iaf else math.nan,
        channel_median=_median([baseline.channel_median for baseline in chosen]),
        mu=_median([baseline.mu for baseline in chosen]),
        spread=spread,
        level=_median([baseline.level for baseline in chosen]),
    )
    between_sd = np.maximum(levels.std(axis=0, ddof=1), _MIN_BETWEEN_SD_SHARE * spread)
    return PersonalBaseline(len(chosen), median, between_sd)


def compare_baselines(session: SessionBaseline, personal: PersonalBaseline) -> dict[str, float]:
    """Return the distance of a session's baseline from the personal one, by feature, in spreads between sessions."""
    distance = (session.level - personal.median.level) / personal.between_session_sd
    return {name: float(value) for name, value in zip(FEATURES, distance, strict=True) if math.isfinite(value)}


def is_eligible(baseline: SessionBaseline, montage: Montage, eyes: str) -> bool:
    """Whether a baseline may enter the personal baseline for these channels and eyes."""
    return baseline.enough_signal and matches_montage(baseline, montage) and baseline.eyes == eyes


def matches_montage(baseline: SessionBaseline, montage: Montage) -> bool:
    """Whether a baseline has these channels in this order, and this reference."""
    return baseline.ch_names == montage.ch_names and baseline.reference == montage.reference


def _median(values: Sequence[Floats]) -> Floats:
    return np.asarray(np.median(np.stack(values), axis=0), dtype=np.float64)
