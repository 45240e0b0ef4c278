"""Which sessions of a study are masked: what they played is hidden until the study is unlocked."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.repair.rebuild_session import read_start_or_copy
from neurofeedback.recording.session_json import StudyStart
from neurofeedback.storage.append_only import read_complete_lines
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

UNBLINDING_COLUMNS = ("at", "participant", "by", "kind", "why")


def unblinding_path(root: Path) -> Path:
    """Return the path of the table of every time an arm was shown."""
    return root / "code" / "study" / "unblinding.tsv"


def unblinding_rows(root: Path) -> list[str]:
    """Return the rows of the table of unblinding without its header."""
    return read_complete_lines(unblinding_path(root))[1:]


def unlocked_people(root: Path) -> set[str]:
    """Return the participants whose arm the unlocking of the study has shown."""
    rows = [dict(zip(UNBLINDING_COLUMNS, line.split("\t"), strict=False)) for line in unblinding_rows(root)]
    return {row["participant"] for row in rows if row.get("kind") == "unlock"}


def read_study_start(files: SessionFiles) -> StudyStart | None:
    """Return what a session has stored about its study; None for a session of no study.

    Raises
    ------
    RecordingError
        Neither ``start.json`` nor its copy can be read.
    """
    return read_start_or_copy(files).start_state.study


def is_sealed(files: SessionFiles) -> bool:
    """Return whether what a session played is sealed, also after its ``start.json`` was lost."""
    if files.sealed_feedback.exists():
        return True
    if not unblinding_path(files.root).parent.is_dir():  # no study, and reading thousands of files takes seconds
        return False
    try:
        study = read_study_start(files)
    except RecordingError:
        return False
    return study is not None and study.sealed


def is_masked(files: SessionFiles) -> bool:
    """Return whether a session is masked and its study is not unlocked.

    Raises
    ------
    RecordingError
        Neither ``start.json`` nor its copy can be read.
    """
    study = read_study_start(files)
    if study is None and not files.sealed_feedback.exists():
        return False
    if study is not None and not study.masked:
        return False
    participant = files.participant.removeprefix("sub-") if study is None else study.participant
    return participant not in unlocked_people(files.root)


def check_not_masked(files: SessionFiles) -> None:
    """Refuse to show the index of a masked session.

    Raises
    ------
    RecordingError
        The session is masked, or its ``start.json`` cannot be read.
    """
    if is_masked(files):
        raise RecordingError(tr(texts.SESSION_MASKED), got=files.stem, todo=tr(texts.SESSION_MASKED_TODO))
