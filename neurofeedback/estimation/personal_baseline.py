"""The baseline a person keeps across sessions: the median of their good baselines, with its spread.

It stands beside the session's own baseline. Today's bands, limits and muscle stay today's; only where the middle
lies, and how wide a step is, come from before.
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
    """What one session's baseline was: enough to judge another session by it.

    Parameters
    ----------
    ch_names : tuple of str
        Channels, in row order.
    reference, eyes : str
        Reference electrode; eyes ``closed`` or ``open``.
    clean_s : float
        Clean signal it rests on, s.
    iaf_hz : float
        Individual alpha frequency; NaN where none was found.
    channel_median : ndarray, shape (n_channels, len(KINDS))
    mu, spread : ndarray, shape (len(FEATURES),)
        As in ``Baseline``.
    level : ndarray, shape (len(FEATURES),)
        Where each regional feature lay, in its own unit; NaN for a region that has no channels.
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
        """Whether it may count: a minute of clean signal, and every channel known."""
        return self.clean_s >= MIN_CLEAN_S and bool(np.isfinite(self.channel_median).all())


@dataclass(frozen=True, slots=True, eq=False)
class PersonalBaseline:
    """The person's own baseline: medians over ``n`` sessions, and the spread of ``level`` between them."""

    n_sessions: int
    median: SessionBaseline
    between_session_sd: Floats


def summarize_baseline(baseline: Baseline, montage: Montage, eyes: str) -> SessionBaseline:
    """Return what is worth keeping of a session's baseline."""
    counting = np.broadcast_to(baseline.measured_channels[:, None], baseline.channel_median.shape)[None]
    level = RegionAverager(montage).means(baseline.channel_median[None], counting)[0] + baseline.mu
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
    """Return the baseline kept of earlier sessions, oldest first; None with fewer than three good ones like today's.

    The spread between sessions is their standard deviation, at least a quarter of that between windows.
    """
    chosen = [one for one in baselines if is_eligible(one, montage, eyes)][-MAX_SESSIONS:]
    if len(chosen) < MIN_SESSIONS:
        return None
    spread = _median([one.spread for one in chosen])
    levels = np.stack([one.level for one in chosen])
    iaf = [one.iaf_hz for one in chosen if math.isfinite(one.iaf_hz)]
    usual = SessionBaseline(
        ch_names=montage.ch_names,
        reference=montage.reference,
        eyes=eyes,
        clean_s=float(sum(one.clean_s for one in chosen)),
        iaf_hz=float(np.median(iaf)) if iaf else math.nan,
        channel_median=_median([one.channel_median for one in chosen]),
        mu=_median([one.mu for one in chosen]),
        spread=spread,
        level=_median([one.level for one in chosen]),
    )
    return PersonalBaseline(len(chosen), usual, np.maximum(levels.std(axis=0, ddof=1), _MIN_BETWEEN_SD_SHARE * spread))


def compare_baselines(today: SessionBaseline, personal: PersonalBaseline) -> dict[str, float]:
    """Say how far today's baseline lies from the usual one, by feature, in spreads between sessions."""
    distance = (today.level - personal.median.level) / personal.between_session_sd
    return {name: float(value) for name, value in zip(FEATURES, distance, strict=True) if math.isfinite(value)}


def is_eligible(baseline: SessionBaseline, montage: Montage, eyes: str) -> bool:
    """Whether a baseline may count towards the one kept for these channels and eyes."""
    return baseline.enough_signal and matches_montage(baseline, montage) and baseline.eyes == eyes


def matches_montage(baseline: SessionBaseline, montage: Montage) -> bool:
    """Whether a baseline is of these channels in this order, against this reference."""
    return baseline.ch_names == montage.ch_names and baseline.reference == montage.reference


def _median(values: Sequence[Floats]) -> Floats:
    return np.asarray(np.median(np.stack(values), axis=0), dtype=np.float64)
