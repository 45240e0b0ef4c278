"""A whole session on the simulated meditator: real engine, real writer, a clock that runs as fast as it can."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.acquisition.playback import PlaybackSource
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.voice import Utterance
from neurofeedback.engine import FrameEngine
from neurofeedback.errors import SourceError
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording import frame_log
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.recording.timing import read_timing
from neurofeedback.session.baseline_store import baseline_notice, baseline_summary
from neurofeedback.session.clock import VirtualClock
from neurofeedback.session.live_state import LiveState, Request, RequestKind
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import plan_session
from neurofeedback.session.probing.probes import ActionResult
from neurofeedback.session.runner import Runner
from neurofeedback.session.session_context import SessionContext
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.settings.load import dump_profile, load_montage, load_settings, resolve
from neurofeedback.settings.signal import GapSettings
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import (
    AuxChunk,
    BackgroundMode,
    Chunk,
    Event,
    EventKind,
    Guidance,
    LostRun,
    Phase,
    State,
    StreamInfo,
)
from neurofeedback.verification.replay import compare_with_log, replay

MINUTES = 1.0
MUSE = StreamInfo("simulated:5", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    seconds = 60 * MINUTES + 5
    return simulate(
        draw_person(5), seconds=seconds, seed=5, montage=load_montage("muse"), headset=get_headset("muse")
    ).data


@dataclass
class RecordingSink:
    """Sink that records its calls."""

    guided: list[tuple[float, Guidance]] = field(default_factory=list)
    rung: list[tuple[float, Bell]] = field(default_factory=list)
    turned: list[tuple[float, str, object]] = field(default_factory=list)
    description: str = "written down"
    underruns: int = 0

    def start(self) -> None: ...

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        self.guided.append((at_s, guidance))

    def ring(self, bell: Bell, at_s: float) -> None:
        self.rung.append((at_s, bell))

    def breathe(self, turn: Turn | None, at_s: float) -> None: ...

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        self.turned.append((at_s, "volume", volume_db))

    def mute(self, on: bool, at_s: float) -> None:
        self.turned.append((at_s, "mute", on))

    def set_background(self, background: str, at_s: float) -> None:
        self.turned.append((at_s, "bed", background))

    def stop(self, at_s: float) -> None: ...


@dataclass
class Played:
    """What playback needs of a recording, from an array with gaps."""

    data: np.ndarray
    lost: tuple[LostRun, ...] = ()
    stream: StreamInfo = MUSE

    def iter_chunks(self, n_samples: int) -> Iterator[Chunk]:
        data = self.data.copy()
        for run in self.lost:
            rows = slice(None) if run.channels is None else list(run.channels)
            data[rows, run.start : run.start + run.n_samples] = np.nan
        edges = [*range(0, data.shape[1], n_samples), data.shape[1]]
        for start, stop in pairwise(edges):
            inside = tuple(run for run in self.lost if start <= run.start < stop)
            whole = [run for run in inside if run.start + run.n_samples <= stop]
            assert len(whole) == len(inside), "the test's gaps lie inside pieces"
            yield Chunk(start, data[:, start:stop], inside)


class Silent(PlaybackSource):
    """A headset that says nothing between two moments, and whose counter makes up for it afterwards."""

    silent_from_s = 20.0
    silent_to_s = 26.0

    def read(self) -> Chunk | None:
        if self.silent_from_s <= self._now() - self._start_s < self.silent_to_s:
            return None
        return super().read()


class Doubtful(PlaybackSource):
    """A headset whose last samples are held, since their place is in doubt when the person ends the session."""

    held_from = 20 * 256
    n_held_at_stop: int
    live_state: LiveState

    def __init__(self, recording: Played, device: str, *, now: Callable[[], float]) -> None:
        super().__init__(recording, device, now=now)
        self.held: list[Chunk] = []

    def read(self) -> Chunk | None:
        chunk = super().read()
        if chunk is None or chunk.stop <= self.held_from:
            return chunk
        self.held.append(chunk)
        if chunk.stop > self.held_from + self.n_held_at_stop:
            self.live_state.send_request(Request(RequestKind.STOP))
        return None

    def pop_received(self) -> bool:
        return False

    def flush(self) -> Chunk | None:
        held, self.held = self.held, []
        data = np.concatenate([chunk.data for chunk in held], axis=1)
        return Chunk(held[0].first_sample, data, host_time=self._now())


def put_together(
    source: PlaybackSource,
    root: Path,
    clock: VirtualClock,
    gaps: GapSettings,
    sink: RecordingSink | None = None,
    *,
    voice: bool = False,
) -> tuple[Runner, SessionContext]:
    settings = load_settings().model_copy(update={"gaps": gaps, "audio": AudioSettings(voice_enabled=voice)})
    stream, profile = resolve(settings, source.stream)
    engine = FrameEngine(stream.sfreq, profile)
    started = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    header = SessionHeader("01", stream, dump_profile(profile), StartState(), engine.columns, started)
    plan = plan_session(settings.phases, MINUTES, settings.baseline.min_clean_s)
    keeper = PhaseController(plan, stream.sfreq, 2)
    writer = SessionWriter(root, header)
    sink = sink or RecordingSink()
    parts = SessionContext(source, stream, writer, engine, keeper, sink, clock, LiveState(), settings)
    return Runner(parts), parts


def sit(
    root: Path, recording: Played, kind: type[PlaybackSource] = PlaybackSource
) -> tuple[Runner, SessionContext, Path]:
    clock = VirtualClock()
    source = kind(recording, recording.stream.device, now=clock.now)
    runner, parts = put_together(source, root, clock, GapSettings())
    source.open()
    assert runner.run() == "done"
    folder = parts.writer.close(runner.frame_counts.as_summary(0.25))
    assert folder is not None
    return runner, parts, folder


@pytest.fixture(scope="module")
def session(signal: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[Runner, SessionContext, Path]:
    lost = (LostRun(3000, 5), LostRun(4001, 40), LostRun(5120, 7, (1,)), LostRun(9216, 12))
    return sit(tmp_path_factory.mktemp("rec"), Played(signal, tuple(clip_to_pieces(lost))))


def clip_to_pieces(runs: tuple[LostRun, ...]) -> Iterator[LostRun]:
    """Cut runs where playback cuts its pieces of 5 samples."""
    for run in runs:
        at = run.start
        while at < run.start + run.n_samples:
            stop = min(run.start + run.n_samples, (at // 5 + 1) * 5)
            yield LostRun(at, stop - at, run.channels)
            at = stop


def test_session_has_all_phases_and_contiguous_frames(
    session: tuple[Runner, SessionContext, Path],
) -> None:
    recording = open_recording(session[2])
    assert [c.value for c in recording.commands] == ["baseline", "practice", "transfer", "debrief"]
    frames = list(replay(recording).frames)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert [frame.sample for frame in frames] == [64 * (i + 1) for i in range(len(frames))]


def test_replay_reproduces_the_frame_log_byte_for_byte(session: tuple[Runner, SessionContext, Path]) -> None:
    recording = open_recording(session[2])
    replayed = replay(recording)
    lines = [replayed.header, *map(frame_log.format_row, replayed.frames)]
    assert compare_with_log(recording, lines) == "identical"
    assert sum("PRACTICE" in line.upper() for line in lines) > 60


@pytest.mark.parametrize("n_samples", [1, 37, 4096])
def test_replay_does_not_depend_on_chunk_size(session: tuple[Runner, SessionContext, Path], n_samples: int) -> None:
    recording = open_recording(session[2])
    replayed = replay(recording, chunk_s=n_samples / 256)
    assert compare_with_log(recording, [replayed.header, *map(frame_log.format_row, replayed.frames)]) == "identical"


def test_recording_equals_sent_samples(session: tuple[Runner, SessionContext, Path], signal: np.ndarray) -> None:
    recording = open_recording(session[2])
    data = np.concatenate([chunk.data for chunk in recording.iter_chunks(1000)], axis=1)
    known = np.isfinite(data)
    assert data.shape[1] >= 60 * MINUTES * 256
    np.testing.assert_array_equal(data[known], signal[:, : data.shape[1]][known])
    assert (~known[0]).sum() == 5 + 40 + 12
    assert (~known[1]).sum() == 5 + 40 + 7 + 12


def test_guidance_of_every_frame_reaches_sink(session: tuple[Runner, SessionContext, Path]) -> None:
    sink = session[1].sink
    assert isinstance(sink, RecordingSink)
    replayed = list(replay(open_recording(session[2])).frames)
    assert [guidance for _, guidance in sink.guided] == [frame.guidance for frame in replayed]


def test_bells_mark_phases(session: tuple[Runner, SessionContext, Path]) -> None:
    sink = session[1].sink
    assert isinstance(sink, RecordingSink)
    assert [bell for _, bell in sink.rung] == [Bell.BEGIN, Bell.PHASE, Bell.PHASE, Bell.PHASE, Bell.END]


def test_replay_with_other_profile_keeps_phases(
    session: tuple[Runner, SessionContext, Path],
) -> None:
    recording = open_recording(session[2])
    settings = load_settings()
    easier = settings.model_copy(update={"threshold": settings.threshold.model_copy(update={"target_rate": 0.9})})
    frames = list(replay(recording, settings=easier).frames)
    same = list(replay(recording).frames)
    assert [frame.phase for frame in frames] == [frame.phase for frame in same]
    rewarded = [sum(f.reward for f in run if f.phase is Phase.PRACTICE) for run in (frames, same)]
    assert rewarded[0] > rewarded[1]


def test_replay_with_other_baseline_length_has_new_plan(session: tuple[Runner, SessionContext, Path]) -> None:
    frames = list(replay(open_recording(session[2]), baseline_s=20.0).frames)
    seconds = {phase: sum(frame.phase is phase for frame in frames) / 4 for phase in Phase}
    assert seconds[Phase.BASELINE] == pytest.approx(20.0, abs=0.3)
    assert seconds[Phase.TRANSFER] == 0
    assert frames[-1].phase is Phase.PRACTICE


def test_silence_is_logged_within_a_second_and_feedback_is_neutral(signal: np.ndarray, tmp_path: Path) -> None:
    _, parts, folder = sit(tmp_path, Played(signal), Silent)
    sink = parts.sink
    assert isinstance(sink, RecordingSink)
    lost_at = [at for at, guidance in sink.guided if guidance.background is BackgroundMode.LOST]
    assert lost_at[0] == pytest.approx(Silent.silent_from_s + 1.0, abs=0.1)
    assert all(guidance.tone_gain == 0 for at, guidance in sink.guided if 21.1 < at < 25.9)
    gaps = np.diff(lost_at)
    assert gaps.max() < 0.2  # a sound file grows during the silence
    assert gaps.min() > 0.05  # and is not rendered in pieces of one poll
    kinds = [event.kind for event in open_recording(folder).events]
    assert kinds[:3] == [EventKind.START, EventKind.SIGNAL_LOST, EventKind.SIGNAL_BACK]


def test_long_silence_ends_session_and_keeps_recording(signal: np.ndarray, tmp_path: Path) -> None:
    class Gone(Silent):
        silent_to_s = 1e9

    clock = VirtualClock()
    source = Gone(Played(signal), "simulated:5", now=clock.now)
    runner, parts = put_together(source, tmp_path, clock, GapSettings(give_up_s=30.0))
    source.open()
    with pytest.raises(SourceError, match="nothing has come from simulated:5 for 30 s"):
        runner.run()
    folder = parts.writer.close(runner.frame_counts.as_summary(0.25))
    assert folder is not None
    recording = open_recording(folder)
    assert recording.n_samples == pytest.approx(20 * 256, abs=10)
    assert recording.summary.finished is True


@pytest.mark.parametrize("n_held_at_stop", [300, 2000])
def test_samples_held_at_the_end_are_recorded_with_their_frames(
    signal: np.ndarray, tmp_path: Path, n_held_at_stop: int
) -> None:
    clock = VirtualClock()
    source = Doubtful(Played(signal), "simulated:5", now=clock.now)
    runner, parts = put_together(source, tmp_path, clock, GapSettings(give_up_s=5.0))
    source.n_held_at_stop = n_held_at_stop
    source.live_state = parts.live_state
    source.open()
    if n_held_at_stop > 5 * 256:
        with pytest.raises(SourceError, match="nothing has come"):
            runner.run()
    else:
        assert runner.run() == "asked"
    folder = parts.writer.close(runner.frame_counts.as_summary(0.25))
    assert folder is not None
    recording = open_recording(folder)
    (chunk,) = recording.iter_chunks(100_000)
    assert chunk.n_samples > source.held_from + min(n_held_at_stop, 5 * 256) - 10
    np.testing.assert_array_equal(chunk.data, signal[:, : chunk.n_samples])
    replayed = replay(recording)
    lines = [replayed.header, *map(frame_log.format_row, replayed.frames)]
    assert compare_with_log(recording, lines) == "identical"
    assert len(lines) - 1 == chunk.n_samples // 64


def test_gap_of_uncertain_length_is_logged_without_silence(signal: np.ndarray, tmp_path: Path) -> None:
    """As after this machine itself stood still: the first look finds samples, and a gap no counter can tell."""

    class Frozen(Played):
        def iter_chunks(self, n_samples: int) -> Iterator[Chunk]:
            data = self.data.copy()
            data[:, 2000:2950] = np.nan
            edges = [*range(0, 2001, n_samples), *range(3000, data.shape[1], n_samples)]
            for start, stop in pairwise(edges):
                yield Chunk(start, data[:, start:stop], (LostRun(2000, 950, cause="gap"),) if start == 2000 else ())

    _, _, folder = sit(tmp_path, Frozen(signal))
    (back,) = [event for event in open_recording(folder).events if event.kind is EventKind.SIGNAL_BACK]
    assert back.sample == 2950
    assert back.value.startswith("3.711 s +-")


def test_gap_gives_lost_frames_without_tone(signal: np.ndarray, tmp_path: Path) -> None:
    gap = tuple(clip_to_pieces((LostRun(10240, 1024),)))
    _, _, folder = sit(tmp_path, Played(signal, gap))
    frames = list(replay(open_recording(folder)).frames)
    inside = [f for f in frames if 10240 + 256 < f.sample <= 10240 + 1024]
    assert len(inside) >= 11
    assert {f.state for f in inside} == {State.LOST}
    assert {f.guidance.tone_gain for f in inside} == {0.0}
    assert not any(f.valid for f in frames if 10240 < f.sample <= 10240 + 1024 + 2 * 256)


@dataclass
class SpeakingSink(RecordingSink):
    """Sink that records what is said, too."""

    said: list[str] = field(default_factory=list)

    def speak(self, utterance: Utterance, at_s: float) -> None:
        self.said.append(utterance.sentence)


def test_voice_says_a_pause_its_end_the_stop_advice_and_a_longer_sitting(signal: np.ndarray, tmp_path: Path) -> None:
    clock, sink = VirtualClock(), SpeakingSink()
    source = PlaybackSource(Played(signal[:, :2560]), MUSE.device, now=clock.now)
    runner, parts = put_together(source, tmp_path, clock, GapSettings(), sink, voice=True)
    parts.stop_advice = True
    for kind in (RequestKind.PAUSE, RequestKind.RESUME):
        parts.live_state.send_request(Request(kind))
    source.open()
    assert runner.run() == "source"
    runner._apply_result(ActionResult((Event(0, EventKind.SESSION_EXTENDED, "5"),)))
    parts.writer.close(runner.frame_counts.as_summary(0.25))
    begin = ["phase_pause", "phase_resume", "phase_settle", "care_stop"]
    assert sink.said == [*begin, "phase_baseline", "phase_extended"]
    events = next(tmp_path.rglob("*_events.tsv")).read_text(encoding="utf-8")
    assert [name for name in begin if name in events] == begin


class Discharging(PlaybackSource):
    """A headset that reports the charge of its battery with every read: unknown at first, then low."""

    def read(self) -> Chunk | None:
        chunk = super().read()
        if chunk is None:
            return None
        level = 0.0 if chunk.stop <= 256 else 10.0
        battery = AuxChunk("battery", 256.0, ("battery",), ("%",), 0.0, chunk.first_sample, np.full((1, 5), level))
        return replace(chunk, auxiliary=(battery,))


def test_low_battery_is_told_once_and_its_charge_is_shown(signal: np.ndarray, tmp_path: Path) -> None:
    clock, sink = VirtualClock(), SpeakingSink()
    source = Discharging(Played(signal[:, :2560]), MUSE.device, now=clock.now)
    runner, parts = put_together(source, tmp_path, clock, GapSettings(), sink, voice=True)
    source.open()
    assert runner.run() == "source"
    parts.writer.close(runner.frame_counts.as_summary(0.25))
    assert sink.said == ["phase_settle", "phase_baseline", "headset_battery"]
    snapshot = parts.live_state.snapshot
    assert snapshot.battery == 10.0
    assert snapshot.message == "The headset's battery is low: 10 %."


def test_mark_and_stop_requests_are_applied(signal: np.ndarray, tmp_path: Path) -> None:
    clock = VirtualClock()
    source = PlaybackSource(Played(signal), "simulated:5", now=clock.now)
    runner, parts = put_together(source, tmp_path, clock, GapSettings())
    parts.live_state.send_request(Request(RequestKind.MARK))
    parts.live_state.send_request(Request(RequestKind.STOP))
    source.open()
    assert runner.run() == "asked"


def test_snapshot_has_phase_time_contact_and_traces(session: tuple[Runner, SessionContext, Path]) -> None:
    snapshot = session[1].live_state.snapshot
    assert snapshot.phase is Phase.DEBRIEF
    assert snapshot.elapsed_s == pytest.approx(60 * MINUTES, abs=0.3)
    assert [contact.ch_name for contact in snapshot.contacts] == list(MUSE.ch_names)
    assert snapshot.traces.shape[0] == 4
    assert np.isfinite(snapshot.traces).all()
    assert snapshot.loss_rate == pytest.approx(57 / (60 * MINUTES * 256), rel=0.05)


def test_wrong_sampling_rate_gives_notice(signal: np.ndarray, tmp_path: Path) -> None:
    class Slow(PlaybackSource):
        def __init__(self, recording: Played, device: str, *, now: Callable[[], float]) -> None:
            super().__init__(recording, device, now=lambda: 0.9 * now())
            self._host_now = now

        def read(self) -> Chunk | None:
            chunk = super().read()
            return None if chunk is None else replace(chunk, host_time=self._host_now())

    runner, _, _ = sit(tmp_path, Played(signal), Slow)
    assert runner.effective_sfreq == pytest.approx(0.9 * 256, rel=0.01)
    assert "230" in runner.sampling_rate_notice
    assert "where 256 were expected" in runner.sampling_rate_notice


def test_right_sampling_rate_gives_no_notice(session: tuple[Runner, SessionContext, Path]) -> None:
    assert session[0].effective_sfreq == pytest.approx(256, rel=0.005)
    assert session[0].sampling_rate_notice == ""


def test_slow_disk_adds_nothing_to_the_duration(
    signal: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    source = PlaybackSource(Played(signal), MUSE.device, now=clock.now)
    runner, parts = put_together(source, tmp_path, clock, GapSettings())
    write = parts.writer.process_chunk

    def write_slowly(chunk: Chunk) -> None:
        write(chunk)
        clock.wait(0.7)

    monkeypatch.setattr(parts.writer, "process_chunk", write_slowly)
    source.open()
    runner.run()
    folder = parts.writer.close(runner.frame_counts.as_summary(0.25))
    assert folder is not None
    reads, _ = read_timing(next(folder.parent.rglob("*_timing.tsv")))
    recorded_s = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / MUSE.sfreq
    assert runner.duration_s == pytest.approx(recorded_s, abs=1e-6)


def test_late_baseline_gives_event_and_notice_and_replays(signal: np.ndarray, tmp_path: Path) -> None:
    flat = signal.copy()
    flat[:, : 24 * 256] = 0.0
    _, parts, folder = sit(tmp_path, Played(flat))
    recording = open_recording(folder)
    (late,) = [event for event in recording.events if event.kind == EventKind.LATE_BASELINE]
    assert late.sample == parts.engine.late_baseline_sample
    assert baseline_summary(parts.engine).baseline_late_s == pytest.approx(late.sample / 256, abs=1e-3)
    assert "measured only in practice" in baseline_notice(parts.engine)
    replayed = replay(recording)
    lines = [replayed.header, *map(frame_log.format_row, replayed.frames)]
    assert compare_with_log(recording, lines) == "identical"
    assert replayed.engine.late_baseline_sample == late.sample


def test_session_without_clean_signal_gives_notice(signal: np.ndarray, tmp_path: Path) -> None:
    _, parts, _ = sit(tmp_path, Played(np.zeros_like(signal)))
    assert baseline_notice(parts.engine).startswith("There was never enough clean signal")
    assert baseline_summary(parts.engine).as_dict() == {"usual_baseline": None, "baseline_late_s": None}
