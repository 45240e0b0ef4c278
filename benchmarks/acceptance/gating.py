"""The gate alone: results of every rule for every block, with limits from its own baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.judged_sessions import BASELINE_S, PRACTICE_S, SETTLE_S
from neurofeedback.estimation.baseline import BaselineCollector
from neurofeedback.estimation.baseline_fit import fit_baseline
from neurofeedback.processing.pipeline import Pipeline, Windows
from neurofeedback.settings.resolved_profile import Profile

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Gated:
    """Verdicts, one row a block, one column a channel; ``onset`` is each block's end, s."""

    onset: NDArray[np.float64]
    reasons: dict[str, Flags]
    bad: Flags
    out: Flags
    valid: Flags
    blink_uv: NDArray[np.float64]

    def rows(self, start_s: float, stop_s: float) -> slice:
        """Return the blocks that reach into a stretch."""
        return slice(
            int(np.searchsorted(self.onset, start_s, side="right")),
            int(np.searchsorted(self.onset - 0.25, stop_s, side="left")),
        )


def gated(
    data: NDArray[np.float32],
    sfreq: float,
    profile: Profile,
    *,
    settle_s: float = SETTLE_S,
    until_s: float = PRACTICE_S,
) -> Gated:
    """Judge samples as the engine does: limits are learned from ``settle_s`` to ``until_s``."""
    pipeline = Pipeline(sfreq, profile)
    pipeline.append(data)
    first, last = (pipeline.schedule.count_complete(round(at_s * sfreq)) for at_s in (settle_s, until_s))
    windows = list(_drained(pipeline, first))
    collector = BaselineCollector()
    for batch in _drained(pipeline, last):
        collector.add(batch, np.ones(len(batch.ends), dtype=np.bool_))
        windows.append(batch)
    baseline = fit_baseline(collector.to_data(), profile, sfreq, pipeline.freqs)
    if baseline is not None:
        pipeline.gate.limits = baseline.limits
    windows += _drained(pipeline, pipeline.ready)
    return Gated(
        onset=np.concatenate([batch.ends for batch in windows]) / sfreq,
        reasons={
            rule: np.concatenate([batch.gate_result.reasons[rule] for batch in windows])
            for rule in windows[0].gate_result.reasons
        },
        bad=np.concatenate([batch.gate_result.bad for batch in windows]),
        out=np.concatenate([batch.gate_result.excluded for batch in windows]),
        valid=np.concatenate([batch.gate_result.valid for batch in windows]),
        blink_uv=np.full(data.shape[0], np.nan) if baseline is None else baseline.limits.blink_uv,
    )


def _drained(pipeline: Pipeline, stop: int) -> Iterator[Windows]:
    while (batch := pipeline.windows(stop)) is not None:
        yield batch


BASELINE_STRETCH = (SETTLE_S, SETTLE_S + BASELINE_S)
