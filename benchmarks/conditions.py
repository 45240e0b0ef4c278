"""Validity of the comparison of conditions: coverage and false discoveries over simulated sessions.

Run ``python -m benchmarks.conditions``. One person sits many times; from session to session alpha, theta, beta and
gamma scatter by .3 in ln power and the exponent by .1, and within a session all bands drift (OU, 120 s). The other
condition lowers alpha, raises gamma and flattens the spectrum, or does nothing. Each run draws five sessions a side;
the truth is the difference between all sessions of both sides.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.analysis.clean_signal import WINDOW_S, CleanSignal
from neurofeedback.analysis.conditions.contrasts import MIN_SESSIONS_FOR_TEST, add_q_values, compute_contrast
from neurofeedback.analysis.resting_measures import MEASURES, compute_measures
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.disturbances import CLEAN, SessionShift
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIDES = {"usual": SessionShift(), "again": SessionShift(), "after": SessionShift(alpha=-0.5, gamma=0.4, chi=-0.2)}
SECONDS = 60.0
_DRIFTING = replace(CLEAN, band_drift=1.0)
_ALTERNATING = [False, True] * MIN_SESSIONS_FOR_TEST
_SCATTER, _CHI_SCATTER = 0.3, 0.1


def session(number: int, *, side: str) -> dict[str, float]:
    """Measure one session of one side."""
    seed = number + 100_000 * list(SIDES).index(side)
    rng = np.random.default_rng(seed)
    bands = dict(zip(("delta", "theta", "alpha", "beta", "gamma"), rng.normal(0, _SCATTER, 5).tolist(), strict=True))
    shift = SIDES[side] + SessionShift(**bands, chi=float(rng.normal(0, _CHI_SCATTER)))
    montage = load_montage("muse")
    conditions = replace(_DRIFTING, shift=shift)
    data = simulate(
        Person(), seconds=SECONDS, seed=seed, montage=montage, headset=get_headset("muse"), disturbances=conditions
    ).data
    n = round(WINDOW_S * 256)
    cut = data[:, : data.shape[1] // n * n].astype(np.float64)
    signal = CleanSignal(256.0, {row: one.reshape(-1, n) for row, one in enumerate(cut)})
    return compute_measures(signal, montage, Settings(), 10.3, 50.0)


def judged(a: Sequence[Mapping[str, float]], b: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], float]:
    """Return the share of runs whose interval covers the truth, by measure, and of runs with a discovery at q .05."""
    names = [name for name in MEASURES if name != "iaf"]
    truth = {name: np.mean([one[name] for one in b]) - np.mean([one[name] for one in a]) for name in names}
    covered: dict[str, list[bool]] = {name: [] for name in names}
    discovered: list[bool] = []
    for start in range(0, len(a), MIN_SESSIONS_FOR_TEST):
        one, other = a[start : start + MIN_SESSIONS_FOR_TEST], b[start : start + MIN_SESSIONS_FOR_TEST]
        found = add_q_values(
            {
                name: compute_contrast([x[name] for x in one], [x[name] for x in other], is_b=_ALTERNATING)
                for name in names
            }
        )
        discovered.append(any(x.q is not None and x.q <= 0.05 for x in found.values()))
        for name, x in found.items():
            covered[name].append(x.interval is not None and bool(x.interval.low <= truth[name] <= x.interval.high))
    return {name: float(np.mean(hits)) for name, hits in covered.items()}, float(np.mean(discovered))


def main() -> None:
    """Simulate, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    numbers = range(options.runs * MIN_SESSIONS_FOR_TEST)
    with ProcessPoolExecutor(options.jobs) as pool:
        sides = {side: list(pool.map(partial(session, side=side), numbers, chunksize=10)) for side in SIDES}
    with_effect, power = judged(sides["usual"], sides["after"])
    without, false = judged(sides["usual"], sides["again"])
    print(
        f"{options.runs} runs, {MIN_SESSIONS_FOR_TEST} sessions of {SECONDS:.0f} s a side; "
        "coverage of 95 % intervals, of 1"
    )
    print(f"{'measure':12} {'effect':>7} {'none':>7}  truth of the effect")
    for name, share in with_effect.items():
        truth = np.mean([x[name] for x in sides["after"]]) - np.mean([x[name] for x in sides["usual"]])
        print(f"{name:12} {share:7.3f} {without[name]:7.3f}  {truth:+.3f}")
    print(f"runs with a discovery at q <= .05: {power:.3f} with the effect, {false:.3f} without")


if __name__ == "__main__":
    main()
