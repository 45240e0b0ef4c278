"""Real controls: eyes closed against open, and rest against arithmetic, with BrainFlow's scores on the same windows.

Neither is mind-wandering. They show that features respond as known from the literature, and what other scores measure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.figures import Figure, Run, Target, at_least, figure
from benchmarks.acceptance.real import DATA, open_eyes
from benchmarks.acceptance.statistics import Estimate, auc, mean_of
from benchmarks.peers import brainflow_scores
from neurofeedback.engine import FrameEngine
from neurofeedback.formats.importers import import_file
from neurofeedback.learning.metrics import within_session_auc
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import resolve
from neurofeedback.types import Chunk

WINDOWS_S = (2.0, 4.0)
_EYES_FILE = DATA / "openbci_gui" / "original" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
_CLOSED_S = ((38.0, 47.0), (66.0, 75.0))
_OPEN_S = ((18.0, 37.0), (48.0, 65.0))
_BRAINFLOW_S = 4.0
_BRAINFLOW = ("BrainFlow MINDFULNESS", "BrainFlow RESTFULNESS")
_PEOPLE = 6
_COLUMNS = {
    "alpha": "ln_alpha_posterior",
    "alpha above 1/f": "o_alpha_posterior",
    "theta": "ln_theta_frontal",
    "theta, all channels": "ln_theta_all",
    "theta above 1/f": "o_theta_frontal",
    "beta": "ln_beta_all",
    "delta": "ln_delta_all",
    "30-44 Hz, mostly muscle": "ln_emg_all",
    "aperiodic exponent": "chi_all",
    "alpha centre of gravity": "cog_posterior",
}
_DIFFERENCE = "alpha minus theta"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Values of each measure in windows of one length, and whether each window is the positive state."""

    values: Mapping[str, Floats]
    positive: NDArray[np.bool_]

    def auc(self, name: str) -> float:
        """Return the AUC of a measure over the windows that have it."""
        known = np.isfinite(self.values[name])
        return auc(self.values[name][known], self.positive[known])


def frame_features(recording: Recording, montage: str = "device") -> tuple[Floats, dict[str, Floats]]:
    """Return the ends (s) and the features of all frames by the engine, without a baseline; NaN where it has none."""
    stream, profile = resolve(open_eyes(montage), recording.stream)
    engine = FrameEngine(stream.sfreq, profile)
    frames = engine.process(Chunk(0, recording.read_samples(0, recording.n_samples)))
    values = np.array([frame.values for frame in frames])
    found = {name: values[:, engine.columns.index(column)] for name, column in _COLUMNS.items()}
    found[_DIFFERENCE] = found["alpha"] - found["theta"]
    return np.array([frame.onset for frame in frames]), found


def average(ends_s: Floats, values: Floats, starts_s: Sequence[float], length_s: float) -> Floats:
    """Return the mean over the frames that end in each window; NaN with less than half of them."""
    out: list[float] = []
    for start in starts_s:
        inside = values[(ends_s > start) & (ends_s <= start + length_s)]
        known = inside[np.isfinite(inside)]
        out.append(float(known.mean()) if len(inside) and 2 * len(known) >= len(inside) else math.nan)
    return np.array(out)


def cut(stretches_s: Sequence[tuple[float, float]], length_s: float) -> list[float]:
    """Return the starts of all whole windows, one after another, in stretches (s)."""
    return [
        start + k * length_s for start, stop in stretches_s for k in range(math.floor((stop - start) / length_s + 1e-9))
    ]


def eyes(length_s: float) -> Windows:
    """Return the windows of the Cyton recording; positive: eyes closed, where alpha is visible on inputs 7 and 8."""
    recording = import_file(_EYES_FILE)
    ends_s, features = frame_features(recording, "openbci-cap")
    closed, opened = cut(_CLOSED_S, length_s), cut(_OPEN_S, length_s)
    starts = [*closed, *opened]
    values = {name: average(ends_s, one, starts, length_s) for name, one in features.items()}
    if length_s == _BRAINFLOW_S:
        values |= _brainflow(recording, starts)
    return Windows(values, np.arange(len(starts)) < len(closed))


def arithmetic(person: int, length_s: float) -> Windows:
    """Return the windows of one person's two recordings; positive: arithmetic."""
    parts: list[Mapping[str, Floats]] = []
    for part in (1, 2):
        recording = import_file(DATA / "rest_vs_arithmetic" / f"Subject{person:02d}_{part}.edf")
        ends_s, features = frame_features(recording)
        starts = cut([(2.0, recording.duration_s)], length_s)  # the first spectrum is complete after 2 s
        values = {name: average(ends_s, one, starts, length_s) for name, one in features.items()}
        parts.append(values | (_brainflow(recording, starts) if length_s == _BRAINFLOW_S else {}))
    rest, task = (len(next(iter(part.values()))) for part in parts)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Windows(joined, np.arange(rest + task) >= rest)


def _brainflow(recording: Recording, starts_s: Sequence[float]) -> dict[str, Floats]:
    rows = [row for row, name in enumerate(recording.stream.ch_names) if name != "A2-A1"]
    data = recording.read_samples(0, recording.n_samples).astype(np.float64)[rows]
    sfreq = recording.stream.sfreq
    starts = [round(start * sfreq) for start in starts_s]
    scores = np.array([brainflow_scores(data[:, at : at + round(_BRAINFLOW_S * sfreq)], sfreq) for at in starts])
    return dict(zip(_BRAINFLOW, scores.T, strict=True))


def within_recording(windows: Windows, name: str) -> Estimate:
    """Return the AUC of one recording; its interval (Hanley and McNeil) takes the windows as independent."""
    known = np.isfinite(windows.values[name])
    n = int(known.sum())
    found = within_session_auc(windows.values[name][known], windows.positive[known], np.zeros(n, dtype=np.int64), 1.0)
    return Estimate(math.nan, n=0) if found is None else Estimate(found.value, found.low, found.high, n)


def controls(run: Run) -> list[Figure]:
    """Measure both controls; return nothing for recordings that are not given."""
    out: list[Figure] = []
    for length_s in WINDOWS_S:
        if _EYES_FILE.exists():
            windows = eyes(length_s)
            out += [
                figure(
                    f"eyes closed against open, {length_s:g} s: {name}",
                    within_recording(windows, name),
                    at_least(0.8) if name == "alpha" else None,
                    of="windows",
                )
                for name in windows.values
            ]
    people = range(2 if run.fast else _PEOPLE)
    for length_s in WINDOWS_S if (DATA / "rest_vs_arithmetic").is_dir() else ():
        measured = run.map(partial(arithmetic, length_s=length_s), list(people))
        out += [
            figure(f"arithmetic against rest, {length_s:g} s: {name}", mean_of([one.auc(name) for one in measured]))
            for name in measured[0].values
        ]
    return [one for one in out if one.n]  # frontal theta needs frontal channels besides Fp1 and Fp2


TARGETS = (
    Target(
        "controls",
        "real controls: eyes closed and open, rest and arithmetic",
        controls,
        population="one recording of a Cyton (eyes; the intervals are of this recording alone), 6 people with 19 "
        "channels (arithmetic; one recording of each state, rest first, so every change over time counts)",
    ),
)
