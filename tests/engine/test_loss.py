"""Acceptance target T16: what a lossy or broken link does to the index, and never to the sound."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from neurofeedback.engine import FrameEngine
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, Disturbances
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import BackgroundMode, Chunk, Command, CommandKind, Frame, Phase, State

pytestmark = pytest.mark.long
SECONDS, BASELINE_S, PRACTICE_S = 240.0, 5.0, 65.0


@cache
def recorded(family: str, conditions: Disturbances = EYES_CLOSED) -> np.ndarray:
    device, montage = HEADSETS[family], load_montage(family)
    person = draw_person(5)
    return simulate(person, seconds=SECONDS, seed=5, montage=montage, headset=device, disturbances=conditions).data


def frames_of(family: str, data: np.ndarray) -> list[Frame]:
    sfreq = HEADSETS[family].sfreq
    profile = Profile(settings=Settings(), montage=load_montage(family), evidence=load_evidence("breath-novice"))
    commands = [
        Command(round(at_s * sfreq), CommandKind.PHASE, phase)
        for at_s, phase in ((BASELINE_S, Phase.BASELINE), (PRACTICE_S, Phase.PRACTICE))
    ]
    return FrameEngine(sfreq, profile).process(Chunk(0, data), commands)


@cache
def whole_frames(family: str) -> list[Frame]:
    """Return the frames of the recording without loss; tests only read them."""
    return frames_of(family, recorded(family))


def with_loss(family: str, share: float) -> np.ndarray:
    """Lose packets, with all channels of their samples."""
    device, data = HEADSETS[family], recorded(family).copy()
    lost = np.random.default_rng(7).random(data.shape[1] // device.samples_per_packet) < share
    data[:, np.flatnonzero(np.repeat(lost, device.samples_per_packet))] = np.nan
    return data


def with_loss_by_channel(family: str, share: float) -> np.ndarray:
    """Lose packets of single channels, as a Muse sends them."""
    device, data = HEADSETS[family], recorded(family).copy()
    lost = np.random.default_rng(8).random((len(data), data.shape[1] // device.samples_per_packet)) < share
    samples = np.repeat(lost, device.samples_per_packet, axis=1)
    data[:, : samples.shape[1]][samples] = np.nan
    return data


def without(data: np.ndarray, family: str, start_s: float, seconds: float) -> np.ndarray:
    sfreq, data = HEADSETS[family].sfreq, data.copy()
    data[:, round(start_s * sfreq) : round((start_s + seconds) * sfreq)] = np.nan
    return data


def index_of(frames: list[Frame]) -> np.ndarray:
    return np.array([frame.index_u for frame in frames])


@pytest.mark.parametrize("family", ["muse", "cyton"])
def test_t16_with_two_percent_loss_the_index_is_the_same(family):
    whole, lossy = (index_of(each) for each in (whole_frames(family), frames_of(family, with_loss(family, 0.02))))
    whole = whole[: len(lossy)]  # the last packet may be lost
    both = np.isfinite(whole) & np.isfinite(lossy)
    assert both.sum() > 0.9 * np.isfinite(whole).sum()
    assert np.corrcoef(whole[both], lossy[both])[0, 1] >= 0.97


def test_t16_with_two_percent_of_each_channel_s_packets_lost_the_index_is_the_same():
    lossy = index_of(frames_of("muse", with_loss_by_channel("muse", 0.02)))
    whole = index_of(whole_frames("muse"))
    both = np.isfinite(whole[: len(lossy)]) & np.isfinite(lossy)
    assert np.corrcoef(whole[: len(lossy)][both], lossy[both])[0, 1] >= 0.97


@pytest.mark.parametrize("share", [pytest.param(0.02, marks=pytest.mark.slow), 0.05])
@pytest.mark.parametrize("lose", [with_loss, with_loss_by_channel])
def test_loss_from_the_start_of_practice_biases_the_index_to_neither_state(lose, share):
    start = round(PRACTICE_S * HEADSETS["muse"].sfreq)
    holed = np.concatenate([recorded("muse")[:, :start], lose("muse", share)[:, start:]], axis=1)
    whole, lossy = whole_frames("muse"), frames_of("muse", holed)
    pairs = zip(whole, lossy, strict=False)
    both = [one.phase is Phase.PRACTICE and one.valid and other.valid for one, other in pairs]
    shift = (index_of(lossy) - index_of(whole)[: len(lossy)])[both]
    assert shift.size > 200
    assert abs(shift.mean()) < 0.1


def test_frames_before_the_first_gap_are_the_same_bits():
    whole, cut = whole_frames("muse"), frames_of("muse", without(recorded("muse"), "muse", 150.0, 0.04))
    before = sum(frame.onset <= 150.0 for frame in whole)
    assert [repr(frame) for frame in cut[:before]] == [repr(frame) for frame in whole[:before]]


@pytest.mark.parametrize("family", ["muse", "cyton"])
@pytest.mark.parametrize("seconds", [2.0, pytest.param(7.0, marks=pytest.mark.slow), 30.0])
def test_t16_an_outage_is_over_four_seconds_after_it(family, seconds):
    """Two seconds of settling, and then three quarters of the window: however long the outage was."""
    start_s = 120.0
    frames = frames_of(family, without(recorded(family, CLEAN), family, start_s, seconds))
    back_s = start_s + seconds
    resumed = next(frame for frame in frames if frame.onset > back_s and frame.valid)
    assert back_s + 2.0 < resumed.onset <= back_s + 4.0
    assert resumed.state in {State.FOCUS, State.WANDER}
    assert all(frame.valid for frame in frames if resumed.onset < frame.onset)


@pytest.mark.parametrize("family", ["muse", "cyton"])
def test_t16_no_nan_ever_reaches_the_sound(family):
    n_samples = round(130 * HEADSETS[family].sfreq)
    data = without(without(with_loss(family, 0.02), family, 30.0, 3.0), family, 100.0, 9.0)[:, :n_samples]
    data[0, 20000:20400] = np.nan
    for frame in frames_of(family, data):
        guidance = frame.guidance
        values = (guidance.tone_gain, guidance.brightness, guidance.ripple, guidance.mist)
        assert all(math.isfinite(value) and 0 <= value <= 1 for value in values)


def test_t16_during_an_outage_the_tone_is_off_and_the_bed_its_own():
    frames = frames_of("muse", without(recorded("muse"), "muse", 120.0, 7.0))
    lost = [frame for frame in frames if 121.3 < frame.onset <= 127.0]
    assert {frame.state for frame in lost} == {State.LOST}
    assert {(frame.guidance.tone_gain, frame.guidance.background) for frame in lost} == {(0.0, BackgroundMode.LOST)}
