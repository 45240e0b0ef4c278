"""Tone synthesis: the same samples however cut, levels, slew, fail-safe changes, ceiling, no clicks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurofeedback.feedback import gain_ramps
from neurofeedback.feedback.gain_ramps import FADE_OUT_S
from neurofeedback.feedback.sound_bank import TONE_PEAK, SoundBank, make_sound_bank, render_bells
from neurofeedback.feedback.synthesis import (
    SynthState,
    add_bell_hit,
    add_speech,
    cut_speech,
    render,
    with_master_silent,
)
from neurofeedback.feedback.tone_voices import BASE_HARMONICS, BRIGHT_HARMONICS, WARM_HARMONICS
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode, Guidance
from tests.helpers import sound_bank

SFREQ = 48000
NEUTRAL_GAIN = 0.156
FOCUS = Guidance(0.0, 0.0, BackgroundMode.NORMAL)
NEUTRAL = Guidance(NEUTRAL_GAIN, NEUTRAL_GAIN, BackgroundMode.NORMAL)
UNKNOWN = Guidance(NEUTRAL_GAIN, NEUTRAL_GAIN, BackgroundMode.NEUTRAL, immediate=True)
LOST = Guidance(0.0, 0.0, BackgroundMode.LOST, immediate=True)
FULL = Guidance(1.0, 1.0, BackgroundMode.NORMAL)
BED_NAMES = ("rain", "wind", "drone")

Sound = NDArray[np.float64]


def play(
    state: SynthState, *steps: tuple[Guidance, float], on: SoundBank | None = None, sounding: bool = True
) -> tuple[SynthState, Sound]:
    """Guidance and how long each holds (s)."""
    on = on or sound_bank()
    pieces = []
    for guidance, seconds in steps:
        state, samples = render(on, state, guidance, round(seconds * on.sfreq), master_on=sounding)
        pieces.append(samples)
    return state, np.concatenate(pieces).astype(np.float64)


def tone_alone(*steps: tuple[Guidance, float], on: SoundBank | None = None) -> Sound:
    """What the tone adds: the same guidance with and without its gain, far below the limiter's knee."""
    on = without_limiter(on or sound_bank())
    silent = tuple((replace(guidance, tone_gain=0.0), seconds) for guidance, seconds in steps)
    return play(settled(on), *steps, on=on)[1] - play(settled(on), *silent, on=on)[1]


def without_limiter(on: SoundBank) -> SoundBank:
    return replace(on, ceiling=10.0)


def settled(on: SoundBank | None = None) -> SynthState:
    """The bed alone, long after the start."""
    return play(SynthState(), (FOCUS, 4.0), on=on)[0]


def power(sound: Sound, window_s: float = 0.05) -> Sound:
    """Power of both ears in windows, dBFS; the slow swirl between the ears cancels."""
    n = round(window_s * SFREQ)
    whole = sound[: len(sound) // n * n].reshape(-1, n * 2)
    return 10 * np.log10(np.mean(whole**2, axis=1) + 1e-20)


def octaves(sound: Sound) -> Sound:
    """Level in octave bands from 63 Hz to 8 kHz, dBFS."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SFREQ)
    share = spectrum.mean(axis=1) * 16 / 3 / len(sound) ** 2
    centres = 62.5 * 2.0 ** np.arange(8)
    return np.array([10 * np.log10(share[(hz >= c / 2**0.5) & (hz < c * 2**0.5)].sum() + 1e-12) for c in centres])


SCRIPT = ((NEUTRAL, 0.31), (FULL, 0.4), (UNKNOWN, 0.27), (LOST, 0.26), (FOCUS, 0.13), (UNKNOWN, 0.05))


def rendered_in(cuts: list[int]) -> tuple[SynthState, Sound]:
    """The script (and two bells) in buffers of these lengths, over and over."""
    state, pieces, cut = add_bell_hit(SynthState(), "begin"), [], 0
    for number, (guidance, seconds) in enumerate(SCRIPT):
        left = round(seconds * SFREQ)
        while left:
            n = min(left, cuts[cut % len(cuts)])
            state, samples = render(sound_bank(), state, guidance, n, master_on=number < 5)
            pieces.append(samples)
            left, cut = left - n, cut + 1
        if number == 2:
            state = add_bell_hit(state, "phase")
    return state, np.concatenate(pieces)


@pytest.mark.long
def test_same_samples_in_random_buffers() -> None:
    cuts = np.random.default_rng(1).integers(1, 3000, 100).tolist()
    state, samples = rendered_in(cuts)
    whole_state, whole = rendered_in([10**9])
    assert samples.tobytes() == whole.tobytes()
    assert state == whole_state


def test_same_samples_one_by_one_across_a_change_and_a_loop_seam() -> None:
    seam = len(sound_bank().tone[0].table)
    start = replace(settled(), position=seam - 700)
    whole = np.concatenate([play(start, (FULL, 600 / SFREQ), (UNKNOWN, 900 / SFREQ))[1]])
    state, pieces = start, []
    for guidance, n in ((FULL, 600), (UNKNOWN, 900)):
        for _ in range(n):
            state, sample = render(sound_bank(), state, guidance, 1)
            pieces.append(sample)
    assert np.array_equal(np.concatenate(pieces), whole)


def test_no_samples_change_nothing() -> None:
    state, samples = render(sound_bank(), settled(), FULL, 0)
    assert samples.shape == (0, 2)
    assert state == settled()


@pytest.mark.long
def test_same_settings_give_the_same_sound_bank() -> None:
    _, first = play(SynthState(), (NEUTRAL, 0.5))
    _, second = play(SynthState(), (NEUTRAL, 0.5), on=make_sound_bank(AudioSettings()))
    assert np.array_equal(first, second)


@pytest.mark.long
def test_gain_zero_is_silent_and_more_gain_is_louder() -> None:
    quiet, *louder = [
        power(tone_alone((Guidance(g, 0.0, immediate=True), 1.0))[SFREQ // 2 :]).mean()
        for g in (0.0, 0.05, NEUTRAL_GAIN, 0.5, 1.0)
    ]
    assert quiet < -190
    assert louder == sorted(louder)
    assert louder[1] - louder[3] == pytest.approx(20 * np.log10(NEUTRAL_GAIN), abs=0.1)


@pytest.mark.long
def test_full_tone_fills_its_budget() -> None:
    peak = np.abs(tone_alone((replace(FULL, immediate=True), 10.5))[SFREQ // 2 :]).max()
    assert -24 < 20 * np.log10(peak) < -22


@pytest.mark.long
@pytest.mark.parametrize("bed", BED_NAMES)
@pytest.mark.parametrize("colour", [BackgroundMode.NORMAL, BackgroundMode.NEUTRAL])
def test_neutral_tone_is_clear_of_the_bed_but_softer_than_it(bed: str, colour: BackgroundMode) -> None:
    on = sound_bank(background=bed)
    guidance = replace(UNKNOWN, background=colour)
    sound = tone_alone((guidance, 2.5), on=on)[SFREQ // 2 :]
    _, alone = play(settled(on), (replace(guidance, tone_gain=0.0), 2.5), on=on)
    hz = np.fft.rfftfreq(len(sound), 1 / SFREQ)
    near = np.abs(hz - 196) < 24.7 * (4.37 * 0.196 + 1) / 2  # the ear's filter there (Glasberg & Moore 1990)
    in_band = [
        10 * np.log10((np.abs(np.fft.rfft(x.mean(axis=1)))[near] ** 2).sum()) for x in (sound, alone[SFREQ // 2 :])
    ]
    assert in_band[0] - in_band[1] > 6
    assert power(sound).mean() < power(alone[SFREQ // 2 :]).mean() - 2


@pytest.mark.long
def test_tone_never_moves_faster_than_6_db_a_second_while_the_signal_is_good() -> None:
    levels = power(tone_alone((FULL, 8.0), (Guidance(0.0, 0.0), 5.0), (FULL, 3.0)), 0.25)
    above_floor = (levels[1:] > -60) & (levels[:-1] > -60)
    slopes = np.abs(np.diff(levels))[above_floor] / 0.25
    assert levels.max() > -31
    assert 4.5 < slopes.max() <= 6


@pytest.mark.long
@pytest.mark.parametrize("before", [FULL, FOCUS, NEUTRAL])
@pytest.mark.parametrize("after", [UNKNOWN, LOST])
def test_immediate_change_is_done_within_300_ms(before: Guidance, after: Guidance) -> None:
    sound = tone_alone((replace(before, immediate=True), 1.0), (after, 2.0))
    reached, later = power(sound[round(1.3 * SFREQ) :])[[0, -1]]
    assert reached == pytest.approx(later, abs=0.5)
    assert (later > -60) == (after is UNKNOWN)


@pytest.mark.long
@pytest.mark.parametrize("bed", BED_NAMES)
def test_focus_unknown_and_lost_differ_in_level_and_spectrum(bed: str) -> None:
    on = sound_bank(background=bed)
    focus, unknown, lost = (
        octaves(play(settled(on), (guidance, 6.0), on=on)[1][SFREQ:]) for guidance in (FOCUS, UNKNOWN, LOST)
    )
    for one, other in ((focus, unknown), (focus, lost), (unknown, lost)):
        audible = np.maximum(one, other) > -60
        assert (np.abs(one - other)[audible] > 10).sum() >= 2


def test_brightness_adds_treble_and_hardly_any_level() -> None:
    dull, bright = (tone_alone((Guidance(0.5, b, immediate=True), 1.5))[SFREQ // 2 :] for b in (0.0, 1.0))
    assert octaves(bright)[4] - octaves(dull)[4] > 15
    assert 0 < power(bright).mean() - power(dull).mean() < 2


def test_tone_jumps_no_more_than_its_envelope_and_frequencies_allow() -> None:
    """|x(n) - x(n-1)| <= sum a_i 2 pi f_i / sfreq + peak x steepest gain."""
    on = sound_bank()
    steepest = (
        np.diff(gain_ramps.AMPLITUDE_CURVE).max()
        * len(gain_ramps.AMPLITUDE_CURVE)
        * on.immediate_ramp_steps[0]
        / gain_ramps.UNIT
    )
    allowed = sum(float(np.abs(np.diff(layer.table, axis=0)).max()) for layer in on.tone)
    by_frequency = (
        sum(
            2 * np.pi * 196 * harmonic * level * 1.15
            for chord in (BASE_HARMONICS, WARM_HARMONICS, BRIGHT_HARMONICS)
            for harmonic, level in chord
        )
        / SFREQ
        * TONE_PEAK
        * on.ceiling
    )
    bound = allowed + TONE_PEAK * on.ceiling * steepest
    sound = tone_alone(
        (FULL, 0.5), (UNKNOWN, 0.5), (LOST, 0.5), (replace(FULL, immediate=True), 0.5), (UNKNOWN, 0.1), (LOST, 0.5)
    )
    assert allowed <= by_frequency
    assert np.abs(np.diff(sound, axis=0)).max() <= bound + 1e-6


@pytest.mark.long
@pytest.mark.parametrize("change", [(FULL, UNKNOWN), (FULL, LOST), (FOCUS, UNKNOWN), (FOCUS, FULL)])
def test_change_is_quieter_than_the_background(change: tuple[Guidance, Guidance]) -> None:
    """Above the tone's partials, 40 ms around a change, the tone stays 30 dB below the bed."""
    before, after = change
    sound = tone_alone((replace(before, immediate=True), 1.0), (after, 0.5))
    _, bed = play(settled(), (FOCUS, 1.5))
    at = slice(SFREQ - 960, SFREQ + 960)
    hz = np.fft.rfftfreq(1920, 1 / SFREQ)
    splash, own = (
        (np.abs(np.fft.rfft(x[at].mean(axis=1) * np.blackman(1920)))[hz > 2000] ** 2).sum() for x in (sound, bed)
    )
    assert 10 * np.log10(splash / own) < -30


@pytest.mark.long
@settings(max_examples=15, deadline=None)
@given(
    script=st.lists(
        st.tuples(st.sampled_from([FOCUS, UNKNOWN, LOST, FULL]), st.floats(0.01, 0.5)), min_size=1, max_size=6
    ),
    bells=st.integers(0, 6),
    extreme=st.sampled_from(
        [{}, {"background_lufs": -12.0}, {"ceiling_dbfs": -60.0}, {"ceiling_dbfs": -3.0, "tone_hz": 880.0}]
    ),
)
def test_sound_stays_below_the_ceiling(
    script: list[tuple[Guidance, float]], bells: int, extreme: dict[str, float]
) -> None:
    on = sound_bank(**extreme)
    state = settled(on)
    for _ in range(bells):
        state = add_bell_hit(state, "end")
    _, sound = play(state, *script, (FULL, 1.0), on=on)
    assert np.abs(sound).max() <= 10 ** (AudioSettings(**extreme).ceiling_dbfs / 20)


@pytest.mark.long
def test_the_limiter_leaves_bed_and_full_tone_alone() -> None:
    full = replace(FULL, immediate=True)
    _, limited = play(settled(), (full, 10.0))
    _, free = play(settled(), (full, 10.0), on=without_limiter(sound_bank()))
    assert power(limited - free, 10.0)[0] < power(free, 10.0)[0] - 40


def test_begins_and_ends_in_silence() -> None:
    state, opening = play(SynthState(), (FOCUS, 3.0))
    rms = power(opening, 0.25)
    assert np.abs(opening[0]).max() < 1e-7
    assert rms[0] < rms[-1] - 15
    state, ending = play(add_bell_hit(state, "end"), (FOCUS, FADE_OUT_S), sounding=False)
    assert state.silent
    assert not play(state, (FULL, 0.5), sounding=False)[1].any()
    assert np.abs(ending[-10:]).max() < 1e-6


def test_silenced_sound_fades_in_from_nothing_and_keeps_its_background() -> None:
    silenced = with_master_silent(settled())
    assert silenced.silent
    assert (silenced.position, silenced.bell_hits) == (settled().position, settled().bell_hits)
    _, opening = play(silenced, (FOCUS, 3.0))
    levels = power(opening, 0.25)
    assert np.abs(opening[0]).max() < 1e-7
    assert levels[0] < levels[-1] - 15


def test_a_bowl_has_only_the_overtones_that_a_low_rate_can_hold() -> None:
    sfreq, tone_hz = 8000.0, 220.0
    ring = render_bells(tone_hz, sfreq)["probe"][:, 0]
    power = np.abs(np.fft.rfft(ring)) ** 2
    above = np.fft.rfftfreq(len(ring), 1 / sfreq) > sfreq / 3
    assert power[above].sum() < 1e-3 * power.sum()


@pytest.mark.long
@pytest.mark.parametrize("bell", ["begin", "phase", "end"])
def test_bells_begin_and_end_without_a_click_and_are_forgotten(bell: str) -> None:
    ring = sound_bank().bells[bell]
    assert np.abs(ring[:4]).max() < 1e-4 * np.abs(ring).max()
    assert np.abs(ring[-100:]).max() < 1e-4 * np.abs(ring).max()
    state, sound = play(add_bell_hit(settled(), bell), (FOCUS, 8.5))
    assert state.bell_hits == ()
    _, bed = play(settled(), (FOCUS, 8.5))
    assert power(sound - bed, 0.5)[0] > -40


@pytest.mark.long
def test_pitch_is_the_same_at_44100_hz() -> None:
    on = without_limiter(sound_bank(sfreq_hz=44100))
    state = settled(on)
    with_tone = play(state, (replace(FULL, immediate=True), 2.0), on=on)[1]
    spectrum = np.abs(np.fft.rfft(with_tone[44100:].mean(axis=1) * np.hanning(44100)))
    assert np.argmax(spectrum[150:260]) + 150 == 196


# speech

SENTENCE = np.full((SFREQ // 10, 2), 0.05, dtype=np.float32)


def spoken(state: SynthState, seconds: float) -> tuple[SynthState, Sound]:
    """What speech adds to the background."""
    after, mixed = play(state, (FOCUS, seconds))
    _, plain = play(replace(state, speech=()), (FOCUS, seconds))
    return after, mixed - plain


def test_sentences_follow_one_another_and_are_over_at_their_end() -> None:
    start, _ = play(SynthState(), (FOCUS, 1.0))
    state = add_speech(add_speech(start, SENTENCE), SENTENCE)
    assert [hit.sample - start.position for hit in state.speech] == [0, len(SENTENCE)]
    after, added = spoken(state, 0.3)
    np.testing.assert_allclose(added[: 2 * len(SENTENCE)], 0.05, atol=2e-3)
    np.testing.assert_allclose(added[2 * len(SENTENCE) :], 0.0, atol=1e-6)
    assert after.speech == ()


def test_a_cut_sentence_fades_out_and_none_follows() -> None:
    start, _ = play(SynthState(), (FOCUS, 1.0))
    state, _ = play(add_speech(add_speech(start, SENTENCE), SENTENCE), (FOCUS, 0.02))
    fade = SFREQ // 100
    after, added = spoken(cut_speech(state, fade), 0.1)
    assert np.abs(np.diff(added[:, 0])).max() < 1e-3
    assert added[fade // 2, 0] == pytest.approx(0.025, abs=2e-3)
    np.testing.assert_allclose(added[fade:], 0.0, atol=1e-6)
    assert after.speech == ()
