"""Refitting in a helper thread: in order, and without blocking the caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from neurofeedback.learning.decoder_thread import DecoderThread
from neurofeedback.types import Command, CommandKind, Event, EventKind, Frame, Probe


class FakeDecoder:
    """Learner that records its input and refits only when it is allowed to."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.may_learn = threading.Event()
        self.may_learn.set()

    def process_frames(self, frames: Sequence[Frame]) -> None:
        self.calls.append(tuple(frames))

    def add_press(self, sample: int) -> None:
        self.calls.append(sample)

    def add_probe(self, probe: Probe) -> Command | None:
        assert self.may_learn.wait(60)
        self.calls.append(probe)
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
def test_decoder_thread_keeps_order_and_returns_refits(at_once: bool) -> None:
    decoder = FakeDecoder()
    refitting = DecoderThread(decoder, synchronous=at_once)
    refitting.process_frames([])
    refitting.process_event(Event(7, EventKind.PRESS))
    refitting.process_event(Event(8, EventKind.MARK))
    refitting.process_probe(Probe(100))
    refitting.process_probe(Probe(200, where=2))
    assert refits_of(refitting, 1) == [Command(712, CommandKind.DECODER, "{}")]
    assert decoder.calls == [(), 7, Probe(100), Probe(200, where=2)]
    refitting.close()


def test_refit_does_not_block_caller() -> None:
    decoder = FakeDecoder()
    decoder.may_learn.clear()
    refitting = DecoderThread(decoder)
    refitting.process_probe(Probe(100, where=1))
    refitting.process_frames([])
    assert refitting.drain_refits() == []
    assert decoder.calls == []
    decoder.may_learn.set()
    assert len(refits_of(refitting, 1)) == 1
    refitting.close()


def test_synchronous_refit_is_available_at_once() -> None:
    refitting = DecoderThread(FakeDecoder(), synchronous=True)
    refitting.process_probe(Probe(100, where=1))
    assert len(refitting.drain_refits()) == 1


def test_failed_refit_is_logged_and_skipped(caplog: pytest.LogCaptureFixture) -> None:
    refitting = DecoderThread(FakeDecoder(), synchronous=True)
    refitting.process_probe(Probe(100, where=1, sure=4))
    refitting.process_probe(Probe(300, where=1))
    assert [refit.sample for refit in refitting.drain_refits()] == [812]
    assert "could not be refitted yet: singular" in caplog.text
