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


class RunningEmulator(Protocol):
    """An emulated headset that runs."""

    def wait(self) -> None:
        """Return when there is nothing left to send."""
        ...


def read_faults(loss: float, fault_options: list[str] | None, file: Path | None) -> Faults:
    """Read the faults of a command line.

    Raises
    ------
    SettingsError
        One of them cannot be, or the file cannot be read.
    """
    from neurofeedback.emulators.fault_parsing import load_faults, parse_fault
    from neurofeedback.emulators.faults import Faults  # loads pydantic

    scheduled = load_faults(file) if file else ()
    return Faults(loss, schedule=(*scheduled, *map(parse_fault, fault_options or ())))


def validate_faults(headset: Headset) -> None:
    """Refuse faults that this headset cannot have, as a ``SettingsError``."""
    from neurofeedback.emulators.fault_parsing import check_faults  # loads pydantic

    check_faults(headset.faults.schedule, headset)


def run_emulator(
    device: RunningEmulator,
    headset: Headset,
    address: str,
    train_command: str,
    command: list[str],
    environment: Mapping[str, str] | None = None,
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
        return _run_command(command, environment or {})
    from neurofeedback.emulators.fault_commands import HELP  # loads pydantic

    typer.echo(address)
    print_status(f"connect with: {train_command}")
    print_status(f"{HELP}, Ctrl-C to leave")
    threading.Thread(target=_read_fault_commands, args=(headset,), name="orders", daemon=True).start()
    device.wait()
    return 0


def _read_fault_commands(headset: Headset) -> None:
    """Take orders from standard input, one a line."""
    from neurofeedback.emulators.fault_commands import run_command  # loads pydantic

    for order in sys.stdin:
        try:
            print_status(run_command(order, headset, time.monotonic()))
        except SettingsError as error:
            print_status(str(error))


def _run_command(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a program that finds the headset; Ctrl-C is for it, and how it ends is how this ends."""
    try:
        process = subprocess.Popen(command, env=os.environ | environment)  # noqa: S603 - what the person typed
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


def print_status(message: str) -> None:
    """Say something on stderr, but nothing if there is nothing to say."""
    if message:
        typer.echo(message, err=True)
