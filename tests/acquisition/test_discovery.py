"""Looking for devices: what is found is named as one types it, what hinders is said with what to do about it."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
from bleak.exc import BleakBluetoothNotAvailableReason as Reason
from serial import SerialException
from serial.tools.list_ports_common import ListPortInfo

from neurofeedback.acquisition import discovery, scan_serial
from neurofeedback.acquisition.discovery import run_scans
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.scan_bluetooth import BluetoothHeadset, bluetooth_unavailable, identify_headsets
from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult, scan_failed
from neurofeedback.acquisition.scan_serial import query_port

MUSE = BluetoothHeadset("Muse-1A2B", "00:55:DA:B0:1A:2B", -60)
MUSE_S = BluetoothHeadset("MuseS-0B12", "00:55:DA:BA:0B:12", -71)
GANGLION = BluetoothHeadset("Ganglion-58f3", "E0:12:34:56:58:F3", -80)
PHONE = BluetoothHeadset("Somebody's phone", "11:22:33:44:55:66", -40)
NAMELESS = BluetoothHeadset("", "11:22:33:44:55:67", -40)


def typed(findings: ScanResult) -> list[str]:
    return [found.device for found in findings.found]


# --- Bluetooth ---


@pytest.mark.parametrize(("headset", "device"), [(MUSE, "muse-2"), (MUSE_S, "muse-s"), (GANGLION, "ganglion")], ids=str)
def test_a_headset_alone_needs_no_address(headset: BluetoothHeadset, device: str) -> None:
    findings = identify_headsets([PHONE, headset, NAMELESS])
    assert typed(findings) == [device]
    assert f"{headset.name} at {headset.address}, {headset.rssi} dBm" in findings.found[0].about
    assert findings.found[0].short.startswith(headset.name)
    assert headset.address not in findings.found[0].short


def test_models_with_the_same_name_are_mentioned() -> None:
    abouts = [found.about for found in identify_headsets([MUSE, MUSE_S]).found]
    assert "muse-2016" in abouts[0]
    assert "muse-s-athena" in abouts[1]


def test_every_muse_in_reach_is_named() -> None:
    assert typed(identify_headsets([MUSE, MUSE_S, GANGLION])) == [
        "brainflow:muse-2:serial_number=Muse-1A2B",
        "brainflow:muse-s:serial_number=MuseS-0B12",
        "ganglion",
    ]


def test_two_headsets_of_one_name_are_told_apart_by_their_address() -> None:
    twin = BluetoothHeadset(MUSE.name, "00:55:DA:00:00:02", -50)
    findings = identify_headsets([MUSE, twin, GANGLION])
    assert [headset.address in found.short for headset, found in zip((MUSE, twin), findings.found, strict=False)] == [
        True, True
    ]  # fmt: skip
    assert typed(findings) == [
        f"brainflow:muse-2:mac_address={MUSE.address}",
        f"brainflow:muse-2:mac_address={twin.address}",
        "ganglion",
    ]
    assert ["another in reach has the same name" in found.about for found in findings.found] == [True, True, False]
    assert [open_source(device).stream.facts["board_id"] for device in typed(findings)] == ["38", "38", "46"]


def test_every_name_opens_the_board_it_means() -> None:
    boards = {MUSE: "38", MUSE_S: "39", GANGLION: "46", BluetoothHeadset("Simblee", "E0:12:34:56:58:F4", -80): "46"}
    for several in ([MUSE], [MUSE_S], [GANGLION], list(boards)):
        opened = [open_source(device).stream.facts["board_id"] for device in typed(identify_headsets(several))]
        assert opened == [boards[headset] for headset in several]


def test_a_headset_another_program_holds_cannot_be_connected() -> None:
    findings = identify_headsets([MUSE, PHONE], connected=[MUSE, PHONE])
    assert findings.found == ()
    (hindrance,) = findings.hindrances
    assert "Muse-1A2B is connected already" in hindrance
    assert "close that program" in hindrance


@pytest.mark.parametrize(
    ("error", "what", "todo"),
    [
        (BleakBluetoothNotAvailableError("", Reason.POWERED_OFF), "Bluetooth is off", "switch it on"),
        (BleakBluetoothNotAvailableError("", Reason.NO_BLUETOOTH), "no Bluetooth adapter", "plug one in"),
        (
            BleakBluetoothNotAvailableError("", Reason.NO_BLE_CENTRAL_ROLE),
            "not support Bluetooth Low Energy",
            "plug in one",
        ),
        (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_USER), "may not use Bluetooth", "Privacy & Security"),
        (BleakDBusError("org.bluez.Error.InProgress", ["busy"]), "refuses", "off and on"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), "no Bluetooth service", "bluez"),
        (FileNotFoundError(errno.ENOENT, "no bus"), "no Bluetooth service", "apt-get install bluez"),
        (EOFError(), "no Bluetooth service", "systemctl"),
        (BleakError("odd"), "cannot be used: got odd", "off and on"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_why_bluetooth_cannot_be_used_and_what_to_do(error: Exception, what: str, todo: str) -> None:
    findings = bluetooth_unavailable(error)
    assert findings.found == ()
    assert what in findings.hindrances[0]
    assert todo in findings.hindrances[0]


# --- serial ports ---

GREETING = b"OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\nLIS3DH Device ID: 0x33\nFirmware: v3.1.1\n$$$"
WITH_DAISY = GREETING.replace(b"LIS3DH", b"On Daisy ADS1299 Device ID: 0x3E\nLIS3DH")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (GREETING, FoundDevice("cyton:COM3", "OpenBCI, firmware v3.1.1")),
        (WITH_DAISY, FoundDevice("cyton-daisy:COM3", "OpenBCI, firmware v3.1.1")),
        (b"\xa0\x01\xff" * 11 + b"OpenBCI V1$$$", FoundDevice("cyton:COM3", "OpenBCI")),
    ],
    ids=["cyton", "daisy", "left streaming"],
)
def test_board_is_recognized_by_its_answer(answer: bytes, found: FoundDevice) -> None:
    assert query_port("COM3", lambda _: answer).found == (found,)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "nothing at COM3 answers"),
        (b"+++ modem ready\r\n" * 40, "nothing at COM3 answers"),
        (b"Failure: Communications timeout - Device failed to poll Host$$$", "gets no answer from a board"),
    ],
    ids=["silence", "something else", "the board is off"],
)
def test_what_is_no_board_in_reach_is_not_found(answer: bytes, message: str) -> None:
    findings = query_port("COM3", lambda _: answer)
    assert findings.found == ()
    assert message in findings.hindrances[0]
    assert "PC" in findings.hindrances[0]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SerialException(errno.EACCES, "Permission denied"), "sudo usermod -aG dialout $USER"),
        (SerialException(errno.EBUSY, "busy"), "another program has COM3 open"),
        (SerialException(errno.EAGAIN, "locked"), "another program has COM3 open"),
        (SerialException("could not open port 'COM3': PermissionError(13, ...)"), "another program has COM3 open"),
        (SerialException("could not open port 'COM3': FileNotFoundError(2, ...)"), "no serial port COM3"),
        (SerialException(errno.ENOENT, "nothing there"), "no serial port COM3"),
        (SerialException("Could not configure port: (25, ...)"), "cannot be used as a serial port"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_why_a_port_cannot_be_asked_and_what_to_do(error: SerialException, message: str) -> None:
    def ask(_: str) -> bytes:
        raise error

    findings = query_port("COM3", ask)
    assert findings.found == ()
    assert message in findings.hindrances[0]


def test_a_port_in_use_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_serial, "find_port_users", lambda _: ["OpenBCI_GUI (pid 17)"])
    findings = query_port("/dev/ttyUSB0", lambda port: pytest.fail(f"{port} was asked"))
    assert "another program has /dev/ttyUSB0 open: got OpenBCI_GUI (pid 17)" in findings.hindrances[0]


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("text", encoding="utf-8")
    assert "cannot be used as a serial port" in query_port(str(tmp_path / "port")).hindrances[0]
    assert (tmp_path / "port").read_text(encoding="utf-8") == "text"


def test_only_what_looks_like_a_dongle_is_asked_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    modem, printer, dongle = (ListPortInfo(f"/dev/tty{name}") for name in ("ACM0", "USB1", "USB0"))
    (printer.vid, printer.pid), (dongle.vid, dongle.pid) = (0x0403, 0x6001), (0x0403, 0x6015)
    monkeypatch.setattr(scan_serial, "comports", lambda: [modem, printer, dongle])
    monkeypatch.setattr(discovery, "find_headsets", ScanResult)
    monkeypatch.setattr(discovery, "query_port", lambda port: ScanResult((FoundDevice(port, ""),)))
    monkeypatch.setattr(discovery.importlib.util, "find_spec", lambda _: None)
    assert typed(discovery.scan()) == ["/dev/ttyUSB0"]
    assert typed(discovery.scan(["/dev/ttyUSB1"])) == ["/dev/ttyUSB0", "/dev/ttyUSB1"]
    assert typed(discovery.scan(["/dev/../dev/ttyUSB0"])) == ["/dev/../dev/ttyUSB0"]


# --- all together ---


def test_places_are_searched_in_parallel_and_listed_in_order() -> None:
    met = threading.Barrier(2, timeout=10)

    def look(name: str) -> ScanResult:
        met.wait()
        return ScanResult((FoundDevice(name, ""),), (f"{name} was slow",))

    findings = run_scans({"one": lambda: look("a"), "two": lambda: look("b")}, 20.0)
    assert typed(findings) == ["a", "b"]
    assert findings.hindrances == ("a was slow", "b was slow")


def test_a_place_that_hangs_costs_no_more_than_the_limit() -> None:
    never = threading.Event()

    def hang() -> ScanResult:
        never.wait(60)
        return ScanResult()

    findings = run_scans({"Bluetooth": hang, "port": lambda: ScanResult((FoundDevice("cyton:COM3", ""),))}, 0.2)
    never.set()
    assert typed(findings) == ["cyton:COM3"]
    assert findings.hindrances == ("Bluetooth did not answer: got nothing within 0.2 s; try again.",)


def test_an_empty_answer_is_an_answer() -> None:
    assert run_scans({"nothing there": ScanResult}, 5.0) == ScanResult()


def test_a_hindrance_is_one_sentence() -> None:
    assert scan_failed("it is off", got="no light", todo="press the button").hindrances == (
        "it is off: got no light; press the button.",
    )
