"""Sham and real feedback do not differ for the wearer by more than the bounds, over 100 simulated pairs."""

from __future__ import annotations

import math
import shutil
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.index import IndexSmoother
from neurofeedback.estimation.states import StateMachine
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.feedback.threshold import RewardThreshold
from neurofeedback.settings.model import Settings
from neurofeedback.study import donors
from neurofeedback.study.donors import DonorPool, SittingFrames, read_donors, write_donors
from neurofeedback.study.protocol import new_protocol
from neurofeedback.study.results import sham_check
from neurofeedback.study.results.sham_check import (
    FeedbackMeasures,
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
    with pytest.raises(RecordingError, match="too few people"):
        compare_pairs([])


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stored dataset of version 0.1.0: real frame logs."""
    root = tmp_path_factory.mktemp("pilot") / "data"
    shutil.copytree(Path(__file__).resolve().parents[1] / "data" / "v0_1_0" / "dataset", root)
    return root


def test_pool_is_written_from_real_logs_and_refused_where_it_does_not_fit(
    pilot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(donors, "MIN_VALID_SHARE", 0.1)  # the stored sittings are of seconds
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


def test_check_reads_real_logs(pilot: Path, sittings: list[SittingFrames], monkeypatch: pytest.MonkeyPatch) -> None:
    givers = tuple(
        {"participant": one.participant, "session": "1", "u": tuple(one.own_series.tolist())} for one in sittings[:3]
    )
    pool = DonorPool.model_validate({"hop_s": HOP_S, "min_s": 1.0, "donors": givers})
    with pytest.raises(SettingsError, match="another rate of frames than the donors"):
        check_sham(pilot, pool)
    for base in (pilot, pilot / "derivatives" / "neurofeedback"):
        shutil.rmtree(base / "sub-P2")
    played: list[str] = []

    def play(sitting: SittingFrames, series: np.ndarray, settings: Settings, start: float) -> FeedbackMeasures:
        played.append(sitting.participant)
        return play_sham(sitting, series, settings, start)

    monkeypatch.setattr(sham_check, "play_sham", play)
    monkeypatch.setattr(sham_check, "_MIN_PAIRS", 2)
    result = check_sham(pilot, pool)
    assert played, "sham was computed"
    assert (result.n_people, len(played)) == (2, 3)
    neutral = result.equivalences[-1]
    assert (neutral.name, neutral.difference) == ("neutral_share", 0)


def test_donor_needs_a_usable_signal(pilot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(donors, "MIN_VALID_SHARE", 1.01)
    with pytest.raises(RecordingError, match="no sitting can be a donor"):
        write_donors(pilot, tmp_path / "donors.json", min_s=2.0, participants=["P1"])


def test_trial_is_no_pilot_of_itself(tmp_path: Path) -> None:
    new_protocol(tmp_path, "sham-2x2")
    shown = CliRunner().invoke(
        app, ["study", "donors", str(tmp_path), "--min-minutes", "5", "--recordings", str(tmp_path)]
    )
    assert isinstance(shown.exception, SettingsError)
    assert "the pilot is the trial itself" in str(shown.exception)


def test_sittings_of_one_person_are_averaged() -> None:
    first, second = FeedbackMeasures(0.2, 1.0, 0.5, 0.0), FeedbackMeasures(0.4, math.nan, 0.7, 0.0)
    real, sham = sham_check._mean_pair([(first, first), (second, first)])
    assert (real.reward_rate, real.flips_per_min, sham.reward_rate) == (pytest.approx(0.3), 1.0, 0.2)


def test_one_person_has_no_interval() -> None:
    alone = paired_equivalence("x", np.array([0.01, np.nan]), 0.05)
    assert math.isnan(alone.low)
    assert not alone.is_within
