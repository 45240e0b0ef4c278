"""A pause counts for nothing: no learning, no verdict, a plain bed; and the frames say so."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.engine import FrameEngine
from neurofeedback.errors import SettingsError
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import BackgroundMode, Chunk, Command, CommandKind, Frame, Phase, State

MUSE = load_montage("muse")
PROFILE = Profile(settings=Settings(), montage=MUSE, evidence=load_evidence("breath-novice"))
SFREQ = 256.0
WINDOW_S = 2.0
LOUDER = 1.4  # far from usual, and yet no artifact
SIGNAL = simulate(
    Person(), seconds=60, seed=8, montage=MUSE, headset=HEADSETS["muse"], disturbances=CLEAN
).data.astype(np.float32)  # fmt: skip


def command(at_s: float, kind: CommandKind, value: str) -> Command:
    return Command(round(at_s * SFREQ), kind, value)


def paused(start_s: float, stop_s: float) -> list[Command]:
    return [command(start_s, CommandKind.PAUSE, "on"), command(stop_s, CommandKind.PAUSE, "off")]


PLAN = [command(4, CommandKind.PHASE, Phase.BASELINE), command(30, CommandKind.PHASE, Phase.PRACTICE)]


def frames_of(
    data: np.ndarray, commands: list[Command], cuts: list[int] | None = None
) -> tuple[FrameEngine, list[Frame]]:
    engine = FrameEngine(SFREQ, PROFILE)
    frames: list[Frame] = []
    waiting = commands
    for start, stop in pairwise([0, *sorted(cuts or []), data.shape[1]]):
        frames += engine.process(Chunk(start, data[:, start:stop]), waiting)
        waiting = []
    return engine, frames


PAUSE = paused(40, 46)
PAUSED = frames_of(SIGNAL, [*PLAN, *PAUSE])[1]


def at(frames: list[Frame], start_s: float, stop_s: float) -> list[Frame]:
    return [frame for frame in frames if start_s < frame.onset <= stop_s]


def test_frames_of_a_pause_are_logged_as_unknown() -> None:
    during = at(PAUSED, 40, 46)
    assert len(during) == 24
    assert {frame.phase for frame in during} == {Phase.PAUSE}
    assert {frame.state for frame in during} == {State.UNKNOWN}
    assert not any(frame.valid or frame.reward or frame.confidence for frame in during)
    assert all(np.isnan(frame.index_u) for frame in during)


def test_the_tone_is_off_at_once_and_the_bed_is_plain() -> None:
    for frame in at(PAUSED, 40, 46):
        assert (frame.guidance.tone_gain, frame.guidance.background, frame.guidance.mist) == (
            0.0,
            BackgroundMode.NEUTRAL,
            0.0,
        )
        assert frame.guidance.immediate


def test_a_pause_lasts_until_no_window_reaches_back_into_it() -> None:
    phases = [frame.phase for frame in at(PAUSED, 46, 50)]
    assert phases == [Phase.PAUSE] * 7 + [Phase.PRACTICE] * 9
    assert all(frame.valid for frame in at(PAUSED, 46 + WINDOW_S, 60))


def test_engine_does_not_adapt_during_a_pause() -> None:
    wild = SIGNAL.copy()
    wild[:, round(40.25 * SFREQ) : round(45.75 * SFREQ)] *= LOUDER
    calm_after, wild_after, unpaused = (
        at(frames_of(data, commands)[1], 50, 54)
        for data, commands in ((SIGNAL, [*PLAN, *PAUSE]), (wild, [*PLAN, *PAUSE]), (wild, PLAN))
    )
    off, off_unpaused = (
        np.abs([[a.index_u - b.index_u, a.threshold - b.threshold] for a, b in zip(calm_after, some, strict=True)])
        for some in (wild_after, unpaused)
    )
    assert off.max() < 0.05  # the high-pass remembers for a while
    assert off_unpaused.max() > 0.2


def test_a_pause_in_the_baseline_leaves_its_samples_out_of_it() -> None:
    wild = SIGNAL.copy()
    wild[:, round(12.25 * SFREQ) : round(17.75 * SFREQ)] *= LOUDER
    commands = [*PLAN, *paused(12, 18)]
    calm, other = (frames_of(data, commands)[0].baseline for data in (SIGNAL, wild))
    unpaused = frames_of(wild, PLAN)[0].baseline
    assert calm is not None
    assert other is not None
    assert unpaused is not None
    assert np.nanmax(np.abs(other.mu - calm.mu)) < 0.01
    assert np.nanmax(np.abs(unpaused.mu - calm.mu)) > 0.05
    assert calm.clean_s == other.clean_s <= 26 - 6 - WINDOW_S + 0.25


@pytest.mark.long
@given(st.lists(st.integers(1, SIGNAL.shape[1] - 1), max_size=8, unique=True))
@settings(max_examples=8, deadline=None)
def test_a_pause_does_not_depend_on_how_samples_come(cuts: list[int]) -> None:
    commands = [*PLAN, *paused(14.1, 17.3), *paused(40, 46), *paused(46.6, 47)]
    assert list(map(repr, frames_of(SIGNAL, commands, cuts)[1])) == WHOLE


WHOLE = list(map(repr, frames_of(SIGNAL, [*PLAN, *paused(14.1, 17.3), *paused(40, 46), *paused(46.6, 47)])[1]))


@pytest.mark.long
def test_one_sample_at_a_time_is_the_same() -> None:
    commands = [*PLAN, *paused(14.1, 17.3)]
    cut = round(20 * SFREQ)
    whole = frames_of(SIGNAL[:, :cut], commands)[1]
    assert list(map(repr, frames_of(SIGNAL[:, :cut], commands, list(range(1, cut)))[1])) == list(map(repr, whole))


def test_a_lost_headset_is_lost_in_a_pause_too() -> None:
    gone = SIGNAL.copy()
    gone[:, round(41 * SFREQ) : round(45 * SFREQ)] = np.nan
    during = at(frames_of(gone, [*PLAN, *paused(40, 46)])[1], 42.25, 45)
    assert {frame.state for frame in during} == {State.LOST}
    assert {frame.guidance.background for frame in during} == {BackgroundMode.LOST}
    assert {frame.phase for frame in during} == {Phase.PAUSE}


@pytest.mark.parametrize(("kind", "value"), [(CommandKind.PAUSE, "maybe"), (CommandKind.PHASE, "pause")])
def test_invalid_pause_value_is_refused(kind: CommandKind, value: str) -> None:
    with pytest.raises(SettingsError, match=f"the value of the command {kind} is not allowed"):
        frames_of(SIGNAL[:, :512], [Command(0, kind, value)])
