"""From sample to sound, measured.

An emulated Muse sends known bursts of alpha; BrainFlow's own driver and ``train`` on the fast profile turn them into
sound, and the monitor of a sound server records it. Needs dbus-daemon, pulseaudio and parec. Other load on the machine
lengthens every stage; it is printed.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.emulators.muse import SCALE_UV, SFREQ, EmulatedMuse, MuseHeadband
from neurofeedback.recording.timing import read_timing
from neurofeedback.settings.load import configs_folder, load_settings

SETTLE_S, BASELINE_S, DEBRIEF_S = 5.0, 60.0, 2.0
ALPHA_HZ, BURST_UV, REST_UV, NOISE_UV = 10.0, 12.0, 2.0, 3.0
BURST_S = (1.2, 2.0)
AUDIO_SFREQ = 48000
SMOOTH_S = 0.03
LONGEST_MS = 800
PIECE_S = 12.0
BLOCK = 12
_FEWEST = 3

Row = NDArray[np.float64]


class Bursts:
    """A signal whose alpha is switched on and off at known samples."""

    def __init__(self, seconds: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n = round(seconds * SFREQ)
        edges = np.cumsum(rng.uniform(*BURST_S, round(seconds / BURST_S[0]) + 1) * SFREQ).astype(int)
        self.edges = edges[edges < n]
        self.on = np.searchsorted(self.edges, np.arange(n), side="right") % 2 == 1
        phase = 2 * np.pi * ALPHA_HZ * np.arange(n) / SFREQ
        self._alpha = np.where(self.on, BURST_UV, REST_UV) * np.sin(phase)
        slope = signal.lfilter([1.0], [1.0, -0.9], rng.normal(size=(4, n)), axis=1)
        self._noise = NOISE_UV * slope / slope.std()

    def chunks(self) -> Iterator[Row]:
        """Yield the signal of all four channels, a second at a time."""
        step = round(SFREQ)
        for start in range(0, len(self.on), step):
            yield self._alpha[start : start + step] + self._noise[:, start : start + step]


class TimedHeadband(MuseHeadband):
    """A headband that stores the time at which each block was sent."""

    def __init__(self, bursts: Bursts) -> None:
        super().__init__(bursts.chunks())
        self.sent_at: dict[int, float] = {}

    def send(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield what is due, as the headband does."""
        for notification in super().send(at):
            self.sent_at[len(self.counts) - 1] = time.monotonic()
            yield notification

    @property
    def began_at(self) -> float:
        """When the first sample began, s by the host's clock."""
        if self._first_sample_at is None:
            raise SystemExit("the headset never began to stream")
        return self._first_sample_at


@dataclass
class RecordedSound:
    """The recorded sound, and the arrival of each piece."""

    pieces: list[bytes] = field(default_factory=list)
    arrivals: list[tuple[int, float]] = field(default_factory=list)

    def listen(self, pipe: int) -> None:
        """Read from a pipe until its writer ends."""
        n_bytes = 0
        while piece := os.read(pipe, 1 << 16):
            n_bytes += len(piece)
            self.pieces.append(piece)
            self.arrivals.append((n_bytes // 4, time.monotonic()))

    def level(self, tone_hz: float) -> tuple[Row, Row]:
        """Return the tone level every millisecond, and its latest possible times, s by the host's clock."""
        data = b"".join(self.pieces)
        sound = np.frombuffer(data[: len(data) // 4 * 4], "<f4").astype(np.float64)
        band = signal.butter(2, [0.75 * tone_hz, 1.25 * tone_hz], "bandpass", fs=AUDIO_SFREQ, output="sos")
        square = signal.sosfiltfilt(band, sound) ** 2
        window = np.hanning(round(SMOOTH_S * AUDIO_SFREQ))
        rms = np.sqrt(np.maximum(signal.fftconvolve(square, window / window.sum(), "same"), 1e-20))[
            :: AUDIO_SFREQ // 1000
        ]
        offset = min(at - n / AUDIO_SFREQ for n, at in self.arrivals)
        return np.log(rms), offset + np.arange(len(rms)) / 1000


@contextmanager
def sound_server(folder: Path) -> Iterator[dict[str, str]]:
    """PulseAudio with a null sink on a socket of its own; yields the environment that leads to it."""
    socket = folder / "pulse.socket"
    command = [
        *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
        f"--load=module-null-sink sink_name=null rate={AUDIO_SFREQ} format=float32le channels=2",
        f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    server = subprocess.Popen(command, env=os.environ | home, stderr=subprocess.DEVNULL)
    try:
        while not socket.exists():
            time.sleep(0.05)
        yield home | {"PULSE_SERVER": f"unix:{socket}"}
    finally:
        server.terminate()
        server.wait()


@contextmanager
def monitor(environment: dict[str, str]) -> Iterator[RecordedSound]:
    """Record the sound, one channel."""
    command = ["parec", "--latency-msec=20", "-d", "null.monitor", "--format=float32le", "--channels=1"]
    command += [f"--rate={AUDIO_SFREQ}"]
    sound_recording = RecordedSound()
    pipe, written = os.pipe()
    with subprocess.Popen(command, env=os.environ | environment, stdout=written) as recorder:
        os.close(written)
        listener = threading.Thread(target=sound_recording.listen, args=(pipe,))
        listener.start()
        try:
            yield sound_recording
        finally:
            recorder.terminate()
            listener.join()
            os.close(pipe)


def profile(folder: Path, practice_s: float) -> Path:
    """Write the fast profile with shorter phases."""
    text = (configs_folder() / "profiles" / "fast.toml").read_text(encoding="utf-8")
    path = folder / "fast.toml"
    path.write_text(
        f"{text}\n[phases]\nsettle_s = {SETTLE_S}\nbaseline_s = {BASELINE_S}\npractice_s = {practice_s}\n"
        f"transfer_s = 0.0\ndebrief_s = {DEBRIEF_S}\n",
        encoding="utf-8",
    )
    return path


def run_session(folder: Path, headband: TimedHeadband, practice_s: float) -> RecordedSound:
    """Run ``train`` on the emulated headset and record its sound."""
    with EmulatedMuse(headband) as muse, sound_server(folder) as sound, monitor(sound) as sound_recording:
        command = [sys.executable, "-m", "neurofeedback", "train", "--device", "muse-2", "--headless"]
        command += ["--profile", str(profile(folder, practice_s)), "--recordings", str(folder / "recordings")]
        environment = os.environ | sound | {"DBUS_SYSTEM_BUS_ADDRESS": muse.address}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return sound_recording


@dataclass(frozen=True)
class Log:
    """Every frame of practice, in seconds by the host's clock.

    ``sampled_at`` is when its newest sample was measured, ``sent_at`` when the headset had sent that sample's
    packet, ``read_at`` when the read that brought it returned, ``set_at`` when the tone was set by it; ``age_s``
    is the age of that sample as the session logged it.
    """

    sampled_at: Row
    sent_at: Row
    read_at: Row
    set_at: Row
    age_s: Row
    gain: Row


def read_log(folder: Path, headband: TimedHeadband) -> Log:
    """Put what the session wrote on the host's clock; the headset's first sample is found in the data."""
    reads, lost = read_timing(next(folder.rglob("*_timing.tsv")))
    if any(run.cause == "gap" for run in lost):
        raise SystemExit("the link broke, so sample numbers do not give their times; run it again")
    print(f"{sum(run.n_samples for run in lost)} samples were lost on the way")
    raw = np.fromfile(next(folder.rglob("*.eeg")), "<f4")[: 4 * BLOCK].reshape(BLOCK, 4).T
    first = next(k for k, block in enumerate(headband.counts) if np.allclose((block - 2048) * SCALE_UV, raw))
    with next(folder.rglob("*_desc-frames_timeseries.tsv")).open(encoding="utf-8") as file:
        frames = [frame for frame in csv.DictReader(file, delimiter="\t") if frame["phase"] == "practice"]
    sample = np.array([int(frame["sample"]) for frame in frames])
    age_s = np.array([float(frame["latency_ms"]) for frame in frames]) / 1000
    stop = np.array([read.start + read.n_samples for read in reads])
    read = np.searchsorted(stop, sample)
    read_at = np.array([each.host_time for each in reads])
    stamped_at = np.array([each.device_time for each in reads], np.float64) - (time.time() - time.monotonic())
    beyond_s = (stop[read] - sample) / SFREQ + (read_at - stamped_at)[read]
    return Log(
        sampled_at=headband.began_at + (first * BLOCK + sample) / SFREQ,
        sent_at=np.array([headband.sent_at[first + block] for block in ((sample - 1) // BLOCK).tolist()]),
        read_at=read_at[read],
        set_at=read_at[read] + age_s - beyond_s,
        age_s=age_s,
        gain=np.array([float(frame["tone_gain"]) for frame in frames]),
    )


def half_change(log: Log, edges_at: Row) -> tuple[Row, Row]:
    """Time from each switch of alpha to half the change of the commanded gain: switched on, and off."""
    out: tuple[list[float], list[float]] = ([], [])
    for number, (begin, end) in enumerate(pairwise(edges_at.tolist())):
        before = log.gain[(log.set_at > begin - 0.3) & (log.set_at <= begin)]
        there = (log.set_at > begin) & (log.set_at <= end)
        after = log.gain[there & (log.set_at > begin + 0.6)]
        if min(len(before), len(after)) > _FEWEST:
            way = (log.gain[there] - before.mean()) / (after.mean() - before.mean())
            out[number % 2].append(float(log.set_at[there][np.argmax(way >= 0.5)]) - begin)
    return np.array(out[0]), np.array(out[1])


def delays(truth: Row, followed: Row) -> Row:
    """Delay of a signal in each piece of it, by cross-correlation; both sampled every millisecond."""
    n, out = round(1000 * PIECE_S), list[float]()
    for start in range(0, len(truth) - n - LONGEST_MS, n):
        piece = signal.detrend(truth[start : start + n], type="constant")
        match = signal.correlate(
            signal.detrend(followed[start : start + n + LONGEST_MS], type="constant"), piece, "valid"
        )
        out.append(float(np.argmax(match)) / 1000)
    return np.array(out)


def print_delay(what: str, seconds: Row) -> None:
    low, middle, high = 1000 * np.percentile(seconds, (5, 50, 95))
    print(f"{what:58} {middle:6.0f} ms   ({low:.0f} to {high:.0f})")


def report(folder: Path, bursts: Bursts, headband: TimedHeadband, sound_recording: RecordedSound) -> None:
    log = read_log(folder, headband)
    settings = load_settings("fast")
    switched_at = headband.began_at + bursts.edges / SFREQ
    on, off = half_change(log, switched_at)
    grid = np.arange(log.set_at[0] + 1, log.set_at[-1] - 1, 0.001)
    at_rest = 1 - np.searchsorted(switched_at, grid) % 2.0  # more alpha, less sound
    gain = np.interp(grid, log.set_at, log.gain)
    level, level_at = sound_recording.level(settings.audio.tone_hz)
    sound = np.interp(grid, level_at, level)
    print(f"{len(on) + len(off)} switches of alpha in {grid[-1] - grid[0]:.0f} s; medians (5th to 95th percentile)")
    print_delay("packet: sample measured -> its packet sent", log.sent_at - log.sampled_at)
    print_delay("driver and polling: packet sent -> read", log.read_at - log.sent_at)
    print_delay("engine: read -> tone set", log.set_at - log.read_at)
    print_delay("age of the newest sample when the tone was set", log.set_at - log.sampled_at)
    print_delay("  as the session logged it", log.age_s)
    print_delay("half of the commanded gain: alpha switched on or off", np.concatenate([on, off]))
    print_delay("  on", on)
    print_delay("  off", off)
    print_delay("alpha -> commanded gain, by cross-correlation", delays(at_rest, gain))
    print_delay("alpha -> sound", delays(at_rest, sound))
    print_delay("buffer: commanded gain -> sound", delays(gain, sound))
    print("sound as the monitor's recorder delivered it: up to 20 ms of it may be the recorder's own")


def machine() -> str:
    """Name the machine, and how busy it is."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="length of practice")
    arguments = parser.parse_args()
    bursts = Bursts(SETTLE_S + BASELINE_S + arguments.seconds + 60, seed=1)
    headband = TimedHeadband(bursts)
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        sound_recording = run_session(Path(folder), headband, arguments.seconds)
        report(Path(folder), bursts, headband, sound_recording)
    print(machine())


if __name__ == "__main__":
    main()
