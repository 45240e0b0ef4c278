"""Whether sham and real feedback differ for the wearer: both computed for the same sittings, then tested."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.states import StateMachine
from neurofeedback.feedback.rules import OwnFrame
from neurofeedback.feedback.sham import ShamFeedback, ShamSource
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.settings.load import read_profile
from neurofeedback.settings.model import Settings
from neurofeedback.study.donors import DonorPool, SittingFrames, read_sitting
from neurofeedback.types import State

BOUNDS = {"reward_rate": 0.05, "flips_per_min": 0.5, "mean_gain": 0.02, "neutral_share": 0.01}
"""Largest difference that counts as none: sham minus real."""

_MIN_PAIRS = 3
_NEUTRAL = frozenset({State.UNKNOWN, State.LOST})


@dataclass(frozen=True, slots=True)
class FeedbackMeasures:
    """What a wearer can notice of the feedback of one practice.

    ``reward_rate`` is the share of valid frames with reward, ``mean_gain`` the mean gain of the tone in frames with a
    state, and ``neutral_share`` the share of practice in UNKNOWN or LOST.
    """

    reward_rate: float
    flips_per_min: float
    mean_gain: float
    neutral_share: float


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Mean difference of a measure over pairs, with its 90 % interval and bound; two one-sided tests at 5 %."""

    name: str
    difference: float
    low: float
    high: float
    bound: float

    @property
    def is_within(self) -> bool:
        """Whether the interval lies within the bound."""
        return -self.bound <= self.low and self.high <= self.bound


@dataclass(frozen=True, slots=True)
class ShamCheck:
    """Result over people, and the latency of the sittings, ms (NaN where none was measured)."""

    n_people: int
    equivalences: tuple[Equivalence, ...]
    latency_p50_ms: float
    latency_p95_ms: float


def measure_feedback(
    reward: NDArray[np.bool_], gain: NDArray[np.float64], state: Sequence[State], valid: NDArray[np.bool_], hop_s: float
) -> FeedbackMeasures:
    """Return the measures of one practice from its frames, all of shape ``(n_frames,)``."""
    judged = np.array([one not in _NEUTRAL for one in state])
    flips = sum(a is not b and a not in _NEUTRAL and b not in _NEUTRAL for a, b in pairwise(state))
    return FeedbackMeasures(
        reward_rate=float(reward[valid].mean()) if valid.any() else math.nan,
        flips_per_min=flips / (len(state) * hop_s / 60),
        mean_gain=float(gain[judged].mean()) if judged.any() else math.nan,
        neutral_share=1 - float(judged.mean()),
    )


def play_sham(
    sitting: SittingFrames, series: NDArray[np.float64], settings: Settings, start_threshold: float
) -> FeedbackMeasures:
    """Return what the wearer of a sitting would have got from another series, by the engine's own rules."""
    states = StateMachine(settings.threshold, settings.confidence, sitting.hop_s)
    sham = ShamFeedback(ShamSource(series, selected=True), settings, sitting.hop_s, states)
    sham.rules.reset_threshold(start_threshold)
    rows = np.flatnonzero(sitting.practice)
    played = [sham.update(_own_frame(sitting, int(row))) for row in rows]
    return measure_feedback(
        np.array([one.reward for one in played]),
        np.array([one.guidance.tone_gain for one in played]),
        [one.state for one in played],
        sitting.valid[rows],
        sitting.hop_s,
    )


def own_measures(sitting: SittingFrames) -> FeedbackMeasures:
    """Return the measures of the feedback that the frame log of a sitting holds."""
    rows = sitting.practice
    states = [State(word) for word in sitting.state[rows]]
    return measure_feedback(sitting.reward[rows], sitting.gain[rows], states, sitting.valid[rows], sitting.hop_s)


def paired_equivalence(name: str, differences: NDArray[np.float64], bound: float) -> Equivalence:
    """Return the mean of paired differences ``(n,)`` with its 90 % interval by t; NaN for fewer than two."""
    values = differences[np.isfinite(differences)]
    if len(values) < 2:
        return Equivalence(name, math.nan, math.nan, math.nan, bound)
    mean, se = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    half = float(stats.t.ppf(0.95, len(values) - 1)) * se
    return Equivalence(name, mean, mean - half, mean + half, bound)


def compare_pairs(pairs: Iterable[tuple[FeedbackMeasures, FeedbackMeasures]]) -> tuple[Equivalence, ...]:
    """Return the test of each measure over pairs of (real, sham).

    Raises
    ------
    RecordingError
        There are fewer than three pairs.
    """
    both = list(pairs)
    if len(both) < _MIN_PAIRS:
        raise RecordingError("too few people for a check", got=len(both), allowed=f"{_MIN_PAIRS} or more")
    return tuple(
        paired_equivalence(name, np.array([getattr(sham, name) - getattr(real, name) for real, sham in both]), bound)
        for name, bound in BOUNDS.items()
    )


def check_sham(root: Path, pool: DonorPool) -> ShamCheck:
    """Compare real and sham feedback for the sittings of a dataset, each with a donor who is somebody else.

    The sittings of one person are averaged first, since they are not independent.

    Raises
    ------
    RecordingError
        There are fewer than three people with practice, or a log cannot be read.
    SettingsError
        A sitting has another rate of frames than the donors.
    """
    pairs: dict[str, list[tuple[FeedbackMeasures, FeedbackMeasures]]] = {}
    latencies: list[NDArray[np.float64]] = []
    for number, stem in enumerate(find_session_stems(root)):
        files = SessionFiles.from_stem(root, stem)
        sitting = read_sitting(files)
        settings_path = files.derived_file("settings.toml")
        if sitting is None or not settings_path.is_file():
            continue
        threshold = sitting.threshold[sitting.practice & np.isfinite(sitting.threshold)]
        if not len(threshold):
            continue
        if not math.isclose(sitting.hop_s, pool.hop_s):
            raise SettingsError(
                f"{stem} has another rate of frames than the donors", got=f"{sitting.hop_s:g} s",
                allowed=f"{pool.hop_s:g} s",
            )  # fmt: skip
        others = [donor for donor in pool.donors if donor.participant != sitting.participant]
        if not others:
            continue
        series = others[number % len(others)].series
        settings = read_profile(settings_path).settings
        pair = own_measures(sitting), play_sham(sitting, series, settings, float(threshold[0]))
        pairs.setdefault(sitting.participant, []).append(pair)
        latencies.append(sitting.latency_ms[np.isfinite(sitting.latency_ms)])
    equivalences = compare_pairs(_mean_pair(person) for person in pairs.values())
    measured = np.concatenate(latencies)
    p50, p95 = np.percentile(measured, (50, 95)) if len(measured) else (math.nan, math.nan)
    return ShamCheck(len(pairs), equivalences, float(p50), float(p95))


def _mean_pair(pairs: Sequence[tuple[FeedbackMeasures, FeedbackMeasures]]) -> tuple[FeedbackMeasures, FeedbackMeasures]:
    """Return the mean measures of one person's sittings; a sitting without a value is left out of it."""
    real, sham = ([pair[place] for pair in pairs] for place in (0, 1))
    return _mean_measures(real), _mean_measures(sham)


def _mean_measures(sittings: Sequence[FeedbackMeasures]) -> FeedbackMeasures:
    means: dict[str, float] = {}
    for name in BOUNDS:
        values = [value for one in sittings if math.isfinite(value := float(getattr(one, name)))]
        means[name] = fmean(values) if values else math.nan
    return FeedbackMeasures(**means)


def _own_frame(sitting: SittingFrames, row: int) -> OwnFrame:
    state = State(sitting.state[row])
    return OwnFrame(
        valid=bool(sitting.valid[row]),
        usable=state not in _NEUTRAL,
        lost=state is State.LOST,
        gap=state is State.LOST,
        state=state,
        signal=float(sitting.signal[row]),
        confidence=float(sitting.confidence[row]),
        drowsy=False,
        practising=True,
        paused=False,
        late=False,
    )
