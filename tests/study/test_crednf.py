"""The CRED-nf page: 24 items, each filled from data, wanted as text, not met or not applicable."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.settings.load import load_programme, load_questionnaire
from neurofeedback.study import sealing
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.enrolment import EnrolmentRequest, enrol, unlock
from neurofeedback.study.guesses import save_guess
from neurofeedback.study.protocol import study_folder
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.results import crednf
from neurofeedback.study.results.cobidas import cobidas_rows
from neurofeedback.study.results.crednf import ItemStatus, checklist, write_checklist
from neurofeedback.study.results.primary_test import person_contrasts, primary_test
from neurofeedback.study.session_table import study_sessions
from neurofeedback.texts.studies.crednf import COBIDAS_DIFFICULT

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, add_session, frozen_study

ITEMS = [
    "1a", "1b", "2a", "2b", "2c.rater", "2c.stat", "2d", "2e", "3a", "3b", "3c", "3d", "3e", "4a", "4b", "4c", "4d",
    "4e", "5a", "5b", "5c", "6a", "6b", "7a",
]  # fmt: skip


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four people, for whom more wandering is answered in the period with sham."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sealing, "user_folder", lambda: tmp_path / "user")
    root = frozen_study(tmp_path / "data", "crossover", ("last = 999", "last = 20"))
    allocate(root, "A", tmp_path / "keeper", by="keeper", random=Random(2))
    install_allocation(root, tmp_path / "keeper", by=BY)
    from neurofeedback.study.enrolment import arm_record

    for k in range(1, 7):
        enrol(root, EnrolmentRequest(f"{k:02d}", {}, "v1", BY))
        real_first = arm_record(root, f"{k:02d}").arm == "real-first"
        for visit, day, is_real in (("a1", 4, real_first), ("b1", 18, not real_first)):
            add_session(
                root,
                f"{k:02d}",
                f"2026-11-{day:02d}",
                visit,
                n_wander=2 + k % 2 if is_real else 7,
                n_focus=8,
                sealed=True,
            )
    save_guess(root, "01", "a1", "participant", {"guess": "unknown", "sure": 0})
    return root


def test_every_item_of_the_checklist_has_a_status_before_and_after_unlocking(study: Path, tmp_path: Path) -> None:
    before = {item.id: item for item in checklist(study)}
    assert list(before) == ITEMS
    assert before["5c"].status is before["4d"].status is before["3e"].status is ItemStatus.LATER
    assert "real-first" not in before["3e"].answer + before["5a"].answer
    assert before["1a"].status is before["3a"].status is ItemStatus.NOT_MET
    assert before["2d"].status is before["5b"].status is before["2c.stat"].status is ItemStatus.FILLED
    assert before["2c.rater"].status is before["7a"].status is ItemStatus.TEXT
    unlock(study, by=BY, why="end")
    after = {item.id: item for item in write_checklist(study, tmp_path / "page.html")}
    assert after["5c"].status is after["4d"].status is after["3e"].status is ItemStatus.FILLED
    assert "By arm: real-first 0.90, sham-first 0.90" in after["3e"].answer
    assert "By arm: real-first 0.60, sham-first 0.60" in after["5a"].answer
    assert after["2c.stat"].status is ItemStatus.TEXT
    assert "logits" in after["5c"].answer
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert all(f'id="item-{item}"' in page for item in ITEMS)
    assert "<svg" in page


def test_sham_that_was_never_played_is_not_compared(study: Path) -> None:
    unlock(study, by=BY, why="end")
    protocol = frozen_protocol(study)[0]
    for path in study.rglob("*_start.json"):
        path.write_text(path.read_text(encoding="utf-8").replace('"sealed": true', '"sealed": false'), encoding="utf-8")
    assert person_contrasts(protocol, study_sessions(study, protocol)) == {}
    item = {item.id: item for item in checklist(study)}["5c"]
    assert item.status is ItemStatus.NOT_MET
    assert "own feedback" in item.answer


def test_page_of_a_masked_study_does_not_name_anybody_s_arm(study: Path, tmp_path: Path) -> None:
    write_checklist(study, tmp_path / "page.html")
    rows = (tmp_path / "page.html").read_text(encoding="utf-8").split("<tr")
    assert not [row for row in rows if "-first" in row and 'id="item-2a"' not in row]


def test_answers_of_people_are_read_and_checked(study: Path) -> None:
    path = study_folder(study) / "crednf.toml"
    path.write_text(
        '[answers]\n"7a" = "osf.io/x"\n"1a" = "soon"\n\n[not_applicable]\n"2e" = "no clinic"\n', encoding="utf-8"
    )
    items = {item.id: item for item in checklist(study)}
    assert (items["7a"].status, items["7a"].answer) == (ItemStatus.FILLED, "osf.io/x")
    assert (items["2e"].status, items["2e"].answer) == (ItemStatus.NOT_APPLICABLE, "no clinic")
    assert items["1a"].status is ItemStatus.NOT_MET
    for text, message in (
        ('[answers]\n"9z" = "x"\n', "unknown item"),
        ('[not_applicable]\n"3d" = "x"\n', "always applies"),
        ('[not_applicable]\n"5c" = "x"\n', "two groups"),
        ('[answer]\n"7a" = "x"\n', "unknown key answer"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError, match=message):
            checklist(study)


def test_rows_have_channels_filters_and_difficult_experiences_by_arm(study: Path) -> None:
    sessions = study_sessions(study, frozen_protocol(study)[0])
    assert dict(cobidas_rows(study, sessions, ["default"], None))[COBIDAS_DIFFICULT] == "not asked"
    form = load_questionnaire("difficult")
    for person, value in (("01", 1), ("1", 2), ("02", 0)):
        save_answers(study, form, {"difficult": value}, participant=person)
    rows = dict(cobidas_rows(study, sessions, ["default"], {"01": "real-first", "02": "sham-first"}))
    assert rows["Channels (sessions)"] == "TP9 AF7 AF8 TP10 (12)"
    assert rows["Nominal sampling rate (sessions)"] == "256 Hz (12)"
    assert "high-pass 1 Hz" in rows["Online filters and spectra"]
    assert rows[COBIDAS_DIFFICULT] == (
        "all: 2 asked, 0 a little, 1 strongly; real-first: 1 asked, 0 a little, 1 strongly; "
        "sham-first: 1 asked, 0 a little, 0 strongly"
    )
    assert "real-first" not in dict(cobidas_rows(study, sessions, ["default"], None))[COBIDAS_DIFFICULT]


def test_plots_without_a_rest_after_practice_meet_their_item_in_part(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = load_programme("20-minutes")
    monkeypatch.setattr(
        crednf, "load_programme", lambda _: programme.model_copy(update={"segments": programme.segments[:1]})
    )
    item = {item.id: item for item in checklist(study)}["5b"]
    assert item.status is ItemStatus.PARTLY
    assert "1 partly met" in crednf.count_sentence([item])


def test_primary_test_finds_the_difference_of_the_periods(study: Path) -> None:
    protocol = frozen_protocol(study)[0]
    sessions = study_sessions(study, protocol)
    contrasts = person_contrasts(protocol, sessions)
    arms = unlock(study, by=BY, why="end")
    assert len(contrasts) == 6
    assert all((value > 0) == (arms[person] == "real-first") for person, value in contrasts.items())
    result = primary_test(protocol, sessions, arms)
    assert result is not None
    assert result.p < 0.01
    assert primary_test(protocol, sessions[:2], arms) is None


def test_primary_test_uses_the_measure_of_the_protocol(study: Path) -> None:
    protocol = frozen_protocol(study)[0]
    outcome = protocol.outcome.model_copy(update={"measure": "sleepiness"})
    sessions = study_sessions(study, protocol)
    for one in sessions:
        one.numbers["sleepiness"] = 2.0 if one.visit == "a1" else 4.5
    contrasts = person_contrasts(protocol.model_copy(update={"outcome": outcome}), sessions)
    assert list(contrasts.values()) == [2.5] * 6


def test_session_without_an_answer_has_no_part_in_the_test(study: Path) -> None:
    protocol = frozen_protocol(study)[0]
    sessions = study_sessions(study, protocol)
    sessions[0].numbers.update(n_wander=0.0, n_focus=0.0)
    assert len(person_contrasts(protocol, sessions)) == 5
