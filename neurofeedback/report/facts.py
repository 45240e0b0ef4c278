"""All that a report tells about one session, gathered from what is on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.header import Start, read_start
from neurofeedback.recording.locks import is_locked
from neurofeedback.recording.reader import open_recording
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import read_timing
from neurofeedback.report.contact import ContactLog, judge_again
from neurofeedback.report.log import FrameLog, read_log
from neurofeedback.report.spectra import Panel, spectra
from neurofeedback.report.timing import Transmission, transmission
from neurofeedback.settings.profile import Profile
from neurofeedback.types import EventKind


@dataclass(frozen=True, slots=True)
class PhaseFacts:
    """One phase as it was: where it lies (s), and the shares of its frames that were valid and looked drowsy."""

    phase: str
    start_s: float
    stop_s: float
    usable: float
    drowsy: float


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """One session. ``finished`` is true after an orderly close; ``stopped`` says why it ended, if that is known."""

    files: SessionFiles
    recording: Recording
    profile: Profile
    start: Start
    log: FrameLog
    contacts: ContactLog
    panels: tuple[Panel, ...]
    transmission: Transmission
    phases: tuple[PhaseFacts, ...]

    @property
    def summary(self) -> Mapping[str, object]:
        """``summary.json``; empty for a session that broke off and is not completed yet."""
        return self.recording.summary

    @property
    def finished(self) -> bool:
        """Whether the session was closed in order."""
        return self.summary.get("finished") is True

    @property
    def stopped(self) -> str:
        """Why it ended, as logged: ``done``, ``asked``, ``source`` or empty."""
        stops = [event.value for event in self.recording.events if event.kind is EventKind.STOP]
        return stops[-1] if stops else ""

    @property
    def usable(self) -> float | None:
        """Share of frames with a usable signal, None without frames."""
        return float(self.log.valid.mean()) if len(self.log) else None


def gather(session: Path) -> Facts:
    """Read, judge again and sum up a session.

    Parameters
    ----------
    session : Path
        Its folder, raw or computed, or any file in it.

    Raises
    ------
    RecordingError
        There is no such session, it is being recorded right now, or a file of it cannot be used.
    """
    try:
        return _read(open_recording(session), session)
    except OSError as error:
        raise RecordingError(
            "a file of this session cannot be read",
            got=f"{error.filename}: {error.strerror}",
            todo="restore the file, or check the rights",
        ) from None


def _read(recording: Recording, session: Path) -> Facts:
    files = _files(recording, session)
    if is_locked(files.lock):
        raise RecordingError(
            "this session is still being recorded", got=str(session), todo="end the sitting first, then ask again"
        )
    if "imported_from" in recording.start:
        raise RecordingError(
            "there was no sitting to report: this recording was imported",
            got=str(session),
            allowed="a session that was sat with this program",
            todo="run it through `neurofeedback replay`, or hold it beside others with `neurofeedback compare`",
        )
    profile = recording.profile
    if profile is None or len(profile.montage.ch_names) != recording.stream.n_channels:
        raise RecordingError(
            "this session's settings cannot be used, so it cannot be judged again",
            got=str(files.computed("settings.toml")),
            todo="restore the file",
        )
    reads, _ = read_timing(files.computed("timing.tsv"))
    log = read_log(recording.frames_path)
    contacts = judge_again(recording)
    return Facts(
        files=files,
        recording=recording,
        profile=profile,
        start=read_start(files.computed("start.json")),
        log=log,
        contacts=contacts,
        panels=tuple(spectra(recording, contacts, profile.montage, profile.settings)),
        transmission=transmission(recording, reads, log.latency_ms),
        phases=_phases(log),
    )


def _files(recording: Recording, session: Path) -> SessionFiles:
    if recording.start or recording.columns:
        return SessionFiles.of(recording.path.parents[3], recording.path.name.removesuffix("_eeg.eeg"))
    raise RecordingError(
        "a report is made of this program's sessions",
        got=f"{session}, another program's recording",
        todo="run it through `neurofeedback replay` instead",
    )


def _phases(log: FrameLog) -> tuple[PhaseFacts, ...]:
    found: list[PhaseFacts] = []
    for span in log.spans(log.phase):
        rows = (log.onset > span.start_s) & (log.onset <= span.stop_s)
        usable, drowsy = float(np.mean(log.valid[rows])), float(np.mean(log.drowsy[rows]))
        found.append(PhaseFacts(span.word, span.start_s, span.stop_s, usable, drowsy))
    return tuple(found)
