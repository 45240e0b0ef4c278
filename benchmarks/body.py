"""Accuracy of heart and breath rate against simulated truth, and what their live display costs.

    python -m benchmarks.body [--people 20] [--minutes 10]
    python -m benchmarks.body --sittings 3 [--minutes 2]
    python -m benchmarks.body --pulse data.csv --sfreq 100

The first form needs no device. Cost is processor time over signal time, for the rates and channels of a Muse 2 with its
pulse sensor and of a Muse S Athena, beside the engine on the same stretch of EEG. The second form records sittings of
an emulated Muse 2 and Athena on BrainFlow's own driver, without and with the pulse by turns. A Muse 2's sensor is off
or on; an Athena always sends its light, so the program without it leaves that signal out where the driver's tables are
read. It prints the processor time of the program from 15 s after its start to 5 s before the sitting's end, as a share
of a core, and the rates found.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.__main__ import main as main_of_program
from neurofeedback.acquisition import aux_signals
from neurofeedback.analysis.body.body_file import load_or_compute_body
from neurofeedback.engine import FrameEngine
from neurofeedback.processing.body.breath import Acceleration, measure_breath
from neurofeedback.processing.body.heart import measure_heart
from neurofeedback.processing.body.live import PULSE_LABELS, BodyMonitor
from neurofeedback.processing.body.motion import measure_motion
from neurofeedback.processing.body.rhythm import RateWindow
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.physio import format_rows
from neurofeedback.settings.load import load_settings, resolve
from neurofeedback.simulation.body_signals import ACCEL_SFREQ, PULSE_SFREQ, BodySignals, BodyState, simulate_body
from neurofeedback.types import AuxChunk, Chunk, StreamInfo

NOISES = (0.05, 0.2, 0.4, 0.8, 1.6)
MOVING = (0.0, 0.1, 0.3, 0.6)
CHUNK_S = 0.25
SITTINGS = {"Muse 2": ("2", "muse-2", "muse-2:ppg"), "Muse S Athena": ("athena", "muse-s-athena", "muse-s-athena")}
"""Model of the emulated headset, and names of the device without and with the pulse sensor."""
STEADY_FROM_S, STEADY_UNTIL_END_S = 15.0, 5.0
CHANNELS = {"Muse 2 with pulse": ("ppg", 2), "Muse S Athena": ("optics", 16)}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of good windows, 95th percentile and maximum of the error (a minute), share of intervals that hold it."""

    good_share: float
    error_p95: float
    error_max: float
    coverage: float


def accuracy(windows: Iterable[tuple[RateWindow, float]]) -> Accuracy:
    """Return the accuracy of windows, each with its true rate."""
    pairs = list(windows)
    good = [(abs(one.rate - truth), one.half_width) for one, truth in pairs if one.good]
    errors = np.array([error for error, _ in good])
    if not good:
        return Accuracy(0.0, float("nan"), float("nan"), float("nan"))
    held = float(np.mean([error <= half_width for error, half_width in good]))
    return Accuracy(len(good) / len(pairs), float(np.quantile(errors, 0.95)), float(errors.max()), held)


def people(state: Callable[[float, float], BodyState], n: int, minutes: float) -> Iterator[BodySignals]:
    """Yield people with heart rates of 48 to 120 and breath rates of 5 to 20 a minute."""
    rng = np.random.default_rng(17)
    for seed in range(n):
        yield simulate_body(60 * minutes, state(float(rng.uniform(48, 120)), float(rng.uniform(5, 20))), seed)


def measure(signals: BodySignals) -> tuple[list[tuple[RateWindow, float]], list[tuple[RateWindow, float]]]:
    """Return the windows of heart and breath of one person, each with its true rate."""
    motion = measure_motion(signals.accel, None, ACCEL_SFREQ, 0.0)
    heart = measure_heart(signals.pulse, PULSE_SFREQ, 0.0, motion)
    breath = measure_breath(Acceleration(signals.accel, ACCEL_SFREQ, 0.0), motion, heart)
    return (
        [(one, signals.true_rate(signals.beats_s, one.start_s, one.stop_s)) for one in heart.windows] if heart else [],
        [(one, signals.true_rate(signals.breaths_s, one.start_s, one.stop_s)) for one in breath],
    )


def print_accuracy(name: str, state: Callable[[float, float], BodyState], n: int, minutes: float) -> None:
    """Print one row for heart and one for breath."""
    measured = [measure(signals) for signals in people(state, n, minutes)]
    for what, place in (("heart", 0), ("breath", 1)):
        found = accuracy(pair for one in measured for pair in one[place])
        print(
            f"| {name} | {what} | {found.good_share:.2f} | {found.error_p95:.2f} | {found.error_max:.2f} "
            f"| {found.coverage:.2f} |"
        )


def print_cost(minutes: float) -> None:
    """Print the processor time of the live display and of recording, as shares of a core, and the engine's."""
    signals = simulate_body(60 * minutes, BodyState(), seed=1)
    eeg = 20 * np.random.default_rng(1).standard_normal((4, round(256 * 60 * minutes)))
    engine_s = _engine_s(eeg)
    print(f"engine, 4 channels of EEG: {100 * engine_s / (60 * minutes):.2f} % of a core")
    for name, (label, n_channels) in CHANNELS.items():
        chunks = list(_aux_chunks(signals, label, n_channels))
        monitor = BodyMonitor()
        live_s = _spent(lambda chunks=chunks, monitor=monitor: [monitor.update(piece) for piece in chunks])
        write_s = _spent(lambda chunks=chunks: [format_rows(one) for piece in chunks for one in piece])
        share = (live_s + write_s) / (60 * minutes)
        print(
            f"{name}: live {100 * live_s / (60 * minutes):.2f} %, recording {100 * write_s / (60 * minutes):.2f} %, "
            f"together {100 * share:.2f} % of a core, {(live_s + write_s) / engine_s:.2f} of the engine's time"
        )


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _engine_s(eeg: NDArray[np.float64]) -> float:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    engine = FrameEngine(stream.sfreq, resolve(load_settings("default"), stream)[1])
    step = round(256 * CHUNK_S)
    return _spent(
        lambda: [
            engine.process(Chunk(first, eeg[:, first : first + step].astype(np.float32)), [])
            for first in range(0, eeg.shape[1], step)
        ]
    )


def _aux_chunks(signals: BodySignals, label: str, n_channels: int) -> Iterator[list[AuxChunk]]:
    light = np.repeat(signals.pulse, n_channels, axis=0).astype(np.float32)
    motion = np.vstack([signals.accel, 0 * signals.accel]).astype(np.float32)
    names = tuple(f"{label}_{place + 1}" for place in range(n_channels))
    motion_names = tuple(f"{kind}_{axis}" for kind in ("accel", "gyro") for axis in "xyz")
    for quarter in range(int(signals.pulse.shape[1] / PULSE_SFREQ / CHUNK_S)):
        yield [
            _cut(label, PULSE_SFREQ, names, light, quarter),
            _cut("motion", ACCEL_SFREQ, motion_names, motion, quarter),
        ]


def _cut(label: str, sfreq: float, names: tuple[str, ...], data: NDArray[np.float32], quarter: int) -> AuxChunk:
    step = round(sfreq * CHUNK_S)
    piece = data[:, quarter * step : (quarter + 1) * step]
    return AuxChunk(label, sfreq, names, ("n/a",) * len(names), 0.0, quarter * step, piece)


def record_sitting(model: str, device: str, minutes: float, folder: Path, *, pulse: bool) -> float:
    """Record a sitting of an emulated Muse, and return the share of a core that the program takes while it runs."""
    sitting = ["train", "--device", device, "--headless", "--audio", "none", "--minutes", f"{minutes:g}"]
    timed = [sys.executable, "-m", "benchmarks.body", "--timed", str(60 * minutes), *([] if pulse else ["--no-light"])]
    done = subprocess.run(
        [sys.executable, "-m", "neurofeedback", "emulate", "muse", "--model", model, "--simulated", "1", "--",
         *timed, "--", *sitting, "--recordings", str(folder)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the sitting ended with {done.returncode}: {done.stderr[-500:]}")
    return float(done.stdout.split()[-1])


def run_timed(arguments: list[str], duration_s: float, *, light: bool) -> None:
    """Run the program in this process, and print its processor time over time while it runs steadily."""
    steady_s = duration_s - STEADY_FROM_S - STEADY_UNTIL_END_S
    shares: list[float] = []

    def watch() -> None:
        time.sleep(STEADY_FROM_S)
        began, used = time.monotonic(), _used_s()
        time.sleep(steady_s)
        shares.append((_used_s() - used) / (time.monotonic() - began))

    if not light:
        aux_signals._SIGNAL_KINDS = tuple(  # noqa: SLF001
            kind
            for kind in aux_signals._SIGNAL_KINDS  # noqa: SLF001
            if kind.label not in PULSE_LABELS
        )
    threading.Thread(target=watch, daemon=True).start()
    sys.argv[1:] = arguments
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main_of_program()
    print(*shares)


def _used_s() -> float:
    return sum(os.times()[:2])


def print_sittings(n: int, minutes: float) -> None:
    """Print what sittings with and without pulse cost, and the rates found in the last one of each headset."""
    for name, (model, without, with_pulse) in SITTINGS.items():
        shares: dict[bool, list[float]] = {False: [], True: []}
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for k in range(n):
                for pulse, of_kind in shares.items():
                    root = Path(folder) / f"{k}-{pulse}"
                    device = with_pulse if pulse else without
                    of_kind.append(100 * record_sitting(model, device, minutes, root, pulse=pulse))
                print(f"  pair {k + 1}: {shares[False][k]:.2f} % without, {shares[True][k]:.2f} % with", flush=True)
            body = load_or_compute_body(SessionFiles.from_stem(root, *find_session_stems(root)))
        more = np.subtract(shares[True], shares[False])
        print(
            f"{name}: {median(shares[False]):.2f} % of a core without, {median(shares[True]):.2f} % with pulse; pairs "
            f"differ by {median(more):.2f} (from {min(more):.2f} to {max(more):.2f}, {n} pairs)"
        )
        if body is not None:
            print(f"  heart {body.heart}\n  breath {body.breath}\n  still {body.still_share}", flush=True)


def print_file(path: Path, sfreq: float) -> None:
    """Print how the rates of a recorded pulse agree with beats counted by another detector.

    The file holds one number a line, or a header and the pulse as the last column. Beats are counted as peaks of the
    signal between .7 and 3.5 Hz.
    """
    cells = [line.split(",")[-1] for line in path.read_text(encoding="utf-8").splitlines()]
    recorded = np.array([float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()])
    times_s = np.arange(0, len(recorded) / sfreq, 1 / PULSE_SFREQ)
    pulse = np.interp(times_s, np.arange(len(recorded)) / sfreq, recorded)
    filtered = signal.sosfiltfilt(signal.butter(3, (0.7, 3.5), "band", fs=PULSE_SFREQ, output="sos"), pulse)
    measured = measure_heart(pulse[None], PULSE_SFREQ)
    windows = () if measured is None else measured.windows
    errors: list[float] = []
    for one in windows:
        if one.good:
            piece = filtered[round(one.start_s * PULSE_SFREQ) : round(one.stop_s * PULSE_SFREQ)]
            peaks, _ = signal.find_peaks(piece, distance=0.4 * PULSE_SFREQ, prominence=0.75 * piece.std())
            errors.append(abs(one.rate - 60 * PULSE_SFREQ / float(np.mean(np.diff(peaks)))))
    print(f"{path.name}: {len(errors)} of {len(windows)} windows good", end="")
    print(f", differences at most {max(errors):.2f} a minute" if errors else "")


def main() -> None:
    """Print both tables, or the sittings, or the agreement on a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sittings", type=int, default=0, help="pairs of sittings of each emulated headset")
    parser.add_argument("--timed", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--no-light", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("program", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--pulse", type=Path, help="file of a recorded pulse, such as those that HeartPy ships")
    parser.add_argument("--sfreq", type=float, default=100.0, help="of that file, Hz")
    chosen = parser.parse_args()
    if chosen.timed is not None:
        run_timed(chosen.program, chosen.timed, light=not chosen.no_light)
        return
    if chosen.pulse is not None:
        print_file(chosen.pulse, chosen.sfreq)
        return
    if chosen.sittings:
        print_sittings(chosen.sittings, chosen.minutes)
        return
    print("| | | good | error, 95 % | largest | interval holds it |\n|---|---|---|---|---|---|")
    for noise in NOISES:
        row = f"noise {noise:g} of the pulse"
        print_accuracy(row, lambda h, b, noise=noise: BodyState(h, b, noise, 0.05), chosen.people, chosen.minutes)
    for moving in MOVING:
        row = f"moving {100 * moving:.0f} % of the time"
        print_accuracy(row, lambda h, b, moving=moving: BodyState(h, b, 0.1, moving), chosen.people, chosen.minutes)
    print_accuracy("walking", lambda h, b: BodyState(h, b, 0.1, 0.0, walking=True), chosen.people, chosen.minutes)
    print()
    print_cost(chosen.minutes)


if __name__ == "__main__":
    main()
