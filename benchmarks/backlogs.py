"""Placement of samples after pauses with known truth: the host stops, its queue fills, and is worked off at any speed.

No sample may be placed later than it was taken, which would be an invented loss, and none that arrived may be dropped.
Once the queue is empty the positions must be right again. Prints the seed and parameters of each case that fails.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from neurofeedback.acquisition.placement.counter_rules import CounterRule
from neurofeedback.acquisition.placement.sample_placement import PlacedSamples, SamplePlacer

DEVICES: dict[str, tuple[float, CounterRule | None]] = {
    "cyton": (250.0, CounterRule(256)),
    "cyton-daisy": (125.0, CounterRule(256, step=2)),
    "ganglion": (200.0, CounterRule(100, repeat=2)),
    "freeeeg": (256.0, CounterRule(256)),
    "no-counter": (250.0, None),
}
LEAD_S = 2.0
_UNSEEN_S = 0.15
_SHARE_OF_LONG = 0.05
_TAIL_S, _MAX_DRAIN_S = 16.0, 30.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """A stream with one pause of the host.

    Parameters
    ----------
    device : str
        A name in ``DEVICES``.
    pause_s : float
        Length of the pause, s.
    kept_s : float
        Length of the queue, s of signal; what does not fit is lost.
    keeps_newest : bool
        Whether a full queue loses its oldest samples instead of those that come.
    drain : float
        Pace at which the queue is worked off, in multiples of the sampling frequency.
    loss : float
        Probability that a sample is lost on its way.
    chunk : int
        Samples that arrive together.
    jitter_s : float
        Largest random delay of a chunk, s.
    seed : int
        Seed of losses and delays.
    """

    device: str
    pause_s: float
    kept_s: float = 1e9
    keeps_newest: bool = False
    drain: float = 100.0
    loss: float = 0.0
    chunk: int = 1
    jitter_s: float = 0.0
    seed: int = 0

    @property
    def drain_s(self) -> float:
        """Time until the queue is empty, s."""
        return min(self.pause_s, self.kept_s) / (self.drain - 1)

    def arrivals(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the numbers of the samples that arrive, and the times at which they do, s."""
        rng = np.random.default_rng(self.seed)
        sfreq, rule = DEVICES[self.device]
        resume = LEAD_S + self.pause_s
        numbers = np.arange(round((resume + min(self.drain_s, _MAX_DRAIN_S) + _TAIL_S) * sfreq))
        taken = numbers / sfreq
        waiting = np.flatnonzero((taken >= LEAD_S) & (taken < resume))
        n_lost = max(0, waiting.size - round(self.kept_s * sfreq))
        dropped = waiting[:n_lost] if self.keeps_newest else waiting[waiting.size - n_lost :]
        packets = numbers // (rule.repeat if rule else 1)
        lost = (rng.random(numbers.size) < self.loss)[packets] | np.isin(packets, packets[dropped])
        lost[: round(sfreq)] = False
        numbers = numbers[~lost]
        due = np.where((numbers >= LEAD_S * sfreq) & (numbers / sfreq < resume), resume, numbers / sfreq)
        due = due + self._delays(rng, numbers)
        spacing = np.arange(numbers.size) / (self.drain * sfreq)
        return numbers, np.maximum.accumulate(due - spacing) + spacing

    def _delays(self, rng: np.random.Generator, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        chunks = numbers // self.chunk
        delays = rng.uniform(0.0, self.jitter_s, int(chunks[-1]) + 1)
        return (self.chunk - 1 - numbers % self.chunk) / DEVICES[self.device][0] + delays[chunks]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the samples; positions are counted in samples.

    ``invented`` is how much later than taken a sample was placed at most (without a counter the side of a gap is
    unsure, so a tenth of a second is left out), ``behind`` how much earlier the last one was placed, ``behind_most``
    any; ``n_dropped`` and ``n_held`` count those without a place. ``sure`` says that no gap was marked as uncertain.
    """

    invented: int
    behind: int
    behind_most: int
    n_dropped: int
    n_held: int
    sure: bool


def place(backlog: Backlog) -> Outcome:
    """Place the samples of a backlog and compare their positions with the truth."""
    sfreq, rule = DEVICES[backlog.device]
    numbers, times = backlog.arrivals()
    modulus, step, repeat = (rule.modulus, rule.step, rule.repeat) if rule else (1, 1, 1)
    counters = numbers // repeat * step % modulus
    placer = SamplePlacer(1, sfreq, rule)
    edges = range(0, numbers.size + 4000, 4000)
    pieces: Iterable[PlacedSamples | None] = [
        placer.place(np.arange(a, min(b, numbers.size), dtype=np.float64)[None], counters[a:b].tolist(), times[a:b])
        for a, b in pairwise(edges)
    ]
    placed = [piece for piece in pieces if piece is not None]
    data = np.concatenate([piece.data[0] for piece in placed])
    positions = np.flatnonzero(~np.isnan(data))
    error = positions - numbers[data[positions].astype(np.int64)]
    n_missing = numbers.size - positions.size
    gaps = any(run.cause == "gap" for piece in placed for run in piece.lost)
    n_unseen = 0 if rule else round(_UNSEEN_S * sfreq) + backlog.chunk
    return Outcome(
        int(max(0, np.sort(error)[-1 - n_unseen])),
        -int(error[-1]),
        -int(error.min()),
        placer.n_dropped,
        n_missing - placer.n_dropped,
        not gaps,
    )


def faults(backlog: Backlog, outcome: Outcome) -> list[str]:
    """Return what is wrong with the outcome."""
    found: list[str] = []
    sfreq, rule = DEVICES[backlog.device]
    tolerance = (
        0 if rule else round((backlog.jitter_s + backlog.chunk / sfreq + 0.12) * sfreq)
    )  # only the clock measures
    if outcome.invented > tolerance:
        found.append(f"{outcome.invented} lost samples invented")
    if outcome.n_dropped:
        found.append(f"{outcome.n_dropped} samples dropped")
    if rule and backlog.drain_s < _MAX_DRAIN_S and outcome.behind:
        found.append(f"the last sample is {outcome.behind} too early")
    if rule and outcome.sure and outcome.behind_most and backlog.drain_s < _MAX_DRAIN_S:
        found.append(f"samples {outcome.behind_most} too early, not marked as uncertain")
    if rule and backlog.pause_s <= backlog.kept_s and outcome.behind_most:
        found.append("nothing was lost in the pause, yet samples are too early")
    return found


def draw(seed: int) -> Backlog:
    """Return the case of a seed: pauses up to 10 minutes and drains from 1.05 to 1,000 times the device's rate."""
    rng = np.random.default_rng(seed)
    shortest_s, longest_s = (60.0, 600.0) if rng.random() < _SHARE_OF_LONG else (0.3, 60.0)
    pause_s = exp(rng.uniform(log(shortest_s), log(longest_s)))
    backlog = Backlog(
        device=str(rng.choice(list(DEVICES))),
        pause_s=pause_s,
        drain=1 + exp(rng.uniform(log(0.05), log(1000.0))),
        loss=float(rng.choice([0.0, 0.0, 0.001, 0.02])),
        chunk=int(rng.choice([1, 1, 4, 12, 25])),
        jitter_s=float(rng.choice([0.0, 0.003, 0.01, 0.03])),
        seed=seed,
    )
    if rng.random() < 0.5:
        return backlog
    return replace(backlog, kept_s=pause_s * rng.uniform(0.0, 1.0), keeps_newest=bool(rng.random() < 0.3))


def main(arguments: list[str]) -> int:
    """Place many drawn cases; print those that are wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    n_wrong = n_behind = n_unsure = 0
    for seed in range(options.seed, options.seed + options.cases):
        backlog = draw(seed)
        outcome = place(backlog)
        n_behind += outcome.behind_most > 0
        n_unsure += not outcome.sure
        for fault in faults(backlog, outcome):
            n_wrong += 1
            print(f"seed {seed}: {fault}: {backlog}")
    print(f"{options.cases} cases, {n_wrong} faults; too early for a while: {n_behind}; uncertain: {n_unsure}")
    return int(n_wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
