"""Sentences about the sessions of one person, chosen from a ``HistorySummary``."""

from __future__ import annotations

from collections.abc import Sequence

from neurofeedback.analysis.history_summary import HistoryDoubts, HistorySummary, SessionsNeeded
from neurofeedback.analysis.probe_statistics import (
    MIN_ANSWERS,
    MIN_SESSIONS,
    MIN_TREND_SESSIONS,
    LongRunShare,
    WanderingShare,
    WanderingTrend,
)
from neurofeedback.texts import history
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_percent

_MIN_HOURS = 3
_MOST_SESSIONS = 200
_MAX_LISTED = 4


def history_sentences(summary: HistorySummary) -> tuple[str, ...]:
    """Return all that may be concluded from a person's sessions, and which sessions were left out."""
    return (*finding_sentences(summary), *outlook_sentences(summary))


def first_sentences(summary: HistorySummary) -> tuple[str, ...]:
    """Return what a person looks for first: how much, whether wandering changed, and what is wrong or was left out."""
    found = finding_sentences(summary)
    if summary.wandering is None:
        return found
    details = detail_sentences(summary)
    return tuple(sentence for sentence in found if sentence not in details)


def detail_sentences(summary: HistorySummary) -> tuple[str, ...]:
    """Return the shares of wandering with their intervals."""
    if summary.wandering is None:
        return ()
    return (_share_sentence(summary.wandering), _long_run_sentence(summary.long_run, summary.n_answered))


def finding_sentences(summary: HistorySummary) -> tuple[str, ...]:
    """Return how long, how much wandering, what changed, and what is wrong with the sessions or was left out."""
    left_out = (tr(history.LEFT_OUT, session=stem, reason=why) for stem, why in summary.left_out.items())
    if not summary.sessions:
        return (tr(history.NO_SESSION), *left_out)
    doubts = _doubt_sentences(summary.doubts)
    return (_total_sentence(summary), *_wandering_sentences(summary), *doubts, *left_out)


def _total_sentence(summary: HistorySummary) -> str:
    n = len(summary.sessions)
    return tr(
        history.TOTAL,
        sessions=tr(history.ONE_SESSION) if n == 1 else tr(history.SESSIONS, n=n),
        days=tr(history.ONE_DAY) if summary.n_days == 1 else tr(history.DAYS, n=summary.n_days),
        duration=_format_total(summary.total_s),
    )


def _format_total(seconds: float) -> str:
    """Return the length of many sessions: in hours from three hours on."""
    hours = seconds / 3600
    return tr(history.HOURS, n=f"{hours:.0f}") if hours >= _MIN_HOURS else format_duration(seconds)


def _wandering_sentences(summary: HistorySummary) -> tuple[str, ...]:
    if summary.wandering is None:
        return (tr(history.NO_ANSWERS),)
    return (
        _share_sentence(summary.wandering),
        _long_run_sentence(summary.long_run, summary.n_answered),
        *_trend_sentence(summary.trend, summary),
    )


def _share_sentence(share: WanderingShare) -> str:
    return tr(
        history.WANDERING,
        share=format_percent(share.value),
        probes=tr(history.ONE_PROBE) if share.n == 1 else tr(history.PROBES, n=share.n),
        low=format_percent(share.low),
        high=format_percent(share.high),
    )


def _long_run_sentence(share: LongRunShare | None, n_answered: int) -> str:
    if share is not None:
        return tr(history.LONG_RUN, low=format_percent(share.low), high=format_percent(share.high))
    if n_answered == 1:
        return tr(history.ONE_SITTING_TOO_FEW, needed=MIN_SESSIONS)
    return tr(history.TOO_FEW_FOR_LONG_RUN, n=n_answered, needed=MIN_SESSIONS)


def _trend_sentence(trend: WanderingTrend | None, summary: HistorySummary) -> tuple[str, ...]:
    if summary.doubts.overlapping:  # another sentence says why
        return ()
    if trend is None:
        share = summary.wandering
        if share is not None and share.n >= MIN_ANSWERS and share.value in (0.0, 1.0):
            return (tr(history.ONE_KIND_OF_ANSWER),)
        return (tr(history.TREND_NEEDS_MORE, sessions=MIN_TREND_SESSIONS, answers=MIN_ANSWERS),)
    if not trend.is_significant:
        return (tr(history.NO_TREND, n=trend.n_sessions),)
    return (
        tr(
            history.LESS_WANDERING if trend.factor < 1 else history.MORE_WANDERING,
            n=trend.n_sessions,
            first=format_percent(trend.first),
            last=format_percent(trend.last),
        ),
    )


def outlook_sentences(summary: HistorySummary) -> tuple[str, ...]:
    """Return a range of sessions for the largest reduction, and that the next smaller one takes too long if it does."""
    if not summary.sessions_needed:
        return ()
    *smaller, largest = sorted(summary.sessions_needed, key=lambda one: one.reduction)
    if _beyond(largest.low):
        return (tr(history.TOO_MANY_NEEDED, reduction=f"{100 * largest.reduction:.0f}", most=_MOST_SESSIONS),)
    sentence = tr(
        history.SESSIONS_NEEDED,
        reduction=f"{100 * largest.reduction:.0f}",
        range=_format_range(largest),
        n=summary.n_answered,
    )
    too_many = [one for one in smaller if _beyond(one.high)]
    if not too_many:
        return (sentence,)
    reduction = f"{100 * too_many[-1].reduction:.0f}"
    return (sentence, tr(history.ALSO_TOO_MANY, reduction=reduction, most=_MOST_SESSIONS))


def _beyond(n: int | None) -> bool:
    return n is None or n > _MOST_SESSIONS


def _format_range(needed: SessionsNeeded) -> str:
    low = _round_up(needed.low or _MOST_SESSIONS)
    if needed.high is None or needed.high > _MOST_SESSIONS:
        return tr(history.FROM_TO_MANY, low=low, most=_MOST_SESSIONS)
    high = _round_up(needed.high)
    return tr(history.ABOUT, n=low) if low == high else tr(history.FROM_TO, low=low, high=high)


def _round_up(n: int) -> int:
    """Round a number of sessions up to 5, from 100 on to 10."""
    step = 5 if n < 100 else 10
    return -(-n // step) * step


def _doubt_sentences(doubts: HistoryDoubts) -> tuple[str, ...]:
    sentences: list[str] = []
    if doubts.overlapping:
        labels = [stem.split("_")[1].removeprefix("ses-") for stem in doubts.overlapping]
        sentences.append(tr(history.OVERLAPPING, sessions=_list(labels)))
    if doubts.impossible_dates:
        dates = list(dict.fromkeys(f"{one.started_at:%Y-%m-%d}" for one in doubts.impossible_dates))
        sentences.append(tr(history.IMPOSSIBLE_DATES, dates=_list(dates)))
    if (most := doubts.uneven) is not None:
        n = most.n_wander + most.n_focus
        sentences.append(tr(history.UNEVEN, date=f"{most.started_at:%Y-%m-%d}", n=n))
    if doubts.large_scatter:
        sentences.append(tr(history.LARGE_SCATTER))
    return tuple(sentences)


def _list(items: Sequence[str]) -> str:
    listed = ", ".join(items[:_MAX_LISTED])
    more = len(items) - _MAX_LISTED
    return tr(history.AND_MORE, list=listed, n=more) if more > 0 else listed
