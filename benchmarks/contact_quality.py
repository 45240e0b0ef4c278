"""Agreement of the contact quality with a headset's own contact flag, person by person.

The recordings (40 people, Muse 2014, 220 Hz) are Papakostas et al. 2017, doi 10.1109/BigData.2017.8258478. The
flag is 1 good, 2 ok, 4 bad, per sample and electrode; a second counts where all its samples agree on 1 or 4.
The limits are not fitted to these recordings, so no recordings have to be held out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from neurofeedback.processing.contact import BAD_BADNESS, FAIR_BADNESS, ElectrodeQualityMonitor
from neurofeedback.settings.model import Settings

CH_NAMES = ("TP9", "FP1", "FP2", "TP10")
SFREQ = 220.0
GOOD, BAD = 1, 4
N_BOOTSTRAP = 10_000
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Seconds of one person with an unambiguous flag: our badness, and whether the headset's flag is bad."""

    name: str
    badness: NDArray[np.float64]
    bad: NDArray[np.bool_]

    @property
    def auc(self) -> float:
        """Area under the curve of badness against the flag."""
        return auc(self.badness, self.bad)


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive scores higher than a negative; ties count one half."""
    n, ranks = int(positive.sum()), rankdata(scores)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(scores) - n)))


def judged(raw: NDArray[np.float32], flags: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.float64], NDArray]]:
    """Yield badness and flag of each electrode in each second; a flag that changes within the second is 0."""
    judge = ElectrodeQualityMonitor(CH_NAMES, SFREQ, Settings())
    for second in judge.process(raw.T):
        piece = flags[second.sample - int(SFREQ) : second.sample]
        flag = np.where((piece == piece[0]).all(axis=0), piece[0], 0)
        yield np.array([electrode.badness for electrode in second.electrodes]), flag


def load_people(folder: Path, only: tuple[str, ...] = ()) -> list[Person]:
    """Return the judged rounds of all people, or of the named ones."""
    people: list[Person] = []
    for file in sorted(folder.glob("compact/sub-*.npz")):
        if only and file.stem.removeprefix("sub-") not in only:
            continue
        rounds = np.load(file)
        pairs = [
            pair for key in rounds.files if not key.endswith("__h") for pair in judged(rounds[key], rounds[f"{key}__h"])
        ]
        badness, flag = (np.concatenate(part) for part in zip(*pairs, strict=True))
        sure = (flag == GOOD) | (flag == BAD)
        people.append(Person(file.stem, badness[sure], flag[sure] == BAD))
    return people


def interval(values: NDArray[np.float64], seed: int = 1) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean over people."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (N_BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def main() -> None:
    folder = Path(os.environ.get("NEUROFEEDBACK_DATA", BESIDE)) / "muse_2014_contact_quality"
    begin = time.perf_counter()
    people = load_people(folder)
    elapsed_s = time.perf_counter() - begin
    badness, bad = np.concatenate([p.badness for p in people]), np.concatenate([p.bad for p in people])
    both = [p for p in people if p.bad.any() and not p.bad.all()]
    print(f"{len(people)} people, {len(bad)} electrode seconds, {bad.sum()} of them bad by the headset's own flag")
    print(f"judged in {elapsed_s:.1f} s")
    for person in both:
        print(f"  {person.name}: AUC {person.auc:.3f}, {person.bad.sum():4d} bad, {(~person.bad).sum():4d} good")
    aucs = np.array([p.auc for p in both])
    low, high = interval(aucs)
    print(f"AUC within people, mean of {len(both)} people with both: {aucs.mean():.3f} ({low:.3f} to {high:.3f})")
    print(f"AUC over all seconds of all people: {auc(badness, bad):.3f}")
    for words, limit in (("not good", FAIR_BADNESS), ("bad", BAD_BADNESS)):
        called = badness >= limit
        print(
            f"called {words}: {called[bad].mean():.1%} of the bad seconds, {called[~bad].mean():.1%} of the good ones"
        )


if __name__ == "__main__":
    main()
