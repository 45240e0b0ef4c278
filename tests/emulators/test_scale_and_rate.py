"""A rhythm of known size and frequency, sent by each emulated headset, is recorded with both.

Each session runs in a process of its own, forked from one that has imported the program, because the Bluetooth library
takes the message bus from its environment once for all.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.emulators.athena import AthenaHeadband
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.ganglion import TURN, EmulatedGanglion, Ganglion
from neurofeedback.emulators.muse import EmulatedMuse, HeadbandModel, MuseHeadband
from neurofeedback.emulators.udp_headsets import Crown, EmulatedUdpHeadset
from neurofeedback.formats.reader import open_recording

pytestmark = [
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)"),
    pytest.mark.real_time,
    pytest.mark.timeout(300),  # the first test waits for all sessions
]

RHYTHM_HZ, RHYTHM_UV, NOISE_UV = 10.0, 20.0, 1.0
LENGTH_S = 3.0
SILENCE_S = 20.0

RECORDER = """
import json, os, sys, time
from pathlib import Path
import numpy as np
import neurofeedback.acquisition.brainflow
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session

def record(device, folder, length_s):
    Path(folder).mkdir()
    session = Session(SessionConfig(device, Path(folder), minutes=1.0, audio="none", mode="record"))
    session.start()
    heard, elapsed = time.monotonic(), 0.0
    while session.join(0.1) is None and elapsed < length_s and time.monotonic() < heard + SILENCE_S:
        snapshot = session.live_state.snapshot
        if snapshot.elapsed_s > elapsed:
            heard, elapsed = time.monotonic(), snapshot.elapsed_s
    np.save(f"{folder}/filtered.npy", np.concatenate(session.live_state.snapshot.recent_filtered, axis=1))
    session.stop()
    result = session.join(60)
    return 0 if result is not None and result.exit_code == 0 else 1

children = []
for device, folder, environment in json.loads(sys.argv[1]):
    children.append(os.fork())
    if not children[-1]:
        os.environ.update(environment)
        os._exit(record(device, folder, float(sys.argv[2])))
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
""".replace("SILENCE_S", str(SILENCE_S))

Signal = NDArray[np.floating]


def rhythm(n_channels: int, sfreq: float) -> Iterator[Signal]:
    """Yield endless seconds of the rhythm, with a little noise so that no stretch is the same as another."""
    rng = np.random.default_rng(1)
    seconds = np.arange(round(sfreq)) / sfreq
    while True:
        sine = RHYTHM_UV * np.sin(2 * np.pi * RHYTHM_HZ * seconds)
        yield sine + rng.normal(0, NOISE_UV, (n_channels, seconds.size))


def correlate(data: Signal, sfreq: float, hz: Signal) -> NDArray[np.complex128]:
    """Return how much of each frequency (Hz) is in each channel, over the samples that are there."""
    seconds = np.arange(data.shape[1]) / sfreq
    return np.exp(-2j * np.pi * np.outer(hz, seconds)) @ np.nan_to_num(data).T


def size_uv(data: Signal) -> Signal:
    """Return the amplitude of the rhythm in each channel, from its variance: it needs no phase."""
    return np.sqrt(2 * (np.nanvar(data, axis=1) - NOISE_UV**2))


def whole_cycles(data: Signal, sfreq: float) -> Signal:
    """Return the last whole cycles of the rhythm: the variance of a part of a cycle depends on its phase."""
    n_cycles = int(data.shape[1] * RHYTHM_HZ / sfreq)
    return data[:, data.shape[1] - round(n_cycles * sfreq / RHYTHM_HZ) :]


def frequency_hz(data: Signal, sfreq: float) -> float:
    """Return the frequency over the whole recording, which shows a time that is squeezed or stretched."""
    trial = np.arange(RHYTHM_HZ - 0.6, RHYTHM_HZ + 0.6, 0.004)
    return float(trial[np.argmax(np.abs(correlate(data, sfreq, trial)).sum(axis=1))])


def local_frequency_hz(data: Signal, sfreq: float) -> float:
    """Return the frequency from the median advance in phase over whole stretches, wherever they were placed."""
    n = round(sfreq / RHYTHM_HZ)
    advances = []
    for start in range(0, data.shape[1] - 2 * n, n // 2):
        early, late = (
            correlate(data[:, first : first + n], sfreq, np.array([RHYTHM_HZ]))[0] for first in (start, start + n)
        )
        there = ~np.isnan(data[:, start : start + 2 * n]).any(axis=1)
        advances += np.angle(late[there] / early[there] * np.exp(-2j * np.pi * RHYTHM_HZ * n / sfreq)).tolist()
    return RHYTHM_HZ + float(np.median(advances)) / (2 * np.pi * n / sfreq)


@dataclass
class Recorded:
    data: Signal
    filtered: Signal
    sfreq: float
    n_lost: int


GROUPS = (("cyton", "muse-2", "muse-s-athena"), ("ganglion", "crown"))
"""Headsets that are recorded side by side: all at once are too much for a busy machine."""


def connect(name: str, faults: Faults, stack: ExitStack) -> tuple[str, dict[str, str]]:
    """Run an emulated headset; return the name by which it is found, and the environment for that."""
    if name == "cyton":
        return f"cyton:{stack.enter_context(EmulatedCyton(CytonFirmware(rhythm(8, 250.0), faults))).port}", {}
    if name == "crown":
        crown = Crown(rhythm(8, 256.0), faults, epoch=time.time())
        return f"brainflow:crown:ip_port={stack.enter_context(EmulatedUdpHeadset(crown)).port}", {}
    if name == "ganglion":
        headset = stack.enter_context(EmulatedGanglion(Ganglion(rhythm(4, 200.0), faults)))
    elif name == "muse-2":
        headset = stack.enter_context(EmulatedMuse(MuseHeadband(rhythm(4, 256.0), faults)))
    else:
        head = AthenaHeadband(rhythm(4, 256.0), faults)
        headset = stack.enter_context(EmulatedMuse(head, model=HeadbandModel.ATHENA))
    return name, {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorded]:
    root = tmp_path_factory.mktemp("scale")
    folders: dict[str, Path] = {}
    for group in GROUPS:
        with ExitStack() as stack:
            tasks: list[tuple[str, str, dict[str, str]]] = []
            for name, loss in product(group, (0.0, 0.05)):
                folder = folders[f"{name}, {loss:.0%}"] = root / f"{name}-{loss}"
                device, environment = connect(name, Faults(loss=loss), stack)
                tasks.append((device, str(folder), environment))
            command = [sys.executable, "-c", RECORDER, json.dumps(tasks), str(LENGTH_S)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    return {name: read(folder) for name, folder in folders.items()}


def read(folder: Path) -> Recorded:
    recording = open_recording(folder)
    data = recording.read_chunk(0, recording.n_samples).data
    n_lost = sum(run.n_samples for run in recording.lost)
    return Recorded(data, np.load(folder / "filtered.npy"), recording.stream.sfreq, n_lost)


@pytest.mark.parametrize(
    "name",
    [
        *("cyton, 0%", "cyton, 5%", "ganglion, 0%", "ganglion, 5%", "crown, 0%", "crown, 5%"),
        *("muse-2, 0%", "muse-2, 5%", "muse-s-athena, 0%", "muse-s-athena, 5%"),
    ],
)
def test_rhythm_is_recorded_with_its_size_and_frequency(
    name: str, recorded: dict[str, Recorded], record_property: Callable[[str, object], None]
) -> None:
    found = recorded[name]
    is_lossy = name.endswith("5%")
    # after a loss a Muse's driver delivers some channels a block late: a phase over the whole does not survive (0008)
    measure = local_frequency_hz if name == "muse-2, 5%" else frequency_hz
    sizes, hz = size_uv(found.data), measure(found.data, found.sfreq)
    filtered = size_uv(whole_cycles(found.filtered, found.sfreq))
    record_property(
        "figure",
        f"rhythm of {RHYTHM_UV:g} uV at {RHYTHM_HZ:g} Hz, {name} lost: file {sizes.min():.2f} to {sizes.max():.2f} uV, "
        f"engine {filtered.min():.2f} to {filtered.max():.2f} uV, {hz:.3f} Hz, {found.n_lost} samples lost",
    )
    assert found.data.shape[1] >= LENGTH_S * found.sfreq
    never_sent = found.data.shape[1] // TURN if name.startswith("ganglion") else 0
    assert (found.n_lost > never_sent) is is_lossy
    np.testing.assert_allclose(sizes, RHYTHM_UV, rtol=0.02)
    assert hz == pytest.approx(RHYTHM_HZ, abs=0.02)
    if not is_lossy:  # where samples are missing, what the engine puts in their place counts too
        # the mean of the channels, as this stretch is short and has noise
        assert filtered.mean() == pytest.approx(RHYTHM_UV, rel=0.02)
