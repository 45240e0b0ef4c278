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

From = Annotated[Path | None, typer.Option("--from", help="Recording to send; an alpha rhythm if none.")]
Loss = Annotated[float, typer.Option(help="Probability that a packet is lost, 0 to 1.")]
StallAt = Annotated[float | None, typer.Option(help="Go silent after this many seconds.")]
StallFor = Annotated[float, typer.Option(help="How long it is silent, seconds.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the faults.")]


def register(app: typer.Typer) -> None:
    """Add ``emulate`` to the program."""
    headsets = typer.Typer(help="Emulate a headset for the real drivers, with faults on demand.", no_args_is_help=True)
    headsets.command()(cyton)
    headsets.command()(muse)
    app.add_typer(headsets, name="emulate")


def cyton(
    recording: From = None,
    daisy: Annotated[bool, typer.Option("--daisy", help="Sixteen channels at 125 Hz, not eight at 250 Hz.")] = False,
    loss: Loss = 0.0,
    garbage: Annotated[float, typer.Option(help="Probability that noise follows a packet, 0 to 1.")] = 0.0,
    stall_at_s: StallAt = None,
    stall_for_s: StallFor = 5.0,
    unplug_at_s: Annotated[float | None, typer.Option(help="Take the port away after this many seconds.")] = None,
    answer: Annotated[Answer, typer.Option(help="What it answers when asked who it is.")] = Answer.RIGHT,
    seed: Seed = 0,
) -> None:
    """Emulate an OpenBCI Cyton on a serial port that `train --device cyton:PORT` can open."""
    from neurofeedback.emulators.cyton import run_cyton  # noqa: PLC0415 - loads NumPy

    faults = Faults(loss, garbage, stall_at_s, stall_for_s, unplug_at_s=unplug_at_s, answer=answer)
    chunks = _chunks(recording, 125.0 if daisy else 250.0, seed)
    firmware = run_cyton(chunks, announce=_announce_port, faults=faults, seed=seed, daisy=daisy)
    _tell(f"sent {len(firmware.counts)} samples, {len(firmware.lost)} of them lost on purpose")


def muse(
    recording: From = None,
    model: Annotated[str, typer.Option(help="muse-2, muse-s or muse-2016.")] = "muse-2",
    loss: Loss = 0.0,
    stall_at_s: StallAt = None,
    stall_for_s: StallFor = 5.0,
    drop_at_s: Annotated[float | None, typer.Option(help="Drop the link after this many seconds.")] = None,
    drop_for_s: Annotated[float, typer.Option(help="How long it cannot be found, seconds.")] = 3.0,
    seed: Seed = 0,
) -> None:
    """Emulate a Muse on a private message bus; `train` finds it with the environment that is printed."""
    from neurofeedback.emulators.muse import Model, run_muse  # noqa: PLC0415 - loads NumPy

    if model not in set(Model):
        raise SettingsError("there is no such Muse", got=model, allowed=", ".join(Model))
    faults = Faults(loss, stall_at_s=stall_at_s, stall_for_s=stall_for_s, drop_at_s=drop_at_s, drop_for_s=drop_for_s)
    chunks = _chunks(recording, 256.0, seed)
    headband = run_muse(
        chunks, announce=lambda bus: _announce_bus(bus, model), faults=faults, seed=seed, model=Model(model)
    )
    _tell(f"sent {len(headband.counts)} blocks of 12 samples; {len(headband.lost)} packets were lost on purpose")


def _announce_port(port: str) -> None:
    typer.echo(port)
    _tell(f"connect with: neurofeedback train --device cyton:{port}   (Ctrl-C ends)")


def _announce_bus(bus: str, model: str) -> None:
    typer.echo(bus)
    start = f"DBUS_SYSTEM_BUS_ADDRESS={bus} neurofeedback train --device {model}"
    _tell(f"connect with: {start}   (Ctrl-C ends)")


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _chunks(path: Path | None, sfreq: float, seed: int) -> Chunks:
    if path is None:
        from neurofeedback.emulators.samples import alpha_rhythm  # noqa: PLC0415 - loads NumPy

        return alpha_rhythm(16, sfreq, seed)
    from neurofeedback.recording.reader import open_recording  # noqa: PLC0415 - loads NumPy

    recording = open_recording(path)
    if recording.stream.sfreq != sfreq:
        raise SettingsError(
            f"{path} does not have this headset's rate",
            got=f"{recording.stream.sfreq:g} Hz",
            allowed=f"{sfreq:g} Hz",
            todo="choose another recording, or another headset",
        )
    return (chunk.data for chunk in recording.chunks(int(sfreq)))
