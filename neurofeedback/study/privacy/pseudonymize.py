"""Pseudonymized copy of a dataset's tables: conditions, answers and true distances in days, without names and dates."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import SessionFiles, check_label, find_session_stems
from neurofeedback.recording.facts.entries import minutes_since_dose, read_entries
from neurofeedback.recording.facts.entry_models import Consent, DoseGiven, Vitals
from neurofeedback.recording.facts.form_records import AskedForm, read_all_forms
from neurofeedback.recording.facts.session_facts import FACT_NAMES, SessionFacts, read_facts
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, write_atomic, write_json_atomic
from neurofeedback.storage.private_files import make_folder

_FACTS = tuple(name for name in FACT_NAMES if name not in {"anchor", "note"})


def export_pseudonymized(root: Path, participants: list[str], out: Path, key: Path) -> list[Path]:
    """Write tables of sessions, answers and entries with codes in place of labels, and the key to the codes.

    Days are counted from each person's first day. Notes, reasons and names of who entered something are left out.
    Condition, substance, dose, route, visit and arm of sessions and the substance of doses are exported as typed: look
    through them for names and dates. An existing key is used again, so that a later export has the same codes. The
    day and time of a session whose label holds no time are ``n/a``.

    Parameters
    ----------
    participants : list of str
        Labels with or without ``sub-``.
    out : Path
        A folder that does not exist, or is empty.
    key : Path
        File of the codes; it may not lie in ``out``.

    Raises
    ------
    SettingsError
        The folder is a file or holds something, the key lies in it, a label is not valid, or there are no data of a
        person.
    RecordingError
        The key is no file of codes, or the disk cannot be written.
    """
    participants = list(dict.fromkeys(label.removeprefix("sub-") for label in participants))
    for label in participants:
        check_label("participant", label)
    if out.exists() and not out.is_dir():
        raise SettingsError("the folder for the export is a file", got=out, todo="choose a new folder")
    if out.exists() and any(out.iterdir()):
        raise SettingsError("the folder for the export is not empty", got=out, todo="choose a new folder")
    if out.resolve() in key.resolve().parents:
        raise SettingsError("the key would lie in the export", got=key, todo="choose another folder for the key")
    first_days = {label: first_day(root, label) for label in participants}
    with explain_disk_errors(f"the export {out} cannot be written", todo="free disk space, then try again"):
        codes = _codes(key, participants)
        make_folder(out)
        tables = {"sessions.tsv": _session_rows, "answers.tsv": _answer_rows, "entries.tsv": _entry_rows}
        for name, rows_of in tables.items():
            rows = [row for label in participants for row in rows_of(root, label, codes[label], first_days[label])]
            _write_table(out / name, rows)
    return [out / name for name in tables]


def first_day(root: Path, label: str) -> date:
    """Return the first day of which there are data of a person.

    Raises
    ------
    SettingsError
        There are none.
    """
    days = [one.asked_at.date() for one in read_all_forms(root, label)]
    days += [one.at.date() for one in read_entries(root, label)]
    days += [at.date() for stem in _stems(root, label) if (at := _label_time(stem.split("_")[1])) is not None]
    if not days:
        raise SettingsError(f"there are no data of sub-{label}", got=root, todo="check the label")
    return min(days)


def _codes(key: Path, participants: list[str]) -> dict[str, str]:
    """Return a random code for each label, those of an earlier export where there are any, and write them."""
    codes: dict[str, str] = read_json(key) if key.exists() else {}
    if not all(isinstance(code, str) for code in codes.values()):
        raise RecordingError("the key is no file of codes", got=key, todo="choose the key of an earlier export")
    for label in participants:
        while label not in codes:
            code = f"P{secrets.token_hex(4)}"
            if code not in codes.values():
                codes[label] = code
    make_folder(key.parent)
    write_json_atomic(key, codes)
    return codes


def _stems(root: Path, label: str) -> list[str]:
    return [stem for stem in find_session_stems(root) if stem.startswith(f"sub-{label}_")]


def _label_time(session: str) -> datetime | None:
    """Return the time in a session's label; None for a label of another kind."""
    try:
        return datetime.strptime(session.removeprefix("ses-"), "%Y%m%dT%H%M%S").astimezone()
    except ValueError:
        return None


def _moment(at: datetime | None, first: date) -> dict[str, str]:
    if at is None:
        return {"day": "n/a", "time": "n/a"}
    return {"day": str((at.date() - first).days), "time": f"{at:%H:%M}"}


def _session_rows(root: Path, label: str, code: str, first: date) -> Iterator[dict[str, str]]:
    for stem in _stems(root, label):
        files = SessionFiles.from_stem(root, stem)
        facts = read_facts(root, label, files.session_label) or SessionFacts()
        yield {
            "participant": code,
            **_moment(_label_time(files.session_label), first),
            "task": stem.rpartition("_task-")[2],
            **{name: _cell(getattr(facts, name)) for name in _FACTS},
        }


def _answer_rows(root: Path, label: str, code: str, first: date) -> Iterator[dict[str, str]]:
    for one in read_all_forms(root, label):
        common = {
            "participant": code,
            **_moment(one.asked_at, first),
            "form": one.answers.form,
            "version": one.answers.form_version,
            "when": one.answers.when or "n/a",
            "corrected": "yes" if one.superseded_by else "no",
        }
        for item, value in _items(one):
            yield {**common, "item": item, "value": value}


def _items(one: AskedForm) -> list[tuple[str, str]]:
    score = [] if one.answers.score is None else [("score", str(one.answers.score))]
    return [*((item, str(value)) for item, value in one.answers.items.items()), *score]


def _entry_rows(root: Path, label: str, code: str, first: date) -> Iterator[dict[str, str]]:
    entries = read_entries(root, label)
    for one in entries:
        entry = one.line.entry
        if isinstance(entry, Consent):
            continue
        fields = entry.model_dump(exclude={"kind", "text"}) if isinstance(entry, DoseGiven | Vitals) else {"": None}
        for name, value in fields.items():
            yield {
                "participant": code,
                **_moment(one.at, first),
                "entry": entry.kind,
                "minutes_from_dose": _cell(minutes_since_dose(entries, one.at)),
                "field": name or "n/a",
                "value": _cell(value),
            }


def _cell(value: str | float | None) -> str:
    return "n/a" if value in {None, ""} else f"{value:g}" if isinstance(value, float) else str(value)


def _write_table(path: Path, rows: list[dict[str, str]]) -> None:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)] if rows else []
    write_atomic(path, "".join("\t".join(cells) + "\n" for cells in lines))
