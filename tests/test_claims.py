"""Figures in claims are those of the data file they come from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from neurofeedback.estimation.metric_registry import METRICS
from neurofeedback.settings.load import load_evidence
from neurofeedback.texts.session import DISCLAIMER

ROOT = Path(__file__).resolve().parents[1]
STUDIES = json.loads((ROOT / "docs" / "probe-studies.json").read_text(encoding="utf-8"))
AUCS = {row["name"]: row["auc"] for row in STUDIES["rows"] if "auc" in row}
LEFT_OUT = AUCS["a prior from the other two studies alone, nothing learned"]
RATIO = AUCS["theta/beta, nothing learned (39 people)"]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("text", [DISCLAIMER, README], ids=["about", "README"])
def test_the_disclaimer_has_the_figures_of_the_studies(text: str) -> None:
    found = re.search(r"in (\d+) people of (\w+) public studies .* in about (\d+) of 100", text)
    assert found is not None
    assert int(found[1]) == STUDIES["people"]
    assert found[2] == {3: "three"}[STUDIES["studies"]]
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
