"""Guide voices, music as a guide and the sign of calm, measured as they are rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.sound_measures import band_loudness, rendered, strongest_line_db
from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.feedback.sound_bank import SoundBank, make_sound_bank
from neurofeedback.feedback.synthesis import SynthState, render
from neurofeedback.settings.audio_feedback import AudioSettings, FeedbackSettings, ToneTimbre
from neurofeedback.types import BackgroundMode, Guidance, State
from tests.helpers import sound_bank

SFREQ = 48000
OWN_BAND_HZ = (0.8 * 196, 3.2 * 196)
TIMBRES: tuple[ToneTimbre, ...] = ("pad", "bowl", "breath")
INDICES = (-1.0, -0.25, 0.25, 0.75, 1.5)


def guidance_at(u: float, state: State = State.FOCUS) -> Guidance:
    """Return the guidance after the index has long been ``u`` at confidence 1."""
    mapper = GuidanceMapper(FeedbackSettings(), 0.25)
    for _ in range(200):
        guidance = mapper.update(u, 1.0, 1.0, state, feedback=True)
    return guidance


def settled(on: SoundBank, guidance: Guidance, seconds: float = 4.0) -> NDArray[np.float64]:
    return rendered(on, guidance, seconds).astype(np.float64)


def without_background(on: SoundBank) -> SoundBank:
    return replace(on, backgrounds=dict.fromkeys(on.backgrounds, ()))


@pytest.mark.parametrize("timbre", TIMBRES)
def test_each_voice_is_silent_at_focus_and_six_lu_over_the_background_at_wandering(timbre: ToneTimbre) -> None:
    on = sound_bank(tone_timbre=timbre)
    background, tone = settled(on, Guidance()), settled(without_background(on), guidance_at(1.5))
    over = band_loudness(tone, SFREQ, OWN_BAND_HZ) - band_loudness(background, SFREQ, OWN_BAND_HZ)
    assert over > 6
    assert not settled(without_background(on), guidance_at(-1.0), 1.0).any()
    assert loudness(tone, sfreq=SFREQ) == pytest.approx(
        loudness(settled(without_background(sound_bank()), guidance_at(1.5)), sfreq=SFREQ), abs=2.0
    )


@pytest.mark.parametrize("timbre", ["pad", "breath"])
def test_unknown_differs_from_every_focus_level_in_level_and_colour(timbre: ToneTimbre) -> None:
    on = sound_bank(tone_timbre=timbre)
    unknown = settled(on, guidance_at(float("nan"), State.UNKNOWN))
    bands = [(62.5 * 2**n, 125.0 * 2**n) for n in range(8)]
    for u in INDICES:
        known = settled(on, guidance_at(u))
        assert loudness(known, sfreq=SFREQ) - loudness(unknown, sfreq=SFREQ) > 3
        colours = [band_loudness(known, SFREQ, band) - band_loudness(unknown, SFREQ, band) for band in bands]
        assert np.ptp(colours) > 10


@pytest.mark.parametrize("timbre", TIMBRES)
def test_no_voice_has_a_line_in_the_band_of_the_eeg(timbre: ToneTimbre) -> None:
    sound = rendered(without_background(sound_bank(tone_timbre=timbre)), guidance_at(1.5), 40.0)
    assert strongest_line_db(sound[:, 0], SFREQ) < 3.5


def rise_s(sound: NDArray[np.float64]) -> float:
    """Time from a tenth to nine tenths of the final amplitude, s."""
    size = SFREQ // 20
    level = np.sqrt(np.mean(sound[: len(sound) // size * size].reshape(-1, size * 2) ** 2, axis=1))
    level /= level[-20:].mean()
    return (int(np.argmax(level > 0.9)) - int(np.argmax(level > 0.1))) / 20


def test_tone_and_sign_of_calm_rise_no_faster_than_two_seconds() -> None:
    on = without_background(sound_bank())
    for guidance in (Guidance(1.0, 1.0), Guidance(calm=True)):
        state, _ = render(on, SynthState(), Guidance(), 4 * SFREQ)
        sound = render(on, state, guidance, 8 * SFREQ)[1].astype(np.float64)
        assert rise_s(sound) >= 2.0


def test_sign_of_calm_is_soft_without_a_line_and_gone_within_300_ms_of_unknown() -> None:
    on = without_background(sound_bank())
    calm = rendered(on, Guidance(calm=True), 40.0)
    assert -48 < loudness(calm, sfreq=SFREQ) < AudioSettings().background_lufs - 3
    assert strongest_line_db(calm[:, 0], SFREQ) < 3.5
    state, _ = render(on, SynthState(), Guidance(calm=True), 8 * SFREQ)
    after = render(on, state, Guidance(background=BackgroundMode.NEUTRAL, immediate=True, calm=True), SFREQ)[1]
    assert not after[round(0.3 * SFREQ) :].any()


@pytest.fixture(scope="module")
def music() -> SoundBank:
    sound = 0.1 * np.random.default_rng(5).standard_normal((12 * SFREQ, 2)).astype(np.float32)
    return make_sound_bank(AudioSettings(background="file", background_follows=True), sound)


def test_music_is_clear_at_focus_softer_and_duller_as_the_mind_wanders_and_never_gone(music: SoundBank) -> None:
    sounds = [settled(music, guidance_at(u)) for u in INDICES]
    levels = [loudness(sound, sfreq=SFREQ) for sound in sounds]
    treble = [band_loudness(sound, SFREQ, (2000, 8000)) for sound in sounds]
    assert levels[0] == pytest.approx(AudioSettings().background_lufs, abs=0.5)
    assert levels == sorted(levels, reverse=True)
    assert levels[0] - levels[-1] > 6
    assert treble[0] - treble[-1] > 25
    bass = [band_loudness(sound, SFREQ, (60, 400)) for sound in sounds]
    assert bass[0] - bass[-1] < 8


def test_music_is_neutral_under_unknown_and_changes_slowly_before(music: SoundBank) -> None:
    unknown = settled(music, guidance_at(float("nan"), State.UNKNOWN))
    lowest, highest = (band_loudness(settled(music, guidance_at(u)), SFREQ, (60, 400)) for u in (1.5, -1.0))
    assert lowest - 3 < band_loudness(unknown, SFREQ, (60, 400)) < highest
    state, _ = render(music, SynthState(), Guidance(), 4 * SFREQ)
    turning = render(music, state, Guidance(1.0, 1.0), 8 * SFREQ)[1].astype(np.float64)
    steps = [band_loudness(turning[n * SFREQ // 2 :][: SFREQ // 2], SFREQ, (2000, 8000)) for n in range(12)]
    assert max(abs(np.diff(steps)[:8])) < 4
