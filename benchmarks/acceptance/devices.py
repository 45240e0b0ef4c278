"""T19: the same scalp through headsets of different rates gives the same z-scores."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.figures import Figure, Run, Target, at_most, figure
from benchmarks.acceptance.sittings import Sat, simulated, sit, stream_of
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.settings.load import load_evidence

RATES = (125.0, 200.0, 250.0, 256.0)
_SOURCE_HZ = 1000.0
FEATURES = load_evidence("default").feature_names


def distances(seed: int) -> dict[tuple[float, str], tuple[float, float]]:
    """Return mean and largest-of-95-% distance of z from the 256 Hz headset, by rate and feature."""
    case = person_case(5000 + seed, "fixed")
    source = simulated(case, sfreq=_SOURCE_HZ).data.astype(np.float64)
    sats: dict[float, Sat] = {}
    for sfreq in RATES:
        ratio = Fraction(int(sfreq), int(_SOURCE_HZ))
        data = resample_poly(source, ratio.numerator, ratio.denominator, axis=1)
        sats[sfreq] = sit(data.astype(np.float32), stream_of("muse", sfreq))
    reference = sats[256.0]
    out: dict[tuple[float, str], tuple[float, float]] = {}
    for sfreq in RATES[:-1]:
        n = min(len(reference.onset), len(sats[sfreq].onset))
        both = reference.judged[:n] & sats[sfreq].judged[:n]
        for feature in FEATURES:
            distance = np.abs(sats[sfreq].z(feature)[:n] - reference.z(feature)[:n])[both]
            distance = distance[np.isfinite(distance)]  # an index may be valid without one of its features
            out[sfreq, feature] = (float(distance.mean()), float(np.quantile(distance, 0.95)))
    return out


def rates(run: Run) -> list[Figure]:
    """Hold every rate against 256 Hz."""
    got = run.map(distances, list(run.people(20, 1)))
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
