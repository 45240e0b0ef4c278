"""T16 and T19 on emulated headsets, through BrainFlow's real drivers.

One simulated head is fed to a Muse (256 Hz), a Cyton (250), a Cyton with Daisy (125) and, since no dongle of a Ganglion
can be emulated, to BrainFlow's streaming board as a Ganglion's table (200). All run in parallel and faster than real
time, which the drivers do not notice. The delivered samples are then replayed like a recording. Needs dbus-daemon.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.judged_sessions import SESSION_S, JudgedSession, judge, simulate_case, stream_of
from neurofeedback.acquisition.board_info import board_layout
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.emulators.udp_headsets import MULTICAST_GROUP, EmulatedUdpHeadset, StreamingBoard
from neurofeedback.settings.load import load_evidence
from neurofeedback.types import LostRun

SOURCE_HZ = 1000.0
LOSSES = (("Muse", 0.02), ("Muse", 0.005), ("Cyton", 0.02))
"""Headsets and shares of their packets. Each channel of a Muse has packets of its own; one lost costs all a block."""

UNHEARD_S = 60.0
"""Silence (s by its own clock) at the start of a headset that broadcasts, until the driver listens."""

MUSE_KEEPS_S = 12 / 256
"""The Muse's driver keeps the first block to itself, so the other headsets leave out as much."""

READER = """
import sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source

device, n_samples, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
source, chunks = open_source(device), []
source.open()
last_data = time.monotonic()
while (not chunks or chunks[-1].stop < n_samples) and time.monotonic() < last_data + 30:
    chunk = source.read()
    if chunk is None:
        time.sleep(0.01)
    else:
        last_data = time.monotonic()
        chunks.append(chunk)
source.close()
runs = [(run.start, run.n_samples) for chunk in chunks for run in chunk.lost if run.channels is None]
data = np.concatenate([chunk.data for chunk in chunks], axis=1)
np.savez(out, data=data, runs=np.array(runs, int).reshape(-1, 2))
"""

Signal = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One way into the computer: its rate, and what must run for the driver to find it."""

    sfreq: float
    connected: Callable[..., AbstractContextManager[tuple[str, dict[str, str]]]]


@contextmanager
def muse(data: Signal, faults: Faults, now: Callable[[], float]) -> Iterator[tuple[str, dict[str, str]]]:
    """Run a Muse; yields the device's name and what its driver's environment must hold."""
    with EmulatedMuse(MuseHeadband([data], faults), now=now) as headset:
        yield "muse-2", {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}


@contextmanager
def cyton(
    data: Signal, faults: Faults, now: Callable[[], float], *, daisy: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """Run a Cyton, the head's channels over and over on its inputs."""
    with EmulatedCyton(CytonFirmware([data], faults, daisy=daisy), now=now) as board:
        yield f"cyton{'-daisy' if daisy else ''}:{board.port}", {}


@contextmanager
def relayed(data: Signal, faults: Faults, now: Callable[[], float]) -> Iterator[tuple[str, dict[str, str]]]:
    """Run another BrainFlow program that streams a Ganglion's table."""
    layout = board_layout("ganglion-native")
    unheard = np.full((data.shape[0], round(UNHEARD_S * layout.sfreq)), np.nan)
    with EmulatedUdpHeadset(
        StreamingBoard([unheard, data], faults, layout=layout, epoch=time.time()), multicast=True, now=now
    ) as sender:
        yield (
            f"brainflow:streaming:ip_address={MULTICAST_GROUP},ip_port={sender.port},master_board={layout.board_id}",
            {},
        )


LINES = {
    "Muse": Line(256.0, muse),
    "Cyton": Line(250.0, partial(cyton, daisy=False)),
    "Ganglion's table": Line(200.0, relayed),
    "Daisy": Line(125.0, partial(cyton, daisy=True)),
}


def delivered(name: str, source: Signal, speed: float, loss: float = 0.0) -> JudgedSession:
    """Return the judged session of a simulated head as a driver delivers it."""
    line = LINES[name]
    ratio = Fraction(int(line.sfreq), int(SOURCE_HZ))
    data = resample_poly(source, ratio.numerator, ratio.denominator, axis=1)
    n_samples = data.shape[1] - round(2 * line.sfreq)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "got.npz"
        with line.connected(data, Faults(loss), lambda: speed * time.monotonic()) as (device, where):
            command = [sys.executable, "-c", READER, device, str(n_samples), str(out)]
            subprocess.run(command, env=os.environ | where, check=True)
        got = np.load(out)
        first = 0 if name == "Muse" else round(MUSE_KEEPS_S * line.sfreq)
        lost = [LostRun(int(start) - first, int(n)) for start, n in got["runs"] if start >= first]
        return judge(got["data"][:4, first:], stream_of("muse", line.sfreq), lost=lost)


def correlation(whole: JudgedSession, lossy: JudgedSession) -> float:
    """Correlate the index of a lossy link with the lossless one, where both are valid."""
    n = min(len(whole.onset), len(lossy.onset))
    both = whole.judged[:n] & lossy.judged[:n]
    return float(np.corrcoef(whole.u[:n][both], lossy.u[:n][both])[0, 1])


def distances(reference: JudgedSession, other: JudgedSession) -> dict[str, float]:
    """Mean distance of each feature's z from the Muse's, where both are valid."""
    n = min(len(reference.onset), len(other.onset))
    both = reference.judged[:n] & other.judged[:n]
    return {
        feature: float(np.nanmean(np.abs(other.z(feature)[:n] - reference.z(feature)[:n])[both]))
        for feature in load_evidence("default").feature_names
    }


def head(seed: int, seconds: float) -> Signal:
    """Simulate a session at a rate well above every headset's."""
    case = replace(person_case(5000 + seed, "fixed"), seconds=seconds)
    return simulate_case(case, sfreq=SOURCE_HZ).data.astype(np.float64)


def all_delivered(source: Signal, runs: Sequence[tuple[str, float]], speed: float) -> list[JudgedSession]:
    """Return the sessions of several headsets in parallel, each with a share of its packets lost."""
    with ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(lambda run: delivered(run[0], source, speed, run[1]), runs))


def print_loss(whole: JudgedSession, lossy: JudgedSession, name: str, share: float) -> None:
    """Print the effect of lost packets on the index."""
    valid_share = lossy.valid[lossy.practice].mean() / whole.valid[whole.practice].mean()
    result = f"correlation {correlation(whole, lossy):.3f} (>= 0.97), valid frames kept {valid_share:.2f}"
    no_numbers = np.sum(~np.isfinite(lossy.gain))
    print(f"T16 {name}, {share:.1%} of packets lost: {result}, gains not finite {no_numbers}", flush=True)


def main() -> None:
    """Run every headset without and with loss, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=SESSION_S / 60, help="length of each session")
    parser.add_argument("--speed", type=float, default=4.0, help="times faster than real time")
    chosen = parser.parse_args()
    print(f"{chosen.people} people, {chosen.minutes:g} min, {chosen.speed:g} times faster than real time", flush=True)
    for seed in range(chosen.people):
        source = head(seed, 60 * chosen.minutes)
        sats = all_delivered(source, [(name, 0.0) for name in LINES], chosen.speed)
        whole = dict(zip(LINES, sats, strict=True))
        for name in list(LINES)[1:]:
            for feature, distance in distances(whole["Muse"], whole[name]).items():
                where = f"{name} at {LINES[name].sfreq:g} Hz"
                print(f"T19 {where}, {feature}: mean |delta z| {distance:.3f} (< 0.1)", flush=True)
        for (name, share), sat in zip(LOSSES, all_delivered(source, LOSSES, chosen.speed), strict=True):
            print_loss(whole[name], sat, name, share)


if __name__ == "__main__":
    main()
