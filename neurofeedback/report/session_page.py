"""Report of one session: one HTML file that needs nothing else, to read, print and hand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import find_session
from neurofeedback.recording.masking.masked_sessions import check_not_masked
from neurofeedback.report.answer_sentences import answer_sentences
from neurofeedback.report.body_sentences import body_sentences
from neurofeedback.report.decoder_summary import summarize_decoder
from neurofeedback.report.session_data import SessionData, load_session_data
from neurofeedback.report.session_sentences import (
    MAX_EVENTS,
    baseline_sentences,
    event_rows,
    lead_sentences,
    notices,
    participant_label,
)
from neurofeedback.report.spectra_plot import plot_spectra
from neurofeedback.report.templates import render_template
from neurofeedback.report.timeline_plot import plot_timeline
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.model import Settings
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.texts import body, report
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session import DISCLAIMER, INDEX_MEANING, STOP_ADVICE

_TEMPLATE = "session.html.j2"
_NOTE_LINES = 9


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A report that was written, and the data it was made from."""

    path: Path
    data: SessionData


@dataclass(frozen=True, slots=True)
class ReportedSetting:
    """One setting: full name, value and default as text, description, and whether value and default differ."""

    name: str
    value: str
    default: str
    description: str
    changed: bool


def write_report(session: Path) -> Path:
    """Write a session's report beside its summary and return the file; see ``create_report``."""
    return create_report(session).path


def create_report(session: Path) -> Report:
    """Write a session's report beside its summary, in place of an earlier one.

    Parameters
    ----------
    session : Path
        The session's folder, raw or computed, or any file in it; it need not have been closed in order.

    Raises
    ------
    RecordingError
        The session cannot be read, is masked or still being recorded, or the report cannot be written.
    """
    files = find_session(session)
    if files is not None:
        check_not_masked(files)
    data = load_session_data(session)
    path = data.files.derived_file("report.html")
    try:
        write_atomic(path, render(data))
    except OSError as error:
        raise RecordingError(
            f"the report cannot be written to {path}",
            got=error.strerror or str(error),
            todo="free disk space or check the permissions of that folder, then run `neurofeedback report` again",
        ) from None
    return Report(path, data)


def render(data: SessionData) -> str:
    """Return the page as HTML; all text from persons and devices is escaped, the figures are not."""
    return render_template(_TEMPLATE, report, _context(data))


def _context(data: SessionData) -> Mapping[str, object]:
    recording, profile = data.recording, data.profile
    settings = setting_rows(profile.settings)
    has_spectra = any(panel.spectra for panel in data.panels)
    return {
        "data": data,
        "participant": participant_label(data),
        "lines": lead_sentences(data),
        "notices": notices(data),
        "index_name": tr(profile.evidence.index_name),
        "index_meaning": tr(INDEX_MEANING),
        "timeline": plot_timeline(
            data.frames, data.contacts, recording.events, recording.stream.sfreq, tr(profile.evidence.index_name)
        )
        if len(data.frames)
        else "",
        "spectra": plot_spectra(data.panels, data.contacts.iaf_hz) if has_spectra else "",
        "baseline_lines": baseline_sentences(
            recording.summary, profile.evidence.feature_names, profile.settings.baseline.feedback_source
        ),
        "answer_lines": answer_sentences(recording.events),
        "body_title": tr(body.TITLE),
        "body_lines": [tr(body.FAILED, why=data.body_problem)] if data.body_problem else body_sentences(data.body),
        "body_note": tr(body.NOTE),
        "decoder": summarize_decoder(data.files),
        "events": event_rows(data),
        "max_events": MAX_EVENTS,
        "changed": [row for row in settings if row.changed],
        "settings": settings,
        "evidence": profile.evidence.members or (profile.evidence,),
        "versions": data.start.start_state.versions or {},
        "version": __version__,
        "raw": data.files.eeg_file("eeg.vhdr").relative_to(data.files.root).as_posix(),
        "note_lines": _NOTE_LINES,
        "disclaimer": tr(DISCLAIMER),
        "stop_advice": tr(STOP_ADVICE),
    }


def setting_rows(settings: Settings) -> list[ReportedSetting]:
    """Return every setting in the order of the model.

    Examples
    --------
    >>> [row.name for row in setting_rows(Settings(montage="muse")) if row.changed]
    ['montage']
    """
    return list(_setting_rows(settings, Settings(), ""))


def _setting_rows(model: SettingsModel, defaults: SettingsModel, prefix: str) -> Iterator[ReportedSetting]:
    for name, field in type(model).model_fields.items():
        value, default = getattr(model, name), getattr(defaults, name)
        if isinstance(value, SettingsModel):
            yield from _setting_rows(value, default, f"{prefix}{name}.")
        else:
            yield ReportedSetting(
                f"{prefix}{name}",
                _format_setting(value),
                _format_setting(default),
                field.description or "",
                value != default,
            )


def _format_setting(value: object) -> str:
    if isinstance(value, bool):
        return tr(report.YES if value else report.NO)
    if isinstance(value, tuple):
        parts = [_format_setting(part) for part in value]
        is_range = len(value) == 2 and all(isinstance(part, int | float) for part in value)
        return tr(report.RANGE, low=parts[0], high=parts[1]) if is_range else ", ".join(parts)
    return f"{value:g}" if isinstance(value, float) else str(value)
