"""The engine's states: the table is complete, nothing else is legal, and the engine follows it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from neurofeedback.engine import FrameEngine
from neurofeedback.estimation.engine_states import (
    TRANSITIONS,
    BaselineState,
    EngineEvent,
    EngineStates,
    IllegalEventError,
    PauseState,
)
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.estimation import BaselineSettings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import Chunk, Command, CommandKind, Phase, State
from tests.helpers import ROOT

MUSE = load_montage("muse")
SETTINGS = Settings(baseline=BaselineSettings(late_clean_s=12.0, late_window_s=60.0))
PROFILE = Profile(settings=SETTINGS, montage=MUSE, evidence=load_evidence("breath-novice"))
SIGNAL = simulate(Person(), seconds=60, seed=3, montage=MUSE, headset=HEADSETS["muse"], disturbances=CLEAN).data
STATES = (*BaselineState, *PauseState)


def states_in(state: BaselineState | PauseState) -> EngineStates:
    states = EngineStates()
    if isinstance(state, BaselineState):
        states.baseline = state
    else:
        states.pause = state
    return states


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EngineEvent)))
def test_every_pair_follows_the_table_or_is_refused_by_name(
    state: BaselineState | PauseState, event: EngineEvent
) -> None:
    states = states_in(state)
    before = (states.baseline, states.pause)
    if (state, event) in TRANSITIONS:
        states.advance(event)
        assert TRANSITIONS[state, event] in {states.baseline, states.pause}
        changed = sum(was is not now for was, now in zip(before, (states.baseline, states.pause), strict=True))
        assert changed == (TRANSITIONS[state, event] is not state)
    elif any((other, event) in TRANSITIONS for other in type(state)):
        with pytest.raises(IllegalEventError, match=f"event '{event}' is illegal in the state '{state}'; allowed: "):
            states.advance(event)
        assert (states.baseline, states.pause) == before


def test_every_state_is_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) | {BaselineState.SETTLING} == set(STATES)
    assert {state for state, _ in TRANSITIONS} == set(STATES)
    assert {event for _, event in TRANSITIONS} == set(EngineEvent)


def test_frames_are_judged_in_exactly_the_states_with_a_baseline() -> None:
    assert {state for state in BaselineState if states_in(state).has_baseline} == {
        BaselineState.JUDGING,
        BaselineState.RENEWING,
    }


def run(*steps: tuple[float, CommandKind, str], flat: tuple[float, float] = (0, 0)) -> tuple[FrameEngine, list[State]]:
    """Process the signal, flat within the given seconds; return the engine and the states of its frames."""
    data = SIGNAL.copy()
    data[:, round(flat[0] * 256) : round(flat[1] * 256)] = 0
    engine = FrameEngine(256.0, PROFILE)
    frames = engine.process(Chunk(0, data), [Command(round(at_s * 256), kind, value) for at_s, kind, value in steps])
    return engine, [frame.state for frame in frames]


def baseline_state(engine: FrameEngine) -> BaselineState:
    return engine._engine_states.baseline


BASELINE, PRACTICE = (CommandKind.PHASE, Phase.BASELINE), (CommandKind.PHASE, Phase.PRACTICE)


def test_the_engine_settles_collects_judges_and_renews() -> None:
    assert baseline_state(run()[0]) is BaselineState.SETTLING
    assert baseline_state(run((4, *BASELINE))[0]) is BaselineState.COLLECTING
    assert baseline_state(run((4, *BASELINE), (40, *PRACTICE))[0]) is BaselineState.JUDGING
    assert baseline_state(run((4, *BASELINE), (40, *PRACTICE), (50, *BASELINE))[0]) is BaselineState.RENEWING


def test_a_baseline_without_signal_is_collected_late_and_again_in_a_second_phase() -> None:
    steps = ((4, *BASELINE), (20, *PRACTICE))
    assert baseline_state(run(*steps, flat=(0, 50))[0]) is BaselineState.COLLECTING_LATE
    assert baseline_state(run(*steps, flat=(0, 22))[0]) is BaselineState.JUDGING
    again = run(*steps, (30, *BASELINE), (58, *PRACTICE), flat=(0, 31))[0]
    assert baseline_state(again) is BaselineState.JUDGING
    assert again.late_baseline_sample is None


def test_a_new_baseline_without_signal_leaves_the_old_one() -> None:
    engine, states = run((4, *BASELINE), (30, *PRACTICE), (42, *BASELINE), (50, *PRACTICE), flat=(40, 51))
    assert baseline_state(engine) is BaselineState.JUDGING
    assert states[-1] in {State.FOCUS, State.WANDER}


def test_a_pause_ends_once_no_window_reaches_back_into_it() -> None:
    on, off = (CommandKind.PAUSE, "on"), (CommandKind.PAUSE, "off")
    engine = FrameEngine(256.0, PROFILE)
    seen = []
    for second, (kind, value) in enumerate([on, on, off, off, on, off, off, off, off]):
        engine.process(Chunk(second * 256, np.zeros((4, 256), np.float32)), [Command(second * 256, kind, value)])
        seen.append(engine._engine_states.pause)
    paused, resuming = PauseState.PAUSED, PauseState.RESUMING
    assert seen == [paused, paused, resuming, PauseState.RUNNING, paused, resuming, *3 * [PauseState.RUNNING]]


def transition_table() -> str:
    """Return the table of ``docs/algorithm.md``."""
    rows = [f"| {state} | {event} | {target} |" for (state, event), target in TRANSITIONS.items()]
    return "\n".join(["| state | event | next state |", "|---|---|---|", *rows])


def test_the_algorithm_page_shows_the_table() -> None:
    assert transition_table() in (ROOT / "docs" / "algorithm.md").read_text(encoding="utf-8")
