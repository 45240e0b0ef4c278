"""T16 and T19 on emulated headsets, through BrainFlow's real drivers.

One simulated head is fed to a Muse (256 Hz), a Cyton (250), a Cyton with Daisy (125) and, since no dongle of a Ganglion
can be emulated, to BrainFlow's streaming board as a Ganglion's table (200). All run a few times faster than life, which
the drivers do not notice, side by side. What they delivered is then replayed as any recording is. Needs dbus-daemon.
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
from neurofeedback.acquisition.board_info import table_layout
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.emulators.udp_headsets import MULTICAST_GROUP, EmulatedUdpHeadset, StreamingBoard, TableLayout
from neurofeedback.settings.load import load_evidence
from neurofeedback.types import LostRun

SOURCE_HZ = 1000.0
LOSSES = (("Muse", 0.02), ("Muse", 0.005), ("Cyton", 0.02))
"""Headsets and shares of their packets. Each channel of a Muse has packets of its own; one lost costs all a block."""

UNHEARD_S = 60.0
"""A headset that sends to whoever listens is silent this long by its own clock, s, until somebody does."""

MUSE_KEEPS_S = 12 / 256
"""The Muse's driver keeps the first block to itself, so the other headsets leave out as much."""

READER = """
import sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source

device, n_samples, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
source, chunks = open_source(device), []
source.open()
heard = time.monotonic()
while (not chunks or chunks[-1].stop < n_samples) and time.monotonic() < heard + 30:
    chunk = source.read()
    if chunk is None:
        time.sleep(0.01)
    else:
        heard = time.monotonic()
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
    layout = TableLayout(**table_layout("ganglion-native"))
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
    """Let a driver read a head, and replay what it delivered."""
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
    """Simulate a sitting at a rate well above every headset's."""
    case = replace(person_case(5000 + seed, "fixed"), seconds=seconds)
    return simulate_case(case, sfreq=SOURCE_HZ).data.astype(np.float64)


def all_delivered(source: Signal, runs: Sequence[tuple[str, float]], speed: float) -> list[JudgedSession]:
    """Let headsets deliver a head side by side, each with a share of its packets lost."""
    with ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(lambda run: delivered(run[0], source, speed, run[1]), runs))


def tell_loss(whole: JudgedSession, lossy: JudgedSession, name: str, share: float) -> None:
    """Print what lost packets did to the index."""
    kept = lossy.valid[lossy.practice].mean() / whole.valid[whole.practice].mean()
    told = f"correlation {correlation(whole, lossy):.3f} (>= 0.97), valid frames kept {kept:.2f}"
    no_numbers = np.sum(~np.isfinite(lossy.gain))
    print(f"T16 {name}, {share:.1%} of packets lost: {told}, gains no number {no_numbers}", flush=True)


def main() -> None:
    """Run every headset without loss, then with it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=SESSION_S / 60, help="length of each sitting")
    parser.add_argument("--speed", type=float, default=4.0, help="times faster than life")
    chosen = parser.parse_args()
    print(f"{chosen.people} people, {chosen.minutes:g} min, {chosen.speed:g} times faster than life", flush=True)
    for seed in range(chosen.people):
        source = head(seed, 60 * chosen.minutes)
        sats = all_delivered(source, [(name, 0.0) for name in LINES], chosen.speed)
        whole = dict(zip(LINES, sats, strict=True))
        for name in list(LINES)[1:]:
            for feature, distance in distances(whole["Muse"], whole[name]).items():
                where = f"{name} at {LINES[name].sfreq:g} Hz"
                print(f"T19 {where}, {feature}: mean |delta z| {distance:.3f} (< 0.1)", flush=True)
        for (name, share), sat in zip(LOSSES, all_delivered(source, LOSSES, chosen.speed), strict=True):
            tell_loss(whole[name], sat, name, share)


if __name__ == "__main__":
    main()
