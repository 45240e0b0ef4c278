"""The tab of a person: consent, export with codes, and a withdrawal that leaves no trace in the window's choices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from neurofeedback.recording.facts.entries import read_entries
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.ui.app_state import AppDefaults, AppState, save_state
from neurofeedback.ui.clinic.person_tab import PersonTab
from neurofeedback.ui.main_window import MainWindow
from tests.recording.test_forms import START

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "recordings"
    save_answers(found, load_questionnaire("mood"), {"mood": 3}, participant="07", asked_at=START)
    return found


@pytest.fixture
def tab(qtbot: QtBot, root: Path) -> PersonTab:
    found = PersonTab(root, "07")
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: not found.busy)
    return found


def press(tab: PersonTab, text: str) -> None:
    """Press a button of the question that is open."""
    assert tab.question is not None
    next(each for each in tab.question.buttons() if each.text().replace("&", "") == text).click()


def test_consent_is_entered_with_its_version_and_day(tab: PersonTab, qtbot: QtBot, root: Path) -> None:
    assert "No consent" in tab.consents.text()
    assert not tab.save.isEnabled()
    tab.version.setText("2.1")
    tab.day.setText("yesterday")
    tab.save.click()
    qtbot.waitUntil(lambda: "ISO 8601" in tab.message.text())
    tab.day.setText("2026-11-02")
    with qtbot.waitSignal(tab.consented):
        tab.save.click()
    assert tab.consents.text() == "Consent to version 2.1 on 2026-11-02"
    assert not tab.unsaved
    (consent,) = read_entries(root, "07")
    assert f"{consent.at:%Y-%m-%d}" == "2026-11-02"


def test_export_asks_for_a_folder_and_a_key(
    tab: PersonTab, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, key = tmp_path / "export", tmp_path / "codes.json"
    chosen = iter([(str(out), ""), (str(key), "")] * 2)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: next(chosen))
    tab.export.click()
    qtbot.waitUntil(lambda: "the key is" in tab.message.text())
    assert "mood" in (out / "answers.tsv").read_text()
    assert list(json.loads(key.read_text())) == ["07"]
    tab.export.click()
    qtbot.waitUntil(lambda: "not empty" in tab.message.text())


def test_withdrawal_asks_first_and_keeping_is_preset(tab: PersonTab, qtbot: QtBot, root: Path) -> None:
    tab.since.setText("last week")
    tab.withdraw.click()
    assert tab.question is None
    assert "no day" in tab.message.text()
    tab.since.setText(f"{START:%Y-%m-%d}")
    tab.withdraw.click()
    assert tab.question is not None
    assert tab.question.defaultButton() is tab.question.escapeButton()
    press(tab, "Keep them")
    assert len(read_all_forms(root, "07")) == 1
    tab.withdraw.click()
    with qtbot.waitSignal(tab.withdrawn) as signal:
        press(tab, "Remove them")
    assert signal.args == [False]
    assert read_all_forms(root, "07") == []
    assert "Receipt" in tab.message.text()


def test_the_window_forgets_a_person_that_was_withdrawn(qtbot: QtBot, tmp_path: Path, root: Path) -> None:
    choices = tmp_path / "home/neurofeedback/app.json"
    save_state(choices, AppState(claims_seen=True, participant="07", last_sitting="Last sitting: 7 minutes"))
    window = MainWindow(lambda _: None, AppDefaults(root, state_file=choices))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    window._home.history.emit()
    dialog = window._history.open_facts()
    dialog.person.withdraw.click()
    with qtbot.waitSignal(dialog.withdrawn):
        press(dialog.person, "Remove them")
    enabled = [dialog.tabs.widget(at) for at in range(dialog.tabs.count()) if dialog.tabs.isTabEnabled(at)]
    assert enabled == [dialog.person], "nothing can be entered for somebody who has left"
    stored = json.loads(choices.read_text())
    assert (stored["participant"], stored["last_sitting"]) == ("01", "")
    qtbot.waitUntil(lambda: not window._history.busy)
    traces = [path for path in tmp_path.rglob("*") if path.is_file() and '"07"' in path.read_text(errors="replace")]
    assert traces == []
