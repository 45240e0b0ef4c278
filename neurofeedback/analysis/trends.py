"""Many sessions at a glance: time sat, wandering by the person's own answers, and what the signal was like.

Neither the index nor the reward rate is here: both are relative to each sitting's own baseline, so over months they
mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

import numpy as np

from neurofeedback.analysis.probe_statistics import (
    MIN_ANSWERS,
    MIN_SESSIONS,
    AnswerCounts,
    WanderingShare,
    WanderingTrend,
    estimate_wandering_share,
    fit_wandering_trend,
    sessions_needed,
)
from neurofeedback.recording.history import PastSession
from neurofeedback.texts.format import format_duration, format_percent

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
    """How one figure of the signal went, as a description: no test, no judgement.

    Parameters
    ----------
    first, last : float
        Medians of the first and the last third of the sessions that have it.
    spread : float
        Half of what lies between the quartiles of all of them.
    """

    name: str
    unit: str
    first: float
    last: float
    spread: float
    n_sessions: int


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """What many sessions add up to.

    Parameters
    ----------
    days : int
        Days on which there was a sitting.
    shares : tuple of (PastSession, Share)
        Share of wandering of each session with answers.
    conditions : mapping
        Share of wandering of all answers under each condition; empty where none was ever entered.
    needed : tuple of (float, int or None)
        For falls of the share, as fractions: after how many sittings it would be seen; None for more than 400.
    left_out : mapping
        Sessions whose files cannot be read, with the reason as a sentence.
    """

    sessions: tuple[PastSession, ...]
    sat_s: float
    practised_s: float
    days: int
    share: WanderingShare | None
    shares: tuple[tuple[PastSession, WanderingShare], ...]
    conditions: dict[str, WanderingShare]
    trend: WanderingTrend | None
    needed: tuple[tuple[float, int | None], ...]
    courses: tuple[SignalTrend, ...]
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])

    def document(self) -> dict[str, object]:
        """Return all of it as plain values."""
        shares = [{"stem": session.stem, **asdict(share)} for session, share in self.shares]
        return {**asdict(self), "shares": shares}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What may be said of it, plainly."""
        said = (*_wandering_sentences(self), *_sessions_needed_sentence(self)) if self.sessions else ()
        return (_total_sentence(self), *said, *(f"Left out: {stem}. {why}" for stem, why in self.left_out.items()))


def summarize_history(sessions: Sequence[PastSession], left_out: Mapping[str, str] | None = None) -> HistorySummary:
    """Add up the sessions of one person, in the order they began; name those that could not be read."""
    answers = [AnswerCounts(session.n_wander, session.n_focus) for session in sessions]
    shares = [(session, estimate_wandering_share(counts)) for session, counts in zip(sessions, answers, strict=True)]
    share = estimate_wandering_share(_sum_counts(answers))
    return HistorySummary(
        sessions=tuple(sessions),
        sat_s=sum(session.duration_s or 0.0 for session in sessions),
        practised_s=sum(session.practice_s or 0.0 for session in sessions),
        days=len({session.started_at.date() for session in sessions}),
        share=share,
        shares=tuple((session, share) for session, share in shares if share),
        conditions=_shares_by_condition(sessions),
        trend=fit_wandering_trend(answers),
        needed=_sessions_needed_by_reduction(share, [counts for counts in answers if counts.n]),
        courses=tuple(filter(None, (_signal_trend(sessions, name) for name in _SIGNAL_MEASURES))),
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
    share: WanderingShare | None, answers: Sequence[AnswerCounts]
) -> tuple[tuple[float, int | None], ...]:
    """Say it for this person's own share and answers a sitting, for usual ones before there are any."""
    today = share.value if share and 0 < share.value < 1 else DEFAULT_WANDERING_SHARE
    each = sum(counts.n for counts in answers) / len(answers) if answers else DEFAULT_ANSWERS_PER_SESSION
    return tuple((fall, sessions_needed(fall, today, each)) for fall in REDUCTIONS if fall <= today)


def _signal_trend(sessions: Sequence[PastSession], name: str) -> SignalTrend | None:
    values = [value for session in sessions if (value := getattr(session, name)) is not None]
    if len(values) < 3:
        return None
    third = max(1, len(values) // 3)
    low, high = np.quantile(values, [0.25, 0.75])
    what, unit = _SIGNAL_MEASURES[name]
    return SignalTrend(what, unit, median(values[:third]), median(values[-third:]), float(high - low) / 2, len(values))


def _total_sentence(summary: HistorySummary) -> str:
    if not summary.sessions:
        return "No sitting yet."
    sittings = "1 sitting" if len(summary.sessions) == 1 else f"{len(summary.sessions)} sittings"
    days = "1 day" if summary.days == 1 else f"{summary.days} days"
    return f"{sittings} on {days}, {_duration_text(summary.sat_s)} in all."


def _duration_text(seconds: float) -> str:
    """Length of many sittings: in hours once there are three."""
    return f"{seconds / 3600:.0f} hours" if seconds >= 3 * 3600 else format_duration(seconds)


def _wandering_sentences(summary: HistorySummary) -> tuple[str, ...]:
    if summary.share is None:
        return ("No answers yet, so nothing can be said about wandering.",)
    chimes = "1 chime" if summary.share.n == 1 else f"{summary.share.n} chimes"
    told = (
        f"By your own answers your mind had wandered at {format_percent(summary.share.value)} of {chimes} "
        f"(between {format_percent(summary.share.low)} and {format_percent(summary.share.high)}).",
    )
    return (*told, _trend_sentence(summary))


def _trend_sentence(summary: HistorySummary) -> str:
    trend = summary.trend
    if trend is None:
        return f"A trend needs at least {MIN_SESSIONS} sittings with {MIN_ANSWERS} answers of both kinds."
    if not trend.is_significant:
        return f"Over {trend.n_sessions} sittings no change can be told from chance."
    way = "less" if trend.factor < 1 else "more"
    return (
        f"Over {trend.n_sessions} sittings you reported {way} wandering: about {format_percent(trend.first)} at first, "
        f"{format_percent(trend.last)} lately. What it came from, answers cannot tell."
    )


def _sessions_needed_sentence(summary: HistorySummary) -> tuple[str, ...]:
    if not summary.needed:
        return ()
    told = [f"about {n} for {100 * fall:.0f} fewer of 100 chimes" for fall, n in summary.needed if n]
    if not told:
        largest = 100 * max(fall for fall, _ in summary.needed)
        return (f"Even {largest:.0f} fewer wanderings in 100 chimes would take more than 400 sittings to show.",)
    return (f"To see that you wander less takes many sittings: {', '.join(told)} (in four cases of five).",)
