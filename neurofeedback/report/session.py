"""The report of one session: one HTML file that needs nothing else, to read, print and hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurofeedback import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.feedback.words import CLAIMS, INDEX_MEANING, STOP_ADVICE
from neurofeedback.recording.files import rewrite
from neurofeedback.report.answers import answer_lines
from neurofeedback.report.facts import Facts, gather
from neurofeedback.report.figures import spectra_figure
from neurofeedback.report.pages import page
from neurofeedback.report.settings import setting_rows
from neurofeedback.report.standing import standing
from neurofeedback.report.timeline import timeline
from neurofeedback.report.usual import usual_lines
from neurofeedback.report.words import MAX_EVENTS, event_rows, first_lines, notices, participant

_TEMPLATE = "session.html.j2"
_NOTE_LINES = 9


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written, and what it says as plain values."""

    path: Path
    document: Mapping[str, object]


def write_report(session: Path) -> Path:
    """Write a session's report beside its summary and return the file; see ``make_report``."""
    return make_report(session).path


def make_report(session: Path) -> Report:
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
    facts = gather(session)
    path = facts.files.computed("report.html")
    try:
        rewrite(path, render(facts))
    except OSError as error:
        raise RecordingError(
            f"the report cannot be written to {path}",
            got=error.strerror or str(error),
            todo="make room or check the rights of that folder, then run `neurofeedback report` again",
        ) from None
    return Report(path, document(facts))


def render(facts: Facts) -> str:
    """Return the page. Every text of a person or device is escaped; the two figures are ours."""
    return page(_TEMPLATE, _context(facts))


def _context(facts: Facts) -> dict[str, object]:
    recording, profile = facts.recording, facts.profile
    settings = setting_rows(profile.settings)
    has_spectra = any(panel.spectra for panel in facts.panels)
    return {
        "facts": facts,
        "participant": participant(facts),
        "lines": first_lines(facts),
        "notices": notices(facts),
        "index_name": profile.evidence.index_name,
        "index_meaning": INDEX_MEANING,
        "timeline": timeline(
            facts.log, facts.contacts, recording.events, recording.stream.sfreq, profile.evidence.index_name
        )
        if len(facts.log)
        else "",
        "spectra": spectra_figure(facts.panels, facts.contacts.iaf_hz) if has_spectra else "",
        "usual": usual_lines(facts.summary, profile.evidence.feature_names, profile.settings.baseline.drives),
        "answers": answer_lines(recording.events),
        "learned": standing(facts.files),
        "events": event_rows(facts),
        "max_events": MAX_EVENTS,
        "changed": [row for row in settings if row.changed],
        "settings": settings,
        "evidence": profile.evidence.members or (profile.evidence,),
        "versions": facts.start.start.get("versions") or {},
        "version": __version__,
        "raw": facts.files.eeg("eeg.vhdr").relative_to(facts.files.root).as_posix(),
        "note_lines": _NOTE_LINES,
        "claims": CLAIMS,
        "stop_advice": STOP_ADVICE,
    }


def document(facts: Facts) -> dict[str, object]:
    """Return what a report says as plain values, for JSON; None where a thing is not known."""
    sent = facts.transmission
    latency = sent.latency_ms
    return {
        "report": str(facts.files.computed("report.html")),
        "session": facts.files.stem,
        "finished": facts.finished,
        "duration_s": round(facts.recording.duration_s, 3),
        "valid_fraction": None if facts.usable is None else round(facts.usable, 4),
        "phases": [
            {"phase": p.phase, "start_s": p.start_s, "stop_s": p.stop_s, "valid_fraction": round(p.usable, 4)}
            for p in facts.phases
        ],
        "has_index": facts.log.has_index,
        "iaf_hz": None if facts.contacts.iaf_hz is None else round(facts.contacts.iaf_hz, 2),
        "contact": {
            c.ch_name: {
                "good": round(c.good, 4),
                "fair": round(c.fair, 4),
                "bad": round(c.bad, 4),
                "reasons": {reason: round(share, 4) for reason, share in c.reasons},
            }
            for c in facts.contacts.channels
        },
        "n_samples": sent.n_samples,
        "n_lost": sent.n_lost,
        "n_gaps": sent.n_gaps,
        "effective_sfreq": None if sent.effective_sfreq is None else round(sent.effective_sfreq, 4),
        "latency_ms": None if latency is None else {"p50": round(latency[0], 2), "p95": round(latency[1], 2)},
    }
