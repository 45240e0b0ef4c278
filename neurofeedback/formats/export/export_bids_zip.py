"""Export of sessions as a zipped BIDS dataset: copied unchanged, or rewritten without identifying data."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from neurofeedback.formats.anonymize import anonymize_recording
from neurofeedback.formats.file_checks import check_inside
from neurofeedback.formats.reader import open_session
from neurofeedback.formats.write_complete_session import ProgressCallback, write_complete_session
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.facts.session_facts import sessions_table
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, StartState, read_start
from neurofeedback.recording.timing import rebase_clocks
from neurofeedback.settings.load import dump_profile
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.storage.private_files import restrict_file

_FIRST_DAY = datetime(1924, 1, 1, 12, tzinfo=UTC)  # BIDS: a date before 1925 marks an anonymized one
_BLOCK_BYTES = 1 << 20
_DATASET_FILES = ("dataset_description.json", "README", ".bidsignore", "participants.json")


def write_bids_zip(
    sessions: Sequence[SessionFiles], out: Path, *, anonymize: bool = False, progress: ProgressCallback = lambda _: None
) -> None:
    """Write sessions and their derivatives as a zipped BIDS dataset; ``progress`` gets the share written, 0 to 1.

    Raises
    ------
    RecordingError
        A file is a link that leads out of the dataset, or cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        root = Path(folder, "dataset")
        collect_sessions: Callable[[Sequence[SessionFiles], Path], None] = (
            _write_anonymous_sessions if anonymize else _copy_sessions
        )
        collect_sessions(sessions, root)
        temporary = Path(folder, "archive.zip")
        _zip_folder(root, temporary, progress)
        restrict_file(temporary)
        temporary.replace(out)


def _zip_folder(root: Path, out: Path, progress: ProgressCallback) -> None:
    """Zip all files below ``root``; progress is reported per block, so that a large file can be cancelled too."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    n_bytes, n_written = sum(path.stat().st_size for path in paths), 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            entry = zipfile.ZipInfo.from_file(path, path.relative_to(root))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as file, archive.open(entry, "w") as member:
                while block := file.read(_BLOCK_BYTES):
                    progress(n_written / n_bytes)
                    n_written += member.write(block)
    progress(1.0)


def _copy_sessions(sessions: Sequence[SessionFiles], root: Path) -> None:
    """Copy sessions with the dataset's description files and the table rows of their participants."""
    source = sessions[0].root
    for folder in (Path(), DERIVATIVES):
        for name in _DATASET_FILES:
            _copy(source / folder / name, root / folder / name, source)
    ensure_dataset(root)
    participants = {files.participant for files in sessions}
    for table in (source / "participants.tsv", *source.glob("phenotype/*.tsv")):
        _copy_rows(table, root / table.relative_to(source), participants)
    for participant in participants:
        labels = {files.session_label for files in sessions if files.participant == participant}
        table = sessions_table(source, participant)
        _copy_rows(table, root / table.relative_to(source), labels)
        _copy(table.with_suffix(".json"), root / table.with_suffix(".json").relative_to(source), source)
    for description in source.glob("phenotype/*.json"):
        _copy(description, root / description.relative_to(source), source)
    for files in sessions:
        register_participant(root, files.participant)
        for folder in (files.raw, files.derived):
            for path in _files_below(folder):
                _copy(path, root / path.relative_to(source), source)


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _copy(path: Path, target: Path, root: Path) -> None:
    if path.exists():
        check_inside(path, root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _copy_rows(table: Path, target: Path, participants: set[str]) -> None:
    if table.exists():
        heading, *rows = table.read_text(encoding="utf-8-sig").splitlines() or [""]
        target.parent.mkdir(parents=True, exist_ok=True)
        selected = [row for row in rows if row.split("\t")[0] in participants]
        write_atomic(target, "\n".join((heading, *selected)) + "\n")


def _write_anonymous_sessions(sessions: Sequence[SessionFiles], root: Path) -> None:
    """Write anonymized sessions: participants are numbered, and each session is dated a day after the previous one."""
    by_participant = groupby(sorted(sessions, key=lambda files: files.stem), key=lambda files: files.participant)
    for number, (_, participant_sessions) in enumerate(by_participant, start=1):
        for day, files in enumerate(participant_sessions):
            _write_anonymous_session(files, root, f"{number:02d}", _FIRST_DAY + timedelta(days=day))


def _write_anonymous_session(files: SessionFiles, root: Path, participant: str, started: datetime) -> None:
    recording = anonymize_recording(open_session(files))
    header = SessionHeader(
        participant=participant,
        stream=recording.stream,
        profile_toml="" if recording.profile is None else dump_profile(recording.profile),
        start_state=recording.start_state or StartState(),
        columns=read_start(files.derived_file("start.json")).columns,
        started=started,
        task=files.stem.rpartition("_task-")[2],
    )
    summary = recording.summary.merge(SessionSummary(participant=participant, device=recording.stream.device))
    write_complete_session(root, header, recording, summary=summary, add_files=partial(_copy_anonymous_files, files))


def _copy_anonymous_files(files: SessionFiles, target: SessionFiles) -> None:
    """Copy the files that identify no one: frames, contact, clocks rebased to zero, auxiliary signals."""
    write_atomic(target.derived_file("timing.tsv"), rebase_clocks(files.derived_file("timing.tsv")))
    if files.frame_log.exists():
        _copy(files.frame_log, target.frame_log, files.root)
    _copy(files.eeg_file("channels.tsv"), target.eeg_file("channels.tsv"), files.root)
    for path in files.eeg_file("").parent.glob(f"{files.stem}_recording-*_physio.*"):
        _copy(path, target.eeg_file(path.name.removeprefix(f"{files.stem}_")), files.root)
