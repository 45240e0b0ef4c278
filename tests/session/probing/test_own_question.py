"""A practice's own question: what a file may ask, and how it is asked, spoken, answered and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.learning.past_sessions import collect_labels, finished_sessions
from neurofeedback.recording.events import probes_from_events
from neurofeedback.recording.session_json import read_start
from neurofeedback.report.answer_sentences import answer_sentences
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.keymap import request_for_key
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.session.probing.probes import ProbeScheduler
from neurofeedback.session.session import Session
from neurofeedback.session.setup import own_question, practice_settings, trains_decoder
from neurofeedback.settings.load import load_programme
from neurofeedback.settings.model import Settings
from neurofeedback.settings.session import ProbeSettings
from neurofeedback.texts.probe_questions import WHERE, practice_question
from neurofeedback.types import Event, EventKind
from tests.session.probing.test_probes import SFREQ, frame
from tests.session.voice.test_announcer import Heard, announcer

WIDE = practice_question("Was the mind wide?", ("wide", "caught by something"))
ASKS = 'text = "Was the mind wide?"\nanswers = ["wide", "caught", "not sure"]'
STANDARD = 'text = "Just before the sound: where was your mind?"\nanswers = ["on the breath", "elsewhere", "not sure"]'


def practice(folder: Path, question: str, feedback: str = "index", more: str = "") -> Path:
    path = folder / "own.toml"
    path.write_text(
        f'name = "own"\ntitle = "Own"\nfeedback = "{feedback}"\n{more}\n[question]\n{question}\n[[segments]]\n',
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("question", "more", "message"),
    [
        ('text = "Wide?"', "", "question.answers"),
        ('answers = ["a", "b"]', "", "question.text"),
        ('text = "Wide?"\nanswers = ["yes"]', "", "question.answers"),
        ('text = "Wide?"\nanswers = ["1", "2", "3", "4", "5", "6"]', "", "question.answers"),
        ('text = "Wide?"\nanswers = ["yes", " Yes"]', "", "two answers are the same"),
        ('text = "Wide?"\nanswers = ["yes", " "]', "", "question.answers.1"),
        ('text = "Wide?\\nReally?"\nanswers = ["yes", "no"]', "", "question.text"),
        ('text = "Wide?"\nanswers = ["yes", "no"]\nkeys = [1, 2]', "", "unknown key question.keys"),
        ('text = "Wide?"\nanswers = ["yes", "no"]', "headset = false", "without a headset no question is asked"),
    ],
)
def test_a_mistake_in_a_question_is_one_plain_error(tmp_path: Path, question: str, more: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_programme(str(practice(tmp_path, question, "none" if more else "index", more)))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_only_the_standard_question_trains_and_a_practice_without_feedback_asks_only_its_own(tmp_path: Path) -> None:
    own = load_programme(str(practice(tmp_path, ASKS)))
    assert own_question(own) == practice_question("Was the mind wide?", ("wide", "caught", "not sure"))
    assert not trains_decoder(own)
    assert practice_settings(Settings(), own).probes.learn_live is False
    silent = load_programme(str(practice(tmp_path, ASKS, "none")))
    assert practice_settings(Settings(), silent).probes.enabled
    same = load_programme(str(practice(tmp_path, STANDARD)))
    assert (own_question(same), trains_decoder(same)) == (None, True)
    assert practice_settings(Settings(), same) == Settings()


def rung() -> ProbeScheduler:
    scheduler = ProbeScheduler(ProbeSettings(ask_sure=True), 3, SFREQ, WIDE)
    scheduler.process_frames([frame(10**6)])
    assert scheduler.tick(5000).rows == (Event(5000, EventKind.PROBE, "own: Was the mind wide?"),)
    return scheduler


def test_its_answer_is_recorded_in_its_own_words_and_ends_the_probe() -> None:
    scheduler = rung()
    assert scheduler.question is WIDE
    assert scheduler.answer(3, 5400).rows == ()
    done = scheduler.answer(2, 5512)
    assert done.rows == (Event(5512, EventKind.ANSWER_OWN, "2 caught by something", response_s=2.0),)
    assert (done.finished_probe, scheduler.question) == (None, None)
    skipped = rung().skip(5600)
    assert skipped.rows == (Event(5600, EventKind.UNANSWERED, "own: skipped"),)
    assert skipped.finished_probe is None


def test_it_is_spoken_with_its_answers_and_answered_by_a_remote() -> None:
    heard = Heard()
    speaker, noted = announcer(heard)
    speaker.update_question(WIDE, 1.0)
    spoken = "Was the mind wide? 1: wide. 2: caught by something."
    assert heard.texts == noted == [spoken]
    assert request_for_key("right", Snapshot(question=WIDE)) == Request(RequestKind.ANSWER, "2")


def test_a_session_asks_and_records_it_and_no_model_learns_from_it(tmp_path: Path) -> None:
    config = SessionConfig(
        "simulated:3", tmp_path / "recordings", "07", minutes=1.0, seed=1, fast=True, audio="none",
        programme=str(practice(tmp_path, ASKS, "none")), probe_interval_s=8.0,
    )  # fmt: skip
    session = Session(config)
    session.start()
    result = session.join()
    assert result is not None
    assert result.exit_code == 0, result.message
    assert result.session_dir is not None
    files = find_session(result.session_dir)
    assert files is not None
    recording = open_recording(files.raw)
    asked = [event for event in recording.events if event.kind is EventKind.PROBE]
    answered = [event.value for event in recording.events if event.kind is EventKind.ANSWER_OWN]
    assert {event.value for event in asked} == {"own: Was the mind wide?"}
    assert set(answered) <= {"1 wide", "2 caught", "3 not sure"}
    assert answered
    assert probes_from_events(recording.events) == ()
    assert answer_sentences(recording.events)[0].startswith(f"The chime asked {len(asked)} times: Was the mind wide? ")
    start = read_start(files.derived_file("start.json")).start_state
    assert start.trains_decoder is False
    assert start.probes is not None
    assert start.probes.questions == {"Was the mind wide?": {"1": "wide", "2": "caught", "3": "not sure"}}
    sessions, _ = finished_sessions(config.recordings, "07", ())
    ((labels, _),), _ = collect_labels(sessions, ("theta_frontal",), Settings(), None, 30000.0)
    assert labels.training_data.labelled_windows == ()


def test_the_standard_question_is_the_standard_one_word_for_word() -> None:
    answers = tuple(text for _, text in WHERE.choices)
    assert practice_question(WHERE.wording, answers) is WHERE
    assert practice_question(WHERE.wording.lower(), answers) is not WHERE
