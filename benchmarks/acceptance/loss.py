"""T16: what lost packets and outages do to the index and to the sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.sittings import headset, simulated, sit, stream_of
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.simulation.packet_loss import RadioLink, draw_packets, lost_runs

_OUTAGE = (600.0, 2.0)


@dataclass(frozen=True, slots=True)
class Lossy:
    """One person: correlation with the lossless index, recovery after an outage (s), gains that are no number."""

    correlation: float
    valid: float
    recovered_s: float
    not_numbers: int


def lossy(seed: int, family: str = "muse") -> Lossy:
    """Sit once over a perfect link, once with 2 % of packets lost, once with an outage."""
    case = person_case(4000 + seed, "fixed", family=family)
    device, stream = headset(family)[0], stream_of(family)
    data = simulated(case).data
    whole = sit(data, stream)

    def over(link: RadioLink) -> tuple[object, ...]:
        return lost_runs(draw_packets(link, device, data.shape[1], seed))

    holed = sit(data, stream, lost=over(RadioLink(loss=0.02)))
    cut = sit(data, stream, lost=over(RadioLink(outages=(_OUTAGE,))))
    both = whole.judged & holed.judged
    back_s = sum(_OUTAGE)
    after = cut.valid & (cut.onset > back_s)
    return Lossy(
        correlation=float(np.corrcoef(whole.u[both], holed.u[both])[0, 1]),
        valid=float(holed.valid[holed.practice].mean() / whole.valid[whole.practice].mean()),
        recovered_s=float(cut.onset[np.argmax(after)] - back_s),
        not_numbers=sum(int(np.sum(~np.isfinite(one.gain))) for one in (whole, holed, cut)),
    )


def loss(run: Run) -> list[Figure]:
    """Hold lossy sittings against the lossless one."""
    got = run.map(lossy, list(run.people(20, 2)))
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
