"""The result of a scan for devices."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.errors import SourceError
from neurofeedback.texts.catalogue import error_text


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device in reach: its device name and a description; ``short`` is it without address and signal strength."""

    device: str
    about: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The devices found, and sentences on what kept the scan from finding more, with what to do."""

    found: tuple[FoundDevice, ...] = ()
    hindrances: tuple[str, ...] = ()


def scan_failed(what: str, *, got: object = None, todo: str = "") -> ScanResult:
    """Return the result of a scan that could not find anything, with the reason.

    Examples
    --------
    >>> scan_failed("Bluetooth is off", todo="switch it on").hindrances
    ('Bluetooth is off: switch it on.',)
    """
    return ScanResult(hindrances=(error_text(SourceError(what, got=got, todo=todo)),))
