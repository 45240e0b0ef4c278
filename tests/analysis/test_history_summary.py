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
from neurofeedback.analysis.history_summary import HistorySummary, SessionsNeeded, summarize_history
from neurofeedback.cli.commands.history import history_document
from neurofeedback.cli.main import app
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_json import SessionSummary, StartState
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


def test_no_wandering_trend_before_answers() -> None:
    for sessions in ([], [past(0), past(1)]):
        seen = summarize_history(sessions)
        assert seen.wandering is None
        assert seen.session_shares == ()
        assert any("No answers yet" in sentence for sentence in history_sentences(seen)) is bool(sessions)


def test_true_fall_is_significant_and_no_fall_is_not() -> None:
    assert any("answered “elsewhere” less" in sentence for sentence in history_sentences(summarize_history(falling())))
    assert any(
        "answered “elsewhere” more" in sentence
        for sentence in history_sentences(summarize_history(falling(first=0.2, last=0.6)))
    )
    flat = summarize_history(falling(first=0.4, last=0.4))
    assert any("No clear change over 30 sittings" in sentence for sentence in history_sentences(flat))


def test_a_trend_waits_for_enough_answers() -> None:
    seen = summarize_history(falling(7, first=0.9, last=0.1))
    assert seen.trend is None
    assert any(
        "after 8 sittings with answers, with 40 answers in all" in sentence for sentence in history_sentences(seen)
    )
    alike = summarize_history([past(day, 0, 10) for day in range(9)])
    assert any("All your answers are the same" in sentence for sentence in history_sentences(alike))


def test_the_order_of_conditions_and_their_shares() -> None:
    sessions = [replace(past(0, 8, 2), condition="pre"), past(1, 1, 1), replace(past(2, 2, 8), condition="post_24h")]
    seen = summarize_history(sessions)
    assert list(seen.conditions) == ["pre", "none", "post_24h"]
    assert seen.conditions["pre"].value == 0.8
    assert summarize_history([past(0, 8, 2)]).conditions == {}, "who never entered a condition is not asked about any"


def test_how_many_sittings_a_change_needs_follows_from_this_persons_answers() -> None:
    few, many = (summarize_history([past(day, k, 2 * k) for day in range(5)]) for k in (2, 20))
    for one, other in zip(few.sessions_needed, many.sessions_needed, strict=True):
        assert other.low is not None
        assert one.low is None or one.low > other.low, one.reduction
    apart = summarize_history([past(day, 2 + 8 * (day % 2), 10 - 8 * (day % 2)) for day in range(10)])
    alike = summarize_history([past(day, 6, 6) for day in range(10)])
    (_, _, restless), (_, _, calm) = apart.sessions_needed, alike.sessions_needed
    assert calm.low is not None
    assert restless.low is None or restless.low > calm.low
    assert summarize_history([past(day, 2, 4) for day in range(4)]).sessions_needed == ()
    assert [one.reduction for one in summarize_history([past(day, 1, 9) for day in range(6)]).sessions_needed] == [
        0.05
    ], "nobody can fall below none at all"


def test_longer_run_is_shown_from_five_sittings_on() -> None:
    four = summarize_history([past(day, 5, 10) for day in range(4)])
    assert four.long_run is None
    assert some(four, "usual for you") == (
        "4 sittings with answers are too few to know what is usual for you; that takes 5."
    )
    assert some(summarize_history([past(0, 5, 10)]), "usual for you").startswith("One sitting with answers")
    five = summarize_history([past(day, 5, 10) for day in range(5)])
    assert five.long_run is not None
    assert "This range is wider" in some(five, "many more sittings like these")


# bad input


def test_sittings_of_two_answers_are_no_trend() -> None:
    seen = summarize_history([past(day, day % 2, 2 - day % 2) for day in range(30)])
    assert seen.trend is not None
    assert not seen.trend.is_significant


def test_sittings_that_overlap_have_no_trend_and_are_named() -> None:
    sessions = falling()
    twice = replace(sessions[3], stem="sub-01_ses-20260304T081000_task-meditation")
    twice = replace(twice, started=(sessions[3].started_at + timedelta(minutes=10)).isoformat())
    seen = summarize_history([*sessions[:4], twice, *sessions[4:]])
    assert seen.trend is None
    assert seen.doubts.overlapping == (sessions[3].stem, twice.stem)
    sentence = some(seen, "overlap in time")
    assert "20260304T080000, 20260304T081000" in sentence
    assert not any("reported less" in one for one in history_sentences(seen))
    after = replace(twice, started=(sessions[3].started_at + timedelta(seconds=1190)).isoformat())
    assert summarize_history([*sessions[:4], after, *sessions[4:]]).doubts.overlapping == ()


def dated(date: str, n_wander: int, n_focus: int) -> PastSession:
    stem = f"sub-01_ses-{date.replace('-', '')}T000000_task-meditation"
    return replace(past(0, n_wander, n_focus), stem=stem, started=f"{date}T00:00:00+00:00")


def test_sessions_with_impossible_dates_are_left_out_of_the_trend() -> None:
    flat = falling(first=0.4, last=0.4)
    reset = [dated(f"1970-01-0{day}", 20, 0) for day in range(1, 6)]
    future = dated("2099-01-01", 0, 400)
    seen = summarize_history([*reset, *flat, future])
    assert seen.trend == summarize_history(flat).trend
    assert seen.long_run == summarize_history(flat).long_run
    assert seen.wandering is not None
    assert seen.wandering.n == 30 * 20 + 5 * 20 + 400, "the answers were given all the same"
    assert "1970-01-04 and 2 more" in some(seen, "cannot be right")


def test_dates_that_were_all_shifted_keep_their_order() -> None:
    shifted = [replace(one, started=one.started.replace("2026", "1924")) for one in falling()]
    seen = summarize_history(shifted)
    assert seen.doubts.impossible_dates == ()
    assert seen.trend is not None
    assert seen.trend.is_significant


def test_one_sitting_of_400_answers_is_named() -> None:
    seen = summarize_history([*(past(day, 5, 10) for day in range(9)), past(9, 300, 100)])
    assert seen.trend is not None
    assert not seen.trend.is_significant
    assert "2026-03-10 has 400 answers" in some(seen, "does not decide alone")


def test_two_people_under_one_name_are_asked_about() -> None:
    seen = summarize_history([past(day, *((2, 18) if day % 2 else (15, 5))) for day in range(20)])
    assert seen.trend is not None
    assert not seen.trend.is_significant
    assert "a name of their own" in some(seen, "somebody else")
    assert not summarize_history(falling()).doubts.large_scatter


def test_a_history_of_5000_sittings_is_summarized() -> None:
    rng = np.random.default_rng(2)
    sessions = [past(day, int(n), 15 - int(n)) for day, n in enumerate(rng.binomial(15, 0.4, 5000))]
    seen = summarize_history(sessions, now=BEGAN + timedelta(days=6000))
    assert seen.trend is not None
    assert not seen.trend.is_significant
    assert seen.long_run is not None
    assert seen.long_run.low < 0.4 < seen.long_run.high
    assert "No clear change over 5000 sittings" in some(seen, "No clear change")


def test_the_signal_is_described_and_never_the_index_or_the_reward_rate() -> None:
    sessions = [replace(past(day), iaf_hz=10.0 + day / 10) for day in range(9)]
    seen = summarize_history(sessions)
    alpha = next(signal_trend for signal_trend in seen.signal_trends if signal_trend.unit == "Hz")
    assert (alpha.first, alpha.last, alpha.n_sessions) == (10.1, 10.7, 9)
    text = json.dumps(history_document(seen)).lower()
    for word in ("index", "mwi", "reward"):
        assert word not in text


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


def test_history_command_shows_the_last_participant(dataset: Path) -> None:
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


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        (
            (43, 118),
            "spread over about 45 to 120 sittings, this page would show it in 4 of 5 such cases",
        ),
        ((41, 44), "over about 45 sittings, this"),
        ((101, None), "over about 110 to more than 200 sittings, this"),
        ((90, 300), "over about 90 to more than 200 sittings, this"),
        ((201, None), "Even 20 fewer wanderings in 100 chimes would take more than 200 sittings"),
        ((None, None), "Even 20 fewer wanderings"),
    ],
)
def test_how_many_sittings_is_a_range(needed: tuple[int | None, int | None], expected: str) -> None:
    seen = summarize_history([past(day, 2, 4) for day in range(6)])
    seen = replace(seen, sessions_needed=(SessionsNeeded(0.1, 150, 250), SessionsNeeded(0.2, *needed)))
    assert expected in some(seen, "20 fewer")
    assert any(
        "A smaller change, by 10 of 100 chimes, may need more than 200" in one for one in history_sentences(seen)
    ) is (needed[0] is not None and needed[0] <= 200)


def some(seen: HistorySummary, words: str) -> str:
    (sentence,) = (sentence for sentence in history_sentences(seen) if words in sentence)
    return sentence


def test_damaged_session_is_named_in_a_sentence(dataset: Path) -> None:
    summary = next(dataset.glob("derivatives/neurofeedback/sub-07/ses-*/*_summary.json"))
    summary.write_text("{", encoding="utf-8")
    result = CliRunner().invoke(app, ["history", "--recordings", str(dataset)])
    assert result.exit_code == 0
    assert f"Left out: {summary.name.removesuffix('_summary.json')}." in " ".join(result.stdout.split())
    assert "got a damaged file" in " ".join(result.stdout.split())
    assert "WARNING" not in result.output
    document = CliRunner().invoke(app, ["history", "--recordings", str(dataset), "--json"])
    assert list(json.loads(document.stdout)["left_out"]) == [summary.name.removesuffix("_summary.json")]
