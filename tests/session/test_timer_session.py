"""Sittings without a headset: bells and texts by the clock, the time sat in the history, and nothing of EEG."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neurofeedback.analysis.history import PastSession, all_sittings, past_sessions
from neurofeedback.analysis.history_summary import summarize_history
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.session_facts import SessionFacts
from neurofeedback.recording.session_notes import read_notes
from neurofeedback.recording.timer.sitting_file import SittingFile, TimerSitting, read_sittings
from neurofeedback.session.clock import VirtualClock
from neurofeedback.session.config import NO_DEVICE, SessionConfig, SessionResult
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot, situation_of
from neurofeedback.session.plan import plan_session
from neurofeedback.session.practice.timer_session import Sitting, TimerSession
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.settings.load import load_programme
from neurofeedback.settings.model import Settings
from neurofeedback.texts.situation import Situation
from tests.session.voice.test_announcer import Heard


class Rung(Heard):
    """Writes down the bells, each with its time, and what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.bells: list[tuple[Bell, float]] = []
        self.breaths: list[tuple[Turn | None, float]] = []

    def ring(self, bell: Bell, at_s: float) -> None:
        self.bells.append((bell, at_s))

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        self.breaths.append((turn, at_s))


class ScriptedClock(VirtualClock):
    """Virtual time that acts at given times, and may have been asleep."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[tuple[float, Callable[[], object]]] = []
        self.live = LiveState(self.now)
        self.asleep_s = 0.0

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        while self.acts and self.now() >= self.acts[0][0]:
            self.acts.pop(0)[1]()

    def suspended_s(self) -> float:
        return self.asleep_s

    def sleep(self, seconds: float) -> None:
        super().wait(seconds)
        self.asleep_s += seconds


def config(root: Path, **changes: object) -> SessionConfig:
    base = SessionConfig(NO_DEVICE, root, "07", programme="timer", minutes=5.0, fast=True, audio="none")
    return replace(base, **changes)


def sit(
    root: Path, clock: ScriptedClock, sink: Heard, name: str = "timer", minutes: float | None = 5.0
) -> SessionResult:
    programme = load_programme(name)
    settings = Settings(audio=AudioSettings(voice_enabled=True))
    plan = plan_session(settings.phases, minutes, 0.0, programme)
    sitting = Sitting(
        config(root), programme=programme, settings=settings, plan=plan, sink=sink, clock=clock, live_state=clock.live
    )
    return sitting.run()


def ask(clock: ScriptedClock, kind: RequestKind, value: str = "") -> Callable[[], object]:
    return lambda: clock.live.send_request(Request(kind, value))


def listed(root: Path) -> PastSession:
    (only,) = all_sittings(root, "07")
    return only


def test_a_timer_rings_at_its_times_and_is_listed_as_time_sat(tmp_path: Path) -> None:
    clock, sink = ScriptedClock(), Rung()
    result = sit(tmp_path, clock, sink)
    assert (result.exit_code, result.message, result.session_dir) == (0, "The sitting is complete.", None)
    assert [bell for bell, _ in sink.bells] == [Bell.BEGIN, Bell.PHASE, Bell.END]
    assert [at_s for _, at_s in sink.bells] == pytest.approx([0, 30, 292], abs=0.3)
    assert sink.calls == ["phase_settle", "phase_debrief"]
    past = listed(tmp_path)
    assert (past.duration_s, past.finished, past.programme, past.has_signal) == (300.0, True, "timer", False)
    assert (past.valid_fraction, past.iaf_hz, past.practice_s, past.n_probes) == (None, None, None, 0)
    assert past_sessions(tmp_path, "07") == []
    assert summarize_history([past]).total_s == 300.0
    assert not list(tmp_path.rglob("*_eeg.*"))


def test_a_guided_practice_speaks_its_texts_without_a_headset(tmp_path: Path) -> None:
    clock, sink = ScriptedClock(), Rung()
    seen: list[Snapshot] = []
    clock.acts = [(at_s, lambda: seen.append(clock.live.snapshot)) for at_s in (20.0, 100.0)]
    sit(tmp_path, clock, sink, "body-scan", None)
    texts = [text.id for text in load_programme("body-scan").segments[0].guide]
    assert sink.calls == ["phase_settle", *texts, "phase_debrief", "session_end"]
    assert [situation_of(snapshot) for snapshot in seen] == [
        Situation.SETTLE_WITHOUT_FEEDBACK, Situation.WITHOUT_FEEDBACK
    ]  # fmt: skip
    assert seen[1].guide_text.startswith("Bring attention to the left foot")


def test_breaths_sound_at_their_pace_in_the_paced_part_alone(tmp_path: Path) -> None:
    clock, sink = ScriptedClock(), Rung()
    clock.acts = [(60.0, ask(clock, RequestKind.PAUSE)), (90.0, ask(clock, RequestKind.RESUME))]
    sit(tmp_path, clock, sink, "breath-pacer", None)
    turns = [(turn, at_s) for turn, at_s in sink.breaths if turn is not None]
    assert [turn for turn, _ in turns[:4]] == [Turn(True, 4.0), Turn(False, 6.0)] * 2
    assert [at_s for turn, at_s in sink.breaths if turn is None] == pytest.approx([60, 6 * 60 - 30 - 8], abs=1)
    before = [at_s for _, at_s in turns if at_s < 60]
    assert before == pytest.approx([34, 38, 44, 48, 54, 58], abs=0.5)
    assert not [at_s for _, at_s in turns if 60.5 < at_s < 90]
    paced_s = 6 * 60 - 30 - 60 - 8
    assert len(turns) == pytest.approx(2 * (paced_s - 4) / 10, abs=1.5)


def test_pauses_and_sleep_of_the_computer_do_not_count(tmp_path: Path) -> None:
    clock, sink = ScriptedClock(), Rung()
    clock.acts = [
        (60.0, ask(clock, RequestKind.PAUSE)),
        (100.0, ask(clock, RequestKind.RESUME)),
        (120.0, lambda: clock.sleep(1000.0)),
        (1130.0, ask(clock, RequestKind.MARK, "dog")),
    ]
    sit(tmp_path, clock, sink)
    assert clock.now() == pytest.approx(300 + 40 + 1000, abs=1)
    assert listed(tmp_path).duration_s == pytest.approx(300, abs=1)
    ((_, sitting),) = read_sittings(tmp_path, "07")
    assert [event.kind for event in sitting.events] == ["pause", "pause", "mark"]


def test_a_pause_its_end_and_a_longer_sitting_are_said(tmp_path: Path) -> None:
    clock, sink = ScriptedClock(), Rung()
    clock.acts = [
        (60.0, ask(clock, RequestKind.PAUSE)),
        (70.0, ask(clock, RequestKind.RESUME)),
        (120.0, ask(clock, RequestKind.EXTEND, "1")),
    ]
    sit(tmp_path, clock, sink)
    assert sink.calls[:4] == ["phase_settle", "phase_pause", "phase_resume", "phase_extended"]
    assert listed(tmp_path).duration_s == pytest.approx(360, abs=1)


def test_a_person_ends_a_timer_and_a_short_one_is_not_listed(tmp_path: Path) -> None:
    for end_s, message in ((90.0, "ended"), (30.0, "A sitting of less than 1 minute is not listed.")):
        clock = ScriptedClock()
        clock.acts = [(end_s, ask(clock, RequestKind.STOP))]
        result = sit(tmp_path, clock, Rung())
        assert result.exit_code == 0
        assert message in result.message
    past = listed(tmp_path)
    assert past.duration_s == pytest.approx(90, abs=0.5)
    ((_, sitting),) = read_sittings(tmp_path)
    assert (sitting.finished, sitting.completed) == (True, False)


def test_after_a_crash_the_time_until_the_last_minute_is_listed(tmp_path: Path) -> None:
    class CrashError(Exception):
        pass

    def crash() -> None:
        raise CrashError

    clock = ScriptedClock()
    clock.acts = [(200.0, crash)]
    with pytest.raises(CrashError):
        sit(tmp_path, clock, Rung())
    past = listed(tmp_path)
    assert (past.duration_s, past.finished) == (180.0, False)


def test_damaged_sitting_is_left_out_and_two_of_one_second_have_two_names(tmp_path: Path) -> None:
    for _ in range(2):
        sit(tmp_path, ScriptedClock(), Rung())
    first, second = read_sittings(tmp_path, "07")
    assert first[0].stem != second[0].stem
    assert read_notes(first[0]).note == ""
    path = first[0].derived_file("sitting.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "duration_s": -1}))
    assert listed(tmp_path).stem == second[0].stem
    assert isinstance(second[0], SessionFiles)


def test_session_thread_runs_and_ends(tmp_path: Path) -> None:
    session = TimerSession(config(tmp_path, minutes=2.0))
    assert session.plan.total_s == 120.0
    session.start()
    result = session.join()
    assert result is not None
    assert result.summary is not None
    assert (result.exit_code, result.summary.duration_s) == (0, 120.0)
    assert session.live_state.snapshot.status == "ended"


@pytest.mark.parametrize("programme", ["", "first", "breath-focus"])
def test_practice_with_feedback_needs_a_headset(tmp_path: Path, programme: str) -> None:
    with pytest.raises(SettingsError, match=r"this needs a headset.*timer or body-scan"):
        TimerSession(config(tmp_path, programme=programme))


def test_facts_need_a_recording_and_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="stores no condition"):
        TimerSession(config(tmp_path, facts=SessionFacts(condition="pre")))
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError):
        TimerSession(config(tmp_path / "file"))


def test_a_disk_that_fails_for_a_minute_does_not_end_a_sitting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, calls = SittingFile.write, list[float]()

    def write(file: SittingFile, sitting: TimerSitting) -> None:
        calls.append(sitting.duration_s)
        if len(calls) == 1:
            raise RecordingError("the disk is full", got="0 bytes", todo="make room")
        real(file, sitting)

    monkeypatch.setattr(SittingFile, "write", write)
    result = sit(tmp_path, ScriptedClock(), Rung())
    assert (result.exit_code, calls[:2]) == (0, [60.0, 120.0])
    assert listed(tmp_path).duration_s == 300.0
    assert "the disk is full" in caplog.text
