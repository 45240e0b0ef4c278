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

from neurofeedback.recording.anonymous import anonymous
from neurofeedback.recording.bids import DERIVED, SessionFiles
from neurofeedback.recording.dataset import ensure_dataset, register
from neurofeedback.recording.files import rewrite
from neurofeedback.recording.header import SessionHeader, read_start
from neurofeedback.recording.importers.guards import check_inside
from neurofeedback.recording.reader import open_session
from neurofeedback.recording.timing import on_own_clocks
from neurofeedback.recording.whole import Progress, write_whole
from neurofeedback.settings.load import dump_profile

_FIRST_DAY = datetime(1924, 1, 1, 12, tzinfo=UTC)  # BIDS: dates before 1925 are no dates
_PIECE = 1 << 20
_OF_DATASET = ("dataset_description.json", "README", ".bidsignore", "participants.json")


def write_zip(
    sessions: Sequence[SessionFiles], out: Path, *, anonymize: bool = False, progress: Progress = lambda _: None
) -> None:
    """Write sessions as a zipped BIDS dataset with its derivative; ``progress`` is told how far it is, 0 to 1.

    Raises
    ------
    RecordingError
        A file is a link out of the dataset, or cannot be read.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        root = Path(folder, "dataset")
        gather: Callable[[Sequence[SessionFiles], Path], None] = _rewrite_all if anonymize else _copy_all
        gather(sessions, root)
        draft = Path(folder, "archive.zip")
        _pack(root, draft, progress)
        draft.replace(out)


def _pack(root: Path, draft: Path, progress: Progress) -> None:
    """Pack all files; a large one is told about, and can be given up, piece by piece."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    n_bytes, packed = sum(path.stat().st_size for path in paths), 0
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            entry = zipfile.ZipInfo.from_file(path, path.relative_to(root))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as file, archive.open(entry, "w") as into:
                while piece := file.read(_PIECE):
                    progress(packed / n_bytes)
                    packed += into.write(piece)
    progress(1.0)


def _copy_all(sessions: Sequence[SessionFiles], root: Path) -> None:
    """Copy sessions with the dataset's own descriptions of itself and its people."""
    source = sessions[0].root
    for folder in (Path(), DERIVED):
        for name in _OF_DATASET:
            _copy(source / folder / name, root / folder / name, source)
    ensure_dataset(root)
    people = {files.participant for files in sessions}
    for table in (source / "participants.tsv", *source.glob("phenotype/*.tsv")):
        _copy_rows(table, root / table.relative_to(source), people)
    for description in source.glob("phenotype/*.json"):
        _copy(description, root / description.relative_to(source), source)
    for files in sessions:
        register(root, files.participant)
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


def _copy_rows(table: Path, to: Path, people: set[str]) -> None:
    if table.exists():
        heading, *rows = table.read_text(encoding="utf-8-sig").splitlines() or [""]
        to.parent.mkdir(parents=True, exist_ok=True)
        kept = [row for row in rows if row.split("\t")[0] in people]
        rewrite(to, "\n".join((heading, *kept)) + "\n")


def _rewrite_all(sessions: Sequence[SessionFiles], root: Path) -> None:
    """Write sessions anew, people numbered, each session a day after the one before."""
    by_person = groupby(sorted(sessions, key=lambda files: files.stem), key=lambda files: files.participant)
    for number, (_, visits) in enumerate(by_person, start=1):
        for day, files in enumerate(visits):
            _rewrite(files, root, f"{number:02d}", _FIRST_DAY + timedelta(days=day))


def _rewrite(files: SessionFiles, root: Path, participant: str, started: datetime) -> None:
    recording = anonymous(open_session(files))
    header = SessionHeader(
        participant=participant,
        stream=recording.stream,
        profile_toml="" if recording.profile is None else dump_profile(recording.profile),
        start=recording.start,
        columns=read_start(files.computed("start.json")).columns,
        started=started,
        task=files.stem.rpartition("_task-")[2],
    )
    summary = {**recording.summary, "participant": participant, "device": recording.stream.device}
    write_whole(root, header, recording, summary=summary, add=partial(_add, files))


def _add(files: SessionFiles, to: SessionFiles) -> None:
    """Add what names nobody: frames, contact, clocks from zero, other signals of the headset."""
    rewrite(to.computed("timing.tsv"), on_own_clocks(files.computed("timing.tsv")))
    if files.frames.exists():
        _copy(files.frames, to.frames, files.root)
    _copy(files.eeg("channels.tsv"), to.eeg("channels.tsv"), files.root)
    for path in files.eeg("").parent.glob(f"{files.stem}_recording-*_physio.*"):
        _copy(path, to.eeg(path.name.removeprefix(f"{files.stem}_")), files.root)
