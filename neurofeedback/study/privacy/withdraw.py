"""Withdrawal of a person: remove or set aside the data, and leave a receipt."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from neurofeedback.analysis.history import cache_path
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import DERIVATIVES, check_label
from neurofeedback.recording.facts.changes import change_log_path, log_change, now_text
from neurofeedback.recording.facts.entries import COURSE
from neurofeedback.recording.facts.form_records import FORMS, read_all_forms
from neurofeedback.recording.facts.form_tables import EDITED
from neurofeedback.recording.facts.session_facts import forget_facts
from neurofeedback.settings.load import user_folder
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, write_atomic, write_json_atomic
from neurofeedback.storage.bin import BIN
from neurofeedback.storage.file_lock import is_locked, waited_lock
from neurofeedback.storage.hash_chain import JsonObject, remove_content
from neurofeedback.storage.private_files import make_folder, sync_folder
from neurofeedback.study.guesses import guesses_path

EVERYTHING = "all"
_PHENOTYPE = Path("phenotype")  # tables of version 0.1.0
_BACKUP = Path("sourcedata", "backup")
_WITHDRAWN = Path("sourcedata", "withdrawn")
_CHOICES = "app.json"
_LABEL_TIME = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What was withdrawn: numbers of files and of lines of records, and the receipt."""

    n_files: int
    n_lines: int
    receipt: Path


def withdraw_participant(
    root: Path, participant: str, *, since: date | None = None, move: bool = False, by: str = "", why: str = ""
) -> Withdrawal:
    """Remove the data of a person from a dataset, all or from a day on, and write a receipt.

    Sessions, tables, answers, entries, the course, models, caches, edited copies and backups are removed, and tables
    of an earlier version; incomplete lines of the person are removed with a first day, too. Lines of the
    records lose their content; their hashes stay, so that the rest can still be checked. The receipt holds a code of
    the label, not the label.

    Parameters
    ----------
    since : date, optional
        First day whose data are withdrawn; None for all.
    move : bool
        Move the folders of sessions to ``sourcedata/withdrawn`` instead of deleting them.
    by, why : str
        For the receipt.

    Raises
    ------
    SettingsError
        The label is not valid.
    RecordingError
        A session of the person is running, there are no data, answers of an earlier version are not migrated (with a
        first day), or the disk cannot be written; the call can be repeated.
    """
    label = participant.removeprefix("sub-")
    check_label("participant", label)
    name = f"sub-{label}"
    _refuse_running(root, name)
    folders = list(_session_folders(root, name, since))
    others = [] if since else list(_other_paths(root, name))
    has_old_tables = any(_count_rows(path, name) for path in (root / _PHENOTYPE).glob("*.tsv"))
    if since and has_old_tables:
        raise RecordingError(
            f"answers of {name} that an earlier version stored have no dates",
            got=root / _PHENOTYPE,
            todo="run `neurofeedback forms migrate` first, or withdraw all",
        )
    if not folders and not others and not has_old_tables and not read_all_forms(root, label):
        raise RecordingError(f"there are no data of {name} to withdraw", got=root, todo="check the label")
    moment = now_text()
    code = hashlib.sha256(f"{moment} {name}".encode()).hexdigest()[:12]
    with explain_disk_errors(f"the data of {name} cannot be removed", todo="free disk space or rights, then repeat"):
        n_lines = _clean_records(root, label, since)
        n_files = sum(_remove(root, folder, code if move else "") for folder in folders)
        if since:
            forget_facts(root, name, {folder.name for folder in folders})
        else:
            n_files += sum(_remove(root, path, "") for path in others)
            _forget_row(root, name)
            _forget_choice(label)
        n_lines += _clean_change_log(root, name, since)
        cache_path(root).unlink(missing_ok=True)
        receipt = root / _WITHDRAWN / f"receipt-{code}.json"
        make_folder(receipt.parent)
        write_json_atomic(
            receipt,
            {
                "code": code,
                "withdrawn_at": moment,
                "by": by,
                "why": why,
                "from": since.isoformat() if since else "all",
                "files": n_files,
                "lines": n_lines,
                "moved": move,
            },
        )
    log_change(root, "withdrawn", by=by, what=code, why=why)
    return Withdrawal(n_files, n_lines, receipt)


def parse_first_day(text: str) -> date | None:
    """Return the first day to withdraw; None for ``all``.

    Raises
    ------
    SettingsError
        The text is neither.
    """
    if text == EVERYTHING:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError("this is no day", got=text, allowed="all, or a day such as 2026-12-01") from None


def _refuse_running(root: Path, name: str) -> None:
    for lock in root.glob(f".{name}_*.lock"):
        if is_locked(lock):
            raise RecordingError(
                f"a session of {name} is being recorded right now, so nothing was withdrawn",
                got=lock.name,
                todo="end the session, then repeat",
            )


def _session_folders(root: Path, name: str, since: date | None) -> Iterator[Path]:
    for base in (root, root / DERIVATIVES):
        for folder in sorted((base / name).glob("ses-*")):
            if since is None or _day_of(folder.name) >= since:
                yield folder
    for folder in sorted((root / BIN).glob(f"{name}_ses-*")):
        if since is None or _day_of(folder.name.split("_")[1]) >= since:
            yield folder


def _day_of(session: str) -> date:
    """Return the day of a session's label; a label without a time counts as the earliest, and stays."""
    with suppress(ValueError):
        return datetime.strptime(session.removeprefix("ses-"), _LABEL_TIME).date()
    return date.min


def _other_paths(root: Path, name: str) -> Iterator[Path]:
    """Yield what else belongs to a person alone: folders, models, course, edited copies, backups."""
    for base in (root, root / DERIVATIVES):
        if (base / name).exists():
            yield base / name
    for folder in (root / COURSE, root / EDITED):
        yield from sorted(path for path in folder.glob(f"{name}*") if _is_of(path, name))
    for path in sorted((root / _BACKUP).rglob("*")):
        if path.is_file() and (_is_of(path, name) or name in path.parts):
            yield path
    yield from sorted(root.glob(f".{name}_*"))


def _is_of(path: Path, name: str) -> bool:
    """Return whether a file's name is that of a person, and not of another whose label begins alike."""
    rest = path.name.removeprefix(name)
    return path.name.startswith(name) and not rest[:1].isalnum()


def _clean_records(root: Path, label: str, since: date | None) -> int:
    """Remove the content of a person's answers and entries, and rows of backed-up tables; return their number."""

    def is_withdrawn(data: JsonObject) -> bool:
        moment = str(data.get("asked_at") or data.get("at") or "")[:10]
        return data.get("participant") == label and (since is None or moment >= since.isoformat())

    records = [
        *sorted((root / FORMS).glob("*.jsonl")),
        *sorted((root / COURSE).glob(f"sub-{label}_log.jsonl")),
        guesses_path(root),
    ]
    n_lines = sum(remove_content(path, is_withdrawn) for path in records)
    n_lines += sum(_remove_rows(path, label) for path in (root / "sourcedata").rglob("*.incomplete"))
    if since is None:
        tables = [*(root / _BACKUP).rglob("*.tsv"), *(root / _PHENOTYPE).glob("*.tsv")]
        n_lines += sum(_remove_rows(path, f"sub-{label}") for path in tables)
    return n_lines


def _clean_change_log(root: Path, name: str, since: date | None) -> int:
    def is_withdrawn(data: JsonObject) -> bool:
        is_late = since is None or str(data.get("at", ""))[:10] >= since.isoformat()
        return data.get("participant") == name and is_late

    path = change_log_path(root)
    n_lines = remove_content(path, is_withdrawn)
    return n_lines + sum(_remove_rows(incomplete, name) for incomplete in path.parent.glob(f"{path.name}.incomplete"))


def _holds(line: str, word: str) -> bool:
    """Return whether a line holds a word as a cell or JSON text."""
    return word in line.strip().replace('"', "\t").split("\t")


def _count_rows(path: Path, word: str) -> int:
    return sum(_holds(line, word) for line in path.read_text(encoding="utf-8", errors="replace").splitlines())


def _remove_rows(path: Path, word: str) -> int:
    """Remove the lines that hold a word as a cell or JSON text from a file of lines; return their number."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    left = [line for line in lines if not _holds(line, word)]
    if len(left) < len(lines):
        write_atomic(path, "".join(left))
    return len(lines) - len(left)


def _forget_row(root: Path, name: str) -> None:
    table = root / "participants.tsv"
    if table.exists():
        with waited_lock(root / ".participants.lock"):
            _remove_rows(table, name)


def _forget_choice(label: str) -> None:
    """Remove a person from the choices that the window remembers."""
    path = user_folder() / _CHOICES
    if path.exists():
        choices = read_json(path)
        if choices.get("participant") == label:
            write_json_atomic(path, choices | {"participant": ""})


def _remove(root: Path, path: Path, code: str) -> int:
    """Delete a file or folder, or move it under a code; return the number of its files."""
    if not path.exists():
        return 0
    n_files = sum(one.is_file() for one in path.rglob("*")) if path.is_dir() else 1
    if code:
        kind = "derivatives" if path.is_relative_to(root / DERIVATIVES) else path.parent.name.strip(".")
        kind = "raw" if kind.startswith("sub-") else kind
        target = root / _WITHDRAWN / code / kind / path.name
        make_folder(target.parent)
        path.rename(target)
        sync_folder(target.parent)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    sync_folder(path.parent)
    return n_files
