"""Checks of answers to forms, of entries and of the change log against their hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.changes import MERGED, Change, change_log_path, file_hash, read_changes
from neurofeedback.recording.facts.form_records import (
    AskedForm,
    definition_path,
    definitions_of,
    form_names,
    form_path,
    read_form,
)
from neurofeedback.recording.facts.form_tables import build_tables, is_binned
from neurofeedback.storage.hash_chain import Chain, read_chain
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts
from neurofeedback.verification.check_result import CheckResult, check_result, count_text

_FAULTS = {
    "unreadable": texts.LINE_UNREADABLE,
    "changed": texts.LINE_CHANGED,
    "order": texts.LINE_ORDER,
    "torn": texts.LINE_TORN,
}
_JSONL = "*.jsonl"
_MERGED_RECORDS = ("sourcedata/forms/", "derivatives/")  # others are deleted with a person who withdraws


def has_facts(root: Path) -> bool:
    """Return whether a dataset holds answers, entries or a change log."""
    return change_log_path(root).exists() or bool(_records(root))


def check_record(root: Path) -> list[CheckResult]:
    """Check all answers and entries of a dataset: changed lines, removed lines, changed forms, edited tables."""
    log = read_changes(root)
    chains = {path: read_chain(path) for path in _records(root)}
    record_faults = [
        fault for path, chain in chains.items() for fault in _chain_faults(path.relative_to(root).as_posix(), chain)
    ]
    hashes = {line.hash for chain in chains.values() for line in chain.lines}
    record_faults += [
        tr(texts.LINE_REMOVED, what=change.what, participant=change.participant, at=change.at)
        for change in log.changes
        if change.kind in {"answers", "entry"} and change.after not in hashes
    ]
    record_faults += _merge_faults(log.changes, hashes | {line.hash for line in log.chain.lines})
    asked = {form: read_form(root, form) for form in form_names(root)}
    n_lines = sum(len(chain.lines) for chain in chains.values())
    log_faults = _chain_faults(change_log_path(root).relative_to(root).as_posix(), log.chain)
    return [
        check_result("record", record_faults, count_text(n_lines, "line")),
        check_result("change log", log_faults, count_text(len(log.chain.lines), "line")),
        check_result("forms", list(_form_faults(root, asked)), count_text(len(asked), "form")),
        check_result("tables", list(_table_faults(root, asked)), tr(texts.TABLES_AGREE)),
    ]


def check_session_facts(files: SessionFiles) -> list[CheckResult]:
    """Check the answers of one session against the record, and its events against their hash at closing."""
    session, root = files.session_label, files.root
    results: list[CheckResult] = []
    closed = [
        change.after
        for change in read_changes(root).changes
        if change.kind == "events" and change.participant == files.participant and change.session == session
    ]
    if closed:
        faults = [] if file_hash(files.eeg_file("events.tsv")) == closed[-1] else [tr(texts.EVENTS_CHANGED)]
        results.append(check_result("events", faults, tr(texts.EVENTS_AS_CLOSED)))
    asked = {form: read_form(root, form) for form in form_names(root)}
    here = {
        form: [
            one
            for one in rows
            if (f"sub-{one.answers.participant}", f"ses-{one.session}") == (files.participant, session)
        ]
        for form, rows in asked.items()
    }
    n_rows = sum(len(rows) for rows in here.values())
    if n_rows or list((files.raw / "beh").glob("*_beh.tsv")):
        faults = [
            *_table_faults(root, here, files.raw),
            *_form_faults(root, here),
            *(fault for form, rows in here.items() if rows for fault in _form_chain_faults(root, form)),
        ]
        results.append(check_result("answers", faults, count_text(n_rows, "answered form")))
    return results


def _merge_faults(changes: Iterable[Change], hashes: set[str]) -> Iterator[str]:
    """Yield a sentence for each record that ends before the line with which it was merged."""
    for change in changes:
        if (change.kind, change.what) != ("study", MERGED):
            continue
        for name, heads in json.loads(change.after or "{}").items():
            if name.startswith(_MERGED_RECORDS) and not set(heads) <= hashes:
                yield tr(texts.MERGED_REMOVED, what=name, at=change.at)


def _records(root: Path) -> list[Path]:
    return [path for folder in ("forms", "course") for path in sorted((root / "sourcedata" / folder).glob(_JSONL))]


def _form_chain_faults(root: Path, form: str) -> list[str]:
    path = form_path(root, form)
    return _chain_faults(path.relative_to(root).as_posix(), read_chain(path))


def _chain_faults(name: str, chain: Chain) -> list[str]:
    return [tr(_FAULTS[kind], path=name, line=number) for number, kind in chain.faults]


def _form_faults(root: Path, asked: dict[str, list[AskedForm]]) -> Iterator[str]:
    """Yield a sentence for each wording that is missing or not as it was asked."""
    used = {(form, one.answers.form_sha256) for form, rows in asked.items() for one in rows}
    for form, sha256 in sorted(used):
        path = definition_path(root, form, sha256)
        if file_hash(path) != sha256:
            yield tr(texts.FORM_CHANGED, path=path.relative_to(root).as_posix())


def _table_faults(root: Path, asked: dict[str, list[AskedForm]], folder: Path | None = None) -> Iterator[str]:
    """Yield a sentence for each table that is not as the record gives it, or that the record does not know."""
    expected: dict[Path, str] = {}
    for form, rows in asked.items():
        expected |= build_tables(root, form, rows, definitions_of(root, form))
    for path, text in expected.items():
        if not path.exists() and is_binned(root, path):
            continue
        if not path.exists():
            yield tr(texts.TABLE_MISSING, path=path.relative_to(root).as_posix())
        elif path.read_text(encoding="utf-8", errors="replace") != text:
            yield tr(texts.TABLE_CHANGED, path=path.relative_to(root).as_posix(), rows=_changed_rows(path, text))
    pattern = "beh/*_beh.tsv" if folder else "sub-*/ses-*/beh/*_beh.tsv"
    for path in sorted((folder or root).glob(pattern)):
        if path not in expected:
            yield tr(texts.TABLE_UNKNOWN, path=path.relative_to(root).as_posix())


def _changed_rows(path: Path, expected: str) -> str:
    """Return the rows of the record that the table lacks or has changed, by number."""
    there = set(path.read_text(encoding="utf-8", errors="replace").splitlines())
    missing = [str(number) for number, line in enumerate(expected.splitlines()) if line not in there]
    return ", ".join(missing) or "-"
