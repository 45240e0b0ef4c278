from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import SessionPlan, plan_session
from neurofeedback.settings.session import PhaseSettings
from neurofeedback.types import CommandKind, Frame, Guidance, Phase, State, frame_end

SFREQ = 250.0
PLAN = SessionPlan.from_phases(
    ((Phase.SETTLE, 4.0), (Phase.BASELINE, 8.0), (Phase.PRACTICE, 20.0), (Phase.DEBRIEF, 2.0)), baseline_clean_s=4.0
)


def frame(index: int, phase: Phase, *, valid: bool) -> Frame:
    sample = frame_end(index, SFREQ, 0.25)
    nan = float("nan")
    return Frame(
        index,
        sample,
        sample / SFREQ,
        phase,
        valid,
        1.0,
        0.3,
        State.FOCUS,
        False,
        nan,
        nan,
        nan,
        False,
        Guidance(),
        (),
        (),
    )


def sit(keeper: PhaseController, clean: Sequence[bool]) -> list[tuple[Phase, float]]:
    """Run frames through a keeper; return each phase with the seconds it took."""
    phase, lengths, before = keeper.phase, [], 0
    for index, valid in enumerate(clean):
        turn = keeper.process(frame(index, phase, valid=valid))
        ended = frame_end(index, SFREQ, 0.25)
        if turn is not None:
            (command,) = turn.commands
            assert command.kind is CommandKind.PHASE
            assert command.sample == ended + 1
            lengths.append((phase, (ended - before) / SFREQ))
            phase, before = Phase(command.value), ended
        if keeper.done:
            return [*lengths, (phase, (ended - before) / SFREQ)]
    return lengths


def test_clean_session_follows_plan() -> None:
    turns = sit(PhaseController(PLAN, SFREQ, 2), [True] * 400)
    assert [phase for phase, _ in turns] == [phase for phase, _ in PLAN.phases]
    assert [length for _, length in turns] == pytest.approx([length for _, length in PLAN.phases], abs=0.01)


def test_baseline_with_artifacts_is_extended_and_at_most_doubled() -> None:
    turns = dict(sit(PhaseController(PLAN, SFREQ, 2), [False] * 400))
    assert turns[Phase.BASELINE] == pytest.approx(16.0, abs=0.26)
    assert sum(turns.values()) == pytest.approx(PLAN.total_s, abs=0.26)


def test_baseline_ends_at_first_clean_extension() -> None:
    dirty_then_clean = [False] * (4 * 10) + [True] * 400
    turns = dict(sit(PhaseController(PLAN, SFREQ, 2), dirty_then_clean))
    assert turns[Phase.BASELINE] == pytest.approx(12.0, abs=0.26)


def test_extension_leaves_half_of_practice() -> None:
    short = SessionPlan.from_phases(((Phase.BASELINE, 8.0), (Phase.PRACTICE, 6.0)), baseline_clean_s=4.0)
    turns = dict(sit(PhaseController(short, SFREQ, 2), [False] * 400))
    assert turns[Phase.PRACTICE] >= 3.0 - 0.26


def test_plan_without_settle_begins_with_command() -> None:
    keeper = PhaseController(SessionPlan.from_phases(((Phase.PRACTICE, 4.0),), 0.0), SFREQ, 0)
    (first,) = keeper.initial_commands()
    assert (first.sample, first.value) == (0, "practice")
    assert PhaseController(PLAN, SFREQ, 0).initial_commands() == ()


@given(clean=st.lists(st.booleans(), min_size=200, max_size=200), minutes=st.floats(0.25, 0.6))
def test_any_session_ends_on_time_with_all_phases(clean: list[bool], minutes: float) -> None:
    plan = plan_session(PhaseSettings(), minutes, 60.0)
    turns = sit(PhaseController(plan, SFREQ, 2), clean)
    assert [phase for phase, _ in turns] == [phase for phase, _ in plan.phases]
    assert sum(length for _, length in turns) == pytest.approx(plan.total_s, abs=0.26)
