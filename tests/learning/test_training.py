"""Training of the decoder from recordings, its notices, and the decoder commands.

Sessions are written without any signal: frames, answers and what surrounds them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.cli.main import main
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.decoder_weights import parse_decoder_weights
from neurofeedback.learning.decoder_sentences import (
    auc_sentence,
    decoder_stage,
    feature_directions,
    guidance_sentence,
)
from neurofeedback.learning.evaluation import Evaluation
from neurofeedback.learning.feature_covariance import estimate_window_covariance
from neurofeedback.learning.frame_log_reader import read_frames
from neurofeedback.learning.metrics import MetricInterval
from neurofeedback.learning.model_file import decoder_path, read_decoder_file
from neurofeedback.learning.online_decoder import OnlineDecoder
from neurofeedback.learning.session_labels import LabelCollector, read_session_labels, zscore_columns
from neurofeedback.learning.training import DecoderState, decoder_feature_names, train_decoder, untrained
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.events import HEADER, format_event_row, probes_from_events, read_events
from neurofeedback.recording.facts.session_facts import sessions_table
from neurofeedback.recording.frame_log import format_number
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, StartState, write_start, write_summary
from neurofeedback.settings.load import dump_profile, load_evidence, load_settings, resolve
from neurofeedback.texts.decoder import NO_ANSWERS
from neurofeedback.types import Event, EventKind, Frame, Guidance, Phase, Probe, State, StreamInfo

SETTINGS = load_settings()
NAMES = decoder_feature_names(SETTINGS, load_evidence("default"))
COLUMNS = zscore_columns(NAMES)
SFREQ = 256.0
FIRST = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TODAY = (FIRST + timedelta(days=20)).timestamp() / 86400.0
MUSE = StreamInfo("muse-2", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse", reference="Fpz")
HEAD_FRAMES = "\t".join(("onset", "sample", "phase", "valid", *COLUMNS)) + "\n"


@dataclass(frozen=True)
class Plan:
    """One session: when, who, how long (s of practice), how strongly wandering shows, what is wrong with it."""

    day: float = 0.0
    participant: str = "01"
    seconds: float = 700.0
    effect: float = 2.0
    seed: int = 0
    only: int | None = None  # every answer is this one
    presses: Sequence[float] = ()
    lost: tuple[float, float] = (0.0, 0.0)
    stream: StreamInfo = MUSE
    iaf_hz: float = 10.0
    extra: tuple[Event, ...] = ()
    asked_every_s: float = 40.0


def at(seconds: float) -> int:
    return round(seconds * SFREQ)


def write_session(root: Path, plan: Plan) -> SessionFiles:
    """Write what learning reads of a session."""
    started = FIRST + timedelta(days=plan.day)
    stem = f"sub-{plan.participant}_ses-{started:%Y%m%dT%H%M%S}_task-meditation"
    files = SessionFiles.from_stem(root, stem)
    files.derived.mkdir(parents=True)
    (files.raw / "eeg").mkdir(parents=True)
    stream, profile = resolve(SETTINGS, plan.stream)
    toml = dump_profile(profile)
    header = SessionHeader(plan.participant, stream, toml, StartState(), (), started)
    write_start(files.derived_file("start.json"), header.as_start())
    files.derived_file("settings.toml").write_text(toml)
    write_summary(files.derived_file("summary.json"), SessionSummary(iaf_hz=plan.iaf_hz), finished=True)
    chimes = np.arange(60.0, plan.seconds, plan.asked_every_s).tolist()
    rng = np.random.default_rng((plan.seed, round(abs(plan.day) * 10)))
    away = [bool(rng.random() < 0.45) for _ in chimes]
    files.frame_log.write_text(HEAD_FRAMES + "".join(_frames(plan, chimes, away, rng)))
    events = [
        event for chime, wander in zip(chimes, away, strict=True) for event in _answered(chime, wander, plan.only)
    ]
    events += [Event(at(press), EventKind.PRESS) for press in plan.presses]
    rows = sorted((*events, *plan.extra), key=lambda event: event.sample)
    files.eeg_file("events.tsv").write_text(HEADER + "".join(format_event_row(event, SFREQ) for event in rows))
    return files


def _answered(chime: float, wander: bool, only: int | None) -> list[Event]:
    where = only or (2 if wander else 1)
    return [
        Event(at(chime), EventKind.PROBE, "1"),
        Event(at(chime + 1.5), EventKind.ANSWER_WHERE, str(where), response_s=1.5),
        Event(at(chime + 2.5), EventKind.ANSWER_SURE, "4", response_s=1.0),
        Event(at(chime + 3.5), EventKind.ANSWER_SLEEPY, "2", response_s=1.0),
    ]


def _frames(plan: Plan, chimes: list[float], away: list[bool], rng: np.random.Generator) -> list[str]:
    onset = np.arange(0.25, plan.seconds, 0.25)
    z = rng.standard_normal((len(onset), len(COLUMNS)))
    for chime, wander in zip(chimes, away, strict=True):
        z[(onset > chime - 12) & (onset <= chime), 0] += plan.effect * wander
    lost = (onset > plan.lost[0]) & (onset <= plan.lost[1])
    return [
        "\t".join((f"{t:.12g}", str(at(t)), Phase.PRACTICE, "0" if gone else "1", *map(format_number, row))) + "\n"
        for t, gone, row in zip(onset.tolist(), lost.tolist(), z.tolist(), strict=True)
    ]


def write(root: Path, *plans: Plan) -> list[SessionFiles]:
    return [write_session(root, plan) for plan in plans]


def learn(root: Path, participant: str = "01", **options: object) -> DecoderState:
    return train_decoder(root, participant, SETTINGS, today=TODAY, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sessions of one person with an effect of wandering."""
    root = tmp_path_factory.mktemp("four")
    write(root, *(Plan(day=float(k)) for k in range(4)))
    return root


@pytest.fixture
def copy(four: Path, tmp_path: Path) -> Path:
    root = tmp_path / "recordings"
    shutil.copytree(four, root)
    return root


def test_decoder_is_trained_from_recordings(four: Path) -> None:
    known = learn(four)
    assert known.evaluation.n_answers == 64
    assert known.evaluation.n_sessions == 4
    assert known.evaluation.prequential is not None
    assert known.evaluation.prequential.value > 0.7
    assert known.evaluation.active
    assert known.decoder.weights[NAMES.index("theta_frontal")] > 0.3
    assert known.notices == ()
    assert decoder_stage(known.evaluation) == "active"


def test_person_without_answers_has_prior(tmp_path: Path) -> None:
    known = learn(tmp_path)
    assert known.evaluation.n_answers == 0
    assert not decoder_path(tmp_path, "01").exists()
    np.testing.assert_array_equal(known.decoder.weights, untrained("01", SETTINGS).decoder.weights)
    assert OnlineDecoder(known, SETTINGS, MUSE, ("onset", *COLUMNS)).initial_weights is None
    assert guidance_sentence(known.decoder, known.evaluation) == auc_sentence(known.evaluation, SETTINGS.decoder)
    assert decoder_stage(known.evaluation) == "not begun"


def test_model_file_gives_same_result_without_reading(copy: Path) -> None:
    first = learn(copy)
    for log in copy.rglob("*_timeseries.tsv"):
        stamp = log.stat()
        log.write_bytes(b"x" * stamp.st_size)  # so that reading them again would fail
        os.utime(log, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    second = learn(copy)
    assert second.notices == ()
    assert second.decoder.weights.tobytes() == first.decoder.weights.tobytes()
    assert second.evaluation == first.evaluation


def test_added_session_gives_same_result_as_rebuild(copy: Path) -> None:
    learn(copy)
    write(copy, Plan(day=4.0))
    grown, rebuilt = learn(copy), learn(copy, rebuild=True)
    assert grown.evaluation.n_answers == 80
    assert grown.decoder.weights.tobytes() == rebuilt.decoder.weights.tobytes()
    assert grown.evaluation == rebuilt.evaluation


def live(known: DecoderState, files: SessionFiles) -> tuple[OnlineDecoder, list[str]]:
    """Let a recorded session come again as it came live: frames in full precision would be rounded as logged."""
    learner = OnlineDecoder(known, SETTINGS, MUSE, COLUMNS)
    _, events = read_events(files.eeg_file("events.tsv"))
    waiting = [probe for probe in probes_from_events(events) if probe.answer_sample is not None]
    presses = [event.sample for event in events if event.kind is EventKind.PRESS]
    refits: list[str] = []
    for row in read_frames(files.frame_log, COLUMNS):
        learner.process_frames([_frame(row.sample, row.phase, row.valid, row.values)])
        while presses and presses[0] < row.sample:
            learner.add_press(presses.pop(0))
        while waiting and (waiting[0].answer_sample or 0) < row.sample:
            command = learner.add_probe(waiting.pop(0))
            if command is not None:
                refits.append(command.value)
    return learner, refits


def _frame(sample: int, phase: Phase, valid: bool, values: tuple[float, ...]) -> Frame:
    nan, quiet = float("nan"), Guidance()
    wobble = tuple(value * (1 + 1e-12) for value in values)  # as the engine had it before nine digits were kept
    judged = (valid, 1.0, 0.3, State.FOCUS, False)
    return Frame(0, sample, sample / SFREQ, phase, *judged, nan, nan, nan, False, quiet, wobble, ())


def test_live_and_recorded_labels_are_identical(copy: Path) -> None:
    files = write(copy, Plan(day=5.0, presses=(100.0, 400.0), lost=(200.0, 330.0)))[0]
    known = learn(copy, excluded=[files.stem])
    learner, refits = live(known, files)
    again = learn(copy, excluded=[])
    recorded = again.session_labels[-1].training_data.labelled_windows
    by_sample = {window.sample: window for window in learner.labelled_windows}
    assert set(by_sample) == {window.sample for window in recorded}
    assert sum(window.self_caught for window in recorded) == 2
    for window in recorded:
        assert by_sample[window.sample].x.tobytes() == window.x.tobytes()
        assert by_sample[window.sample].minutes == window.minutes
    assert len(refits) == sum(not window.self_caught for window in recorded)


def test_answer_gives_refit_two_seconds_later(four: Path) -> None:
    known = learn(four)
    learner = OnlineDecoder(known, SETTINGS, MUSE, COLUMNS)
    rng = np.random.default_rng(0)
    for k in range(400):
        learner.process_frames(
            [_frame(at((k + 1) / 4), Phase.PRACTICE, True, tuple(rng.standard_normal(len(COLUMNS))))]
        )
    before = learner.initial_weights
    command = learner.add_probe(Probe(at(90), where=2, sure=4, sleepy=1, answer_sample=at(94)))
    assert command is not None
    assert command.sample == at(96)
    after = parse_decoder_weights(command.value)
    assert before is not None
    assert after is not None
    assert (before.n_answers, after.n_answers) == (64, 65)
    assert before.weights != after.weights
    assert known.evaluation.prequential is not None
    assert after.auc == pytest.approx(known.evaluation.prequential.value, rel=1e-5)
    assert learner.add_probe(Probe(at(92), where=3, answer_sample=at(95))) is None
    assert learner.decoder.n_answers == 65


def test_other_index_gets_no_decoder_weights(four: Path) -> None:
    fast = load_settings("fast")
    known = train_decoder(four, "01", fast, today=TODAY)
    learner = OnlineDecoder(known, fast, MUSE, zscore_columns(known.feature_names))
    assert learner.initial_weights is None


def test_excluded_session_is_not_used_until_included(copy: Path) -> None:
    everything = learn(copy)
    left = everything.session_labels[1].training_data.session
    without = learn(copy, excluded=[left])
    assert without.evaluation.n_answers == 48
    assert learn(copy).excluded == (left,)  # it stays so
    assert learn(copy, excluded=[]).decoder.weights.tobytes() == everything.decoder.weights.tobytes()


def test_answers_of_one_class_give_notice(tmp_path: Path) -> None:
    write(tmp_path, Plan(only=2), Plan(day=1.0, only=2))
    known = learn(tmp_path)
    assert any("All 32 answers so far are “elsewhere”" in notice for notice in known.notices)
    assert known.evaluation.prequential is None
    assert auc_sentence(known.evaluation, SETTINGS.decoder).startswith("Too early to say")
    assert np.isfinite(known.decoder.weights).all()


def test_contradictory_answers_are_left_out_with_notice(tmp_path: Path) -> None:
    twice = Event(at(62.0), EventKind.ANSWER_WHERE, "1"), Event(at(62.5), EventKind.ANSWER_WHERE, "2")
    write(tmp_path, Plan(extra=twice))
    known = learn(tmp_path)
    assert known.evaluation.n_answers == 15
    assert any("two different answers, left out: 1." in notice for notice in known.notices)


def test_stuck_key_keeps_answers(tmp_path: Path) -> None:
    write(tmp_path, Plan(presses=np.arange(50, 650, 0.5).tolist()))
    known = learn(tmp_path)
    assert known.evaluation.n_answers == 16
    assert any("1200 presses" in notice and "stuck key" in notice for notice in known.notices)
    assert not any(window.self_caught for window in known.session_labels[0].training_data.labelled_windows)


def test_answers_without_signal_count_but_give_no_window(tmp_path: Path) -> None:
    write(tmp_path, Plan(lost=(90.0, 190.0)))
    known = learn(tmp_path)
    assert known.evaluation.n_answers == 13  # of the chimes at 100, 140 and 180 s
    assert any("without a usable signal before the question: 3." in notice for notice in known.notices)


@pytest.mark.parametrize("day", [-20000.0, 30000.0])
def test_impossible_date_counts_as_recent(copy: Path, day: float) -> None:
    files = write(copy, Plan(day=day))[0]
    known = learn(copy)
    assert known.evaluation.n_answers == 80
    assert any(files.stem in notice and "the clock was wrong" in notice for notice in known.notices)
    assert {labels.training_data.session: labels.training_data.day for labels in known.session_labels}[
        files.stem
    ] == TODAY


def test_two_people_under_one_label_give_notice(copy: Path) -> None:
    write(copy, Plan(day=6.0, iaf_hz=12.0))
    notice = next(notice for notice in learn(copy).notices if "two people" in notice)
    assert "10.0 waves a second" in notice
    assert "12.0 in " in notice
    assert "--exclude" in notice


CYTON = replace(
    MUSE,
    device="cyton:/dev/x",
    sfreq=256.0,
    ch_names=("Fz", "F3", "F4", "Cz", "Pz", "P3", "P4", "Oz"),
    montage="auto",
    reference="ears",
)


def test_other_headset_gives_notice_and_less_weight(copy: Path) -> None:
    write(copy, Plan(day=7.0, stream=CYTON))
    known = learn(copy)
    assert any("other electrodes" in notice for notice in known.notices)
    own, theirs = (OnlineDecoder(known, SETTINGS, stream, COLUMNS).decoder for stream in (MUSE, CYTON))
    assert own.intercept != theirs.intercept
    assert own.sd[0] < theirs.sd[0]


def test_other_headset_without_windows_gives_no_notice(copy: Path) -> None:
    write(copy, Plan(day=7.0, stream=CYTON, only=3))
    known = learn(copy)
    assert len({labels.training_data.device for labels in known.session_labels}) == 2
    assert not any("other electrodes" in notice for notice in known.notices)


DAMAGE = {
    "torn": lambda text: text[: len(text) // 2],
    "not JSON": lambda _: "gi\x00bberish",
    "another program's": lambda _: json.dumps({"weights": [1, 2, 3]}),
    "a newer version's": lambda text: text.replace('"schema_version": 1', '"schema_version": 99'),
    "somebody else's": lambda text: text.replace('"participant": "01"', '"participant": "02"'),
    "a weight that is no number": lambda text: text.replace('"weight": ', '"weight": "x", "was": ', 1),
    "a list": lambda _: "[]",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_unusable_model_file_is_renamed_and_rebuilt(copy: Path, damage: str) -> None:
    good = learn(copy)
    path = decoder_path(copy, "01")
    broken = DAMAGE[damage](path.read_text())
    path.write_text(broken)
    with pytest.raises(RecordingError):
        read_decoder_file(copy, "01")
    known = learn(copy)
    assert known.decoder.weights.tobytes() == good.decoder.weights.tobytes()
    assert any("put aside" in notice for notice in known.notices)
    assert path.with_name("sub-01_desc-unusable_model.json").read_text() == broken
    assert learn(copy).notices == ()


def test_read_only_folder_still_trains(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = learn(copy)
    decoder_path(copy, "01").write_text("{")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refused)
    known = learn(copy)
    assert known.decoder.weights.tobytes() == good.decoder.weights.tobytes()
    assert any("could not be put aside (Permission denied)" in notice for notice in known.notices)


def test_session_with_unreadable_facts_may_be_under_a_substance_and_is_not_learned_from(copy: Path) -> None:
    (files,) = write(copy, Plan(day=8.0))
    before = learn(copy).evaluation.n_answers
    table = sessions_table(copy, files.participant)
    table.write_text("damaged\n")
    known = learn(copy)
    assert known.evaluation.n_answers < before
    assert any(files.stem in notice and "no table of sessions" in notice for notice in known.notices)


def test_unreadable_session_gives_notice_and_is_skipped(copy: Path) -> None:
    files = write(copy, Plan(day=8.0), Plan(day=9.0), Plan(day=10.0))
    files[0].frame_log.write_text("onset\tsample\n0.25\t64\n")
    files[1].frame_log.write_text(HEAD_FRAMES + "x\n")
    files[2].frame_log.unlink()
    known = learn(copy)
    assert known.evaluation.n_answers == 64
    assert any("lacks columns" in notice for notice in known.notices)
    assert any("is not a frame" in notice for notice in known.notices)


def test_sleepy_answers_change_only_drowsiness_threshold(tmp_path: Path) -> None:
    files = write(tmp_path, Plan())[0]
    labels = read_session_labels(files, estimate_window_covariance(NAMES), SETTINGS, TODAY)
    assert len(labels.sleepiness_ratings) == 16
    assert {answer for _, answer in labels.sleepiness_ratings} == {2}
    assert learn(tmp_path).drowsy_level == 1.0


def test_collector_without_frames_has_no_windows() -> None:
    collector = LabelCollector.for_session(estimate_window_covariance(NAMES), SFREQ, SETTINGS, 0.25)
    collector.add_press(at(10))
    assert collector.add_probe(Probe(at(20), where=1, sure=2, sleepy=3, answer_sample=at(22))) is None
    assert not collector.training_data("x", 0.0, "").labelled_windows
    assert not collector.sleepiness_ratings


@pytest.mark.parametrize(
    ("n", "auc", "begins"),
    [
        (32, MetricInterval(0.58, 0.35, 0.80, 32), "Too early to say how well it works. The test: two moments"),
        (90, MetricInterval(0.58, 0.50, 0.66, 80), "By your answers so far, it may be no better than guessing"),
        (90, MetricInterval(0.58, 0.51, 0.66, 80), "It tells your wandering from focus better than guessing"),
        (90, None, "Too early to say how well it knows you: it needs more than ten of your answers"),
    ],
)
def test_auc_sentence_is_about_pairs(n: int, auc: MetricInterval | None, begins: str) -> None:
    result = auc_sentence(Evaluation(n, n // 3, 4, prequential=auc), SETTINGS.decoder)
    assert result.startswith(begins)
    assert "accuracy" not in result
    assert "%" not in result
    if auc is not None:
        assert (
            f"about 58 of 100 tries. Guessing would get 50. The real figure is likely {round(100 * auc.low)} to"
            in result
        )


@pytest.mark.parametrize(
    ("n", "low", "begins"),
    [
        (42, 0.53, "It tells your wandering from focus better than guessing"),
        (90, 0.504, "It tells your wandering from focus better than guessing"),
        (90, 0.47, "It beat guessing before. With your latest answers that is less clear"),
    ],
)
def test_the_verdict_on_an_active_decoder_does_not_contradict_its_badge(n: int, low: float, begins: str) -> None:
    active = Evaluation(n, n // 3, 7, prequential=MetricInterval(0.58, low, 0.68, n), active=True)
    result = auc_sentence(active, SETTINGS.decoder)
    assert result.startswith(begins)
    assert "likely 50 to" not in result, "a limit that differs from chance is not rounded to it"


def test_a_decoder_that_is_surely_worse_than_guessing_is_said_to_point_the_wrong_way() -> None:
    worse = Evaluation(200, 70, 12, prequential=MetricInterval(0.40, 0.31, 0.49, 180))
    assert auc_sentence(worse, SETTINGS.decoder).startswith("It gets your answers mostly wrong")


def test_the_score_session_by_session_is_the_main_one_from_the_third_session_on() -> None:
    single, by_session = MetricInterval(0.56, 0.3, 0.8, 30), MetricInterval(0.61, 0.3, 0.9, 14)
    second = Evaluation(40, 14, 2, prequential=by_session, answer_by_answer=single)
    assert "about 56 of 100" in auc_sentence(second, SETTINGS.decoder)
    assert "The figure of 56 may be a little too low" in auc_sentence(second, SETTINGS.decoder)
    third = Evaluation(40, 14, 3, prequential=by_session, answer_by_answer=single)
    assert "about 61 of 100" in auc_sentence(third, SETTINGS.decoder)


def test_feature_directions_are_sorted_by_weight(four: Path) -> None:
    directions = feature_directions(learn(four).decoder)
    assert directions[0][0] == "theta_frontal"
    assert directions[0][2] == "higher while wandering"
    assert directions[0][3] > 0.95
    assert {direction for _, _, direction, _ in directions[1:]} & {"still unclear whether higher or lower"}
    sentence = guidance_sentence(learn(four).decoder, learn(four).evaluation)
    assert sentence.startswith("Personal model active: what the program learned from you told")
    assert sentence.endswith("(64 of your answers from 4 sittings).")
    assert NO_ANSWERS.count("guessing") == 1


def test_invalid_participant_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="letters and digits"):
        learn(tmp_path, "../x")


def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["neurofeedback", "decoder", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return (ended.value.code if isinstance(ended.value.code, int) else 0), captured.out, captured.err


def test_show_prints_decoder(copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = command(capsys, monkeypatch, "show", "--recordings", str(copy))
    assert code == 0
    flat = " ".join(out.split())
    for words in ("64 answers", "of 100 tries", "theta power, frontal", "higher while wandering", "Brier skill"):
        assert words in flat
    assert "Drowsiness threshold" in flat
    code, out, _ = command(capsys, monkeypatch, "show", "--recordings", str(copy), "--json")
    result = json.loads(out)
    assert (code, result["badge"], result["evaluation"]["n"]) == (0, "active", 64)
    assert result["signs"][0]["feature"] == "theta_frontal"


def test_fit_excludes_sessions_and_reset_excludes_all(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("--recordings", str(copy), "--json")
    session = learn(copy).session_labels[0].training_data.session
    short = session.split("_")[1].removeprefix("ses-")
    _, out, _ = command(capsys, monkeypatch, "fit", "--exclude", short, *here)
    assert (json.loads(out)["evaluation"]["n"], json.loads(out)["excluded"]) == (48, [session])
    _, out, _ = command(capsys, monkeypatch, "reset", *here)
    assert (json.loads(out)["badge"], len(json.loads(out)["excluded"])) == ("not begun", 4)
    _, out, _ = command(capsys, monkeypatch, "fit", "--include", session, *here)
    assert json.loads(out)["evaluation"]["n"] == 16
    code, _, err = command(capsys, monkeypatch, "fit", "--exclude", "yesterday", *here)
    assert code == 2
    assert "no such session" in err
    assert "Traceback" not in err


def test_notices_and_excluded_sessions_are_printed(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(copy, Plan(day=6.0, iaf_hz=12.0))
    first = learn(copy).session_labels[0].training_data.session
    _, out, _ = command(capsys, monkeypatch, "fit", "--exclude", first, "--recordings", str(copy))
    assert f"Left out: {first}" in " ".join(out.split())
    assert "Note: These sessions may come from two people" in " ".join(out.split())


def test_commands_work_without_any_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = command(capsys, monkeypatch, "show", "--recordings", str(tmp_path))
    assert code == 0
    assert "Nothing is learned yet" in " ".join(out.split())
    code, _, err = command(capsys, monkeypatch, "fit", "--exclude", "x", "--recordings", str(tmp_path))
    assert code == 2
    assert "this participant has no session" in " ".join(err.split())
