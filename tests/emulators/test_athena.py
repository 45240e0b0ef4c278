"""The emulated Athena: packets by themselves, and through BrainFlow's real driver with faults."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.emulators.athena import MIDDLE_COUNT, SCALE_UV, AthenaHeadband, BlockKind
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, HeadbandModel
from neurofeedback.emulators.signal_input import alpha_rhythm

SIZES = {BlockKind.EEG_4: 28, BlockKind.EEG_8: 28, BlockKind.OPTICS_16: 40, BlockKind.MOTION: 36, BlockKind.BATTERY: 20}
NOISE = np.random.default_rng(0).normal(0, 100, (4, 256 * 10))


def headband(*lines: str, preset: bytes = b"p1041", loss: float = 0.0, seed: int = 0) -> AthenaHeadband:
    """A headset that streams from 0 s on."""
    head = AthenaHeadband([NOISE], Faults(loss, schedule=tuple(map(parse_fault, lines))), seed=seed)
    for command in (b"v6", b"s", b"h", preset, b"dc001", b"dc001", b"L1"):
        head.receive(bytes([len(command) + 1]) + command + b"\n", 0.0)
    return head


def blocks(value: bytes) -> list[tuple[BlockKind, int, bytes]]:
    """Kind, index and data of the blocks of one packet."""
    assert value[0] == len(value)
    found, rest = [], value[9:]
    while rest:
        kind = BlockKind(rest[0])
        found.append((kind, rest[1], rest[5 : 5 + SIZES[kind]]))
        rest = rest[5 + SIZES[kind] :]
    return found


def unpack(data: bytes, n_bits: int) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return bits[: bits.size // n_bits * n_bits].reshape(-1, n_bits) @ (1 << np.arange(n_bits))


@pytest.mark.parametrize(("preset", "kind", "n_channels"), [(b"p1041", 0x12, 8), (b"p21", 0x11, 4)])
def test_eeg_blocks_hold_the_samples_to_half_a_count(preset: bytes, kind: int, n_channels: int) -> None:
    sent = [block for _, value in headband(preset=preset).send(2.0) for block in blocks(value) if block[0] == kind]
    assert [index for _, index, _ in sent] == [i % 256 for i in range(len(sent))]
    counts = np.concatenate([unpack(data, 14).reshape(-1, n_channels) for *_, data in sent])[:, :4].T
    assert counts.shape == (4, 512)
    np.testing.assert_allclose((counts - MIDDLE_COUNT) * SCALE_UV, NOISE[:, :512], atol=SCALE_UV / 2)


def test_each_kind_counts_its_own_blocks_also_those_that_are_lost() -> None:
    head = headband(loss=0.2, seed=1)
    found = [block for _, value in (*head.send(8.0), *head.send_sensors(8.0)) for block in blocks(value)]
    assert 20 < len(head.lost_packets) < 80
    eeg = [index for kind, index, _ in found if kind is BlockKind.EEG_8]
    lost = sum((after - before - 1) % 256 for before, after in pairwise(eeg))
    assert lost == 4 * len([number for number, _ in head.lost_packets if number < len(head.counts) - 1])
    assert [index for kind, index, _ in found if kind is BlockKind.MOTION] == list(range(138))
    battery = [data for kind, _, data in found if kind is BlockKind.BATTERY]
    assert {int.from_bytes(data[:2], "little") / 512 for data in battery} == {80.0}


def test_a_packet_with_an_unknown_kind_of_data_is_lost_and_sent_all_the_same() -> None:
    head = headband("strange share=0.2")
    values = [value for _, value in head.send(5.0)]
    unknown = [value for value in values if value[9] == BlockKind.UNKNOWN]
    assert len(unknown) == len(head.lost_packets) > 10
    assert len(values) == len(head.counts)


def test_battery_and_optics_can_read_what_is_no_measurement() -> None:
    head = headband("battery percent=127.5 at_s=1 for_s=2", "saturated at_s=1")
    found = [block for _, value in (*head.send(4.0), *head.send_sensors(4.0)) for block in blocks(value)]
    charges = [int.from_bytes(data[:2], "little") / 512 for kind, _, data in found if kind is BlockKind.BATTERY]
    assert set(charges) == {80.0, 127.5}
    optics = [set(unpack(data, 20).tolist()) for kind, _, data in found if kind is BlockKind.OPTICS_16]
    assert {2**20 - 1} in optics
    assert {2**20 - 1} != optics[0]


def test_stream_starts_at_the_second_command_and_stops() -> None:
    head = AthenaHeadband([NOISE])
    head.receive(b"\x06dc001\n", 0.0)
    assert not list(head.send(1.0))
    head.receive(b"\x06dc001\n", 1.0)
    assert list(head.send(2.0))
    head.receive(b"\x02h\n", 2.0)
    assert not list(head.send(3.0))
    assert not list(head.send_sensors(3.0))


READER = """
import sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source

source, chunks, begun = open_source("muse-s-athena"), [], time.monotonic()
source.open()
while time.monotonic() < begun + 60 and (not chunks or chunks[-1].stop < int(sys.argv[1])):
    chunk = source.read()
    if chunk is None:
        time.sleep(0.01)
    else:
        chunks.append(chunk)
source.close()
last = {signal.label: signal.data[0, -1] for chunk in chunks for signal in chunk.auxiliary}
n_lost = sum(run.n_samples for chunk in chunks for run in chunk.lost)
data = np.concatenate([chunk.data for chunk in chunks], axis=1)
np.savez(sys.argv[2], data=data, n_lost=n_lost, labels=sorted(last), **last)
"""


@pytest.mark.real_time
@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
def test_samples_keep_their_places_through_loss_repetition_stall_and_lifted_electrode(tmp_path: Path) -> None:
    lines = ("loss share=0.05 at_s=0.2", "duplicate share=0.05", "stall at_s=1.5 for_s=0.7", "lifted channels=2 at_s=1")
    lines += ("strange share=0.03 at_s=0.2", "battery percent=0 at_s=1.9", "saturated at_s=2.5")
    faults = Faults(schedule=tuple(map(parse_fault, lines)))
    head = AthenaHeadband(alpha_rhythm(4, 256.0, seed=8), faults, seed=8, battery_percent=64)
    with EmulatedMuse(head, model=HeadbandModel.ATHENA) as athena:
        command = [sys.executable, "-c", READER, "900", str(tmp_path / "got.npz")]
        environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": athena.address}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    got = np.load(tmp_path / "got.npz")
    data = got["data"]
    sent = (np.concatenate(head.counts, axis=1)[:, : data.shape[1]] - MIDDLE_COUNT) * SCALE_UV
    for number, _ in head.lost_packets:
        sent[:, 8 * number : 8 * number + 8] = np.nan
    np.testing.assert_allclose(data, sent, rtol=1e-6, atol=1e-4)
    assert got["n_lost"] == np.isnan(data[0]).sum() > 150
    assert got["labels"].tolist() == ["battery", "motion", "optics"]
    assert got["battery"] == 0  # recorded as it came; BatteryMonitor shows no such charge
    assert got["optics"] == 2**20 - 1
