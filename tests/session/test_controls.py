"""Requests during a session, at known times on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.acquisition.playback import PlaybackSource
from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.sink import Bell
from neurofeedback.engine import FrameEngine
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.recording import frame_log
from neurofeedback.recording.events import probes_from_events
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.repair.complete_interrupted import finalize_session
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.session.clock import VirtualClock
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import Segment, SessionPlan
from neurofeedback.session.probing.probes import probe_times
from neurofeedback.session.runner import Runner
from neurofeedback.session.session_context import SessionContext
from neurofeedback.settings.load import dump_profile, load_montage, load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.session import ProbeSettings
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.texts.session_notices import STUCK_KEY
from neurofeedback.types import Chunk, CommandKind, Event, EventKind, Frame, LostRun, Phase, StreamInfo
from neurofeedback.verification.replay import compare_with_log, replay

SFREQ = 256.0
MUSE = StreamInfo("simulated:5", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
PROBES = ProbeSettings(interval_s=(12.0, 15.0), timeout_s=4.0)
PLAN = SessionPlan.from_phases(
    ((Phase.SETTLE, 3.0), (Phase.BASELINE, 12.0), (Phase.PRACTICE, 40.0), (Phase.DEBRIEF, 3.0)), baseline_clean_s=6.0
)
OPEN = SessionPlan((*PLAN.segments[:2], Segment(Phase.PRACTICE, float("inf")), PLAN.segments[-1]), 6.0)
SEED = 4
DUE_S = 15.0 + next(probe_times(PROBES, SEED))
"""Time of the first probe of a session without a pause, s."""


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    montage, device = load_montage("muse"), get_headset("muse")
    return simulate(draw_person(5), seconds=150, seed=5, montage=montage, headset=device).data


class Played:
    """What playback needs of a recording, from an array."""

    stream = MUSE

    def __init__(self, data: np.ndarray, lost: LostRun | None = None) -> None:
        self._data, self._lost = data.copy(), lost
        if lost is not None:
            self._data[:, lost.start : lost.start + lost.n_samples] = np.nan

    def iter_chunks(self, n_samples: int):
        """Yield packets of 12 samples, as a Muse sends them, whatever ``n_samples``."""
        for start in range(0, self._data.shape[1], 12):
            inside = self._lost is not None and start <= self._lost.start < start + 12
            yield Chunk(start, self._data[:, start : start + 12].copy(), (self._lost,) if inside else ())


class Silent(PlaybackSource):
    """Says nothing for a while, and its counter makes up for it afterwards."""

    def read(self) -> Chunk | None:
        silent = DUE_S + 1.0 <= self._now() - self._start_s < DUE_S + 6.0
        return None if silent else super().read()


class Scripted(LiveState):
    """Asks for one thing after another, each at its second, and keeps all that is shown."""

    def __init__(self, clock: VirtualClock, script: list[tuple[float, Request]]) -> None:
        super().__init__(clock.now)
        self._clock, self._script = clock, sorted(script, key=lambda each: each[0])
        self.shown: list[Snapshot] = []

    def drain_requests(self) -> list[Request]:
        due = [replace(request, at_s=at_s) for at_s, request in self._script if at_s <= self._clock.now()]
        self._script = self._script[len(due) :]
        return due

    def publish(self, snapshot: Snapshot) -> None:
        super().publish(snapshot)
        self.shown.append(snapshot)


class RecordingSink(NullSink):
    """Sink that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def ring(self, bell: Bell, at_s: float) -> None:
        self.calls.append(("bell", bell))

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        self.calls.append(("volume", volume_db))

    def mute(self, on: bool, at_s: float) -> None:
        self.calls.append(("mute", on))

    def set_background(self, background: str, at_s: float) -> None:
        self.calls.append(("bed", background))


@dataclass
class Sat:
    """A finished session."""

    reason: str
    folder: Path
    live_state: Scripted
    sink: RecordingSink
    summary: dict[str, object] = field(default_factory=dict)

    @cached_property
    def recording(self) -> Recording:
        return open_recording(self.folder)

    @cached_property
    def frames(self) -> list[Frame]:
        """Return the frames of a replay, equal to those of the session."""
        replayed = replay(self.recording)
        frames = list(replayed.frames)
        lines = [replayed.header, *map(frame_log.format_row, frames)]
        assert compare_with_log(self.recording, lines) == "identical"
        return frames

    def rows(self, *kinds: EventKind) -> list[Event]:
        return [event for event in self.recording.events if event.kind in kinds]

    def seconds(self, phase: Phase) -> float:
        return sum(frame.phase is phase for frame in self.frames) / 4


Sit = Callable[..., Sat]


@pytest.fixture
def sit(signal: np.ndarray, tmp_path: Path) -> Sit:
    def sitting(
        *script: tuple[float, Request],
        plan: SessionPlan = PLAN,
        kind: type[PlaybackSource] = PlaybackSource,
        settings: Settings | None = None,
        lost: LostRun | None = None,
    ) -> Sat:
        clock = VirtualClock()
        source = kind(Played(signal, lost), MUSE.device, now=clock.now)
        chosen = settings or load_settings().model_copy(update={"probes": PROBES})
        stream, profile = resolve(chosen, source.stream)
        engine = FrameEngine(stream.sfreq, profile)
        started = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
        writer = SessionWriter(
            tmp_path, SessionHeader("01", stream, dump_profile(profile), StartState(), engine.columns, started)
        )
        sink, mailbox = RecordingSink(), Scripted(clock, list(script))
        keeper = PhaseController(plan, stream.sfreq, 2)
        runner = Runner(SessionContext(source, stream, writer, engine, keeper, sink, clock, mailbox, chosen, SEED))
        source.open()
        reason = runner.run()
        summary = runner.frame_counts.as_summary(0.25)
        folder = writer.close(summary)
        assert folder is not None
        return Sat(reason, folder, mailbox, sink, summary)

    return sitting


def ask(at_s: float, kind: RequestKind, value: str = "") -> tuple[float, Request]:
    return at_s, Request(kind, value)


# a pause that does not count


def test_pause_is_logged_and_postpones_plan(sit: Sit) -> None:
    sat = sit(ask(30.0, RequestKind.PAUSE), ask(42.0, RequestKind.RESUME))
    assert sat.seconds(Phase.PAUSE) == pytest.approx(12 + 2, abs=0.5)  # until no window reaches back into it
    assert sat.seconds(Phase.PRACTICE) == pytest.approx(40, abs=0.3)
    assert sat.reason == "done"
    commands = [(c.value, c.sample / SFREQ) for c in sat.recording.commands if c.kind is CommandKind.PAUSE]
    assert commands == [("on", pytest.approx(30, abs=0.1)), ("off", pytest.approx(42, abs=0.1))]


def test_summary_shares_leave_pause_out(sit: Sit) -> None:
    paused = sit(ask(30.0, RequestKind.PAUSE), ask(60.0, RequestKind.RESUME))
    counted = [frame for frame in paused.frames if frame.phase is not Phase.PAUSE]
    share = sum(frame.valid for frame in counted) / len(counted)
    assert paused.summary.valid_fraction == pytest.approx(share, abs=1e-4)
    assert paused.summary.phases["pause"] == paused.seconds(Phase.PAUSE)


def test_remaining_time_stands_still_in_pause(sit: Sit) -> None:
    sat = sit(ask(30.0, RequestKind.PAUSE), ask(42.0, RequestKind.RESUME))
    left = [shown.remaining_s for shown in sat.live_state.shown if 31 < shown.elapsed_s < 41]
    assert max(left) - min(left) <= 0.3
    assert {shown.paused for shown in sat.live_state.shown if 31 < shown.elapsed_s < 41} == {True}


def test_pause_postpones_probe(sit: Sit) -> None:
    sat = sit(ask(20.0, RequestKind.PAUSE), ask(50.0, RequestKind.RESUME))
    first = probes_from_events(sat.recording.events)[0]
    assert first.sample / SFREQ == pytest.approx(DUE_S + 32, abs=0.6)


def test_pause_closes_open_question(sit: Sit) -> None:
    sat = sit(
        ask(DUE_S + 1, RequestKind.PAUSE), ask(DUE_S + 3, RequestKind.RESUME), ask(DUE_S + 4, RequestKind.ANSWER, "1")
    )
    assert sat.rows(EventKind.UNANSWERED)[0].value == "where: pause"
    assert sat.rows(EventKind.ANSWER_WHERE) == []


def test_repeated_pause_or_resume_changes_nothing(sit: Sit) -> None:
    twice = (ask(at_s, kind) for at_s in (30.0, 30.5) for kind in (RequestKind.PAUSE,))
    sat = sit(
        ask(20.0, RequestKind.RESUME),
        *twice,
        ask(31.0, RequestKind.PRESS),
        ask(32.0, RequestKind.RESUME),
        ask(32.5, RequestKind.RESUME),
    )
    values = [command.value for command in sat.recording.commands if command.kind is CommandKind.PAUSE]
    assert values == ["on", "off"]
    assert sat.rows(EventKind.PRESS) == []


def test_session_can_be_ended_in_pause(sit: Sit) -> None:
    sat = sit(ask(30.0, RequestKind.PAUSE), ask(35.0, RequestKind.STOP))
    assert sat.reason == "asked"
    assert sat.frames[-1].phase is Phase.PAUSE


# questions and presses


def test_answers_are_logged_at_sample_of_key(sit: Sit) -> None:
    keys = [
        ask(DUE_S + 1, RequestKind.ANSWER, "2"),
        ask(DUE_S + 2, RequestKind.ANSWER, "3"),
        ask(DUE_S + 3.5, RequestKind.ANSWER, "1"),
    ]
    sat = sit(*keys)
    rows = sat.rows(EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY)
    assert [row.value for row in rows] == ["2", "3", "1"]
    assert [row.sample / SFREQ for row in rows] == pytest.approx([at_s for at_s, _ in keys], abs=0.03)
    assert [row.response_s for row in rows[1:]] == pytest.approx([1.0, 1.5], abs=0.02)
    assert sat.sink.calls.count(("bell", Bell.PROBE)) == len(sat.rows(EventKind.PROBE))


def test_question_is_shown_until_answered_or_timed_out(sit: Sit) -> None:
    sat = sit(ask(DUE_S + 2, RequestKind.SKIP))
    asked = [shown.elapsed_s for shown in sat.live_state.shown if shown.question is WHERE and shown.n_probes == 1]
    assert (min(asked), max(asked)) == pytest.approx((DUE_S, DUE_S + 2), abs=0.3)
    assert [row.value for row in sat.rows(EventKind.UNANSWERED)][:2] == ["where: skipped", "where: time is up"]


def test_end_closes_open_question(sit: Sit) -> None:
    sat = sit(ask(DUE_S + 1, RequestKind.STOP))
    assert [row.value for row in sat.rows(EventKind.UNANSWERED)] == ["where: end"]


def test_answer_during_signal_loss_keeps_its_sample(sit: Sit) -> None:
    keys = [
        ask(DUE_S + 3, RequestKind.ANSWER, "1"),
        ask(DUE_S + 4, RequestKind.ANSWER, "4"),
        ask(DUE_S + 5, RequestKind.ANSWER, "2"),
    ]
    sat = sit(*keys, kind=Silent)
    rows = sat.rows(EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY)
    assert [row.sample / SFREQ for row in rows] == pytest.approx([at_s for at_s, _ in keys], abs=0.1)
    assert sat.rows(EventKind.SIGNAL_LOST, EventKind.SIGNAL_BACK)
    assert len(sat.frames) > 200  # and the replay is exact


def test_no_probe_comes_if_probes_are_off(sit: Sit) -> None:
    silent = load_settings().model_copy(update={"probes": ProbeSettings(enabled=False)})
    assert sit(settings=silent).rows(EventKind.PROBE) == []


def test_stuck_key_is_one_press_with_notice(sit: Sit) -> None:
    held = [ask(20 + 0.03 * i, RequestKind.PRESS) for i in range(300)]
    sat = sit(*held, ask(45.0, RequestKind.PRESS))
    assert [row.sample / SFREQ for row in sat.rows(EventKind.PRESS)] == pytest.approx([20, 45], abs=0.05)
    assert [row.value for row in sat.rows(EventKind.PRESSES_IGNORED)] == ["299"]
    assert {shown.message for shown in sat.live_state.shown if 22 < shown.elapsed_s < 28} == {STUCK_KEY}


# what is set by hand


def test_manual_settings_are_logged_applied_and_shown(sit: Sit) -> None:
    sat = sit(
        ask(20, RequestKind.VOLUME, "-6"),
        ask(21, RequestKind.MUTE, "on"),
        ask(22, RequestKind.TARGET_RATE, "0.8"),
        ask(23, RequestKind.TONE_DEPTH, "0.5"),
        ask(24, RequestKind.MARK, "a door"),
    )
    rows = [(row.kind, row.value) for row in sat.rows(EventKind.VOLUME, EventKind.MUTE, EventKind.MARK)]
    assert rows == [(EventKind.VOLUME, "-6"), (EventKind.MUTE, "on"), (EventKind.MARK, "a door")]
    commands = [(command.kind, command.value) for command in sat.recording.commands]
    assert (CommandKind.TARGET_RATE, "0.8") in commands
    assert (CommandKind.TONE_DEPTH, "0.5") in commands
    assert ("volume", -6.0) in sat.sink.calls
    assert ("mute", True) in sat.sink.calls
    shown = sat.live_state.snapshot
    assert (shown.volume_db, shown.muted, shown.target_rate, shown.tone_depth) == (-6.0, True, 0.8, 0.5)
    assert sat.frames


def test_baseline_switch_needs_personal_baseline(sit: Sit) -> None:
    sat = sit(ask(20, RequestKind.BASELINE, "own"), ask(22.0, RequestKind.STOP))
    assert not [command for command in sat.recording.commands if command.kind is CommandKind.BASELINE]
    assert sat.live_state.snapshot.feedback_source == ""


@pytest.mark.parametrize(
    ("request_", "clamped"),
    [
        (Request(RequestKind.VOLUME, "1000"), ("volume_db", 12.0)),
        (Request(RequestKind.VOLUME, "nan"), ("volume_db", -60.0)),
        (Request(RequestKind.TARGET_RATE, "7"), ("target_rate", 0.95)),
        (Request(RequestKind.TARGET_RATE, "-1"), ("target_rate", 0.1)),
        (Request(RequestKind.TONE_DEPTH, "inf"), ("tone_depth", 1.0)),
    ],
)
def test_slider_values_are_clamped(sit: Sit, request_: Request, clamped: tuple[str, float]) -> None:
    sat = sit((20.0, request_), ask(22.0, RequestKind.STOP))
    assert getattr(sat.live_state.snapshot, clamped[0]) == clamped[1]


def test_segment_sets_target_rate_and_background(sit: Sit) -> None:
    middle = (Segment(Phase.PRACTICE, 6.0), Segment(Phase.PRACTICE, 6.0, target_rate=0.8, background="wind"))
    sat = sit(plan=SessionPlan((*PLAN.segments[:2], *middle, PLAN.segments[-1]), 6.0))
    assert sat.live_state.snapshot.target_rate == 0.8
    assert ("bed", "wind") in sat.sink.calls
    assert [row.value for row in sat.rows(EventKind.BACKGROUND)] == ["wind"]
    assert sat.frames


# the end


def test_extension_is_offered_and_applied_at_end(sit: Sit) -> None:
    sat = sit(ask(57.0, RequestKind.EXTEND, "0.25"))
    assert [row.value for row in sat.rows(EventKind.SESSION_EXTENDED)] == ["0.25"]
    phases = [command.value for command in sat.recording.commands if command.kind is CommandKind.PHASE]
    assert phases == ["baseline", "practice", "debrief", "practice", "debrief"]
    assert sat.seconds(Phase.PRACTICE) == pytest.approx(55, abs=0.6)
    assert sat.sink.calls.count(("bell", Bell.END)) == 2
    assert any(shown.can_extend for shown in sat.live_state.shown)


@pytest.mark.parametrize("minutes", ["0", "-3", "nan"])
def test_extension_by_zero_is_ignored(sit: Sit, minutes: str) -> None:
    sat = sit(ask(20.0, RequestKind.EXTEND, minutes), ask(22.0, RequestKind.STOP))
    assert sat.rows(EventKind.SESSION_EXTENDED) == []


def test_stop_of_open_ended_practice_rings_bell_first(sit: Sit) -> None:
    sat = sit(ask(40.0, RequestKind.STOP), plan=OPEN)
    assert sat.reason == "done"
    assert sat.seconds(Phase.DEBRIEF) == pytest.approx(3, abs=0.3)
    assert ("bell", Bell.END) in sat.sink.calls
    assert sat.live_state.shown[0].remaining_s == float("inf")


def test_second_stop_ends_session_at_once(sit: Sit) -> None:
    sat = sit(ask(40.0, RequestKind.STOP), ask(41.0, RequestKind.STOP), plan=OPEN)
    assert sat.reason == "asked"
    assert sat.seconds(Phase.DEBRIEF) == pytest.approx(0.75, abs=0.5)


def test_interrupted_session_keeps_probes_and_leaves_pause_out(sit: Sit) -> None:
    sat = sit(ask(20.0, RequestKind.PRESS), ask(30.0, RequestKind.PAUSE), ask(42.0, RequestKind.RESUME))
    files = find_session(sat.folder)
    assert files is not None
    finalize_session(files)
    completed = open_recording(sat.folder).summary
    assert completed.probes == len(sat.rows(EventKind.PROBE)) >= 1
    assert completed.presses == 1
    assert completed.valid_fraction == pytest.approx(sat.summary.valid_fraction, abs=1e-4)


def test_frame_delayed_by_gap_has_latency_of_its_last_sample_or_none(sit: Sit) -> None:
    """The gap ends a read and a frame: what the frame lacks is known with the next read only."""
    sat = sit(ask(14.0, RequestKind.STOP), lost=LostRun(2556, 4))
    assert sat.recording.frames_path is not None
    names, *rows = (line.split("\t") for line in sat.recording.frames_path.read_text().splitlines())
    latencies = {int(row[names.index("sample")]): row[names.index("latency_ms")] for row in rows}
    assert latencies.pop(2560) == "n/a"
    assert len(latencies) > 50
    assert all(0 <= float(latency) <= 70 for latency in latencies.values())
