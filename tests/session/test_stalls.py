"""Standstills become events in plain words, and samples that waited are late until the queue is empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from neurofeedback.session.stalls import SampleAge, StallMonitor
from neurofeedback.types import Chunk, Event, EventKind

SFREQ = 250.0


@dataclass
class Machine:
    """Clock and recording of a machine that can be stopped, put to sleep, and lose its disk."""

    time_s: float = 100.0
    asleep_s: float = 0.0
    disk_delay_s: float = 0.0

    def now(self) -> float:
        return self.time_s

    def wait(self, seconds: float) -> None:
        self.time_s += seconds

    def suspended_s(self) -> float:
        return self.asleep_s


def test_stopped_program_is_an_event_with_its_length() -> None:
    machine = Machine()
    stalls = StallMonitor(machine, lambda: machine.disk_delay_s)
    machine.wait(0.9)
    assert stalls.update(10) == (0.0, ())
    machine.wait(20.3)
    stopped_s, events = stalls.update(10)
    assert stopped_s == pytest.approx(20.3)
    assert events == (Event(10, EventKind.STOPPED, "20.3 s"),)
    assert stalls.message.startswith("The program stood still for 20 s.")
    machine.wait(21.0)
    assert not stalls.message


def test_sleeping_computer_is_told_from_a_stopped_program() -> None:
    machine = Machine()
    stalls = StallMonitor(machine, lambda: machine.disk_delay_s)
    machine.wait(300.0)
    machine.asleep_s = 299.0
    assert stalls.update(10)[1] == (Event(10, EventKind.SUSPENDED, "300.0 s"),)
    assert stalls.message.startswith("The computer was asleep for 300 s.")


def test_disk_that_does_not_answer_is_an_event_at_its_begin_and_end() -> None:
    machine = Machine()
    stalls = StallMonitor(machine, lambda: machine.disk_delay_s)
    found: list[Event] = []
    for delay_s in (0.0, 0.9, 1.1, 7.9, 0.0, 0.0):
        machine.disk_delay_s = delay_s
        found += stalls.update(10)[1]
        assert stalls.message.startswith("The disk does not answer.") is (delay_s > 1)
    assert found == [Event(10, EventKind.DISK_BLOCKED), Event(10, EventKind.DISK_BACK, "7.9 s")]


def chunk(first: int, n_samples: int, host_time: float) -> Chunk:
    return Chunk(first, np.zeros((1, n_samples), np.float32), host_time=host_time)


@pytest.mark.parametrize("drain", [1.5, 50.0])
def test_samples_that_waited_are_late_until_the_queue_is_empty(drain: float) -> None:
    age = SampleAge(SFREQ)
    resume, ages = 12.0, []
    for first in range(0, 8000, 10):
        taken = (first + 10) / SFREQ
        queued = resume + (taken - 4.0) / drain if taken > 4.0 else taken
        arrived = max(taken, queued)
        age.update(chunk(first, 10, arrived))
        ages.append((arrived - taken, age.age_s(first + 10, arrived)))
    true, measured = np.array(ages).T
    np.testing.assert_allclose(measured, true, atol=1e-6)
    assert true.max() > 7.9


def test_delay_that_lasts_is_no_queue() -> None:
    age = SampleAge(SFREQ)
    for first in range(0, 25_000, 10):
        taken = (first + 10) / SFREQ
        age.update(chunk(first, 10, taken + (1.4 if taken > 5 else 0.0)))
    assert age.age_s(25_000, 101.4) == pytest.approx(0.0, abs=1e-6)
