"""Cost of the engine: replay in multiples of real time, live in percent of a core, with NumPy's minimum.

Run with ``python benchmarks/engine.py [--seconds 120] [--repeats 5]``. Times are processor time of this process,
medians of the repeats; every figure of a table comes from the same run, so that ratios hold on a busy machine.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core is the unit of every figure; set before NumPy loads

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

from neurofeedback.engine import FrameEngine
from neurofeedback.settings import Montage, Profile, Settings
from neurofeedback.settings.load import load_evidence
from neurofeedback.settings.montages import infer_montage
from neurofeedback.types import Chunk, Command, CommandKind

SFREQ = 256.0
PACKET = 12  # samples of a Muse notification
REPLAY_CHUNK = 4096
FRAMES_A_SECOND = 4
SITES = ("AF7", "TP9", "AF8", "TP10", "Fz", "Pz", "Oz", "Cz")


@dataclass(frozen=True)
class Costs:
    """Processor seconds for one second of signal."""

    replay: float
    live: float
    floor: float

    @property
    def frame_ms(self) -> float:
        """Live cost of a frame with its packets."""
        return 1e3 * self.live / FRAMES_A_SECOND


def profile_for(n_channels: int) -> Profile:
    names = tuple(SITES[k % len(SITES)] + ("" if k < len(SITES) else f"-{k}") for k in range(n_channels))
    montage = infer_montage(names)
    regions = {
        "frontal": tuple(name for name in names if name.startswith(("AF", "F"))),
        "posterior": tuple(name for name in names if name.startswith(("TP", "P", "O"))),
    }
    return Profile(
        settings=Settings(),
        montage=Montage.model_validate(montage.model_dump() | regions),
        evidence=load_evidence("default"),
    )


def pink(n_channels: int, seconds: float) -> np.ndarray:
    """Return noise like EEG: 1/f, about 8 uV, alpha of 5 uV."""
    rng = np.random.default_rng(0)
    n = round(seconds * SFREQ)
    freqs = np.maximum(np.fft.rfftfreq(n, 1 / SFREQ), 0.5)
    spectrum = (
        rng.normal(size=(n_channels, freqs.size)) + 1j * rng.normal(size=(n_channels, freqs.size))
    ) * freqs**-0.65
    noise = np.fft.irfft(spectrum, n, axis=1)
    alpha = np.sin(2 * np.pi * 10 * np.arange(n) / SFREQ)
    return (8 * noise / noise.std() + 7 * alpha).astype(np.float32)


def run(data: np.ndarray, profile: Profile, size: int) -> None:
    """Process ``data`` with a baseline in its first half and practice in its second."""
    n = data.shape[1]
    commands = [
        Command(n // 10, CommandKind.PHASE, "baseline"),
        Command(n // 2, CommandKind.PHASE, "practice"),
    ]
    engine = FrameEngine(SFREQ, profile)
    for start in range(0, n, size):
        engine.process(Chunk(start, data[:, start : start + size]), commands if start == 0 else ())
    if engine.baseline is None:
        raise SystemExit("the benchmark's signal gave no baseline")


def floor(data: np.ndarray) -> None:
    """Compute the minimum for the same frames in NumPy: mean removed, Hann, rfft, power of the last 2 s."""
    n_window, hop = round(2 * SFREQ), round(SFREQ / FRAMES_A_SECOND)
    hann = signal.get_window("hann", n_window)
    for stop in range(n_window, data.shape[1] + 1, hop):
        window = data[:, stop - n_window : stop].astype(np.float64)
        spectrum = np.fft.rfft((window - window.mean(axis=1, keepdims=True)) * hann, axis=1)
        np.square(spectrum.real) + np.square(spectrum.imag)


def medians(works: list[Callable[[], None]], repeats: int) -> list[float]:
    """Median processor seconds of each, interleaved so that other load affects all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, durations in zip(works, times, strict=True):
            before = time.process_time()
            work()
            durations.append(time.process_time() - before)
    return [statistics.median(durations) for durations in times]


def measure(n_channels: int, seconds: float, repeats: int) -> Costs:
    profile, data = profile_for(n_channels), pink(n_channels, seconds)
    run(data[:, : round(20 * SFREQ)], profile, REPLAY_CHUNK)  # imports and caches
    works = [
        lambda: run(data, profile, REPLAY_CHUNK),
        lambda: run(data, profile, PACKET),
        lambda: floor(data),
    ]
    replay, live, least = (each / seconds for each in medians(works, repeats))
    return Costs(replay=replay, live=live, floor=least)


def packet_us(n_channels: int) -> float:
    """Cost of a packet that completes no frame, us: the first five of a session."""
    data, profile = pink(n_channels, 1.0), profile_for(n_channels)
    times: list[float] = []
    for _ in range(100):
        engine = FrameEngine(SFREQ, profile)
        before = time.perf_counter()
        for start in range(0, 5 * PACKET, PACKET):
            engine.process(Chunk(start, data[:, start : start + PACKET]))
        times.append((time.perf_counter() - before) / 5)
    return 1e6 * statistics.median(times)


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, NumPy {np.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of the engine.")
    parser.add_argument("--seconds", type=float, default=120.0, help="length of the signal, s")
    parser.add_argument("--repeats", type=int, default=5, help="runs of which the median is printed")
    options = parser.parse_args()
    print(machine())
    print(f"{SFREQ:g} Hz, {FRAMES_A_SECOND} frames/s, {options.seconds:g} s of signal, median of {options.repeats}")
    print()
    print("channels   replay   live, packets of 12           NumPy floor        live / floor")
    print("           x real   % of a core   ms a frame      % of a core")
    for n_channels in (4, 8, 16, 64):
        costs = measure(n_channels, options.seconds, options.repeats)
        print(
            f"{n_channels:8d} {1 / costs.replay:8.0f} {100 * costs.live:13.2f} {costs.frame_ms:12.2f}"
            f" {100 * costs.floor:16.3f} {costs.live / costs.floor:19.1f}"
        )
    print()
    print(f"a packet that completes no frame, 4 channels: {packet_us(4):.0f} us")
    print("budgets, 4 channels: replay >= 1000 x, live <= 0.5 % of a core")


if __name__ == "__main__":
    main()
