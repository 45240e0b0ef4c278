"""Import with verification: read a file, check it, list what the import did, and write the session with that list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from neurofeedback.formats.reader import open_recording
from neurofeedback.formats.session_import import import_opened, refuse_own_session
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.import_report import ChannelUse, ImportReport, RateSource
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english, in_english, templates_of, tr, tr_stored
from neurofeedback.texts.technical import imports as texts
from neurofeedback.texts.technical import verification
from neurofeedback.verification.check_result import CheckResult, CheckStatus
from neurofeedback.verification.sample_checks import verify_opened

_SOURCES = {
    RateSource.STATED: texts.SOURCE_STATED,
    RateSource.CLOCK: texts.SOURCE_CLOCK,
    RateSource.COUNTER: texts.SOURCE_COUNTER,
    RateSource.HEADER: texts.SOURCE_HEADER,
    RateSource.NOMINAL: texts.SOURCE_NOMINAL,
}


class SummaryRow(NamedTuple):
    """One row of the table of an import; ``warning`` if a person should read it."""

    label: str
    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class VerifiedImport:
    """Result of an import: the session written (None for a dry run) and the table of what was done."""

    files: SessionFiles | None
    report: ImportReport | None
    checks: tuple[CheckResult, ...]
    rows: tuple[SummaryRow, ...]


def import_verified(
    path: Path,
    root: Path,
    *,
    participant: str,
    task: str = "imported",
    board: str | None = None,
    sfreq: float | None = None,
    unit: str | None = None,
    dry_run: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> VerifiedImport:
    """Import a file as a session after verifying it; with ``dry_run`` nothing is written.

    Parameters
    ----------
    path : Path
        The file or folder to import.
    root : Path
        The recordings folder to add the session to.
    participant, task : str
        BIDS labels.
    board, sfreq, unit : str or float, optional
        What the user states about the file: BrainFlow board, sampling rate in Hz, unit of the EEG.
    dry_run : bool
        Only read and verify.
    progress : callable
        Called with the share written, 0 to 1.

    Raises
    ------
    RecordingError
        The file cannot be read, holds no signal, or is a session of this program; no files remain.
    SettingsError
        A label, the rate or the unit is not possible.
    """
    recording = open_recording(path, board=board, sfreq=sfreq, unit=unit, log_notices=False)
    refuse_own_session(recording)
    with in_english():  # the findings are recorded
        checks = tuple(check for check in verify_opened(recording) if check.status is not CheckStatus.NOT_CHECKABLE)
    if recording.import_report is not None:
        findings = tuple(english(texts.FINDING, item=check.item, text=check.text) for check in _wrong(checks))
        recording = replace(recording, import_report=replace(recording.import_report, findings=findings))
    files = None if dry_run else import_opened(recording, root, participant=participant, task=task, progress=progress)
    return VerifiedImport(files, recording.import_report, checks, summarize_import(recording, checks))


def summarize_import(recording: Recording, checks: tuple[CheckResult, ...]) -> tuple[SummaryRow, ...]:
    """Return the table of an import: rate, channels, gaps, marks, clock faults, notices and findings."""
    report = recording.import_report
    rows = [
        SummaryRow(tr(texts.ROW_FILE), recording.path.name),
        SummaryRow(tr(texts.ROW_LENGTH), tr(texts.LENGTH, seconds=recording.duration_s, n=recording.n_samples)),
    ]
    if report is not None:
        rows += _report_rows(report)
    shown = templates_of(verification)
    rows += [
        SummaryRow(tr(texts.ROW_FINDING, item=tr(check.item)), tr_stored(check.text, shown), warning=True)
        for check in _wrong(checks)
    ]
    if not any(row.warning for row in rows):
        rows.append(SummaryRow(tr(texts.ROW_RESULT), tr(texts.NO_FINDINGS)))
    return tuple(rows)


def _wrong(checks: tuple[CheckResult, ...]) -> list[CheckResult]:
    return [check for check in checks if check.status is CheckStatus.WRONG]


def _report_rows(report: ImportReport) -> list[SummaryRow]:
    shown = templates_of(texts)
    rate, gaps, marks = report.rate, report.gaps, report.marks
    eeg = [channel for channel in report.channels if channel.use is ChannelUse.EEG]
    others = [channel for channel in report.channels if channel.use is not ChannelUse.EEG]
    units = ", ".join(sorted({channel.unit for channel in eeg}))
    left_out = ", ".join(
        f"{channel.name} ({tr_stored(channel.reason, shown) or tr(channel.use.value)})" for channel in others
    )
    names = ", ".join(channel.name for channel in eeg)
    return [
        SummaryRow(tr(texts.ROW_FORMAT), report.format),
        SummaryRow(tr(texts.ROW_RATE), tr(texts.RATE, sfreq=rate.sfreq, source=tr(_SOURCES[rate.source]))),
        SummaryRow(tr(texts.ROW_EEG), tr(texts.EEG_CHANNELS, n=len(eeg), names=names, units=units)),
        SummaryRow(tr(texts.ROW_LEFT_OUT), left_out or tr(texts.NOTHING)),
        SummaryRow(
            tr(texts.ROW_GAPS),
            tr(texts.GAPS, n=gaps.n_gaps, lost_s=gaps.lost_s, longest_s=gaps.longest_s)
            if gaps.n_gaps
            else tr(texts.NOTHING),
        ),
        SummaryRow(
            tr(texts.ROW_MARKS),
            tr(texts.MARKS, n=marks.n_read, n_outside=marks.n_outside),
            warning=marks.n_outside > 0,
        ),
        SummaryRow(
            tr(texts.ROW_CLOCK_FAULTS),
            "; ".join(
                tr(texts.CLOCK_FAULT, kind=tr(fault.kind.value), n=fault.n, row=fault.first_row + 1)
                for fault in report.clock_faults
            )
            or tr(texts.NOTHING),
        ),
        *(SummaryRow(tr(texts.ROW_NOTICE), tr_stored(notice, shown), warning=True) for notice in report.notices),
    ]
