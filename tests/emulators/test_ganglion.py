"""The emulated Ganglion: packets by themselves, and through BrainFlow's real driver with faults."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
import pytest

from neurofeedback.emulators.bluetooth_headset import Peripheral
from neurofeedback.emulators.fault_parsing import check_faults, parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.ganglion import (
    ACCEL_AT_REST,
    SCALE_UV,
    TURN,
    EmulatedGanglion,
    Ganglion,
    GanglionFirmware2,
    quantise,
)
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.session.clock import RealClock
from neurofeedback.session.fit.impedance import measure_impedances
from neurofeedback.settings.load import load_settings
from neurofeedback.types import StreamInfo

NOISE = np.random.default_rng(0).normal(0, 30, (4, 200 * 10))
BOARDS = (Ganglion, GanglionFirmware2)


def board(kind: type[Ganglion], *lines: str, loss: float = 0.0, accelerometer: bool = True, seed: int = 1) -> Ganglion:
    """A board that streams from 0 s on; its first texts are gone."""
    emulated = kind([NOISE], Faults(loss, schedule=tuple(map(parse_fault, lines))), seed=seed)
    emulated.receive(b"n" if accelerometer else b"N", 0.0)
    list(emulated.notifications(0.0))
    emulated.receive(b"b", 0.0)
    return emulated


def send(emulated: Ganglion, at: float) -> list[bytes]:
    return [value for _, value in emulated.notifications(at)]


def unpack(value: bytes, n_bits: int) -> np.ndarray:
    """Two samples of a packet, with their sign in the lowest bit, as numbers."""
    bits = np.unpackbits(np.frombuffer(value[1:], np.uint8))[: 8 * n_bits].reshape(8, n_bits).astype(int)
    values = bits @ (1 << np.arange(n_bits)[::-1])
    negative = bits[:, -1] == 1
    return (values - (negative << n_bits) - negative).reshape(2, 4)


@pytest.mark.parametrize(("accelerometer", "first", "lost_bits"), [(True, 0, 7), (False, 100, 6)])
def test_firmware_3_sends_the_upper_bits_and_never_the_last_sample_of_a_turn(
    accelerometer: bool, first: int, lost_bits: int
) -> None:
    emulated = board(Ganglion, accelerometer=accelerometer)
    values = send(emulated, 5.0)
    assert [value[0] for value in values] == [first + i % 100 for i in range(len(values))]
    assert {len(value) for value in values} == {20}
    sent = [number for number in range(len(emulated.counts)) if number % TURN != TURN - 1][: 2 * len(values)]
    shift = lost_bits - 1
    n_bits = 24 - shift
    np.testing.assert_array_equal(
        np.concatenate([unpack(value, n_bits) for value in values]) << shift, np.array(emulated.counts)[sent]
    )
    error = quantise(NOISE[:, : len(emulated.counts)]).T - np.array(emulated.counts)
    assert error.min() >= 0
    assert error.max() < 1 << lost_bits
    assert emulated.lost_samples == [number for number in range(1000) if number % TURN == TURN - 1]


@pytest.mark.parametrize(("accelerometer", "first"), [(True, 1), (False, 101)])
def test_firmware_2_sends_a_whole_sample_a_turn_and_differences(accelerometer: bool, first: int) -> None:
    emulated = board(GanglionFirmware2, accelerometer=accelerometer)
    values = send(emulated, 2 * TURN / 200 + 1e-6)
    assert [value[0] for value in values] == 2 * [0, *range(first, first + 100)]
    read: list[np.ndarray] = []
    for value in values:
        if value[0] == 0:
            whole = np.frombuffer(value[1:13], np.uint8).reshape(4, 3).astype(int) @ np.array([1 << 16, 1 << 8, 1])
            read.append(whole - (whole >> 23 << 24))
        else:
            read.extend(read[-1] - unpack(value, 18 if accelerometer else 19).cumsum(axis=0))
    np.testing.assert_array_equal(read, emulated.counts)
    assert np.abs(quantise(NOISE[:, : 2 * TURN]).T - np.array(read)).max() * SCALE_UV < 0.4
    assert emulated.lost_samples == []


@pytest.mark.parametrize("kind", BOARDS)
def test_lost_and_repeated_packets_are_accounted_for(kind: type[Ganglion]) -> None:
    emulated = board(kind, "duplicate share=0.1", "stall at_s=4 for_s=1", loss=0.05, seed=3)
    values = send(emulated, 8.0)
    repeated = sum(before == after for before, after in pairwise(values))
    assert 40 < repeated < 110
    whole = sum(value[0] == 0 for value in values) if kind is GanglionFirmware2 else 0
    n_read = 2 * (len(values) - repeated) - whole
    assert n_read == pytest.approx(1600 - len(emulated.lost_samples), abs=2)
    assert set(range(810, 990)) < set(emulated.lost_samples)


def test_the_board_measures_impedance_instead_of_streaming() -> None:
    emulated = board(Ganglion)
    send(emulated, 1.0)
    emulated.receive(b"z", 1.0)
    assert send(emulated, 3.6) == [b"\xc98Z", b"\xca12Z", b"\xcb45Z", b"\xcc300Z", b"\xcd6Z"]
    emulated.receive(b"Z", 4.0)
    emulated.receive(b"b", 4.0)
    assert [value[0] for value in send(emulated, 4.05)] == [0, 1, 2, 3, 4]
    assert set(range(201, 800)) < set(emulated.lost_samples)


def test_it_answers_a_command_with_text_only_while_it_does_not_stream() -> None:
    emulated = board(Ganglion)
    emulated.receive(b"N", 0.0)
    assert send(emulated, 0.004) == []
    emulated.receive(b"s", 0.004)
    emulated.receive(b"n", 0.004)
    assert send(emulated, 0.004) == [b"\xcfstop running\n", b"\xceaccelerometer enabl", b"\xcfed\n"]


def test_a_jump_of_the_count_only_where_the_count_is_not_the_content() -> None:
    assert [value[0] for value in send(board(Ganglion, "counter at_s=0.05 to=97"), 0.1)][:6] == [0, 1, 2, 3, 4, 97]
    with pytest.raises(SettingsError, match="a Ganglion cannot have this fault"):
        check_faults([parse_fault("counter to=5")], board(GanglionFirmware2))


READER = """
import json, os, sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source
from neurofeedback.errors import SourceError

def read(out, n_samples):
    source, chunks, begun = open_source("ganglion"), [], time.monotonic()
    try:
        source.open()
    except SourceError as error:
        return np.savez(out, error=str(error))
    while time.monotonic() < begun + 60 and (not chunks or chunks[-1].stop < n_samples):
        chunk = source.read()
        if chunk is None:
            time.sleep(0.01)
        else:
            chunks.append(chunk)
    source.close()
    n_lost = sum(run.n_samples for chunk in chunks for run in chunk.lost)
    motion = np.concatenate([signal.data for chunk in chunks for signal in chunk.auxiliary], axis=1)
    np.savez(out, data=np.concatenate([chunk.data for chunk in chunks], axis=1), n_lost=n_lost, motion=motion)

children = []
for address, out in json.loads(sys.argv[1]):
    children.append(os.fork())
    if not children[-1]:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
        read(out, int(sys.argv[2]))
        os._exit(0)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""


class UnnamedBoard(Ganglion):
    """A board that does not say its revision."""

    @property
    def peripheral(self) -> Peripheral:
        whole = super().peripheral
        return Peripheral(whole.address, whole.name, dict(list(whole.services.items())[:1]))


MEASURE = """
import sys
from neurofeedback.cli.main import app
app(["check", "--device", "ganglion", "--impedance"])
"""


LINES = {
    "firmware 3": (
        Ganglion,
        ("loss share=0.05 at_s=0.2", "duplicate share=0.05", "stall at_s=1.5 for_s=0.6", "lifted channels=2 at_s=1"),
    ),
    "firmware 2": (GanglionFirmware2, ("loss share=1 at_s=2.2 for_s=0.02", "mains uv=50", "broken channels=3 at_s=2")),
    "unknown": (UnnamedBoard, ()),
}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.lib.npyio.NpzFile, Ganglion]]:
    folder = tmp_path_factory.mktemp("ganglion")
    boards: dict[str, Ganglion] = {}
    with ExitStack() as stack:
        tasks = []
        for name, (kind, lines) in LINES.items():
            faults = Faults(schedule=tuple(map(parse_fault, lines)))
            boards[name] = kind(alpha_rhythm(4, 200.0, seed=8), faults, seed=8)
            tasks.append((stack.enter_context(EmulatedGanglion(boards[name])).address, str(folder / f"{name}.npz")))
        command = [sys.executable, "-c", READER, json.dumps(tasks), "700"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return {name: (np.load(folder / f"{name}.npz"), boards[name]) for name in LINES}


NEEDS_BUS = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")


@NEEDS_BUS
@pytest.mark.real_time
@pytest.mark.parametrize("name", ["firmware 3", "firmware 2"])
def test_samples_keep_their_places_and_values_to_the_devices_resolution(
    name: str, sessions: dict[str, tuple[np.lib.npyio.NpzFile, Ganglion]]
) -> None:
    got, emulated = sessions[name]
    data = got["data"]
    sent = np.array(emulated.counts, float)[: data.shape[1]].T * SCALE_UV
    sent[:, [number for number in emulated.lost_samples if number < data.shape[1]]] = np.nan
    if name == "firmware 2":  # differences add up, so a lost one counts until the next whole sample
        wrong = slice(emulated.lost_samples[0], 3 * TURN)
        assert np.nanmax(np.abs(data - sent)[:, wrong]) > 1
        data[:, wrong], sent[:, wrong] = sent[:, wrong], sent[:, wrong]
    np.testing.assert_allclose(data, sent, rtol=1e-6, atol=1e-3)
    assert got["n_lost"] == np.isnan(data[0]).sum()
    assert bool(got["n_lost"] > 120) is (name == "firmware 3")
    x, y, z = ACCEL_AT_REST
    np.testing.assert_allclose(got["motion"][:, -1], 0.016 * np.array([y, x, -z]), rtol=1e-6)


@NEEDS_BUS
def test_a_board_of_unknown_firmware_is_not_read_in_a_guessed_format(
    sessions: dict[str, tuple[np.lib.npyio.NpzFile, Ganglion]],
) -> None:
    got, _ = sessions["unknown"]
    assert str(got["error"]).startswith("this ganglion does not say which firmware it has: got 0")


@NEEDS_BUS
@pytest.mark.real_time
def test_check_shows_the_impedances_that_the_board_measures() -> None:
    with EmulatedGanglion(Ganglion(alpha_rhythm(4, 200.0, seed=8), impedance_kohm=(16, 60, 400, 24, 20))) as emulated:
        environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": emulated.address, "LANGUAGE": "en"}
        done = subprocess.run(
            [sys.executable, "-c", MEASURE], env=environment, capture_output=True, text=True, timeout=90, check=False
        )
        assert len(emulated.board.stream_starts) == 2, "it streams before and after"
    assert done.returncode == 0, done.stderr
    *rows, hint = done.stdout.splitlines()
    assert [" ".join(row.split()[1:]) for row in rows] == [
        *("8 kOhm very good", "30 kOhm good", "200 kOhm poor", "12 kOhm good", "10 kOhm very good"),
    ]
    assert rows[-1].startswith("reference")
    assert hint.startswith("Press the electrode to the skin")


@pytest.mark.parametrize("device", ["synthetic", "simulated:3"])
def test_a_headset_that_measures_no_impedance_is_refused(device: str) -> None:
    with pytest.raises(SettingsError, match="this headset does not measure impedance"):
        measure_impedances(device, load_settings("default"), RealClock())


def test_a_board_that_answers_with_no_impedance_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class SilentBoard:
        measures_impedance = True
        impedances = (8.0, 0.0, 0.0, 0.0, 0.0)
        stream = StreamInfo("ganglion", 200.0, ("EEG1", "EEG2", "EEG3", "EEG4"), montage="ganglion", placed_freely=True)

        def start_impedance(self) -> None: ...
        def stop_impedance(self) -> None: ...
        def restart_numbering(self) -> None: ...
        def open(self) -> None: ...
        def close(self) -> None: ...
        def read(self) -> None: ...

    monkeypatch.setattr("neurofeedback.session.fit.impedance.open_source", lambda *_, **__: SilentBoard())
    clock = RealClock()
    times = iter(range(0, 100, 5))
    monkeypatch.setattr(clock, "now", lambda: float(next(times)))
    with pytest.raises(SourceError, match="the headset measured no impedance: got ganglion"):
        measure_impedances("ganglion", load_settings("default"), clock)
