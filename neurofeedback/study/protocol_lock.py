"""The frozen protocol: SHA-256 of the protocol and of every file it names, with the program's version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, JsonValue, ValidationError

from neurofeedback._version import __version__
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import log_change, now_text
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.load import load_evidence, load_programme, load_questionnaire, load_settings
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, write_json_atomic
from neurofeedback.study.donors import read_donors
from neurofeedback.study.protocol import (
    Protocol,
    programme_name,
    protocol_path,
    read_protocol,
    study_folder,
)

PROGRAM = "program"
"""Name of the part that changes with a new version of the program, which is a deviation but stops nothing."""


class ProtocolLock(SettingsModel):
    """Content of ``protocol.lock``.

    ``hashes`` has the SHA-256 of each part by its name; ``values`` has every setting of the parts in JSON, also those
    that no file names, by part and setting. A lock of an earlier version has no values.
    """

    at: str
    by: str
    program_version: str
    hashes: dict[str, str] = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of all parts together, which identifies the frozen protocol."""
        return _hash_text(json.dumps(self.hashes, sort_keys=True))


def lock_path(root: Path) -> Path:
    """Return the path of the lock of a dataset's protocol."""
    return study_folder(root) / "protocol.lock"


def freeze_protocol(root: Path, by: str) -> ProtocolLock:
    """Check the protocol and write its lock. A frozen protocol is not frozen again.

    Raises
    ------
    SettingsError
        The protocol cannot be used, or is frozen.
    RecordingError
        There is no protocol, its donors cannot be used, or the disk cannot be written.
    """
    protocol = read_protocol(root)
    if lock_path(root).exists():
        raise SettingsError(
            "the protocol is frozen", got=lock_path(root), todo="start another version of the study in another dataset"
        )
    if not by.strip():
        raise SettingsError("it is not known who freezes the protocol", todo="pass --by with a name or initials")
    if protocol.sham.kind == "yoked":
        _check_donors(root, protocol)
    lock = ProtocolLock(
        at=now_text(),
        by=by,
        program_version=__version__,
        hashes=current_hashes(root, protocol),
        values=_all_values(_settings_parts(root, protocol)),
    )
    with explain_disk_errors(f"{lock_path(root)} cannot be written", todo="free disk space, then try again"):
        write_json_atomic(lock_path(root), lock.model_dump())
    log_change(root, "study", by=by, what="protocol frozen", after=lock.sha256)
    return lock


def _check_donors(root: Path, protocol: Protocol) -> None:
    """Check that the donors fit every profile, and that nobody gets one twice."""
    visits = [visit for visit in protocol.visits if visit.feedback]
    for profile in dict.fromkeys(visit.profile for visit in visits):
        hop_s = load_settings(profile).spectrum.hop_s
        read_donors(study_folder(root) / protocol.sham.donors, max(protocol.sham.min_donors, len(visits)), hop_s)


def read_lock(root: Path) -> ProtocolLock:
    """Return the lock of a dataset's protocol.

    Raises
    ------
    RecordingError
        The protocol is not frozen, or the lock is damaged.
    """
    path = lock_path(root)
    if not path.exists():
        raise RecordingError("the protocol is not frozen", got=path, todo="freeze it with `neurofeedback study freeze`")
    try:
        return ProtocolLock.model_validate(read_json(path))
    except ValidationError:
        raise RecordingError("the lock of the protocol is damaged", got=path, todo="restore it from a copy") from None


def frozen_protocol(root: Path) -> tuple[Protocol, ProtocolLock]:
    """Return the frozen protocol with its lock.

    Raises
    ------
    RecordingError
        It is not frozen, or a part of it has changed since.
    """
    lock = read_lock(root)
    protocol = read_protocol(root)
    if changed := [name for name in changed_parts(root, protocol, lock) if name != PROGRAM]:
        raise RecordingError(
            "the protocol is not the frozen one",
            got=f"changes in {', '.join(changed)}",
            todo="restore these files; a later version of the protocol needs a dataset of its own",
        )
    return protocol, lock


def changed_parts(root: Path, protocol: Protocol, lock: ProtocolLock) -> list[str]:
    """Return the names of the parts that differ from the lock; a newer program is one of them."""
    now = current_hashes(root, protocol)
    return sorted(name for name in now.keys() | lock.hashes.keys() if now.get(name) != lock.hashes.get(name))


def changed_defaults(root: Path, protocol: Protocol, lock: ProtocolLock) -> list[str]:
    """Return the settings that no file of the protocol names and that have another value in this version."""
    changed = changed_parts(root, protocol, lock)
    now = _all_values(_settings_parts(root, protocol))
    return sorted(
        f"{name} ({was} when frozen, {now[name]} now)"
        for name, was in lock.values.items()
        if name.partition(": ")[0] not in changed and name in now and now[name] != was
    )


def current_hashes(root: Path, protocol: Protocol) -> dict[str, str]:
    """Return the hashes of the protocol, its profiles, evidence, programmes, forms and donors, and the version.

    Only what the files contain is hashed, so that a new setting of a later version changes no hash.
    """
    hashes = {
        "protocol": hashlib.sha256(protocol_path(root).read_bytes()).hexdigest(),
        PROGRAM: _hash_text(__version__),
    }
    for name, part in _settings_parts(root, protocol).items():
        hashes[name] = _hash_text(part.model_dump_json(exclude_unset=True))
    if protocol.sham.kind == "yoked":
        hashes["donors"] = read_donors(study_folder(root) / protocol.sham.donors, protocol.sham.min_donors).sha256
    return hashes


def _settings_parts(root: Path, protocol: Protocol) -> dict[str, SettingsModel]:
    """Return the profiles, evidence, programmes and forms of all visits by name."""
    parts: dict[str, SettingsModel] = {}
    for profile in dict.fromkeys(visit.profile for visit in protocol.visits):  # visits share most of them
        settings = load_settings(profile)
        parts[f"profile {profile}"] = settings
        parts[f"evidence {settings.index.evidence}"] = load_evidence(settings.index.evidence)
    for visit in {visit.programme: visit for visit in protocol.visits if visit.programme}.values():
        parts[f"programme {visit.programme}"] = load_programme(programme_name(root, visit))
    for form in dict.fromkeys(form for visit in protocol.visits for form in (*visit.forms_before, *visit.forms_after)):
        parts[f"form {form}"] = load_questionnaire(form)
    return parts


def _all_values(parts: Mapping[str, SettingsModel]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, part in parts.items():
        _add_values(values, f"{name}: ", part.model_dump(mode="json"))
    return values


def _add_values(values: dict[str, str], name: str, value: JsonValue) -> None:
    """Add the values of a table by their dotted names."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _add_values(values, f"{name}{key}" if name.endswith(": ") else f"{name}.{key}", inner)
    else:
        values[name] = json.dumps(value, ensure_ascii=False)


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
