"""Tests of the remembered choices, also from damaged files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.session.config import SettingOverride
from neurofeedback.ui.app_state import (
    AppDefaults,
    AppState,
    DeviceChoice,
    ProgrammeChoice,
    load_state,
    save_state,
    state_path,
)
from neurofeedback.ui.preferences import Preferences

SHORT = ProgrammeChoice("short", "Short", 5.0)
DEFAULTS = AppDefaults(Path("recordings"), (DeviceChoice("muse-2"), DeviceChoice("simulated")), (SHORT,))
PREFERENCES = Preferences()
CHOSEN = AppState("muse-2", 35, "07", "", claims_seen=True, time_shown=False, facts_shown=True, volume_db=-3.0)


def test_saved_state_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "app.json"
    save_state(path, CHOSEN)
    assert load_state(path) == CHOSEN
    assert [p.name for p in path.parent.iterdir()] == ["app.json"]


def test_missing_state_file_gives_defaults(tmp_path: Path) -> None:
    assert load_state(tmp_path / "none.json") == AppState()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00\xff", "[" * 50_000, "{" + " " * 200_000])
def test_damaged_state_file_gives_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "app.json"
    path.write_text(text, encoding="utf-8")
    assert load_state(path) == AppState()


def test_undecodable_state_file_gives_defaults(tmp_path: Path) -> None:
    path = tmp_path / "app.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert load_state(path) == AppState()


def test_state_fields_of_a_wrong_type_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "app.json"
    stored = {"device": 3, "minutes": 999, "participant": "P1", "claims_seen": 1, "programme": None, "unheard_of": True}
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert load_state(path) == AppState(participant="P1")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["device", "minutes", "programme", "claims_seen", "x"]), json_values))
def test_any_json_loads_without_an_error(tmp_path_factory: pytest.TempPathFactory, stored: dict[str, object]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert 0 <= load_state(path).minutes <= 180


def test_unwritable_folder_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    save_state(tmp_path / "file" / "app.json", CHOSEN)
    assert "could not be remembered" in caplog.text


def test_empty_state_fields_are_filled_from_defaults() -> None:
    filled = AppState(programme="gone").with_defaults(DEFAULTS)
    assert (filled.device, filled.participant, filled.programme) == ("", "01", "")
    demo = filled.request(DEFAULTS, PREFERENCES)
    assert (demo.device, demo.participant) == ("simulated", "demo")


@pytest.mark.parametrize(
    ("chosen", "recorded_with", "last", "device"),
    [
        ("", "", "muse-2", "muse-2"),
        ("muse-2", "muse-2", "ganglion", "ganglion"),
        ("cyton:COM3", "muse-2", "muse-2", "cyton:COM3"),
        ("muse-2", "muse-2", "simulated:1", "muse-2"),
        ("", "", "simulated", ""),
    ],
)
def test_newest_recorded_headset_of_window_or_command_line_is_chosen(
    chosen: str, recorded_with: str, last: str, device: str
) -> None:
    filled = AppState(chosen, recorded_with=recorded_with).with_defaults(replace(DEFAULTS, last_device=last))
    assert filled.device == device
    assert AppState(programme="short").with_defaults(DEFAULTS).programme == "short"


def test_state_and_preferences_give_a_session_config() -> None:
    request = CHOSEN.request(DEFAULTS, PREFERENCES)
    assert (request.device, request.participant, request.profile, request.minutes) == ("muse-2", "07", "default", 35.0)
    asked_by_default = tuple(
        SettingOverride("probes", name, value=False, unless_set=True) for name in ("ask_sure", "ask_sleepy")
    )
    assert request.settings_overrides == asked_by_default
    assert AppState(minutes=0).with_defaults(DEFAULTS).request(DEFAULTS, PREFERENCES).minutes is None
    assert replace(CHOSEN, programme="short").request(DEFAULTS, PREFERENCES).minutes is None


def test_state_file_is_in_the_users_configuration_folder() -> None:
    assert state_path().name == "app.json"
    assert "neurofeedback" in str(state_path())


@pytest.mark.parametrize(
    ("device", "with_switch"),
    [
        ("muse-2", "muse-2:ppg"),
        ("muse-s", "muse-s:ppg"),
        ("muse-s:ppg", "muse-s:ppg"),
        ("brainflow:muse-2:serial_number=Muse-1", "brainflow:muse-2:serial_number=Muse-1,ppg"),
        ("brainflow:muse-2:serial_number=Muse-1,ppg", "brainflow:muse-2:serial_number=Muse-1,ppg"),
        ("muse-s-athena", "muse-s-athena"),
        ("muse-2016", "muse-2016"),
        ("cyton:/dev/ttyUSB0", "cyton:/dev/ttyUSB0"),
    ],
)
def test_the_switch_turns_on_the_pulse_sensor_where_it_costs_radio_time(device: str, with_switch: str) -> None:
    chosen = replace(CHOSEN, device=device)
    assert chosen.request(DEFAULTS, PREFERENCES).device == device
    assert chosen.request(DEFAULTS, replace(PREFERENCES, pulse=True)).device == with_switch


def test_a_recording_with_pulse_does_not_turn_the_switch_on() -> None:
    defaults = replace(DEFAULTS, last_device="muse-2:ppg")
    assert AppState().with_defaults(defaults).device == "muse-2"
