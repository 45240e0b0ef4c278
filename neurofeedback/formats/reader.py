"""Open recordings: this program's sessions with all their data, other programs' files through ``importers``."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.formats.find_bids import find_single_recording
from neurofeedback.formats.isolated.reader_process import import_isolated
from neurofeedback.formats.rules.options import ImportOptions
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles, find_session_stems
from neurofeedback.recording.events import read_events
from neurofeedback.recording.import_report import ImportReport
from neurofeedback.recording.lost_runs import clip_runs
from neurofeedback.recording.recording import Recording, SampleReader
from neurofeedback.recording.session_json import read_start, read_summary
from neurofeedback.recording.timing import read_timing
from neurofeedback.settings.load import read_profile
from neurofeedback.settings.resolved_profile import Profile

_log = logging.getLogger(__name__)
_SESSION_NAME = re.compile(r"sub-[0-9A-Za-z]+_ses-[0-9A-Za-z]+(_task-[0-9A-Za-z]+)?(?=_)")


def open_recording(
    path: Path,
    *,
    board: str | None = None,
    sfreq: float | None = None,
    unit: str | None = None,
    log_notices: bool = True,
) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        A session's raw or derivative folder, any file in it, a dataset or participant folder with a single
        session, another program's file, or a BIDS folder with one recording.
    board : str, optional
        Name or number of the board that recorded a BrainFlow file, if its columns fit several.
    sfreq : float, optional
        Sampling rate of another program's file, Hz, if the file gives none or a wrong one.
    unit : str, optional
        Unit of another program's file, such as ``uV``, where the file gives none or an unknown one.
    log_notices : bool
        Log what a person should read about another program's file; False if the caller shows the report.

    Returns
    -------
    Recording
        The recording; its samples are read when needed.

    Raises
    ------
    RecordingError
        The path does not exist, holds more than one session, or holds no readable EEG.
    SettingsError
        The rate or unit is not possible.
    """
    options = ImportOptions(board, sfreq, unit)
    path = path.expanduser().absolute()
    if not path.exists():
        raise RecordingError(f"there is no recording at {path}", todo="check the path")
    files = find_session(path)
    if files is not None:
        return open_session(files)
    if path.is_dir():
        path = find_single_recording(path)
    recording = import_isolated(path, options)
    if log_notices and recording.import_report is not None:
        _log_notices(recording.path, recording.import_report)
    return recording


def _log_notices(path: Path, report: ImportReport) -> None:
    for notice in report.notices:
        _log.warning("%s: %s", path, notice)
    if report.gaps.n_gaps:
        _log.warning("%s: %.2f s were lost; they are marked as gaps", path, report.gaps.lost_s)


def open_session(files: SessionFiles) -> Recording:
    """Open a session of this program, finished or not; an incomplete last sample is left out.

    Raises
    ------
    RecordingError
        The session holds no samples, or a file of it cannot be read.
    """
    try:
        return _read_session(files)
    except OSError as error:
        raise RecordingError(
            f"the session {files.stem} cannot be read",
            got=f"{error.filename}: {error.strerror}" if error.filename else str(error),
            todo="restore the file, or check its permissions",
        ) from None


def _read_session(files: SessionFiles) -> Recording:
    data_path = files.eeg_file("eeg.eeg")
    start = read_start(files.derived_file("start.json"))
    read_samples, n_samples = _map_samples(data_path, start.stream.n_channels)
    _, lost = read_timing(files.derived_file("timing.tsv"))
    commands, events = read_events(files.eeg_file("events.tsv"))
    return Recording(
        path=data_path,
        stream=start.stream,
        n_samples=n_samples,
        read_samples=read_samples,
        lost=clip_runs(lost, 0, n_samples),
        profile=_load_profile(files.derived_file("settings.toml")),
        start_state=start.start_state,
        commands=commands,
        events=events,
        columns=start.columns,
        frames_path=files.frame_log if files.frame_log.exists() else None,
        summary=read_summary(files.derived_file("summary.json")),
        started=start.started,
    )


def _map_samples(path: Path, n_channels: int) -> tuple[SampleReader, int]:
    n_samples = path.stat().st_size // (4 * n_channels)
    if n_samples == 0:
        raise RecordingError(f"{path} holds no samples", todo="there is nothing to read in this session")

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        start = min(start, n_samples)
        stop = max(start, min(stop, n_samples))
        try:  # not mapped: the pages of a long session would count as memory of this program
            values = np.fromfile(path, "<f4", n_channels * (stop - start), offset=4 * n_channels * start)
        except OSError as error:
            raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None
        if values.size < n_channels * (stop - start):
            raise RecordingError(f"{path} became shorter while it was read", todo="open it again")
        return np.array(values.reshape(-1, n_channels).T, dtype=np.float32, order="C")

    return read_samples, n_samples


def _load_profile(path: Path) -> Profile | None:
    if not path.exists():  # an imported recording has none
        return None
    try:
        return read_profile(path)
    except SettingsError as error:
        _log.warning("this session's settings cannot be used here: %s", error)
        return None


def find_session(path: Path) -> SessionFiles | None:
    """Return the session a file or folder belongs to, or the only one below a folder; None without a session.

    Raises
    ------
    RecordingError
        The folder holds more than one session.
    """
    sessions = find_sessions(path)
    if len(sessions) > 1:
        raise RecordingError(
            f"{path} holds {len(sessions)} sessions",
            got=", ".join(files.stem for files in sessions[-3:]),
            allowed="one session",
            todo=f"name one, such as {sessions[-1].raw}",
        )
    return sessions[0] if sessions else None


def find_sessions(path: Path) -> list[SessionFiles]:
    """Return the session a file belongs to, or all sessions below a folder, sorted by participant and time."""
    root = next((folder for folder in (path, *path.parents) if (folder / DERIVATIVES).is_dir()), None)
    if root is None:
        return []
    path_parts = set(path.relative_to(root).parts)
    name_match = _SESSION_NAME.match(path.name.removeprefix("."))  # the copy of the header is hidden
    if path.is_file() and name_match is None:
        return []
    session_name = name_match.group() if name_match else None
    stems = (stem for stem in find_session_stems(root) if _matches(stem, path_parts, session_name))
    return [SessionFiles.from_stem(root, stem) for stem in stems]


def _matches(stem: str, path_parts: set[str], session_name: str | None) -> bool:
    if session_name is not None:
        return f"{stem}_".startswith(f"{session_name}_")
    folders = {part for part in path_parts if part.startswith(("sub-", "ses-"))}
    return folders <= set(stem.split("_"))
