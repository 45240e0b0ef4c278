"""Loudness against another implementation of ITU-R BS.1770, and equal across presets as they are rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pyloudnorm import Meter
from scipy.signal import resample_poly

from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.sound_bank import SoundBank
from neurofeedback.feedback.synthesis import SynthState, add_bell_hit, render
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode, Guidance
from tests.helpers import sound_bank

SFREQ = 48000
CEILING = AudioSettings().ceiling_dbfs
NEUTRAL = 0.156
BED_NAMES = ("rain", "brown", "drone")  # the others swell too slowly for twenty seconds


@pytest.fixture(scope="module")
def with_layers() -> SoundBank:
    return sound_bank(reward_layer=True, drowsiness_shimmer=True)


@pytest.fixture(scope="module")
def instruments() -> dict[str, SoundBank]:
    return {name: sound_bank(background=name) for name in BED_NAMES}


def tables(on: SoundBank) -> list[NDArray[np.float32]]:
    return [layer.loop_of_same_power for layer in on.backgrounds[BackgroundMode.NORMAL]]


def rendered(on: SoundBank, guidance: Guidance, seconds: float = 20.0) -> NDArray[np.float64]:
    state, _ = render(on, SynthState(), guidance, 4 * SFREQ)
    return render(on, state, guidance, round(seconds * SFREQ))[1].astype(np.float64)


def test_loudness_of_a_sine_is_that_of_the_standard() -> None:
    """BS.1770-5: 0 dBFS at 997 Hz in one channel reads -3.01 LKFS."""
    sound = np.zeros((SFREQ, 2))
    sound[:, 0] = np.sin(2 * np.pi * 997 * np.arange(SFREQ) / SFREQ)
    assert loudness(sound, sfreq=SFREQ) == pytest.approx(-3.01, abs=0.06)
    assert loudness(np.zeros((SFREQ, 2)), sfreq=SFREQ) == -np.inf


@pytest.mark.long
@pytest.mark.parametrize("colour", list(BackgroundMode))
def test_as_another_implementation_measures_it(instruments: dict[str, SoundBank], colour: BackgroundMode) -> None:
    for on in instruments.values():
        sound = rendered(on, Guidance(background=colour), 5.0)
        assert loudness(sound, sfreq=SFREQ) == pytest.approx(Meter(SFREQ).integrated_loudness(sound), abs=0.3)


@pytest.mark.long
@pytest.mark.parametrize(
    "guidance",
    [
        Guidance(),
        Guidance(NEUTRAL, NEUTRAL),
        Guidance(NEUTRAL, NEUTRAL, BackgroundMode.NEUTRAL, immediate=True),
        Guidance(background=BackgroundMode.LOST, immediate=True),
    ],
    ids=["focus", "neutral", "unknown", "lost"],
)
def test_all_presets_are_equally_loud_within_1_lu(instruments: dict[str, SoundBank], guidance: Guidance) -> None:
    """EBU R 128, integrated with its gates."""
    measured = [Meter(SFREQ).integrated_loudness(rendered(on, guidance)) for on in instruments.values()]
    assert max(measured) - min(measured) < 1


@pytest.mark.long
@pytest.mark.parametrize("bed", BED_NAMES)
def test_true_peak_is_under_the_ceiling_with_everything_sounding_at_once(
    instruments: dict[str, SoundBank], bed: str
) -> None:
    on = instruments[bed]
    state, _ = render(on, SynthState(), Guidance(), 3 * SFREQ)
    for bell in ("begin", "end", "probe"):
        state = add_bell_hit(state, bell)
    loud = replace(Guidance(1.0, 1.0), immediate=True)
    sound = render(on, state, loud, 3 * SFREQ, volume=4.0)[1]
    assert 20 * np.log10(np.abs(resample_poly(sound.astype(np.float64), 4, 1, axis=0)).max()) < CEILING


@pytest.mark.long
def test_low_ceiling_lowers_all_backgrounds_alike() -> None:
    low = [sound_bank(background=name, ceiling_dbfs=-40.0) for name in ("rain", "drone")]
    one, other = (loudness(*tables(on), sfreq=SFREQ) for on in low)
    assert one == pytest.approx(other, abs=0.01)
    assert one < -50


def test_reward_and_shimmer_need_their_settings(with_layers: SoundBank) -> None:
    guidance = replace(Guidance(), reward=True, drowsy=True)
    state, _ = render(with_layers, SynthState(), guidance, 12 * SFREQ)
    with_both = render(with_layers, state, guidance, 2 * SFREQ)[1].astype(np.float64)
    bare = replace(with_layers, reward=(), shimmer=())
    without = render(bare, state, guidance, 2 * SFREQ)[1].astype(np.float64)
    layers = with_both - without
    spectrum = np.abs(np.fft.rfft(layers.mean(axis=1) * np.hanning(len(layers))))
    hz = np.fft.rfftfreq(len(layers), 1 / SFREQ)
    assert spectrum[(hz > 1100) & (hz < 1250)].max() > 1e-3
    assert spectrum[(hz > 3800) & (hz < 4200)].max() > 1e-3
    assert -60 < 10 * np.log10(np.mean(layers**2)) < 10 * np.log10(np.mean(without**2)) - 3
    assert sound_bank().reward == sound_bank().shimmer == ()


@pytest.mark.long
def test_reward_is_gone_within_300_ms_of_unknown(with_layers: SoundBank) -> None:
    on = replace(with_layers, shimmer=())
    bare = replace(on, reward=())
    state, _ = render(on, SynthState(), Guidance(reward=True), 12 * SFREQ)
    unknown = Guidance(NEUTRAL, NEUTRAL, BackgroundMode.NEUTRAL, immediate=True, reward=True)
    with_it, without = (render(one, state, unknown, SFREQ // 2)[1].astype(np.float64) for one in (on, bare))
    assert np.abs(with_it - without)[: SFREQ // 100].max() > 1e-3
    assert np.array_equal(with_it[round(0.3 * SFREQ) :], without[round(0.3 * SFREQ) :])
