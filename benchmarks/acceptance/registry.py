"""Every acceptance target by its id."""

from __future__ import annotations

from benchmarks.acceptance import (
    adversarial,
    alpha,
    closed_loop,
    devices,
    effects,
    gate,
    invariance,
    latency,
    leak,
    loss,
    real,
    reward,
    spectrum,
    throughput,
)
from benchmarks.acceptance.figures import Target

_DECODER = "the personal decoder is not built"
_LATER = (
    Target("T8a", "decoder with the mixture prior: share of the oracle's AUC", why=_DECODER),
    Target("T8", "decoder with the matching prior, feature level", why=_DECODER),
    Target("T9", "calibration of the decoder", why=_DECODER),
)

TARGETS: dict[str, Target] = {
    target.id: target
    for target in (
        *spectrum.TARGETS,
        *latency.TARGETS,
        *effects.TARGETS,
        *_LATER,
        *leak.TARGETS,
        *gate.TARGETS,
        *adversarial.TARGETS,
        *alpha.TARGETS,
        *reward.TARGETS,
        *loss.TARGETS,
        *closed_loop.TARGETS,
        *throughput.TARGETS,
        *devices.TARGETS,
        *invariance.TARGETS,
        *real.TARGETS,
    )
}
