"""The emulated Muse by itself: commands in, notifications out, an exact account of what was lost."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.emulators.bluetooth_headset import Peripheral
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import SCALE_UV, EmulatedMuse, HeadbandModel, MuseHeadband, packet, quantise
from neurofeedback.errors import SettingsError

NOISE = np.random.default_rng(0).normal(0, 30, (4, 256 * 10))
BLOCK_S = 12 / 256


def test_full_bus_is_noticed():
    """Whoever sends all the same loses the connection: dbus-fast takes a full socket for a broken one."""
    bluez = pytest.importorskip("neurofeedback.emulators.bluez", reason="the extra emulators is not installed")
    ours, daemons = socket.socketpair()
    with ours, daemons:
        service = bluez.BlueZ(SimpleNamespace(_fd=ours.fileno()), Peripheral("A:B", "", {}), print, print, print)
        assert not service.is_full
        ours.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(bytes(300))
        assert service.is_full
        while service.is_full:
            daemons.recv(1 << 16)


def suffering(*lines, loss=0.0):
    return Faults(loss, schedule=tuple(map(parse_fault, lines)))


def headband(faults=None, chunks=(NOISE,), **options):
    return MuseHeadband(chunks, faults, **options)


def begin(headband, at=0.0):
    headband.receive(b"\x02d\n", at)
    return headband


def decode(value):
    """Counter and microvolts of one notification."""
    triples = np.frombuffer(value[2:], np.uint8).reshape(6, 3).astype(int)
    pairs = (triples << [16, 8, 0]).sum(axis=1)
    counts = np.stack([pairs >> 12, pairs & 0xFFF], axis=1).ravel()
    return int.from_bytes(value[:2], "big"), (counts - 2048) * 125 / 256


@given(st.lists(st.floats(-999, 999), min_size=12, max_size=12), st.integers(0, 100_000))
def test_a_packet_holds_its_samples_to_half_a_count(microvolts, counter):
    value = packet(counter, quantise(np.array(microvolts)))
    assert len(value) == 20
    number, decoded = decode(value)
    assert number == counter % 65536
    np.testing.assert_allclose(decoded, microvolts, atol=SCALE_UV / 2)


def test_nothing_is_sent_before_it_is_asked_to_stream():
    assert not list(headband().send(at=10.0))


def test_four_channels_are_sent_for_every_block():
    values = list(begin(headband()).send(at=2.0))
    assert len(values) == 4 * 42
    assert [decode(value)[0] for _, value in values[::4]] == list(range(42))
    assert len({uuid for uuid, _ in values}) == 4


def test_what_is_due_does_not_depend_on_when_it_is_fetched():
    whole, pieces = begin(headband(Faults(loss=0.2), seed=2)), begin(headband(Faults(loss=0.2), seed=2))
    fetched = [value for at in np.linspace(0, 3, 101) for value in pieces.send(at)]
    assert list(whole.send(3.0)) == fetched
    assert whole.lost_packets == pieces.lost_packets


def test_packets_are_lost_for_each_channel_by_itself():
    board = begin(headband(Faults(loss=0.2), seed=1))
    sent = len(list(board.send(9.0)))
    assert sent + len(board.lost_packets) == 4 * len(board.counts)
    assert {channel for _, channel in board.lost_packets} == {0, 1, 2, 3}


def test_a_stall_sends_nothing_and_the_counter_runs_on():
    board = begin(headband(suffering("stall at_s=1 for_s=1")))
    numbers = [decode(value)[0] for _, value in list(board.send(4.0))[::4]]
    stalled = {number for number, _ in board.lost_packets}
    assert numbers == [i for i in range(85) if i not in stalled]
    assert min(stalled) * BLOCK_S == pytest.approx(1.0, abs=BLOCK_S)
    assert len(stalled) * BLOCK_S == pytest.approx(1.0, abs=BLOCK_S)


def test_the_head_does_not_pause_while_the_stream_does():
    board = begin(headband())
    list(board.send(1.0))
    board.receive(b"\x02h\n", 1.0)
    assert not list(board.send(2.0))
    begin(board, at=3.0)
    again = list(board.send(4.0))
    assert decode(again[0][1])[0] == 0
    assert board.stream_starts == [0, 64]
    assert {number for number, _ in board.lost_packets} == set(range(21, 64))


def test_out_of_reach_only_while_the_link_is_down():
    board = headband(suffering("drop at_s=2 for_s=1"))
    assert board.reachable(2.5)
    begin(board)
    assert [board.reachable(at) for at in (1.9, 2.0, 2.9, 3.0)] == [True, False, False, True]


def test_the_end_of_the_samples_is_noticed():
    board = begin(headband())
    list(board.send(100.0))
    assert board.exhausted
    assert len(board.counts) == 256 * 10 // 12


def test_no_thread_remains_after_the_headset_is_closed():
    with EmulatedMuse(headband(), model=HeadbandModel.MUSE_2016) as muse:
        assert muse.address.startswith("unix:path=")
    assert not any(thread.name == "emulated-muse" for thread in threading.enumerate())


def test_a_headset_with_nothing_left_to_send_stays_on_its_bus():
    board = begin(headband(chunks=[NOISE[:, :24]]), at=time.monotonic() - 10.0)
    with EmulatedMuse(board) as muse:
        muse.wait()
        assert board.exhausted
        assert Path(muse.address.removeprefix("unix:path=")).exists()


def test_it_cannot_be_found_at_first_and_then_refuses():
    board = headband(suffering("absent for_s=2", "refuse times=2"))
    board.switch_on(100.0)
    assert [board.reachable(at) for at in (100.0, 101.9, 102.0)] == [False, False, True]
    assert [board.accepts_connection(102.0) for _ in range(4)] == [False, False, True, True]


def test_one_channel_can_lose_its_packets_alone():
    board = begin(headband(suffering("loss share=0.5 channels=2 for_s=4"), seed=1))
    list(board.send(9.0))
    assert {channel for _, channel in board.lost_packets} == {1}
    assert max(block for block, _ in board.lost_packets) * BLOCK_S < 4


def test_a_packet_sent_twice_is_the_same_twice():
    values = list(begin(headband(suffering("duplicate share=1"))).send(2.0))
    assert values[::2] == values[1::2]
    assert [decode(value)[0] for _, value in values[::8]] == list(range(42))


def test_counter_fault_sets_the_counter_which_wraps():
    values = list(begin(headband(suffering("counter to=65530"))).send(2.0))
    assert [decode(value)[0] for _, value in values[::4]] == [(65530 + i) % 65536 for i in range(42)]


def test_a_clock_that_jumps_ahead_sends_at_once():
    board = begin(headband(suffering("clock by_s=1 at_s=1")))
    assert len(list(board.send(0.99))) == 4 * 21
    assert len(list(board.send(1.0))) == 4 * (42 - 21)
    assert not board.lost_packets


def test_missing_bus_daemon_is_an_error_that_names_the_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingsError, match="sudo apt install dbus"), EmulatedMuse(headband()):
        pass
    assert not any(thread.name == "emulated-muse" for thread in threading.enumerate())
