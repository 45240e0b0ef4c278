"""A lost device is let go and looked for, by rules that need no device, and without ever keeping the reader waiting."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.acquisition import reconnect
from neurofeedback.acquisition.reconnect import ReconnectingSource
from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.acquisition.watchdog import (
    FIRST_SAMPLE_TIMEOUT_S,
    RETRY_PAUSES_S,
    TRANSITIONS,
    LinkEvent,
    LinkState,
    Watchdog,
)
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, StreamInfo

LOST_S = 2.6
POLL_S = 0.01


class Headset:
    """A device that can be silenced, refuse to open, answer nonsense, and end."""

    stream = StreamInfo("headset", 250.0, ("Cz",))

    def __init__(self):
        self.there = self.talking = True
        self.nonsense = self.ended = False
        self.is_open = False
        self.calls = []
        self.n_samples = 0

    def open(self):
        self.calls.append("open")
        if not self.there:
            raise SourceError("there is no headset")
        self.is_open = True

    def read(self):
        assert self.is_open, "read while it was closed"
        if self.nonsense:
            raise SourceError("it answers nonsense")
        if self.ended:
            raise SourceEnded
        if not self.talking:
            return None
        self.n_samples += 1
        return Chunk(self.n_samples - 1, np.zeros((1, 1), np.float32))

    def close(self):
        self.calls.append("close")
        self.is_open = False


class Bench:
    """A headset under watch, a clock that is moved by hand, and helpers that work when they are told to."""

    def __init__(self, lost_s=LOST_S):
        self.now = 0.0
        self.headset = Headset()
        self.jobs = deque()
        self.source = ReconnectingSource(self.headset, lost_s, now=lambda: self.now, run=self.jobs.append)

    def read_for(self, seconds):
        n_chunks = 0
        for _ in range(round(seconds / POLL_S)):
            self.now += POLL_S
            n_chunks += self.source.read() is not None
        return n_chunks

    def help(self):
        self.jobs.popleft()()


@pytest.fixture
def bench():
    made = Bench()
    made.source.open()
    made.read_for(1.0)
    return made


def lose(bench):
    bench.headset.talking = False
    bench.read_for(LOST_S + 2 * POLL_S)


def test_source_passes_chunks_through_while_samples_come(bench):
    assert bench.read_for(2.0) == 200
    assert (bench.source.link_state, bench.source.reconnects) == (LinkState.STREAMING, 0)
    assert not bench.jobs
    assert bench.source.stream is bench.headset.stream


def test_source_releases_the_device_after_the_silence_limit(bench):
    bench.headset.talking = False
    bench.read_for(LOST_S - POLL_S)
    assert bench.source.link_state is LinkState.STREAMING
    bench.read_for(2 * POLL_S)
    assert bench.source.link_state is LinkState.RELEASING


def test_short_outage_does_not_release_the_device():
    bench = Bench(lost_s=1.0)
    bench.source.open()
    bench.read_for(1.0)
    bench.headset.talking = False
    bench.read_for(2.2)
    bench.headset.talking = True
    assert bench.read_for(1.0) == 100
    assert bench.headset.calls == ["open"]


def test_lost_device_is_released_and_reopened_and_samples_continue(bench):
    lose(bench)
    bench.help()
    assert bench.read_for(0.1) == 0
    assert bench.headset.calls == ["open", "close"]
    bench.headset.talking = True
    bench.help()
    assert bench.headset.calls == ["open", "close", "open"]
    assert bench.read_for(0.1) == 10
    assert (bench.source.link_state, bench.source.reconnects) == (LinkState.STREAMING, 1)


def test_reader_does_not_read_while_a_helper_thread_uses_the_device(bench):
    lose(bench)
    assert bench.read_for(5.0) == 0  # the headset asserts that it is open when read
    bench.help()
    assert bench.read_for(5.0) == 0
    assert len(bench.jobs) == 1, "one helper at a time"


def test_source_retries_until_the_device_opens(bench):
    lose(bench)
    bench.headset.there = False
    bench.help()
    waits, since = [], bench.now
    for _ in range(500):
        while not bench.jobs:
            bench.read_for(POLL_S)
        waits.append(bench.now - since)
        bench.help()
        since = bench.now
    assert waits[1:4] == pytest.approx(RETRY_PAUSES_S, abs=3 * POLL_S)
    assert max(waits[4:]) == pytest.approx(RETRY_PAUSES_S[-1], abs=3 * POLL_S)
    bench.headset.there = bench.headset.talking = True
    bench.read_for(2 * RETRY_PAUSES_S[-1])
    bench.help()
    assert bench.read_for(0.1) == 10


def test_invalid_data_reconnects_the_device_at_once(bench):
    bench.headset.nonsense = True
    assert bench.source.read() is None
    assert bench.source.link_state is LinkState.RELEASING
    assert len(bench.jobs) == 1


def test_source_ended_is_passed_on(bench):
    bench.headset.ended = True
    with pytest.raises(SourceEnded):
        bench.source.read()


def test_failed_first_opening_raises():
    bench = Bench()
    bench.headset.there = False
    with pytest.raises(SourceError, match="there is no headset"):
        bench.source.open()
    bench.source.close()
    assert not bench.jobs


def test_reading_a_closed_source_raises(bench):
    with pytest.raises(SourceError, match="headset is not open"):
        Bench().source.read()
    bench.source.close()
    with pytest.raises(SourceError, match="headset is not open"):
        bench.source.read()


def test_first_sample_may_come_later_than_later_samples():
    bench = Bench()
    bench.headset.talking = False
    bench.source.open()
    bench.read_for(FIRST_SAMPLE_TIMEOUT_S - 2 * POLL_S)
    assert bench.source.link_state is LinkState.STREAMING
    bench.read_for(3 * POLL_S)
    assert bench.source.link_state is LinkState.RELEASING


def test_silence_is_not_counted_while_the_machine_sleeps(bench):
    bench.headset.talking = False
    bench.now += 3600.0
    bench.read_for(0.1)
    bench.headset.talking = True
    assert bench.read_for(0.1) == 10
    assert bench.source.link_state is LinkState.STREAMING


def test_close_releases_a_streaming_device_at_once_and_only_once(bench):
    bench.source.close()
    bench.source.close()
    assert bench.headset.calls == ["open", "close"]
    assert not bench.jobs


@pytest.mark.parametrize("helped", [0, 1, 2])
def test_close_while_lost_returns_at_once_and_leaves_nothing_open(bench, helped):
    """Lost and being released, lost and being opened, lost and waiting for the next attempt."""
    lose(bench)
    bench.headset.there = helped < 2
    for _ in range(helped):
        bench.help()
        bench.read_for(POLL_S)
    n_calls = len(bench.headset.calls)
    bench.source.close()
    assert len(bench.headset.calls) == n_calls, "nothing is done in the thread that closes"
    while bench.jobs:
        bench.help()
    assert not bench.headset.is_open
    assert bench.headset.calls.count("open") == (2 if helped == 2 else 1)


def test_failed_helper_thread_is_replaced(bench, monkeypatch):
    def broken():
        raise OSError("the machine is on fire")

    lose(bench)
    bench.help()
    bench.read_for(POLL_S)
    monkeypatch.setattr(bench.headset, "open", broken)
    with pytest.raises(OSError, match="on fire"):
        bench.help()
    bench.read_for(2 * RETRY_PAUSES_S[0])
    assert len(bench.jobs) == 1


def test_next_session_waits_until_the_device_is_released(bench):
    """BrainFlow would call it in use, and the late release would end the new session."""
    releasing, go_on, second = threading.Event(), threading.Event(), Bench()

    def slow_close():
        releasing.set()
        go_on.wait(10)

    lose(bench)
    bench.headset.close = slow_close
    helper = threading.Thread(target=bench.jobs.popleft())
    helper.start()
    assert releasing.wait(10)
    opening = threading.Thread(target=second.source.open)
    opening.start()
    opening.join(0.2)
    assert opening.is_alive()
    go_on.set()
    opening.join(10)
    helper.join(10)
    assert second.headset.calls == ["open"]


def test_close_does_not_wait_for_a_driver_that_hangs(bench, monkeypatch):
    """BrainFlow's synthetic board does so after the clock is set back by an hour."""
    go_on, released = threading.Event(), threading.Event()

    def hang():
        go_on.wait()
        released.set()

    bench.headset.close = hang
    monkeypatch.setattr(reconnect, "_CLOSE_WAIT_S", 0.05)
    bench.source.close()
    assert not released.is_set()
    assert reconnect.device_is_busy()
    go_on.set()
    assert released.wait(10)


MOMENTS = st.lists(
    st.tuples(
        st.floats(0.001, 0.4),  # time to the next look
        st.booleans(),  # a sample came
        st.sampled_from([None, LinkEvent.RELEASED, LinkEvent.OPENED, LinkEvent.REFUSED]),  # what a helper reports
    ),
    max_size=300,
)


@given(MOMENTS)
def test_watchdog_stays_in_its_table_and_reports_silence_in_time(moments):
    watchdog, now, last_sample_s = Watchdog(LOST_S), 0.0, 0.0
    watchdog.handle_event(LinkEvent.OPENED, now)
    streamed = False
    for wait_s, sample, report in moments:
        now += wait_s
        if report and (watchdog.state, report) in TRANSITIONS and watchdog.state is not LinkState.CLOSED:
            before = watchdog.state
            watchdog.handle_event(report, now)
            if (before, report) == (LinkState.CONNECTING, LinkEvent.OPENED):
                last_sample_s, streamed = now, False
        before = watchdog.state
        in_stream = sample and before is LinkState.STREAMING
        if in_stream:
            last_sample_s, streamed = now, True
        watchdog.update(now, has_samples=in_stream)
        patience_s = LOST_S if streamed else FIRST_SAMPLE_TIMEOUT_S
        if before is LinkState.STREAMING:
            silent = now - last_sample_s >= patience_s
            assert watchdog.state is (LinkState.RELEASING if silent else LinkState.STREAMING)
    assert watchdog.state in {LinkState.STREAMING, LinkState.RELEASING, LinkState.CONNECTING, LinkState.WAITING}
    watchdog.handle_event(LinkEvent.ENDED, now)
    assert watchdog.state is LinkState.CLOSED


@given(st.integers(0, 60), st.floats(0.001, 0.3))
def test_watchdog_retries_within_the_longest_pause(refusals, poll_s):
    watchdog, now = Watchdog(LOST_S), 0.0
    watchdog.handle_event(LinkEvent.OPENED, now)
    watchdog.handle_event(LinkEvent.SILENT, now)
    watchdog.handle_event(LinkEvent.RELEASED, now)
    due = []
    for _ in range(refusals + 1):
        watchdog.handle_event(LinkEvent.REFUSED, now)
        refused_at = now
        while watchdog.state is LinkState.WAITING:
            now += poll_s
            watchdog.update(now, has_samples=False)
        due.append(now - refused_at)
    assert max(due) <= RETRY_PAUSES_S[-1] + poll_s
    assert all(shorter <= longer + poll_s for shorter, longer in pairwise(due))


def test_impossible_event_raises_with_event_and_state():
    with pytest.raises(ValueError, match="released cannot happen to a link that is closed"):
        Watchdog(LOST_S).handle_event(LinkEvent.RELEASED, 0.0)


def test_every_link_state_can_be_left_and_ended():
    for link in LinkState:
        assert TRANSITIONS[link, LinkEvent.ENDED] is LinkState.CLOSED
        assert {after for (before, _), after in TRANSITIONS.items() if before is link} - {link}


@pytest.mark.parametrize("state", ["streaming", "releasing", "waiting"])
def test_program_ends_quietly_while_the_headset_is_lost(state):
    """BrainFlow's own board, made to look lost: no exception from ``__del__``, no crash in the driver, no hanging."""
    code = f"""
import time
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition import reconnect
from neurofeedback.acquisition.reconnect import ReconnectingSource
from neurofeedback.acquisition.watchdog import LinkState
from neurofeedback.errors import SourceError

board = open_source("synthetic")
source = ReconnectingSource(board, 0.3)
source.open()
while source.read() is None:
    pass
if {state!r} != "streaming":
    board.read = lambda: None
if {state!r} == "waiting":
    def gone():
        raise SourceError("gone")
    board.open = gone
deadline = time.monotonic() + 60
while source.link_state is not LinkState({state!r}):
    source.read()
    assert time.monotonic() < deadline
source.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
