"""Learning while a sitting goes on, in a helper thread: frames and answers in, refits out; nobody waits for it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from typing import Protocol

from neurofeedback.types import Command, Event, EventKind, Frame, Probe

_log = logging.getLogger(__name__)

Lesson = Sequence[Frame] | Probe | Event


class LiveLearner(Protocol):
    """What learns: ``session.learning.Learner`` is the real one."""

    def push(self, frames: Sequence[Frame]) -> None:
        """Take frames as they are made."""
        ...

    def press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        ...

    def probe(self, probe: Probe) -> Command | None:
        """Take a probe that is over; return the refit it brings, if any."""
        ...


class Refitting:
    """Feeds a learner from a queue of its own.

    Parameters
    ----------
    at_once : bool
        Wait for each refit: for sittings faster than real time, where it would come minutes late.
    """

    def __init__(self, learner: LiveLearner, *, at_once: bool = False) -> None:
        self._learner = learner
        self._at_once = at_once
        self._inbox: queue.Queue[Lesson | None] = queue.Queue()
        self._refits: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="refitting", daemon=True)
        self._thread.start()

    def frames(self, frames: Sequence[Frame]) -> None:
        """Hand over frames."""
        self._inbox.put(frames)

    def event(self, event: Event) -> None:
        """Hand over a press; other events teach nothing."""
        if event.kind is EventKind.PRESS:
            self._inbox.put(event)

    def probe(self, probe: Probe) -> None:
        """Hand over a probe that is over."""
        self._inbox.put(probe)
        if self._at_once:
            self._inbox.join()

    def refits(self) -> list[Command]:
        """Everything learned since the last look."""
        found: list[Command] = []
        while not self._refits.empty():
            found.append(self._refits.get())
        return found

    def close(self) -> None:
        """End the thread; what it has not got to yet is learned from the recording."""
        self._inbox.put(None)

    def _work(self) -> None:
        while (lesson := self._inbox.get()) is not None:
            try:
                self._learn(lesson)
            finally:
                self._inbox.task_done()

    def _learn(self, lesson: Lesson) -> None:
        if isinstance(lesson, Probe):
            if (refit := self._learner.probe(lesson)) is not None:
                self._refits.put(refit)
                _log.info("the decoder was refitted")
        elif isinstance(lesson, Event):
            self._learner.press(lesson.sample)
        else:
            self._learner.push(lesson)
