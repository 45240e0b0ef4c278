"""``metrics``: every number the program logs or trains on has a card with formula, source and a word of caution."""

from __future__ import annotations

import json
from fnmatch import fnmatch

import pytest
import typer
from typer.testing import CliRunner

from neurofeedback.cli.commands import metrics
from neurofeedback.engine import FrameEngine
from neurofeedback.errors import SettingsError
from neurofeedback.estimation.metric_registry import METRIC_GROUPS, METRICS
from neurofeedback.processing.features import FEATURE_KINDS, FEATURES, KINDS
from neurofeedback.recording.frame_log import FIXED_COLUMNS
from neurofeedback.settings.load import available, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.types import StreamInfo

app = typer.Typer()
app.command()(metrics.metrics)
app.callback()(lambda: None)
BOOKKEEPING = {"onset", "sample", "phase"}


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["metrics", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(scope="module")
def document() -> dict[str, list[dict[str, object]]]:
    return json.loads(run("--json"))


def test_every_metric_card_is_complete_with_reference() -> None:
    assert len(METRICS) == sum(len(group) for group in METRIC_GROUPS.values())
    for card in METRICS.values():
        assert all((card.title, card.unit, card.formula, card.is_not, card.references))


def test_every_kind_of_feature_is_explained_once() -> None:
    assert set(FEATURE_KINDS) == set(KINDS)
    assert set(FEATURES) <= set(METRICS)


def test_every_number_of_the_frame_log_has_a_card() -> None:
    stream = StreamInfo("simulated", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    _, profile = resolve(Settings(), stream)
    columns = {*FIXED_COLUMNS, *FrameEngine(256.0, profile).columns} - BOOKKEEPING
    patterns = [pattern for card in METRICS.values() for pattern in card.columns]
    assert [column for column in columns if not any(fnmatch(column, pattern) for pattern in patterns)] == []


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
    (told,) = [entry for entry in document["evidence"] if entry["name"] == profile]
    features = [*told["features"], *(feature for member in told["members"] for feature in member["features"])]
    assert features
    assert all(feature["source"] for feature in features)


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(SettingsError, match=r"no such metric: got 'confidenc'.* did you mean confidence\?"):
        run("confidenc")
    with pytest.raises(SettingsError, match="leave the name out"):
        run("zzz")


def test_no_metric_name_overclaims() -> None:
    for card in METRICS.values():
        assert "DMN" not in card.title
        assert "probability" not in card.title
        assert "percentile" not in card.title
