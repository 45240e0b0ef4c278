"""Samples that waited while the host stood still: placed where they belong at any pace, and no loss is invented."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from benchmarks.backlogs import DEVICES, Backlog, draw, faults, place

BACKLOGS = st.builds(
    Backlog,
    device=st.sampled_from(sorted(DEVICES)),
    pause_s=st.floats(0.3, 12.0),
    kept_s=st.one_of(st.just(1e9), st.floats(0.0, 12.0)),
    keeps_newest=st.booleans(),
    drain=st.one_of(st.floats(1.05, 3.0), st.floats(3.0, 1000.0)),
    loss=st.sampled_from([0.0, 0.001, 0.02]),
    chunk=st.sampled_from([1, 4, 12, 25]),
    jitter_s=st.sampled_from([0.0, 0.003, 0.01, 0.03]),
    seed=st.integers(0, 2**32),
)


@given(BACKLOGS)
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking would take minutes
def test_no_loss_is_invented_in_a_backlog(backlog: Backlog) -> None:
    assert faults(backlog, place(backlog)) == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_no_loss_is_invented_in_10_000_backlogs() -> None:
    wrong = {seed: found for seed in range(10_000) if (found := faults(draw(seed), place(draw(seed))))}
    assert wrong == {}


@pytest.mark.parametrize("device", ["cyton", "cyton-daisy", "ganglion", "freeeeg"])
@pytest.mark.parametrize("drain", [1.3, 40.0])
def test_backlog_of_a_pause_is_placed_exactly(device: str, drain: float) -> None:
    outcome = place(Backlog(device, pause_s=20.0, drain=drain))
    assert (outcome.invented, outcome.behind_most, outcome.n_dropped, outcome.sure) == (0, 0, 0, True)


@pytest.mark.long
def test_backlog_of_ten_minutes_is_placed_exactly() -> None:
    outcome = place(Backlog("cyton-daisy", pause_s=600.0, drain=200.0))
    assert (outcome.invented, outcome.behind_most, outcome.n_dropped, outcome.sure) == (0, 0, 0, True)


@pytest.mark.parametrize("keeps_newest", [False, True])
@pytest.mark.parametrize("device", ["cyton", "cyton-daisy", "ganglion"])
def test_what_a_full_queue_lost_is_placed_exactly_at_the_jump_of_the_counter(device: str, keeps_newest: bool) -> None:
    outcome = place(Backlog(device, pause_s=20.3, kept_s=8.0, keeps_newest=keeps_newest, drain=50.0, jitter_s=0.01))
    assert (outcome.invented, outcome.behind_most, outcome.n_dropped, outcome.sure) == (0, 0, 0, True)


def test_loss_in_a_slow_backlog_is_inserted_once_it_is_known_and_marked_uncertain() -> None:
    outcome = place(Backlog("cyton", pause_s=12.3, kept_s=8.0, drain=1.5))
    assert outcome.behind_most > 0
    assert (outcome.invented, outcome.behind, outcome.sure) == (0, 0, False)


def test_place_of_a_loss_of_whole_cycles_is_uncertain_although_one_packet_was_lost_elsewhere() -> None:
    outcome = place(draw(20263181))
    assert outcome.behind_most == 256
    assert (outcome.invented, outcome.behind, outcome.sure) == (0, 0, False)


def test_loss_of_whole_cycles_within_a_burst_is_not_placed_too_early() -> None:
    outcome = place(draw(20266854))
    assert (outcome.invented, outcome.behind, outcome.sure) == (0, 0, False)


def test_short_queue_before_a_loss_of_a_whole_cycle_is_no_chunk_after_it() -> None:
    outcome = place(draw(20267743))
    assert (outcome.invented, outcome.behind) == (0, 0)
