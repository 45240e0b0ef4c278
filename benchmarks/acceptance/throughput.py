"""T18: cost of the engine live and in replay, and growth of its memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.figures import Figure, Run, Target, at_most
from benchmarks.acceptance.judged_sessions import Case, judge, simulate_case, stream_of
from neurofeedback.engine import FrameEngine
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.population import draw_person
from neurofeedback.types import Chunk, Command, CommandKind, Phase, StreamInfo

_READ_S = 0.05
_MEMORY_FROM_MIN = 10


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """A stream and its samples."""

    stream: StreamInfo
    data: NDArray[np.float32]


def _load(family: str, seconds: float) -> Load:
    return Load(stream_of(family), simulate_case(Case(1, draw_person(1), family=family, seconds=seconds)).data)


def _wide(seconds: float) -> Load:
    """Return 64 channels at 512 Hz: 10-20 names, a Muse's signal over and over."""
    case = Case(1, draw_person(1), seconds=seconds)
    data = np.tile(simulate_case(case, sfreq=512.0).data, (16, 1))
    names = ("Fz", "F3", "F4", "Pz", "P3", "P4", "Oz", *(f"E{number}" for number in range(57)))
    return Load(StreamInfo("wide", 512.0, names), data)


def _engine(load: Load) -> tuple[FrameEngine, list[Command]]:
    _, profile = resolve(Settings(), load.stream)
    changes = ((10.0, Phase.BASELINE), (60.0, Phase.PRACTICE))
    commands = [Command(round(at * load.stream.sfreq), CommandKind.PHASE, phase) for at, phase in changes]
    return FrameEngine(load.stream.sfreq, profile), commands


def _chunks(load: Load, seconds: float) -> Iterator[Chunk]:
    n = max(1, round(_READ_S * load.stream.sfreq))
    total = round(seconds * load.stream.sfreq)
    for first in range(0, total, n):
        at = first % (load.data.shape[1] - n)
        yield Chunk(first, load.data[:, at : at + n])


def live_share(load: Load, seconds: float) -> float:
    """Return the share of one core that reads of 50 ms cost, %; the baseline's fit is part of it."""
    engine, commands = _engine(load)
    begin = time.process_time()
    for chunk in _chunks(load, seconds):
        engine.process(chunk, commands)
        commands = []
    return 100 * (time.process_time() - begin) / seconds


def growth_mb(load: Load, minutes: int) -> float:
    """Return how much more memory the engine holds at the end than after ten minutes, MB."""
    engine, commands = _engine(load)
    held: list[int] = []
    tracemalloc.start()
    try:
        for chunk in _chunks(load, 60.0 * minutes):
            engine.process(chunk, commands)
            commands = []
            if chunk.first_sample % round(60 * load.stream.sfreq) < chunk.n_samples:
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return (held[-1] - held[min(_MEMORY_FROM_MIN, len(held) // 2)]) / 1e6


def replay_speed(load: Load) -> float:
    """Return how many seconds of signal a second of work replays."""
    begin = time.process_time()
    judge(load.data, load.stream)
    return load.data.shape[1] / load.stream.sfreq / (time.process_time() - begin)


def throughput(run: Run) -> list[Figure]:
    """Measure the engine in processor time, so that other load does not count."""
    seconds = 240.0 if run.fast else 600.0
    muse, daisy = _load("muse", seconds), _load("cyton-daisy", seconds)
    live = [
        ("16 channels at 125 Hz, live", daisy, 10.0, "<= 10"),
        ("4 channels at 256 Hz, live", muse, None, "budget .5"),
        ("64 channels at 512 Hz, live", _wide(60.0 if run.fast else 120.0), None, "budget 15"),
    ]
    out = [
        Figure(
            name,
            live_share(load, min(seconds, load.data.shape[1] / load.stream.sfreq)),
            unit="% of a core",
            goal=None if limit is None else at_most(limit),
            known=known,
            of="run",
        )
        for name, load, limit, known in live
    ]
    minutes = 4 if run.fast else 60
    return [
        *out,
        Figure("4 channels at 256 Hz, replay", replay_speed(muse), unit="x real time", known="budget 1000", of="run"),
        Figure(f"memory gained over {minutes} min", growth_mb(daisy, minutes), unit="MB", goal=at_most(1.0), of="run"),
    ]


TARGETS = (Target("T18", "throughput and memory", throughput, population="one person, reads of 50 ms"),)
