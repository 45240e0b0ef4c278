"""The tutorial's study, small: from the protocol over two sites, merge and unlocking to test and checklist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.study_tutorial import StudySize, answers_alone, fit_mixed_model, play_study, stated_power
from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.study import sealing
from neurofeedback.study.masked.played import check_played
from neurofeedback.verification.check_facts import check_record
from neurofeedback.verification.check_result import CheckStatus

ANSWERS = StudySize(people=8, visits=3, difference=4.0, minutes=0.0)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sealing, "user_folder", lambda: tmp_path / "user")
    monkeypatch.setattr(SimulatedSource, "set_tone_level", lambda *_: None)


def test_large_effect_is_found_by_both_models_and_none_where_there_is_none(tmp_path: Path) -> None:
    found = play_study(tmp_path / "effect", ANSWERS, seed=1)
    assert (found.primary.n_real, found.primary.n_other) == (4, 4)
    assert found.primary.p < 0.05
    assert found.primary.difference == pytest.approx(4.0, abs=2.0)
    assert found.mixed_difference == pytest.approx(found.primary.difference, abs=0.5)
    assert found.mixed_p < 0.05
    alone = answers_alone(ANSWERS, seed=1)
    assert (found.primary.difference, found.primary.p) == pytest.approx((alone.difference, alone.p))
    null = play_study(tmp_path / "null", replace(ANSWERS, difference=0.0), seed=1)
    assert null.primary.p > 0.05
    assert abs(null.primary.difference) < 2.0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_recorded_study_is_masked_merged_and_checked(tmp_path: Path) -> None:
    size = StudySize(people=4, visits=2, difference=2.0, minutes=0.6)
    found = play_study(tmp_path, size, seed=2)
    assert (found.primary.n_real, found.primary.n_other) == (2, 2)
    assert [one.right for one in check_played(found.root)] == [True] * 8, "also against a replay, after unlocking"
    assert {one.status for one in check_record(found.root)} == {CheckStatus.OK}
    page = (tmp_path / "crednf.html").read_text(encoding="utf-8")
    assert "CRED-nf" in page
    header = (tmp_path / "long.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert {"arm", "feedback", "n_wander", "excluded_by"} <= set(header)


def test_mixed_model_recovers_the_difference_of_slopes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = ["participant,arm,day,n_wander,n_focus,excluded_by"]
    for person in range(40):
        arm, level = ("real", "sham")[person % 2], rng.normal(-0.5, 0.5)
        for visit in range(6):
            logit = level + (visit / 5 - 0.5) * (1.0 if arm == "real" else 0.0)
            k = rng.binomial(30, 1 / (1 + np.exp(-logit)))
            rows.append(f"{person},{arm},{3 * visit},{k},{30 - k},")
    rows.append("90,real,0,10,0,short")  # excluded
    table = tmp_path / "long.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    difference, p = fit_mixed_model(table)
    assert difference == pytest.approx(1.0, abs=0.25)
    assert p < 0.001


def test_stated_power_is_that_of_the_protocol() -> None:
    size = StudySize()
    assert stated_power(size, 0.0, 200).power < 0.1
    assert stated_power(size, 3.0, 50).power > 0.95
