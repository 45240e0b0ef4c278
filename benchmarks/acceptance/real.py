"""The gate on real recordings, compared with artifacts found offline."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from benchmarks.acceptance.figures import Figure, Run, Target, figure
from benchmarks.acceptance.gating import Gated, gated
from benchmarks.acceptance.results import ROOT
from benchmarks.acceptance.statistics import mean_of, pooled
from neurofeedback.formats.importers import import_file
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings

DATA = Path(os.environ.get("NEUROFEEDBACK_DATA", ROOT.parent / "shared" / "data"))
_BLINK_UV, _MUSCLE_TIMES = 60.0, 2.0
_NEAR_S = 0.75
_RULES = ("blink", "muscle", "pop", "wide", "flat", "railed")


def open_eyes(montage: str = "device") -> Settings:
    """Return settings for recordings with open eyes."""
    settings = Settings(montage=montage)
    return settings.model_copy(update={"phases": settings.phases.model_copy(update={"eyes": "open"})})


def blinks(data: NDArray[np.float64], rows: Sequence[int], sfreq: float) -> NDArray[np.float64]:
    """Return the times (s) of blinks: peaks of 60 uV or more, 1-7 Hz without delay, shorter than half a second."""
    sos = signal.butter(2, [1.0, 7.0], "bandpass", fs=sfreq, output="sos")
    slow = np.abs(signal.sosfiltfilt(sos, data[list(rows)].mean(axis=0)))
    peaks, _ = signal.find_peaks(
        slow, height=_BLINK_UV, distance=round(0.4 * sfreq), width=(0.03 * sfreq, 0.5 * sfreq), rel_height=0.5
    )
    return peaks / sfreq


def strained(data: NDArray[np.float64], sfreq: float) -> NDArray[np.bool_]:
    """Return for each second and channel whether 30-44 Hz is twice its median rms, shape (n_seconds, n_channels)."""
    sos = signal.butter(4, [30.0, 44.0], "bandpass", fs=sfreq, output="sos")
    fast, n = signal.sosfiltfilt(sos, data, axis=1), int(sfreq)
    seconds = fast[:, : fast.shape[1] // n * n].reshape(len(data), -1, n)
    rms = np.sqrt((seconds**2).mean(axis=2)).T
    return rms > _MUSCLE_TIMES * np.median(rms, axis=0)


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one file: (hit, all) of blinks and of strained seconds, alarms of blink and muscle far from any, and rules."""

    blinks: tuple[int, int]
    muscle: tuple[int, int]
    false_blinks: tuple[int, int]
    false_muscle: tuple[int, int]
    rules: dict[str, float]
    out: dict[str, float]
    missed: tuple[str, ...]


def judge_file(job: tuple[Path, str, tuple[int, ...], float]) -> Seen:
    """Judge (file, montage, rows that show blinks, seconds to leave out at the start)."""
    path, montage, rows, settle_s = job
    recording = import_file(path)
    stream, profile = resolve(open_eyes(montage), recording.stream)
    data = recording.read_samples(0, recording.n_samples)
    until_s = settle_s + recording.duration_s / 3
    judged = gated(data, stream.sfreq, profile, settle_s=settle_s, until_s=until_s)
    known = np.nan_to_num(data.astype(np.float64))
    at = blinks(known, rows, stream.sfreq)
    return _seen(
        judged,
        at=at[at > settle_s],
        strained_s=strained(known, stream.sfreq),
        rows=rows,
        settle_s=settle_s,
        ch_names=stream.ch_names,
    )


def _seen(
    judged: Gated,
    *,
    at: NDArray[np.float64],
    strained_s: NDArray[np.bool_],
    rows: Sequence[int],
    settle_s: float,
    ch_names: tuple[str, ...],
) -> Seen:
    after = judged.onset > settle_s
    hit = [bool(judged.bad[judged.rows(t - 0.2, t + 0.5)][:, list(rows)].any(axis=0).any()) for t in at]
    far = after & ~np.any(np.abs(judged.onset[:, None] - at[None]) < 1.0 + _NEAR_S, axis=1)
    tense = strained_s[np.minimum((judged.onset - 0.25).astype(int), len(strained_s) - 1)]
    around = np.stack([np.convolve(column, np.ones(9), "same") > 0 for column in tense.T], axis=1)
    seconds = [(s, c) for s, c in np.argwhere(strained_s).tolist() if s >= settle_s]
    strained_hit = [bool(judged.bad[judged.rows(s, s + 1.25), c].any()) for s, c in seconds]
    blink, muscle = judged.reasons["blink"][far][:, list(rows)], judged.reasons["muscle"]
    relaxed = after[:, None] & ~around
    return Seen(
        blinks=(sum(hit), len(hit)),
        muscle=(sum(strained_hit), len(strained_hit)),
        false_blinks=(int(blink.any(axis=1).sum()), int(far.sum())),
        false_muscle=(int((muscle & relaxed).sum()), int(relaxed.sum())),
        rules={rule: float(judged.reasons[rule][after].mean()) for rule in _RULES},
        out={name: float(share) for name, share in zip(ch_names, judged.out[after].mean(axis=0), strict=True)},
        missed=tuple(f"{t:.1f}" for t, caught in zip(at, hit, strict=True) if not caught),
    )


def _missed(seen: list[Seen]) -> str:
    times = [t for one in seen for t in one.missed]
    return f" (missed at {', '.join(times)} s)" if times and len(seen) == 1 else ""


def _listed(path: Path, one: Seen) -> list[Figure]:
    """Return the figures of one file, misses with their times."""
    where = "/".join(path.relative_to(DATA).parts[1:]).removesuffix(path.suffix)
    missed = f" (missed at {', '.join(one.missed)} s)" if one.missed else ""
    rows = (
        (f"{where}: blinks hit{missed}", one.blinks, "blinks"),
        (f"{where}: blink alarms far from any", one.false_blinks, "blocks"),
        (f"{where}: strained seconds hit", one.muscle, "seconds x channels"),
        (f"{where}: muscle alarms far from any", one.false_muscle, "blocks x channels"),
    )
    return [Figure(name, hits / n, n=n, of=of) for name, (hits, n), of in rows if n]


def _rows(where: str, seen: list[Seen]) -> list[Figure]:
    out = [
        figure(f"{where}: blinks seen offline, hit{_missed(seen)}", pooled([one.blinks for one in seen]), of="blinks"),
        figure(f"{where}: blink alarms far from any blink", pooled([one.false_blinks for one in seen]), of="blocks"),
        figure(f"{where}: strained seconds, hit", pooled([one.muscle for one in seen]), of="seconds x channels"),
        figure(
            f"{where}: muscle alarms far from any", pooled([one.false_muscle for one in seen]), of="blocks x channels"
        ),
    ]
    out += [
        figure(f"{where}: {rule} rule holds", mean_of([one.rules[rule] for one in seen]), of="files") for rule in _RULES
    ]
    names = seen[0].out
    return out + [
        figure(f"{where}: {name} out", mean_of([one.out[name] for one in seen]), of="files") for name in names
    ]


def real(run: Run) -> list[Figure]:
    """Judge all existing files; return nothing without any."""
    muse = sorted((DATA / "muse_2016_erp").rglob("*.csv"))
    cyton = DATA / "openbci_gui" / "original" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
    out: list[Figure] = []
    if muse:
        chosen = muse[:2] if run.fast else muse
        seen = run.map(judge_file, [(path, "muse", (0, 3), 5.0) for path in chosen])
        out += _rows("Muse 2016, eyes open", seen)
        out += [row for path, one in zip(chosen, seen, strict=True) for row in _listed(path, one)]
    if cyton.exists():
        out += _rows("Cyton, blinks and jaw", [judge_file((cyton, "openbci-cap", (0, 1), 3.0))])
    return out


def not_given(run: Run) -> list[Figure]:
    """Return nothing: the recordings of this target are not in the data."""
    return []


TARGETS = (
    Target(
        "real",
        "the gate on real recordings",
        real,
        population="14 recordings of a Muse 2016 (3 people, eyes open), one of a Cyton with blinks and jaw clench",
    ),
    Target("T20", "real Muse files, relaxed and concentrating", not_given, why="its recordings are not among the data"),
)
