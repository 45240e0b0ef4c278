"""BrainFlow's real serial driver reads the emulated Cyton: every sample, and every loss, in its place."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from neurofeedback.acquisition.open import open_source
from neurofeedback.emulators.cyton import SCALE_UV, CytonFirmware, EmulatedCyton
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import SourceError
from tests.helpers import DATA, FastClock

RECORDING = DATA / "openbci_gui" / "original" / "OpenBCI-sampleData-1-blinks-jawClench-alpha.txt"


def suffering(*lines, loss=0.0):
    return Faults(loss, schedule=tuple(map(parse_fault, lines)))


def record(board, n_samples, *, device="cyton", timeout_s=60.0):
    """Read until a sample index is reached or the board falls silent for good; return chunks as one array and runs."""
    source = open_source(f"{device}:{board.port}")
    chunks, position = [], 0
    try:
        source.open()
        deadline = time.monotonic() + timeout_s
        while position < n_samples and time.monotonic() < deadline:
            chunk = source.read()
            if chunk is None:
                time.sleep(0.005)
                continue
            assert chunk.first_sample == position
            position = chunk.stop
            chunks.append(chunk)
    finally:
        source.close()
    data = np.concatenate([chunk.data for chunk in chunks], axis=1)
    return data, [run for chunk in chunks for run in chunk.lost]


def assert_as_sent(data, runs, firmware):
    """Every sample as it was sent, to the driver's resolution, and NaN exactly where the emulator lost one."""
    sent = np.array(firmware.counts).T[:, : data.shape[1]] * SCALE_UV
    lost = [i for i in firmware.lost_samples if i < data.shape[1]]
    assert [i for run in runs for i in range(run.start, run.start + run.n_samples)] == lost
    sent[:, lost] = np.nan
    np.testing.assert_allclose(data, sent, rtol=1e-6, atol=SCALE_UV / 100)


@pytest.mark.real_time
def test_a_clean_stream_is_recorded_as_it_was_sent():
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=1))
    with EmulatedCyton(firmware) as board:
        data, runs = record(board, 1250)
    assert not runs
    assert_as_sent(data, runs, firmware)


def test_one_percent_loss_leaves_gaps_where_the_emulator_lists_them():
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=2), Faults(loss=0.01), seed=2)
    with EmulatedCyton(firmware, now=FastClock(10)) as board:
        data, runs = record(board, 5000)
    assert 0.005 < len(firmware.lost_samples) / len(firmware.counts) < 0.016
    assert_as_sent(data, runs, firmware)


@pytest.mark.real_time
def test_a_backlog_that_nobody_read_for_seconds_keeps_turns_of_the_counter_lost_in_it():
    """The driver went on stamping what it read, so the clock tells the turns though all comes at once."""
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=3), suffering("stall at_s=0.5 for_s=1.6"))
    with EmulatedCyton(firmware) as board:
        source = open_source(f"cyton:{board.port}")
        source.open()
        try:
            deadline = time.monotonic() + 60
            while len(firmware.counts) < 750:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            chunks = []
            while not chunks or chunks[-1].stop < 750:  # what came at once is held until its place is sure
                assert time.monotonic() < deadline
                chunk = source.read()
                chunks += [chunk] if chunk is not None else []
                time.sleep(0.01)
        finally:
            source.close()
    data, runs = (
        np.concatenate([chunk.data for chunk in chunks], axis=1),
        [run for chunk in chunks for run in chunk.lost],
    )
    assert [(run.start, run.n_samples) for run in runs] == [(125, 400)]
    assert_as_sent(data, runs, firmware)


@pytest.mark.real_time
def test_a_silence_longer_than_a_turn_of_the_counter_keeps_its_length():
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=3), suffering("stall at_s=1 for_s=1.6"))
    with EmulatedCyton(firmware) as board:
        data, runs = record(board, 900)
    assert [(run.start, run.n_samples) for run in runs] == [(250, 400)]
    assert_as_sent(data, runs, firmware)


def test_a_daisys_halves_belong_together_also_under_loss():
    # Where one sample loses its second packet and the next its first, the driver makes one sample of the two
    # and nothing in its rows shows it; with this seed that does not happen.
    firmware = CytonFirmware(alpha_rhythm(16, 125.0, seed=4), Faults(loss=0.02), seed=0, daisy=True)
    with EmulatedCyton(firmware, now=FastClock(10)) as board:
        data, runs = record(board, 1500, device="cyton-daisy")
    assert 30 < len(firmware.lost_samples) < 100
    assert_as_sent(data, runs, firmware)


def test_noise_on_the_line_costs_samples_but_never_their_places():
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=5), suffering("garbage share=0.02"), seed=5)
    with EmulatedCyton(firmware, now=FastClock(10)) as board:
        data, runs = record(board, 3000)
    sent = np.array(firmware.counts).T[:, : data.shape[1]] * SCALE_UV
    there = ~np.isnan(data[0])
    assert there.mean() > 0.9
    assert len(runs) > 0
    differs = (np.abs(data - sent) > SCALE_UV).any(axis=0) & there
    assert differs.sum() <= 2  # noise that looks like a whole packet cannot be told from one


@pytest.mark.real_time
def test_an_unplugged_board_falls_silent_keeps_no_core_busy_and_can_be_closed():
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=6), suffering("unplug at_s=1"))
    with EmulatedCyton(firmware) as board:
        source = open_source(f"cyton:{board.port}")
        source.open()
        board.wait()
        while source.read() is not None:
            pass
        busy = time.process_time()
        time.sleep(0.3)
        assert time.process_time() - busy < 0.1
        assert source.read() is None
        source.close()
        with pytest.raises(SourceError, match="no such serial port"):
            open_source(f"cyton:{board.port}").open()


def test_a_board_left_streaming_by_a_killed_program_can_be_opened_again():
    code = "import os, sys; from neurofeedback.acquisition.open import open_source"
    code += "; source = open_source(sys.argv[1]); source.open(); os._exit(9)"
    with EmulatedCyton(CytonFirmware(alpha_rhythm(8, 250.0, seed=7))) as board:
        subprocess.run([sys.executable, "-c", code, f"cyton:{board.port}"], timeout=30, check=False)
        deadline = time.monotonic() + 60
        while not board.firmware.streaming:  # the order may still be on its way
            assert time.monotonic() < deadline
            time.sleep(0.01)
        data, runs = record(board, 100)
    assert data.shape[1] >= 100
    assert not runs


def test_a_port_that_another_program_has_open_is_left_alone():
    code = "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print(flush=True); input()"
    with EmulatedCyton(CytonFirmware([])) as board:
        command = [sys.executable, "-c", code, board.port]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            other.stdout.readline()
            with pytest.raises(SourceError, match=rf"another program has .* \(pid {other.pid}\)"):
                open_source(f"cyton:{board.port}").open()
            other.communicate("\n")


def test_wrong_answer_is_distinguished_from_a_cyton():
    with (
        EmulatedCyton(CytonFirmware([], suffering("reply"))) as board,
        pytest.raises(SourceError, match="no cyton answers on this port"),
    ):
        open_source(f"cyton:{board.port}").open()


@pytest.mark.real_data
@pytest.mark.skipif(not RECORDING.exists(), reason=f"needs {RECORDING.name}; set NEUROFEEDBACK_DATA")
def test_a_minute_of_a_real_recording_arrives_as_it_was_fed():
    table = np.genfromtxt(RECORDING, delimiter=",", comments="%", usecols=range(1, 9))[: 62 * 250].T
    firmware = CytonFirmware([table], Faults(loss=0.01), seed=7)
    with EmulatedCyton(firmware, now=FastClock(20)) as board:
        data, runs = record(board, 60 * 250)
    assert_as_sent(data, runs, firmware)
    received = np.flatnonzero(~np.isnan(data[0]))
    np.testing.assert_allclose(data[:, received], table[:, received], atol=SCALE_UV / 2 + 0.01)
