"""An infusion by clicks and keys in the real window, with a simulated headset and a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.facts.entries import read_entries
from neurofeedback.recording.facts.session_facts import read_facts
from neurofeedback.storage.dataset_access import restrict_recordings
from neurofeedback.ui.app_state import AppDefaults, AppState, DeviceChoice, save_state
from neurofeedback.ui.clinic import record_page
from neurofeedback.ui.clinic.record_page import RecordPage
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.preferences import Preferences, save_preferences
from tests.ui.clinic_window import CLOCKED, DAY, DOSE_AT, WHO, Clinic, begin_course, check_all, correct_vitals

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def clinic(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    root = tmp_path / "recordings"
    root.mkdir()
    restrict_recordings(root)  # else the window asks who may read it
    found = Clinic(qtbot, root, DAY + timedelta(hours=8), 0.25)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return found.now if tz else found.now.replace(tzinfo=None)

    for module in CLOCKED:
        monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr(record_page, "HOLD_S", 0.02)
    save_state(tmp_path / "app.json", AppState(device="muse-2", participant=WHO, claims_seen=True))
    save_preferences(tmp_path / "settings.toml", Preferences(probes="none"))
    devices = (DeviceChoice("muse-2", "Over Bluetooth"),)
    found.window = MainWindow(found.launch, AppDefaults(root, devices, state_file=tmp_path / "app.json"))
    qtbot.addWidget(found.window)
    with qtbot.waitActive(found.window):
        found.window.show()
    yield found
    if found.attended is not None:
        found.attended.set()


def infuse(clinic: Clinic) -> None:
    """Record while the attendant enters dose, vital signs and end by keys, and a mark."""

    def entries_of(page: RecordPage) -> None:
        clinic.at(DOSE_AT + timedelta(seconds=5))
        clinic.key(Qt.Key.Key_D, "dose", "35 mg", substance="ketamine", route="iv")
        clinic.at(DOSE_AT + timedelta(seconds=8))
        clinic.key(Qt.Key.Key_V, "vitals", "146/92 pulse 84")
        clinic.mark(page)
        clinic.at(DOSE_AT + timedelta(seconds=10))
        clinic.key(Qt.Key.Key_E, "end")

    clinic.at(DOSE_AT)
    clinic.record("during", substance="ketamine", entries=entries_of)


def test_an_infusion_by_clicks_and_keys(clinic: Clinic) -> None:
    begin_course(clinic)
    clinic.answer("mood")
    infuse(clinic)
    correct_vitals(clinic)
    facts = read_facts(clinic.root, WHO, f"{DOSE_AT:%Y%m%dT%H%M%S}")
    assert facts is not None
    assert (facts.condition, facts.substance) == ("during", "ketamine")
    kinds = [(one.line.entry.kind, one.at) for one in read_entries(clinic.root, WHO)]
    assert kinds == [
        ("consent", DAY + timedelta(hours=8)),
        ("dose", DOSE_AT + timedelta(seconds=5)),
        ("vitals", DOSE_AT + timedelta(seconds=8)),
        ("dose_end", DOSE_AT + timedelta(seconds=10)),
    ]
    (stem,) = [stem for stem in find_session_stems(clinic.root) if "rest" in stem]
    events = SessionFiles.from_stem(clinic.root, stem).eeg_file("events.tsv").read_text()
    assert [events.count(word) for word in ('"systolic": 136', '"systolic": 146')] == [1, 0]
    assert "\tmark\t" in events
    check_all(clinic.root)
