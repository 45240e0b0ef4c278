"""Settings files with the key names of version 0.1.0: each kind is read, with one line in the log."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

import pytest
import tomli_w

from neurofeedback.errors import SettingsError
from neurofeedback.settings import Settings, load
from neurofeedback.settings.renamed_keys import PROFILE_KEYS, SEGMENT_KEYS, WINDOW_KEYS
from neurofeedback.types import StreamInfo
from neurofeedback.ui.preferences import load_preferences
from tests.old_data import OLD

MUSE = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")


@pytest.fixture(autouse=True)
def _forget_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_noticed", set())


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize(("section", "names"), PROFILE_KEYS.items())
def test_every_new_profile_key_exists(section: str, names: dict[str, str]) -> None:
    fields = type(getattr(Settings(), section)).model_fields
    assert set(names.values()) <= set(fields)
    assert not set(names) & set(fields)


def test_profile_with_old_keys_is_read_with_one_notice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "old.toml"
    path.write_text('[audio]\nbed = "wind"\nbed_dbfs = -40.0\n[probes]\nasked = false\nanswer_s = 9.0\n')
    settings = load.load_settings(str(path))
    assert (settings.audio.background, settings.audio.background_lufs) == ("wind", -40.0)
    assert (settings.probes.enabled, settings.probes.timeout_s) == (False, 9.0)
    load.load_settings(str(path))
    (notice,) = warnings_in(caplog)
    assert "old.toml: audio.bed is now background, audio.bed_dbfs is now background_lufs" in notice
    assert notice.endswith("and 1 more")
    assert "\n" not in notice


def test_programme_with_old_keys_is_read_with_one_notice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "old.toml"
    path.write_text('name = "old"\ntitle = "Old"\nminutes = 5\n[[segments]]\nbed = "drone"\n')
    assert load.load_programme(str(path)).segments[0].background == "drone"
    (notice,) = warnings_in(caplog)
    assert notice.endswith("old.toml: segments.bed is now background")


def test_profile_saved_with_an_old_session_is_read_with_one_notice(caplog: pytest.LogCaptureFixture) -> None:
    saved = sorted(OLD.rglob("*_settings.toml"))
    assert saved
    for path in saved:
        old_keys = tomllib.loads(path.read_text(encoding="utf-8"))["settings"]
        assert load.read_profile(path).settings.audio.background == old_keys["audio"]["bed"]
    (notice,) = warnings_in(caplog)
    assert notice.startswith("old names in the settings saved with a session: ")


def test_every_old_key_of_a_saved_profile_is_read(tmp_path: Path) -> None:
    _, profile = load.resolve(Settings(), MUSE)
    document = profile.model_dump(mode="json", exclude_none=True)
    for section, names in PROFILE_KEYS.items():
        for old, new in names.items():
            document["settings"][section][old] = document["settings"][section].pop(new)
    path = tmp_path / "settings.toml"
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    assert load.read_profile(path) == profile


def test_window_settings_with_old_keys_are_read_with_one_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('version = 1\nbed = "file"\nbed_file = "/music/rain.wav"\n')
    problems: list[str] = []
    preferences = load_preferences(path, problems.append)
    assert not problems
    assert (preferences.background, preferences.background_file) == ("file", "/music/rain.wav")
    (notice,) = warnings_in(caplog)
    assert all(f"{old} is now {new}" in notice for old, new in WINDOW_KEYS.items())


def test_key_under_both_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "both.toml"
    path.write_text('[audio]\nbed = "wind"\nbackground = "rain"\n')
    with pytest.raises(SettingsError, match=r"unknown key audio\.bed"):
        load.load_settings(str(path))


def test_segment_keys_are_those_of_the_model() -> None:
    assert set(SEGMENT_KEYS.values()) <= set(load.load_programme("first").segments[0].model_dump())
