"""``neurofeedback emulate``: a headset that is not there, for the real drivers."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.attending import attend, check, read_faults, tell
from neurofeedback.cli.feeding import feed


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
    headsets.command()(crown)
    headsets.command()(streaming)
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
    firmware = Firmware(chunks, read_faults(loss, fault, faults), seed=seed, daisy=daisy)
    check(firmware)
    with EmulatedCyton(firmware) as board:
        line = f"neurofeedback train --device {device}:{board.port}"
        code = attend(board, firmware, board.port, line, [part.replace("{port}", board.port) for part in command or ()])
    tell(f"sent {len(firmware.counts)} samples, {len(firmware.lost)} of them lost on purpose")
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
        feed(recording, simulated, "muse", CH_NAMES, SFREQ, seed), read_faults(loss, fault, faults), seed=seed
    )
    check(headband)
    with EmulatedMuse(headband, model=chosen) as headset:
        where = {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}
        line = f"DBUS_SYSTEM_BUS_ADDRESS={headset.address} neurofeedback train --device {chosen}"
        code = attend(headset, headband, headset.address, line, command or [], where)
    tell(
        f"sent {len(headband.counts)} blocks of 12 samples; "
        f"{len(headband.lost)} packets were never sent: lost on purpose, or the stream was off"
    )
    raise typer.Exit(code)


def crown(
    command: Command = None,
    recording: From = None,
    simulated: Simulated = None,
    loss: Loss = 0.0,
    fault: One = None,
    faults: File = None,
    seed: Seed = 0,
) -> None:
    """Emulate a Neurosity Crown by OSC to a port of this machine; {port} in COMMAND stands for it."""
    from neurofeedback.emulators.sender import CROWN_CHANNELS, CROWN_SFREQ, Crown, EmulatedSender  # noqa: PLC0415

    chunks = feed(recording, simulated, "cyton", CROWN_CHANNELS, CROWN_SFREQ, seed)
    headset = Crown(chunks, read_faults(loss, fault, faults), epoch=time.time(), seed=seed)
    check(headset)
    with EmulatedSender(headset) as sender:
        line = f"neurofeedback train --device brainflow:crown:ip_port={sender.port}"
        port = str(sender.port)
        code = attend(sender, headset, port, line, [part.replace("{port}", port) for part in command or ()])
    tell(f"sent {len(headset.sent)} samples, {len(headset.lost)} of them lost on purpose")
    raise typer.Exit(code)


def streaming(
    command: Command = None,
    board: Annotated[str, typer.Option(help="Board whose samples are streamed: BrainFlow's name or number.")] = "cyton",
    recording: From = None,
    simulated: Simulated = None,
    loss: Loss = 0.0,
    fault: One = None,
    faults: File = None,
    seed: Seed = 0,
) -> None:
    """Emulate another BrainFlow program that streams a board's samples; {device} in COMMAND stands for its name."""
    from neurofeedback.acquisition.descriptions import layout_of  # noqa: PLC0415 - loads BrainFlow
    from neurofeedback.emulators.sender import GROUP, EmulatedSender, Layout, Relay  # noqa: PLC0415 - loads NumPy

    layout = Layout(**layout_of(board))
    chunks = feed(recording, simulated, "cyton", (), layout.sfreq, seed)
    relay = Relay(chunks, read_faults(loss, fault, faults), layout=layout, epoch=time.time(), seed=seed)
    check(relay)
    with EmulatedSender(relay, multicast=True) as sender:
        device = f"brainflow:streaming:ip_address={GROUP},ip_port={sender.port},master_board={layout.board_id}"
        line = f"neurofeedback train --device {device}"
        code = attend(sender, relay, device, line, [part.replace("{device}", device) for part in command or ()])
    tell(f"sent {len(relay.sent)} samples, {len(relay.lost)} of them lost on purpose")
    raise typer.Exit(code)


def list_faults() -> None:
    """List every fault and what it takes, as written in a schedule, after --fault, or while a headset runs."""
    from neurofeedback.emulators.schedule import describe_kinds  # noqa: PLC0415 - loads pydantic

    typer.echo("\n".join(describe_kinds()))
