"""Heart, breath and stillness of recorded sessions: what is measured, stored, read again and told."""

from __future__ import annotations

import gzip
import math
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import neurofeedback as nf
from neurofeedback.analysis.body import session_body
from neurofeedback.analysis.body.body_file import (
    BODY_SUFFIX,
    MovementAgreement,
    PacerMatch,
    RateSummary,
    SessionBody,
    VariabilitySummary,
    load_or_compute_body,
    read_body,
)
from neurofeedback.analysis.body.session_body import compare_movement, find_paced_spans, find_pauses, measure_body
from neurofeedback.analysis.frame_table import FrameTable
from neurofeedback.analysis.history import past_sessions
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_session
from neurofeedback.processing.body.motion import Motion
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.physio import physio_path, read_bids_physio
from neurofeedback.recording.session_json import PlannedSegment, SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.report.body_sentences import body_sentences
from neurofeedback.report.course.course_tables import body_rows
from neurofeedback.simulation.body_signals import BodyState, simulate_body
from neurofeedback.types import AuxChunk, Chunk, Command, CommandKind, Phase, State, StreamInfo

SFREQ = 64.0  # of the EEG, which nothing here looks at
STREAM = StreamInfo("muse-2:ppg", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
PLAN = (
    PlannedSegment(phase=Phase.SETTLE, length_s=240.0, breaths_per_min=6.0),
    PlannedSegment(phase=Phase.REST, length_s=300.0),
)
MOTION = ("accel_x", "accel_y", "accel_z")


def aux(label: str, sfreq: float, names: tuple[str, ...], data: np.ndarray) -> AuxChunk:
    return AuxChunk(label, sfreq, names, ("n/a",) * len(names), 0.0, 0, data.astype(np.float32))


def signals(paced: float = 6.0, free: float = 13.0) -> tuple[AuxChunk, AuxChunk]:
    """240 s at one breath rate, then 300 s at another."""
    one, other = simulate_body(240.0, BodyState(62, paced), seed=1), simulate_body(300.0, BodyState(62, free), seed=2)
    pulse = np.hstack([one.pulse, other.pulse])
    dark = np.full_like(pulse, 7.0)
    return (
        aux("ppg", 64.0, ("ppg_1", "ppg_2"), np.vstack([dark, pulse])),
        aux("motion", 52.0, MOTION, np.hstack([one.accel, other.accel])),
    )


def record(root: Path, *auxiliary: AuxChunk, commands: tuple[Command, ...] = ()) -> SessionFiles:
    header = SessionHeader("01", STREAM, "", StartState(plan=PLAN), (), datetime(2026, 11, 22, 9))
    writer = SessionWriter(root, header, sync=lambda _: None)
    writer.process_chunk(Chunk(0, np.ones((4, round(540 * SFREQ)), np.float32), auxiliary=auxiliary))
    for command in (Command(round(240 * SFREQ), CommandKind.PHASE, Phase.REST), *commands):
        writer.process_event(command)
    assert writer.close(SessionSummary(duration_s=540.0))
    return writer.files


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SessionFiles:
    return record(tmp_path_factory.mktemp("recordings"), *signals())


def test_a_session_is_measured_once_and_read_again(session, monkeypatch):
    body = load_or_compute_body(session)
    assert body is not None
    assert body.heart is not None
    assert body.breath is not None
    assert body.variability is not None
    assert body.heart.low is not None
    assert body.heart.high is not None
    assert body.heart.mean == pytest.approx(62, abs=0.5)
    assert body.heart.mean is not None
    assert body.heart.low < body.heart.mean < body.heart.high
    assert body.heart.good_share >= 0.9
    assert body.heart_channel == "ppg_2"
    assert body.breath.mean == pytest.approx(13, abs=1)
    assert body.variability.low_ms < body.variability.rmssd_ms < body.variability.high_ms
    (match,) = body.pacers
    assert (match.pace, match.breath_rate) == (6.0, pytest.approx(6, abs=0.5))
    assert match.matched_share is not None
    assert match.matched_share >= 0.8
    assert body.still_share == 1.0
    monkeypatch.setattr(session_body, "measure_body", pytest.fail)
    assert load_or_compute_body(session) == body == nf.read_body(str(session.raw))
    assert read_body(session, "another key") is None


def test_the_history_shows_what_is_stored(session):
    body = load_or_compute_body(session)
    assert body is not None
    assert body.heart is not None
    assert body.breath is not None
    (row,) = past_sessions(session.root, cache=session.root / "cache.sqlite")
    assert (row.heart_rate, row.breath_rate, row.still_share) == (body.heart.mean, body.breath.mean, 1.0)


@pytest.mark.parametrize("damage", ["[]", '{"version": 1, "body": {"heart": 3}}', "\x00", '{"version": 0}'])
def test_a_damaged_file_is_computed_again(session, damage):
    body = load_or_compute_body(session)
    session.derived_file(BODY_SUFFIX).write_text(damage)
    assert read_body(session) is None
    assert load_or_compute_body(session) == body


def test_a_changed_signal_is_measured_again(tmp_path):
    files = record(tmp_path, *signals())
    assert load_or_compute_body(files) is not None
    physio_path(files, "ppg").unlink()
    body = load_or_compute_body(files)
    assert body is not None
    assert (body.heart, body.heart_channel, body.variability) == (None, "", None)
    assert body.breath is not None


def test_a_damaged_signal_is_one_clear_error(tmp_path):
    files = record(tmp_path / "data", *signals())
    table = physio_path(files, "ppg")
    whole = table.read_bytes()
    for content in (whole[: len(whole) // 2], gzip.compress(b"1\tx\n"), gzip.compress(b"1\t2\t3\n")):
        table.write_bytes(content)
        with pytest.raises(RecordingError, match="cannot be read"):
            load_or_compute_body(files)
    with pytest.raises(RecordingError, match="no session"):
        nf.read_body(tmp_path / "nowhere")


def test_a_session_without_other_sensors_has_nothing(tmp_path):
    files = record(tmp_path)
    assert load_or_compute_body(files) is None
    assert not files.derived_file(BODY_SUFFIX).exists()
    assert read_bids_physio(files, "motion") is None
    assert body_sentences(None) == body_sentences(SessionBody()) == []


def test_missing_samples_come_back_as_nan(tmp_path):
    data = np.array([[1.5, math.nan], [2.0, 3.0], [0.25, 200123.0]])
    files = record(tmp_path, aux("motion", 52.0, MOTION, data))
    read = read_bids_physio(files, "motion")
    assert read is not None
    np.testing.assert_array_equal(read.data, data.astype(np.float32))
    assert (read.sfreq, read.ch_names, read.units, read.start_s) == (52.0, MOTION, ("n/a",) * 3, 0.0)


def test_paused_time_counts_neither_for_the_pacer_nor_for_variability(tmp_path):
    pauses = (
        Command(round(30 * SFREQ), CommandKind.PAUSE, "on"),
        Command(round(31 * SFREQ), CommandKind.PAUSE, "on"),
        Command(round(200 * SFREQ), CommandKind.PAUSE, "off"),
        Command(round(201 * SFREQ), CommandKind.PAUSE, "off"),
        Command(round(250 * SFREQ), CommandKind.PAUSE, "on"),
    )
    recording = open_session(record(tmp_path, commands=pauses))
    assert find_pauses(recording) == [(30.0, 200.0), (250.0, 540.0)]
    (span,) = find_paced_spans(recording)
    assert (span.start_s, span.stop_s, span.pace) == (4.0, 240.0, 6.0)
    body = measure_body(recording, signals())
    assert (body.breath, body.variability) == (None, None)
    assert body.pacers == (PacerMatch(6.0, None, None, 0, 0),)
    assert body.heart is not None


def test_slow_breathing_has_no_variability(session):
    body = measure_body(open_session(session), signals(free=6.0))
    assert body.breath is not None
    assert body.breath.mean == pytest.approx(6, abs=0.5)
    assert body.variability is None


def test_a_table_without_acceleration_or_too_slow_is_left_out(session):
    ppg, motion = signals()
    gyro = aux("motion", 52.0, ("gyro_x", "gyro_y", "gyro_z"), motion.data)
    slow = aux("ppg", 1.0, ("ppg_1", "ppg_2"), ppg.data)
    assert measure_body(open_session(session), [gyro, slow]) == SessionBody()


def frames(onset: np.ndarray, **columns: np.ndarray) -> FrameTable:
    empty = np.full(onset.size, np.nan)
    table = {
        "phase": np.full(onset.size, str(Phase.PRACTICE)),
        "state": np.full(onset.size, str(State.FOCUS)),
        "valid": np.ones(onset.size, bool),
        "drowsy": np.zeros(onset.size, bool),
    }
    rest = dict.fromkeys(("confidence", "mwi", "threshold", "latency_ms"), empty)
    return FrameTable(onset=onset, **{**table, **rest, **columns})


def test_movement_is_counted_by_what_the_gate_left_out():
    """Still for 60 s but for 20 to 25 s; the gate leaves 22 to 30 s out; a second is paused, one lost, one unknown."""
    still = np.ones(60, bool)
    still[20:25] = False
    rms = np.where(still, 0.003, 0.2)
    rms[50] = np.nan
    still[50] = False
    onset = 0.25 * np.arange(8, 241)
    phase = np.where(onset == 40.0, str(Phase.PAUSE), str(Phase.PRACTICE))
    state = np.where(onset == 45.0, str(State.LOST), str(State.FOCUS))
    table = frames(onset, valid=~((onset > 22) & (onset <= 30)), phase=phase, state=state)
    found = compare_movement(Motion(0.0, rms, still), table)
    # Whole seconds 2 to 60 are 59, without 40, 45, and 51 and 52, whose window holds the unknown second: 55.
    assert found == MovementAgreement(n_rejected=8, n_accepted=47, n_moved_rejected=4, n_moved_accepted=2)


def test_movement_needs_motion_and_frames_of_the_same_time():
    motion = Motion(100.0, np.full(20, 0.003), np.ones(20, bool))
    assert compare_movement(motion, frames(np.array([]))) is None
    assert compare_movement(motion, frames(np.arange(2.0, 60.0))) is None
    found = compare_movement(motion, frames(np.arange(2.0, 160.0)))
    assert found == MovementAgreement(0, 19, 0, 0)


def test_sentence_on_movement_has_both_shares_and_their_seconds():
    both = SessionBody(still_share=0.9, movement=MovementAgreement(40, 560, 30, 28))
    _, movement = body_sentences(both)
    assert movement == (
        "It moved in 75 % of the 40 s whose signal was left out because of artifacts, and in 5 % of the other 560 s."
    )
    assert len(body_sentences(SessionBody(still_share=0.9, movement=MovementAgreement(0, 600, 0, 28)))) == 1


def test_sentences_have_quality_and_interval():
    body = SessionBody(
        heart=RateSummary(62.34, 61.2, 63.5, 0.914, 27, "motion"),
        variability=VariabilitySummary(41.2, 35.1, 47.0, 9),
        breath=RateSummary(12.94, None, None, 0.5, 8, "no_rhythm"),
        pacers=(PacerMatch(6.0, 6.12, 0.75, 7, 6), PacerMatch(4.5, None, None, 7, 0)),
        still_share=0.97,
    )
    heart, variability, breath, pacer, unclear, still = body_sentences(body)
    assert heart == (
        "Heart rate: 62.3 a minute on average (95 % interval 61.2 to 63.5). The pulse was clear in 91 % of the time."
    )
    assert "41 ms (95 % interval 35 to 47)" in variability
    assert breath == "Breathing: 12.9 breaths a minute on average. The breath was clear in 50 % of the time."
    assert "at 6 a minute you breathed 6.1 times" in pacer
    assert "75 %" in pacer
    assert "at 4.5 a minute" in unclear
    assert "never clear enough" in unclear
    assert "97 %" in still


@pytest.mark.parametrize(("reason", "words"), [("motion", "the head moved"), ("saturated", "too much light")])
def test_no_number_where_nothing_was_clear(reason, words):
    nothing = RateSummary(None, None, None, 0.0, 27, reason)
    heart, breath = body_sentences(SessionBody(heart=nothing, breath=nothing))
    for sentence in (heart, breath):
        assert words in sentence
        assert not any(letter.isdigit() for letter in sentence)


def test_the_course_report_has_rates_with_quality():
    day = datetime(2026, 11, 22, 9)
    found = RateSummary(62.34, 61.2, 63.5, 0.914, 27, "motion")
    short, none = RateSummary(12.94, None, None, 0.5, 8, ""), RateSummary(None, None, None, 0.0, 8, "gaps")
    assert body_rows(
        [(day, SessionBody(heart=found, breath=short, still_share=0.9)), (day, SessionBody(heart=none))]
    ) == [
        ("2026-11-22 09:00", "62.3 (61.2-63.5)", "91 %", "12.9", "50 %", "90 %"),
        ("2026-11-22 09:00", "-", "0 %", "-", "-", "-"),
    ]


def test_stored_measures_survive_the_round_trip(session):
    body = load_or_compute_body(session)
    assert body is not None
    assert asdict(body) == asdict(read_body(session) or SessionBody())
