"""The BIDS dataset that holds the sessions: its description, its participants, and publication of new sessions."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.recording.event_tags import HED_VERSION
from neurofeedback.storage.atomic_files import is_blank, is_torn, read_json, write_atomic, write_json_atomic
from neurofeedback.storage.file_lock import waited_lock
from neurofeedback.storage.private_files import (
    is_readable_by_others,
    is_shared,
    make_folder,
    restrict_tree,
    sync_file,
    sync_folder,
    sync_tree,
)

_BIDS_VERSION = "1.10.1"
_RAW = "raw"
_PARTICIPANTS: dict[str, object] = {
    "participant_id": {"Description": "label of the person, as chosen by whoever records"}
}
_TABLE_LOCK = ".participants.lock"
_READMES = ("README", "README.md", "README.rst", "README.txt")
_GENERATED_BY = [{"Name": "neurofeedback", "Version": __version__}]

README = """\
# Meditation sessions recorded with neurofeedback

A BIDS dataset, valid at every moment, with one folder for each participant and each session. The EEG is raw and
unfiltered, in BrainVision format. The computed files (frames, settings, summary, report) are in
derivatives/neurofeedback. The program sends nothing from this folder to other computers.
"""
_DERIVED_README = """\
# What neurofeedback computed from the sessions

One folder for each session:

- `*_desc-frames_timeseries.tsv`: all frames; the `.json` of the same name describes the columns.
- `*_settings.toml`, `*_start.json`: the resolved settings, the device, and the state at the start of the sitting.
- `*_timing.tsv` (+ `.json`): each read (first sample, length, device and host time in seconds) and each lost run.
- `*_summary.json`, `*_report.html`: results of the sitting; `finished` is true only after a normal end.
- `*_sitting.json`: the time of a sitting without a headset, of which nothing else is recorded.
- `*_measures.npz`: measures of the signal for comparisons; it can be deleted and is computed again.
- `*_body.json`: heart and breath rate and stillness, where the headset records them; as above.

The index is a mind-wandering index (EEG proxy), relative to the person's own baseline; it is not a medical measure.
"""
_BIDSIGNORE_PATTERNS = (
    "*_timeseries.tsv",
    "*_timeseries.json",
    "*_settings.toml",
    "*_start.json",
    "*_timing.tsv",
    "*_timing.json",
    "*_summary.json",
    "*_played.sealed",
    "*_sitting.json",
    "*_baseline.json",
    "*_report.html",
    "*_model.json",
    "*_after.json",
    "log",
    "*_measures.npz",
    "*_body.json",
)


def ensure_dataset(root: Path) -> None:
    """Make ``root`` a BIDS dataset with its derivative dataset.

    Existing files are not changed, except that a description without ``HEDVersion`` gets it: sessions have HED tags.
    """
    _restrict_new_folder(root)
    derivatives = root / DERIVATIVES
    make_folder(derivatives)
    _write_description(root, "Meditation sessions recorded with neurofeedback", _RAW, README)
    _write_description(derivatives, "What neurofeedback computed from the sessions", "derivative", _DERIVED_README)
    _update_bidsignore(derivatives / ".bidsignore")


def _restrict_new_folder(root: Path) -> None:
    """Create the recordings folder, or take the rights of others from an existing one that holds nothing yet."""
    make_folder(root)
    if is_readable_by_others(root) and {path.name for path in root.iterdir()} <= set(_READMES):
        with suppress(PermissionError):  # another user's folder
            restrict_tree(root, shared=is_shared(root))


def _update_bidsignore(path: Path) -> None:
    """Add the missing patterns of this program's files; all other lines stay."""
    existing_lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [pattern for pattern in _BIDSIGNORE_PATTERNS if pattern not in existing_lines]
    if missing:
        write_atomic(path, "".join(f"{pattern}\n" for pattern in (*existing_lines, *missing)))


def _write_description(folder: Path, name: str, kind: str, readme: str) -> None:
    path = folder / "dataset_description.json"
    if is_blank(path):
        description = {"Name": name, "BIDSVersion": _BIDS_VERSION, "DatasetType": kind, "GeneratedBy": _GENERATED_BY}
        write_json_atomic(path, description | ({"HEDVersion": HED_VERSION} if kind == _RAW else {}))
    elif kind == _RAW:
        with suppress(RecordingError):  # edited by hand and damaged: the validator says so
            if "HEDVersion" not in (known := read_json(path)):  # without it the tags of new sessions are an error
                write_json_atomic(path, known | {"HEDVersion": HED_VERSION})
    if all(is_blank(folder / other) for other in _READMES):
        write_atomic(folder / "README", readme)


def register_participant(root: Path, participant: str) -> None:
    """Create the participant's folder and table row if they are missing. BIDS does not allow a row without a folder."""
    with waited_lock(root / _TABLE_LOCK):
        make_folder(root / participant)
        _add_participants(root, _participants(root))


def restore_participants(root: Path) -> None:
    """Add rows of the table of participants that a power cut left out, emptied or turned into zeros."""
    table = root / "participants.tsv"
    if not table.exists():
        return
    data = table.read_bytes()
    rows = {line.split(b"\t")[0] for line in data.splitlines()}
    if b"\0" in data or any(name.encode() not in rows for name in _participants(root)):
        with waited_lock(root / _TABLE_LOCK):
            _add_participants(root, _participants(root))


def _participants(root: Path) -> list[str]:
    return sorted(folder.name for folder in root.glob("sub-*") if folder.is_dir())


def _add_participants(root: Path, participants: list[str]) -> None:
    """Add the missing rows to the table of participants; other columns of an existing table stay."""
    table = root / "participants.tsv"
    is_new = not table.exists()
    lines = table.read_text(encoding="utf-8-sig").splitlines() if table.exists() else []
    lines = [line for line in lines if line.strip("\0")] or ["participant_id"]  # a power cut can leave zeros
    registered = {line.split("\t")[0] for line in lines}
    missing = [name for name in participants if name not in registered]
    if missing or is_new or is_torn(table):
        cells = ["n/a"] * (len(lines[0].split("\t")) - 1)
        write_atomic(table, "".join(f"{line}\n" for line in (*lines, *("\t".join([name, *cells]) for name in missing))))
    if is_new and not table.with_suffix(".json").exists():
        write_json_atomic(table.with_suffix(".json"), _PARTICIPANTS)


def publish_session(files: SessionFiles) -> None:
    """Move a built session to its place in the dataset, raw folder last. After a kill it can be called again."""
    register_participant(files.root, files.participant)
    if files.part_folder.exists():
        _sync_built(files.in_part_folder())
    for built, final in ((files.in_part_folder().derived, files.derived), (files.in_part_folder().raw, files.raw)):
        if built.exists():
            make_folder(final.parent)
            built.rename(final)
            sync_folder(final.parent)
    files.part_folder.rmdir()
    sync_folder(files.root)


def _sync_built(files: SessionFiles) -> None:
    """Bring a built session to the disk: whole if it is complete, else its samples and what the rest follows from.

    Each sync takes time, and the first samples wait for them.
    """
    if files.derived_file("summary.json").exists():
        sync_tree(files.raw.parent)
        return
    for path in (files.header_copy, files.eeg_file("eeg.eeg")):
        if path.exists():
            sync_file(path)
    for folder in (files.eeg_file("").parent, files.raw, files.derived, files.raw.parent):
        if folder.exists():
            sync_folder(folder)
