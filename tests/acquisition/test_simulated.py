"""The simulated headset: paced by its clock, whole, with gaps in their place, and the same as the arrays."""

from __future__ import annotations

import time

import numpy as np
import pytest

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.packet_loss import RadioLink
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.simulated_meditator import simulate


class Clock:
    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


def stream_all(source, clock, step_s=0.05):
    chunks = []
    source.open()
    try:
        while True:
            clock.time += step_s
            chunk = source.read()
            if chunk is not None:
                chunks.append(chunk)
    except SourceEnded:
        return chunks
    finally:
        source.close()


def joined(chunks):
    return np.concatenate([chunk.data for chunk in chunks], axis=1)


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize("step_s", [0.013, 0.2, 20.0])
def test_samples_depend_on_the_seed_and_not_on_the_reads(clock, step_s):
    chunks = stream_all(SimulatedSource(3, clock, duration_s=70.2), clock, step_s)
    whole = simulate(draw_person(3), seconds=70.2, seed=3, montage=load_montage("muse"), headset=HEADSETS["muse"]).data
    np.testing.assert_array_equal(joined(chunks), whole)
    assert all(chunk.data.dtype == np.float32 for chunk in chunks)


def test_samples_come_at_the_pace_of_the_clock_and_in_whole_packets(clock):
    source = SimulatedSource(1, clock)
    source.open()
    assert source.read() is None
    received = 0
    for _ in range(200):
        clock.time += 0.02
        chunk = source.read()
        if chunk is not None:
            assert chunk.first_sample == received
            assert chunk.n_samples % 12 == 0
            assert chunk.host_time == clock.time
            received = chunk.stop
        age_s = clock.time - 1000.0 - received / 256
        assert 0 <= age_s <= 12 / 256 + 0.040 + 1e-9
    source.close()


def test_stream_info_describes_the_simulated_headset():
    stream = SimulatedSource(7).stream
    assert (stream.device, stream.sfreq, stream.montage) == ("simulated:7", 256.0, "muse")
    assert stream.ch_names == ("TP9", "AF7", "AF8", "TP10")
    assert not stream.placed_freely


@pytest.mark.parametrize("family", sorted(HEADSETS))
def test_every_family_streams(clock, family):
    source = SimulatedSource(1, clock, duration_s=3.0, family=family)
    data = joined(stream_all(source, clock))
    assert data.shape == (source.stream.n_channels, 3 * source.stream.sfreq)
    assert np.isfinite(data).all()


def test_lost_packets_keep_their_place_as_nan_and_are_listed(clock):
    lossless = joined(stream_all(SimulatedSource(1, clock, duration_s=30), clock))
    chunks = stream_all(SimulatedSource(1, clock, duration_s=30, link=RadioLink(loss=0.1)), clock, 0.1)
    data = joined(chunks)
    listed = np.zeros(data.shape[1], bool)
    for chunk in chunks:
        for run in chunk.lost:
            assert chunk.first_sample <= run.start < run.start + run.n_samples <= chunk.stop
            listed[run.start : run.start + run.n_samples] = True
    assert 0.05 < listed.mean() < 0.15
    np.testing.assert_array_equal(np.isnan(data), np.broadcast_to(listed, data.shape))
    np.testing.assert_array_equal(data[:, ~listed], lossless[:, : data.shape[1]][:, ~listed])


def test_in_an_outage_nothing_arrives_and_afterwards_the_gap_is_known(clock):
    source = SimulatedSource(1, clock, duration_s=20, link=RadioLink(outages=((5.0, 2.0),)))
    chunks = stream_all(source, clock, 0.05)
    silences = np.diff([chunk.host_time for chunk in chunks])
    assert silences.max() == pytest.approx(2.0, abs=0.15)
    (run,) = [run for chunk in chunks for run in chunk.lost]
    assert run.n_samples / 256 == pytest.approx(2.0, abs=0.05)


def test_a_headset_gone_for_good_raises_nothing_until_the_sitting_is_over(clock):
    source = SimulatedSource(1, clock, duration_s=20, link=RadioLink(outages=((5.0, float("inf")),)))
    chunks = stream_all(source, clock)
    assert chunks[-1].stop / 256 == pytest.approx(5.0, abs=0.05)
    assert clock.time - 1000.0 > 20


def test_person_and_conditions_can_be_chosen(clock):
    person = Person(iaf_hz=11.0)
    source = SimulatedSource(1, clock, duration_s=2.0, person=person, conditions=CLEAN)
    assert source.truth.person == person
    assert not source.truth.artifacts


def test_reopened_source_starts_over_and_may_be_closed_twice(clock):
    source = SimulatedSource(1, clock, duration_s=5.0)
    first = joined(stream_all(source, clock))
    source.close()
    np.testing.assert_array_equal(joined(stream_all(source, clock)), first)


def test_opening_twice_goes_on(clock):
    source = SimulatedSource(1, clock, duration_s=5.0)
    source.open()
    clock.time += 1.0
    assert source.read() is not None
    source.open()
    clock.time += 1.0
    chunk = source.read()
    assert chunk is not None
    assert chunk.first_sample > 0
    source.close()


def test_reading_a_closed_simulation_raises():
    with pytest.raises(SourceError, match="simulated:1 is not open"):
        SimulatedSource(1).read()


def test_invalid_simulation_parameters_are_refused():
    with pytest.raises(SettingsError, match="no such device family"):
        SimulatedSource(1, family="epoc")
    with pytest.raises(SettingsError, match="packet loss is a share"):
        SimulatedSource(1, link=RadioLink(loss=1.5))
    with pytest.raises(SettingsError, match="cannot be this long"):
        SimulatedSource(1, duration_s=-3.0).open()


def test_an_hour_and_a_half_opens_without_being_made_at_once(clock):
    source = SimulatedSource(1, clock)
    begin = time.process_time()
    source.open()
    clock.time += 1.0
    assert source.read() is not None
    made_s = time.process_time() - begin
    source.close()
    assert source.truth.seconds == 5400.0
    assert made_s < 2.0  # the whole takes longer
