"""Tables of answers in the ``beh`` folders of the sessions, rebuilt from the record of each form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from neurofeedback.recording.facts.changes import log_change
from neurofeedback.settings.questionnaire import Item, Questionnaire
from neurofeedback.storage.atomic_files import explain_disk_errors, open_replacement, write_atomic
from neurofeedback.storage.bin import BIN
from neurofeedback.storage.private_files import make_folder
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.safe_text import one_line

if TYPE_CHECKING:
    from neurofeedback.recording.facts.form_records import AskedForm

EDITED = Path("sourcedata", "edited")
_MISSING = "n/a"
_FIXED: dict[str, str] = {
    "asked_at": "time of the asking, ISO 8601 with time zone",
    "when": "before or after the sitting; n/a if neither",
    "visit": "visit of the course; n/a for none",
    "asked_by": "who asked; self if the person answered alone",
    "form_version": "version of the wording",
    "entry": "beginning of the hash of this line in sourcedata/forms",
    "supersedes": "the line that this one corrects; n/a for none",
    "reason": "why it was corrected",
}


def table_path(root: Path, participant: str, session: str, form: str) -> Path:
    """Return the path of the table of a form in a session; labels without ``sub-`` and ``ses-``."""
    prefix = f"sub-{participant}_ses-{session}"
    return root / f"sub-{participant}" / f"ses-{session}" / "beh" / f"{prefix}_task-{form}_beh.tsv"


def build_tables(
    root: Path, form: str, asked: Iterable[AskedForm], definitions: Callable[[str], Questionnaire | None]
) -> dict[Path, str]:
    """Return the content of every table of a form, and of the description beside it, by path."""
    by_table: dict[Path, list[AskedForm]] = {}
    for one in asked:
        by_table.setdefault(table_path(root, one.answers.participant, one.session, form), []).append(one)
    found: dict[Path, str] = {}
    for path, rows in by_table.items():
        wordings = [definitions(one.answers.form_sha256) for one in rows]
        items = _items(rows, wordings)
        lines = ["\t".join([*_FIXED, *items, "score"]), *(_row(one, items) for one in rows)]
        found[path] = "".join(f"{line}\n" for line in lines)
        found[path.with_suffix(".json")] = _sidecar(form, items, wordings[-1])
    return found


def update_tables(
    root: Path,
    form: str,
    before: Iterable[AskedForm],
    after: Iterable[AskedForm],
    *,
    participant: str,
    definitions: Callable[[str], Questionnaire | None],
) -> tuple[str, ...]:
    """Write the tables that a new line changes, and return sentences about tables that were edited by hand.

    An edited table is copied to ``sourcedata/edited`` first. The record is not changed by it.
    """
    old, new = build_tables(root, form, before, definitions), build_tables(root, form, after, definitions)
    notices: list[str] = []
    for path in sorted({*old, *new}):
        if not path.name.startswith(f"{participant}_"):
            continue
        current = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
        if current == new.get(path) or (current is None and is_binned(root, path)):
            continue
        with explain_disk_errors(f"the table {path} cannot be written", todo="free disk space; the answers are saved"):
            if path.exists() and not _is_ours(path, old.get(path, ""), new.get(path, "")):
                copy = set_edited_aside(root, path)
                notices.append(tr(texts.TABLE_EDITED, path=path.relative_to(root), copy=copy))
            if path in new:
                make_folder(path.parent)
                write_atomic(path, new[path])
            else:
                path.unlink(missing_ok=True)
                _remove_empty(path.parent)
    return tuple(notices)


def is_binned(root: Path, path: Path) -> bool:
    """Return whether the session of a table lies in the bin, from which it can be put back."""
    prefix = path.name.split("_task-")[0]
    return any(folder.name == prefix or folder.name.startswith(f"{prefix}_") for folder in (root / BIN).glob("*"))


def _is_ours(path: Path, *versions: str) -> bool:
    """Return whether a file is as this program wrote it, or has its first rows alone, as a kill leaves it."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(version.startswith(text) for version in versions)


def set_edited_aside(root: Path, path: Path) -> Path:
    """Copy a file that was edited outside this program, log it, and return the copy, relative to the dataset."""
    stamp = datetime.now().strftime("%Y%m%dT%H%M%S%f")
    copy = EDITED / f"{path.stem}_edited-{stamp}{path.suffix}"
    make_folder((root / copy).parent)
    with open_replacement(root / copy) as file:  # its bytes: the edit may be in another encoding
        file.write(path.read_bytes())
    log_change(
        root,
        "edited",
        participant=path.relative_to(root).parts[0],
        what=path.relative_to(root).as_posix(),
        before=copy.as_posix(),
    )
    return copy


def _items(rows: list[AskedForm], wordings: list[Questionnaire | None]) -> list[str]:
    named = [item.id for wording in wordings if wording for item in wording.items]
    answered = [item for one in rows for item in one.answers.items]
    return list(dict.fromkeys([*named, *answered]))


def _row(one: AskedForm, items: list[str]) -> str:
    answers = one.answers
    fixed = [
        answers.asked_at,
        answers.when,
        answers.visit,
        answers.asked_by,
        answers.form_version,
        one.hash[:12],
        answers.supersedes[:12],
        answers.reason,
    ]
    values = [str(answers.items.get(item, _MISSING)) for item in items]
    score = _MISSING if answers.score is None else str(answers.score)
    return "\t".join([*(one_line(cell) or _MISSING for cell in fixed), *values, score])


def _sidecar(form: str, items: list[str], wording: Questionnaire | None) -> str:
    described = {item.id: _describe_item(wording, item) for item in wording.items} if wording else {}
    document: dict[str, JsonValue] = {
        "TaskName": form,
        "TaskDescription": wording.title if wording else form,
        "Instructions": wording.instruction if wording else "",
        "MeasurementToolMetadata": {"Description": f"{wording.title}, version {wording.version}. {wording.source}"}
        if wording
        else {"Description": form},
        **{name: {"Description": description} for name, description in _FIXED.items()},
        **{item: described.get(item, {"Description": item}) for item in items},
        "score": {"Description": "sum of the scored items, as the source adds them; no diagnosis"},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _describe_item(questionnaire: Questionnaire, item: Item) -> JsonValue:
    levels: dict[str, JsonValue] = {str(choice.value): choice.text for choice in questionnaire.options(item)}
    return {"Description": item.text, "Levels": levels}


def _remove_empty(folder: Path) -> None:
    """Remove a ``beh`` folder and its session's folder if nothing is left in them."""
    for one in (folder, folder.parent):
        with suppress(OSError):
            one.rmdir()
