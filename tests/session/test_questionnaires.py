"""Questionnaires: asked word for word, scored as their source adds them, kept as valid BIDS."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import SettingsError
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.recording.facts.form_tables import table_path
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import available, load_questionnaire
from neurofeedback.settings.questionnaire import AnswerOption, Item, Questionnaire
from neurofeedback.types import Chunk, StreamInfo

STEM = "sub-01_ses-20260301T080000_task-meditation"
SHIPPED = ("expectancy", "gad7", "mood", "phq9", "sleepiness")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_can_be_asked_and_scored(name: str) -> None:
    questionnaire = load_questionnaire(name)
    assert questionnaire.name == name
    lowest = {item.id: min(c.value for c in questionnaire.options(item)) for item in questionnaire.items}
    assert questionnaire.score(lowest) == sum(lowest.values())


def test_no_other_questionnaire_is_shipped() -> None:
    assert set(SHIPPED) <= set(available("questionnaires"))


@pytest.mark.parametrize(("name", "n_items", "most"), [("phq9", 9, 27), ("gad7", 7, 21)])
def test_public_scales_have_their_length_and_their_highest_score(name: str, n_items: int, most: int) -> None:
    questionnaire = load_questionnaire(name)
    assert len(questionnaire.items) == n_items
    assert questionnaire.score({item.id: 3 for item in questionnaire.items}) == most
    assert questionnaire.ranges[-1].up_to == most


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_phq9_is_the_sum_of_its_items_and_named_by_its_authors(answers: list[int]) -> None:
    phq9 = load_questionnaire("phq9")
    given_answers = {f"phq9_{place}": answer for place, answer in enumerate(answers, start=1)}
    score = phq9.score(given_answers)
    assert score is not None
    assert score == sum(answers)
    limits = {"minimal": 4, "mild": 9, "moderate": 14, "moderately severe": 19, "severe": 27}
    assert phq9.score_label(score) == next(name for name, most in limits.items() if score <= most)
    assert bool(phq9.advice_for(given_answers)) == (answers[8] >= 1), (
        "any answer above never to item 9 calls for a word"
    )


def test_a_score_waits_for_every_item() -> None:
    assert load_questionnaire("phq9").score({"phq9_1": 1}) is None


def test_a_turned_item_counts_from_the_other_end() -> None:
    choices = tuple(AnswerOption(value=value, text=str(value)) for value in (1, 2, 3, 4))
    items = (Item(id="a", text="a"), Item(id="b", text="b", reversed=True), Item(id="c", text="c", scored=False))
    turned = Questionnaire(name="x", title="x", version="1", source="x", choices=choices, items=items)
    assert turned.score({"a": 4, "b": 1}) == 8
    with pytest.raises(ValueError, match="b cannot be answered with 5"):
        turned.score({"a": 1, "b": 5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('items = [{id = "a", text = "?"}]', "fewer than two answers"),
        ('items = [{id = "a", text = "?"}, {id = "a", text = "?"}]', "same id"),
        ('items = [{id = "a", text = "?"}]\npointers = [{item = "b", at_least = 1, text = "x"}]', "no item"),
        ('items = [{id = "../a", text = "?"}]', "id"),
        ("items = []", "items"),
    ],
)
def test_a_questionnaire_that_does_not_add_up_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\ntitle = "Own"\nversion = "1"\nsource = "mine"\n{text}\n')
    with pytest.raises(SettingsError, match=message):
        load_questionnaire(str(path))


@pytest.mark.parametrize("text", ["call {phone}", "call {clinic", "call {clinic.x}", "call {}"])
def test_advice_with_an_unknown_placeholder_is_refused_when_the_form_is_loaded(text: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    items = 'items = [{id = "a", text = "?", choices = [{value = 0, text = "0"}, {value = 1, text = "1"}]}]'
    pointer = f'pointers = [{{item = "a", at_least = 1, text = "ask for help", clinic_text = "{text}"}}]'
    path.write_text(f'name = "own"\ntitle = "Own"\nversion = "1"\nsource = "mine"\n{items}\n{pointer}\n')
    with pytest.raises(SettingsError, match="clinic_text may hold"):
        load_questionnaire(str(path))
    path.write_text(path.read_text().replace(text, "{clinic} or {crisis_line}"))
    contacts = ClinicContacts(clinic="Ward {3}", emergency="112", crisis_line="555")
    assert load_questionnaire(str(path)).advice_for({"a": 1}, contacts) == ("Ward {3} or 555",)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    header = SessionHeader("01", stream, "", StartState(), (), datetime(2026, 3, 1, 8, 0).astimezone())
    writer = SessionWriter(tmp_path, header, sync=lambda _: None)
    writer.process_chunk(Chunk(0, np.ones((4, 128), np.float32)))
    writer.close()
    return tmp_path


@pytest.mark.parametrize("wrong", [{"mood": 9}, {"else": 1}])
def test_invalid_answers_are_refused_and_not_saved(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        save_answers(tmp_path, load_questionnaire("mood"), wrong, participant="01")
    assert list(tmp_path.iterdir()) == []


def test_ask_command_asks_saves_and_points_to_help(dataset: Path) -> None:
    answers = "\n".join(["0"] * 7 + ["seven", "", "2"]) + "\n"
    result = CliRunner().invoke(app, ["ask", "phq9", "--when", "after", "--recordings", str(dataset)], input=answers)
    assert result.exit_code == 0, result.output
    assert "One of 0, 1, 2, 3" in result.stdout
    assert "There is no score" in result.stdout, "one item was left out"
    assert "talk to someone" in result.stdout
    (asked,) = read_all_forms(dataset, "01")
    assert (asked.session, asked.answers.when, asked.answers.items["phq9_9"]) == (STEM[11:26], "after", 2)
    sidecar = json.loads(table_path(dataset, "01", asked.session, "phq9").with_suffix(".json").read_text())
    assert sidecar["phq9_9"]["Levels"]["3"] == "Nearly every day"


def test_ask_command_finds_the_answers_to_correct_before_it_asks(dataset: Path) -> None:
    arguments = ["ask", "mood", "--correct", "wrong", "--reason", "typo", "--recordings", str(dataset)]
    result = CliRunner().invoke(app, arguments, input="3\n")
    assert isinstance(result.exception, SettingsError)
    assert "Mood" not in result.stdout
    assert load_questionnaire("mood").items[0].text not in result.stdout


def test_ask_command_prints_the_authors_name_of_the_score(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["ask", "gad7", "--recordings", str(dataset)], input="1\n" * 7)
    assert 'Score 7, which its authors call "mild"' in result.stdout
    assert "no diagnosis" in result.stdout


def test_ask_command_saves_no_empty_answers(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["ask", "expectancy", "--recordings", str(dataset)], input="")
    assert result.exit_code == 0
    assert "nothing is saved" in result.stdout
    assert read_all_forms(dataset, "01") == []


def test_ask_command_asks_without_any_sitting(tmp_path: Path) -> None:
    arguments = ["ask", "mood", "--recordings", str(tmp_path), "--participant", "07", "--at", "2026-03-02T09:00"]
    result = CliRunner().invoke(app, arguments, input="3\n")
    assert result.exit_code == 0, result.output
    assert [one.session for one in read_all_forms(tmp_path, "07")] == ["20260302T090000"]
    listed = CliRunner().invoke(app, ["forms", "list", "--recordings", str(tmp_path), "--participant", "07"]).stdout
    assert "mood  ses-20260302T090000  score 3" in listed


def test_ask_command_for_a_missing_session_is_an_error(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["ask", "mood", "--recordings", str(dataset), "--session", "1"], input="3\n")
    assert isinstance(result.exception, SettingsError)


def test_staff_acknowledge_an_answer_in_the_terminal(tmp_path: Path) -> None:
    where = ["--recordings", str(tmp_path), "--participant", "07"]
    asked = CliRunner().invoke(app, ["ask", "phq9", *where], input="0\n" * 8 + "1\n")
    assert asked.stdout.index("This program cannot help") < asked.stdout.index("Saved.")
    before = CliRunner().invoke(app, ["forms", "list", *where]).stdout
    assert before.startswith("! Not yet acknowledged: sub-07 answered 1")
    entry = read_all_forms(tmp_path, "07")[0].hash[:12]
    done = ["forms", "acknowledge", entry, "--by", "Dr. Roe", "--done", "called", "--recordings", str(tmp_path)]
    assert CliRunner().invoke(app, done).exit_code == 0
    assert "acknowledged by Dr. Roe: called" in CliRunner().invoke(app, ["forms", "list", *where]).stdout
