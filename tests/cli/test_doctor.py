"""Doctor: each thing that can be missing, with the line that mends it; every setting with unit and limits."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from collections import namedtuple
from pathlib import Path

import miniaudio
import pytest
from typer.testing import CliRunner

from neurofeedback.cli.commands import doctor as diagnostics
from neurofeedback.cli.commands.doctor import RequirementStatus
from neurofeedback.cli.main import app
from neurofeedback.settings import Settings


def doctor(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["doctor", *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def test_all_requirements_are_met_here(tmp_path: Path) -> None:
    out = doctor("--recordings", str(tmp_path))
    assert "missing " not in out
    for name in ("python", "brainflow", "pyqt6", "recordings", "display", "window libraries", "sound", "serial"):
        assert f"  {name} " in out


def test_json_lists_the_same_diagnostics(tmp_path: Path) -> None:
    rows = json.loads(doctor("--json", "--recordings", str(tmp_path)))
    assert {row["need"] for row in rows} <= {"ok", "optional"}
    assert all(row["fix"] for row in rows if row["need"] != "ok")


def test_missing_requirement_gives_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = doctor("--recordings", str(tmp_path / "file" / "inside"), code=2)
    assert "-> pass --recordings DIR" in out


# --- settings ---


def test_every_setting_is_listed_with_its_limits() -> None:
    out = doctor("--settings")
    assert "phases.settle_s = 30.0  (number, 1 to 600)\n    length of settling, s\n" in out
    assert "filters.mains_hz = auto  (auto, 50, 60)" in out
    assert "bands.beta_hz = [14.0, 28.0]  (2 numbers)" in out
    assert "  (names, in brackets)\n    questionnaires before a session" in out


def test_the_list_of_settings_is_complete() -> None:
    listed = {row["name"]: row["default"] for row in json.loads(doctor("--settings", "--json"))}
    nested = Settings().model_dump(mode="json")
    flat = {key: value for key, value in nested.items() if not isinstance(value, dict)}
    for section, values in nested.items():
        if isinstance(values, dict):
            flat |= {f"{section}.{key}": value for key, value in values.items()}
    assert listed == flat


# --- single checks ---


@pytest.mark.parametrize(
    ("requirement", "need", "found"),
    [
        ("numpy>=2", RequirementStatus.OK, ""),
        ("numpy>=999", RequirementStatus.MISSING, "not >=999"),
        ("no-such-package>=1", RequirementStatus.MISSING, "not installed"),
    ],
)
def test_packages_are_compared_with_requirements(requirement: str, need: RequirementStatus, found: str) -> None:
    (check,) = diagnostics.check_packages([requirement])
    assert check.status is need
    assert found in check.finding
    assert (requirement in check.fix) == (need is not RequirementStatus.OK)


def test_packages_for_other_systems_and_extras_are_left_out() -> None:
    assert list(diagnostics.check_packages(["a; sys_platform == 'nowhere'", "b; extra == 'dask'"])) == []


def test_source_tree_that_was_never_installed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", nothing)
    monkeypatch.setattr(importlib.metadata, "version", nothing)
    (check,) = [check for check in diagnostics.run_diagnostics(tmp_path) if check.name == diagnostics.DISTRIBUTION]
    assert check.status is RequirementStatus.MISSING


def test_check_does_not_create_the_recordings_folder(tmp_path: Path) -> None:
    check = diagnostics.check_recordings(tmp_path / "new" / "recordings")
    assert (check.status, list(tmp_path.iterdir())) == (RequirementStatus.OK, [])


def test_a_full_disk_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(diagnostics.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    check = diagnostics.check_recordings(tmp_path)
    assert check.status is RequirementStatus.MISSING
    assert "free disk space" in check.fix


@pytest.mark.parametrize(("there", "need"), [(True, RequirementStatus.OK), (False, RequirementStatus.OPTIONAL)])
def test_a_display_is_optional(there: bool, need: RequirementStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "has_display", lambda: there)
    assert diagnostics.check_display().status is need


@pytest.mark.parametrize(
    ("missing", "need"), [([], RequirementStatus.OK), (["libegl1", "libgl1"], RequirementStatus.OPTIONAL)]
)
def test_window_libraries_name_their_packages(
    missing: list[str], need: RequirementStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "missing_window_packages", lambda: missing)
    check = diagnostics.check_window_libraries()
    assert check.status is need
    assert " ".join(missing) in check.fix


class Sound:
    def __init__(self, answer: list[dict[str, str]] | miniaudio.MiniaudioError) -> None:
        self.answer = answer

    def get_playbacks(self) -> list[dict[str, str]]:
        if isinstance(self.answer, miniaudio.MiniaudioError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "need", "found"),
    [
        ([{"name": "Headphones", "id": 1}], RequirementStatus.OK, "Headphones"),
        ([], RequirementStatus.OPTIONAL, "no real sound device"),
        ([{"name": "Discard all samples (playback)", "id": 1}], RequirementStatus.OPTIONAL, "no real sound device"),
        (miniaudio.MiniaudioError("can't get device info"), RequirementStatus.OPTIONAL, "can't get device info"),
    ],
)
def test_sound_is_optional(
    answer: list[dict[str, str]] | miniaudio.MiniaudioError,
    need: RequirementStatus,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(miniaudio, "Devices", lambda _: Sound(answer))
    check = diagnostics.check_sound()
    assert check.status is need
    assert found in check.finding


def test_unloadable_sound_library_is_reported_like_a_missing_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    check = diagnostics.check_sound()
    assert check.status is RequirementStatus.OPTIONAL
    assert "miniaudio" in check.finding


def test_bluetooth_wants_an_adapter_and_a_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert "plug one in" in diagnostics.check_bluetooth(tmp_path).fix
    (tmp_path / "sys/class/bluetooth/hci0").mkdir(parents=True)
    assert "install bluez" in diagnostics.check_bluetooth(tmp_path).fix
    (tmp_path / "run/dbus").mkdir(parents=True)
    (tmp_path / "run/dbus/system_bus_socket").touch()
    assert diagnostics.check_bluetooth(tmp_path).status is RequirementStatus.OK
    monkeypatch.setattr(sys, "platform", "darwin")
    assert diagnostics.check_bluetooth(tmp_path).finding == "not checked on this system"


def test_a_dongle_without_the_right_to_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert diagnostics.check_serial(tmp_path).status is RequirementStatus.OK
    port = tmp_path / "dev" / "ttyUSB0"
    port.parent.mkdir()
    port.touch()
    assert diagnostics.check_serial(tmp_path).finding == str(port)
    monkeypatch.setattr(os, "access", lambda *_: False)
    check = diagnostics.check_serial(tmp_path)
    assert check.status is RequirementStatus.OPTIONAL
    assert "usermod -aG dialout" in check.fix
