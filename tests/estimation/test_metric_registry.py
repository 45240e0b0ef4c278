"""Every number the program logs has a card with formula, source and a word of caution."""

from __future__ import annotations

from fnmatch import fnmatch

from neurofeedback.engine import FrameEngine
from neurofeedback.estimation.metric_registry import METRIC_GROUPS, METRICS
from neurofeedback.processing.features import FEATURE_KINDS, FEATURES, KINDS
from neurofeedback.recording.frame_log import FIXED_COLUMNS
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.types import StreamInfo

NOT_METRICS = {"onset", "sample", "phase"}


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
    columns = {*FIXED_COLUMNS, *FrameEngine(256.0, profile).columns} - NOT_METRICS
    patterns = [pattern for card in METRICS.values() for pattern in card.columns]
    assert [column for column in columns if not any(fnmatch(column, pattern) for pattern in patterns)] == []


def test_no_metric_name_overclaims() -> None:
    for card in METRICS.values():
        assert "DMN" not in card.title
        assert "probability" not in card.title
        assert "percentile" not in card.title
