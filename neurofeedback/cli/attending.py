"""An emulated headset looked after: its faults, the program it is for, and orders while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.emulators.faults import Faults
    from neurofeedback.emulators.headset import Headset


class Device(Protocol):
    """An emulated headset that runs."""

    def wait(self) -> None:
        """Return when there is nothing left to send."""
        ...


def read_faults(loss: float, one_by_one: list[str] | None, file: Path | None) -> Faults:
    """Read the faults of a command line.

    Raises
    ------
    SettingsError
        One of them cannot be, or the file cannot be read.
    """
    from neurofeedback.emulators.faults import Faults  # noqa: PLC0415 - loads pydantic
    from neurofeedback.emulators.schedule import load_schedule, parse_fault  # noqa: PLC0415

    scheduled = load_schedule(file) if file else ()
    return Faults(loss, schedule=(*scheduled, *map(parse_fault, one_by_one or ())))


def check(headset: Headset) -> None:
    """Refuse faults that this headset cannot have, as a ``SettingsError``."""
    from neurofeedback.emulators.schedule import check_faults  # noqa: PLC0415 - loads pydantic

    check_faults(headset.faults.schedule, headset)


def attend(
    device: Device,
    headset: Headset,
    place: str,
    line: str,
    command: list[str],
    where: Mapping[str, str] | None = None,
) -> int:
    """Run the command, or tell how to connect and take orders until the headset has nothing left to send.

    Parameters
    ----------
    place : str
        Where it can be found, printed alone on stdout.
    line : str
        What a person types to sit with it.
    where : mapping, optional
        What the command's environment must hold.

    Returns
    -------
    int
        Exit code.
    """
    if command:
        return _run(command, where or {})
    from neurofeedback.emulators.orders import HELP  # noqa: PLC0415 - loads pydantic

    typer.echo(place)
    tell(f"connect with: {line}")
    tell(f"{HELP}, Ctrl-C to leave")
    threading.Thread(target=_listen, args=(headset,), name="orders", daemon=True).start()
    device.wait()
    return 0


def _listen(headset: Headset) -> None:
    """Take orders from standard input, one a line."""
    from neurofeedback.emulators.orders import obey  # noqa: PLC0415 - loads pydantic

    for order in sys.stdin:
        try:
            tell(obey(order, headset, time.monotonic()))
        except SettingsError as error:
            tell(str(error))


def _run(command: list[str], where: Mapping[str, str]) -> int:
    """Run a program that finds the headset; Ctrl-C is for it, and how it ends is how this ends."""
    try:
        process = subprocess.Popen(command, env=os.environ | where)  # noqa: S603 - what the person typed
    except OSError as error:
        raise SettingsError("this program cannot be run", got=f"{command[0]}: {error.strerror}") from None
    try:
        while True:
            try:
                return process.wait() % 256
            except KeyboardInterrupt:
                continue
    finally:
        process.kill()


def tell(sentence: str) -> None:
    """Say something on stderr, but nothing if there is nothing to say."""
    if sentence:
        typer.echo(sentence, err=True)
