"""Enrolment of people into a study, and the log of every time an arm was shown."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import log_change, now_text
from neurofeedback.recording.masking.masked_sessions import UNBLINDING_COLUMNS, unblinding_path, unlocked_people
from neurofeedback.storage.append_only import AppendOnlyFile, cut_torn_line
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.file_lock import waited_lock
from neurofeedback.storage.hash_chain import append_entry, read_chain
from neurofeedback.study.allocation import read_allocation, stratum_name
from neurofeedback.study.protocol import Protocol, SiteSettings, read_protocol, study_folder
from neurofeedback.study.protocol_lock import frozen_protocol, read_lock
from neurofeedback.study.sealing import ArmRecord, key_path, new_key, read_key, write_key

UnblindingKind = Literal["reveal", "unlock"]


class Enrolment(BaseModel):
    """One line of the log of enrolments.

    ``kind`` is ``eligible`` before the slot is taken and ``enrolled`` after it. ``person`` is a keyed hash of what
    identifies the person; ``slot`` counts from 0 in its stratum and is None in a study without arms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["eligible", "enrolled"]
    participant: str
    site: str
    stratum: str
    at: str
    by: str
    consent: str
    person: str = ""
    slot: int | None = None
    open_part: str = ""


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """Who is to be enrolled.

    Parameters
    ----------
    participant : str
        Participant number.
    levels : mapping
        Level of each factor.
    consent : str
        Version and date of the consent.
    by : str
        Who enrols.
    person : str
        Text that only this person has, such as initials and date of birth; empty for none. Its keyed hash is stored,
        by which a person who returns under a new number is found.
    """

    participant: str
    levels: Mapping[str, str]
    consent: str
    by: str
    person: str = ""


def enrolment_path(root: Path) -> Path:
    """Return the path of the log of enrolments."""
    return study_folder(root) / "enrolment.jsonl"


def read_enrolments(root: Path) -> list[Enrolment]:
    """Return the people who are enrolled, in order.

    Raises
    ------
    RecordingError
        The log was changed or is damaged.
    """
    return [one for one in _read_log(root) if one.kind == "enrolled"]


def enrol(root: Path, request: EnrolmentRequest) -> Enrolment:
    """Log eligibility and consent, then take the next slot of the person's stratum.

    Raises
    ------
    SettingsError
        The number, a factor or the consent cannot be used, the person or number is enrolled, or the study is
        unlocked.
    RecordingError
        The protocol is not frozen, the allocation or the run key is missing, or no slot is left.
    """
    protocol, lock = frozen_protocol(root)
    site = check_participant(protocol, request.participant)
    _check_request(protocol, request)
    stratum = stratum_name({factor.name: request.levels[factor.name] for factor in protocol.factors})
    has_arms = protocol.design != "single"
    path = key_path(lock.sha256, site.name)
    if not has_arms and not path.exists():
        write_key(path, new_key())  # for the hashes of persons alone
    key = read_key(path)
    person = _keyed_hash(request.person, key)
    with waited_lock(study_folder(root) / ".enrolment.lock"):
        log = _read_log(root)
        _check_new(log, request.participant, person)
        if protocol.masked and unlocked_people(root):
            raise SettingsError(
                "the study is unlocked, so nobody can be enrolled without knowing the next arm",
                got=unblinding_path(root),
                todo="start another study in another dataset",
            )
        line = Enrolment(
            kind="eligible",
            participant=request.participant,
            site=site.name,
            stratum=stratum,
            at=now_text(),
            by=request.by,
            consent=request.consent,
            person=person,
        )
        _append_enrolment(root, line)
        enrolled = line.model_copy(update={"kind": "enrolled"})
        if has_arms:
            slot = sum(one.kind == "enrolled" and (one.site, one.stratum) == (site.name, stratum) for one in log)
            allocation = read_allocation(root, site.name, lock.sha256)
            if slot >= len(allocation.strata.get(stratum, ())):
                raise RecordingError(
                    "no slot is left in this stratum", got=stratum, todo="the keeper must draw a new allocation"
                )
            arm = allocation.open_slot(stratum, slot, key).arm
            part = next(one.open_part for one in protocol.arms if one.name == arm)
            enrolled = enrolled.model_copy(update={"slot": slot, "open_part": part})
        _append_enrolment(root, enrolled)
    return enrolled


def check_participant(protocol: Protocol, participant: str) -> SiteSettings:
    """Return the site of a participant number.

    Raises
    ------
    SettingsError
        It is no number of this study.
    """
    site = protocol.site_of(participant)
    if site is None:
        raise SettingsError(
            "this is no participant number of the study",
            got=repr(participant),
            allowed=", ".join(f"{one.first} to {one.last} at site {one.name}" for one in protocol.sites),
        )
    return site


def find_enrolment(root: Path, participant: str) -> Enrolment:
    """Return the enrolment of a participant, also by the same number with other leading zeros.

    Raises
    ------
    SettingsError
        Nobody is enrolled under this number.
    """
    number = int(participant) if participant.isascii() and participant.isdigit() else -1
    for one in read_enrolments(root):
        if int(one.participant) == number:
            return one
    raise SettingsError(
        "nobody is enrolled under this number", got=repr(participant), todo="enrol with `neurofeedback study enrol`"
    )


def arm_record(root: Path, participant: str) -> ArmRecord:
    """Return a participant's record for use within the program. What shows it to a person is ``reveal``.

    Raises
    ------
    SettingsError
        Nobody is enrolled under this number, or the study has no arms.
    RecordingError
        The record or the key cannot be read.
    """
    lock = read_lock(root)
    enrolment = find_enrolment(root, participant)
    if enrolment.slot is None:
        raise SettingsError("this study has no arms", got=repr(participant))
    key = read_key(key_path(lock.sha256, enrolment.site))
    return read_allocation(root, enrolment.site, lock.sha256).open_slot(enrolment.stratum, enrolment.slot, key)


def reveal(root: Path, participant: str, *, by: str, why: str, kind: UnblindingKind = "reveal") -> str:
    """Write a row into the table of unblinding, then return the participant's arm.

    Raises
    ------
    SettingsError
        Who or why is missing, nobody is enrolled under this number, or the study has no arms.
    RecordingError
        The row cannot be written, or the record cannot be opened.
    """
    if not by.strip() or not why.strip():
        raise SettingsError("an arm is shown only with a reason", todo="pass --by and --why")
    enrolment = find_enrolment(root, participant)
    if enrolment.slot is None:
        raise SettingsError("this study has no arms", got=repr(participant))
    _append_unblinding(root, enrolment.participant, by, kind, why)
    return arm_record(root, participant).arm


def unlock(root: Path, *, by: str, why: str) -> dict[str, str]:
    """Write a row for each participant into the table of unblinding, then return all arms by participant.

    People of sites whose run key is not on this computer are left out.

    Raises
    ------
    SettingsError
        Who or why is missing, nobody is enrolled, or the study has no arms.
    RecordingError
        A row cannot be written, or a record cannot be opened.
    """
    lock = read_lock(root)
    enrolled = [one for one in read_enrolments(root) if key_path(lock.sha256, one.site).exists()]
    if not enrolled:
        raise SettingsError("nobody is enrolled at a site whose run key is on this computer", got=root)
    for one in enrolled:
        if one.slot is not None:
            arm_record(root, one.participant)  # all can be opened before the first row says that the study is unlocked
    return {one.participant: reveal(root, one.participant, by=by, why=why, kind="unlock") for one in enrolled}


def unlocked_arms(root: Path) -> dict[str, str] | None:
    """Return the arms of an unlocked study by participant; None before it is unlocked on this computer.

    A study that is not masked needs no unlocking. Without all run keys, as in an analyst's copy, there are no arms.
    """
    protocol, lock = read_protocol(root), read_lock(root)
    enrolled = {one.participant: one.site for one in read_enrolments(root)}
    if not enrolled or protocol.design == "single":
        return None
    if protocol.masked and not enrolled.keys() <= unlocked_people(root):
        return None
    if not all(key_path(lock.sha256, site).exists() for site in set(enrolled.values())):
        return None
    return {participant: arm_record(root, participant).arm for participant in sorted(enrolled)}


def _append_unblinding(root: Path, participant: str, by: str, kind: str, why: str) -> None:
    path = unblinding_path(root)
    cells = (now_text(), participant, by, kind, why)
    row = "\t".join(" ".join(cell.split()) for cell in cells)
    log_change(root, "study", by=by, participant=f"sub-{participant}", what=f"arm shown ({kind})", why=why)
    with (
        explain_disk_errors(f"{path} cannot be written", todo="free disk space; nothing was shown"),
        waited_lock(study_folder(root) / ".unblinding.lock"),
    ):
        cut_torn_line(path)
        is_new = not path.exists() or path.stat().st_size == 0
        file = AppendOnlyFile(path)
        try:
            file.append(("\t".join(UNBLINDING_COLUMNS) + "\n" if is_new else "").encode() + f"{row}\n".encode())
            os.fsync(file.fileno())
        finally:
            file.close()


def _append_enrolment(root: Path, entry: Enrolment) -> None:
    with explain_disk_errors(f"{enrolment_path(root)} cannot be written", todo="free disk space"):
        append_entry(enrolment_path(root), entry.model_dump())


def _read_log(root: Path) -> list[Enrolment]:
    chain = read_chain(enrolment_path(root))
    if chain.faults:
        raise RecordingError(
            "the log of enrolments was changed or is damaged",
            got=f"{enrolment_path(root)}, line {chain.faults[0][0]}",
            todo="restore it from a copy: it decides which slot is the next",
        )
    try:
        return [Enrolment.model_validate(dict(data)) for _, data in chain.content]
    except ValidationError:
        raise RecordingError("the log of enrolments is damaged", got=enrolment_path(root)) from None


def _check_request(protocol: Protocol, request: EnrolmentRequest) -> None:
    if not request.consent.strip() or not request.by.strip():
        raise SettingsError("consent and who enrols are needed first", todo="pass --consent and --by")
    for factor in protocol.factors:
        level = request.levels.get(factor.name)
        if level not in factor.levels:
            raise SettingsError(
                f"the level of factor {factor.name} is not known", got=level, allowed=", ".join(factor.levels),
                todo=f"pass --factor {factor.name}={factor.levels[0]}",
            )  # fmt: skip
    unknown = sorted(set(request.levels) - {factor.name for factor in protocol.factors})
    if unknown:
        raise SettingsError(
            "no such factor", got=unknown[0], allowed=", ".join(factor.name for factor in protocol.factors) or "none"
        )


def _check_new(log: list[Enrolment], participant: str, person: str) -> None:
    for one in log:
        if one.kind != "enrolled":
            continue
        if int(one.participant) == int(participant):
            raise SettingsError("this number is enrolled", got=participant, todo="use the next free number")
        if person and hmac.compare_digest(one.person, person):
            raise SettingsError(
                "this person is enrolled under another number", got=f"number {one.participant}",
                todo="go on with that number",
            )  # fmt: skip


def _keyed_hash(person: str, key: bytes) -> str:
    text = "".join(person.casefold().split())
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() if text else ""
