"""Motion, pulse and battery: read beside the EEG, each sample in its place, through the real drivers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from unittest.mock import MagicMock

import numpy as np
import pytest
from brainflow.board_shim import BrainFlowError

from neurofeedback.acquisition.aux_signals import AuxTable, find_aux_signals
from neurofeedback.acquisition.boards import BOARDS
from neurofeedback.acquisition.brainflow import BoardSource
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.placement.counter_rules import CounterRule
from neurofeedback.acquisition.placement.sample_placement import PlacedSamples
from neurofeedback.emulators import cyton, muse_sensors
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import SettingsError
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from tests.bids import bids_errors
from tests.helpers import FastClock

MUSE_AUX = {"accel_channels": [1, 2, 3], "sampling_rate": 52, "package_num_channel": 0, "timestamp_channel": 4}


def read_for(source, seconds):
    chunks, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline or not chunks:
        if (chunk := source.read()) is not None:
            chunks.append(chunk)
        time.sleep(0.01)
    return chunks


def joined(chunks, label):
    """All stretches of one signal as one, after a check that they follow each other."""
    found = [stretch for chunk in chunks for stretch in chunk.auxiliary if stretch.label == label]
    assert all(left.first_sample + left.data.shape[1] == right.first_sample for left, right in pairwise(found))
    assert found[0].first_sample == 0
    return np.concatenate([stretch.data for stretch in found], axis=1), found[0]


def test_description_lists_the_board_s_aux_signals():
    description = {"sampling_rate": 50, "ppg_channels": [4, 5], "battery_channel": 9, "accel_channels": [1, 2, 3]}
    motion, ppg, battery = find_aux_signals(description)
    assert (motion.columns, motion.ch_names, motion.units) == ((1, 2, 3), ("accel_x", "accel_y", "accel_z"), ("g",) * 3)
    assert (ppg.ch_names, ppg.units, battery.ch_names) == (("ppg_1", "ppg_2"), ("n/a", "n/a"), ("battery",))
    assert find_aux_signals(description, exclude=["motion", "ppg"]) == (battery,)
    assert find_aux_signals({"sampling_rate": 256, "eeg_channels": [1, 2]}) == ()


def test_a_lost_packet_of_a_table_leaves_its_hole():
    table = AuxTable(1, MUSE_AUX, find_aux_signals(MUSE_AUX), CounterRule(65536, repeat=3))
    table.restart(now=0.0)
    times = np.arange(9) / 52
    counters = np.repeat([7, 8, 10], 3)
    rows = np.stack([counters, np.ones(9), np.zeros(9), np.zeros(9), 500 + times + (counters == 10) * 3 / 52])
    (stretch,) = table.process(rows, origin=499.5, now=0.3)
    assert stretch.start_s == 0.5
    assert np.flatnonzero(np.isnan(stretch.data[0])).tolist() == [6, 7, 8]
    assert table.process(rows[:, :0], origin=499.5, now=0.4) == ()


def test_table_that_restarts_before_its_blocks_are_known_starts_after_the_outage():
    table = AuxTable(1, MUSE_AUX, find_aux_signals(MUSE_AUX), CounterRule(65536, repeat=0))
    table.restart(now=0.0)
    times = np.arange(60) / 52
    rows = np.stack([np.arange(60) // 3, np.ones(60), np.zeros(60), np.zeros(60), 500 + times])
    assert table.process(rows[:, :3], origin=499.5, now=0.1) == ()
    table.restart(now=10.0)
    rows[-1] += 10
    (stretch,) = table.process(rows[:, 3:], origin=499.5, now=11.2)
    assert (stretch.first_sample, stretch.start_s) == (0, pytest.approx(10.5 + 3 / 52))


def test_restarted_table_counts_from_zero_at_its_next_sample():
    """At 52 Hz, from 0.5 s on; restarted at 0.6 s of the EEG, when 9 samples had come: the tenth is 0.0731 s later."""
    table = AuxTable(1, MUSE_AUX, find_aux_signals(MUSE_AUX), CounterRule(65536, repeat=3))
    table.restart(now=0.0)
    times = np.arange(18) / 52
    rows = np.stack([np.repeat(np.arange(6), 3), np.ones(18), np.zeros(18), np.zeros(18), 500 + times])
    (before,) = table.process(rows[:, :9], origin=499.5, now=0.3)
    table.restart_numbering(0.6)
    (after,) = table.process(rows[:, 9:], origin=500.1, now=0.5)
    assert (before.first_sample, before.start_s) == (0, 0.5)
    assert after.first_sample == 0
    assert after.start_s == pytest.approx(0.5 + 9 / 52 - 0.6)


@pytest.mark.parametrize("gone", [False, True])
def test_motion_that_was_not_read_while_eeg_was_held_comes_with_the_last_chunk(monkeypatch, gone):
    source = BoardSource(BOARDS["muse-2"], now=lambda: 0.3)
    rows = np.zeros((9, 9))
    rows[0], rows[1], rows[7] = np.repeat(np.arange(3), 3), 1.0, 500 + np.arange(9) / 52
    tables = iter([rows, BrainFlowError("gone", 15) if gone else np.zeros((6, 0))])
    board = MagicMock()
    board.get_board_data.side_effect = tables
    held = PlacedSamples(0, np.zeros((4, 24), np.float32), ())
    monkeypatch.setattr(source, "_placer", MagicMock(flush=lambda: held))
    monkeypatch.setattr(source, "_board", board)
    monkeypatch.setattr(source, "_origin", 500.0)
    chunk = source.flush()
    data, _ = joined([chunk], "motion")
    assert data.shape == (6, 9)
    np.testing.assert_array_equal(data[0], 1.0)


def test_the_synthetic_boards_signals_lie_under_its_eeg():
    source = open_source("synthetic")
    source.open()
    try:
        chunks = read_for(source, 1.0)
    finally:
        source.close()
    assert {stretch.label for stretch in chunks[0].auxiliary} == {"motion", "ppg", "skin", "battery"}
    data, motion = joined(chunks, "motion")
    assert (motion.sfreq, motion.start_s, data.shape) == (250.0, 0.0, (6, chunks[-1].stop))
    assert chunks[0].data.shape[0] == 16


def test_a_cytons_accelerometer_is_read_with_its_samples_and_lost_with_them():
    """It measures at 25 Hz; the driver repeats the last measurement until the next."""
    firmware = CytonFirmware(alpha_rhythm(8, 250.0, seed=1), Faults(loss=0.02), seed=3)
    with EmulatedCyton(firmware, now=FastClock(5)) as board:
        source = open_source(f"cyton:{board.port}")
        source.open()
        try:
            chunks = read_for(source, 1.5)
        finally:
            source.close()
    data, motion = joined(chunks, "motion")
    assert (motion.ch_names, motion.sfreq) == (("accel_x", "accel_y", "accel_z"), 250.0)
    lost = np.isnan(data).all(axis=0)
    assert np.flatnonzero(lost).tolist() == [i for i in firmware.lost_samples if i < data.shape[1]]
    at_rest = np.array(cyton.ACCEL_AT_REST) * cyton.G_PER_COUNT
    np.testing.assert_allclose(data[:, ~lost], np.tile(at_rest[:, None], (~lost).sum()), rtol=1e-6)


# --- Muse ---

READER = """
import sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source

source, chunks = open_source(sys.argv[1]), []
source.open()
while not chunks or chunks[-1].stop < 1100:
    if (chunk := source.read()) is not None:
        chunks.append(chunk)
    time.sleep(0.01)
source.close()
found = {}
for stretch in (stretch for chunk in chunks for stretch in chunk.auxiliary):
    found.setdefault(stretch.label, []).append(stretch)
arrays = {label: np.concatenate([s.data for s in all], axis=1) for label, all in found.items()}
np.savez(sys.argv[2], **arrays, **{f"{label}_start_s": all[0].start_s for label, all in found.items()})
"""


@pytest.fixture(scope="module")
def muses(tmp_path_factory):
    folder, headbands, readers = tmp_path_factory.mktemp("muse"), {}, {}
    with ExitStack() as stack:
        for device, loss in (("muse-2", 0.0), ("muse-2:ppg", 0.05)):
            headbands[device] = MuseHeadband(alpha_rhythm(4, 256.0, seed=8), Faults(loss), seed=8)
            address = stack.enter_context(EmulatedMuse(headbands[device])).address
            command = [sys.executable, "-c", READER, device, str(folder / f"{device}.npz")]
            env = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address}
            readers[device] = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        assert {reader.communicate(timeout=100)[1] for reader in readers.values()} == {""}
    return {device: (np.load(folder / f"{device}.npz"), headbands[device]) for device in readers}


needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")


@needs_bus
@pytest.mark.parametrize("device", ["muse-2", "muse-2:ppg"])
def test_a_muses_motion_arrives_as_sent_with_holes_where_packets_were_lost(device, muses):
    arrived, headband = muses[device]
    sent = headband.sensors
    assert_as_sent(arrived["motion"], sent.sent_numbers["motion"], 3, motion_of)
    assert arrived["motion_start_s"] == pytest.approx(0, abs=1.0 + headband.late_s)


@needs_bus
def test_a_muses_pulse_arrives_once_it_is_asked_for(muses):
    arrived, headband = muses["muse-2:ppg"]
    sent = headband.sensors
    assert_as_sent(arrived["ppg"][:2], sent.sent_numbers["pulse"], 6, muse_sensors.pulse_counts)
    assert arrived["ppg_start_s"] == pytest.approx(0, abs=1.0 + headband.late_s)
    assert "ppg" not in muses["muse-2"][0]


def motion_of(first):
    accel, gyro = muse_sensors.motion_counts(first)
    return np.concatenate([accel * muse_sensors.G_PER_COUNT, gyro * muse_sensors.DPS_PER_COUNT], axis=1).T


def assert_as_sent(data, numbers, n_block, block):
    """The driver keeps the first notification to itself; places count from the next one that came."""
    places = {number - numbers[1]: number for number in numbers[1:]}
    n_blocks = data.shape[1] // n_block
    assert n_blocks > 40
    for place in range(n_blocks):
        seen = data[:, place * n_block : (place + 1) * n_block]
        if place in places:
            np.testing.assert_allclose(seen, block(places[place] * n_block), rtol=1e-5, atol=1e-5)
        else:
            assert np.isnan(seen).all()


def test_nothing_else_may_follow_the_name_of_a_muse():
    with pytest.raises(
        SettingsError, match=r"muse-2 takes nothing else after its name: .* allowed: muse-2, muse-2:ppg"
    ):
        open_source("muse-2:nose")


def test_a_session_of_the_synthetic_board_ends_with_valid_physio(tmp_path):
    source = open_source("synthetic")
    header = SessionHeader("01", source.stream, "", StartState(), (), datetime(2026, 11, 22, 9))
    writer = SessionWriter(tmp_path, header)
    source.open()
    try:
        for chunk in read_for(source, 0.6):
            writer.process_chunk(chunk)
    finally:
        source.close()
    live = shutil.copytree(tmp_path, tmp_path.with_name("live"))
    writer.close()
    assert sorted(path.name.split("recording-")[1] for path in tmp_path.glob("sub-*/*/*/*_physio.tsv.gz")) == [
        "battery_physio.tsv.gz", "motion_physio.tsv.gz", "ppg_physio.tsv.gz", "skin_physio.tsv.gz",
    ]  # fmt: skip
    assert bids_errors(live, tmp_path) == []
