"""Learning while a sitting goes on: in order, in a thread of its own, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from neurofeedback.learning.decoder_thread import DecoderThread
from neurofeedback.types import Command, CommandKind, Event, EventKind, Frame, Probe


class Pupil:
    """Writes down what it is taught; learns from answers, as slowly as it is let."""

    def __init__(self) -> None:
        self.taught: list[object] = []
        self.may_learn = threading.Event()
        self.may_learn.set()

    def process_frames(self, frames: Sequence[Frame]) -> None:
        self.taught.append(tuple(frames))

    def add_press(self, sample: int) -> None:
        self.taught.append(sample)

    def add_probe(self, probe: Probe) -> Command | None:
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


def refits_of(refitting: DecoderThread, n: int) -> list[Command]:
    got: list[Command] = []
    wait_for(lambda: got.extend(refitting.drain_refits()) or len(got) >= n)
    return got


@pytest.mark.parametrize("at_once", [True, False])
def test_lessons_are_taken_in_order_and_answers_bring_refits(at_once: bool) -> None:
    pupil = Pupil()
    refitting = DecoderThread(pupil, synchronous=at_once)
    refitting.process_frames([])
    refitting.process_event(Event(7, EventKind.PRESS))
    refitting.process_event(Event(8, EventKind.MARK))
    refitting.process_probe(Probe(100))
    refitting.process_probe(Probe(200, where=2))
    assert refits_of(refitting, 1) == [Command(712, CommandKind.DECODER, "{}")]
    assert pupil.taught == [(), 7, Probe(100), Probe(200, where=2)]
    refitting.close()


def test_nobody_waits_for_a_refit() -> None:
    pupil = Pupil()
    pupil.may_learn.clear()
    refitting = DecoderThread(pupil)
    refitting.process_probe(Probe(100, where=1))
    refitting.process_frames([])
    assert refitting.drain_refits() == []
    assert pupil.taught == []
    pupil.may_learn.set()
    assert len(refits_of(refitting, 1)) == 1
    refitting.close()


def test_in_a_sitting_faster_than_time_a_refit_is_there_at_once() -> None:
    refitting = DecoderThread(Pupil(), synchronous=True)
    refitting.process_probe(Probe(100, where=1))
    assert len(refitting.drain_refits()) == 1


def test_an_answer_that_cannot_be_learned_from_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    refitting = DecoderThread(Pupil(), synchronous=True)
    refitting.process_probe(Probe(100, where=1, sure=4))
    refitting.process_probe(Probe(300, where=1))
    assert [refit.sample for refit in refitting.drain_refits()] == [812]
    assert "could not be refitted yet: singular" in caplog.text
