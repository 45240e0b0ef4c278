"""BrainFlow's own synthetic board, and the traps of its sessions."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from brainflow.board_shim import BoardShim, BrainFlowError, BrainFlowInputParams

from neurofeedback.acquisition.open import open_source
from neurofeedback.errors import SourceError


def read_for(source, seconds):
    chunks = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline or not chunks:
        chunk = source.read()
        if chunk is not None:
            chunks.append(chunk)
        time.sleep(0.01)
    return chunks


@pytest.fixture
def synthetic():
    source = open_source("synthetic")
    source.open()
    yield source
    source.close()


@pytest.mark.real_time
def test_the_synthetic_board_keeps_time(synthetic):
    """To a tenth: on a busy machine it makes its samples late."""
    chunks = read_for(synthetic, 4.0)
    assert not any(chunk.lost for chunk in chunks)
    assert all(left.stop == right.first_sample for left, right in pairwise(chunks))
    rate, _ = np.polyfit([chunk.host_time for chunk in chunks], [chunk.stop for chunk in chunks], 1)
    assert rate == pytest.approx(250, rel=0.1)


def test_a_chunk_is_float32_microvolts_with_both_clocks(synthetic):
    chunk = read_for(synthetic, 0.3)[-1]
    assert chunk.data.dtype == np.float32
    assert chunk.data.shape[0] == 16
    assert 1 < np.abs(chunk.data).max() < 1e4
    assert chunk.device_time == pytest.approx(time.time(), abs=5)
    assert chunk.host_time == pytest.approx(time.monotonic(), abs=5)


def test_positions_go_on_when_it_is_opened_again(synthetic):
    before = read_for(synthetic, 0.3)[-1]
    synthetic.close()
    synthetic.open()
    after = read_for(synthetic, 0.3)[0]
    assert after.first_sample == before.stop
    (gap,) = after.lost
    passed = after.host_time - before.host_time - (after.n_samples - gap.n_samples) / 250
    assert gap.cause == "gap"
    assert gap.n_samples / 250 == pytest.approx(passed, abs=1.0)


def test_restarted_numbering_counts_all_signals_from_zero(synthetic):
    before = read_for(synthetic, 0.5)[-1].stop
    synthetic.restart_numbering()
    chunk = read_for(synthetic, 0.2)[0]
    assert before > 0
    assert chunk.first_sample == 0
    assert {(stretch.first_sample, stretch.start_s) for stretch in chunk.auxiliary} == {(0, 0.0)}


def test_reading_a_closed_board_raises():
    with pytest.raises(SourceError, match="not open"):
        open_source("synthetic").read()


def test_closing_twice_is_fine(synthetic):
    synthetic.close()
    synthetic.close()


def test_a_board_in_use_cannot_be_opened_again(synthetic):
    with pytest.raises(SourceError, match="already in use"):
        open_source("synthetic").open()
    assert read_for(synthetic, 0.2)


def test_a_dying_board_shim_ends_its_successors_session():
    """The trap itself: if BrainFlow mends it, the precaution can go."""
    old = BoardShim(-1, BrainFlowInputParams())
    old.prepare_session()
    old.release_session()
    new = BoardShim(-1, BrainFlowInputParams())
    new.prepare_session()
    del old
    assert not new.is_prepared()


def test_a_dying_source_does_not_end_its_successors_session():
    first = open_source("synthetic")
    first.open()
    survivor = first._board
    first.close()
    second = open_source("synthetic")
    second.open()
    del survivor, first
    try:
        assert read_for(second, 0.2)
    finally:
        second.close()


def test_a_failed_opening_held_by_its_error_does_not_end_a_session(synthetic):
    with pytest.raises(SourceError) as caught:
        open_source("synthetic").open()
    del caught
    assert read_for(synthetic, 0.2)


def test_a_board_that_cannot_be_stopped_is_released_all_the_same(monkeypatch):
    source = open_source("synthetic")
    source.open()

    def gone(_):
        raise BrainFlowError("unable to stop streaming session", 4)

    monkeypatch.setattr(BoardShim, "stop_stream", gone)
    source.close()
    monkeypatch.undo()
    again = open_source("synthetic")
    again.open()
    again.close()


def test_a_source_left_open_ends_quietly_with_the_interpreter():
    code = "from neurofeedback.acquisition.open import open_source; s = open_source('synthetic'); s.open()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_source_dropped_without_closing_frees_its_board():
    source = open_source("synthetic")
    source.open()
    del source
    again = open_source("synthetic")
    again.open()
    again.close()


@pytest.mark.parametrize(
    ("port", "words"), [("/nowhere/ttyUSB0", "no such serial port"), (__file__, "this is not a serial port")]
)
def test_invalid_port_is_named(port, words, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SourceError, match=words) as caught:
        open_source(f"cyton:{port}").open()
    assert port in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert any("BrainFlow" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("device", ["muse-2", "ganglion"])
def test_headset_without_bluetooth_is_an_error_with_a_remedy(device):
    code = f"""
from neurofeedback.acquisition.open import open_source
from neurofeedback.errors import SourceError
try:
    open_source({device!r}).open()
except SourceError as error:
    print(error)
"""
    env = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.stdout.startswith("no Bluetooth adapter was found: ")
    assert done.stderr == ""
