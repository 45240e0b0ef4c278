"""Migration of answers and facts that an earlier version stored, in place and with a backup."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError, RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles, find_session_stems
from neurofeedback.recording.facts.changes import log_change
from neurofeedback.recording.facts.form_records import AskedWhen, read_form
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts, write_facts
from neurofeedback.recording.session_notes import NOTES_SUFFIX, read_notes
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.settings.questionnaire import AnswerOption, Item, Questionnaire
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json
from neurofeedback.storage.private_files import make_folder, restrict_tree, sync_tree
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr

_log = logging.getLogger(__name__)

_BACKUP = Path("sourcedata", "backup")
_MISSING = "n/a"
_FORM_KEYS = ("participant_id", "session_id", "score")


@dataclass(frozen=True, slots=True)
class Migration:
    """What was moved: numbers of answers and of sessions with facts, the backup, and sentences about the rest."""

    n_answers: int = 0
    n_sessions: int = 0
    backup: Path | None = None
    notices: tuple[str, ...] = ()


def migrate_dataset(root: Path) -> Migration:
    """Move answers of an earlier version to the record of each form, and facts to the tables of sessions.

    All old files are copied to ``sourcedata/backup`` first. The call can be repeated after a kill: what was moved is
    not moved again. A table that cannot be understood stays where it is.

    Raises
    ------
    RecordingError
        The disk cannot be written.
    """
    tables = list(_old_tables(root))
    notes = list(_files_with_old_facts(root))
    if not tables and not notes:
        return Migration()
    stamp = datetime.now().strftime("%Y%m%dT%H%M%S")
    backup = _BACKUP / f"version-0.1-{stamp}"
    with explain_disk_errors(f"the backup {root / backup} cannot be written", todo="free disk space, then try again"):
        _copy(root, backup, [*tables, *(files.derived_file(NOTES_SUFFIX) for files in notes)])
    log_change(root, "migrated", before=backup.as_posix(), what=f"{len(tables)} tables, {len(notes)} files of notes")
    n_answers, notices = 0, []
    for path in tables:
        try:
            n_answers += _migrate_table(root, path)
        except NeurofeedbackError as error:
            notices.append(tr(texts.NOT_MIGRATED, path=path, why=error))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            _log.warning("%s cannot be understood: %r", path, error)
            notices.append(tr(texts.NOT_MIGRATED, path=path, why=tr(texts.NOT_UNDERSTOOD)))
    _remove_if_empty(root / "phenotype")
    for files in notes:
        _migrate_facts(files)
    return Migration(n_answers, len(notes), root / backup, tuple(notices))


def _old_tables(root: Path) -> Iterator[Path]:
    for when in ("before", "after"):
        yield from sorted((root / "phenotype").glob(f"*_{when}.tsv"))


def _files_with_old_facts(root: Path) -> Iterator[SessionFiles]:
    """Yield the sessions whose notes hold facts, and that have no row in the table of sessions."""
    if not (root / DERIVATIVES).is_dir():
        return
    for stem in find_session_stems(root):
        files = SessionFiles.from_stem(root, stem)
        if not files.derived_file(NOTES_SUFFIX).exists() or not files.raw.is_dir():
            continue
        try:
            facts = read_facts(root, files.participant, files.session_label)
            if facts in {None, SessionFacts()} and _facts_of(files) != SessionFacts():
                yield files
        except RecordingError:
            continue


def _facts_of(files: SessionFiles) -> SessionFacts:
    notes = read_notes(files)
    return SessionFacts(
        condition=notes.condition,
        minutes_from_anchor=notes.minutes_since,
        substance=notes.substance,
        dose=notes.dose,
        route=notes.route,
        eyes=notes.eyes,
    )


def _migrate_facts(files: SessionFiles) -> None:
    write_facts(files.root, files.participant, files.session_label, _facts_of(files), by="neurofeedback", why="0.1.0")


def _copy(root: Path, backup: Path, paths: list[Path]) -> None:
    make_folder(root / backup)
    for path in paths:
        for source in (path, path.with_suffix(".json") if path.suffix == ".tsv" else path):
            target = root / backup / source.relative_to(root)
            if source.exists() and not target.exists():
                make_folder(target.parent)
                shutil.copyfile(source, target)
    restrict_tree(root / backup)
    sync_tree(root / backup)


def _migrate_table(root: Path, path: Path) -> int:
    """Append the rows of one table that are not moved yet, then remove it; return their number."""
    name, _, when = path.stem.rpartition("_")
    header, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if header[:2] != ["participant_id", "session_id"]:
        raise RecordingError("it is no table of this program", got=", ".join(header[:3]))
    items = [column for column in header if column not in _FORM_KEYS]
    questionnaire = _wording(name, path, items)
    source = path.relative_to(root).as_posix()
    moved = {one.answers.source for one in read_form(root, name)}
    n_moved = 0
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        origin = f"{source}:{cells['participant_id']}:{cells['session_id']}"
        if origin in moved:
            continue
        save_answers(
            root,
            questionnaire,
            {item: int(cells[item]) for item in items if cells[item] != _MISSING},
            participant=cells["participant_id"],
            session=cells["session_id"],
            when=_when(when),
            asked_at=_session_time(cells["session_id"]),
            reason="time of the sitting: version 0.1.0 did not store that of the asking",
            source=origin,
        )
        n_moved += 1
    path.unlink()
    path.with_suffix(".json").unlink(missing_ok=True)
    return n_moved


def _when(text: str) -> AskedWhen:
    return "before" if text == "before" else "after"


def _session_time(label: str) -> datetime:
    return datetime.strptime(label.removeprefix("ses-"), "%Y%m%dT%H%M%S").astimezone()


def _wording(name: str, path: Path, items: list[str]) -> Questionnaire:
    """Return the form of this name if it has these items, else one made from the table's description."""
    try:
        known = load_questionnaire(name)
    except NeurofeedbackError:
        known = None
    if known is not None and [item.id for item in known.items] == items:
        return known
    described = read_json(path.with_suffix(".json"))
    tool = described["MeasurementToolMetadata"]["Description"]
    return Questionnaire(
        name=name,
        title=name,
        version="0.1.0",
        source=tool[:500],
        items=tuple(
            Item(
                id=item,
                text=described[item]["Description"],
                choices=tuple(AnswerOption(value=int(v), text=t) for v, t in described[item]["Levels"].items()),
            )
            for item in items
        ),
    )


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
