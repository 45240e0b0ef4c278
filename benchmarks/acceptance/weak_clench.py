"""T12, weak clenches: real jaw clenches, scaled to 2 to 6 uV rms, must not buy a calmer index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from benchmarks.acceptance.adversarial import QUIET
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, figure
from benchmarks.acceptance.judged_sessions import Case, headset, judge, simulate_case, stream_of
from benchmarks.acceptance.real import DATA, open_eyes
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.formats.importers import import_file
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.scalp import scalp_of

_JAW_FILE = DATA / "openbci_gui" / "original" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
_BAND_HZ, _MAINS_HZ = (20.0, 110.0), (55.0, 65.0)
_SIZES_UV = (2.0, 6.0)
_EVERY_S, _SIMULATED_S, _SFREQ = 12.0, 340.0, 256.0
_SETTLE_S = 2.0  # the window that still holds the clench
LIMIT = -0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Jaw:
    """Clenches of a real jaw, each ``(n_channels, n_samples)`` at 256 Hz with an rms of 1 on its strongest channel."""

    shapes: tuple[Floats, ...]


@lru_cache
def real_jaw() -> Jaw | None:
    """Return the clenches in a recording of a Cyton; None without the file."""
    if not _JAW_FILE.exists():
        return None
    recording = import_file(_JAW_FILE)
    data = np.nan_to_num(recording.read_samples(0, recording.n_samples).astype(np.float64))[:6]
    data = signal.resample_poly(data, 128, 125, axis=1)  # 250 to 256 Hz
    sos = signal.butter(4, _BAND_HZ, "bandpass", fs=_SFREQ, output="sos")
    mains = signal.butter(2, _MAINS_HZ, "bandstop", fs=_SFREQ, output="sos")
    fast = signal.sosfiltfilt(mains, signal.sosfiltfilt(sos, data, axis=1), axis=1)[:, round(3 * _SFREQ) :]
    seconds = fast[:, : fast.shape[1] // 256 * 256].reshape(len(fast), -1, 256)
    rms = np.sqrt((seconds**2).mean(axis=2)).max(axis=0)
    strong = np.flatnonzero(rms > 3 * np.median(rms)).tolist()
    shapes = [seconds[:, k] * signal.windows.tukey(256, 0.3) for k in strong]
    return Jaw(tuple(shape / np.sqrt((shape**2).mean(axis=1).max()) for shape in shapes))


def with_clenches(data: NDArray[np.float32], seed: int, start_s: float) -> tuple[NDArray[np.float32], Floats]:
    """Return the signal with clenches of 2 to 6 uV every 12 s, and their onsets, s."""
    jaw = real_jaw()
    if jaw is None:
        raise FileNotFoundError(_JAW_FILE)
    rng, gains = np.random.default_rng((seed, 31)), scalp_of(headset("muse")[1]).muscle.reshape(-1)
    out = data.copy()
    onsets = np.arange(start_s, data.shape[1] / _SFREQ - 4.0, _EVERY_S)
    for onset in onsets.tolist():
        shape = jaw.shapes[int(rng.integers(len(jaw.shapes)))]
        rows = rng.permutation(len(shape))[: len(gains)]
        rms = np.sqrt((shape[rows] ** 2).mean(axis=1, keepdims=True))
        start = round(onset * _SFREQ)
        size_uv = rng.uniform(*_SIZES_UV)
        out[:, start : start + 256] += (size_uv * gains[:, None] * shape[rows] / rms).astype(np.float32)
    return out, onsets


def simulated_shift(seed: int) -> float:
    """Return the mean shift of a simulated person's index in and just after the clenches, u."""
    data = simulate_case(Case(seed, draw_person(seed, "null"), QUIET, seconds=_SIMULATED_S)).data
    return _shift(data, seed, start_s=160.0, baseline_s=120.0, eyes_open=False)


def real_shift(job: tuple[int, Path]) -> float:
    """Return the same in a real recording of a Muse."""
    seed, path = job
    recording = import_file(path)
    data = recording.read_samples(0, recording.n_samples)
    baseline_s = recording.duration_s / 3
    return _shift(data, seed, start_s=35.0 + baseline_s, baseline_s=baseline_s, eyes_open=True)


def _shift(data: NDArray[np.float32], seed: int, *, start_s: float, baseline_s: float, eyes_open: bool) -> float:
    clenched, onsets = with_clenches(data, seed, start_s)
    settings = open_eyes() if eyes_open else None
    tried, plain = (judge(one, stream_of("muse"), settings, baseline_s=baseline_s) for one in (clenched, data))
    near = np.any((tried.onset[:, None] > onsets) & (tried.onset[:, None] <= onsets + 1.0 + _SETTLE_S), axis=1)
    both = near & tried.judged & plain.judged
    return float((tried.u - plain.u)[both].mean()) if both.any() else np.nan


def weak_clenches(run: Run) -> list[Figure]:
    """Measure simulated people and real recordings; return nothing without the recorded jaw."""
    if real_jaw() is None:
        return []
    simulated = run.map(simulated_shift, list(run.people(40, 2)))
    out = [figure("simulated people: toward focus", mean_of(simulated), at_least(LIMIT), unit="u", known="-.02")]
    files = sorted((DATA / "muse_2016_erp").rglob("*.csv"))
    if files:
        shifts = run.map(real_shift, list(enumerate(files[:2] if run.fast else files)))
        out.append(figure("real Muse recordings: toward focus", mean_of(shifts), at_least(LIMIT), unit="u", of="files"))
    return out


TARGETS = (
    Target(
        "T12b",
        "weak clenches of a real jaw, 2 to 6 uV rms, 20 to 110 Hz",
        weak_clenches,
        population="null, Muse, and 14 recordings of a Muse 2016; paired with the same signal without the clenches; a "
        "negative shift is toward focus",
    ),
)
