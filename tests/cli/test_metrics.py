"""``metrics``: the cards of all numbers and evidence profiles, as text and as JSON."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from neurofeedback.cli.commands import metrics
from neurofeedback.errors import SettingsError
from neurofeedback.estimation.metric_registry import METRICS
from neurofeedback.settings.load import available

app = typer.Typer()
app.command()(metrics.metrics)
app.callback()(lambda: None)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["metrics", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(scope="module")
def document() -> dict[str, list[dict[str, object]]]:
    return json.loads(run("--json"))


def test_all_metrics_are_printed_as_text_and_json(document: dict[str, list[dict[str, object]]]) -> None:
    text = run()
    assert all(name in text for name in (*METRICS, *available("evidence")))
    assert [card["name"] for card in document["metrics"]] == list(METRICS)
    assert {profile["name"] for profile in document["evidence"]} == set(available("evidence"))
    assert max(map(len, text.splitlines())) <= 160


def test_one_metric_is_printed_alone() -> None:
    text = run("decoder-auc")
    assert text.startswith("decoder-auc  ")
    assert "is not" in text
    assert "Hanley" in text
    assert "theta_frontal" not in text
    assert [card["name"] for card in json.loads(run("chi_all", "--json"))["metrics"]] == ["chi_all"]


def test_evidence_profile_is_printed_with_its_sources() -> None:
    text = run("breath-novice")
    assert "van Son 2019" in text
    assert "+0.35 +- 0.25" in text
    assert "probe-pooled 75 %, breath-novice 25 %" in run("default")


@pytest.mark.parametrize("profile", available("evidence"))
def test_every_evidence_profile_names_its_sources(
    profile: str, document: dict[str, list[dict[str, list[dict[str, str]]]]]
) -> None:
    (shown,) = [entry for entry in document["evidence"] if entry["name"] == profile]
    features = [*shown["features"], *(feature for member in shown["members"] for feature in member["features"])]
    assert features
    assert all(feature["source"] for feature in features)


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(SettingsError, match=r"no such metric: got 'confidenc'.* did you mean confidence\?"):
        run("confidenc")
    with pytest.raises(SettingsError, match="leave the name out"):
        run("zzz")
