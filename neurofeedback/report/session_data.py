"""All data of one session that a report needs, read from disk and computed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.analysis.body.body_file import SessionBody, load_or_compute_body
from neurofeedback.analysis.contact_log import ContactLog, replay_contacts
from neurofeedback.analysis.frame_table import FrameTable, read_frame_table
from neurofeedback.analysis.session_spectra import SpectraPanel, compute_spectra
from neurofeedback.analysis.transmission import Transmission, summarize_transmission
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.session_json import SessionStart, read_start
from neurofeedback.recording.timing import read_timing
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.types import EventKind


@dataclass(frozen=True, slots=True)
class PhaseSummary:
    """One phase: start and stop (s), and the shares of its frames that were valid and that looked drowsy."""

    phase: str
    start_s: float
    stop_s: float
    valid_fraction: float
    drowsy_fraction: float


@dataclass(frozen=True, slots=True, eq=False)
class SessionData:
    """Recording, settings, frames, contacts, spectra, transmission and body measures of one session.

    ``body`` is None where no sensor beside the EEG was recorded, or ``body_problem`` says why it cannot be read.
    """

    files: SessionFiles
    recording: Recording
    profile: Profile
    start: SessionStart
    frames: FrameTable
    contacts: ContactLog
    panels: tuple[SpectraPanel, ...]
    transmission: Transmission
    phases: tuple[PhaseSummary, ...]
    body: SessionBody | None = None
    body_problem: str = ""

    @property
    def finished(self) -> bool:
        """Whether the session was closed in order."""
        return self.recording.summary.finished is True

    @property
    def n_reconnects(self) -> int | None:
        """Number of reconnections; None if the session has no summary."""
        return self.recording.summary.reconnects

    @property
    def n_underruns(self) -> int | None:
        """How often the sound was not ready in time; None if the session has no summary."""
        return self.recording.summary.audio_underruns

    @property
    def silent(self) -> bool:
        """Whether the session is known to have had no sound."""
        return self.recording.summary.had_sound is False

    @property
    def stop_reason(self) -> str:
        """Why it ended, as logged: ``done``, ``asked``, ``source`` or empty."""
        stops = [event.value for event in self.recording.events if event.kind is EventKind.STOP]
        return stops[-1] if stops else ""

    @property
    def valid_fraction(self) -> float | None:
        """Share of frames with a usable signal, None without frames."""
        return float(self.frames.valid.mean()) if len(self.frames) else None


def load_session_data(session: Path) -> SessionData:
    """Read a session, replay its contacts and compute its summaries.

    Parameters
    ----------
    session : Path
        Its folder, raw or computed, or any file in it.

    Raises
    ------
    RecordingError
        There is no such session, it is still being recorded, or one of its files cannot be used.
    """
    try:
        return _load(open_recording(session), session)
    except OSError as error:
        raise RecordingError(
            "a file of this session cannot be read",
            got=f"{error.filename}: {error.strerror}",
            todo="restore the file, or check its permissions",
        ) from None


def _load(recording: Recording, session: Path) -> SessionData:
    files = _files(recording, session)
    if is_locked(files.lock_path):
        raise RecordingError(
            "this session is still being recorded", got=str(session), todo="end the session first, then try again"
        )
    if recording.start_state is not None and recording.start_state.imported_from is not None:
        raise RecordingError(
            "there is no session to report: this recording was imported",
            got=str(session),
            allowed="a session recorded by this program",
            todo="run it through `neurofeedback replay`, or compare it by `neurofeedback compare`",
        )
    profile = recording.profile
    if profile is None or len(profile.montage.ch_names) != recording.stream.n_channels:
        raise RecordingError(
            "this session's settings cannot be used, so it cannot be replayed",
            got=str(files.derived_file("settings.toml")),
            todo="restore the file",
        )
    frames = read_frame_table(recording.frames_path)
    transmission = _summarize_transmission(recording, files, frames)  # before the replay: the reads need memory, too
    contacts = replay_contacts(recording)
    body, body_problem = _measure_body(files)
    return SessionData(
        files=files,
        recording=recording,
        profile=profile,
        start=read_start(files.derived_file("start.json")),
        frames=frames,
        contacts=contacts,
        panels=tuple(compute_spectra(recording, contacts, profile.montage, profile.settings)),
        transmission=transmission,
        phases=_summarize_phases(frames),
        body=body,
        body_problem=body_problem,
    )


def _measure_body(files: SessionFiles) -> tuple[SessionBody | None, str]:
    """Return the body measures, or why there are none: the report of the EEG does not depend on them."""
    try:
        return load_or_compute_body(files), ""
    except RecordingError as error:
        return None, str(error)


def _summarize_transmission(recording: Recording, files: SessionFiles, frames: FrameTable) -> Transmission:
    reads, _ = read_timing(files.derived_file("timing.tsv"))
    return summarize_transmission(recording, reads, frames.latency_ms)


def _files(recording: Recording, session: Path) -> SessionFiles:
    if recording.start_state is not None:
        return SessionFiles.from_stem(recording.path.parents[3], recording.path.name.removesuffix("_eeg.eeg"))
    raise RecordingError(
        "a report is made of this program's sessions",
        got=f"{session}, another program's recording",
        todo="run it through `neurofeedback replay` instead",
    )


def _summarize_phases(frames: FrameTable) -> tuple[PhaseSummary, ...]:
    found: list[PhaseSummary] = []
    for span in frames.spans(frames.phase):
        rows = (frames.onset > span.start_s) & (frames.onset <= span.stop_s)
        usable, drowsy = float(np.mean(frames.valid[rows])), float(np.mean(frames.drowsy[rows]))
        found.append(PhaseSummary(span.label, span.start_s, span.stop_s, usable, drowsy))
    return tuple(found)
