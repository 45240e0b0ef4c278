"""Questionnaires: asked word for word, scored as their source adds them, kept as valid BIDS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.session.questionnaires import AnswerTime, answers_path, write_answers
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


def test_answers_are_saved_by_session_and_later_ones_replace_earlier(tmp_path: Path) -> None:
    mood = load_questionnaire("mood")
    other = STEM.replace("080000", "090000")
    write_answers(tmp_path, STEM, mood, "before", {"mood": 2})
    write_answers(tmp_path, other, mood, "before", {"mood": 5})
    write_answers(tmp_path, STEM, mood, "before", {"mood": 4})
    write_answers(tmp_path, other, mood, "after", {})
    assert rows_of(tmp_path, "mood", "before") == [
        ["participant_id", "session_id", "mood", "score"],
        ["sub-01", "ses-20260301T090000", "5", "5"],
        ["sub-01", "ses-20260301T080000", "4", "4"],
    ]
    assert rows_of(tmp_path, "mood", "after")[1:] == [["sub-01", "ses-20260301T090000", "n/a", "n/a"]]


def rows_of(root: Path, name: str, when: AnswerTime) -> list[list[str]]:
    return [line.split("\t") for line in answers_path(root, name, when).read_text().splitlines()]


@pytest.mark.parametrize(
    "saved",
    [lambda text: text.rstrip("\n"), lambda text: "\ufeff" + text.replace("\n", "\r\n")],
    ids=["editor", "sheet"],
)
def test_table_edited_by_hand_preserves_all_rows(tmp_path: Path, saved: Callable[[str], str]) -> None:
    mood = load_questionnaire("mood")
    write_answers(tmp_path, STEM, mood, "before", {"mood": 2})
    path = answers_path(tmp_path, "mood", "before")
    path.write_bytes(saved(path.read_text()).encode())
    write_answers(tmp_path, STEM.replace("080000", "090000"), mood, "before", {"mood": 5})
    assert [row[-1] for row in rows_of(tmp_path, "mood", "before")] == ["score", "2", "5"]


def test_invalid_answers_are_refused_and_not_saved(tmp_path: Path) -> None:
    mood = load_questionnaire("mood")
    for wrong in ({"mood": 9}, {"else": 1}):
        with pytest.raises(SettingsError):
            write_answers(tmp_path, STEM, mood, "after", wrong)
    assert not (tmp_path / "phenotype").exists()


def test_a_table_of_another_questionnaire_is_not_written_over(tmp_path: Path) -> None:
    path = answers_path(tmp_path, "mood", "after")
    path.parent.mkdir()
    path.write_text("participant_id\tsession_id\telse\nsub-01\tses-1\t3\n")
    with pytest.raises(RecordingError, match="other columns"):
        write_answers(tmp_path, STEM, load_questionnaire("mood"), "after", {"mood": 3})
    assert "else" in path.read_text()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    header = SessionHeader("01", stream, "", StartState(), (), datetime(2026, 3, 1, 8, 0).astimezone())
    writer = SessionWriter(tmp_path, header, sync=lambda _: None)
    writer.process_chunk(Chunk(0, np.ones((4, 128), np.float32)))
    writer.close()
    return tmp_path


def test_the_dataset_stays_valid_bids(dataset: Path) -> None:
    write_answers(dataset, STEM, load_questionnaire("phq9"), "after", {f"phq9_{n}": 1 for n in range(1, 10)})
    write_answers(dataset, STEM, load_questionnaire("mood"), "before", {"mood": 3})
    done = subprocess.run(
        [str(Path(sys.executable).with_name("bids-validator-deno")), str(dataset), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_ask_command_asks_saves_and_points_to_help(dataset: Path) -> None:
    answers = "\n".join(["0"] * 7 + ["seven", "", "2"]) + "\n"
    result = CliRunner().invoke(app, ["ask", "phq9", "--recordings", str(dataset)], input=answers)
    assert result.exit_code == 0, result.output
    assert "One of 0, 1, 2, 3" in result.stdout
    assert "There is no score" in result.stdout, "one item was left out"
    assert "talk to someone" in result.stdout
    sidecar = json.loads(answers_path(dataset, "phq9", "after").with_suffix(".json").read_text())
    assert sidecar["phq9_9"]["Levels"]["3"] == "Nearly every day"


def test_ask_command_prints_the_authors_name_of_the_score(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["ask", "gad7", "--recordings", str(dataset)], input="1\n" * 7)
    assert 'Score 7, which its authors call "mild"' in result.stdout
    assert "no diagnosis" in result.stdout


def test_ask_command_saves_no_empty_answers(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["ask", "expectancy", "--recordings", str(dataset)], input="")
    assert result.exit_code == 0
    assert "nothing is saved" in result.stdout
    assert not answers_path(dataset, "expectancy", "after").exists()


def test_ask_command_without_session_is_an_error(tmp_path: Path, dataset: Path) -> None:
    for arguments in (["--recordings", str(tmp_path / "none")], ["--recordings", str(dataset), "--session", "1"]):
        result = CliRunner().invoke(app, ["ask", "mood", *arguments], input="3\n")
        assert isinstance(result.exception, SettingsError)
