"""The emulated Cyton by itself: commands in, packets out, an exact account of what was lost."""

from __future__ import annotations

import os
import threading
import time
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.emulators.cyton import SCALE_UV, CytonFirmware, EmulatedCyton, packet, quantise
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.signal_input import alpha_rhythm, iter_samples
from neurofeedback.errors import SettingsError
from tests.helpers import FastClock

RAMP = np.arange(8 * 500, dtype=float).reshape(8, 500)


def suffering(*lines, loss=0.0):
    return Faults(loss, schedule=tuple(map(parse_fault, lines)))


def firmware(faults=None, chunks=(RAMP,), **options):
    return CytonFirmware(chunks, faults, **options)


def decode(data):
    """Counters and counts ``(n_channels, n_packets)`` of whole packets."""
    packets = np.frombuffer(data, np.uint8).reshape(-1, 33)
    assert set(packets[:, 0]) == {0xA0}
    assert set(packets[:, 32]) == {0xC0}
    words = packets[:, 2:26].reshape(-1, 8, 3).astype(np.int64)
    counts = (words << [16, 8, 0]).sum(axis=2)
    return packets[:, 1].tolist(), np.where(counts >= 2**23, counts - 2**24, counts).T


@given(st.lists(st.floats(-187_500, 187_500), min_size=8, max_size=8), st.integers(0, 10_000))
def test_a_packet_holds_its_samples_to_half_a_count(microvolts, counter):
    counters, counts = decode(packet(counter, quantise(np.array(microvolts))))
    assert counters == [counter % 256]
    np.testing.assert_allclose(counts[:, 0] * SCALE_UV, microvolts, atol=SCALE_UV / 2 + 1e-9)


def test_nothing_is_sent_before_it_is_asked_to_stream():
    board = firmware()
    assert board.send(at=5.0) == b""
    assert board.receive(b"b", at=5.0) == b""
    assert len(board.send(at=6.0)) == 250 * 33


def test_what_is_due_does_not_depend_on_when_it_is_fetched():
    whole, pieces = (
        firmware(suffering("garbage share=0.1", "duplicate share=0.1", loss=0.1), seed=3),
        firmware(suffering("garbage share=0.1", "duplicate share=0.1", loss=0.1), seed=3),
    )
    for board in (whole, pieces):
        board.receive(b"b", at=0.0)
    assert whole.send(1.9) == b"".join(pieces.send(at) for at in np.linspace(0, 1.9, 97))
    assert whole.lost_samples == pieces.lost_samples


def test_lost_packets_are_listed_and_the_counter_runs_on():
    board = firmware(Faults(loss=0.2), seed=1)
    board.receive(b"b", at=0.0)
    counters, counts = decode(board.send(at=1.6))
    unlost = [i for i in range(400) if i not in set(board.lost_samples)]
    assert counters == [i % 256 for i in unlost]
    assert 50 < len(board.lost_samples) < 110
    np.testing.assert_array_equal(counts, np.array(board.counts).T[:, unlost])


def test_a_daisy_sends_its_own_half_first():
    ramp = np.arange(16.0)[:, None] * np.ones((1, 10))
    board = firmware(chunks=(ramp,), daisy=True)
    board.receive(b"b", at=0.0)
    counters, counts = decode(board.send(at=0.016))
    assert counters == [0, 1, 2, 3]
    np.testing.assert_array_equal(counts[:, 0], quantise(np.arange(8.0, 16.0)))
    np.testing.assert_array_equal(counts[:, 1], quantise(np.arange(8.0)))


def test_a_stall_sends_nothing_and_the_counter_runs_on():
    board = firmware(suffering("stall at_s=0.5 for_s=0.75"))
    board.receive(b"b", at=0.0)
    counters, _ = decode(board.send(at=1.6))
    assert counters == [i % 256 for i in [*range(125), *range(313, 400)]]
    assert board.lost_samples == list(range(125, 313))


def test_samples_that_were_never_recorded_are_not_sent():
    holed = RAMP.copy()
    holed[:, 10:20] = np.nan
    holed[3, 30] = np.nan
    board = firmware(chunks=(holed,))
    board.receive(b"b", at=0.0)
    _, counts = decode(board.send(at=0.2))
    assert board.lost_samples == list(range(10, 20))
    assert counts.shape[1] == 40
    assert counts[3, 20] == 0


def test_it_stops_when_asked_and_goes_on_where_it_was_with_a_new_count():
    board = firmware()
    board.receive(b"b", at=0.0)
    board.send(at=0.4)
    board.receive(b"s", at=0.4)
    assert board.send(at=1.0) == b""
    board.receive(b"b", at=1.0)
    counters, counts = decode(board.send(at=1.04))
    assert counters == list(range(10))
    np.testing.assert_array_equal(counts.T, board.counts[100:])


def test_version_query_stops_the_stream():
    board = firmware()
    board.receive(b"b", at=0.0)
    board.receive(b"v", at=0.5)
    assert not board.streaming


def test_the_end_of_the_samples_is_noticed():
    board = firmware()
    board.receive(b"b", at=0.0)
    assert len(board.send(at=100.0)) == 500 * 33
    assert board.exhausted


@pytest.mark.parametrize("fault", ["reply times=2", "refuse times=2"])
def test_only_the_right_firmware_ends_its_answer_with_dollars(fault):
    board = firmware(suffering(fault))
    assert [board.receive(b"v", at=0.0).endswith(b"$$$") for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("loss", [1.5, -0.1, float("nan")])
def test_loss_is_a_probability(loss):
    with pytest.raises(SettingsError, match="not a probability"):
        Faults(loss)


def test_a_packet_sent_twice_is_the_same_twice():
    board = firmware(suffering("duplicate share=0.2 for_s=1"))
    board.receive(b"b", at=0.0)
    counters, counts = decode(board.send(at=1.6))
    twice = [i for i in range(1, len(counters)) if counters[i] == counters[i - 1]]
    assert 25 < len(twice) < 80
    assert max(twice) - len(twice) < 250
    np.testing.assert_array_equal(counts[:, twice], counts[:, np.array(twice) - 1])
    assert not board.lost_samples


def test_counter_fault_sets_and_changes_the_counter():
    board = firmware(suffering("counter to=250", "counter to=3 at_s=0.1"))
    board.receive(b"b", at=0.0)
    counters, _ = decode(board.send(at=0.2))
    assert counters == [(250 + i) % 256 for i in range(25)] + [3 + i for i in range(25)]


@pytest.mark.parametrize(("by_s", "at", "n_samples"), [(0.4, 1.0, 350), (-0.4, 1.0, 150), (-2.0, 1.0, 49)])
def test_a_clock_that_jumps_sends_at_once_or_waits(by_s, at, n_samples):
    board = firmware(suffering(f"clock by_s={by_s} at_s=0.2"))
    board.receive(b"b", at=0.0)
    sent = board.send(at=0.2 - 1e-9) + board.send(at)
    counters, _ = decode(sent)
    assert counters == [i % 256 for i in range(n_samples)]
    assert not board.lost_samples


def test_dropped_board_loses_samples_and_its_dongle_reports_failure():
    board = firmware(suffering("drop at_s=0.4 for_s=0.4"))
    assert board.receive(b"v", at=0.0).endswith(b"$$$")
    board.receive(b"b", at=0.0)
    board.send(at=0.5)
    assert board.receive(b"vd", at=0.5).count(b"Failure") == 2
    assert board.streaming
    board.send(at=1.0)
    assert board.lost_samples == list(range(100, 200))


def test_faults_can_be_added_and_cleared_while_it_runs():
    board = firmware()
    board.receive(b"b", at=10.0)
    board.send(at=10.5)
    board.add_fault(parse_fault("stall"), at=10.5)
    assert board.send(at=11.0) == b""
    board.clear_faults()
    assert len(board.send(at=11.5)) == 125 * 33
    assert board.lost_samples == list(range(125, 250))


def test_the_time_of_a_fault_goes_on_while_the_board_does_not_stream():
    rhythm = list(islice(alpha_rhythm(8, 250.0, seed=1), 20))
    board, undisturbed = (
        firmware(faults, rhythm) for faults in (suffering("lifted channels=1 at_s=4 for_s=0.5"), None)
    )
    board.receive(b"b", at=0.0)
    board.send(at=0.5)
    board.receive(b"s", at=0.5)
    board.receive(b"b", at=2.0)
    board.send(at=2.5)
    for line in ("stall at_s=0.5 for_s=0.5", "counter at_s=0.5 to=7"):
        board.add_fault(parse_fault(line), at=2.5)
    counters, _ = decode(board.send(at=5.0))
    assert board.lost_samples == list(range(125 + 250, 125 + 375))
    assert counters == [*range(125, 250), *(count % 256 for count in range(7 + 125, 7 + 500))]
    undisturbed.receive(b"b", at=0.0)
    undisturbed.send(at=5.0)
    differs = np.array(board.counts)[:, 0] != np.array(undisturbed.counts)[: len(board.counts), 0]
    assert np.flatnonzero(differs).tolist() == list(range(125 + 500, 125 + 625))


def test_few_rows_are_repeated_and_surplus_rows_left_out():
    assert next(iter_samples([np.arange(3.0)[:, None]], 8)).tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert next(iter_samples([np.arange(30.0)[:, None]], 2)).tolist() == [0, 1]


def test_the_rhythm_is_alpha():
    seconds = alpha_rhythm(8, 250.0, seed=1)
    data = np.concatenate([next(seconds) for _ in range(4)], axis=1)
    spectrum = np.abs(np.fft.rfft(data)).mean(axis=0)
    assert np.fft.rfftfreq(1000, 1 / 250)[spectrum.argmax()] == 10


def test_the_port_answers_and_vanishes_when_unplugged():
    board = EmulatedCyton(firmware(suffering("unplug at_s=0.2")))
    with board:
        port = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        os.write(port, b"b")
        board.wait()
        os.close(port)
    assert not os.path.exists(board.port)  # noqa: PTH110
    assert (
        49 <= len(board.firmware.counts) - len(board.firmware.lost_samples) <= 50
    )  # the last one may fall on the moment itself


def test_a_port_comes_back_under_its_name():
    board = EmulatedCyton(firmware(suffering("absent for_s=0.1", "unplug at_s=0.1 for_s=1")))
    with board:
        begun = time.monotonic()
        for there in (False, True, False, True):
            while os.path.exists(board.port) != there:  # noqa: PTH110
                assert time.monotonic() < begun + 10
                time.sleep(0.005)
            if there:
                port = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
                os.write(port, b"b")
        assert time.monotonic() - begun > 1.0


def test_no_thread_remains_after_the_board_is_closed():
    with EmulatedCyton(firmware()):
        assert any(thread.name == "emulated-headset" for thread in threading.enumerate())
    assert not any(thread.name == "emulated-headset" for thread in threading.enumerate())


def test_a_clock_that_runs_faster_sends_faster():
    with EmulatedCyton(firmware(), now=FastClock(20)) as board:
        port = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        os.write(port, b"b")
        begun = time.monotonic()
        board.wait()
        os.close(port)
    assert time.monotonic() - begun < len(board.firmware.counts) / 250
