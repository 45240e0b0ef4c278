"""The emulated Muse is found on its real message bus, the emulated Cyton on its real terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from neurofeedback.acquisition.lsl import find_streams, load_lsl
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.scan_bluetooth import find_headsets
from neurofeedback.acquisition.scan_result import FoundDevice
from neurofeedback.acquisition.scan_serial import query_port
from neurofeedback.acquisition.source import Source
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, HeadbandModel, MuseHeadband
from neurofeedback.emulators.signal_input import alpha_rhythm

bluetooth = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
terminal = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

HOLD = """
import sys
from neurofeedback.acquisition.lsl import find_streams, load_lsl
from neurofeedback.acquisition.open import open_source
source = open_source("muse-2")
source.open()
print("held", flush=True)
sys.stdin.read()
"""


def headband(*faults: str) -> MuseHeadband:
    return MuseHeadband(alpha_rhythm(4, 256.0, seed=1), Faults(schedule=tuple(map(parse_fault, faults))))


def firmware(*faults: str) -> CytonFirmware:
    return CytonFirmware(alpha_rhythm(8, 250.0, seed=1), Faults(schedule=tuple(map(parse_fault, faults))))


def samples_come(source: Source, deadline_s: float = 60.0) -> bool:
    """Whether a source delivers samples that were not waiting already."""
    source.read()
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        if source.read():
            return True
    return False


@contextmanager
def held(address: str) -> Iterator[None]:
    """Let another program connect, through the real driver."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    try:
        assert holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.kill()
        holder.communicate()


@bluetooth
@pytest.mark.real_time
@pytest.mark.parametrize(("model", "device"), [(HeadbandModel.MUSE_2, "muse-2"), (HeadbandModel.MUSE_S, "muse-s")])
def test_a_muse_is_found_and_left_alone(model: HeadbandModel, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatedMuse(headband(), model=model) as muse:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", muse.address)
        findings = find_headsets(1.0)
    (found,) = findings.found
    assert found.device == device
    assert "at 00:55:DA:B0:00:01, -" in found.about
    assert findings.hindrances == ()
    assert muse.headband.stream_starts == []


@bluetooth
def test_a_muse_out_of_reach_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatedMuse(headband("absent for_s=600")) as muse:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", muse.address)
        findings = find_headsets(0.5)
    assert (findings.found, findings.hindrances) == ((), ())


@bluetooth
def test_muse_held_by_another_program_is_reported_as_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatedMuse(headband()) as muse, held(muse.address):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", muse.address)
        findings = find_headsets(0.5)
    assert findings.found == ()
    assert "Muse-0001 is connected already" in findings.hindrances[0]


@bluetooth
@pytest.mark.parametrize(
    ("state", "message"),
    [("off", "Bluetooth is off"), ("no adapter", "no Bluetooth adapter"), ("no service", "no Bluetooth service")],
)
def test_reasons_why_bluetooth_cannot_be_used_have_different_messages(
    state: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bluez = pytest.importorskip("neurofeedback.emulators.bluez", reason="the extra emulators is not installed")
    request_name = bluez.BlueZ.start

    async def start(self) -> None:
        if state == "no service":
            return
        await request_name(self)
        adapter = self._objects.pop("/org/bluez/hci0")
        if state == "off":
            adapter["org.bluez.Adapter1"]["Powered"] = bluez.Variant("b", False)
            self._objects["/org/bluez/hci0"] = adapter

    monkeypatch.setattr(bluez.BlueZ, "start", start)
    with EmulatedMuse(headband()) as muse:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", muse.address)
        findings = find_headsets(0.1)
    assert findings.found == ()
    assert message in findings.hindrances[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a message bus")
@pytest.mark.parametrize("address", ["unix:path=/nowhere/bus", "nonsense"])
def test_without_a_message_bus_there_is_no_bluetooth(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    assert "no Bluetooth service is running" in find_headsets(0.1).hindrances[0]


@terminal
def test_a_board_is_found_by_asking_and_can_be_connected_afterwards() -> None:
    with EmulatedCyton(firmware()) as cyton:
        findings = query_port(cyton.port)
        assert findings.found == (FoundDevice(f"cyton:{cyton.port}", "OpenBCI, firmware v3.1.1"),)
        assert not cyton.firmware.streaming
        source = open_source(findings.found[0].device)
        source.open()
        assert "open" in query_port(cyton.port).hindrances[0]  # held now, by this very program
        assert samples_come(source)  # the question did not reach the board, which would have stopped it
        source.close()


@terminal
def test_a_board_with_a_daisy_is_found_as_such() -> None:
    with EmulatedCyton(CytonFirmware(alpha_rhythm(16, 125.0, seed=1), daisy=True)) as cyton:
        assert query_port(cyton.port).found == (FoundDevice(f"cyton-daisy:{cyton.port}", "OpenBCI, firmware v3.1.1"),)


@terminal
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("refuse times=9", "nothing at"),
        ("reply times=9", "nothing at"),
        ("absent for_s=600", "there is no serial port"),
    ],
)
def test_a_board_that_does_not_answer_is_not_found(fault: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurofeedback.acquisition.scan_serial._ANSWER_S", 0.5)
    with EmulatedCyton(firmware(fault)) as cyton:
        findings = query_port(cyton.port)
    assert findings.found == ()
    assert message in findings.hindrances[0]


@terminal
def test_a_program_that_has_locked_the_port_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl  # does not exist on Windows

    monkeypatch.setattr("neurofeedback.acquisition.scan_serial.find_port_users", lambda _: [])
    with EmulatedCyton(firmware()) as cyton:
        line = os.open(cyton.port, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(line, fcntl.LOCK_EX)
        (hindrance,) = query_port(cyton.port).hindrances
        os.close(line)
    assert "another program has" in hindrance


def test_streams_that_may_be_eeg_are_found_and_this_programs_own_frames_are_not() -> None:
    lsl = pytest.importorskip("mne_lsl.lsl", reason="the extra lsl is not installed")
    load_lsl()
    names = {"a-head": "EEG", "some-frames": "Features"}
    outlets = [lsl.StreamOutlet(lsl.StreamInfo(name, kind, 4, 200.0, "float32", name)) for name, kind in names.items()]
    found = [device for device, _ in find_streams()]
    del outlets
    assert "lsl:a-head" in found
    assert "lsl:some-frames" not in found
