"""The BIDS dataset that holds the sessions: its description, its participants, and publication of new sessions."""

from __future__ import annotations

from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.storage.append_only import AppendOnlyFile
from neurofeedback.storage.atomic_files import write_atomic, write_json_atomic

_BIDS_VERSION = "1.10.1"
_PARTICIPANTS: dict[str, object] = {
    "participant_id": {"Description": "label of the person, as chosen by whoever records"}
}
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
    "*_baseline.json",
    "*_report.html",
    "*_model.json",
    "*_after.json",
)


def ensure_dataset(root: Path) -> None:
    """Make ``root`` a BIDS dataset with its derivative dataset. Existing files are not changed."""
    derivatives = root / DERIVATIVES
    derivatives.mkdir(parents=True, exist_ok=True)
    _write_description(root, "Meditation sessions recorded with neurofeedback", "raw", README)
    _write_description(derivatives, "What neurofeedback computed from the sessions", "derivative", _DERIVED_README)
    _update_bidsignore(derivatives / ".bidsignore")


def _update_bidsignore(path: Path) -> None:
    """Add the missing patterns of this program's files; all other lines stay."""
    existing_lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [pattern for pattern in _BIDSIGNORE_PATTERNS if pattern not in existing_lines]
    if missing:
        write_atomic(path, "".join(f"{pattern}\n" for pattern in (*existing_lines, *missing)))


def _write_description(folder: Path, name: str, kind: str, readme: str) -> None:
    if not (folder / "dataset_description.json").exists():
        description = {"Name": name, "BIDSVersion": _BIDS_VERSION, "DatasetType": kind, "GeneratedBy": _GENERATED_BY}
        write_json_atomic(folder / "dataset_description.json", description)
    if not any((folder / other).exists() for other in _READMES):
        write_atomic(folder / "README", readme)


def register_participant(root: Path, participant: str) -> None:
    """Create the participant's folder and table row if they are missing. BIDS does not allow a row without a folder."""
    table = root / "participants.tsv"
    if not table.exists():
        (root / participant).mkdir(exist_ok=True)
        if not table.with_suffix(".json").exists():
            write_json_atomic(table.with_suffix(".json"), _PARTICIPANTS)
        write_atomic(table, f"participant_id\n{participant}\n")
        return
    lines = table.read_text(encoding="utf-8-sig").splitlines()
    if all(line.split("\t")[0] != participant for line in lines):
        n_columns = len(lines[0].split("\t")) if lines else 1
        newline = "" if table.read_bytes().endswith(b"\n") else "\n"
        _append_text(table, newline + "\t".join([participant] + ["n/a"] * (n_columns - 1)) + "\n")
    (root / participant).mkdir(exist_ok=True)


def _append_text(path: Path, text: str) -> None:
    file = AppendOnlyFile(path)
    try:
        file.append(text.encode("utf-8"))
    finally:
        file.close()


def publish_session(files: SessionFiles) -> None:
    """Move a built session to its place in the dataset, raw folder last. After a kill it can be called again."""
    register_participant(files.root, files.participant)
    for built, final in ((files.in_part_folder().derived, files.derived), (files.in_part_folder().raw, files.raw)):
        if built.exists():
            final.parent.mkdir(parents=True, exist_ok=True)
            built.rename(final)
    files.part_folder.rmdir()
