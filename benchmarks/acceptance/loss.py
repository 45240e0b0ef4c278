"""T16: effects of lost packets and outages on the index and the sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.judged_sessions import JudgedSession, Variant, headset, simulate_and_count
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.simulation.packet_loss import RadioLink, draw_packets, lost_runs

_OUTAGE = (600.0, 2.0)


@dataclass(frozen=True, slots=True)
class Lossy:
    """One person: correlation with the lossless index, recovery after an outage (s), gains that are not finite."""

    correlation: float
    valid: float
    recovered_s: float
    not_numbers: int


_LINKS = {"lossless": RadioLink(), "lossy": RadioLink(loss=0.02), "outage": RadioLink(outages=(_OUTAGE,))}


def _variants(seed: int) -> dict[str, Variant]:
    case = person_case(4000 + seed, "fixed")
    device, _ = headset(case.family)
    n_samples = int(case.seconds * device.sfreq)
    return {
        name: Variant(case, lost=lost_runs(draw_packets(link, device, n_samples, seed)))
        for name, link in _LINKS.items()
    }


def _count(judged: Mapping[str, JudgedSession]) -> Lossy:
    lossless, lossy, outage = (judged[name] for name in _LINKS)
    both = lossless.judged & lossy.judged
    back_s = sum(_OUTAGE)
    after = outage.valid & (outage.onset > back_s)
    return Lossy(
        correlation=float(np.corrcoef(lossless.u[both], lossy.u[both])[0, 1]),
        valid=float(lossy.valid[lossy.practice].mean() / lossless.valid[lossless.practice].mean()),
        recovered_s=float(outage.onset[np.argmax(after)] - back_s),
        not_numbers=sum(int(np.sum(~np.isfinite(one.gain))) for one in judged.values()),
    )


def loss(run: Run) -> list[Figure]:
    """Compare lossy sessions with the lossless one."""
    got = simulate_and_count(run, run.people(20, 2), _variants, _count)
    return [
        figure(
            "2 % of packets lost: correlation with lossless",
            mean_of([one.correlation for one in got]),
            at_least(0.97),
        ),
        figure("2 % of packets lost: valid frames kept", mean_of([one.valid for one in got])),
        Figure(
            "outage of 2 s: valid again, latest",
            max(one.recovered_s for one in got),
            n=len(got),
            unit="s",
            goal=at_most(4),
        ),
        Figure("gains that are no number", float(sum(one.not_numbers for one in got)), n=len(got), goal=at_most(0)),
    ]


TARGETS = (Target("T16", "packet loss", loss, population="fixed effects, dirty, Muse, 20 min, 12 samples a packet"),)
