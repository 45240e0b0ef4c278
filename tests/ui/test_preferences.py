"""Tests of the window's settings file: strict, written atomically, never lost."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.session.config import SessionConfig, SettingOverride
from neurofeedback.session.setup import session_settings
from neurofeedback.settings.model import Settings
from neurofeedback.ui.preferences import CHOICES, VERSION, Preferences, load_preferences, save_preferences

CHANGED = Preferences(
    theme="light", large_type=True, reduced_motion=True, picture="ring", background="wind", ceiling_dbfs=-24.0,
    sound_device="USB", drowsiness_shimmer=True, probes="rare", learn_live=True, baseline="own", recordings="/r",
    lsl_out="machine", osc_out="9000", pulse=True,
)  # fmt: skip


def test_saved_preferences_are_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    save_preferences(path, CHANGED)
    assert load_preferences(path, pytest.fail) == CHANGED
    assert tomllib.loads(path.read_text())["version"] == VERSION


def test_missing_preferences_file_gives_defaults(tmp_path: Path) -> None:
    assert load_preferences(tmp_path / "none.toml", pytest.fail) == Preferences()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("version = 99\ntheme = 'light'\n", "version 99"),
        ("version = 1\ntheme = 'li", "Unterminated|Expected|Illegal"),
        ("version = 1\ncolour = 'red'\n", "no setting colour"),
        ("version = 1\ntheme = 'pink'\n", "theme cannot be 'pink'"),
        ("version = 1\nceiling_dbfs = 3.0\n", "ceiling_dbfs cannot be 3.0"),
        ("version = 1\nlarge_type = 1\n", "large_type cannot be 1"),
        ("", "version None"),
        ("#" * 200_000, "too large"),
    ],
)
def test_invalid_preferences_file_is_reported_and_renamed(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    notices: list[str] = []
    assert load_preferences(path, notices.append) == Preferences()
    assert len(notices) == 1
    assert any(part in notices[0] for part in reason.split("|")), notices
    save_preferences(path, Preferences())
    assert (tmp_path / "settings.toml.unused").read_text() == text, "nothing in it is lost"


def test_undecodable_preferences_file_is_renamed(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert load_preferences(path, lambda _: None) == Preferences()
    assert (tmp_path / "settings.toml.unused").read_bytes() == b"\xff\xfe\x00"


def test_unwritable_folder_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    save_preferences(tmp_path / "file" / "settings.toml", CHANGED)
    assert "could not be saved" in caplog.text


ALL_QUESTIONS = Preferences(ask_sure=True, ask_sleepy=True)
ASKED = tuple(SettingOverride("probes", name, value=True) for name in ("ask_sure", "ask_sleepy"))


def test_default_preferences_ask_one_question_and_change_nothing_else_in_the_profile() -> None:
    one_question = tuple(replace(asked, value=False, unless_set=True) for asked in ASKED)
    assert Preferences().settings_overrides() == one_question
    assert ALL_QUESTIONS.settings_overrides() == ASKED


@pytest.mark.parametrize("profile_asks", [None, False, True])
@pytest.mark.parametrize("chosen", [False, True])
def test_more_questions_are_asked_where_the_method_or_the_person_wants_them(
    profile_asks: bool | None, chosen: bool
) -> None:
    profile = Settings.model_validate({} if profile_asks is None else {"probes": {"ask_sleepy": profile_asks}})
    overrides = replace(ALL_QUESTIONS, ask_sleepy=chosen).settings_overrides()
    probes = session_settings(profile, SessionConfig("simulated", Path("x"), settings_overrides=overrides)).probes
    assert probes.ask_sleepy is (chosen or bool(profile_asks))


def test_own_sound_file_applies_only_when_chosen() -> None:
    assert replace(ALL_QUESTIONS, background="file").settings_overrides() == ASKED
    assert replace(ALL_QUESTIONS, background_file="x.wav").settings_overrides() == ASKED
    chosen = replace(ALL_QUESTIONS, background="file", background_file="x.wav")
    assert chosen.settings_overrides() == (
        SettingOverride("audio", "background", "file"),
        SettingOverride("audio", "background_file", "x.wav"),
        *ASKED,
    )


def test_preferences_reach_the_session_settings() -> None:
    settings = session_settings(
        Settings(), SessionConfig("simulated", Path("x"), settings_overrides=CHANGED.settings_overrides())
    )
    audio = settings.audio
    assert (audio.background, audio.ceiling_dbfs, audio.device, audio.drowsiness_shimmer) == (
        "wind",
        -24.0,
        "USB",
        True,
    )
    assert settings.baseline.feedback_source == "own"


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_every_choice_is_valid_in_a_profile(name: str) -> None:
    for value in CHOICES[name]:
        changed = replace(Preferences(), **{name: value}, background_file="x.wav")
        session_settings(
            Settings(), SessionConfig("simulated", Path("x"), settings_overrides=changed.settings_overrides())
        )


@given(st.dictionaries(st.sampled_from(sorted(asdict(Preferences()))), st.booleans() | st.integers() | st.text()))
def test_any_values_load_without_an_error(tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]) -> None:
    import tomli_w  # only here

    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(tomli_w.dumps({"version": VERSION, **values}).encode("utf-8", "replace"))
    load_preferences(path, lambda _: None).settings_overrides()


def test_settings_of_version_0_1_0_are_read_with_a_notice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('version = 1\nbed = "file"\nbed_file = "/sounds/sea.flac"\n', encoding="utf-8")
    preferences = load_preferences(path, pytest.fail)
    assert (preferences.background, preferences.background_file) == ("file", "/sounds/sea.flac")
    assert [record.getMessage().count("old names") for record in caplog.records] == [1]
    assert "background_file" in caplog.text


def test_old_value_of_the_probe_interval_is_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('version = 1\nprobes = "usual"\n', encoding="utf-8")
    assert load_preferences(path, pytest.fail) == Preferences()
