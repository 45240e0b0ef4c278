"""Sham and real feedback do not differ for the wearer by more than the bounds, over 100 simulated pairs."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.index import IndexSmoother
from neurofeedback.estimation.states import StateMachine
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.feedback.threshold import RewardThreshold
from neurofeedback.settings.model import Settings
from neurofeedback.study.donors import DonorPool, SittingFrames, read_donors, write_donors
from neurofeedback.study.results.sham_check import (
    check_sham,
    compare_pairs,
    own_measures,
    paired_equivalence,
    play_sham,
)
from neurofeedback.types import State

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

HOP_S = 0.25
SETTINGS = Settings()
START_U = 0.4


def simulated(seed: int, minutes: float = 6.0) -> SittingFrames:
    """A practice with a slow index and artifacts of .3 to 5 s, with the real feedback of the engine's own parts."""
    rng = np.random.default_rng(seed)
    n = round(60 * minutes / HOP_S)
    raw = lfilter([np.sqrt(1 - 0.9**2)], [1, -0.9], rng.normal(size=n)) * rng.uniform(1.2, 1.8)
    valid = np.ones(n, bool)
    for start in rng.choice(n, rng.integers(8, 30), replace=False):
        valid[start : start + rng.integers(1, 20)] = False
    smoother = IndexSmoother(SETTINGS.index, HOP_S, start=0.0)
    u = np.array([smoother.update(x if good else np.nan) for x, good in zip(raw, valid, strict=True)])
    machine = StateMachine(SETTINGS.threshold, SETTINGS.confidence, HOP_S)
    mapper, threshold = GuidanceMapper(SETTINGS.feedback, HOP_S), RewardThreshold(START_U, SETTINGS.threshold, HOP_S)
    state, reward, gain, thresholds = [], [], [], []
    for value, good in zip(u, valid, strict=True):
        now = machine.update(value, threshold.value, valid=bool(good), usable=True, lost=False)
        judged = now is not State.UNKNOWN
        thresholds.append(threshold.value if judged else np.nan)
        reward.append(judged and bool(good) and threshold.update(value, adapt=True))
        gain.append(mapper.update(value, 0.8, 1.0, now, feedback=True).tone_gain)
        state.append(str(now))
    every = np.ones(n, bool)
    return SittingFrames(
        participant=f"{seed:03d}", session="1", hop_s=HOP_S, u=u, valid=valid, practice=every, guided=every,
        signal=np.ones(n), confidence=np.full(n, 0.8), state=np.array(state), latency_ms=np.full(n, 40.0),
        threshold=np.array(thresholds), reward=np.array(reward), gain=np.array(gain),
    )  # fmt: skip


@pytest.fixture(scope="module")
def sittings() -> list[SittingFrames]:
    return [simulated(seed) for seed in range(100)]


@pytest.mark.long
def test_100_pairs_lie_within_the_bounds(sittings: list[SittingFrames]) -> None:
    pairs = [
        (own_measures(wearer), play_sham(wearer, donor.own_series, SETTINGS, START_U))
        for wearer, donor in zip(sittings, [*sittings[1:], sittings[0]], strict=True)
    ]
    results = {one.name: one for one in compare_pairs(pairs)}
    assert {name for name, one in results.items() if not one.is_within} == set()
    assert results["neutral_share"].difference == 0


def test_donors_artifacts_would_be_found(sittings: list[SittingFrames]) -> None:
    """The mistake this guards against: the donor's neutral time on top of the wearer's."""
    pairs = []
    for wearer, donor in pairwise(sittings[:31]):
        real = own_measures(wearer)
        pairs.append(
            (real, replace(real, neutral_share=1 - (1 - real.neutral_share) * (1 - own_measures(donor).neutral_share)))
        )
    doubled = {one.name: one for one in compare_pairs(pairs)}
    assert not doubled["neutral_share"].is_within


def test_interval_must_lie_within_the_bound() -> None:
    assert paired_equivalence("x", np.array([0.01, -0.01, 0.0, 0.005]), 0.05).is_within
    assert not paired_equivalence("x", np.array([0.2, -0.2, 0.1, -0.1]), 0.05).is_within
    with pytest.raises(RecordingError, match="too few sittings"):
        compare_pairs([])


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stored dataset of version 0.1.0: real frame logs."""
    root = tmp_path_factory.mktemp("pilot") / "data"
    shutil.copytree(Path(__file__).resolve().parents[1] / "data" / "v0_1_0" / "dataset", root)
    return root


def test_pool_is_written_from_real_logs_and_refused_where_it_does_not_fit(pilot: Path, tmp_path: Path) -> None:
    path = tmp_path / "donors.json"
    pool = write_donors(pilot, path, min_s=2.0, participants=["P1", "P3"])
    assert [donor.participant for donor in pool.donors] == ["P1", "P1", "P3"]
    assert all(len(donor.u) * pool.hop_s >= 2 for donor in pool.donors)
    read = read_donors(path, 1, pool.hop_s)
    assert read.pool == pool
    with pytest.raises(RecordingError, match="pool of donors is too small"):
        read_donors(path, 99)
    with pytest.raises(RecordingError, match="another rate of frames"):
        read_donors(path, 1, 0.1)
    with pytest.raises(SettingsError, match="differ in their rate of frames"):
        write_donors(pilot, tmp_path / "other.json", min_s=2.0)
    with pytest.raises(SettingsError, match="there is a pool of donors"):
        write_donors(pilot, path, min_s=2.0)
    with pytest.raises(RecordingError, match="no sitting can be a donor"):
        write_donors(pilot, tmp_path / "other.json", min_s=9999.0)
    path.write_text(path.read_text(encoding="utf-8").replace('"hop_s": ', '"hop": '), encoding="utf-8")
    with pytest.raises(RecordingError, match="cannot be used"):
        read_donors(path, 1)


def test_check_reads_real_logs(pilot: Path, sittings: list[SittingFrames]) -> None:
    donors = tuple(
        {"participant": one.participant, "session": "1", "u": tuple(one.own_series.tolist())} for one in sittings[:3]
    )
    pool = DonorPool.model_validate({"hop_s": HOP_S, "min_s": 1.0, "donors": donors})
    with pytest.raises(SettingsError, match="another rate of frames than the donors"):
        check_sham(pilot, pool)
    for base in (pilot, pilot / "derivatives" / "neurofeedback"):
        shutil.rmtree(base / "sub-P2")
    result = check_sham(pilot, pool)
    assert result.n_pairs == 3
    neutral = result.equivalences[-1]
    assert (neutral.name, neutral.difference) == ("neutral_share", 0)
