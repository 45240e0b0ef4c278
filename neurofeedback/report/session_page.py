"""The report of one session: one HTML file that needs nothing else, to read, print and hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import write_atomic
from neurofeedback.report.answer_sentences import answer_sentences
from neurofeedback.report.decoder_summary import summarize_decoder
from neurofeedback.report.session_data import SessionData, load_session_data
from neurofeedback.report.session_sentences import MAX_EVENTS, event_rows, lead_sentences, notices, participant_label
from neurofeedback.report.settings import setting_rows
from neurofeedback.report.spectra_plot import plot_spectra
from neurofeedback.report.templates import render_template
from neurofeedback.report.timeline_plot import plot_timeline
from neurofeedback.report.usual import baseline_sentences
from neurofeedback.texts.session import DISCLAIMER, INDEX_MEANING, STOP_ADVICE

_TEMPLATE = "session.html.j2"
_NOTE_LINES = 9


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written, and what it says as plain values."""

    path: Path
    document: Mapping[str, object]


def write_report(session: Path) -> Path:
    """Write a session's report beside its summary and return the file; see ``create_report``."""
    return create_report(session).path


def create_report(session: Path) -> Report:
    """Write a session's report beside its summary, in place of an earlier one.

    Parameters
    ----------
    session : Path
        The session's folder, raw or computed, or any file in it. One that broke off will do.

    Raises
    ------
    RecordingError
        The session cannot be read, is still being recorded, or the report cannot be written.
    """
    facts = load_session_data(session)
    path = facts.files.derived_file("report.html")
    try:
        write_atomic(path, render(facts))
    except OSError as error:
        raise RecordingError(
            f"the report cannot be written to {path}",
            got=error.strerror or str(error),
            todo="make room or check the rights of that folder, then run `neurofeedback report` again",
        ) from None
    return Report(path, document(facts))


def render(data: SessionData) -> str:
    """Return the page. Every text of a person or device is escaped; the two figures are ours."""
    return render_template(_TEMPLATE, _context(data))


def _context(data: SessionData) -> dict[str, object]:
    recording, profile = data.recording, data.profile
    settings = setting_rows(profile.settings)
    has_spectra = any(panel.spectra for panel in data.panels)
    return {
        "facts": data,
        "participant": participant_label(data),
        "lines": lead_sentences(data),
        "notices": notices(data),
        "index_name": profile.evidence.index_name,
        "index_meaning": INDEX_MEANING,
        "timeline": plot_timeline(
            data.frames, data.contacts, recording.events, recording.stream.sfreq, profile.evidence.index_name
        )
        if len(data.frames)
        else "",
        "spectra": plot_spectra(data.panels, data.contacts.iaf_hz) if has_spectra else "",
        "usual": baseline_sentences(
            data.summary, profile.evidence.feature_names, profile.settings.baseline.feedback_source
        ),
        "answers": answer_sentences(recording.events),
        "learned": summarize_decoder(data.files),
        "events": event_rows(data),
        "max_events": MAX_EVENTS,
        "changed": [row for row in settings if row.changed],
        "settings": settings,
        "evidence": profile.evidence.members or (profile.evidence,),
        "versions": data.start.start_state.get("versions") or {},
        "version": __version__,
        "raw": data.files.eeg_file("eeg.vhdr").relative_to(data.files.root).as_posix(),
        "note_lines": _NOTE_LINES,
        "claims": DISCLAIMER,
        "stop_advice": STOP_ADVICE,
    }


def document(data: SessionData) -> dict[str, object]:
    """Return what a report says as plain values, for JSON; None where a thing is not known."""
    sent = data.transmission
    latency = sent.latency_ms
    return {
        "report": str(data.files.derived_file("report.html")),
        "session": data.files.stem,
        "finished": data.finished,
        "duration_s": round(data.recording.duration_s, 3),
        "valid_fraction": None if data.valid_fraction is None else round(data.valid_fraction, 4),
        "phases": [
            {"phase": p.phase, "start_s": p.start_s, "stop_s": p.stop_s, "valid_fraction": round(p.valid_fraction, 4)}
            for p in data.phases
        ],
        "has_index": data.frames.has_index,
        "iaf_hz": None if data.contacts.iaf_hz is None else round(data.contacts.iaf_hz, 2),
        "contact": {
            c.ch_name: {
                "good": round(c.good, 4),
                "fair": round(c.fair, 4),
                "bad": round(c.bad, 4),
                "reasons": {reason: round(share, 4) for reason, share in c.reasons},
            }
            for c in data.contacts.channels
        },
        "n_samples": sent.n_samples,
        "n_lost": sent.n_lost,
        "n_gaps": sent.n_gaps,
        "effective_sfreq": None if sent.effective_sfreq is None else round(sent.effective_sfreq, 4),
        "latency_ms": None if latency is None else {"p50": round(latency[0], 2), "p95": round(latency[1], 2)},
    }
