"""Run an emulated headset: its signal, its faults, the program that uses it, and fault commands while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from neurofeedback.cli.helpers.common import echo
from neurofeedback.errors import SettingsError
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import emulator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neurofeedback.emulators.faults import Faults
    from neurofeedback.emulators.headset import Headset

    SignalChunks = Iterable[NDArray[np.floating]]


class RunningEmulator(Protocol):
    """An emulated headset that is running."""

    def wait(self) -> None:
        """Return when everything is sent."""
        ...


def read_faults(loss: float, fault_options: list[str] | None, file: Path | None) -> Faults:
    """Return the faults given on the command line.

    Raises
    ------
    SettingsError
        A fault is not valid, or the file cannot be read.
    """
    from neurofeedback.emulators.fault_parsing import load_faults, parse_fault
    from neurofeedback.emulators.faults import Faults  # loads pydantic

    scheduled = load_faults(file) if file else ()
    return Faults(loss, schedule=(*scheduled, *map(parse_fault, fault_options or ())))


def validate_faults(headset: Headset) -> None:
    """Raise a ``SettingsError`` for faults that this headset cannot have."""
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
    """Run the command, or print how to connect and read fault commands until the headset has sent everything.

    Parameters
    ----------
    address : str
        Address of the headset, printed alone on stdout.
    train_command : str
        What a person types to run a session with it.
    command : list of str
        The program to run with the headset; empty for none.
    environment : mapping, optional
        Variables that the program's environment must contain.

    Returns
    -------
    int
        Exit code.
    """
    if command:
        return _run_command(command, environment or {})
    echo(address)
    print_status(tr(terminal.CONNECT_WITH, command=train_command))
    print_status(tr(terminal.LEAVE_HINT, commands=tr(emulator.HELP)))
    threading.Thread(target=_read_fault_commands, args=(headset,), name="fault-commands", daemon=True).start()
    device.wait()
    return 0


def _read_fault_commands(headset: Headset) -> None:
    """Run fault commands from standard input, one a line."""
    from neurofeedback.emulators.fault_commands import run_command  # loads pydantic

    for line in sys.stdin:
        try:
            print_status(run_command(line, headset, time.monotonic()))
        except SettingsError as error:
            print_status(str(error))


def _run_command(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a program that uses the headset and return its exit code; Ctrl-C goes to the program."""
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
    """Print a message on stderr; nothing if it is empty."""
    if message:
        echo(message, err=True)


def load_signal(
    recording: Path | None, simulated: int | None, family: str, ch_names: Sequence[str], sfreq: float, seed: int
) -> SignalChunks:
    """Return the signal that an emulated headset sends, in chunks, uV.

    Parameters
    ----------
    recording : Path, optional
        Recording to send, at any rate; channels are matched to the headset's by name.
    simulated : int, optional
        Seed of a simulated meditator to send instead.
    family : str
        Device family of the simulation.
    ch_names : sequence of str
        The headset's channels, if they have fixed positions.
    sfreq : float
        The headset's rate, Hz.
    seed : int
        Seed of the alpha rhythm that is sent if neither is given.

    Raises
    ------
    SettingsError
        Both a recording and a simulated meditator are given.
    RecordingError
        The recording cannot be read.
    """
    if recording is not None and simulated is not None:
        raise SettingsError("a headset sends one signal", got="--from and --simulated", allowed="one of them")
    if recording is not None:
        return _recorded_signal(recording, ch_names, sfreq)
    if simulated is not None:
        return _simulated_signal(simulated, family, sfreq)
    from neurofeedback.emulators.signal_input import alpha_rhythm  # loads NumPy

    return alpha_rhythm(16, sfreq, seed)


def _simulated_signal(seed: int, family: str, sfreq: float) -> SignalChunks:
    """Simulate the meditator of a seed with a headset of this family, at the rate that is sent."""
    from neurofeedback.acquisition.simulated import DEFAULT_DURATION_S  # loads SciPy, as all below
    from neurofeedback.settings.load import load_montage
    from neurofeedback.simulation.headset_specs import get_headset
    from neurofeedback.simulation.population import draw_person
    from neurofeedback.simulation.simulated_meditator import draw_session

    headset = replace(get_headset(family), sfreq=sfreq)
    montage = load_montage(headset.montage)
    return draw_session(
        draw_person(seed), seconds=DEFAULT_DURATION_S, seed=seed, montage=montage, headset=headset
    ).segments()


def _recorded_signal(path: Path, ch_names: Sequence[str], sfreq: float) -> SignalChunks:
    from neurofeedback.emulators.signal_input import resample, select_rows  # loads NumPy
    from neurofeedback.formats.reader import open_recording

    recording = open_recording(path)
    rows = select_rows(recording.stream.ch_names, ch_names) if ch_names else slice(None)
    return [resample(recording.read_chunk(0, recording.n_samples).data[rows], recording.stream.sfreq, sfreq)]
