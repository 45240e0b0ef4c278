"""The tab of the record: entries and answers are corrected with a reason, and answers are acknowledged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.entries import read_entries, save_consent, save_entry
from neurofeedback.recording.facts.entry_models import AdverseEvent, AnyEntry, Consent, DoseEnd, Medicine, StopSound
from neurofeedback.recording.facts.entry_parsing import parse_dose, parse_vitals
from neurofeedback.recording.facts.form_records import read_form, unacknowledged
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.ui.clinic import correction
from neurofeedback.ui.clinic.correction import AcknowledgeDialog, CorrectionDialog, EntryCorrection, FormCorrection
from neurofeedback.ui.clinic.record_tab import RecordTab
from tests.recording.test_forms import PHQ9, START

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
ITEM_9 = "phq9_9"


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def shown_record(qtbot: QtBot, root: Path, n_lines: int) -> RecordTab:
    tab = RecordTab(root, "07")
    qtbot.addWidget(tab)
    tab.show()
    qtbot.waitUntil(lambda: len(tab.lines) == n_lines)
    return tab


def corrected(tab: RecordTab, row: int) -> CorrectionDialog:
    tab.record.setCurrentRow(row)
    tab.correct.click()
    assert isinstance(tab.dialog, CorrectionDialog)
    return tab.dialog


def test_an_entry_is_corrected_with_the_reason_at_the_time_of_the_first_one(qtbot: QtBot, tmp_path: Path) -> None:
    first, _ = save_entry(tmp_path, "07", parse_vitals("146/92 pulse 84"), at=START)
    tab = shown_record(qtbot, tmp_path, 1)
    dialog = corrected(tab, 0)
    entry = dialog.tab
    assert isinstance(entry, EntryCorrection)
    assert entry.text.text() == "146/92 pulse 84"
    entry.text.setText("136/92 pulse 84")
    assert not entry.save.isEnabled(), "no reason is given"
    entry.reason.setText("typed wrong")
    with qtbot.waitSignal(tab.changed):
        entry.save.click()
    qtbot.waitUntil(lambda: len(tab.lines) == 2)
    assert not dialog.isVisible()
    old, new = read_entries(tmp_path, "07", corrected=True)
    assert (old.hash, old.superseded_by, new.at, new.line.reason) == (first, new.hash, START, "typed wrong")
    assert new.line.entry.model_dump()["systolic"] == 136
    assert ["corrected later" in line.text for line in tab.lines] == [True, False]
    assert "a correction: typed wrong" in tab.lines[1].text
    tab.record.setCurrentRow(0)
    assert not tab.correct.isEnabled(), "it is corrected already"


@pytest.mark.parametrize(
    ("entry", "field", "typed", "expected"),
    [
        (parse_dose("35 mg", "ketamine", "iv"), "text", "25 mg", {"mg": 25.0, "route": "iv", "substance": "ketamine"}),
        (DoseEnd(), "at", "14:02", {}),
        (Medicine(name="lorazepam"), "text", "diazepam", {"name": "diazepam"}),
        (StopSound(reason="loud"), "text", "asked for", {"reason": "asked for"}),
        (Consent(version="2"), "text", "3", {"version": "3"}),
        (
            AdverseEvent(term="sick", how_bad="mild", serious=False, done="lay down", related="possibly"),
            "text",
            "nausea",
            {"term": "nausea", "done": "lay down", "related": "possibly", "how_bad": "mild", "serious": False},
        ),
    ],
)
def test_every_kind_of_entry_keeps_what_is_not_corrected(
    qtbot: QtBot, tmp_path: Path, entry: AnyEntry, field: str, typed: str, expected: dict[str, object]
) -> None:
    save_entry(tmp_path, "07", entry, at=START)
    tab = corrected(shown_record(qtbot, tmp_path, 1), 0).tab
    assert isinstance(tab, EntryCorrection)
    getattr(tab, field).setText(typed)
    tab.reason.setText("typed wrong")
    tab.save.click()
    qtbot.waitUntil(lambda: len(read_entries(tmp_path, "07", corrected=True)) == 2)
    (new,) = read_entries(tmp_path, "07")
    assert new.line.entry.kind == entry.kind
    assert new.line.entry.model_dump().items() >= expected.items()
    assert f"{new.at:%H:%M}" == (typed if field == "at" else f"{START:%H:%M}")


def test_answers_are_corrected_and_advice_stays_until_it_is_closed(qtbot: QtBot, tmp_path: Path) -> None:
    save_answers(tmp_path, PHQ9, {item.id: 1 for item in PHQ9.items} | {ITEM_9: 0}, participant="07", asked_at=START)
    tab = shown_record(qtbot, tmp_path, 1)
    dialog = corrected(tab, 0)
    form = dialog.tab
    assert isinstance(form, FormCorrection)
    assert form.boxes[ITEM_9].currentData() == 0
    form.boxes[ITEM_9].setCurrentIndex(2)
    form.reason.setText("pressed the wrong line")
    form.by.setText("nurse")
    form.save.click()
    qtbot.waitUntil(lambda: len(tab.lines) == 2)
    assert dialog.isVisible(), "an answer that calls for help shows whom to call"
    assert form.advice.isVisible()
    _, new = read_form(tmp_path, "phq9")
    assert (new.answers.items[ITEM_9], new.answers.asked_by, new.asked_at) == (1, "nurse", START)
    assert new.answers.reason == "pressed the wrong line"
    dialog.cancel.click()
    tab.record.setCurrentRow(1)
    assert "not yet acknowledged" in tab.lines[1].text
    tab.acknowledge.click()
    seen = tab.dialog
    assert isinstance(seen, AcknowledgeDialog)
    assert not seen.save.isEnabled()
    seen.by.setText("Dr. Roe")
    seen.what.setText("called")
    seen.save.click()
    qtbot.waitUntil(lambda: not unacknowledged(tmp_path, "07"))
    qtbot.waitUntil(lambda: not tab.acknowledge.isEnabled())


def test_a_failed_correction_leaves_what_is_typed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_answers(tmp_path, load_questionnaire("mood"), {"mood": 3}, participant="07", asked_at=START)
    save_entry(tmp_path, "07", Medicine(name="lorazepam"), at=START + timedelta(minutes=1))
    tab = shown_record(qtbot, tmp_path, 2)
    assert "mood, score 3" in tab.lines[0].text
    dialog = corrected(tab, 1)
    entry = dialog.tab
    assert isinstance(entry, EntryCorrection)

    def fail(*_: object, **__: object) -> None:
        raise RecordingError("the entry is not saved yet", got="No space left on device")

    monkeypatch.setattr(correction, "store_entry", fail)
    entry.text.setText("diazepam")
    entry.reason.setText("typed wrong")
    entry.save.click()
    qtbot.waitUntil(lambda: "No space left" in entry.message.text())
    assert dialog.isVisible()
    assert entry.text.text() == "diazepam"
    assert entry.save.isEnabled()


def test_a_consent_needs_a_version(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="version of the information"):
        save_consent(tmp_path, "07", "  ")
    assert read_entries(tmp_path, "07") == []
