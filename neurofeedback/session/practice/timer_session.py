"""A sitting without a headset: bells, background and voice by the clock, and the time sat in the history."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.sink import Bell, Sink
from neurofeedback.audio.voice import check_voice
from neurofeedback.errors import EXIT_OK, RecordingError, SettingsError
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.recording.session_lock import check_recordings_folder
from neurofeedback.recording.timer.sitting_file import SittingEvent, SittingFile, TimerSitting
from neurofeedback.session.clock import Clock, RealClock, VirtualClock
from neurofeedback.session.config import NO_DEVICE, SessionConfig, SessionResult
from neurofeedback.session.controls import ActionTime, Controls
from neurofeedback.session.live_state import LiveState, Snapshot
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import SessionPlan, plan_session
from neurofeedback.session.practice.guide import PracticeGuide
from neurofeedback.session.probing.press_debouncer import PressDebouncer
from neurofeedback.session.probing.probes import ProbeScheduler
from neurofeedback.session.session_thread import SessionThread
from neurofeedback.session.setup import practice_settings, session_settings
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.settings.load import load_programme, load_settings
from neurofeedback.settings.model import Settings
from neurofeedback.settings.programme import Programme
from neurofeedback.storage.dataset_access import share_recordings
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration
from neurofeedback.texts.practices import choice
from neurofeedback.types import Command, Event, Guidance, Phase

_log = logging.getLogger(__name__)

TICKS_PER_S = 4.0
MIN_LISTED_S = 60.0
"""A shorter sitting is not listed: it may have been begun by mistake."""
_WRITE_EVERY_S = 60.0
_POLL_S = 0.05
_GUIDANCE = Guidance()


@dataclass(frozen=True, slots=True)
class _Tick:
    sample: int
    phase: Phase
    valid: bool = False


class TimerSession(SessionThread):
    """One sitting without a headset; a `RunningSession` as screens see it. Nothing is measured.

    Parameters
    ----------
    config : SessionConfig
        The configuration; its practice must be one without feedback.

    Raises
    ------
    NeurofeedbackError
        Practice, length, profile, participant, sound or recordings folder cannot be used.
    """

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._notices: list[str] = []
        self._programme = _load_practice(config)
        settings = practice_settings(session_settings(load_settings(config.profile), config), self._programme)
        self._plan = plan_session(
            settings.phases, config.minutes, 0.0, self._programme, breaths_per_min=settings.pacer.breaths_per_min
        )
        if settings.recordings.shared:
            share_recordings(config.recordings)
        check_recordings_folder(config.recordings, config.participant)
        self._clock: Clock = VirtualClock() if config.fast else RealClock()
        silent = config.fast and config.audio == "auto"
        self._sink = NullSink() if silent else open_sink(config.audio, settings.audio, self._notices.append)
        self._notices += filter(None, [check_voice(settings.audio, has_system_voice=config.has_system_voice)])
        self._settings = settings
        super().__init__("timer", self._clock.now, self._notices, has_system_voice=config.has_system_voice)

    @property
    def plan(self) -> SessionPlan:
        """The segments and their lengths."""
        return self._plan

    def _run_to_end(self) -> SessionResult:
        sitting = Sitting(
            self._config,
            programme=self._programme,
            settings=self._settings,
            plan=self._plan,
            sink=self._sink,
            clock=self._clock,
            live_state=self.live_state,
        )
        try:
            return sitting.run()
        finally:
            self._sink.stop(sitting.session_s)


class Sitting:
    """The loop of a sitting without a headset."""

    def __init__(
        self,
        config: SessionConfig,
        *,
        programme: Programme,
        settings: Settings,
        plan: SessionPlan,
        sink: Sink,
        clock: Clock,
        live_state: LiveState,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._config, self._programme, self._plan = config, programme, plan
        self._sink, self._clock, self._live_state = sink, clock, live_state
        self._started = config.start_time or now()
        self._start_s, self._asleep_s = clock.now(), clock.suspended_s()
        self._controller = PhaseController(plan, TICKS_PER_S, 0)
        self._controls = Controls(
            self._controller,
            ProbeScheduler(settings.probes, 0, TICKS_PER_S),
            PressDebouncer(settings.probes, TICKS_PER_S),
            sink,
            target_rate=settings.threshold.target_rate,
            tone_depth=settings.feedback.tone_depth,
            feedback_source="",
        )
        opened = settings.phases.eyes == "open"
        self._announcer = VoiceAnnouncer(
            settings.audio, sink, eyes_open=opened, note=lambda _sentence: None, live_state=live_state
        )
        self._guide = PracticeGuide(self._announcer, sink, practice=plan.practice)
        self._events: list[SittingEvent] = []
        self._n_ticks = self._n_sat = 0
        self._written_s = 0.0
        self._file: SittingFile | None = None

    @property
    def session_s(self) -> float:
        """Time since the start by the clock, without the time that the computer was asleep, s."""
        return self._clock.now() - self._start_s - (self._clock.suspended_s() - self._asleep_s)

    @property
    def sat_s(self) -> float:
        """Time sat without pauses, s."""
        return self._n_sat / TICKS_PER_S

    def run(self) -> SessionResult:
        """Sit until the plan or the person ends it, and store the time sat.

        Raises
        ------
        RecordingError
            The sitting cannot be stored.
        """
        self._sink.start()
        self._sink.ring(Bell.BEGIN, 0.0)
        self._guide.announce_phase(self._controller.segment, 0.0)
        while not self._controller.done and not self._controls.stop_requested:
            self._clock.wait(_POLL_S)
            self._apply_requests()
            while self._n_ticks < math.floor(self.session_s * TICKS_PER_S) and not self._controller.done:
                self._tick()
            self._publish()
        completed = self._controller.done
        is_listed = self.sat_s >= MIN_LISTED_S
        if is_listed:
            self._write(finished=True, completed=completed)
        sentences = (
            tr(session_notices.COMPLETE if completed else session_notices.ENDED_EARLY),
            "" if is_listed else tr(choice.TOO_SHORT, least=format_duration(MIN_LISTED_S)),
        )
        summary = SessionSummary(duration_s=self.sat_s, plan_completed=completed)
        return SessionResult(EXIT_OK, " ".join(filter(None, sentences)), None, summary)

    def _tick(self) -> None:
        self._n_ticks += 1
        paused = self._controls.paused
        self._n_sat += not paused
        at_s = self._n_ticks / TICKS_PER_S
        self._sink.set_guidance(_GUIDANCE, at_s)
        output = self._controller.process(_Tick(self._n_ticks, Phase.PAUSE if paused else self._controller.phase))
        if output is not None:
            if output.bell is not None:
                self._sink.ring(output.bell, at_s)
            if output.commands and output.bell is not None:
                self._guide.announce_phase(self._controller.segment, at_s)
            if output.background:
                self._sink.set_background(output.background, at_s)
        self._guide.follow(self._controller, at_s, paused=paused)
        if self.sat_s - self._written_s >= _WRITE_EVERY_S:
            try:
                self._write(finished=False, completed=False)
            except RecordingError as error:  # tried again in a minute; at the end it is an error
                _log.warning("%s", error)

    def _apply_requests(self) -> None:
        time = ActionTime(self._n_ticks, self._n_ticks + 1, self.session_s, self._clock.now())
        for request in self._live_state.drain_requests():
            rows = self._controls.apply(request, time).rows
            self._announcer.announce_changes(rows, self.session_s)
            self._note(rows)

    def _note(self, rows: Sequence[Event | Command]) -> None:
        self._events += [
            SittingEvent(onset=row.sample / TICKS_PER_S, kind=str(row.kind), value=str(row.value)) for row in rows
        ]

    def _write(self, *, finished: bool, completed: bool) -> None:
        self._written_s = self.sat_s
        if self._file is None:
            self._file = SittingFile.create(self._config.recordings, self._config.participant, self._started)
        total_s = self._plan.total_s
        self._file.write(
            TimerSitting(
                started=self._started,
                programme=self._programme.name,
                title=self._programme.title,
                duration_s=self.sat_s,
                planned_s=total_s if math.isfinite(total_s) else None,
                finished=finished,
                completed=completed,
                events=tuple(self._events),
            )
        )

    def _publish(self) -> None:
        controller, controls = self._controller, self._controls
        segment_end, session_end = (end / TICKS_PER_S for end in controller.end_samples)
        elapsed_s = self._n_ticks / TICKS_PER_S
        self._live_state.publish(
            Snapshot(
                status="running",
                phase=controller.phase,
                elapsed_s=elapsed_s,
                remaining_s=max(0.0, session_end - elapsed_s),
                phase_remaining_s=max(0.0, segment_end - elapsed_s),
                sound=self._sink.description,
                paused=controls.paused,
                volume_db=controls.volume_db,
                muted=controls.muted,
                can_extend=controller.can_extend,
                practice=controller.practice,
                guide_text=self._guide.text,
                breaths_per_min=controller.segment.breaths_per_min,
                segment_s=controller.segment_s,
            )
        )


def _load_practice(config: SessionConfig) -> Programme:
    """Load the practice of a sitting without a headset.

    Raises
    ------
    SettingsError
        It has feedback, or facts were given, which are stored with recordings only.
    """
    programme = load_programme(config.programme) if config.programme else None
    if programme is None or programme.has_feedback or config.mode == "record":
        raise SettingsError(
            "this needs a headset",
            got=f"device {NO_DEVICE}, {config.programme or 'a practice with feedback'}",
            allowed="a practice without feedback, such as timer or body-scan",
            todo="pass --programme timer, or leave out --device none",
        )
    if config.facts is not None:
        raise SettingsError(
            "a sitting without a headset stores no condition, substance or dose",
            got=f"device {NO_DEVICE}",
            allowed="a sitting with a headset",
            todo="leave out --condition and --substance",
        )
    return programme
