"""Where recordings go, who sits, and whether a window can open."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import platformdirs
import pytest

from neurofeedback.cli.helpers import common
from neurofeedback.errors import SettingsError
from tests.helpers import ROOT


@pytest.fixture
def no_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "checkout", lambda: None)


def test_a_chosen_folder_wins(tmp_path: Path) -> None:
    assert common.recordings_folder(tmp_path) == tmp_path


def test_recordings_folder_of_a_checkout() -> None:
    root = ROOT
    assert common.checkout() == root
    assert common.recordings_folder() == root / "recordings"


def test_an_installed_package_is_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "_PACKAGE", tmp_path / "site-packages" / "neurofeedback")
    assert common.checkout() is None


@pytest.mark.usefixtures("no_checkout")
def test_a_folder_here_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recordings").mkdir()
    monkeypatch.chdir(tmp_path)
    assert common.recordings_folder() == tmp_path / "recordings"


@pytest.mark.usefixtures("no_checkout")
def test_documents_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_documents_path", lambda: tmp_path / "Documents")
    assert common.recordings_folder() == tmp_path / "Documents" / "neurofeedback"


def test_the_first_participant_is_01(tmp_path: Path) -> None:
    assert common.last_participant(tmp_path) == "01"
    assert common.last_participant(tmp_path / "not there") == "01"


def test_the_last_participant_has_the_newest_session(tmp_path: Path) -> None:
    for session in ("sub-b/ses-20260101T080000", "sub-a/ses-20260102T080000", "sub-c/ses-20251231T235959"):
        (tmp_path / session).mkdir(parents=True)
    (tmp_path / "derivatives/neurofeedback/sub-d/ses-20270101T080000").mkdir(parents=True)
    assert common.last_participant(tmp_path) == "a"


# --- a window ---


@pytest.fixture
def bare_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(common, "WINDOW_LIBRARIES", {"libnothing.so.9": "libnothing9", "libless.so.1": "libless1"})


@pytest.mark.usefixtures("bare_linux")
def test_without_a_display_the_terminal_is_offered() -> None:
    with pytest.raises(SettingsError, match=r"no display.*--headless"):
        common.require_window()


@pytest.mark.usefixtures("bare_linux")
def test_missing_libraries_come_with_the_line_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(SettingsError, match=r"2 missing.*sudo apt-get install libnothing9 libless1"):
        common.require_window()


@pytest.mark.usefixtures("bare_linux")
def test_libraries_within_a_bundle_are_not_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "libnothing.so.9").touch()
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert common.missing_window_packages() == ["libless1"]


@pytest.mark.usefixtures("bare_linux")
def test_a_window_may_open_where_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setattr(common, "WINDOW_LIBRARIES", {})
    common.require_window()


@pytest.mark.usefixtures("bare_linux")
def test_other_systems_always_have_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    common.require_window()


# --- JSON ---


def test_json_is_one_document_of_utf_8(capsys: pytest.CaptureFixture) -> None:
    common.print_json({"unit": "µV", "none": None})
    assert json.loads(capsys.readouterr().out) == {"unit": "µV", "none": None}


def test_json_never_holds_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        common.print_json({"x": float("nan")})
