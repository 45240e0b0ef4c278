"""Figures in claims are those of the data file they come from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.acceptance import weak_clench
from neurofeedback.estimation.metric_registry import METRICS
from neurofeedback.settings.load import load_evidence
from neurofeedback.texts import progress
from neurofeedback.texts.session import DISCLAIMER

ROOT = Path(__file__).resolve().parents[1]
STUDIES = json.loads((ROOT / "docs" / "probe-studies.json").read_text(encoding="utf-8"))
AUCS = {row["name"]: row["auc"] for row in STUDIES["rows"] if "auc" in row}
LEFT_OUT = AUCS["a prior from the other two studies alone, nothing learned"]
RATIO = AUCS["theta/beta, nothing learned (39 people)"]
FIRST_DEFAULT = AUCS["first default (average of breath-novice, probe-pooled, open), nothing learned"]
TARGETS = json.loads((ROOT / "docs" / "acceptance.json").read_text(encoding="utf-8"))["targets"]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("text", [DISCLAIMER, README], ids=["about", "README"])
def test_the_disclaimer_has_the_figures_of_the_studies(text: str) -> None:
    found = re.search(r"(\w+) public studies with (\d+) people .* in about (\d+) of 100 cases", text)
    assert found is not None
    assert found[1] == {3: "Three"}[STUDIES["studies"]]
    assert int(found[2]) == STUDIES["people"]
    assert int(found[3]) == round(100 * LEFT_OUT)


def test_readme_and_about_have_the_same_disclaimer() -> None:
    assert DISCLAIMER in README


@pytest.mark.parametrize(("name", "auc"), [("default", LEFT_OUT), ("probe-pooled", LEFT_OUT), ("breath-novice", RATIO)])
def test_evidence_expects_the_auc_of_the_studies(name: str, auc: float) -> None:
    assert load_evidence(name).expected_auc == pytest.approx(auc, abs=0.005)


def test_the_card_of_confidence_has_the_expected_auc() -> None:
    expected = load_evidence("default").expected_auc
    assert expected is not None
    assert f"{expected:.2f}".removeprefix("0") in METRICS["confidence"].formula


@pytest.mark.parametrize("page", ["benchmarks.md", "decisions/0084-index-from-probes-badge-from-auc.md"])
def test_pages_on_the_change_of_evidence_have_the_auc_of_the_studies(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert re.findall(r"AUC (?:was )?(\.\d{3})", text)[0] == f"{FIRST_DEFAULT:.3f}".removeprefix("0")


def test_progress_has_the_rate_of_trends_without_any_change() -> None:
    found = re.search(r"of 100 people who have not changed, up to (\d+) will see a change ", progress.HOW_SURE)
    assert found is not None
    nulls = [one["value"] for one in TARGETS["T21"]["figures"] if one["goal"]]
    assert len(nulls) > 30
    assert 100 * max(nulls) < int(found[1])


def test_readme_has_the_limit_that_weak_clenches_are_measured_against() -> None:
    found = re.search(r"move the index by less than (\.\d+) of its baseline spread toward focus", README)
    assert found is not None
    assert -float(found[1]) == weak_clench.LIMIT
    measured = TARGETS.get("T12b", {"figures": []})["figures"]
    assert all(one["value"] >= weak_clench.LIMIT for one in measured)
