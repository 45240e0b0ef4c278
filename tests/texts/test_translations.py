"""The shipped translations: how one is chosen, what stays English, and that nothing in them is broken."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import date
from gettext import NullTranslations
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from neurofeedback.cli.main import main
from neurofeedback.errors import SettingsError
from neurofeedback.settings.load import available, load_evidence
from neurofeedback.storage.toml_text import read_value
from neurofeedback.texts import home, session, session_notices, sit, spoken, status, window
from neurofeedback.texts.catalogue import english, error_text, in_english, language, set_translations, tr, tr_stored
from neurofeedback.texts.format import format_date, format_duration, format_number, inside_sentence
from neurofeedback.texts.languages import (
    in_language,
    install_translation,
    known_language,
    load_translation,
    system_languages,
)
from neurofeedback.texts.probe_questions import wording_version
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality, HeadsetFit
from tests.helpers import ROOT, write_catalogue

LOCALE = ROOT / "neurofeedback" / "texts" / "locale"


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    set_translations(NullTranslations())


@pytest.fixture
def german() -> None:
    assert install_translation(["de"]) == "de"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that writes the translations."""
    pytest.importorskip("babel")
    loader = SourceFileLoader("translations_script", str(ROOT / "scripts" / "translations"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("languages", "code", "shown"),
    [
        (["de"], "de", "Sitzen"),
        (["de-AT"], "de", "Sitzen"),
        (["fr-FR", "de_CH.UTF-8"], "de", "Sitzen"),
        (["en-GB", "de"], "en", "Sit"),
        (["C.UTF-8", "de"], "en", "Sit"),
        (["fr"], "en", "Sit"),
        ([], "en", "Sit"),
    ],
)
def test_first_language_with_a_translation_is_used(languages: list[str], code: str, shown: str) -> None:
    assert install_translation(languages) == code == language()
    assert tr(home.SIT) == shown


def test_own_translation_comes_first_and_the_shipped_one_fills_its_gaps(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "neurofeedback_de_AT.mo", {home.SIT: "Hocken"})
    write_catalogue(tmp_path / "neurofeedback_de.mo", {home.PROGRESS: "&Lauf"})
    assert install_translation(["de-AT"], tmp_path) == "de"
    assert [tr(text) for text in (home.SIT, home.PROGRESS, home.NO_END)] == ["Hocken", "&Lauf", "ohne Ende"]


def test_damaged_own_translation_is_logged_and_the_shipped_one_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "neurofeedback_de.mo").write_bytes(b"no catalogue")
    assert install_translation(["de"], tmp_path) == "de"
    assert "neurofeedback_de.mo cannot be read" in caplog.text
    assert tr(home.SIT) == "Sitzen"


@pytest.mark.parametrize("broken", ["{wrong} Minuten", "{minutes", "{minutes.x}", "{minutes:q}", "{0}"])
def test_broken_translation_shows_english(tmp_path: Path, broken: str) -> None:
    write_catalogue(tmp_path / "neurofeedback_fr.mo", {sit.LONGER_TIP: broken})
    install_translation(["fr"], tmp_path)
    assert tr(sit.LONGER_TIP, minutes=5) == "5 minutes"


def test_terminal_follows_the_environment_and_the_windows_settings(tmp_path: Path) -> None:
    assert system_languages({"LC_ALL": "de_DE.UTF-8", "LANG": "C"}) == ("de_DE.UTF-8",)
    path = tmp_path / "settings.toml"
    assert read_value(path, "language") is None
    for content, expected in {
        'language = "de"': "de",
        'language = "xx"': "",
        "language = 3": "",
        "lang uage": "",
    }.items():
        path.write_text(content, encoding="utf-8")
        assert known_language(read_value(path, "language")) == expected


@pytest.mark.usefixtures("german")
def test_numbers_have_a_decimal_comma() -> None:
    written = tr(session_notices.RATE_MISMATCH, measured=255.5, nominal=256.25)
    assert "255,5" in written
    assert "256,25" in written
    assert tr(session_notices.OSC_TARGET, address="127.0.0.1:9000").endswith("127.0.0.1:9000")
    assert tr("{n:,} of {share:.1f}", n=12345, share=1.5) == "12,345 of 1.5"  # not translated
    assert format_duration(90) == "1 Minute 30 Sekunden"


@pytest.mark.usefixtures("german")
def test_what_is_recorded_is_english() -> None:
    bad = ElectrodeQuality(ChannelContact("TP9", ContactLevel.BAD, ("mains hum",)), 2.5, 71.0, 9.0, 0.0)
    fit = HeadsetFit((bad,), (0.0,), (False,), all_good=False, good_enough=False)
    assert status.headset_fit_record(fit) == "begun before contact was good enough; TP9: mains hum, 71 µV"
    assert status.contact_reason_text(bad) == "Netzbrummen, 71 µV"
    assert status.contact_text([bad.contact]) == "TP9: Netzbrummen"
    with in_english():
        assert tr(home.SIT) == english(home.SIT)
        assert tr_stored("Noted.", ["Noted."]) == "Noted."
    assert wording_version() == "1-de"


@pytest.mark.usefixtures("german")
def test_recorded_text_is_shown_in_the_chosen_language() -> None:
    templates = [sit.LONGER_TIP, session.INDEX_SOURCE_ANSWERS]
    recorded = english(session.INDEX_SOURCE_ANSWERS, n_answers=12)
    assert tr_stored(recorded, templates) == tr(session.INDEX_SOURCE_ANSWERS, n_answers=12) != recorded
    assert tr_stored("anything else", templates) == "anything else"


def test_voice_has_the_text_of_its_own_language() -> None:
    assert in_language("de", spoken.SENTENCES["phase_resume"]) == "Es geht weiter."
    install_translation(["de"])
    assert in_language("de-AT", spoken.SENTENCES["phase_resume"]) == "Es geht weiter."
    assert in_language("en", spoken.SENTENCES["phase_resume"]) == "We go on."
    assert in_language("fr", spoken.SENTENCES["phase_resume"]) == "We go on."


def test_fields_of_translations_are_those_of_the_english_texts(script: ModuleType) -> None:
    for path in LOCALE.glob("*.po"):
        translated = script.read_translation(path)
        assert translated
        assert {text: script.text_fields(text) for text in translated} == {
            text: script.text_fields(german) for text, german in translated.items()
        }


def test_loaded_translation_is_made_from_its_source(script: ModuleType) -> None:
    for path in LOCALE.glob("*.po"):
        loaded = load_translation(path.stem)
        assert loaded is not None
        for text, translated in script.read_translation(path).items():
            assert loaded.gettext(text) == translated, "run scripts/translations"


@pytest.mark.usefixtures("german")
def test_dates_and_names_within_sentences_follow_the_language() -> None:
    assert format_date(date(2026, 3, 4)) == "4.\u00a0März\u00a02026"
    assert format_number(2.5, 1) == "2,5"
    assert inside_sentence(tr(session.PHASES["practice"])) == "Übung"


def test_names_of_the_index_are_those_of_the_profiles() -> None:
    assert {load_evidence(name).index_name for name in available("evidence")} == set(session.INDEX_NAMES)


@pytest.mark.usefixtures("german")
def test_errors_are_shown_in_the_chosen_language_if_all_of_them_is_known() -> None:
    known = SettingsError("the sitting's place is taken", got="/a.b", allowed="auto", todo="move it out of /a.b")
    assert (
        error_text(known) == "der Platz der Sitzung ist belegt: gefunden: /a.b; erlaubt: auto; verschiebe sie aus /a.b."
    )
    assert "der Platz" in tr(window.FILE_FAILED, error=known)
    unknown = SettingsError("the sitting's place is taken", todo="something else")
    assert error_text(unknown) == str(unknown)
    assert error_text(ValueError("of another library")) == "of another library"
    with in_english():
        assert error_text(known) == str(known)
    assert str(known).startswith("the sitting's place")


SAME_IN_GERMAN = {
    "&Details", "mg", "mg/kg", "ln uV²/Hz", "Name", "Signal", "April", "August", "September", "November", "&Headset",
    "&Name", "Feedback", "Mo", "Phase", "Region", "Montage", "English", "Deutsch", "Index", "Wald", "OpenBCI", "Muse 2",
    "Muse S", "Muse (2016)", "Muse S Athena", "Ganglion", "Cyton", "Demo", "PORT", "Bluetooth", "ok", "min", " min",
    "{sound}, {volume} dB", "Neurofeedback", "Timer", "Person", "Headset: {device}",
    '{line} `neurofeedback forms acknowledge {entry} --by NAME --done "..."`',
}  # fmt: skip
"""Texts with words that are the same in German."""


def test_german_is_complete_and_no_text_was_left_in_english(script: ModuleType) -> None:
    translated = script.read_translation(LOCALE / "de.po")
    shown = {str(entry.id) for entry in script.collect_catalog() if entry.id}
    assert shown - translated.keys() == set(), "translate them in de.po, and run scripts/translations"
    same = {text for text in shown if translated[text] == text and re.search("[A-Za-z]{2}", plain(text))}
    assert same <= SAME_IN_GERMAN


def test_every_part_of_an_error_with_a_word_in_it_is_german(script: ModuleType) -> None:
    """A part of a unit alone needs none, and one that fits almost any sentence would be found in others."""
    translated = script.read_translation(LOCALE / "de.po")
    parts = {str(entry.id) for entry in script.collect_errors() if entry.id}
    worded = {text for text in parts if re.search("[A-Za-z]{4}", plain(text))}
    assert worded - translated.keys() == set(), "translate them in de.po, and run scripts/translations"


def plain(text: str) -> str:
    return re.sub(r"{[^}]*}", "", text)


@pytest.mark.parametrize(("options", "code"), [([], "de"), (["--json"], "en")])
def test_terminal_uses_the_language_of_its_option_and_json_is_english(
    options: list[str], code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["neurofeedback", "--language", "de", "metrics", "index", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, language()) == (0, code)
    assert ("ist nicht" in capsys.readouterr().out) == (code == "de")
