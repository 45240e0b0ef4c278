"""The helper thread of a session in which ``OnlineDecoder`` refits; passes new decoders to the runner."""

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
    """Learns from the frames and answers of a running session; see ``online_decoder.OnlineDecoder``."""

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Process new frames."""
        ...

    def add_press(self, sample: int) -> None:
        """Process a press of "I was away"."""
        ...

    def add_probe(self, probe: Probe) -> Command | None:
        """Process a finished probe; return the command with the new weights, if they changed."""
        ...


class DecoderThread:
    """Feeds a learner from a queue in its own thread.

    Parameters
    ----------
    synchronous : bool
        Learn in the caller's thread: for sessions faster than real time, where a refit would come minutes late.
    """

    def __init__(self, learner: OnlineLearner, *, synchronous: bool = False) -> None:
        self._learner = learner
        self._queue: queue.SimpleQueue[DecoderInput | None] = queue.SimpleQueue()
        self._refits: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._submit: Callable[[DecoderInput], None] = self._process if synchronous else self._queue.put
        if not synchronous:
            threading.Thread(target=self._run, name="refitting", daemon=True).start()

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Pass frames on to the learner."""
        self._submit(frames)

    def process_chunk(self, chunk: Chunk) -> None:
        """Ignore samples: the decoder learns from frames."""

    def process_event(self, event: Event | Command) -> None:
        """Pass a press on to the learner; nothing is learned from other events and commands."""
        if isinstance(event, Event) and event.kind is EventKind.PRESS:
            self._submit(event)

    def process_probe(self, probe: Probe) -> None:
        """Pass a finished probe on to the learner."""
        self._submit(probe)

    def drain_refits(self) -> list[Command]:
        """Return the refits since the last call."""
        refits: list[Command] = []
        while not self._refits.empty():
            refits.append(self._refits.get())
        return refits

    def close(self) -> None:
        """End the thread; what is still queued will be learned from the recording."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            self._process(item)

    def _process(self, item: DecoderInput) -> None:
        if isinstance(item, Probe):
            self._refit(item)
        elif isinstance(item, Event):
            self._learner.add_press(item.sample)
        else:
            self._learner.process_frames(item)

    def _refit(self, probe: Probe) -> None:
        try:
            refit = self._learner.add_probe(probe)
        except np.linalg.LinAlgError as error:
            _log.warning("the decoder could not be refitted yet: %s", error)
            return
        if refit is not None:
            self._refits.put(refit)
            _log.info("the decoder was refitted")
