"""``neurofeedback emulate``: a headset that is not there, for the real drivers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.feeding import feed
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.emulators.cyton import EmulatedCyton
    from neurofeedback.emulators.faults import Faults
    from neurofeedback.emulators.headset import Headset
    from neurofeedback.emulators.muse import EmulatedMuse


class MuseModel(StrEnum):
    """Which Muse, as typed."""

    MUSE_2 = "2"
    MUSE_S = "S"
    MUSE_2016 = "2016"


Command = Annotated[
    list[str] | None, typer.Argument(help="After --: a program to run with the headset; it ends the emulation.")
]
From = Annotated[Path | None, typer.Option("--from", help="Recording to send; an alpha rhythm if none.")]
Simulated = Annotated[int | None, typer.Option(min=0, help="Send the simulated meditator of this seed.")]
Loss = Annotated[float, typer.Option(help="Probability that a packet is lost, 0 to 1.")]
One = Annotated[list[str] | None, typer.Option(help="A fault, such as 'stall at_s=20 for_s=5'; may be repeated.")]
File = Annotated[Path | None, typer.Option("--faults", help="TOML file of faults.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the faults.")]


def register(app: typer.Typer) -> None:
    """Add ``emulate`` to the program."""
    headsets = typer.Typer(help="Emulate a headset for the real drivers, with faults on demand.", no_args_is_help=True)
    headsets.command()(cyton)
    headsets.command()(muse)
    headsets.command("faults")(list_faults)
    app.add_typer(headsets, name="emulate")


def cyton(
    command: Command = None,
    recording: From = None,
    simulated: Simulated = None,
    daisy: Annotated[bool, typer.Option("--daisy", help="Sixteen channels at 125 Hz, not eight at 250 Hz.")] = False,
    loss: Loss = 0.0,
    fault: One = None,
    faults: File = None,
    seed: Seed = 0,
) -> None:
    """Emulate an OpenBCI Cyton on a serial port; {port} in COMMAND stands for it."""
    from neurofeedback.emulators.cyton import EmulatedCyton, Firmware  # noqa: PLC0415 - loads NumPy

    device = "cyton-daisy" if daisy else "cyton"
    chunks = feed(recording, simulated, device, (), 125.0 if daisy else 250.0, seed)
    firmware = Firmware(chunks, _faults(loss, fault, faults), seed=seed, daisy=daisy)
    _check(firmware)
    with EmulatedCyton(firmware) as board:
        line = f"neurofeedback train --device {device}:{board.port}"
        code = _attend(
            board, firmware, board.port, line, [part.replace("{port}", board.port) for part in command or ()]
        )
    _tell(f"sent {len(firmware.counts)} samples, {len(firmware.lost)} of them lost on purpose")
    raise typer.Exit(code)


def muse(
    command: Command = None,
    recording: From = None,
    simulated: Simulated = None,
    model: Annotated[MuseModel, typer.Option(case_sensitive=False, help="Which Muse.")] = MuseModel.MUSE_2,
    loss: Loss = 0.0,
    fault: One = None,
    faults: File = None,
    seed: Seed = 0,
) -> None:
    """Emulate a Muse on a private message bus; COMMAND, or what you start with the line printed, finds it there."""
    from neurofeedback.emulators.muse import CH_NAMES, SFREQ, EmulatedMuse, Headband, Model  # noqa: PLC0415 - NumPy

    chosen = Model(f"muse-{model.lower()}")
    headband = Headband(
        feed(recording, simulated, "muse", CH_NAMES, SFREQ, seed), _faults(loss, fault, faults), seed=seed
    )
    _check(headband)
    with EmulatedMuse(headband, model=chosen) as headset:
        where = {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}
        line = f"DBUS_SYSTEM_BUS_ADDRESS={headset.address} neurofeedback train --device {chosen}"
        code = _attend(headset, headband, headset.address, line, command or [], where)
    _tell(f"sent {len(headband.counts)} blocks of 12 samples; {len(headband.lost)} packets were lost on purpose")
    raise typer.Exit(code)


def list_faults() -> None:
    """List every fault and what it takes, as written in a schedule, after --fault, or while a headset runs."""
    from neurofeedback.emulators.schedule import describe_kinds  # noqa: PLC0415 - loads pydantic

    typer.echo("\n".join(describe_kinds()))


def _faults(loss: float, one_by_one: list[str] | None, file: Path | None) -> Faults:
    from neurofeedback.emulators.faults import Faults  # noqa: PLC0415 - loads pydantic
    from neurofeedback.emulators.schedule import load_schedule, parse_fault  # noqa: PLC0415

    scheduled = load_schedule(file) if file else ()
    return Faults(loss, schedule=(*scheduled, *map(parse_fault, one_by_one or ())))


def _check(headset: Headset) -> None:
    from neurofeedback.emulators.schedule import check_faults  # noqa: PLC0415 - loads pydantic

    check_faults(headset.faults.schedule, headset)


def _attend(
    device: EmulatedCyton | EmulatedMuse,
    headset: Headset,
    place: str,
    line: str,
    command: list[str],
    where: Mapping[str, str] | None = None,
) -> int:
    """Run the command, or tell how to connect and take orders until the headset has nothing left to send."""
    if command:
        return _run(command, where or {})
    from neurofeedback.emulators.orders import HELP  # noqa: PLC0415 - loads pydantic

    typer.echo(place)
    _tell(f"connect with: {line}")
    _tell(f"{HELP}, Ctrl-C to leave")
    threading.Thread(target=_listen, args=(headset,), name="orders", daemon=True).start()
    device.wait()
    return 0


def _listen(headset: Headset) -> None:
    """Take orders from standard input, one a line."""
    from neurofeedback.emulators.orders import obey  # noqa: PLC0415 - loads pydantic

    for order in sys.stdin:
        try:
            _tell(obey(order, headset, time.monotonic()))
        except SettingsError as error:
            _tell(str(error))


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


def _tell(sentence: str) -> None:
    if sentence:
        typer.echo(sentence, err=True)
