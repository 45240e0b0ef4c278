import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.errors import SettingsError
from neurofeedback.session.plan import MAX_MINUTES, MIN_MINUTES, plan_session
from neurofeedback.settings.session import PhaseSettings
from neurofeedback.types import Phase

LENGTHS = st.floats(MIN_MINUTES, MAX_MINUTES)


@given(minutes=LENGTHS)
def test_minutes_are_length_of_session(minutes: float) -> None:
    assert plan_session(PhaseSettings(), minutes, 60.0).total_s == pytest.approx(60 * minutes)


@given(minutes=LENGTHS)
def test_phases_are_in_order_and_practice_is_longer_than_transfer(minutes: float) -> None:
    plan = plan_session(PhaseSettings(), minutes, 60.0)
    assert [phase for phase, _ in plan.phases] == [
        Phase.SETTLE,
        Phase.BASELINE,
        Phase.PRACTICE,
        Phase.TRANSFER,
        Phase.DEBRIEF,
    ]
    lengths = dict(plan.phases)
    assert lengths[Phase.PRACTICE] > lengths[Phase.TRANSFER] > 0


@given(minutes=LENGTHS)
def test_baseline_needs_at_most_half_its_length_clean(minutes: float) -> None:
    plan = plan_session(PhaseSettings(), minutes, 60.0)
    assert plan.min_clean_s <= min(60.0, dict(plan.phases)[Phase.BASELINE] / 2)


def test_long_session_extends_only_practice() -> None:
    settings = PhaseSettings()
    lengths = dict(plan_session(settings, 45.0, 60.0).phases)
    assert lengths[Phase.BASELINE] == settings.baseline_s
    assert lengths[Phase.TRANSFER] == settings.transfer_s


def test_profile_sets_default_length() -> None:
    settings = PhaseSettings(transfer_s=0.0)
    plan = plan_session(settings, None, 60.0)
    assert Phase.TRANSFER not in dict(plan.phases)
    assert plan.total_s == settings.settle_s + settings.baseline_s + settings.practice_s + settings.debrief_s


@pytest.mark.parametrize("minutes", [0.0, -3.0, 1e9, math.nan, math.inf])
def test_invalid_length_is_refused(minutes: float) -> None:
    with pytest.raises(SettingsError, match=r"got .* minutes; allowed: 0\.25 to 240 minutes; pass --minutes"):
        plan_session(PhaseSettings(), minutes, 60.0)


def test_short_baseline_gives_notice() -> None:
    assert "Short sitting" in plan_session(PhaseSettings(), 1.0, 60.0).short_baseline_notice
    assert plan_session(PhaseSettings(), None, 60.0).short_baseline_notice == ""
