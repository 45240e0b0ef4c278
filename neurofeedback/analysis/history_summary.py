"""Summary of the sessions of one person: total time, wandering by the person's own answers, and signal measures.

It holds neither the index nor the reward rate: both are relative to each session's own baseline, so they cannot be
compared over months.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean, median

import numpy as np

from neurofeedback.analysis.history import PastSession
from neurofeedback.analysis.probe_statistics import (
    MAX_RELATIVE_WEIGHT,
    MIN_SESSIONS,
    AnswerCounts,
    LongRunShare,
    WanderingShare,
    WanderingTrend,
    estimate_long_run_share,
    estimate_session_sd,
    estimate_wandering_share,
    fit_wandering_trend,
    sessions_needed,
)

REDUCTIONS = (0.05, 0.10, 0.20)
LARGE_SESSION_SD = 0.8
_MIN_SHARE_LEFT = 0.05
_UNEVEN_FACTOR = 2 * MAX_RELATIVE_WEIGHT
_MAX_OVERLAP_S = 60.0
_ONE_DAY_S = 86_400.0
_FIRST_YEAR = 2000
_SIGNAL_MEASURES = {
    "valid_fraction": ("usable signal", ""),
    "iaf_hz": ("individual alpha frequency", "Hz"),
    "exponent": ("aperiodic exponent", ""),
    "heart_rate": ("heart rate", "a minute"),
    "breath_rate": ("breath rate", "a minute"),
    "still_share": ("share of time with a still head", ""),
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
class SessionsNeeded:
    """Range of the number of sessions after which a reduction of the share of wandering is seen, with a power of 80 %.

    Parameters
    ----------
    reduction : float
        0 to 1.
    low, high : int or None
        For both ends of the 80 % interval of the SD between sessions; None for more than 400.
    """

    reduction: float
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class HistoryDoubts:
    """What makes a history unfit for a trend, or the numbers of it misleading.

    Parameters
    ----------
    overlapping : tuple of str
        Stems of sessions that overlap in time: two people, a clock that was changed, or a recording stored twice.
        There is no trend then.
    impossible_dates : tuple of PastSession
        In the future, or before 2000 while others are not. They do not take part in the trend.
    uneven : PastSession, optional
        A session with more than four times the median number of answers.
    large_scatter : bool
        The SD between sessions is above .8 in log odds (90 % confidence), as with two people under one name.
    """

    overlapping: tuple[str, ...] = ()
    impossible_dates: tuple[PastSession, ...] = ()
    uneven: PastSession | None = None
    large_scatter: bool = False


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
    long_run : LongRunShare, optional
        Share of wandering over many sessions like these; None for fewer than 5 sessions with answers.
    session_shares : tuple of (PastSession, WanderingShare)
        Share of wandering of each session with answers.
    conditions : mapping
        Share of wandering of all answers under each condition; empty if no condition was ever entered.
    sessions_needed : tuple of SessionsNeeded
        For each reduction that the share allows; empty for fewer than 5 sessions with answers.
    left_out : mapping
        Sessions whose files cannot be read, with the reason as a sentence.
    """

    sessions: tuple[PastSession, ...]
    total_s: float
    practice_s: float
    n_days: int
    wandering: WanderingShare | None
    long_run: LongRunShare | None
    session_shares: tuple[tuple[PastSession, WanderingShare], ...]
    conditions: dict[str, WanderingShare]
    trend: WanderingTrend | None
    sessions_needed: tuple[SessionsNeeded, ...]
    signal_trends: tuple[SignalTrend, ...]
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    doubts: HistoryDoubts = field(default_factory=HistoryDoubts)

    @property
    def n_answered(self) -> int:
        """Number of sessions with answers."""
        return len(self.session_shares)


def summarize_history(
    sessions: Sequence[PastSession], left_out: Mapping[str, str] | None = None, now: datetime | None = None
) -> HistorySummary:
    """Summarize the sessions of one person.

    Parameters
    ----------
    sessions : sequence of PastSession
        In order of time.
    left_out : mapping, optional
        Sessions that could not be read, with the reason.
    now : datetime, optional
        The time by which a date lies in the future.
    """
    answers = [AnswerCounts(session.n_wander, session.n_focus) for session in sessions]
    shares = [(session, estimate_wandering_share(counts)) for session, counts in zip(sessions, answers, strict=True)]
    wandering = estimate_wandering_share(_sum_counts(answers))
    doubts = _find_doubts(sessions, answers, now or datetime.now(UTC))
    misdated = {one.stem for one in doubts.impossible_dates}
    in_order = [counts for one, counts in zip(sessions, answers, strict=True) if one.stem not in misdated]
    return HistorySummary(
        sessions=tuple(sessions),
        total_s=sum(session.duration_s or 0.0 for session in sessions),
        practice_s=sum(session.practice_s or 0.0 for session in sessions),
        n_days=len({session.started_at.date() for session in sessions}),
        wandering=wandering,
        long_run=estimate_long_run_share(in_order),
        session_shares=tuple((session, share) for session, share in shares if share),
        conditions=_shares_by_condition(sessions),
        trend=None if doubts.overlapping else fit_wandering_trend(in_order),
        sessions_needed=_sessions_needed_by_reduction(wandering, answers),
        signal_trends=tuple(filter(None, (_signal_trend(sessions, name) for name in _SIGNAL_MEASURES))),
        left_out=dict(left_out or {}),
        doubts=doubts,
    )


def _find_doubts(sessions: Sequence[PastSession], answers: Sequence[AnswerCounts], now: datetime) -> HistoryDoubts:
    impossible = _impossible_dates(sessions, now)
    answered = [(counts.n, one) for one, counts in zip(sessions, answers, strict=True) if counts.n]
    uneven = None
    if len(answered) >= MIN_SESSIONS:
        most, largest = max(answered, key=lambda pair: pair[0])
        uneven = largest if most > _UNEVEN_FACTOR * median(n for n, _ in answered) else None
    session_sd, misdated = estimate_session_sd(answers), {one.stem for one in impossible}
    return HistoryDoubts(
        overlapping=_overlapping([one for one in sessions if one.stem not in misdated]),
        impossible_dates=impossible,
        uneven=uneven,
        large_scatter=session_sd is not None and session_sd[0] > LARGE_SESSION_SD,
    )


def _impossible_dates(sessions: Sequence[PastSession], now: datetime) -> tuple[PastSession, ...]:
    """Return sessions in the future, and those of an unset clock; a dataset of shifted dates is all before 2000."""
    latest = now.timestamp() + _ONE_DAY_S
    any_recent = any(one.started_at.year >= _FIRST_YEAR for one in sessions)
    return tuple(
        one
        for one in sessions
        if one.started_at.timestamp() > latest or (any_recent and one.started_at.year < _FIRST_YEAR)
    )


def _overlapping(sessions: Sequence[PastSession]) -> tuple[str, ...]:
    """Return the stems of sessions that began more than a minute before an earlier one had ended."""
    stems: dict[str, None] = {}
    last_end, last_stem = -math.inf, ""
    for one in sorted(sessions, key=lambda past: past.started_at.timestamp()):
        begin = one.started_at.timestamp()
        if begin < last_end - _MAX_OVERLAP_S:
            stems |= {last_stem: None, one.stem: None}
        end = begin + (one.duration_s or 0.0)
        if end > last_end:
            last_end, last_stem = end, one.stem
    return tuple(stems)


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
) -> tuple[SessionsNeeded, ...]:
    """Compute it from this person's share, answers per session, and spread between sessions."""
    session_sd = estimate_session_sd(answers)
    if wandering is None or session_sd is None:
        return ()
    per_session = fmean(counts.n for counts in answers if counts.n)
    return tuple(
        SessionsNeeded(reduction, *(sessions_needed(reduction, wandering.value, per_session, sd) for sd in session_sd))
        for reduction in REDUCTIONS
        if wandering.value - reduction >= _MIN_SHARE_LEFT - 1e-9
    )


def _signal_trend(sessions: Sequence[PastSession], name: str) -> SignalTrend | None:
    values = [value for session in sessions if (value := getattr(session, name)) is not None]
    if len(values) < 3:
        return None
    third = max(1, len(values) // 3)
    low, high = np.quantile(values, [0.25, 0.75])
    label, unit = _SIGNAL_MEASURES[name]
    return SignalTrend(label, unit, median(values[:third]), median(values[-third:]), float(high - low) / 2, len(values))
