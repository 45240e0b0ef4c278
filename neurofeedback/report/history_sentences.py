"""Sentences about the sessions of one person, chosen from a ``HistorySummary``."""

from __future__ import annotations

from neurofeedback.analysis.history_summary import HistorySummary
from neurofeedback.analysis.probe_statistics import MIN_ANSWERS, MIN_SESSIONS, WanderingShare, WanderingTrend
from neurofeedback.texts import history
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_percent

_MIN_HOURS = 3


def history_sentences(summary: HistorySummary) -> tuple[str, ...]:
    """Return what may be concluded from a person's sessions, and which sessions were left out."""
    left_out = (tr(history.LEFT_OUT, session=stem, reason=why) for stem, why in summary.left_out.items())
    if not summary.sessions:
        return (tr(history.NO_SESSION), *left_out)
    return (_total_sentence(summary), *_wandering_sentences(summary), *_sessions_needed_sentence(summary), *left_out)


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
    return (_share_sentence(summary.wandering), _trend_sentence(summary.trend))


def _share_sentence(share: WanderingShare) -> str:
    return tr(
        history.WANDERING,
        share=format_percent(share.value),
        probes=tr(history.ONE_PROBE) if share.n == 1 else tr(history.PROBES, n=share.n),
        low=format_percent(share.low),
        high=format_percent(share.high),
    )


def _trend_sentence(trend: WanderingTrend | None) -> str:
    if trend is None:
        return tr(history.TREND_NEEDS_MORE, sessions=MIN_SESSIONS, answers=MIN_ANSWERS)
    if not trend.is_significant:
        return tr(history.NO_TREND, n=trend.n_sessions)
    return tr(
        history.LESS_WANDERING if trend.factor < 1 else history.MORE_WANDERING,
        n=trend.n_sessions,
        first=format_percent(trend.first),
        last=format_percent(trend.last),
    )


def _sessions_needed_sentence(summary: HistorySummary) -> tuple[str, ...]:
    if not summary.sessions_needed:
        return ()
    listed = [
        tr(history.SESSIONS_NEEDED_ITEM, n=n, reduction=f"{100 * reduction:.0f}")
        for reduction, n in summary.sessions_needed
        if n
    ]
    if listed:
        return (tr(history.SESSIONS_NEEDED, list=", ".join(listed)),)
    largest = max(reduction for reduction, _ in summary.sessions_needed)
    return (tr(history.TOO_MANY_NEEDED, reduction=f"{100 * largest:.0f}"),)
