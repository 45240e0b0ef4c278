"""The sound section of the settings page: values, previews, and one sentence where nothing is heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PyQt6.QtWidgets import QCheckBox, QLineEdit, QSlider
from pytestqt.qtbot import QtBot

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.sink import Bell, Sink
from neurofeedback.audio.voice import Utterance
from neurofeedback.errors import SourceError
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.session.config import SettingOverride
from neurofeedback.settings.audio_feedback import AudioSettings, FeedbackSettings
from neurofeedback.texts import sound
from neurofeedback.types import BackgroundMode, Guidance
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.sound.sound_preview import Preview, SoundPreview
from neurofeedback.ui.widgets.sound_section import PREVIEWS, SoundSection

NEUTRAL_GAIN = GuidanceMapper(FeedbackSettings(), 0.25).neutral_gain


class Played:
    """A sound output that notes what it is asked for."""

    description = "test"
    underruns = 0

    def __init__(self, settings: AudioSettings) -> None:
        self.settings = settings
        self.calls: list[object] = []

    def start(self) -> None:
        self.calls.append("start")

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        self.calls += [guidance, guidance.background]

    def ring(self, bell: Bell, at_s: float) -> None:
        self.calls.append(bell)

    def speak(self, utterance: Utterance, at_s: float) -> None:
        self.calls.append(utterance.sentence)

    def hush(self, at_s: float) -> None: ...

    def set_volume_db(self, volume_db: float, at_s: float) -> None: ...

    def mute(self, on: bool, at_s: float) -> None: ...

    def set_background(self, background: str, at_s: float) -> None: ...

    def stop(self, at_s: float) -> None:
        self.calls.append("stop")


def over(preview: SoundPreview) -> None:
    """Wait until a preview is over."""
    assert preview._playing is not None
    assert preview._playing.over.wait(30)


def preview_into(played: list[Played]) -> SoundPreview:
    def open_output(_spec: str, settings: AudioSettings, _notify: Callable[[str], None]) -> Sink:
        played.append(Played(settings))
        return played[-1]

    return SoundPreview(open_output=open_output, seconds=0.25)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("background_db", Guidance(immediate=True, fallback_gain=NEUTRAL_GAIN)),
        ("tone_timbre", Guidance(1.0, 1.0, immediate=True, ripple=1.0, fallback_gain=NEUTRAL_GAIN)),
        ("calm_sign", Guidance(calm=True)),
        ("bells_db", Bell.PROBE),
        ("voice", "sound_voice"),
        ("unclear", BackgroundMode.NEUTRAL),
    ],
)
def test_each_button_plays_its_sound_with_the_chosen_settings(qtbot: QtBot, name: str, expected: object) -> None:
    played: list[Played] = []
    preview = preview_into(played)
    section = SoundSection(lambda **_values: None, preview)
    qtbot.addWidget(section)
    section.show_preferences(Preferences(background="sea", tone_timbre="bowl", background_db=-6.0))
    section.buttons[name].click()  # type: ignore[attr-defined]
    over(preview)
    assert expected in played[0].calls
    assert (played[0].calls[0], played[0].calls[-1]) == ("start", "stop")
    settings = played[0].settings
    assert (settings.background, settings.tone_timbre, settings.background_lufs) == ("sea", "bowl", -39.0)
    assert set(section.buttons) == set(PREVIEWS)


def test_a_preview_that_fails_ends_its_sound_output(qtbot: QtBot) -> None:
    class Refusing(Played):
        def speak(self, utterance: Utterance, at_s: float) -> None:
            raise SourceError("the sound output is gone")

    played: list[Refusing] = []

    def open_output(_spec: str, settings: AudioSettings, _notify: Callable[[str], None]) -> Sink:
        played.append(Refusing(settings))
        return played[-1]

    preview = SoundPreview(open_output=open_output, seconds=0.25)
    with qtbot.waitSignal(preview.notified) as notified:
        preview.play((), Preview(sentence="sound_voice"))
    assert preview._playing is not None
    assert preview._playing.over.wait(30)
    assert notified.args == ["the sound output is gone."]
    assert played[0].calls == ["start", "stop"]


@pytest.mark.parametrize("without", ["silence", "error"])
def test_without_a_sound_output_one_sentence_says_so(qtbot: QtBot, without: str) -> None:
    def open_output(_spec: str, _settings: AudioSettings, notify: Callable[[str], None]) -> Sink:
        if without == "error":
            raise SourceError("no sound device", got="none")
        notify(sound.NO_DEVICE)
        return NullSink()

    preview = SoundPreview(open_output=open_output, seconds=0.25)
    section = SoundSection(lambda **_values: None, preview)
    qtbot.addWidget(section)
    section.play("background_db")
    over(preview)
    qtbot.waitUntil(lambda: bool(section.notice.text()))
    assert section.notice.text() == (sound.NO_DEVICE if without == "silence" else "no sound device: got none.")


def test_fields_change_the_preferences_and_show_them_without_changing_them(qtbot: QtBot) -> None:
    changed: dict[str, object] = {}
    section = SoundSection(changed.update, preview_into([]))
    qtbot.addWidget(section)
    section.show_preferences(Preferences(calm_db=-9.0, voice=True, voice_language="de"))
    assert changed == {}
    check, slider = section.fields["calm_sign"], section.fields["tone_db"]
    assert isinstance(check, QCheckBox)
    assert isinstance(slider, QSlider)
    check.click()
    slider.setValue(-6)
    assert changed == {"calm_sign": True, "tone_db": -6.0}
    assert all(field.accessibleName() for field in section.fields.values())


def test_language_that_is_none_is_refused_where_it_is_typed(qtbot: QtBot) -> None:
    changed: dict[str, object] = {}
    section = SoundSection(changed.update, preview_into([]))
    qtbot.addWidget(section)
    section.show_preferences(Preferences(voice_language="de"))
    field = section.fields["voice_language"]
    assert isinstance(field, QLineEdit)
    field.setText("German")
    field.editingFinished.emit()
    assert "German is none. It stays de." in section.notice.text()
    assert changed == {}
    field.setText("")
    field.editingFinished.emit()
    assert changed == {"voice_language": ""}  # that of the texts


def test_settings_that_cannot_be_played_are_named_in_the_program_s_words(qtbot: QtBot) -> None:
    section = SoundSection(lambda **_values: None, preview := preview_into([]))
    qtbot.addWidget(section)
    section.show_preferences(Preferences(voice=True, voice_language="German"))
    section.play("voice")
    over(preview)
    qtbot.waitUntil(lambda: bool(section.notice.text()))
    assert "the sound settings of the window cannot be used" in section.notice.text()
    assert "validation error" not in section.notice.text()


def test_preview_with_the_same_sound_goes_on_in_its_output(qtbot: QtBot) -> None:
    played: list[Played] = []
    preview = preview_into(played)
    for share in (0.0, 0.5, 1.0):
        preview.play((), Preview(share))
    over(preview)
    assert len(played) == 1
    preview.play((), Preview())
    over(preview)
    assert len(played) == 2


def test_preferences_become_settings_of_the_session() -> None:
    preferences = Preferences(background_db=-6.0, calm_sign=True, voice=True, voice_language="de", bells_db=-3.0)
    assert set(preferences.settings_overrides()) - set(Preferences().settings_overrides()) == {
        SettingOverride("audio", "background_lufs", -39.0),
        SettingOverride("calm", "enabled", value=True),
        SettingOverride("audio", "voice_enabled", value=True),
        SettingOverride("audio", "voice_language", "de"),
        SettingOverride("audio", "bells_db", -3.0),
    }
