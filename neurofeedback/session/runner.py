"""The loop of a session: read, record, estimate, give feedback, publish."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from neurofeedback.acquisition.arrival_jitter import ArrivalJitter
from neurofeedback.acquisition.battery import BatteryMonitor
from neurofeedback.acquisition.source import SourceEnded, flush_source
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SourceError
from neurofeedback.estimation.decoder_weights import parse_decoder_weights
from neurofeedback.processing.body.live import BodyMonitor
from neurofeedback.processing.framing import FrameSchedule
from neurofeedback.session.controls import ActionTime, Controls
from neurofeedback.session.marker_input import Marker
from neurofeedback.session.outputs.network_outputs import FrameConsumer, SessionConsumer
from neurofeedback.session.outputs.snapshot_builder import SnapshotBuilder
from neurofeedback.session.phase_controller import PhaseOutput
from neurofeedback.session.practice.guide import PracticeGuide
from neurofeedback.session.probing.press_debouncer import PressDebouncer
from neurofeedback.session.probing.probes import ActionResult, ProbeScheduler
from neurofeedback.session.session_context import SessionContext
from neurofeedback.session.stalls import MAX_AGE_S, SampleAge, StallMonitor
from neurofeedback.session.summary import FrameCounts
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session import SEARCHING_HEADSET
from neurofeedback.texts.status import index_source_text, low_battery_notice
from neurofeedback.types import (
    BackgroundMode,
    Chunk,
    Command,
    CommandKind,
    Event,
    EventKind,
    Frame,
    Guidance,
    LostRun,
)

_log = logging.getLogger(__name__)
_POLL_S = 0.02
_SILENCE_UPDATE_S = 0.1
_MAX_RECENT_LOST_RUNS = 64
_BATTERY_SHOWN_S = 30.0
_MIN_RATE_DURATION_S = 20.0
_RATE_TOLERANCE = 0.02
_SIGNAL_LOST_GUIDANCE = Guidance(background=BackgroundMode.LOST, immediate=True, mist=1.0)


class Runner:
    """Runs a session to its end. Raw samples are recorded before they are processed."""

    def __init__(self, context: SessionContext) -> None:
        sfreq, settings = context.stream.sfreq, context.settings
        self._context = context
        self._schedule = FrameSchedule(sfreq, settings.spectrum.hop_s)
        self._commands: list[Command] = []
        self._arrival_jitter = ArrivalJitter(sfreq)
        self._sample_age = SampleAge(sfreq)
        self.battery_monitor = BatteryMonitor()
        self._body_monitor = BodyMonitor()
        self._battery_reported_s: float | None = None
        self._is_late = False
        self._recent_lost: deque[LostRun] = deque(maxlen=_MAX_RECENT_LOST_RUNS)
        self._n_received = 0
        self._n_lost = 0
        self._start_time: float | None = None
        self._first_sample_time: float | None = None
        self._last_data_time = 0.0
        self._newest_sample_time = 0.0
        self._silent_since: float | None = None
        self._silence_update_due = 0.0
        self.probe_scheduler = ProbeScheduler(settings.probes, context.seed, sfreq, context.own_question)
        self.press_debouncer = PressDebouncer(settings.probes, sfreq)
        self._controls = Controls(
            context.phase_controller,
            self.probe_scheduler,
            self.press_debouncer,
            context.sink,
            target_rate=settings.threshold.target_rate,
            tone_depth=settings.feedback.tone_depth,
            feedback_source="" if context.engine.personal_baseline is None else settings.baseline.feedback_source,
        )
        self._snapshot_builder = SnapshotBuilder(context, self._controls)
        self._announcer = VoiceAnnouncer(
            settings.audio,
            context.sink,
            eyes_open=settings.phases.eyes == "open",
            note=lambda said: self._record_event(EventKind.VOICE, said),
            live_state=context.live_state,
        )
        self._guide = PracticeGuide(self._announcer, context.sink, practice=context.phase_controller.practice)
        self._model_text = context.model_text
        self.frame_counts = FrameCounts()
        self.duration_s = 0.0
        learning = () if context.decoder_thread is None else (context.decoder_thread,)
        self._consumers: tuple[SessionConsumer, ...] = (context.writer, *learning, *context.consumers)
        self._frame_consumers: tuple[FrameConsumer, ...] = (
            self._snapshot_builder,
            self.probe_scheduler,
            self.frame_counts,
            *self._consumers,
        )

    def run(self) -> str:
        """Run until the plan, the source or the person ends the session; return ``done``, ``source`` or ``asked``.

        Raises
        ------
        SourceError
            Nothing has arrived from the device for ``gaps.give_up_s``.
        RecordingError
            The recording cannot go on.
        """
        context = self._context
        self._last_data_time = context.clock.now()
        self._stalls = StallMonitor(context.clock, lambda: context.writer.disk_delay_s)
        self._record_event(EventKind.START, context.stream.device)
        if context.model_record:
            self._record_event(EventKind.MODEL, context.model_record)
        segment = context.phase_controller.segment
        if first := context.phase_controller.initial_commands():
            self._apply_phase_output(PhaseOutput(Bell.PHASE, first, segment.background), 0)
        elif segment.background:
            context.sink.set_background(segment.background, 0.0)
            self._record_event(EventKind.BACKGROUND, segment.background)
        try:
            reason = self._loop()
        except SourceError:
            self._flush_source()
            raise
        self._flush_source()
        self._apply_result(self._controls.end(self._n_received))
        self._record_event(EventKind.STOP, reason)
        return reason

    def _loop(self) -> str:
        context = self._context
        while not context.phase_controller.done:
            self._check_stalls()
            self._apply_requests()
            if self._controls.stop_requested:
                return "asked"
            try:
                chunk = context.source.read()
            except SourceEnded:
                return "source"
            if chunk is not None and chunk.n_samples:
                self._process_chunk(chunk)
            else:
                self._check_silence()
                context.clock.wait(_POLL_S)
            self._apply_result(self._controls.tick(self._action_time(context.clock.now())))
            self._apply_refits()
        return "done"

    def _flush_source(self) -> None:
        """Process the last samples, which the source held because their place was in doubt."""
        if (chunk := flush_source(self._context.source)) is not None:
            self._process_chunk(chunk)

    @property
    def session_s(self) -> float:
        """Seconds by the host's clock since the first chunk."""
        return 0.0 if self._start_time is None else self._context.clock.now() - self._start_time

    @property
    def effective_sfreq(self) -> float | None:
        """Sampling frequency by the host's clock, Hz; None in the first 20 s."""
        return self._n_received / self.duration_s if self.duration_s >= _MIN_RATE_DURATION_S else None

    @property
    def sampling_rate_notice(self) -> str:
        """Notice about a device with a wrong sampling frequency; empty otherwise."""
        nominal, measured = self._context.stream.sfreq, self.effective_sfreq
        if measured is None or abs(measured / nominal - 1) <= _RATE_TOLERANCE:
            return ""
        return tr(session_notices.RATE_MISMATCH, measured=measured, nominal=nominal)

    def _process_chunk(self, chunk: Chunk) -> None:
        context = self._context
        self._last_data_time = context.clock.now()
        self._newest_sample_time = chunk.host_time - chunk.buffer_delay_s
        if self._start_time is None:
            self._start_time = self._last_data_time - chunk.n_samples / context.stream.sfreq
            context.sink.ring(Bell.BEGIN, self.session_s)
            self._guide.announce_phase(context.phase_controller.segment, self.session_s)
            if context.stop_advice:
                self._announcer.speak("care_stop", self.session_s)
        for consumer in self._consumers:  # the writer is the first
            consumer.process_chunk(chunk)
        self._update_duration(chunk)
        self._recent_lost += [run for run in chunk.lost if run.channels is None]
        self._n_lost += sum(run.n_samples for run in chunk.lost if run.channels is None)
        self._sample_age.update(chunk)
        self.battery_monitor.update(chunk)
        self._body_monitor.update(chunk.auxiliary)
        for piece in self._split_at_frames(chunk):
            self._check_age(piece)
            self._n_received = piece.stop
            self._process_frames(self._estimate(piece), chunk)
        self._log_signal_return(chunk)
        self._arrival_jitter.update(chunk)
        self._check_battery()
        self._publish()

    def _update_duration(self, chunk: Chunk) -> None:
        """Count the session up to when this chunk was read, not to when it was stored: a slow disk adds nothing."""
        if math.isnan(chunk.host_time):  # a file without a clock
            self.duration_s = self.session_s
            return
        if self._first_sample_time is None:
            self._first_sample_time = chunk.host_time - chunk.n_samples / self._context.stream.sfreq
        self.duration_s = chunk.host_time - self._first_sample_time

    def _check_battery(self) -> None:
        """Say and record once that the battery is low, when no question is open."""
        if self.battery_monitor.is_low and self._battery_reported_s is None and not self._announcer.question_open:
            self._battery_reported_s = self.session_s
            self._record_event(EventKind.BATTERY_LOW, f"{self.battery_monitor.level:.0f} %")
            self._announcer.speak("headset_battery", self.session_s)

    @property
    def _message(self) -> str:
        """What the person should know now; a low battery for a while."""
        if self._silent_since is not None:
            return tr(SEARCHING_HEADSET)
        reported_s, monitor = self._battery_reported_s, self.battery_monitor
        is_battery_shown = reported_s is not None and self.session_s - reported_s < _BATTERY_SHOWN_S
        battery = low_battery_notice(monitor.level, monitor.minutes_left) if is_battery_shown else ""
        return self._stalls.message or self.press_debouncer.message or battery

    def _check_stalls(self) -> None:
        """Record standstills; silence is not counted while the program stood still."""
        stopped_s, events = self._stalls.update(self._n_received)
        self._last_data_time += stopped_s
        for event in events:
            self._record_row(event)

    def _check_age(self, piece: Chunk) -> None:
        """Switch feedback off for the frames of samples that are too old, and on again."""
        age_s = 0.0 if self._is_lost(piece.stop - 1) else self._sample_age.age_s(piece.stop, self._context.clock.now())
        if (age_s > MAX_AGE_S) is not self._is_late:
            self._is_late = age_s > MAX_AGE_S
            value = "on" if self._is_late else "off"
            self._record_row(Command(self._n_received + 1, CommandKind.LATE, value))

    def _split_at_frames(self, chunk: Chunk) -> list[Chunk]:
        """Cut a chunk at the ends of frames, so that phases change at the same sample for any chunk size."""
        first = self._schedule.count_complete(chunk.first_sample)
        count = self._schedule.count_complete(chunk.stop) - first
        inner = [int(end) for end in self._schedule.ends(first, count) if end < chunk.stop]
        edges = [chunk.first_sample, *inner, chunk.stop]
        return [
            Chunk(start, chunk.data[:, start - chunk.first_sample : stop - chunk.first_sample])
            for start, stop in pairwise(edges)
        ]

    def _estimate(self, piece: Chunk) -> list[Frame]:
        commands, self._commands = self._commands, []
        engine, late_from = self._context.engine, self._context.engine.late_baseline_sample
        frames = engine.process(piece, commands)
        if engine.baseline is not None and engine.late_baseline_sample is not None and late_from is None:
            self._record_row(
                Event(engine.late_baseline_sample, EventKind.LATE_BASELINE, f"{engine.baseline.clean_s:.1f}")
            )
        return frames

    def _process_frames(self, frames: Sequence[Frame], chunk: Chunk) -> None:
        """Set the guidance of each frame, measure its latency (if its last sample was not lost), and pass it on."""
        if not frames:
            return
        context = self._context
        timed: list[Frame] = []
        for frame in frames:
            context.sink.set_guidance(frame.played_guidance, self.session_s)
            read_s = chunk.buffer_delay_s + (chunk.stop - frame.sample) / context.stream.sfreq
            age_s = context.clock.now() - chunk.host_time + read_s
            if self._is_late:
                age_s = max(age_s, self._sample_age.age_s(frame.sample, context.clock.now()))
            timed.append(frame if self._is_lost(frame.sample - 1) else replace(frame, latency_ms=1000 * age_s))
            if (output := context.phase_controller.process(frame)) is not None:
                # at the end of a gap several frames come at once: a command can only follow the last
                self._apply_phase_output(output, frames[-1].sample + 1)
        self._guide.follow(context.phase_controller, self.session_s, paused=self._controls.paused)
        for consumer in self._frame_consumers:
            consumer.process_frames(timed)

    def _apply_phase_output(self, output: PhaseOutput, earliest_sample: int) -> None:
        """Apply the commands of the plan, with bell and background sound."""
        for command in output.commands:
            self._controls.note_command(command)
            self._record_row(replace(command, sample=max(command.sample, earliest_sample)))
        if output.bell is not None:
            self._context.sink.ring(output.bell, self.session_s)
        is_change = any(command.kind is CommandKind.PHASE for command in output.commands)
        if self._start_time is not None and is_change and output.bell is not None:
            self._guide.announce_phase(self._context.phase_controller.segment, self.session_s)
        if output.background:
            self._context.sink.set_background(output.background, self.session_s)
            self._record_event(EventKind.BACKGROUND, output.background)

    def _is_lost(self, sample: int) -> bool:
        return any(run.start <= sample < run.start + run.n_samples for run in self._recent_lost)

    def _check_silence(self) -> None:
        """Log a loss of signal by the clock, and stop the feedback.

        Sound and snapshot are updated every ``_SILENCE_UPDATE_S``, not at every poll: a sound file is rendered up to
        each update, and rendering so many short pieces would take longer than they last.
        """
        now = self._context.clock.now()
        silent_s = now - self._last_data_time
        if silent_s < self._context.settings.gaps.lost_s:
            return
        if self._silent_since is None:
            self._silent_since = self._last_data_time
            self._silence_update_due = now
            self._record_event(EventKind.SIGNAL_LOST)
            self._announcer.speak("headset_lost", self.session_s)
        if now >= self._silence_update_due:
            self._silence_update_due = now + _SILENCE_UPDATE_S
            self._context.sink.set_guidance(_SIGNAL_LOST_GUIDANCE, self.session_s)
            self._publish()
        if silent_s >= self._context.settings.gaps.give_up_s:
            raise SourceError(
                f"nothing has come from {self._context.stream.device} for {silent_s:.0f} s",
                todo="check that the headset is on and near, then start again; what was recorded is saved",
            )

    def _log_signal_return(self, chunk: Chunk) -> None:
        """Log the return of the signal at its first sample, with the time lost and its uncertainty.

        A gap measured only by the host's clock is logged even if the silence itself was not noticed.
        """
        gap = self._find_gap(chunk)
        is_uncertain = gap is not None and gap.cause == "gap"
        if self._silent_since is None and not is_uncertain:
            return
        was_noticed, self._silent_since = self._silent_since is not None, None
        value = f"{(gap.n_samples if gap else 0) / self._context.stream.sfreq:.3f} s"
        if is_uncertain:
            value += f" +-{self._arrival_jitter.spread_s:.3f} s"
        sample = gap.start + gap.n_samples if gap else chunk.first_sample
        self._record_row(Event(sample, EventKind.SIGNAL_BACK, value))
        _log.info("the signal is back; lost: %s", value)
        if was_noticed:
            self._announcer.speak("headset_back", self.session_s)

    def _find_gap(self, chunk: Chunk) -> LostRun | None:
        """Return a gap measured only by the clock and long enough to reset the filters, else the run lost before."""
        min_samples = self._context.settings.gaps.reset_s * self._context.stream.sfreq
        runs = [run for run in chunk.lost if run.channels is None]
        by_clock = (run for run in runs if run.cause == "gap" and run.n_samples >= min_samples)
        before = (run for run in runs if run.start == chunk.first_sample and run.cause != "gap")
        return next(by_clock, next(before, None))

    def _apply_requests(self) -> None:
        for request in self._context.live_state.drain_requests():
            self._apply_result(self._controls.apply(request, self._action_time(request.at_s)))
        if self._context.marker_input is not None:
            self._record_markers(self._context.marker_input.read())

    def _record_markers(self, markers: Sequence[Marker]) -> None:
        """Record markers of another program at their samples; those from before the recording have none."""
        now = self._context.clock.now()
        for marker in markers:
            if self._start_time is None or now - marker.age_s < self._start_time:
                _log.warning("marker %r was sent before the recording began, and is left out", marker.text)
            else:
                self._record_row(Event(self._action_time(now - marker.age_s).sample, EventKind.MARK, marker.text))

    def _action_time(self, at_s: float) -> ActionTime:
        """Return the sample that was being taken at a time of the clock (s)."""
        ahead = (
            round((at_s - self._newest_sample_time) * self._context.stream.sfreq) if self._start_time is not None else 0
        )
        return ActionTime(max(0, self._n_received + ahead), self._n_received + 1, self.session_s, at_s)

    def _apply_result(self, result: ActionResult) -> None:
        for row in result.rows:
            self._record_row(row)
        if result.chime:
            self._context.sink.ring(Bell.PROBE, self.session_s)
        self._announcer.update_question(self.probe_scheduler.question, self.session_s)
        self._announcer.announce_changes(result.rows, self.session_s)
        if result.finished_probe is not None and self._context.decoder_thread is not None:
            self._context.decoder_thread.process_probe(result.finished_probe)

    def _apply_refits(self) -> None:
        """Apply new decoder weights, at their sample or now if that is past."""
        if self._context.decoder_thread is None:
            return
        for refit in self._context.decoder_thread.drain_refits():
            self._record_row(replace(refit, sample=max(refit.sample, self._n_received + 1)))
            weights = parse_decoder_weights(refit.value)
            self._model_text = index_source_text(
                self._context.index_name,
                weights.n_answers if weights else 0,
                learns_live=True,
                trust=self._context.engine.trust,
            )

    def _record_event(self, kind: EventKind, value: str = "n/a") -> None:
        self._record_row(Event(self._n_received, kind, value))

    def _record_row(self, row: Event | Command) -> None:
        """Pass a row on; a command also goes to the engine."""
        if isinstance(row, Command):
            self._commands.append(row)
            _log.info("%s %s at sample %d", row.kind, row.value, row.sample)
        for consumer in self._consumers:
            consumer.process_event(row)

    def _publish(self) -> None:
        now = self._context.clock.now()
        self._context.live_state.publish(
            self._snapshot_builder.build(
                n_received=self._n_received,
                n_lost=self._n_lost,
                lost_s=0.0 if self._silent_since is None else now - self._silent_since,
                message=self._message,
                valid_fraction=self.frame_counts.valid_fraction,
                question=self.probe_scheduler.question,
                n_probes=self.probe_scheduler.n_probes,
                model_text=self._model_text,
                guide_text=self._guide.text,
                battery=self.battery_monitor.level,
                body=self._body_monitor.latest,
            )
        )
