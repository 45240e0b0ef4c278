"""Facts about a session in ``sub-X_sessions.tsv``: condition, substance, dose, time from the dose, eyes, visit."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES
from neurofeedback.recording.facts.changes import file_hash, last_change, log_change
from neurofeedback.recording.facts.form_tables import set_edited_aside
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, write_atomic
from neurofeedback.storage.file_lock import waited_lock
from neurofeedback.storage.private_files import make_folder
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.safe_text import one_line

_MISSING = "n/a"
_MAX_LENGTH = 1000
_WRITTEN_BY_PROGRAM = "sessions.tsv"
_UNDER_SUBSTANCE = frozenset({"during", "post_0-2h", "post_24h"})
"""Conditions that earlier versions had for a time under a substance, without a field for it."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """Facts about a session as entered. The program does not interpret them.

    Parameters
    ----------
    condition : str
        Such as ``home``, ``pre`` or ``during``; empty for none.
    anchor : str
        Time zero of ``minutes_from_anchor``, ISO 8601; empty for none.
    minutes_from_anchor : float, optional
        From time zero to the beginning of the recording, minutes; negative before it.
    substance, dose, route : str
        As entered; empty for none. A session with a substance counts for no baseline and no decoder.
    eyes : str
        ``closed``, ``open``, or empty if it is unknown.
    visit, arm : str
        Visit and code of the arm of a study; empty for none.
    note : str
        About the protocol, such as a deviation.
    """

    condition: str = ""
    anchor: str = ""
    minutes_from_anchor: float | None = None
    substance: str = ""
    dose: str = ""
    route: str = ""
    eyes: str = ""
    visit: str = ""
    arm: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, str) and len(value) > _MAX_LENGTH:
                raise _invalid(name, value[:80], f"text of up to {_MAX_LENGTH} characters")
        if self.eyes not in {"", "closed", "open"}:
            raise _invalid("eyes", self.eyes, "closed, open, or nothing")
        if self.minutes_from_anchor is not None and not math.isfinite(self.minutes_from_anchor):
            raise _invalid("minutes_from_anchor", self.minutes_from_anchor, "a number of minutes")
        if self.anchor:
            parse_time(self.anchor)

    @property
    def under_substance(self) -> bool:
        """Whether the session counts for no baseline and no decoder."""
        return bool(self.substance) or self.condition in _UNDER_SUBSTANCE


_DESCRIPTIONS = {
    "session_id": "label of the session",
    "condition": "condition as entered, such as home, pre, during, post_24h",
    "anchor": "time zero of minutes_from_anchor, such as the beginning of an infusion, ISO 8601",
    "minutes_from_anchor": "from time zero to the beginning of the recording; negative before it",
    "substance": "substance as entered; n/a for none",
    "dose": "dose as entered",
    "route": "route of administration as entered",
    "eyes": "eyes closed or open",
    "visit": "visit of a study or course",
    "arm": "code of the arm of a study",
    "note": "note about the protocol",
}
FACT_NAMES = tuple(field.name for field in fields(SessionFacts))


def sessions_table(root: Path, participant: str) -> Path:
    """Return the path of a participant's table of sessions; ``participant`` with or without ``sub-``."""
    label = f"sub-{participant.removeprefix('sub-')}"
    return root / label / f"{label}_sessions.tsv"


def read_facts(root: Path, participant: str, session: str) -> SessionFacts | None:
    """Return the facts of a session; None if the table has no row of it.

    Raises
    ------
    RecordingError
        A cell of the row cannot be used.
    """
    label = f"ses-{session.removeprefix('ses-')}"
    path = sessions_table(root, participant)
    if not path.exists():
        return None
    stat = path.stat()
    row = _rows_by_label(path, stat.st_mtime_ns, stat.st_size).get(label)
    return None if row is None else _parse_facts(row, path)


@lru_cache(maxsize=16)
def _rows_by_label(path: Path, time_ns: int, size: int) -> dict[str, dict[str, str]]:
    return {row["session_id"]: row for row in _parse_table(path, time_ns, size)[1] if row.get("session_id")}


def write_facts(
    root: Path, participant: str, session: str, facts: SessionFacts, *, by: str = "", why: str = ""
) -> tuple[str, ...]:
    """Set the facts of a session, log every change, and return sentences about what was there before.

    Parameters
    ----------
    root : Path
        The recordings folder.
    participant, session : str
        Labels with or without ``sub-`` and ``ses-``.
    facts : SessionFacts
        The facts; they replace all earlier ones of this session. The change log keeps those.
    by, why : str
        Who changed them, and the reason, for the change log.

    Raises
    ------
    RecordingError
        There is no such session, or the disk cannot be written.
    """
    label, path = f"ses-{session.removeprefix('ses-')}", sessions_table(root, participant)
    if not any((folder / path.parent.name / label).is_dir() for folder in (root, root / DERIVATIVES)):
        raise RecordingError(
            "there is no such session", got=path.parent / label, todo="list them with `neurofeedback history`"
        )
    with (
        explain_disk_errors(f"{path} cannot be written", todo="free disk space, then try again; nothing has changed"),
        waited_lock(_make_parent(path).with_name(f".{path.name}.lock")),
    ):
        notices = _notice_edit(root, path)
        columns, rows = _read_rows(path)
        row = next((row for row in rows if row.get("session_id") == label), None)
        before = SessionFacts() if row is None else _parse_facts(row, path)
        changed = [name for name in FACT_NAMES if getattr(before, name) != getattr(facts, name)]
        if row is not None and not changed:
            return notices
        log_change(
            root,
            "facts",
            by=by,
            participant=path.parent.name,
            session=label,
            what="facts",
            before=json.dumps({name: _cell(getattr(before, name)) for name in changed}, ensure_ascii=False),
            after=json.dumps({name: _cell(getattr(facts, name)) for name in changed}, ensure_ascii=False),
            why=why,
        )
        rows = _set_row(path, rows, label, facts)
        _write_rows(root, path, columns, rows)
    overwritten = [name for name in changed if getattr(before, name) not in {"", None}]
    return notices + tuple(
        tr(
            texts.FACT_CHANGED,
            name=name,
            session=label,
            before=getattr(before, name),
            after=_cell(getattr(facts, name)),
        )
        for name in overwritten
    )


def update_facts(
    root: Path, participant: str, session: str, changes: dict[str, str | float | None], *, by: str = "", why: str = ""
) -> tuple[SessionFacts, tuple[str, ...]]:
    """Set some facts of a session and leave the others; return all of them, and sentences about earlier ones."""
    facts = replace(read_facts(root, participant, session) or SessionFacts(), **changes)  # pyright: ignore[reportArgumentType] - checked by SessionFacts
    return facts, write_facts(root, participant, session, facts, by=by, why=why)


def forget_facts(root: Path, participant: str, sessions: set[str]) -> None:
    """Remove the rows of sessions that were withdrawn."""
    path = sessions_table(root, participant)
    columns, rows = _read_rows(path)
    left = [row for row in rows if row.get("session_id") not in sessions]
    if len(left) != len(rows):
        _write_rows(root, path, columns, left)


def parse_time(text: str) -> datetime:
    """Return a time with its time zone from ISO 8601 text.

    Raises
    ------
    RecordingError
        It is none.

    Examples
    --------
    >>> parse_time("2026-12-01T14:02+01:00") == datetime.fromisoformat("2026-12-01T13:02+00:00")
    True
    """
    with suppress(ValueError):
        return datetime.fromisoformat(text).astimezone()
    raise _invalid("the time", text, "ISO 8601, such as 2026-12-01T14:02")


def format_facts(facts: SessionFacts) -> str:
    """Return facts as one line.

    Examples
    --------
    >>> format_facts(SessionFacts(condition="during", dose="35 mg"))
    'condition during, dose 35 mg'
    """
    shown = [f"{name} {_cell(value)}" for name, value in asdict(facts).items() if value not in {"", None}]
    return ", ".join(shown) or tr(texts.NOTHING_SET)


def _make_parent(path: Path) -> Path:
    make_folder(path.parent)
    return path


def _notice_edit(root: Path, path: Path) -> tuple[str, ...]:
    """Return a sentence if the table is not as this program left it, after making a copy of it."""
    written = last_change(root, _WRITTEN_BY_PROGRAM, path.parent.name)
    if not path.exists() or written is None or written.after == file_hash(path):
        return ()
    copy = set_edited_aside(root, path)
    return (tr(texts.FACTS_EDITED, path=path.relative_to(root), copy=copy),)


def _set_row(path: Path, rows: list[dict[str, str]], label: str, facts: SessionFacts) -> list[dict[str, str]]:
    """Return the rows with these facts of a session, and a row for every session's folder, as BIDS requires."""
    by_label = {row["session_id"]: row for row in rows if row.get("session_id")}
    for folder in sorted(path.parent.glob("ses-*")):
        if folder.is_dir():
            by_label.setdefault(folder.name, {"session_id": folder.name})
    by_label.setdefault(label, {"session_id": label})
    by_label[label] |= {name: _cell(getattr(facts, name)) for name in FACT_NAMES}
    return list(by_label.values())


def _write_rows(root: Path, path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    """Write the table and its description, and log its hash; other columns stay."""
    columns = list(dict.fromkeys(["session_id", *FACT_NAMES, *columns]))
    write_atomic(path, _format(columns, rows))
    _describe(path, columns)
    log_table(root, path)


def log_table(root: Path, path: Path) -> None:
    """Log the hash of a table of sessions as this program left it, by which a later edit of it is found."""
    log_change(root, "facts", participant=path.parent.name, what=_WRITTEN_BY_PROGRAM, after=file_hash(path))


def _format(columns: list[str], rows: list[dict[str, str]]) -> str:
    lines = [columns, *([row.get(name) or _MISSING for name in columns] for row in rows)]
    return "".join("\t".join(map(_quote, line)) + "\n" for line in lines)


def _describe(path: Path, columns: list[str]) -> None:
    """Write the description of the columns, unless another one is there that describes them."""
    sidecar = path.with_suffix(".json")
    known: dict[str, object] = {}
    if sidecar.exists():
        with suppress(RecordingError):  # damaged, or no object: it is written again
            known = read_json(sidecar)
    described = {name: {"Description": _DESCRIPTIONS[name]} for name in columns if name in _DESCRIPTIONS}
    document = {**described, **known}
    if document != known:
        write_atomic(sidecar, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _read_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns and rows of the table, also as a spreadsheet program saves it."""
    if not path.exists():
        return [], []
    stat = path.stat()
    columns, rows = _parse_table(path, stat.st_mtime_ns, stat.st_size)
    return list(columns), [dict(row) for row in rows]


@lru_cache(maxsize=16)
def _parse_table(path: Path, _time_ns: int, _size: int) -> tuple[tuple[str, ...], tuple[dict[str, str], ...]]:
    """Parse the table once for each of its states: a history asks for every session."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    columns = tuple(map(_unquote, lines[0].split("\t"))) if lines else ()
    if "session_id" not in columns:
        raise RecordingError(
            f"{path} is no table of sessions",
            got=", ".join(columns) or "an empty file",
            allowed="tab-separated columns, session_id among them",
            todo="restore it from sourcedata/edited or a backup",
        )
    rows = [[_unquote(cell) for cell in line.split("\t")] for line in lines[1:] if line.strip()]
    return columns, tuple(dict(zip(columns, row, strict=False)) for row in rows)


def _unquote(cell: str) -> str:
    """Return a cell without the quotes of a spreadsheet program; a quote in a text is left as it is."""
    inner = cell[1:-1]
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if is_quoted else cell


def _quote(cell: str) -> str:
    """Quote a cell that would lose quotes of its own when it is read again."""
    return cell if _unquote(cell) == cell else '"' + cell.replace('"', '""') + '"'


def _parse_facts(row: dict[str, str], path: Path) -> SessionFacts:
    cells = {name: "" if row.get(name, _MISSING) == _MISSING else row[name] for name in FACT_NAMES}
    minutes = cells.pop("minutes_from_anchor")
    try:
        return SessionFacts(**cells, minutes_from_anchor=float(minutes) if minutes else None)
    except (ValueError, RecordingError) as error:
        raise RecordingError(
            f"{path} has a cell that cannot be used", got=f"{row['session_id']}: {error}", todo="correct that cell"
        ) from None


def _cell(value: str | float | None) -> str:
    if isinstance(value, float | int):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return one_line(value or "") or _MISSING


def _invalid(name: str, got: object, allowed: str) -> RecordingError:
    return RecordingError(f"{name} has an invalid value", got=str(got), allowed=allowed)
