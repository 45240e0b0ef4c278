"""Frames that are made too late to be of use: judged and logged as ever, but neither reward nor tone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.types import BackgroundMode, CommandKind, Frame, Guidance, State
from tests.engine.test_pause import PLAN, SFREQ, SIGNAL, at, command, frames_of

LATE = [command(40, CommandKind.LATE, "on"), command(46, CommandKind.LATE, "off")]


@pytest.fixture(scope="module")
def frames() -> tuple[list[Frame], list[Frame]]:
    """Frames with and without a late stretch."""
    return frames_of(SIGNAL, [*PLAN, *LATE])[1], frames_of(SIGNAL, PLAN)[1]


def test_late_frames_give_neither_reward_nor_tone(frames: tuple[list[Frame], list[Frame]]) -> None:
    late = at(frames[0], 40 - 1 / SFREQ, 46 - 1 / SFREQ)
    assert len(late) == 24
    assert any(frame.reward for frame in at(frames[1], 40, 46))
    for frame in late:
        assert (frame.reward, frame.guidance.reward, frame.guidance.bell) == (False, False, False)
        assert (frame.guidance.tone_gain, frame.guidance.background) == (0.0, BackgroundMode.NEUTRAL)
        assert frame.guidance.immediate
    assert len({frame.threshold for frame in late if frame.state is not State.UNKNOWN}) == 1


def test_index_and_state_of_late_frames_are_those_of_frames_in_time(frames: tuple[list[Frame], list[Frame]]) -> None:
    def judged(frame: Frame) -> str:
        return repr(replace(frame, reward=False, threshold=0.0, guidance=Guidance()))

    late, in_time = (at(each, 0, 46) for each in frames)
    measured = [(frame.index, frame.index_u, frame.values, frame.valid) for frame in late]
    assert repr(measured) == repr([(frame.index, frame.index_u, frame.values, frame.valid) for frame in in_time])
    assert [judged(frame) for frame in at(late, 0, 39)] == [judged(frame) for frame in at(in_time, 0, 39)]


@pytest.mark.parametrize("cut", [41, 43])
def test_late_frames_do_not_depend_on_chunks(frames: tuple[list[Frame], list[Frame]], cut: int) -> None:
    again = frames_of(SIGNAL, [*PLAN, *LATE], [round(cut * SFREQ) + 5])[1]
    assert repr(again) == repr(frames[0])


def test_impossible_value_is_refused() -> None:
    with pytest.raises(SettingsError, match="late"):
        frames_of(SIGNAL[:, :512], [command(1, CommandKind.LATE, "maybe")])
