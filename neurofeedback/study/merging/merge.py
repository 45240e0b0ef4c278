"""Merge of the datasets of several sites: everything is checked first, then written at once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import MERGED, change_log_path, log_change
from neurofeedback.recording.facts.session_facts import log_table
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.hash_chain import chain_heads
from neurofeedback.storage.private_files import make_folder, open_new, sync_folder, sync_tree
from neurofeedback.study.merging.dataset_checks import (
    SourceDataset,
    check_people,
    check_protocols,
    date_problems,
    read_source,
    slots_taken_twice,
)
from neurofeedback.study.merging.file_plan import FilePlan

_STAGING = ".merge.part"


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """How datasets are merged.

    Parameters
    ----------
    by : str
        Who merges, for the change log.
    same_people : bool
        A number of nobody enrolled that is in two datasets is one person.
    accept_dates : bool
        Merge also with dates that cannot be right; they are logged.
    dry_run : bool
        Check everything and write nothing.
    """

    by: str
    same_people: bool = False
    accept_dates: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What was merged, or would be.

    Parameters
    ----------
    n_copied, n_joined : int
        Files that are new, and files that were joined with the one of another dataset.
    differing : tuple of str
        Descriptions that differ, of which the first one stays.
    shared_slots : tuple of str
        People who got the same slot of the allocation.
    n_people, n_sessions : int
        Of the merged dataset.
    """

    n_copied: int
    n_joined: int
    differing: tuple[str, ...]
    shared_slots: tuple[str, ...]
    n_people: int
    n_sessions: int

    @property
    def changes_something(self) -> bool:
        """Whether anything was written or would be."""
        return bool(self.n_copied or self.n_joined)


def merge_datasets(roots: Sequence[Path], into: Path, options: MergeOptions, today: date | None = None) -> MergeResult:
    """Merge datasets into a folder, which is new or was merged before. The datasets stay as they are.

    The same file twice is one file. Tables are joined by their keys, records by their chains. A merge that is repeated
    after it was broken off, or with the same datasets, changes nothing else. Masked sessions stay masked, because the
    rows about unblinding are joined, too.

    Raises
    ------
    SettingsError
        The folders are not different ones, or a participant number stands for two people.
    RecordingError
        A folder is no dataset, records in it, or cannot be merged: other protocols, impossible dates, other content
        of a file of the same name, a damaged record; or the disk cannot be written. Nothing was merged.
    """
    _check_folders(roots, into)
    sources = [read_source(root) for root in roots]
    is_new = not into.exists() or not any(into.iterdir())
    known = sources if is_new else [read_source(into), *sources]
    check_protocols(known)
    problems = date_problems(sources, today or date.today())
    if problems and not options.accept_dates:
        raise RecordingError(
            "the dates of a dataset cannot be right, so the clock of its computer was wrong",
            got="; ".join(problems),
            todo="pass --accept-dates to merge them as they are; what is wrong is then logged",
        )
    check_people(known, same_people=options.same_people)
    plan = FilePlan(into)
    with explain_disk_errors("a dataset cannot be read", todo="check the file; nothing was merged"):
        for root in roots:
            plan.add(root)
    result = _result(plan, known)
    if result.changes_something and not options.dry_run:
        with explain_disk_errors(f"{into} cannot be written", todo="free disk space, then merge again"):
            _write(plan, is_new=is_new)
            _log(plan, roots, problems, options.by)
    return result


def _check_folders(roots: Sequence[Path], into: Path) -> None:
    folders = [path.resolve() for path in (*roots, into)]
    for k, one in enumerate(folders):
        for other in folders[k + 1 :]:
            if one.is_relative_to(other) or other.is_relative_to(one):
                raise SettingsError(
                    "the folders of a merge must be different ones, none within another",
                    got=f"{one} and {other}",
                    todo="choose a new folder with --into",
                )


def _result(plan: FilePlan, sources: Sequence[SourceDataset]) -> MergeResult:
    sessions: dict[str, set[str]] = {}
    for source in sources:
        for number, found in source.sessions.items():
            sessions.setdefault(number, set()).update(found)
    return MergeResult(
        n_copied=len(plan.copies),
        n_joined=len(plan.texts),
        differing=tuple(dict.fromkeys(plan.differing)),
        shared_slots=tuple(slots_taken_twice(sources)),
        n_people=len(sessions),
        n_sessions=sum(map(len, sessions.values())),
    )


def _write(plan: FilePlan, *, is_new: bool) -> None:
    """Write everything into a hidden folder first, then move it to its place; a new dataset appears at once."""
    target = plan.target
    staging = target.with_name(f".{target.name}{_STAGING}") if is_new else target / _STAGING
    shutil.rmtree(staging, ignore_errors=True)
    make_folder(staging)
    if is_new:  # its own chain of changes, which no site continues
        log_change(staging, "study", what="merged dataset begun")
        log = change_log_path(staging)
        own = log.relative_to(staging).as_posix()
        plan.texts[own] = plan.texts.get(own, "") + log.read_text(encoding="utf-8")
        log.unlink()
    for name, source in plan.copies.items():
        _write_file(staging / name, source)
    for name, text in plan.texts.items():
        _write_file(staging / name, text)
    sync_tree(staging)
    if is_new:
        if target.exists():
            target.rmdir()
        staging.rename(target)
        sync_folder(target.parent)
        return
    for name in (*plan.copies, *plan.texts):
        make_folder((target / name).parent)
        (staging / name).replace(target / name)
    shutil.rmtree(staging)


def _write_file(path: Path, content: Path | str) -> None:
    make_folder(path.parent, sync=False)
    with os.fdopen(open_new(path), "wb") as file:
        if isinstance(content, str):
            file.write(content.encode("utf-8", "surrogateescape"))
            return
        with content.open("rb") as source:
            shutil.copyfileobj(source, file)


def _log(plan: FilePlan, roots: Sequence[Path], problems: Sequence[str], by: str) -> None:
    """Log the merge with the last hash of every chain, so that an end that is cut off later is found."""
    root = plan.target
    for name in plan.texts:
        if name.startswith("sub-") and name.endswith("_sessions.tsv"):
            log_table(root, root / name)
    records = [name for name in plan.texts if name.endswith(".jsonl")]
    heads = {name: chain_heads((root / name).read_text(encoding="utf-8")) for name in records}
    names = ", ".join(path.resolve().name for path in roots)
    why = "; ".join((names, *problems))
    log_change(root, "study", by=by, what=MERGED, after=json.dumps(heads), why=why)
