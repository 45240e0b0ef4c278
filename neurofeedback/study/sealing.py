"""Sealed allocation records: padded to one size, encrypted under the run key of a site, bound to one slot.

XChaCha20-Poly1305 by PyNaCl. The associated data name protocol, site, stratum and slot, so a record that is moved to
another slot is refused.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.settings.load import user_folder
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.private_files import make_folder, open_new, sync_file

KEY_BYTES = 32
PLAIN_BYTES = 64
RECORD_BYTES = 104
"""Size of every sealed record: nonce of 24 bytes, padded record, tag of 16 bytes."""

_NONCE_BYTES = 24


@dataclass(frozen=True, slots=True)
class Slot:
    """Place of a record: what its associated data name."""

    protocol_sha256: str
    site: str
    stratum: str
    number: int

    @property
    def associated_data(self) -> bytes:
        """The bytes that authenticate the place of a record."""
        return json.dumps([self.protocol_sha256, self.site, self.stratum, self.number]).encode()


@dataclass(frozen=True, slots=True)
class ArmRecord:
    """What a slot holds: the arm, and a seed that draws the donor. No error message prints either."""

    arm: str = field(repr=False)
    seed: int = field(repr=False)


def new_key() -> bytes:
    """Return a new run key."""
    return os.urandom(KEY_BYTES)


def seal_record(record: ArmRecord, slot: Slot, key: bytes) -> bytes:
    """Return the sealed record, ``RECORD_BYTES`` long.

    Raises
    ------
    ValueError
        The record is longer than its padding.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt  # slow import

    plain = json.dumps([record.arm, record.seed]).encode()
    if len(plain) > PLAIN_BYTES:
        raise ValueError(f"a record of {len(plain)} bytes does not fit into {PLAIN_BYTES}")
    nonce = os.urandom(_NONCE_BYTES)
    padded = plain.ljust(PLAIN_BYTES)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(padded, slot.associated_data, nonce, key)


def open_record(sealed: bytes, slot: Slot, key: bytes) -> ArmRecord:
    """Return the record of a slot.

    Raises
    ------
    RecordingError
        The key does not fit, or the record was changed or belongs to another slot.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt  # slow import
    from nacl.exceptions import CryptoError

    nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        if len(sealed) != RECORD_BYTES:
            raise CryptoError
        plain = crypto_aead_xchacha20poly1305_ietf_decrypt(box, slot.associated_data, nonce, key)
    except CryptoError:
        raise RecordingError(
            "a sealed record cannot be opened",
            got=f"slot {slot.number} of {slot.stratum or 'all'} at site {slot.site}",
            todo="the run key belongs to another allocation, or the file was changed: ask the keeper for both again",
        ) from None
    arm, seed = json.loads(plain)
    return ArmRecord(arm, seed)


def seal_chunk(plain: bytes, place: str, key: bytes) -> bytes:
    """Return bytes encrypted and authenticated under a run key, bound to a place such as a session and a number."""
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt  # slow import

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plain, place.encode(), nonce, key)


def open_chunk(sealed: bytes, place: str, key: bytes) -> bytes:
    """Return the bytes of ``seal_chunk``.

    Raises
    ------
    RecordingError
        The key does not fit, or the bytes were changed or belong to another place.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt  # slow import
    from nacl.exceptions import CryptoError

    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[_NONCE_BYTES:], place.encode(), sealed[:_NONCE_BYTES], key
        )
    except CryptoError:
        raise RecordingError(
            "sealed feedback cannot be opened", got=place,
            todo="the run key belongs to another study, or the file was changed: restore it from a copy",
        ) from None  # fmt: skip


def key_path(protocol_sha256: str, site: str) -> Path:
    """Return where the run key of a site is stored on this computer, outside the dataset."""
    return user_folder() / "study-keys" / f"{protocol_sha256[:16]}-{site}.key"


def write_key(path: Path, key: bytes) -> None:
    """Write a run key for the owner alone. An existing file stays.

    Raises
    ------
    SettingsError
        There is another file.
    RecordingError
        The disk cannot be written.
    """
    if path.exists() and read_key(path) == key:
        return
    if path.exists():
        raise SettingsError(
            "there is another run key", got=path, todo="move it away first; without it nothing is played"
        )
    with explain_disk_errors(f"{path} cannot be written", todo="check the folder"):
        make_folder(path.parent)
        with os.fdopen(open_new(path), "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
        path.chmod(0o600)  # also in a shared folder
        sync_file(path)


def read_key(path: Path) -> bytes:
    """Return a run key.

    Raises
    ------
    RecordingError
        It is missing or damaged.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not re.fullmatch(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", text):
        raise RecordingError(
            "the run key of this site is missing or damaged",
            got=path,
            todo="bring it again from the keeper with `neurofeedback study install`; nobody is allocated until then",
        )
    return bytes.fromhex(text)
