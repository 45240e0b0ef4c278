"""``emulate``: emulate a headset for the real drivers."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.helpers.common import echo
from neurofeedback.cli.helpers.run_emulator import (
    load_signal,
    print_status,
    read_faults,
    run_emulator,
    validate_faults,
)
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

emulate_app = typer.Typer(help="Emulate a headset for the real drivers, with faults on demand.", no_args_is_help=True)


class MuseModel(StrEnum):
    """Which Muse, as typed."""

    MUSE_2 = "2"
    MUSE_S = "S"
    MUSE_2016 = "2016"
    ATHENA = "Athena"


Command = Annotated[
    list[str] | None, typer.Argument(help="After --: a program to run with the headset; it ends the emulation.")
]
RecordingOption = Annotated[Path | None, typer.Option("--from", help="Recording to send; an alpha rhythm if none.")]
SimulatedOption = Annotated[int | None, typer.Option(min=0, help="Send the simulated meditator of this seed.")]
LossOption = Annotated[float, typer.Option(help="Probability that a packet is lost, 0 to 1.")]
FaultOptions = Annotated[
    list[str] | None, typer.Option(help="A fault, such as 'stall at_s=20 for_s=5'; may be repeated.")
]
FaultsFileOption = Annotated[Path | None, typer.Option("--faults", help="TOML file of faults.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of the faults.")]


@emulate_app.command()
def cyton(
    command: Command = None,
    recording: RecordingOption = None,
    simulated: SimulatedOption = None,
    daisy: Annotated[bool, typer.Option("--daisy", help="Sixteen channels at 125 Hz, not eight at 250 Hz.")] = False,
    loss: LossOption = 0.0,
    fault: FaultOptions = None,
    faults: FaultsFileOption = None,
    seed: SeedOption = 0,
) -> None:
    """Emulate an OpenBCI Cyton on a serial port; {port} in COMMAND stands for it."""
    from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton  # loads NumPy

    device = "cyton-daisy" if daisy else "cyton"
    chunks = load_signal(recording, simulated, device, (), 125.0 if daisy else 250.0, seed)
    firmware = CytonFirmware(chunks, read_faults(loss, fault, faults), seed=seed, daisy=daisy)
    validate_faults(firmware)
    with EmulatedCyton(firmware) as board:
        line = f"neurofeedback train --device {device}:{board.port}"
        code = run_emulator(
            board, firmware, board.port, line, [part.replace("{port}", board.port) for part in command or ()]
        )
    print_status(tr(terminal.SAMPLES_SENT, n=len(firmware.counts), lost=len(firmware.lost_samples)))
    raise typer.Exit(code)


@emulate_app.command()
def muse(
    command: Command = None,
    recording: RecordingOption = None,
    simulated: SimulatedOption = None,
    model: Annotated[MuseModel, typer.Option(case_sensitive=False, help="Which Muse.")] = MuseModel.MUSE_2,
    loss: LossOption = 0.0,
    fault: FaultOptions = None,
    faults: FaultsFileOption = None,
    seed: SeedOption = 0,
) -> None:
    """Emulate a Muse on a private message bus, for COMMAND or a program started with the printed line."""
    from neurofeedback.emulators.athena import SAMPLES_A_PACKET, AthenaHeadband  # NumPy
    from neurofeedback.emulators.muse import CH_NAMES, SFREQ, EmulatedMuse, HeadbandModel, MuseHeadband

    is_athena = model is MuseModel.ATHENA
    chosen = HeadbandModel.ATHENA if is_athena else HeadbandModel(f"muse-{model.lower()}")
    headband = (AthenaHeadband if is_athena else MuseHeadband)(
        load_signal(recording, simulated, "muse", CH_NAMES, SFREQ, seed), read_faults(loss, fault, faults), seed=seed
    )
    validate_faults(headband)
    with EmulatedMuse(headband, model=chosen) as headset:
        environment = {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}
        line = f"DBUS_SYSTEM_BUS_ADDRESS={headset.address} neurofeedback train --device {chosen}"
        code = run_emulator(headset, headband, headset.address, line, command or [], environment)
    n_packets, n_lost = len(headband.counts), len(headband.lost_packets)
    if isinstance(headband, AthenaHeadband):
        print_status(tr(terminal.SAMPLES_SENT, n=SAMPLES_A_PACKET * n_packets, lost=SAMPLES_A_PACKET * n_lost))
    else:
        print_status(tr(terminal.BLOCKS_SENT, n=n_packets, lost=n_lost))
    raise typer.Exit(code)


class Firmware(StrEnum):
    """Which firmware of a Ganglion, as typed."""

    THREE = "3"
    TWO = "2"


@emulate_app.command()
def ganglion(
    command: Command = None,
    recording: RecordingOption = None,
    simulated: SimulatedOption = None,
    firmware: Annotated[Firmware, typer.Option(help="Which firmware.")] = Firmware.THREE,
    loss: LossOption = 0.0,
    fault: FaultOptions = None,
    faults: FaultsFileOption = None,
    seed: SeedOption = 0,
) -> None:
    """Emulate an OpenBCI Ganglion on a private message bus, for COMMAND or the program of the printed line."""
    from neurofeedback.emulators.ganglion import SFREQ, EmulatedGanglion, Ganglion, GanglionFirmware2  # loads NumPy

    board = (Ganglion if firmware is Firmware.THREE else GanglionFirmware2)(
        load_signal(recording, simulated, "ganglion", (), SFREQ, seed), read_faults(loss, fault, faults), seed=seed
    )
    validate_faults(board)
    with EmulatedGanglion(board) as headset:
        environment = {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}
        line = f"DBUS_SYSTEM_BUS_ADDRESS={headset.address} neurofeedback train --device ganglion"
        code = run_emulator(headset, board, headset.address, line, command or [], environment)
    print_status(tr(terminal.SAMPLES_SENT, n=len(board.counts), lost=len(board.lost_samples)))
    raise typer.Exit(code)


@emulate_app.command()
def crown(
    command: Command = None,
    recording: RecordingOption = None,
    simulated: SimulatedOption = None,
    loss: LossOption = 0.0,
    fault: FaultOptions = None,
    faults: FaultsFileOption = None,
    seed: SeedOption = 0,
) -> None:
    """Emulate a Neurosity Crown by OSC to a port of this machine; {port} in COMMAND stands for it."""
    from neurofeedback.emulators.udp_headsets import CROWN_CHANNELS, CROWN_SFREQ, Crown, EmulatedUdpHeadset

    chunks = load_signal(recording, simulated, "cyton", CROWN_CHANNELS, CROWN_SFREQ, seed)
    headset = Crown(chunks, read_faults(loss, fault, faults), epoch=time.time(), seed=seed)
    validate_faults(headset)
    with EmulatedUdpHeadset(headset) as sender:
        line = f"neurofeedback train --device brainflow:crown:ip_port={sender.port}"
        port = str(sender.port)
        code = run_emulator(sender, headset, port, line, [part.replace("{port}", port) for part in command or ()])
    print_status(tr(terminal.SAMPLES_SENT, n=len(headset.samples_uv), lost=len(headset.lost_samples)))
    raise typer.Exit(code)


@emulate_app.command()
def streaming(
    command: Command = None,
    board: Annotated[str, typer.Option(help="Board whose samples are streamed: BrainFlow's name or number.")] = "cyton",
    recording: RecordingOption = None,
    simulated: SimulatedOption = None,
    loss: LossOption = 0.0,
    fault: FaultOptions = None,
    faults: FaultsFileOption = None,
    seed: SeedOption = 0,
) -> None:
    """Emulate another BrainFlow program that streams a board's samples; {device} in COMMAND stands for its name."""
    from neurofeedback.acquisition.board_info import board_layout  # loads BrainFlow
    from neurofeedback.emulators.udp_headsets import (  # loads NumPy
        MULTICAST_GROUP,
        EmulatedUdpHeadset,
        StreamingBoard,
    )

    layout = board_layout(board)
    chunks = load_signal(recording, simulated, "cyton", (), layout.sfreq, seed)
    relay = StreamingBoard(chunks, read_faults(loss, fault, faults), layout=layout, epoch=time.time(), seed=seed)
    validate_faults(relay)
    with EmulatedUdpHeadset(relay, multicast=True) as sender:
        device = (
            f"brainflow:streaming:ip_address={MULTICAST_GROUP},ip_port={sender.port},master_board={layout.board_id}"
        )
        line = f"neurofeedback train --device {device}"
        code = run_emulator(sender, relay, device, line, [part.replace("{device}", device) for part in command or ()])
    print_status(tr(terminal.SAMPLES_SENT, n=len(relay.samples_uv), lost=len(relay.lost_samples)))
    raise typer.Exit(code)


@emulate_app.command("faults")
def list_faults() -> None:
    """List every fault and its parameters, as written in a schedule, after --fault, or while a headset runs."""
    from neurofeedback.emulators.fault_parsing import describe_fault_kinds  # loads pydantic

    echo("\n".join(describe_fault_kinds()))
