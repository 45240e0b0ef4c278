"""The report for a developer: complete, and without any name of a person, computer, folder, device or participant."""

from __future__ import annotations

import getpass
import platform
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurofeedback.acquisition import discovery
from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult, scan_failed
from neurofeedback.audio import miniaudio_output
from neurofeedback.cli.helpers import doctor_report
from neurofeedback.cli.helpers.doctor_report import anonymous, describe_scan, report_bluetooth, report_permissions
from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError
from neurofeedback.storage import error_log

NAMES = ("annamaria", "lab-seven", "example.org", "ketamine-study", "P07", "AirPods", "Muse-1A2B", "00:55:DA:B0:1A:2B")


@pytest.fixture
def identifiable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine where everything has a name that identifies someone; returns the folder of recordings."""
    home = tmp_path / "annamaria"
    recordings = home / "ketamine-study" / "sub-P07"
    recordings.mkdir(parents=True)
    found = (FoundDevice("muse-2:00:55:DA:B0:1A:2B", "Muse-1A2B of annamaria"), FoundDevice("lsl:annamaria", ""))
    hindered = scan_failed("Bluetooth is off", got="annamaria's adapter", todo="ask lab-seven").hindrances
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(getpass, "getuser", lambda: "annamaria")
    monkeypatch.setattr(platform, "node", lambda: "lab-seven.example.org")
    monkeypatch.setattr(platform, "release", lambda: "6.1.0-lab-seven")
    monkeypatch.setenv("DISPLAY", "lab-seven.example.org:10.0")
    monkeypatch.setenv("PULSE_SERVER", "tcp:lab-seven.example.org")
    monkeypatch.setenv("QT_QPA_PLATFORM", "vnc:password=annamaria")
    monkeypatch.setattr(discovery, "scan", lambda: ScanResult(found, hindered))
    monkeypatch.setattr(miniaudio_output, "device_names", lambda: ("AirPods of annamaria",))
    monkeypatch.setattr(error_log, "error_log_path", lambda: tmp_path / "errors.txt")
    try:
        raise RecordingError(f"{recordings} cannot be read", got="P07", todo="ask annamaria")
    except RecordingError as error:
        error_log.record_error(error)
    return recordings


def test_no_name_of_anyone_or_anything_is_in_the_report(identifiable: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--report", "--recordings", str(identifiable)])
    assert done.exit_code == 0, done.output
    assert [name for name in NAMES if name in done.stdout] == []
    assert str(identifiable) not in done.stdout


def test_the_report_has_what_a_developer_needs(identifiable: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--report", "--recordings", str(identifiable)])
    report = done.stdout
    titles = [line for line in report.splitlines() if line and not line.startswith(" ")]
    assert titles == [
        "system", "packages", "recordings", "sound", "Bluetooth", "permissions", "devices", "last errors",
    ]  # fmt: skip
    assert f"  Python {platform.python_version()} " in report
    assert "  brainflow 5." in report
    assert "  outputs: 1\n" in report
    assert "  in reach: muse-2, lsl\n  Bluetooth is off\n" in report
    assert "  RecordingError" in report.rpartition("last errors")[2]
    assert "names no person" in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no access to /dev/ttyUSB0; 00:55:da:b0:1a:2b of sub-07 (18 / 20)",
         "no access to /dev/ttyUSB0; <address> of sub-... (18 / 20)"),
        ("in /srv/Study of Anna/x.edf", "in <path>"),
        ("in /Study of Anna/x.edf", "in <path>"),
        ("in C:\\Study of Anna\\z", "in <path>"),
        ("in ~/Study of Anna/b", "in <path>"),
        ("in \\\\server\\Study of Anna", "in <path>"),
        ("in /dev/shm/Study of Anna", "in <path>"),
        ("in /srv/a b\nValueError < io/open.py:7 read", "in <path>\nValueError < io/open.py:7 read"),
    ],
)  # fmt: skip
def test_paths_with_spaces_and_addresses_are_replaced_and_ports_stay(text: str, expected: str) -> None:
    assert anonymous(text, []) == expected.replace("\n", anonymous("\n", []))


def test_a_scan_that_finds_nothing_is_reported() -> None:
    assert list(describe_scan(ScanResult())) == ["in reach: -"]


@pytest.mark.skipif(sys.platform != "linux", reason="BlueZ")
def test_bluetooth_lists_adapters_and_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "bluetoothctl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho bluetoothctl: 5.66\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    (tmp_path / "sys/class/bluetooth/hci0").mkdir(parents=True)
    for number, (kind, soft) in enumerate((("wlan", "1"), ("bluetooth", "1"))):
        switch = tmp_path / f"sys/class/rfkill/rfkill{number}"
        switch.mkdir(parents=True)
        for name, value in (("type", kind), ("soft", soft), ("hard", "0")):
            (switch / name).write_text(value + "\n")
    assert list(report_bluetooth(tmp_path)) == [
        "BlueZ: 5.66",
        "adapters: hci0",
        "blocked by software: True, by a switch: False",
        "system bus: False",
    ]


def test_without_bluez_there_is_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_report.shutil, "which", lambda _: None)
    assert doctor_report._program_version("bluetoothctl") == "-"


def test_a_port_is_listed_without_its_number(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ttyUSB0").touch()
    assert "port ttyUSB: may be opened: True" in list(report_permissions(tmp_path))
