"""Requests of the person during a session, turned into rows of ``events.tsv``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neurofeedback.audio.sink import Sink
from neurofeedback.session.live_state import Request, RequestKind
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.probing.press_debouncer import PressDebouncer
from neurofeedback.session.probing.probes import NO_ACTION, ActionResult, ProbeScheduler
from neurofeedback.settings.programme import MAX_MINUTES
from neurofeedback.types import Command, CommandKind, Event, EventKind

MIN_VOLUME_DB, MAX_VOLUME_DB = -60.0, 12.0
_MIN_TARGET_RATE, _MAX_TARGET_RATE = 0.1, 0.95


@dataclass(frozen=True, slots=True)
class ActionTime:
    """Time of a request.

    Parameters
    ----------
    sample : int
        The sample being taken at that time.
    earliest_command_sample : int
        The first sample of a command: earlier frames exist already.
    session_s : float
        Session time, s.
    clock_s : float
        Time of the session's clock, s.
    """

    sample: int
    earliest_command_sample: int
    session_s: float
    clock_s: float


class Controls:
    """Applies requests that are possible in the current state, and ignores the others."""

    def __init__(
        self,
        phase_controller: PhaseController,
        probe_scheduler: ProbeScheduler,
        press_debouncer: PressDebouncer,
        sink: Sink,
        *,
        target_rate: float,
        tone_depth: float,
        feedback_source: str,
    ) -> None:
        self._phase_controller, self._probe_scheduler, self._press_debouncer, self._sink = (
            phase_controller,
            probe_scheduler,
            press_debouncer,
            sink,
        )
        self.target_rate, self.tone_depth, self.feedback_source = target_rate, tone_depth, feedback_source
        self.volume_db = 0.0
        self.muted = self.paused = self.stop_requested = False
        self._handlers: dict[RequestKind, Callable[[str, ActionTime], ActionResult]] = {
            RequestKind.STOP: self._stop,
            RequestKind.MARK: self._mark,
            RequestKind.PRESS: self._press,
            RequestKind.ANSWER: self._answer,
            RequestKind.SKIP: self._skip,
            RequestKind.PAUSE: self._pause,
            RequestKind.RESUME: self._resume,
            RequestKind.EXTEND: self._extend,
            RequestKind.VOLUME: self._volume,
            RequestKind.MUTE: self._mute,
            RequestKind.TARGET_RATE: self._target_rate,
            RequestKind.TONE_DEPTH: self._tone_depth,
            RequestKind.BASELINE: self._baseline,
        }

    def apply(self, request: Request, time: ActionTime) -> ActionResult:
        """Apply a request; return the rows to log."""
        act = self._handlers.get(request.kind)
        return NO_ACTION if act is None else act(request.value, time)

    def tick(self, time: ActionTime) -> ActionResult:
        """Start a probe that is due, or close one that has timed out."""
        if self.paused:
            return NO_ACTION
        result = self._probe_scheduler.tick(time.sample, time.clock_s)
        rows = self._press_debouncer.tick(time.sample)
        return ActionResult((*result.rows, *rows), chime=result.chime, finished_probe=result.finished_probe)

    def end(self, sample: int) -> ActionResult:
        """Close an open probe at the end of the session."""
        result = self._probe_scheduler.end(sample)
        return ActionResult((*result.rows, *self._press_debouncer.end()), finished_probe=result.finished_probe)

    def note_command(self, command: Command) -> None:
        """Take over the target rate that the plan has set."""
        if command.kind is CommandKind.TARGET_RATE:
            self.target_rate = float(command.value)

    def _stop(self, _value: str, _time: ActionTime) -> ActionResult:
        if self._phase_controller.open_ended and not self.paused:
            self._phase_controller.end_open_segment()
        else:
            self.stop_requested = True
        return NO_ACTION

    def _mark(self, text: str, time: ActionTime) -> ActionResult:
        return ActionResult((Event(time.sample, EventKind.MARK, text or "n/a"),))

    def _press(self, _value: str, time: ActionTime) -> ActionResult:
        return NO_ACTION if self.paused else ActionResult(self._press_debouncer.process(time.sample))

    def _answer(self, value: str, time: ActionTime) -> ActionResult:
        return self._probe_scheduler.answer(int(value), time.sample, time.clock_s)

    def _skip(self, _value: str, time: ActionTime) -> ActionResult:
        return self._probe_scheduler.skip(time.sample)

    def _pause(self, _value: str, time: ActionTime) -> ActionResult:
        if self.paused:
            return NO_ACTION
        self.paused = True
        closed = self._probe_scheduler.pause(time.sample)
        command = Command(time.earliest_command_sample, CommandKind.PAUSE, "on")
        return ActionResult((*closed.rows, command), finished_probe=closed.finished_probe)

    def _resume(self, _value: str, time: ActionTime) -> ActionResult:
        if not self.paused:
            return NO_ACTION
        self.paused = False
        return ActionResult((Command(time.earliest_command_sample, CommandKind.PAUSE, "off"),))

    def _extend(self, value: str, time: ActionTime) -> ActionResult:
        minutes = _parse_clamped(value, 0.0, MAX_MINUTES)
        if not minutes or not self._phase_controller.extend(60 * minutes):
            return NO_ACTION
        return ActionResult((Event(time.sample, EventKind.SESSION_EXTENDED, f"{minutes:g}"),))

    def _volume(self, value: str, time: ActionTime) -> ActionResult:
        self.volume_db = _parse_clamped(value, MIN_VOLUME_DB, MAX_VOLUME_DB)
        self._sink.set_volume_db(self.volume_db, time.session_s)
        return ActionResult((Event(time.sample, EventKind.VOLUME, f"{self.volume_db:g}"),))

    def _mute(self, value: str, time: ActionTime) -> ActionResult:
        self.muted = value == "on"
        self._sink.mute(self.muted, time.session_s)
        return ActionResult((Event(time.sample, EventKind.MUTE, value),))

    def _target_rate(self, value: str, time: ActionTime) -> ActionResult:
        self.target_rate = _parse_clamped(value, _MIN_TARGET_RATE, _MAX_TARGET_RATE)
        return ActionResult((Command(time.earliest_command_sample, CommandKind.TARGET_RATE, f"{self.target_rate:g}"),))

    def _tone_depth(self, value: str, time: ActionTime) -> ActionResult:
        self.tone_depth = _parse_clamped(value, 0.0, 1.0)
        return ActionResult((Command(time.earliest_command_sample, CommandKind.TONE_DEPTH, f"{self.tone_depth:g}"),))

    def _baseline(self, value: str, time: ActionTime) -> ActionResult:
        """Switch the baseline that drives the feedback, if there is a personal one."""
        if not self.feedback_source or value not in {"session", "own"} or value == self.feedback_source:
            return NO_ACTION
        self.feedback_source = value
        return ActionResult((Command(time.earliest_command_sample, CommandKind.BASELINE, value),))


def _parse_clamped(value: str, low: float, high: float) -> float:
    """Parse a number and clamp it.

    Examples
    --------
    >>> _parse_clamped("0.5", 0.0, 1.0), _parse_clamped("7", 0.0, 1.0), _parse_clamped("nan", 0.0, 1.0)
    (0.5, 1.0, 0.0)
    """
    number = float(value)
    return min(max(low, number), high)
