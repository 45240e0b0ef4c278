"""Muscle by a baseline's limits: where it begins, and how far back it must be before it is over."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.processing.gate_limits import GateLimits, MuscleDetector, muscle_flags
from neurofeedback.settings import Settings

WAYS = GateLimits(np.full(4, 75.0), np.zeros(4), np.ones(4))


def test_strain_on_the_whole_head_lasts_until_it_is_well_below_where_it_began() -> None:
    ways = np.array([0.7, 0.9, 0.65, 0.7, 0.55, 0.7])
    held = MuscleDetector(Settings().gate).process(np.repeat(ways[:, None], 4, axis=1), WAYS)
    assert held.all(axis=1).tolist() == held.any(axis=1).tolist() == [False, True, True, True, False, False]


def test_one_channel_s_muscle_is_its_own_and_over_when_it_is() -> None:
    ways = np.zeros((3, 4))
    ways[:, 0] = [1.2, 0.9, 1.2]
    held = MuscleDetector(Settings().gate).process(ways, WAYS)
    assert held[:, 0].tolist() == [True, False, True]
    assert not held[:, 1:].any()


@given(seed=st.integers(0, 2**32 - 1), at=st.integers(0, 60), known=st.integers(1, 4))
def test_strain_holds_wherever_muscle_is_seen_and_however_blocks_arrive(seed: int, at: int, known: int) -> None:
    ways = np.random.default_rng(seed).normal(0.5, 0.4, (60, 4))
    limits = GateLimits(
        WAYS.blink_uv, np.where(np.arange(4) < known, 0.0, np.nan), np.where(np.arange(4) < known, 1.0, np.inf)
    )
    whole, parts = MuscleDetector(Settings().gate), MuscleDetector(Settings().gate)
    held = whole.process(ways, limits)
    assert np.concatenate([parts.process(piece, limits) for piece in (ways[:at], ways[at:])]).tolist() == held.tolist()
    seen = muscle_flags(ways, limits.median_ln_emg, limits.max_ln_emg, Settings().gate.emg_global_threshold)
    assert held[seen].all()
    if known < 3:
        assert (held == seen).all()
