"""Settings files: shipped ones load, a person's own are strict, hostile ones end in one message."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.errors import SettingsError
from neurofeedback.settings import Evidence, Profile, Settings, load
from neurofeedback.types import StreamInfo
from tests.helpers import ROOT

MUSE = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")


def own_file(folder: Path, text: str) -> str:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load.load_settings(own_file(folder, text))
    return str(caught.value)


# --- the shipped files ---


@pytest.mark.parametrize("name", load.available("profiles"))
def test_shipped_profile_loads(name: str) -> None:
    assert load.load_settings(name).name == name


@pytest.mark.parametrize("name", load.available("montages"))
def test_shipped_montage_loads(name: str) -> None:
    montage = load.load_montage(name)
    assert montage.name == name
    assert len(montage.rows("frontal")) >= montage.min_valid
    assert len(montage.rows("posterior")) >= montage.min_valid


@pytest.mark.parametrize("name", load.available("evidence"))
def test_shipped_evidence_loads(name: str) -> None:
    assert load.load_evidence(name).name == name


def test_default_profile_equals_model_defaults() -> None:
    assert load.load_settings() == Settings()


# --- a person's own ---


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own settings."""
    monkeypatch.setattr(load, "user_folder", lambda: tmp_path)
    (tmp_path / "montages").mkdir()
    return tmp_path / "montages"


def test_user_montage_replaces_shipped_one_or_is_added(own: Path) -> None:
    shipped = (load.configs_folder() / "montages" / "cyton.toml").read_text(encoding="utf-8")
    (own / "cyton.toml").write_text(shipped.replace('"F3"', '"FC1"'), encoding="utf-8")
    (own / "mycap.toml").write_text(shipped.replace('"cyton"', '"mycap"'), encoding="utf-8")
    assert load.load_montage("cyton").ch_names[1] == "FC1"
    assert load.load_montage("mycap").ch_names[1] == "F3"
    assert {"mycap", "muse"} <= set(load.available("montages"))
    assert load.load_montage("muse").ch_names[0] == "TP9"


def test_error_in_user_montage_names_its_file(own: Path) -> None:
    (own / "cyton.toml").write_text('name = "cyton"\nch_nams = ["Fz"]\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load.load_montage("cyton")
    assert str(own / "cyton.toml") in str(caught.value)
    assert "unknown key ch_nams (did you mean ch_names?)" in str(caught.value)


def test_user_folder_is_in_the_config_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load.user_folder().name == "neurofeedback"


def test_the_example_in_the_documentation_is_a_montage(own: Path) -> None:
    page = ROOT / "docs" / "headsets.md"
    example = page.read_text(encoding="utf-8").split("```toml")[1].split("```")[0]
    (own / "cyton.toml").write_text(example, encoding="utf-8")
    assert load.load_montage("cyton").frontal == ("Fz", "FC1", "FC2")


def test_the_wheel_brings_its_own_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(load.configs_folder(), tmp_path / "configs")
    monkeypatch.setattr(load.resources, "files", lambda _: tmp_path)
    assert load.configs_folder() == tmp_path / "configs"
    assert "default" in load.available("profiles")


# --- a person's own file ---


def test_omitted_settings_keep_their_defaults(tmp_path: Path) -> None:
    settings = load.load_settings(own_file(tmp_path, "[phases]\npractice_s = 300\n"))
    assert settings.phases.practice_s == 300.0
    assert settings.gate == Settings().gate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[phases]\nsetle_s = 3", "unknown key phases.setle_s (did you mean settle_s?)"),
        ("[phase]\nsettle_s = 3", "unknown key phase (did you mean phases?)"),
        ("[phases]\nzzz = 3", "unknown key phases.zzz (known: settle_s, baseline_s"),
        ('"" = 3', 'unknown key "" (known: name, montage'),
        ("[phases]\nsettle_s = -1", "phases.settle_s = -1: Input should be greater than or equal to 1"),
        ("[phases]\nsettle_s = '3'", "phases.settle_s = '3': Input should be a valid number"),
        ("[phases]\nsettle_s = true", "phases.settle_s = True: Input should be a valid number"),
        ("[phases]\nsettle_s = nan", "phases.settle_s = nan: Input should be a finite number"),
        ("[phases]\nsettle_s = inf", "phases.settle_s = inf: Input should be a finite number"),
        ("[audio]\nbuffer_ms = 20.5", "audio.buffer_ms = 20.5: Input should be a valid integer"),
        ("[audio]\nbuffer_ms = 99999999999999999999999", "audio.buffer_ms = 99999999999999999999999: "),
        (
            "[audio]\nbackground = 'jazz'",
            "audio.background = 'jazz': Input should be 'rain', 'heavy_rain', 'wind', 'sea', 'stream', "
            "'night', 'drone', 'bowls', 'white', 'pink', 'brown' or 'file'",
        ),
        ("[filters]\nmains_hz = 55", "filters.mains_hz = 55: Input should be 'auto', 50 or 60"),
        ("[bands]\nbeta_hz = [28, 14]", "bands.beta_hz must be two rising frequencies within 0 to 60 Hz"),
        ("[bands]\nbeta_hz = [1, 2, 3]", "bands.beta_hz = [1, 2, 3]: "),
        ("[gate]\nblink_min_uv = 150", "gate.blink_min_uv is above gate.blink_max_uv"),
        ("[gate]\nemg_low_hz = 50", "gate.emg_low_hz is not below gate.emg_high_hz"),
        ("phases = 3", "phases = 3: Input should be an object"),
        ("name = '../../x'", "name = '../../x': String should match pattern"),
        (f"name = '{'a' * 5000}'", "name = 'aaaaaaaaaaaa...aaaaaaaaaaaaa': "),
    ],
)
def test_error_names_key_and_file(tmp_path: Path, text: str, expected: str) -> None:
    message = refusal(tmp_path, text)
    assert expected in message
    assert str(tmp_path / "own.toml") in message
    assert "doctor --settings" in message


def test_error_lists_every_mistake(tmp_path: Path) -> None:
    message = refusal(tmp_path, "[phases]\nsettle_s = -1\nbaseline_s = 'x'\n[audio]\nbackgrounds = 'rain'")
    assert all(key in message for key in ("phases.settle_s", "phases.baseline_s", "did you mean background?"))


def test_misspelt_profile_name_gets_a_suggestion() -> None:
    with pytest.raises(SettingsError, match=r"no such profile: got 'defualt'; .*did you mean default\?"):
        load.load_settings("defualt")


@pytest.mark.parametrize("name", ["", "zzz", "../montages/muse", "\0.toml", "none.toml", "a" * 5000 + ".toml"])
def test_unknown_profile_name_lists_the_profiles(name: str) -> None:
    with pytest.raises(SettingsError, match=r"no such profile.*allowed: default.*or the path of a \.toml file"):
        load.load_settings(name)


# --- hostile files ---


@pytest.mark.parametrize(
    "text",
    [
        "settle_s = ",
        "\ufeffname = 'x'",
        "name = 'x'\nname = 'y'",
        "a = " + "[" * 50_000,
        "a = " + "{b = " * 3000 + "1" + "}" * 3000,
        "[phases]\nsettle_s = " + "9" * 6000,
    ],
    ids=["cut", "byte-order-mark", "twice", "brackets", "tables", "digits"],
)
def test_invalid_toml_is_refused(tmp_path: Path, text: str) -> None:
    assert "own.toml is not a TOML file" in refusal(tmp_path, text)


def test_deeply_nested_tables_are_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(tmp_path, "a." * 3_000 + "b = 1")
    assert "nested too deeply" in refusal(tmp_path, "x = {" + "a." * 40_000 + "b = 1}")
    assert "nested too deeply" in refusal(tmp_path, "\n[" + '"a" . ' * 16_000 + "b]")


def test_large_file_is_refused(tmp_path: Path) -> None:
    assert "too large" in refusal(tmp_path, "#" * 100_001)


def test_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(bytes(range(256)))
    with pytest.raises(SettingsError, match=r"own.toml is not a TOML file: got a file that is not text .*; save it as"):
        load.load_settings(str(tmp_path / "own.toml"))


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_folder_and_fifo_are_refused(tmp_path: Path, make: object) -> None:
    path = tmp_path / "own.toml"
    make(path)  # pyright: ignore[reportCallIssue]
    with pytest.raises(SettingsError, match="no such profile"):
        load.load_settings(str(path))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: got No such file"):
        load.read_profile(tmp_path / "gone.toml")


@given(st.text(max_size=200))
def test_any_text_is_settings_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(SettingsError):
        assert isinstance(load.load_settings(own_file(Path(folder), text)), Settings)


# --- the resolved copy ---


def test_resolved_profile_survives_writing_and_reading(tmp_path: Path) -> None:
    _, profile = load.resolve(load.load_settings(), MUSE)
    path = tmp_path / "settings.toml"
    path.write_text(load.dump_profile(profile), encoding="utf-8")
    assert load.read_profile(path) == profile


def test_a_resolved_profile_is_checked_again(tmp_path: Path) -> None:
    _, profile = load.resolve(load.load_settings(), MUSE)
    path = tmp_path / "settings.toml"
    path.write_text(load.dump_profile(profile).replace("frontal = [", "frontal = []\n_ = ["), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"unknown key montage\._"):
        load.read_profile(path)


def test_places_inside_lists_are_named() -> None:
    data = {"name": "x", "features": [{"feature": "theta_frontal", "mu": 0, "between_sd": 1, "sorce": "y"}]}
    with pytest.raises(SettingsError, match=r"features\.0\.sorce \(did you mean source\?\)"):
        load.parse(Evidence, data, "own")


def test_a_profile_inside_a_profile_is_named() -> None:
    _, profile = load.resolve(Settings(), MUSE)
    data = profile.model_dump(mode="json")
    data["evidence"]["members"][0]["nam"] = "x"
    with pytest.raises(SettingsError, match=r"evidence\.members\.0\.nam \(did you mean name\?\)"):
        load.parse(Profile, data, "own")
