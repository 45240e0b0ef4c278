"""Power by simulation: the primary test holds its level, finds what is there, and its numbers agree with METHODS."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import SettingsError
from neurofeedback.settings.load import configs_folder
from neurofeedback.study.protocol import Protocol, new_protocol
from neurofeedback.study.results.power import (
    compare_groups,
    detectable_effect,
    group_sizes,
    simulate_power,
    small_effect_numbers,
    visit_contrast,
)


def protocol(name: str = "sham-2x2", **outcome: object) -> Protocol:
    data = tomllib.loads((configs_folder() / "protocols" / f"{name}.toml").read_text(encoding="utf-8"))
    data["outcome"] |= outcome
    return Protocol.model_validate(data, strict=False)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "test", "change_sd"),
    [
        ("sham-2x2", "welch", 0.4),
        ("sham-2x2", "welch", 0.8),
        ("sham-2x2", "permutation", 0.4),
        ("crossover", "welch", 0.4),
    ],
)
def test_primary_test_rejects_3_to_7_percent_of_1000_nulls(name: str, test: str, change_sd: float) -> None:
    """12 people against 12, at the level of answers."""
    study = protocol(name, test=test, change_sd=change_sd, source="")
    n = 12 * 2 // len(study.arms)
    assert group_sizes(study, n) == (12, 12)
    result = simulate_power(study, per_arm=n, difference=0.0, n_studies=1000, seed=3)
    assert 0.03 <= result.power <= 0.07


def test_power_rises_with_difference_and_people() -> None:
    powers = [
        simulate_power(protocol(), per_arm=n, difference=d, n_studies=200, seed=1).power
        for n, d in ((6, 0.3), (6, 0.9), (24, 0.9))
    ]
    assert powers == sorted(powers)
    assert powers[-1] > 0.9


def test_contrast_of_slopes_is_the_change_from_first_to_last() -> None:
    slope, periods = visit_contrast(protocol()), visit_contrast(protocol("crossover"))
    assert slope @ np.linspace(2.0, 5.0, len(slope)) == pytest.approx(3.0)
    assert slope @ np.ones(len(slope)) == pytest.approx(0.0)
    np.testing.assert_allclose(periods, [-0.5, -0.5, 0.5, 0.5])
    with pytest.raises(SettingsError, match="no test of arms"):
        visit_contrast(protocol("infusion-course"))


def test_permutation_agrees_with_welch_on_normal_groups() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, 20), rng.normal(0.7, 1, 20)
    assert compare_groups(a, b, "permutation", rng) == pytest.approx(compare_groups(a, b, "welch", rng), abs=0.03)
    assert compare_groups(a, a[::-1], "permutation", rng) == 1


def test_numbers_for_small_effects_are_those_of_the_literature() -> None:
    assert small_effect_numbers(0.05) == (394, 252)
    assert [detectable_effect(n, 0.05) for n in (12, 24, 60)] == pytest.approx([1.19, 0.84, 0.51], abs=0.015)


def test_power_is_for_answers_alone() -> None:
    with pytest.raises(SettingsError, match="for answers alone"):
        simulate_power(protocol(measure="sleepiness"), per_arm=12, difference=0.0, n_studies=1, seed=1)


def test_command_prints_power_level_and_the_number_for_a_small_effect(tmp_path: Path) -> None:
    new_protocol(tmp_path, "crossover")
    shown = CliRunner().invoke(app, ["study", "power", "--studies", "50", "--recordings", str(tmp_path)])
    assert shown.exception is None
    assert "No difference: rejected in" in shown.output
    assert "394 people each (252 with a pre-score" in shown.output
    assert "compares two shams" in shown.output


def test_arms_with_one_kind_of_feedback_have_no_test() -> None:
    data = protocol().model_dump()
    data["arms"] = tuple(one | {"feedback": ("real",)} for one in data["arms"])
    with pytest.raises(SettingsError, match="no test of arms"):
        visit_contrast(Protocol.model_validate(data | {"sham": {"kind": "none"}}))
