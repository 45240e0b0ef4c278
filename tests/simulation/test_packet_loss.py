"""Packets: in order, late by what the link says, lost as often as it says."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.packet_loss import RadioLink, check_link, draw_outages, draw_packets, lost_runs, mask_lost
from neurofeedback.types import LostRun

MUSE = HEADSETS["muse"]
N_SAMPLES = 256 * 600 + 5


def packets(link=RadioLink(), seed=1, device=MUSE, n_samples=N_SAMPLES):  # noqa: B008 - frozen
    return list(draw_packets(link, device, n_samples, seed))


@pytest.mark.parametrize("family", sorted(HEADSETS))
def test_packets_hold_every_sample_once_and_none_overtakes_another(family):
    device = HEADSETS[family]
    drawn = packets(device=device, n_samples=10_001)
    assert (drawn[0].first, drawn[-1].stop) == (0, 10_001)
    for one, other in pairwise(drawn):
        assert one.stop == other.first
        assert one.stop - one.first == device.samples_per_packet
        assert one.arrival_s <= other.arrival_s


def test_a_packet_arrives_5_to_40_ms_after_its_last_sample():
    travel_s = [packet.arrival_s - packet.stop / 256 for packet in packets()]
    assert min(travel_s) >= 0.005 - 1e-9
    assert max(travel_s) <= 0.040 + 1e-9
    assert max(travel_s) - min(travel_s) > 0.03


@pytest.mark.long
@pytest.mark.parametrize("loss", [0.0, 0.005, 0.02, 0.05])
def test_packet_loss_has_its_rate_and_spares_the_first(loss):
    for seed in range(5):
        drawn = packets(RadioLink(loss=loss), seed=seed)
        assert not drawn[0].lost
        assert np.mean([packet.lost for packet in drawn]) == pytest.approx(loss, abs=4 * (loss / len(drawn)) ** 0.5)


def test_losing_packets_changes_neither_their_times_nor_other_losses():
    few, many = packets(RadioLink(loss=0.02)), packets(RadioLink(loss=0.2))
    assert [packet.arrival_s for packet in few] == [packet.arrival_s for packet in many]
    assert all(other.lost for one, other in zip(few, many, strict=True) if one.lost)


def test_outage_loses_all_its_packets():
    silent = [packet for packet in packets(RadioLink(outages=((100.0, 3.0),))) if packet.lost]
    assert sum(packet.stop - packet.first for packet in silent) / 256 == pytest.approx(3.0, abs=0.05)
    assert silent[0].stop / 256 == pytest.approx(100.0, abs=0.05)
    gone = packets(RadioLink(outages=((100.0, float("inf")),)))
    assert gone[-1].lost


def test_losses_are_joined_into_runs_and_become_nan():
    drawn = packets(RadioLink(loss=0.3))[:40]
    runs = lost_runs(drawn)
    holed = mask_lost(np.ones((2, 480), np.float32), runs)
    lost = np.concatenate([np.full(packet.stop - packet.first, packet.lost) for packet in drawn])
    np.testing.assert_array_equal(np.isnan(holed), np.stack([lost, lost]))
    assert all(one.start + one.n_samples < other.start for one, other in pairwise(runs))


def test_runs_are_placed_from_the_first_sample_given():
    whole = np.ones((1, 10), np.float32)
    holed = mask_lost(whole, [LostRun(103, 2)], first=100)
    assert np.flatnonzero(np.isnan(holed[0])).tolist() == [3, 4]
    assert whole.all()


@pytest.mark.long
def test_same_seed_same_packets():
    assert packets(RadioLink(loss=0.1)) == packets(RadioLink(loss=0.1)) != packets(RadioLink(loss=0.1), seed=2)
    assert packets()[:5] == list(islice(draw_packets(RadioLink(), MUSE, 10**9, 1), 5))


@pytest.mark.parametrize("loss", [-0.1, 1.0, float("nan")])
def test_loss_out_of_range_is_refused(loss):
    with pytest.raises(SettingsError, match="packet loss is a share"):
        check_link(RadioLink(loss=loss))


def test_outages_come_at_random_and_last_half_a_second_to_five():
    drawn = draw_outages(36_000.0, 60.0, 1)
    assert drawn == draw_outages(36_000.0, 60.0, 1) != draw_outages(36_000.0, 60.0, 2)
    assert len(drawn) == pytest.approx(600, rel=0.15)
    assert all(0.5 <= duration_s <= 5.0 for _, duration_s in drawn)
    assert [onset_s for onset_s, _ in drawn] == sorted(onset_s for onset_s, _ in drawn)


@pytest.mark.parametrize("loss", [0.0, 0.5, 0.999])
def test_valid_loss_is_accepted(loss: float) -> None:
    check_link(RadioLink(loss=loss))
