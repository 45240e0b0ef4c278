"""Which device, when none was named: the last one, else the only one in reach, else whichever the person picks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.prompt import Prompt

from neurofeedback.cli.helpers.common import last_device
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult


def _scan() -> ScanResult:
    from neurofeedback.acquisition.discovery import scan  # loads Bluetooth

    return scan()


def prompt_for_device(devices: Sequence[FoundDevice]) -> str:
    """Ask at the terminal for a number of this list or any device name; empty if nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    for number, one in enumerate(devices, start=1):
        _print_status(f"{number}  {one.device:<24} {one.about}")
    question = (
        "Number, or name of another device" if devices else "None is in reach. Name of a device, such as simulated"
    )
    try:
        answer = Prompt.ask(question, console=Console(stderr=True)).strip()
    except EOFError:
        return ""
    picked = answer.isdecimal() and 1 <= int(answer) <= len(devices)
    return devices[int(answer) - 1].device if picked else answer


def select_device(
    recordings: Path,
    *,
    scan: Callable[[], ScanResult] = _scan,
    prompt: Callable[[Sequence[FoundDevice]], str] = prompt_for_device,
) -> str:
    """Return the device to sit with, and say on stderr which it is.

    Parameters
    ----------
    recordings : Path
        The folder whose newest session tells the last device.
    scan : callable
        Looks for devices when there is no last one.
    ask : callable
        Picks one of those found, or none of them; empty if it cannot.

    Raises
    ------
    SettingsError
        None is known, and nobody can be asked.
    """
    if last := last_device(recordings):
        _print_status(f"Device: {last}, as last time; --device takes another")
        return last
    _print_status("Looking for headsets ...")
    findings = scan()
    for hindrance in findings.hindrances:
        _print_status(f"- {hindrance}")
    if len(findings.found) == 1:
        (only,) = findings.found
        _print_status(f"Device: {only.device} ({only.about})")
        return only.device
    if picked := prompt(findings.found):
        return picked
    raise SettingsError(
        "no device was named",
        got=f"{len(findings.found)} in reach",
        allowed=", ".join(one.device for one in findings.found),
        todo="pass --device NAME; `neurofeedback devices` lists them, and `simulated` needs no headset",
    )


def _print_status(message: str) -> None:
    typer.echo(message, err=True)
