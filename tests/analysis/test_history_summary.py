"""What many sessions add up to, judged on histories whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.analysis.history import PastSession
from neurofeedback.analysis.history_summary import HistorySummary, summarize_history
from neurofeedback.cli.commands.history import history_document
from neurofeedback.cli.main import app
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.documents import SessionSummary, StartState
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.report.history_sentences import history_sentences
from neurofeedback.types import Chunk, Event, EventKind, StreamInfo

BEGAN = datetime(2026, 3, 1, 8, 0).astimezone()


def past(day: int, n_wander: int = 0, n_focus: int = 0) -> PastSession:
    began = BEGAN + timedelta(days=day)
    stem = f"sub-01_ses-{began:%Y%m%dT%H%M%S}_task-meditation"
    return PastSession(
        stem, began.isoformat(), "muse-2", 1200.0, 900.0, 0.9, 10.0, n_wander=n_wander, n_focus=n_focus, finished=True
    )


def falling(n_sessions: int = 30, first: float = 0.6, last: float = 0.2, each: int = 20) -> list[PastSession]:
    rng = np.random.default_rng(1)
    wandered = rng.binomial(each, np.linspace(first, last, n_sessions))
    return [past(day, int(n), each - int(n)) for day, n in enumerate(wandered)]


def test_time_and_days_are_added_up() -> None:
    seen = summarize_history([past(0), past(0), past(3)])
    assert (seen.total_s, seen.practice_s, seen.n_days) == (3600.0, 2700.0, 2)
    assert "3 sittings on 2 days, 60 minutes" in history_sentences(seen)[0]
    assert "11 hours" in history_sentences(summarize_history([past(day) for day in range(33)]))[0]


def test_nothing_is_said_of_wandering_before_there_are_answers() -> None:
    for sessions in ([], [past(0), past(1)]):
        seen = summarize_history(sessions)
        assert seen.wandering is None
        assert seen.session_shares == ()
        assert any("No answers yet" in sentence for sentence in history_sentences(seen)) is bool(sessions)


def test_a_true_fall_is_told_and_no_fall_is_not() -> None:
    assert any("reported less wandering" in sentence for sentence in history_sentences(summarize_history(falling())))
    assert any(
        "reported more wandering" in sentence
        for sentence in history_sentences(summarize_history(falling(first=0.2, last=0.6)))
    )
    flat = summarize_history(falling(first=0.4, last=0.4))
    assert any("No clear change yet" in sentence for sentence in history_sentences(flat))


def test_a_trend_waits_for_enough_answers() -> None:
    seen = summarize_history(falling(3))
    assert seen.trend is None
    assert any("A trend needs at least 5 sittings" in sentence for sentence in history_sentences(seen))


def test_the_order_of_conditions_and_their_shares() -> None:
    sessions = [replace(past(0, 8, 2), condition="pre"), past(1, 1, 1), replace(past(2, 2, 8), condition="post_24h")]
    seen = summarize_history(sessions)
    assert list(seen.conditions) == ["pre", "none", "post_24h"]
    assert seen.conditions["pre"].value == 0.8
    assert summarize_history([past(0, 8, 2)]).conditions == {}, "who never entered a condition is not asked about any"


def test_how_many_sittings_a_change_needs_follows_from_this_persons_answers() -> None:
    few, many = summarize_history([past(0, 2, 4)]), summarize_history([past(0, 20, 40)])
    for (fall, n_few), (_, n_many) in zip(few.sessions_needed, many.sessions_needed, strict=True):
        assert n_many is not None
        assert n_few is None or n_few > n_many, fall
    assert all(fall <= 0.1 for fall, _ in summarize_history([past(0, 1, 9)]).sessions_needed), (
        "nobody can fall below none at all"
    )


def test_the_signal_is_described_and_never_the_index_or_the_reward_rate() -> None:
    sessions = [replace(past(day), iaf_hz=10.0 + day / 10) for day in range(9)]
    seen = summarize_history(sessions)
    alpha = next(course for course in seen.signal_trends if course.unit == "Hz")
    assert (alpha.first, alpha.last, alpha.n_sessions) == (10.1, 10.7, 9)
    told = json.dumps(history_document(seen)).lower()
    for word in ("index", "mwi", "reward"):
        assert word not in told


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurofeedback.analysis.history.user_cache_path", lambda *_, **__: tmp_path / "cache")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    for day in range(2):
        header = SessionHeader("07", stream, "", StartState(), (), BEGAN + timedelta(days=day))
        writer = SessionWriter(tmp_path, header, sync=lambda _: None)
        writer.process_chunk(Chunk(0, np.ones((4, 128), np.float32)))
        writer.process_event(Event(40, EventKind.ANSWER_WHERE, "2"))
        folder = writer.close(SessionSummary(duration_s=600.0))
        assert folder
        stem = next(folder.glob("*_summary.json")).name.removesuffix("_summary.json")
        write_notes(SessionFiles.from_stem(tmp_path, stem), SessionNotes(note="[bold]calm[/bold]", condition="pre"))
    return tmp_path


def test_the_command_tells_of_the_last_who_sat(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["history", "--recordings", str(dataset)], terminal_width=200)
    assert result.exit_code == 0
    assert "Participant 07" in result.stdout
    assert "[bold]calm" in result.stdout, "a note is text, whatever is in it"
    assert "2 sittings on 2 days" in result.stdout


def test_the_command_prints_one_json_document(dataset: Path) -> None:
    result = CliRunner().invoke(app, ["history", "--recordings", str(dataset), "--rebuild", "--json"])
    document = json.loads(result.stdout)
    assert len(document["sessions"]) == 2
    assert document["share"]["n"] == 2


def test_a_label_that_is_none_and_a_folder_without_sessions(dataset: Path, tmp_path: Path) -> None:
    wrong = CliRunner().invoke(app, ["history", "--participant", "../x", "--recordings", str(dataset)])
    assert wrong.exit_code != 0
    (tmp_path / "none").mkdir()
    empty = CliRunner().invoke(app, ["history", "--recordings", str(tmp_path / "none")])
    assert empty.exit_code == 0
    assert empty.stdout == "Participant 01\nNo sitting yet.\n"


def test_falls_that_would_take_too_long_are_left_out_unless_all_do() -> None:
    seen = summarize_history([past(0, 2, 4)])
    one = some(replace(seen, sessions_needed=((0.05, None), (0.20, 17))), "many sittings")
    assert one.endswith(": about 17 for 20 fewer of 100 chimes (80 % power).")
    none = some(replace(seen, sessions_needed=((0.05, None), (0.10, None))), "400 sittings")
    assert none.startswith("Even 10 fewer wanderings in 100 chimes")


def some(seen: HistorySummary, words: str) -> str:
    (sentence,) = (sentence for sentence in history_sentences(seen) if words in sentence)
    return sentence


def test_a_damaged_session_is_told_in_a_sentence(dataset: Path) -> None:
    summary = next(dataset.glob("derivatives/neurofeedback/sub-07/ses-*/*_summary.json"))
    summary.write_text("{", encoding="utf-8")
    told = CliRunner().invoke(app, ["history", "--recordings", str(dataset)])
    assert told.exit_code == 0
    assert f"Left out: {summary.name.removesuffix('_summary.json')}." in " ".join(told.stdout.split())
    assert "got a damaged file" in " ".join(told.stdout.split())
    assert "WARNING" not in told.output
    document = CliRunner().invoke(app, ["history", "--recordings", str(dataset), "--json"])
    assert list(json.loads(document.stdout)["left_out"]) == [summary.name.removesuffix("_summary.json")]
