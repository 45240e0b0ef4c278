"""``devices --scan``, and which device ``train`` takes when none is named."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurofeedback.acquisition import discovery
from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult
from neurofeedback.cli.helpers.common import last_device
from neurofeedback.cli.helpers.select_device import prompt_for_device, select_device
from neurofeedback.cli.main import app
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import SettingsError

MUSE, CYTON = FoundDevice("muse-2", "Muse-1A2B, -60 dBm"), FoundDevice("cyton:/dev/ttyUSB0", "OpenBCI, firmware v3.1.1")
OFF = "Bluetooth is off: switch it on."
BOTH = ScanResult((MUSE, CYTON), (OFF,))


# --- devices --scan ---


def devices(monkeypatch: pytest.MonkeyPatch, findings: ScanResult, *arguments: str) -> tuple[str, list[str]]:
    asked: list[str] = []
    monkeypatch.setattr(discovery, "scan", lambda ports: (asked.extend(ports), findings)[1])
    done = CliRunner().invoke(app, ["devices", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout, asked


def test_a_scan_prints_what_to_type_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = devices(monkeypatch, BOTH, "--scan")
    assert [line.split()[0] for line in out.splitlines()] == ["muse-2", "cyton:/dev/ttyUSB0", "-"]
    assert OFF in out


def test_empty_scan_explains_what_headsets_need(monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = devices(monkeypatch, ScanResult(), "--scan")
    assert "No headset was found" in out
    assert "docs/headsets.md" in out


def test_a_scan_is_one_json_document(monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = devices(monkeypatch, BOTH, "--scan", "--json")
    document = json.loads(out)
    assert document["found"][1] == {"device": CYTON.device, "about": CYTON.about}
    assert document["hindrances"] == [OFF]


def test_a_port_that_is_named_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices(monkeypatch, BOTH, "--port", "COM7", "--port", "/dev/ttyS1")[1] == ["COM7", "/dev/ttyS1"]


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
def test_the_emulated_muse_and_cyton_are_found_by_one_command() -> None:
    muse = EmulatedMuse(MuseHeadband(alpha_rhythm(4, 256.0, seed=1)))
    with muse, EmulatedCyton(CytonFirmware(alpha_rhythm(8, 250.0, seed=1))) as cyton:
        command = [sys.executable, "-m", "neurofeedback", "devices", "--scan", "--port", cyton.port, "--json"]
        env = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": muse.address}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    found = [one["device"] for one in json.loads(done.stdout)["found"]]
    assert found[:2] == ["muse-2", f"cyton:{cyton.port}"]
    assert "Traceback" not in done.stderr


# --- no --device ---


def never(*_: object) -> ScanResult:
    return pytest.fail("looked for devices")


def first(found: tuple[FoundDevice, ...]) -> str:
    return found[0].device


def nobody(_: object) -> str:
    return ""


def session(recordings: Path, participant: str, when: str, device: str) -> Path:
    folder = recordings / "derivatives" / "neurofeedback" / f"sub-{participant}" / f"ses-{when}"
    folder.mkdir(parents=True)
    start = folder / f"sub-{participant}_ses-{when}_task-meditation_start.json"
    stream = {"device": device, "sfreq": 256.0, "ch_names": ["TP9"]}
    document = {"stream": stream, "columns": [], "started": "2026-11-22T09:15:00+00:00", "start": {}}
    start.write_text(json.dumps(document), encoding="utf-8")
    return start


def test_the_last_device_is_that_of_the_newest_session_of_anybody(tmp_path: Path) -> None:
    session(tmp_path, "b", "20260101T080000", "synthetic")
    session(tmp_path, "a", "20260102T080000", "muse-2")
    session(tmp_path, "c", "20251231T235959", "ganglion")
    assert last_device(tmp_path) == "muse-2"
    assert select_device(tmp_path, scan=never) == "muse-2"


def test_without_a_session_or_with_a_damaged_one_no_device_is_the_last(tmp_path: Path) -> None:
    assert last_device(tmp_path / "not there") == ""
    session(tmp_path, "a", "20260102T080000", "muse-2").write_text("{", encoding="utf-8")
    assert last_device(tmp_path) == ""


def test_only_device_found_is_used_and_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert select_device(tmp_path, scan=lambda: ScanResult((CYTON,), (OFF,)), prompt=never) == CYTON.device
    printed = capsys.readouterr()
    assert f"Device: {CYTON.device} ({CYTON.about})" in printed.err
    assert OFF in printed.err
    assert printed.out == ""


def test_of_several_the_person_picks(tmp_path: Path) -> None:
    assert select_device(tmp_path, scan=lambda: BOTH, prompt=first) == MUSE.device


@pytest.mark.parametrize(
    ("findings", "message"), [(BOTH, "muse-2, cyton:/dev/ttyUSB0"), (ScanResult(), "got 0 in reach")]
)
def test_device_question_without_terminal_is_an_error(findings: ScanResult, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"{message}.*--device NAME"):
        select_device(tmp_path, scan=lambda: findings, prompt=nobody)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch):
    def begin(line: str) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal(line))
        monkeypatch.setattr(sys, "stderr", Terminal())

    return begin


@pytest.mark.parametrize(
    ("typed", "device"),
    [
        ("2\n", CYTON.device),
        (" 1 \n", MUSE.device),
        ("simulated:3\n", "simulated:3"),
        ("3\n", "3"),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_person_types_a_number_or_any_name(typed: str, device: str, typing) -> None:
    typing(typed)
    assert prompt_for_device((MUSE, CYTON)) == device
    assert "2  cyton:/dev/ttyUSB0" in sys.stderr.getvalue()


def test_no_question_is_asked_without_terminal(typing, monkeypatch: pytest.MonkeyPatch) -> None:
    typing("1\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    assert prompt_for_device((MUSE, CYTON)) == ""


def test_train_uses_the_last_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "scan", never)
    line = ["train", "--headless", "--audio", "none", "--minutes", "0.5", "--recordings", str(tmp_path)]
    first_time = CliRunner().invoke(app, [*line, "--fast", "--device", "simulated:3"])
    again = CliRunner().invoke(app, [*line, "--fast"])
    assert (first_time.exit_code, again.exit_code) == (0, 0), again.output
    assert "Device: simulated:3, as last time" in again.stderr
    starts = sorted(tmp_path.glob("derivatives/neurofeedback/sub-01/ses-*/*_start.json"))
    assert [json.loads(start.read_text())["stream"]["device"] for start in starts] == ["simulated:3"] * 2


def test_train_without_any_device_ends_with_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "scan", lambda: BOTH)
    done = CliRunner().invoke(app, ["train", "--headless", "--recordings", str(tmp_path)])
    assert isinstance(done.exception, SettingsError)
    assert list(tmp_path.iterdir()) == []
