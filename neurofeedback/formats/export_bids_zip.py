"""A zip of a BIDS dataset: sessions as they are, or written anew without what tells who and when."""

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
from neurofeedback.recording.atomic_files import write_atomic
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.documents import SessionSummary, StartState, read_start
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.timing import rebase_clocks
from neurofeedback.settings.load import dump_profile

_FIRST_DAY = datetime(1924, 1, 1, 12, tzinfo=UTC)  # BIDS: dates before 1925 are no dates
_BLOCK_BYTES = 1 << 20
_DATASET_FILES = ("dataset_description.json", "README", ".bidsignore", "participants.json")


def write_bids_zip(
    sessions: Sequence[SessionFiles], out: Path, *, anonymize: bool = False, progress: ProgressCallback = lambda _: None
) -> None:
    """Write sessions as a zipped BIDS dataset with its derivative; ``progress`` is told how far it is, 0 to 1.

    Raises
    ------
    RecordingError
        A file is a link out of the dataset, or cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        root = Path(folder, "dataset")
        gather: Callable[[Sequence[SessionFiles], Path], None] = (
            _write_anonymous_sessions if anonymize else _copy_sessions
        )
        gather(sessions, root)
        draft = Path(folder, "archive.zip")
        _pack(root, draft, progress)
        draft.replace(out)


def _pack(root: Path, draft: Path, progress: ProgressCallback) -> None:
    """Pack all files; a large one is told about, and can be given up, piece by piece."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    n_bytes, packed = sum(path.stat().st_size for path in paths), 0
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            entry = zipfile.ZipInfo.from_file(path, path.relative_to(root))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as file, archive.open(entry, "w") as into:
                while piece := file.read(_BLOCK_BYTES):
                    progress(packed / n_bytes)
                    packed += into.write(piece)
    progress(1.0)


def _copy_sessions(sessions: Sequence[SessionFiles], root: Path) -> None:
    """Copy sessions with the dataset's own descriptions of itself and its people."""
    source = sessions[0].root
    for folder in (Path(), DERIVATIVES):
        for name in _DATASET_FILES:
            _copy(source / folder / name, root / folder / name, source)
    ensure_dataset(root)
    people = {files.participant for files in sessions}
    for table in (source / "participants.tsv", *source.glob("phenotype/*.tsv")):
        _copy_rows(table, root / table.relative_to(source), people)
    for description in source.glob("phenotype/*.json"):
        _copy(description, root / description.relative_to(source), source)
    for files in sessions:
        register_participant(root, files.participant)
        for folder in (files.raw, files.derived):
            for path in _files_below(folder):
                _copy(path, root / path.relative_to(source), source)


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _copy(path: Path, to: Path, root: Path) -> None:
    if path.exists():
        check_inside(path, root)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


def _copy_rows(table: Path, to: Path, participants: set[str]) -> None:
    if table.exists():
        heading, *rows = table.read_text(encoding="utf-8-sig").splitlines() or [""]
        to.parent.mkdir(parents=True, exist_ok=True)
        kept = [row for row in rows if row.split("\t")[0] in participants]
        write_atomic(to, "\n".join((heading, *kept)) + "\n")


def _write_anonymous_sessions(sessions: Sequence[SessionFiles], root: Path) -> None:
    """Write sessions anew, people numbered, each session a day after the one before."""
    by_person = groupby(sorted(sessions, key=lambda files: files.stem), key=lambda files: files.participant)
    for number, (_, visits) in enumerate(by_person, start=1):
        for day, files in enumerate(visits):
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


def _copy_anonymous_files(files: SessionFiles, to: SessionFiles) -> None:
    """Add what names nobody: frames, contact, clocks from zero, other signals of the headset."""
    write_atomic(to.derived_file("timing.tsv"), rebase_clocks(files.derived_file("timing.tsv")))
    if files.frame_log.exists():
        _copy(files.frame_log, to.frame_log, files.root)
    _copy(files.eeg_file("channels.tsv"), to.eeg_file("channels.tsv"), files.root)
    for path in files.eeg_file("").parent.glob(f"{files.stem}_recording-*_physio.*"):
        _copy(path, to.eeg_file(path.name.removeprefix(f"{files.stem}_")), files.root)
