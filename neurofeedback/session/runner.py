"""The one steady loop of a session: read, record, estimate, guide, publish."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from neurofeedback.acquisition.arrivals import ArrivalSpread
from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SourceError
from neurofeedback.estimation.drive import read_drive
from neurofeedback.feedback.words import LOOKING, model_words
from neurofeedback.processing.blocks import Schedule
from neurofeedback.session.controls import Controls, Moment
from neurofeedback.session.parts import Parts
from neurofeedback.session.phases import Turn
from neurofeedback.session.presses import Presses
from neurofeedback.session.probing import Prober, Step
from neurofeedback.session.screen import Screen
from neurofeedback.session.tally import Tally
from neurofeedback.types import Bed, Chunk, Command, Event, EventKind, Frame, Guidance, LostRun

_log = logging.getLogger(__name__)
_POLL_S = 0.01
_LOST_RUNS = 64
_RATE_NEEDS_S = 20.0
_RATE_TOLERANCE = 0.02
_LOST = Guidance(bed=Bed.LOST, immediate=True, mist=1.0)


class Runner:
    """Runs a session to its end. Raw samples are recorded before anything else looks at them."""

    def __init__(self, parts: Parts) -> None:
        sfreq, settings = parts.stream.sfreq, parts.settings
        self._parts = parts
        self._schedule = Schedule(sfreq, settings.spectrum.hop_s)
        self._commands: list[Command] = []
        self._arrivals = ArrivalSpread(sfreq)
        self._recent_lost: deque[LostRun] = deque(maxlen=_LOST_RUNS)
        self._n_received = 0
        self._n_lost = 0
        self._began: float | None = None
        self._last_data = 0.0
        self._newest_s = 0.0
        self._lost_since: float | None = None
        self.prober = Prober(settings.probes, parts.seed, sfreq)
        self.presses = Presses(settings.probes, sfreq)
        self._controls = Controls(
            parts.keeper,
            self.prober,
            self.presses,
            parts.sink,
            target_rate=settings.threshold.target_rate,
            tone_depth=settings.feedback.tone_depth,
            baseline="" if parts.engine.kept is None else settings.baseline.drives,
        )
        self._screen = Screen(parts, self._controls)
        self._model = parts.model
        self.tally = Tally()
        self.duration_s = 0.0

    def run(self) -> str:
        """Read until the plan, the source or the person ends it; return which: ``done``, ``source`` or ``asked``.

        Raises
        ------
        SourceError
            The device is gone for good.
        RecordingError
            The recording cannot go on.
        """
        parts = self._parts
        self._last_data = parts.clock.now()
        self._event(EventKind.START, parts.stream.device)
        if parts.model:
            self._event(EventKind.MODEL, parts.model)
        if first := parts.keeper.first():
            self._turn(Turn(Bell.PHASE, first, parts.keeper.segment.bed), 0)
        reason = self._loop()
        self._carry_out(self._controls.end(self._n_received))
        self._event(EventKind.STOP, reason)
        return reason

    def _loop(self) -> str:
        parts = self._parts
        while not parts.keeper.done:
            self._obey_requests()
            if self._controls.stopping:
                return "asked"
            try:
                chunk = parts.source.read()
            except SourceEnded:
                return "source"
            if chunk is not None and chunk.n_samples:
                self._take(chunk)
            else:
                self._watch()
                parts.clock.wait(_POLL_S)
            self._carry_out(self._controls.look(self._moment(parts.clock.now())))
            self._take_refits()
        return "done"

    @property
    def session_s(self) -> float:
        """Seconds by the host's clock since the first chunk."""
        return 0.0 if self._began is None else self._parts.clock.now() - self._began

    @property
    def effective_sfreq(self) -> float | None:
        """Samples a second by the host's clock, Hz; None before there is enough to tell."""
        return self._n_received / self.duration_s if self.duration_s >= _RATE_NEEDS_S else None

    @property
    def rate_mismatch(self) -> str:
        """What to know when the device does not keep its rate; empty when it does."""
        nominal, measured = self._parts.stream.sfreq, self.effective_sfreq
        if measured is None or abs(measured / nominal - 1) <= _RATE_TOLERANCE:
            return ""
        return (
            f"The headset sent {measured:.1f} samples a second where {nominal:g} were expected, so times and "
            "frequencies of this recording are off by that much; `neurofeedback verify` says more."
        )

    def _take(self, chunk: Chunk) -> None:
        parts = self._parts
        self._last_data = parts.clock.now()
        self._newest_s = chunk.host_time - chunk.waited_s
        if self._began is None:
            self._began = self._last_data - chunk.n_samples / parts.stream.sfreq
            parts.sink.ring(Bell.BEGIN, self.session_s)
        parts.writer.samples(chunk)
        for outlet in parts.outlets:
            outlet.samples(chunk)
        self.duration_s = self.session_s
        self._recent_lost += [run for run in chunk.lost if run.channels is None]
        self._n_lost += sum(run.n_samples for run in chunk.lost if run.channels is None)
        for piece in self._pieces(chunk):
            self._n_received = piece.stop
            self._handle(self._estimate(piece), chunk)
        self._signal_back(chunk)
        self._arrivals.push(chunk)
        self._publish()

    def _pieces(self, chunk: Chunk) -> list[Chunk]:
        """Cut a chunk where frames end, so that phases change at the same sample however it arrived."""
        first = self._schedule.complete(chunk.first_sample)
        count = self._schedule.complete(chunk.stop) - first
        inner = [int(end) for end in self._schedule.ends(first, count) if end < chunk.stop]
        edges = [chunk.first_sample, *inner, chunk.stop]
        return [
            Chunk(start, chunk.data[:, start - chunk.first_sample : stop - chunk.first_sample])
            for start, stop in pairwise(edges)
        ]

    def _estimate(self, piece: Chunk) -> list[Frame]:
        commands, self._commands = self._commands, []
        engine, late_from = self._parts.engine, self._parts.engine.late_from
        frames = engine.push(piece, commands)
        if engine.baseline is not None and engine.late_from is not None and late_from is None:
            self._note(Event(engine.late_from, EventKind.LATE_BASELINE, f"{engine.baseline.clean_s:.1f}"))
        return frames

    def _handle(self, frames: Sequence[Frame], chunk: Chunk) -> None:
        """Guide by each frame, note how old its newest sample was by then (if there was one), and record it."""
        if not frames:
            return
        parts = self._parts
        done: list[Frame] = []
        for frame in frames:
            parts.sink.guide(frame.guidance, self.session_s)
            read_s = chunk.waited_s + (chunk.stop - frame.sample) / parts.stream.sfreq
            age_s = parts.clock.now() - chunk.host_time + read_s
            done.append(frame if self._never_came(frame.sample - 1) else replace(frame, latency_ms=1000 * age_s))
            if (turn := parts.keeper.push(frame)) is not None:
                # signal held back for a gap's end may bring several frames at once: those are made already
                self._turn(turn, frames[-1].sample + 1)
        self._screen.push(done)
        self.prober.push(done)
        if parts.refitting is not None:
            parts.refitting.frames(done)
        self.tally.push(done)
        parts.writer.frames(done)
        for outlet in parts.outlets:
            outlet.frames(done)

    def _turn(self, turn: Turn, soonest: int) -> None:
        """Begin what the plan says, with its bell and its bed."""
        for command in turn.commands:
            self._controls.took(command)
            self._note(replace(command, sample=max(command.sample, soonest)))
        self._parts.sink.ring(turn.bell, self.session_s)
        if turn.bed:
            self._parts.sink.set_bed(turn.bed, self.session_s)
            self._event(EventKind.BED, turn.bed)

    def _never_came(self, sample: int) -> bool:
        return any(run.start <= sample < run.start + run.n_samples for run in self._recent_lost)

    def _watch(self) -> None:
        """Notice by the clock that nothing arrives: the sound must not stay where it was."""
        silent_s = self._parts.clock.now() - self._last_data
        if silent_s < self._parts.settings.gaps.lost_s:
            return
        if self._lost_since is None:
            self._lost_since = self._last_data
            self._event(EventKind.SIGNAL_LOST)
        self._parts.sink.guide(_LOST, self.session_s)
        self._publish()
        if silent_s >= self._parts.settings.gaps.give_up_s:
            raise SourceError(
                f"nothing has come from {self._parts.stream.device} for {silent_s:.0f} s",
                todo="check that the headset is on and near, then start again; what was recorded is kept",
            )

    def _signal_back(self, chunk: Chunk) -> None:
        """Log the end of a silence where samples begin again, with the time lost and how sure that is.

        A gap that only the host's clock has measured is logged though the machine was too busy to notice the silence.
        """
        gap = self._gap(chunk)
        unsure = gap is not None and gap.cause == "gap"
        if self._lost_since is None and not unsure:
            return
        self._lost_since = None
        value = f"{(gap.n_samples if gap else 0) / self._parts.stream.sfreq:.3f} s"
        if unsure:
            value += f" +-{self._arrivals.seconds:.3f} s"
        back = gap.start + gap.n_samples if gap else chunk.first_sample
        self._note(Event(back, EventKind.SIGNAL_BACK, value))
        _log.info("the signal is back; lost: %s", value)

    def _gap(self, chunk: Chunk) -> LostRun | None:
        """Find a gap long enough to reset the filters that only the clock has measured, else what was lost before."""
        least = self._parts.settings.gaps.reset_s * self._parts.stream.sfreq
        runs = [run for run in chunk.lost if run.channels is None]
        unsure = (run for run in runs if run.cause == "gap" and run.n_samples >= least)
        before = (run for run in runs if run.start == chunk.first_sample and run.cause != "gap")
        return next(unsure, next(before, None))

    def _obey_requests(self) -> None:
        for request in self._parts.mailbox.requests():
            self._carry_out(self._controls.obey(request, self._moment(request.at_s)))

    def _moment(self, at_s: float) -> Moment:
        """Return which sample was being taken at a time of the clock (s), however late it arrives or is asked for."""
        ahead = round((at_s - self._newest_s) * self._parts.stream.sfreq) if self._began is not None else 0
        return Moment(max(0, self._n_received + ahead), self._n_received + 1, self.session_s)

    def _carry_out(self, step: Step) -> None:
        for row in step.rows:
            self._note(row)
        if step.chime:
            self._parts.sink.ring(Bell.PROBE, self.session_s)
        if step.finished is not None and self._parts.refitting is not None:
            self._parts.refitting.probe(step.finished)

    def _take_refits(self) -> None:
        """Let what has just been learned drive the index: from then on, or from now if that is past."""
        if self._parts.refitting is None:
            return
        for refit in self._parts.refitting.refits():
            self._note(replace(refit, sample=max(refit.sample, self._n_received + 1)))
            drive = read_drive(refit.value)
            self._model = model_words(self._parts.index_name, drive.n_answers if drive else 0, live=True)

    def _event(self, kind: EventKind, value: str = "n/a") -> None:
        self._note(Event(self._n_received, kind, value))

    def _note(self, row: Event | Command) -> None:
        """Write a row; a command is for the engine too."""
        if isinstance(row, Command):
            self._commands.append(row)
            _log.info("%s %s at sample %d", row.kind, row.value, row.sample)
        elif self._parts.refitting is not None:
            self._parts.refitting.event(row)
        self._parts.writer.event(row)
        for outlet in self._parts.outlets:
            outlet.event(row)

    def _publish(self) -> None:
        now = self._parts.clock.now()
        self._parts.mailbox.publish(
            self._screen.snapshot(
                n_received=self._n_received,
                n_lost=self._n_lost,
                lost_s=0.0 if self._lost_since is None else now - self._lost_since,
                message=self.presses.message if self._lost_since is None else LOOKING,
                valid_fraction=self.tally.valid_fraction,
                question=self.prober.question,
                n_probes=self.prober.n_probes,
                model=self._model,
            )
        )
