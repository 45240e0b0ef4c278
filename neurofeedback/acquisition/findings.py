"""What looking for devices came to."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.errors import SourceError


@dataclass(frozen=True, slots=True)
class Found:
    """A device in reach: its name as one types it, and what it says of itself."""

    device: str
    about: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and what stood in the way of finding more, with what to do about it."""

    found: tuple[Found, ...] = ()
    hindrances: tuple[str, ...] = ()


def hindered(what: str, *, got: object = None, todo: str = "") -> Findings:
    """Nothing was found, and here is why.

    Examples
    --------
    >>> hindered("Bluetooth is off", todo="switch it on").hindrances
    ('Bluetooth is off: switch it on.',)
    """
    return Findings(hindrances=(str(SourceError(what, got=got, todo=todo)),))
