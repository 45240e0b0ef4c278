"""``neurofeedback emulate``: a headset that is not there, for the real drivers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.emulators.faults import Answer, Faults
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Chunks = Iterator[NDArray[np.floating]]

CYTON_HZ, DAISY_HZ = 250.0, 125.0


def register(app: typer.Typer) -> None:
    """Add ``emulate`` to the program."""
    headsets = typer.Typer(help="Emulate a headset for the real drivers, with faults on demand.", no_args_is_help=True)
    headsets.command()(cyton)
    headsets.callback()(lambda: None)  # keeps the headset's name in the command while there is only one
    app.add_typer(headsets, name="emulate")


def cyton(
    recording: Annotated[
        Path | None, typer.Option("--from", help="Recording to send; an alpha rhythm if none.")
    ] = None,
    daisy: Annotated[
        bool, typer.Option("--daisy", help="Sixteen channels at 125 Hz instead of eight at 250 Hz.")
    ] = False,
    loss: Annotated[float, typer.Option(help="Probability that a packet is lost, 0 to 1.")] = 0.0,
    garbage: Annotated[float, typer.Option(help="Probability that noise follows a packet, 0 to 1.")] = 0.0,
    stall_at_s: Annotated[float | None, typer.Option(help="Go silent after this many seconds.")] = None,
    stall_for_s: Annotated[float, typer.Option(help="How long it is silent, seconds.")] = 5.0,
    unplug_at_s: Annotated[float | None, typer.Option(help="Take the port away after this many seconds.")] = None,
    answer: Annotated[Answer, typer.Option(help="What it answers when asked who it is.")] = Answer.RIGHT,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the faults.")] = 0,
) -> None:
    """Emulate an OpenBCI Cyton on a serial port that `train --device cyton:PORT` can open."""
    from neurofeedback.emulators.cyton import run_cyton  # noqa: PLC0415 - loads NumPy

    faults = Faults(loss, garbage, stall_at_s, stall_for_s, unplug_at_s=unplug_at_s, answer=answer)
    sfreq = DAISY_HZ if daisy else CYTON_HZ
    chunks = _rhythm(sfreq, seed) if recording is None else _recorded(recording, sfreq)
    firmware = run_cyton(chunks, announce=_announce, faults=faults, seed=seed, daisy=daisy)
    typer.echo(f"sent {len(firmware.counts)} samples, {len(firmware.lost)} of them lost on purpose", err=True)


def _announce(port: str) -> None:
    typer.echo(port)
    typer.echo(f"connect with: neurofeedback train --device cyton:{port}   (Ctrl-C ends)", err=True)


def _rhythm(sfreq: float, seed: int) -> Chunks:
    from neurofeedback.emulators.samples import alpha_rhythm  # noqa: PLC0415 - loads NumPy

    return alpha_rhythm(16, sfreq, seed)


def _recorded(path: Path, sfreq: float) -> Chunks:
    from neurofeedback.recording.reader import open_recording  # noqa: PLC0415 - loads NumPy

    recording = open_recording(path)
    if recording.stream.sfreq != sfreq:
        raise SettingsError(
            f"{path} does not have this board's rate",
            got=f"{recording.stream.sfreq:g} Hz",
            allowed=f"{sfreq:g} Hz",
            todo="choose another recording, or --daisy for 125 Hz",
        )
    return (chunk.data for chunk in recording.chunks(int(sfreq)))
