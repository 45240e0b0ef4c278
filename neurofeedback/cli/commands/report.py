"""``report``: write the report of one session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import echo, print_json
from neurofeedback.cli.helpers.json_documents import ReportDocument
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.report.session_data import SessionData


def report(
    session: Annotated[Path, typer.Argument(help="The session's folder, or any file in it.")],
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Write a session's report: one HTML file to read, print and hand on."""
    from neurofeedback.report.session_page import create_report  # matplotlib and mne only when asked for

    written = create_report(session)
    if json:
        print_json(report_document(written.data))
    else:
        echo(written.path)
    if show and typer.launch(str(written.path)) != 0:
        echo(tr(terminal.REPORT_NOT_OPENED, path=written.path), err=True)


def report_document(data: SessionData) -> ReportDocument:
    """Return what a report shows as plain values; None for what is not known."""
    transmission = data.transmission
    latency = transmission.latency_ms
    return {
        "report": str(data.files.derived_file("report.html")),
        "session": data.files.stem,
        "finished": data.finished,
        "duration_s": round(data.recording.duration_s, 3),
        "valid_fraction": _rounded(data.valid_fraction, 4),
        "phases": [
            {"phase": p.phase, "start_s": p.start_s, "stop_s": p.stop_s, "valid_fraction": round(p.valid_fraction, 4)}
            for p in data.phases
        ],
        "has_index": data.frames.has_index,
        "iaf_hz": _rounded(data.contacts.iaf_hz, 2),
        "contact": {
            c.ch_name: {
                "good": round(c.good, 4),
                "fair": round(c.fair, 4),
                "bad": round(c.bad, 4),
                "reasons": {reason: round(share, 4) for reason, share in c.reasons},
            }
            for c in data.contacts.channels
        },
        "n_samples": transmission.n_samples,
        "n_lost": transmission.n_lost,
        "n_gaps": transmission.n_gaps,
        "effective_sfreq": _rounded(transmission.effective_sfreq, 4),
        "latency_ms": None if latency is None else {"p50": round(latency[0], 2), "p95": round(latency[1], 2)},
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
