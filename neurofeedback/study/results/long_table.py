"""The long table of a study: one row a session, phase or question, with a data dictionary."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neurofeedback.errors import SettingsError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.events import probes_from_events, read_events
from neurofeedback.recording.session_json import read_start, read_summary
from neurofeedback.storage.atomic_files import explain_disk_errors, to_json, write_atomic
from neurofeedback.study.enrolment import read_enrolments, unlocked_arms
from neurofeedback.study.protocol import Protocol
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.session_fields import SESSION_FIELDS, FieldSpec
from neurofeedback.study.session_table import StudySession, exclusions_of, study_sessions

RowKind = Literal["session", "phase", "probe"]
Cell = str | float | int | None
Row = dict[str, Cell]

_STUDY_FIELDS = {
    "site": FieldSpec("site of the protocol", numeric=False),
    "stratum": FieldSpec("stratum of the allocation", numeric=False),
    "open_part": FieldSpec("what differs openly between arms, such as the practice", numeric=False),
    "period": FieldSpec("period of a crossover"),
    "excluded_by": FieldSpec("exclusion rules that the session meets, separated by spaces", numeric=False),
    "arm": FieldSpec("arm, after the study was unlocked", numeric=False),
    "feedback": FieldSpec(
        "kind of feedback that the session played in practice, after the study was unlocked", numeric=False
    ),
}
_PHASE_FIELDS = {
    "phase": FieldSpec("phase of the session", numeric=False),
    "phase_s": FieldSpec("length of the phase", "s"),
}
_PROBE_FIELDS = {
    "probe": FieldSpec("number of the question in its session, from 1"),
    "onset_s": FieldSpec("time of the chime since the first sample", "s"),
    "where": FieldSpec("1 on the breath, 2 elsewhere, 3 not sure"),
    "sure": FieldSpec("how sure, 1 to 4"),
    "sleepy": FieldSpec("how sleepy, 1 to 5"),
}
_KEYS = ("participant", "session", "visit", "day")


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """Number of rows, and the file that describes the columns."""

    n_rows: int
    dictionary: Path


def write_table(root: Path, kind: RowKind, out: Path) -> WrittenTable:
    """Write the table as CSV, and its dictionary as JSON beside it.

    Raises
    ------
    SettingsError
        The file does not end in ``.csv``.
    RecordingError
        The protocol is not frozen, or the disk cannot be written.
    """
    if out.suffix != ".csv":
        raise SettingsError("the table cannot be written in this format", got=out.name, allowed="a name ending in .csv")
    protocol, _ = frozen_protocol(root)
    sessions = study_sessions(root, protocol)
    arms = unlocked_arms(root)
    columns = table_columns(kind, unlocked=arms is not None)
    shared = _study_values(root, protocol, sessions, arms)
    rows = [shared[one.session, one.participant] | row for one in sessions for row in _rows(root, one, kind)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", restval="NA", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "NA" if cell is None else cell for name, cell in row.items()} for row in rows)
    dictionary = out.with_suffix(".json")
    described = {
        name: {"Description": spec.description} | ({"Units": spec.unit} if spec.unit else {})
        for name, spec in columns.items()
    }
    with explain_disk_errors(f"{out} cannot be written", todo="choose another place with --out"):
        write_atomic(out, text.getvalue())
        write_atomic(dictionary, to_json(described))
    return WrittenTable(len(rows), dictionary)


def table_columns(kind: RowKind, *, unlocked: bool) -> dict[str, FieldSpec]:
    """Return the columns of a table with their descriptions; without arms before the study is unlocked."""
    study = {name: spec for name, spec in _STUDY_FIELDS.items() if unlocked or name not in {"arm", "feedback"}}
    if kind == "session":
        return SESSION_FIELDS | study
    keys = {name: SESSION_FIELDS[name] for name in _KEYS}
    return keys | study | (_PHASE_FIELDS if kind == "phase" else _PROBE_FIELDS)


def _study_values(
    root: Path, protocol: Protocol, sessions: list[StudySession], arms: dict[str, str] | None
) -> dict[tuple[str, str], Row]:
    enrolled = {one.participant: one for one in read_enrolments(root)}
    found: dict[tuple[str, str], Row] = {}
    for one in sessions:
        person = enrolled.get(one.participant)
        visit = next((visit for visit in protocol.visits if visit.name == one.visit), None)
        found[one.session, one.participant] = {
            "site": person.site if person else None,
            "stratum": person.stratum if person else None,
            "open_part": person.open_part if person else None,
            "period": visit.period if visit else None,
            "excluded_by": " ".join(exclusions_of(one, protocol)),
            "arm": (arms or {}).get(one.participant),
            "feedback": _played(protocol, one, (arms or {}).get(one.participant)),
        }
    return found


def _played(protocol: Protocol, session: StudySession, arm: str | None) -> str | None:
    """Return what a session played: what its arm says if it was recorded as a visit with sham, else the own index."""
    if not session.numbers["practice_s"]:
        return None
    visit = next((visit for visit in protocol.visits if visit.name == session.sealed_visit), None)
    if not session.sealed_visit:
        return "real"
    if arm is None or visit is None:
        return None
    feedback = next(one.feedback for one in protocol.arms if one.name == arm)
    return feedback[visit.period - 1 if protocol.design == "crossover" else 0]


def _rows(root: Path, session: StudySession, kind: RowKind) -> list[Row]:
    keys: Row = {name: session.value(name) for name in _KEYS}
    if kind == "session":
        return [{name: session.value(name) for name in SESSION_FIELDS}]
    files = SessionFiles.from_stem(root, session.stem)
    if kind == "phase":
        phases = read_summary(files.derived_file("summary.json")).phases or {}
        return [keys | {"phase": phase, "phase_s": length} for phase, length in phases.items()]
    sfreq = read_start(files.derived_file("start.json")).stream.sfreq
    probes = probes_from_events(read_events(files.eeg_file("events.tsv"))[1])
    return [
        keys
        | {
            "probe": number,
            "onset_s": round(probe.sample / sfreq, 3),
            "where": probe.where,
            "sure": probe.sure,
            "sleepy": probe.sleepy,
        }
        for number, probe in enumerate(probes, start=1)
    ]
