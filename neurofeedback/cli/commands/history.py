"""``history``: summary of the sessions of one person."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import existing_recordings_folder, last_participant, plain_console, print_json
from neurofeedback.cli.helpers.json_documents import DoubtsDocument, Fields, HistoryDocument
from neurofeedback.texts import history as history_texts
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession
    from neurofeedback.analysis.history_summary import HistoryDoubts, HistorySummary, SignalTrend

_MAX_ROWS = 20
_NOTE_LENGTH = 40


def history(
    participant: Annotated[str | None, typer.Option(help="Participant; the last one by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read every session again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Look back over many sessions: time, wandering by your own answers, signal."""
    from neurofeedback.analysis.history import all_sittings, cache_path
    from neurofeedback.analysis.history_summary import summarize_history
    from neurofeedback.recording.bids_paths import check_label  # only when asked for, as all below

    folder = existing_recordings_folder(recordings)
    who = participant or last_participant(folder)
    check_label("participant", who)
    if rebuild:
        cache_path(folder).unlink(missing_ok=True)
    left_out: dict[str, str] = {}
    summary = summarize_history(all_sittings(folder, who, on_skipped=left_out.__setitem__), left_out)
    if json:
        print_json(history_document(summary))
    else:
        _print_history(who, summary)


def history_document(summary: HistorySummary) -> HistoryDocument:
    """Return a summary as plain values.

    The keys are those of version 0.1.0, with ``long_run`` and ``doubts``; ``needed`` holds ranges now.
    """
    return {
        "sessions": [asdict(session) for session in summary.sessions],
        "sat_s": summary.total_s,
        "practised_s": summary.practice_s,
        "days": summary.n_days,
        "share": None if summary.wandering is None else asdict(summary.wandering),
        "long_run": None if summary.long_run is None else asdict(summary.long_run),
        "shares": [{"stem": session.stem, **asdict(share)} for session, share in summary.session_shares],
        "conditions": {name: asdict(share) for name, share in summary.conditions.items()},
        "trend": None if summary.trend is None else asdict(summary.trend),
        "needed": [asdict(needed) for needed in summary.sessions_needed],
        "doubts": _doubts_document(summary.doubts),
        "courses": [_trend_document(trend) for trend in summary.signal_trends],
        "left_out": dict(summary.left_out),
    }


def _doubts_document(doubts: HistoryDoubts) -> DoubtsDocument:
    return {
        "overlapping": doubts.overlapping,
        "impossible_dates": [one.stem for one in doubts.impossible_dates],
        "uneven": None if doubts.uneven is None else doubts.uneven.stem,
        "large_scatter": doubts.large_scatter,
    }


def _trend_document(trend: SignalTrend) -> Fields:
    document = asdict(trend)
    return {"spread" if name == "half_iqr" else name: value for name, value in document.items()}


def _print_history(participant: str, summary: HistorySummary) -> None:
    from rich.table import Table  # not for --help
    from rich.text import Text

    from neurofeedback.report.history_sentences import history_sentences

    console = plain_console()
    console.print(tr(terminal.PARTICIPANT, participant=participant), style="bold")
    if summary.sessions:
        table = Table(box=None, pad_edge=False)
        for column in terminal.HISTORY_COLUMNS:
            table.add_column(tr(column), overflow="fold")
        for session in summary.sessions[-_MAX_ROWS:]:
            table.add_row(*map(Text, _table_row(session, summary)))
        console.print(table)
        if len(summary.sessions) > _MAX_ROWS:
            console.print(tr(terminal.EARLIER_SESSIONS, n=len(summary.sessions) - _MAX_ROWS))
    for trend in summary.signal_trends:
        console.print(_trend_text(trend))
    for sentence in history_sentences(summary):
        console.print(sentence)


def _trend_text(trend: SignalTrend) -> str:
    unit = f" {trend.unit}" if trend.unit else ""
    first, last, half_iqr = (f"{value:.2f}{unit}" for value in (trend.first, trend.last, trend.half_iqr))
    return tr(history_texts.SIGNAL_TREND, name=trend.name, first=first, last=last, half_iqr=half_iqr)


def _table_row(session: PastSession, summary: HistorySummary) -> list[str]:
    share = next((share for past, share in summary.session_shares if past is session), None)
    wandering = f"{100 * share.value:.0f} % ({100 * share.low:.0f}-{100 * share.high:.0f})" if share else ""
    usable = "" if session.valid_fraction is None else f"{100 * session.valid_fraction:.0f} %"
    minutes = "" if session.duration_s is None else f"{session.duration_s / 60:.1f}"
    note = session.note.splitlines()[0][:_NOTE_LENGTH] if session.note else ""
    began = f"{session.started_at:%Y-%m-%d %H:%M}"
    label = session.stem.split("_")[1].removeprefix("ses-")
    return [label, began, minutes, usable, wandering, session.condition, note]
