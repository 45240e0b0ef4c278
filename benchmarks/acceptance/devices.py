"""T19: the same scalp through headsets of different rates gives the same z-scores."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.figures import Figure, Run, Target, at_most, figure
from benchmarks.acceptance.judged_sessions import JudgedSession, Variant, simulate_and_count
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.settings.load import load_evidence

RATES = (125.0, 200.0, 250.0, 256.0)
_SOURCE_HZ = 1000.0
FEATURES = load_evidence("default").feature_names


def _variants(seed: int) -> dict[float, Variant]:
    case = person_case(5000 + seed, "fixed")
    return {
        sfreq: Variant(case, change=partial(_resample, sfreq=sfreq), source_hz=_SOURCE_HZ, sfreq=sfreq)
        for sfreq in RATES
    }


def _resample(data: NDArray[np.float32], sfreq: float) -> NDArray[np.float32]:
    ratio = Fraction(int(sfreq), int(_SOURCE_HZ))
    return resample_poly(data.astype(np.float64), ratio.numerator, ratio.denominator, axis=1).astype(np.float32)


def distances(judged: Mapping[float, JudgedSession]) -> dict[tuple[float, str], tuple[float, float]]:
    """Return mean and 95 % quantile of the distance of z from that at 256 Hz, by rate and feature."""
    reference = judged[256.0]
    out: dict[tuple[float, str], tuple[float, float]] = {}
    for sfreq in RATES[:-1]:
        n = min(len(reference.onset), len(judged[sfreq].onset))
        both = reference.judged[:n] & judged[sfreq].judged[:n]
        for feature in FEATURES:
            distance = np.abs(judged[sfreq].z(feature)[:n] - reference.z(feature)[:n])[both]
            distance = distance[np.isfinite(distance)]  # an index may be valid without one of its features
            out[sfreq, feature] = (float(distance.mean()), float(np.quantile(distance, 0.95)))
    return out


def rates(run: Run) -> list[Figure]:
    """Compare every rate with 256 Hz."""
    got = simulate_and_count(run, run.people(20, 1), _variants, distances)
    out: list[Figure] = []
    for sfreq in RATES[:-1]:
        for feature in FEATURES:
            where = f"{sfreq:g} Hz, {feature}"
            out.append(
                figure(f"{where}: mean |delta z|", mean_of([one[sfreq, feature][0] for one in got]), at_most(0.1))
            )
            out.append(figure(f"{where}: 95 % quantile", mean_of([one[sfreq, feature][1] for one in got])))
    return out


TARGETS = (
    Target(
        "T19", "cross-device: one source at four rates", rates, population="fixed effects, dirty, Muse montage, 20 min"
    ),
)
