"""Orders as they are heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.audio.mixer import Mixer, Mute, Volume
from neurofeedback.audio.sink import Bell
from neurofeedback.feedback.sound_bank import BELLS, SoundBank, make_sound_bank
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import Guidance

SFREQ = 48000


@pytest.fixture(scope="module")
def rain() -> SoundBank:
    return make_sound_bank(AudioSettings())


@pytest.fixture(scope="module")
def drone() -> SoundBank:
    return make_sound_bank(AudioSettings(background="drone"))


def level(sound: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-20))


def settled(on: SoundBank) -> Mixer:
    mixer = Mixer(on)
    mixer.render(4 * SFREQ)
    return mixer


def test_every_bell_has_a_sound() -> None:
    assert set(BELLS) == set(Bell)


def test_probe_bell_is_softer_than_the_begin_bell(rain: SoundBank) -> None:
    begin, probe, wander = (np.abs(rain.bells[bell]).max() for bell in (Bell.BEGIN, Bell.PROBE, Bell.WANDER))
    assert wander < probe < 0.4 * begin


def test_guidance_may_ring_the_wandering_bell(rain: SoundBank) -> None:
    quiet, ringing = settled(rain), settled(rain)
    quiet.apply(Guidance())
    ringing.apply(Guidance(bell=True))
    assert level(ringing.render(SFREQ) - quiet.render(SFREQ)) > -50


def test_volume_changes_gradually_up_to_a_maximum(rain: SoundBank) -> None:
    mixer = settled(rain)
    level_before = level(mixer.render(SFREQ))
    for decibels, expected in ((-20.0, -20.0), (6.0, 6.0), (40.0, 12.0), (-500.0, -160.0)):
        mixer.apply(Volume(decibels))
        jumps = np.abs(np.diff(mixer.render(SFREQ), axis=0)).max()
        level_after = level(mixer.render(SFREQ))
        assert jumps < 0.1
        assert level_after == pytest.approx(max(level_before + expected, -200), abs=1.5) or level_after <= -150


def test_mute_is_silent_and_preserves_the_state(rain: SoundBank) -> None:
    mixer, other = settled(rain), settled(rain)
    mixer.apply(Volume(-6.0))
    other.apply(Volume(-6.0))
    mixer.apply(Mute(on=True))
    mixer.render(SFREQ)
    assert not mixer.render(SFREQ).any()
    mixer.apply(Mute(on=False))
    mixer.render(SFREQ)
    other.render(3 * SFREQ)
    assert np.array_equal(mixer.render(SFREQ), other.render(SFREQ))


def test_sound_banks_crossfade_without_a_tone_jump(rain: SoundBank, drone: SoundBank) -> None:
    bare = tuple(replace(on, backgrounds=dict.fromkeys(on.backgrounds, ())) for on in (rain, drone))
    mixer, still = settled(bare[0]), settled(bare[0])
    for one in (mixer, still):
        one.apply(Guidance(0.5, 0.5))
        one.render(8 * SFREQ)
    mixer.apply(bare[1])
    mixer.apply(bare[1])
    crossed, expected = mixer.render(2 * SFREQ), still.render(2 * SFREQ)
    assert np.abs(crossed - expected).max() < 1e-4
    assert mixer._sound_bank is bare[1]
    assert not mixer._fading_out


def test_successor_mixer_continues_the_sound(rain: SoundBank) -> None:
    mixer, still = settled(rain), settled(rain)
    heir = mixer.successor()
    mixer.playing = False
    together = mixer.render(2 * SFREQ) + heir.render(2 * SFREQ)
    assert np.abs(together - still.render(2 * SFREQ)).max() < 1e-5
    assert mixer.silent
    assert not heir.silent
