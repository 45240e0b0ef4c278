"""The one steady loop of a session: read, record, estimate, guide, publish."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from neurofeedback.acquisition.arrivals import ArrivalSpread
from neurofeedback.acquisition.source import Source, SourceEnded
from neurofeedback.audio.sink import Bell, Sink
from neurofeedback.engine import Engine
from neurofeedback.errors import SourceError
from neurofeedback.feedback.words import LOOKING
from neurofeedback.processing.blocks import Schedule
from neurofeedback.recording.writer import SessionWriter
from neurofeedback.session.mailbox import Ask, Mailbox, Snapshot
from neurofeedback.session.outlets import Outlet
from neurofeedback.session.pace import Clock
from neurofeedback.session.phases import PhaseKeeper
from neurofeedback.session.screen import IndexHistory, Traces
from neurofeedback.session.tally import Tally
from neurofeedback.settings.model import GapSettings
from neurofeedback.types import INDEX_NAME, Bed, Chunk, Command, Event, EventKind, Frame, Guidance, Phase, Stream

_log = logging.getLogger(__name__)
_POLL_S = 0.01
_RATE_NEEDS_S = 20.0
_RATE_TOLERANCE = 0.02
_LOST = Guidance(bed=Bed.LOST, immediate=True, mist=1.0)


@dataclass(slots=True)
class Parts:
    """What a session is put together from."""

    source: Source
    stream: Stream
    writer: SessionWriter
    engine: Engine
    keeper: PhaseKeeper
    sink: Sink
    clock: Clock
    mailbox: Mailbox
    gaps: GapSettings
    hop_s: float
    outlets: tuple[Outlet, ...] = ()
    index_name: str = INDEX_NAME


class Runner:
    """Runs a session to its end. Raw samples are recorded before anything else looks at them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._schedule = Schedule(parts.stream.sfreq, parts.hop_s)
        self._commands: list[Command] = []
        self._traces = Traces(parts.stream.n_channels, parts.stream.sfreq)
        self._history = IndexHistory()
        self._arrivals = ArrivalSpread(parts.stream.sfreq)
        self._frame: Frame | None = None
        self._n_received = 0
        self._n_lost = 0
        self._began: float | None = None
        self._last_data = 0.0
        self._lost_since: float | None = None
        self._stopping = False
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
        if (first := parts.keeper.first()) is not None:
            self._command(first)
        reason = self._loop()
        self._event(EventKind.STOP, reason)
        return reason

    def _loop(self) -> str:
        parts = self._parts
        while not parts.keeper.done:
            self._answer_requests()
            if self._stopping:
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
        if self._began is None:
            self._began = self._last_data - chunk.n_samples / parts.stream.sfreq
            parts.sink.ring(Bell.BEGIN, self.session_s)
        parts.writer.samples(chunk)
        for outlet in parts.outlets:
            outlet.samples(chunk)
        self.duration_s = self.session_s
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
        return self._parts.engine.push(piece, commands)

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
            done.append(frame if _never_came(frame.sample - 1, chunk) else replace(frame, latency_ms=1000 * age_s))
            self._history.push(frame.mwi)
            if (command := parts.keeper.push(frame)) is not None:
                # signal held back for a gap's end may bring several frames at once: those are made already
                self._command(replace(command, sample=max(command.sample, frames[-1].sample + 1)))
        self._frame = done[-1]
        self.tally.push(done)
        parts.writer.frames(done)
        for outlet in parts.outlets:
            outlet.frames(done)
        self._traces.push(parts.engine.recent_filtered)

    def _command(self, command: Command) -> None:
        self._commands.append(command)
        self._note(command)
        bell = Bell.END if command.value == Phase.DEBRIEF else Bell.PHASE
        self._parts.sink.ring(bell, self.session_s)
        _log.info("%s begins at sample %d", command.value, command.sample)

    def _watch(self) -> None:
        """Notice by the clock that nothing arrives: the sound must not stay where it was."""
        silent_s = self._parts.clock.now() - self._last_data
        if silent_s < self._parts.gaps.lost_s:
            return
        if self._lost_since is None:
            self._lost_since = self._last_data
            self._event(EventKind.SIGNAL_LOST)
        self._parts.sink.guide(_LOST, self.session_s)
        self._publish()
        if silent_s >= self._parts.gaps.give_up_s:
            raise SourceError(
                f"nothing has come from {self._parts.stream.device} for {silent_s:.0f} s",
                todo="check that the headset is on and near, then start again; what was recorded is kept",
            )

    def _signal_back(self, chunk: Chunk) -> None:
        """Log the end of a silence where samples begin again, with the time lost and how sure that is."""
        if self._lost_since is None:
            return
        self._lost_since = None
        gap = next((run for run in chunk.lost if run.start == chunk.first_sample and run.channels is None), None)
        n_lost = gap.n_samples if gap else 0
        value = f"{n_lost / self._parts.stream.sfreq:.3f} s"
        if gap and gap.cause == "gap":
            value += f" +-{self._arrivals.seconds:.3f} s"
        self._note(Event(chunk.first_sample + n_lost, EventKind.SIGNAL_BACK, value))
        _log.info("the signal is back; lost: %s", value)

    def _answer_requests(self) -> None:
        for asked in self._parts.mailbox.requests():
            if asked.kind is Ask.STOP:
                self._stopping = True
            elif asked.kind is Ask.MARK:
                self._event(EventKind.MARK, asked.value or "n/a")

    def _event(self, kind: EventKind, value: str = "n/a") -> None:
        self._note(Event(self._n_received, kind, value))

    def _note(self, event: Event | Command) -> None:
        self._parts.writer.event(event)
        for outlet in self._parts.outlets:
            outlet.event(event)

    def _publish(self) -> None:
        parts = self._parts
        phase_end, sitting_end = parts.keeper.ends
        sfreq, frame = parts.stream.sfreq, self._frame
        lost_s = 0.0 if self._lost_since is None else parts.clock.now() - self._lost_since
        parts.mailbox.publish(
            Snapshot(
                status="running",
                message="" if self._lost_since is None else LOOKING,
                stream=parts.stream,
                phase=parts.keeper.phase,
                elapsed_s=self._n_received / sfreq,
                remaining_s=max(0.0, (sitting_end - self._n_received) / sfreq),
                phase_remaining_s=max(0.0, (phase_end - self._n_received) / sfreq),
                signal_lost_s=lost_s,
                frame=frame,
                contacts=frame.contacts if frame else (),
                traces=self._traces.points,
                traces_s=self._traces.seconds,
                index_history=self._history.values,
                index_name=parts.index_name,
                loss_rate=self._n_lost / self._n_received if self._n_received else 0.0,
                latency_ms=frame.latency_ms if frame else float(np.nan),
                valid_fraction=self.tally.valid_fraction,
                sound=parts.sink.description,
                recording=parts.writer.raw,
            )
        )


def _never_came(sample: int, chunk: Chunk) -> bool:
    return any(run.channels is None and run.start <= sample < run.start + run.n_samples for run in chunk.lost)
