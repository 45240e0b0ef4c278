"""Every acceptance target by its id."""

from __future__ import annotations

from benchmarks.acceptance import (
    adversarial,
    alpha,
    badge,
    closed_loop,
    controls,
    decoder,
    devices,
    effects,
    extra_features,
    gate,
    invariance,
    latency,
    leak,
    loss,
    over_time,
    raw_measures,
    real,
    reward,
    spectrum,
    throughput,
    weak_clench,
)
from benchmarks.acceptance.figures import Target

TARGETS: dict[str, Target] = {
    target.id: target
    for target in (
        *spectrum.TARGETS,
        *latency.TARGETS,
        *effects.TARGETS,
        *decoder.TARGETS,
        *extra_features.TARGETS,
        *badge.TARGETS,
        *leak.TARGETS,
        *gate.TARGETS,
        *adversarial.TARGETS,
        *weak_clench.TARGETS,
        *alpha.TARGETS,
        *reward.TARGETS,
        *loss.TARGETS,
        *closed_loop.TARGETS,
        *throughput.TARGETS,
        *devices.TARGETS,
        *over_time.TARGETS,
        *raw_measures.TARGETS,
        *invariance.TARGETS,
        *controls.TARGETS,
        *real.TARGETS,
    )
}
