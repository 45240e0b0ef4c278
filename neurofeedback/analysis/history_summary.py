"""Summary of the sessions of one person: total time, wandering by the person's own answers, and signal measures.

It holds neither the index nor the reward rate: both are relative to each session's own baseline, so they cannot be
compared over months.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from neurofeedback.analysis.history import PastSession
from neurofeedback.analysis.probe_statistics import (
    AnswerCounts,
    WanderingShare,
    WanderingTrend,
    estimate_wandering_share,
    fit_wandering_trend,
    sessions_needed,
)

REDUCTIONS = (0.05, 0.10, 0.20)
DEFAULT_ANSWERS_PER_SESSION = 15.0
DEFAULT_WANDERING_SHARE = 0.33
_SIGNAL_MEASURES = {
    "valid_fraction": ("usable signal", ""),
    "iaf_hz": ("individual alpha frequency", "Hz"),
    "exponent": ("aperiodic exponent", ""),
}


@dataclass(frozen=True, slots=True)
class SignalTrend:
    """First and last values of one signal measure over the sessions; descriptive, without a test.

    Parameters
    ----------
    first, last : float
        Medians of the first and the last third of the sessions that have the measure.
    half_iqr : float
        Half the interquartile range over all of them.
    """

    name: str
    unit: str
    first: float
    last: float
    half_iqr: float
    n_sessions: int


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """Totals, wandering and signal measures over the sessions of one person.

    Parameters
    ----------
    total_s, practice_s : float
        Length of all sessions, and of their practice phases, s.
    n_days : int
        Days with at least one session.
    wandering : WanderingShare, optional
        Share of wandering over all answers; None without answers.
    session_shares : tuple of (PastSession, WanderingShare)
        Share of wandering of each session with answers.
    conditions : mapping
        Share of wandering of all answers under each condition; empty if no condition was ever entered.
    sessions_needed : tuple of (float, int or None)
        For reductions of the share, 0 to 1: the number of sessions that detect it; None for more than 400.
    left_out : mapping
        Sessions whose files cannot be read, with the reason as a sentence.
    """

    sessions: tuple[PastSession, ...]
    total_s: float
    practice_s: float
    n_days: int
    wandering: WanderingShare | None
    session_shares: tuple[tuple[PastSession, WanderingShare], ...]
    conditions: dict[str, WanderingShare]
    trend: WanderingTrend | None
    sessions_needed: tuple[tuple[float, int | None], ...]
    signal_trends: tuple[SignalTrend, ...]
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])


def summarize_history(sessions: Sequence[PastSession], left_out: Mapping[str, str] | None = None) -> HistorySummary:
    """Summarize the sessions of one person.

    Parameters
    ----------
    sessions : sequence of PastSession
        In order of time.
    left_out : mapping, optional
        Sessions that could not be read, with the reason.
    """
    answers = [AnswerCounts(session.n_wander, session.n_focus) for session in sessions]
    shares = [(session, estimate_wandering_share(counts)) for session, counts in zip(sessions, answers, strict=True)]
    wandering = estimate_wandering_share(_sum_counts(answers))
    return HistorySummary(
        sessions=tuple(sessions),
        total_s=sum(session.duration_s or 0.0 for session in sessions),
        practice_s=sum(session.practice_s or 0.0 for session in sessions),
        n_days=len({session.started_at.date() for session in sessions}),
        wandering=wandering,
        session_shares=tuple((session, share) for session, share in shares if share),
        conditions=_shares_by_condition(sessions),
        trend=fit_wandering_trend(answers),
        sessions_needed=_sessions_needed_by_reduction(wandering, [counts for counts in answers if counts.n]),
        signal_trends=tuple(filter(None, (_signal_trend(sessions, name) for name in _SIGNAL_MEASURES))),
        left_out=dict(left_out or {}),
    )


def _sum_counts(answers: Iterable[AnswerCounts]) -> AnswerCounts:
    counts = list(answers)
    return AnswerCounts(sum(one.n_wander for one in counts), sum(one.n_focus for one in counts))


def _shares_by_condition(sessions: Sequence[PastSession]) -> dict[str, WanderingShare]:
    names = dict.fromkeys(session.condition for session in sessions)
    if not any(names):
        return {}
    under = {name: [session for session in sessions if session.condition == name] for name in names}
    shares = {
        name or "none": estimate_wandering_share(_sum_counts(AnswerCounts(one.n_wander, one.n_focus) for one in chosen))
        for name, chosen in under.items()
    }
    return {name: share for name, share in shares.items() if share}


def _sessions_needed_by_reduction(
    wandering: WanderingShare | None, answers: Sequence[AnswerCounts]
) -> tuple[tuple[float, int | None], ...]:
    """Compute it from this person's share and answers per session; from default values before there are any."""
    share = wandering.value if wandering and 0 < wandering.value < 1 else DEFAULT_WANDERING_SHARE
    per_session = sum(counts.n for counts in answers) / len(answers) if answers else DEFAULT_ANSWERS_PER_SESSION
    return tuple(
        (reduction, sessions_needed(reduction, share, per_session)) for reduction in REDUCTIONS if reduction <= share
    )


def _signal_trend(sessions: Sequence[PastSession], name: str) -> SignalTrend | None:
    values = [value for session in sessions if (value := getattr(session, name)) is not None]
    if len(values) < 3:
        return None
    third = max(1, len(values) // 3)
    low, high = np.quantile(values, [0.25, 0.75])
    label, unit = _SIGNAL_MEASURES[name]
    return SignalTrend(label, unit, median(values[:third]), median(values[-third:]), float(high - low) / 2, len(values))
