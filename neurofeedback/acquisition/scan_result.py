"""What looking for devices came to."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.errors import SourceError


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device in reach: its name as one types it, and what it says of itself."""

    device: str
    about: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What was found, and what stood in the way of finding more, with what to do about it."""

    found: tuple[FoundDevice, ...] = ()
    hindrances: tuple[str, ...] = ()


def scan_failed(what: str, *, got: object = None, todo: str = "") -> ScanResult:
    """Nothing was found, and here is why.

    Examples
    --------
    >>> hindered("Bluetooth is off", todo="switch it on").hindrances
    ('Bluetooth is off: switch it on.',)
    """
    return ScanResult(hindrances=(str(SourceError(what, got=got, todo=todo)),))
