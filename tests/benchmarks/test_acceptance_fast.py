"""The fast part of the acceptance targets, and the measuring tools themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.acceptance import (
    adversarial,
    closed_loop,
    controls,
    cost,
    extra_features,
    gate,
    page,
    real,
    weak_clench,
)
from benchmarks.acceptance.adversarial import muscle, taken_off
from benchmarks.acceptance.evaluation import discriminant, leave_one_out, within
from benchmarks.acceptance.figures import Figure, Run, Verdict, at_least, at_most, between, verdict_of
from benchmarks.acceptance.judged_sessions import (
    Case,
    frame_auc,
    judge,
    simulate_and_judge,
    simulate_case,
    stream_of,
    with_evidence,
)
from benchmarks.acceptance.registry import TARGETS
from benchmarks.acceptance.results import document, load, outcome_of, save
from benchmarks.acceptance.statistics import auc, mean_of, pooled, share_of
from neurofeedback.simulation.artifacts import ArtifactKind
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.feedback_response import RESPONSES
from neurofeedback.simulation.population import draw_person
from neurofeedback.types import State

FAST = Run(fast=True, map=lambda function, items: [function(item) for item in items])


def test_every_target_exists_and_is_built() -> None:
    wanted = [*(f"T{number}" for number in range(1, 27)), "T8a", "T8b", "T9b", "T12b", "invariance", "controls", "real"]
    assert sorted(TARGETS) == sorted(wanted)
    assert all(target.measure is not None for target in TARGETS.values())


def test_every_target_has_a_cost() -> None:
    free = {"T1", "T2", "T20"}
    assert set(cost.COST) == set(TARGETS) - free
    assert cost.minutes(["T15"], 4, 1) > 0


@pytest.mark.parametrize("identity", ["T1", "T2", pytest.param("T10", marks=pytest.mark.slow)])
def test_targets_that_need_no_simulated_people_are_met(identity: str) -> None:
    measure = TARGETS[identity].measure
    assert measure is not None
    assert [figure.name for figure in measure(FAST) if figure.verdict is Verdict.SHORT] == []


@pytest.mark.slow
def test_t17_a_pair_sits_in_a_closed_loop_at_signal_level() -> None:
    sat = closed_loop.run_closed_loop(draw_person(1), RESPONSES["responder"], 1, 200.0)
    assert np.unique(sat.levels[620:]).size > 20  # the tone of practice
    assert not sat.levels[:599].any()
    yoked = closed_loop.run_closed_loop(draw_person(2), RESPONSES["responder"], 2, 200.0, sat.levels)
    np.testing.assert_array_equal(yoked.levels, sat.levels)
    assert 0 <= sat.wandering <= 1


def test_t11_artifacts_are_detected_and_clean_signal_is_not() -> None:
    counted = gate.count(1, alpha_uv=10.0, seconds=420.0)
    for kind in (ArtifactKind.BLINK, ArtifactKind.MUSCLE, ArtifactKind.POP):
        hits, n = counted.any_rule[kind]
        assert n >= 2
        assert hits == n
    alarms, blocks = counted.false["any"]
    assert alarms <= 0.03 * blocks


def test_t12_clench_is_not_rewarded_and_no_contact_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversarial, "_SECONDS", 275.0)
    stream = stream_of("muse")
    calm = simulate_case(adversarial._case(3)).data
    plain = judge(calm, stream)
    clenched = adversarial._clench(judge(simulate_case(adversarial._case(3, muscle(8.0, 30.0))).data, stream), plain)
    assert clenched.moved > -0.2
    assert clenched.held > 0.95
    off = judge(taken_off(calm, (0, 1, 2, 3), "flat", 1), stream)
    assert off.is_state(State.UNKNOWN, State.LOST)[off.between(243.0, 275.0)].all()


def test_t5_large_effects_are_followed() -> None:
    case = Case(5, draw_person(5, "fixed", effect_scale=3.0), CLEAN, seconds=500.0)
    session = simulate_and_judge(case, with_evidence("breath-novice"))
    assert frame_auc(session) > 0.6


def test_auc_uses_valid_frames_of_practice_alone() -> None:
    session = simulate_and_judge(Case(6, draw_person(6, "null"), CLEAN, seconds=240.0))
    assert not session.judged[session.onset <= 144.0].any()
    assert np.isfinite(frame_auc(session))


def test_intervals() -> None:
    estimate = mean_of([1.0, 2.0, 3.0, np.nan])
    assert (estimate.value, estimate.n) == (2.0, 3)
    assert estimate.high - estimate.value == pytest.approx(4.303 / np.sqrt(3), rel=1e-3)
    assert np.isnan(mean_of([]).value)
    assert mean_of([1.0]).n == 1
    assert share_of([]).n == 0
    assert share_of([True] * 20).high == 1.0
    one_person_rules = pooled([(90, 100), (0, 1)])
    assert one_person_rules.value == pytest.approx(90 / 101)
    assert one_person_rules.low < 0.1
    assert pooled([]).n == 0
    assert np.isnan(auc(np.zeros(3), np.ones(3, dtype=bool)))


def test_goals_and_verdicts() -> None:
    passed, short = Figure("a", 1.0, goal=at_most(2)), Figure("b", 1.0, goal=at_least(2))
    assert verdict_of([passed, Figure("c", 0.0)]) is Verdict.PASS
    assert verdict_of([passed, short]) is Verdict.SHORT
    assert verdict_of([Figure("c", 0.0)]) is Verdict.REPORTED
    assert not between(0, 1).met(float("nan"))
    assert [str(goal) for goal in (at_most(2), at_least(2), between(0, 1))] == ["<= 2", ">= 2", "0 to 1"]


def test_leave_one_out_excludes_the_tested_group() -> None:
    seen: list[int] = []

    def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        seen.append(len(x))
        return discriminant(x, y)

    rng = np.random.default_rng(0)
    people, y = np.repeat(np.arange(3), 20), np.tile([True, False], 30)
    x = rng.normal(size=(60, 2)) + y[:, None]
    assert within(leave_one_out(x, y, people, fit), y, people) > 0.7
    assert seen == [40, 40, 40]


def test_page_contains_value_interval_and_goal(tmp_path: Path) -> None:
    figures = [
        Figure("clean, breath-novice profile", 0.55, 0.5, 0.6, 8, goal=at_least(0.6), known=".63"),
        Figure("never flagged", float("inf"), unit="s"),
    ]
    results = load(tmp_path / "none.json")
    results["targets"]["T5"] = document(outcome_of(TARGETS["T5"], figures, 1.0), fast=False)
    results["targets"]["T20"] = document(outcome_of(TARGETS["T20"], [], 0.0), fast=False)
    save(tmp_path / "acceptance.json", results)
    page.write(load(tmp_path / "acceptance.json"), tmp_path)
    text = (tmp_path / "acceptance.md").read_text(encoding="utf-8")
    assert "| clean, breath-novice profile | 0.550 | 0.500 to 0.600 | 8 people | >= 0.6 | .63 | **short** |" in text
    assert "its recordings are not among the data" in text
    assert (tmp_path / "images" / "acceptance-auc.png").stat().st_size > 1000


def test_scores_of_other_programs_are_computed() -> None:
    data = simulate_case(Case(1, draw_person(1), seconds=12.0)).data
    times, values = peers.updates(data, 256.0)
    assert times.tolist() == [5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
    assert all(np.isfinite(value).all() for value in values.values())
    both = values["BrainFlow MINDFULNESS"] + values["BrainFlow RESTFULNESS"]
    assert both == pytest.approx(1.0, abs=1e-6)
    delivered = np.ones(data.shape[1], dtype=bool)
    delivered[8 * 256 :] = False
    _, frozen = peers.updates(data, 256.0, delivered)
    assert np.ptp(frozen["theta/beta"][4:]) == 0
    data[:, 1500] = np.nan
    _, holed = peers.updates(data, 256.0)
    assert np.isnan(holed["theta/beta"]).any()
    assert peers.smoothed(np.array([np.nan, 1.0, np.nan, 2.0]))[1:3].tolist() == [1.0, 1.0]


@pytest.mark.real_data
def test_blinks_of_real_recordings_are_hit() -> None:
    found = {figure.name: figure for figure in real.real(FAST)}
    hits = next(figure for name, figure in found.items() if name.startswith("Muse 2016, eyes open: blinks seen"))
    assert hits.value >= 0.95


@pytest.mark.real_data
def test_electrodes_of_a_real_cap_that_show_alpha_are_not_broken() -> None:
    out = {figure.name: figure.value for figure in real.real(FAST) if figure.name.endswith(" out")}
    posterior = [out[f"Cyton, blinks and jaw: {name} out"] for name in ("P7", "P8", "O1", "O2")]
    assert max(posterior) < 0.2


@pytest.mark.real_data
def test_weak_clenches_of_a_real_jaw_do_not_buy_a_calmer_index() -> None:
    """Loose, for the time it takes; ``scripts/acceptance --only T12b`` asks it of 40 people and all recordings."""
    found = weak_clench.weak_clenches(FAST)
    assert len(found) == 2
    assert all(one.value > -0.1 for one in found)


def test_windows_are_cut_and_averaged_where_half_of_their_frames_are_known() -> None:
    assert controls.cut([(0.0, 5.0), (10.0, 14.0)], 2.0) == [0.0, 2.0, 10.0, 12.0]
    ends = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
    values = np.array([1.0, 2.0, 3.0, np.nan, np.nan, np.nan, np.nan, 9.0])
    means = controls.average(ends, values, [0.0, 2.0, 6.0], 2.0)
    assert means[0] == 2.0
    assert np.isnan(means[1:]).all()
    states = controls.Windows({"alpha": np.array([2.0, np.nan, 0.0])}, np.array([True, True, False]))
    assert states.auc("alpha") == 1.0
    assert controls.within_recording(states, "alpha").n == 2


@pytest.mark.real_data
def test_alpha_of_a_real_cap_rises_with_closed_eyes() -> None:
    assert controls.eyes(2.0).auc("alpha") > 0.8


def test_t8b_features_without_an_effect_cost_the_decoder_little() -> None:
    lost = [extra_features.loss(seed, (40,)) for seed in range(1, 17)]
    narrow, wide = (mean_of([one[f"both, prior SD {sd}", 40] for one in lost]).value for sd in (".1", ".2"))
    assert abs(narrow) < 0.005
    assert abs(narrow) < abs(wide) < 0.03
