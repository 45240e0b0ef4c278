"""Learning while a sitting goes on, in a helper thread: frames and answers in, refits out; nobody waits for it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from neurofeedback.types import Chunk, Command, Event, EventKind, Frame, Probe

_log = logging.getLogger(__name__)

DecoderInput = Sequence[Frame] | Probe | Event


class OnlineLearner(Protocol):
    """What learns: ``session.learner.Learner`` is the real one."""

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Take frames as they are made."""
        ...

    def add_press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        ...

    def add_probe(self, probe: Probe) -> Command | None:
        """Take a probe that is over; return the refit it brings, if any."""
        ...


class DecoderThread:
    """Feeds a learner from a queue of its own.

    Parameters
    ----------
    at_once : bool
        Learn in the caller's thread: for sittings faster than real time, where a refit would come minutes late.
    """

    def __init__(self, learner: OnlineLearner, *, synchronous: bool = False) -> None:
        self._learner = learner
        self._queue: queue.SimpleQueue[DecoderInput | None] = queue.SimpleQueue()
        self._refits: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._submit: Callable[[DecoderInput], None] = self._process if synchronous else self._queue.put
        if not synchronous:
            threading.Thread(target=self._run, name="refitting", daemon=True).start()

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Hand over frames."""
        self._submit(frames)

    def process_chunk(self, chunk: Chunk) -> None:
        """Ignore samples: the decoder learns from frames."""

    def process_event(self, event: Event | Command) -> None:
        """Hand over a press; nothing is learned from other events and commands."""
        if isinstance(event, Event) and event.kind is EventKind.PRESS:
            self._submit(event)

    def process_probe(self, probe: Probe) -> None:
        """Hand over a probe that is over."""
        self._submit(probe)

    def drain_refits(self) -> list[Command]:
        """Everything learned since the last look."""
        found: list[Command] = []
        while not self._refits.empty():
            found.append(self._refits.get())
        return found

    def close(self) -> None:
        """End the thread; what it has not got to yet is learned from the recording."""
        self._queue.put(None)

    def _run(self) -> None:
        while (lesson := self._queue.get()) is not None:
            self._process(lesson)

    def _process(self, lesson: DecoderInput) -> None:
        if isinstance(lesson, Probe):
            self._refit(lesson)
        elif isinstance(lesson, Event):
            self._learner.add_press(lesson.sample)
        else:
            self._learner.process_frames(lesson)

    def _refit(self, probe: Probe) -> None:
        try:
            refit = self._learner.add_probe(probe)
        except np.linalg.LinAlgError as error:
            _log.warning("the answer could not be learned from yet: %s", error)
            return
        if refit is not None:
            self._refits.put(refit)
            _log.info("the decoder was refitted")
