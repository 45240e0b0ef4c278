"""Learning while a sitting goes on: in order, in a thread of its own, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from neurofeedback.session.refitting import Refitting
from neurofeedback.types import Command, CommandKind, Event, EventKind, Frame, Probe


class Pupil:
    """Writes down what it is taught; learns from answers, as slowly as it is let."""

    def __init__(self) -> None:
        self.taught: list[object] = []
        self.may_learn = threading.Event()
        self.may_learn.set()

    def push(self, frames: Sequence[Frame]) -> None:
        self.taught.append(tuple(frames))

    def press(self, sample: int) -> None:
        self.taught.append(sample)

    def probe(self, probe: Probe) -> Command | None:
        assert self.may_learn.wait(60)
        self.taught.append(probe)
        if probe.sure == 4:
            raise np.linalg.LinAlgError("singular")
        return None if probe.where is None else Command(probe.sample + 512, CommandKind.DECODER, "{}")


def wait_for(found: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def refits_of(refitting: Refitting, n: int) -> list[Command]:
    got: list[Command] = []
    wait_for(lambda: got.extend(refitting.refits()) or len(got) >= n)
    return got


@pytest.mark.parametrize("at_once", [True, False])
def test_lessons_are_taken_in_order_and_answers_bring_refits(at_once: bool) -> None:
    pupil = Pupil()
    refitting = Refitting(pupil, at_once=at_once)
    refitting.frames([])
    refitting.event(Event(7, EventKind.PRESS))
    refitting.event(Event(8, EventKind.MARK))
    refitting.probe(Probe(100))
    refitting.probe(Probe(200, where=2))
    assert refits_of(refitting, 1) == [Command(712, CommandKind.DECODER, "{}")]
    assert pupil.taught == [(), 7, Probe(100), Probe(200, where=2)]
    refitting.close()


def test_nobody_waits_for_a_refit() -> None:
    pupil = Pupil()
    pupil.may_learn.clear()
    refitting = Refitting(pupil)
    refitting.probe(Probe(100, where=1))
    refitting.frames([])
    assert refitting.refits() == []
    assert pupil.taught == []
    pupil.may_learn.set()
    assert len(refits_of(refitting, 1)) == 1
    refitting.close()


def test_in_a_sitting_faster_than_time_a_refit_is_there_at_once() -> None:
    refitting = Refitting(Pupil(), at_once=True)
    refitting.probe(Probe(100, where=1))
    assert len(refitting.refits()) == 1


def test_an_answer_that_cannot_be_learned_from_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    refitting = Refitting(Pupil(), at_once=True)
    refitting.probe(Probe(100, where=1, sure=4))
    refitting.probe(Probe(300, where=1))
    assert [refit.sample for refit in refitting.refits()] == [812]
    assert "could not be learned from yet: singular" in caplog.text
