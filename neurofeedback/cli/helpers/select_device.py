"""Select a device when none was given: the last one, else the only one found, else ask the person."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.prompt import Prompt

from neurofeedback.cli.helpers.common import echo, last_device
from neurofeedback.errors import SettingsError
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult


def _scan() -> ScanResult:
    from neurofeedback.acquisition.discovery import scan  # loads Bluetooth

    return scan()


def prompt_for_device(devices: Sequence[FoundDevice]) -> str:
    """Ask at the terminal for a number of this list or any device name; empty without a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    for number, device in enumerate(devices, start=1):
        _print_status(f"{number}  {device.device:<24} {device.about}")
    question = tr(terminal.NUMBER_OR_NAME if devices else terminal.NONE_FOUND_NAME)
    try:
        answer = Prompt.ask(question, console=Console(stderr=True)).strip()
    except EOFError:
        return ""
    is_number = answer.isdecimal() and 1 <= int(answer) <= len(devices)
    return devices[int(answer) - 1].device if is_number else answer


def select_device(
    recordings: Path,
    *,
    scan: Callable[[], ScanResult] = _scan,
    prompt: Callable[[Sequence[FoundDevice]], str] = prompt_for_device,
) -> str:
    """Return the device for a session, and print it on stderr.

    Parameters
    ----------
    recordings : Path
        Folder whose newest session names the last device.
    scan : callable
        Scans for devices if there is no last one.
    prompt : callable
        Asks for one of the devices found; returns an empty name if it cannot ask.

    Raises
    ------
    SettingsError
        There is no last device, not exactly one was found, and there is no terminal to ask at.
    """
    if last := last_device(recordings):
        _print_status(tr(terminal.LAST_DEVICE, device=last))
        return last
    _print_status(tr(terminal.SCANNING))
    result = scan()
    for hindrance in result.hindrances:
        _print_status(f"- {hindrance}")
    if len(result.found) == 1:
        (only,) = result.found
        _print_status(tr(terminal.ONLY_DEVICE, device=only.device, about=only.about))
        return only.device
    if chosen := prompt(result.found):
        return chosen
    raise SettingsError(
        "no device was named",
        got=f"{len(result.found)} in reach",
        allowed=", ".join(one.device for one in result.found),
        todo="pass --device NAME; `neurofeedback devices` lists them, and `simulated` needs no headset",
    )


def _print_status(message: str) -> None:
    echo(message, err=True)
