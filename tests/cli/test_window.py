"""What the window is handed: folder, devices, practices, who sat last, and the sitting asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurofeedback.cli.helpers import common, window
from neurofeedback.errors import SettingsError
from neurofeedback.session.config import SessionConfig
from neurofeedback.ui import app_main
from neurofeedback.ui.app_state import AppDefaults


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[AppDefaults]:
    """Every set of defaults the window was opened with."""
    seen: list[AppDefaults] = []

    def run_app(_launch: object, defaults: AppDefaults) -> int:
        seen.append(defaults)
        return 7

    monkeypatch.setattr(window, "require_window", lambda: None)
    monkeypatch.setattr(app_main, "run_app", run_app)
    return seen


def test_the_window_is_handed_what_the_command_line_knows(handed: list[AppDefaults], tmp_path: Path) -> None:
    (tmp_path / "sub-anna" / "ses-20260101T080000").mkdir(parents=True)
    assert window.open_window(tmp_path) == 7
    (defaults,) = handed
    assert (defaults.recordings, defaults.participant, defaults.request) == (tmp_path, "anna", None)
    assert "default" in defaults.profiles
    names = [choice.name for choice in defaults.devices]
    assert names[0] == "simulated"
    assert {"muse-2", "cyton:PORT"} <= set(names)


def test_requested_session_begins_at_once(handed: list[AppDefaults], tmp_path: Path) -> None:
    request = SessionConfig("simulated", tmp_path)
    window.open_window(tmp_path, request)
    assert handed[0].request == request


def test_no_window_is_opened_where_none_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "has_display", lambda: False)
    with pytest.raises(SettingsError, match="a window cannot open here"):
        window.open_window()
