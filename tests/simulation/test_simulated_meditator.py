"""The whole signal against what is known to be true of it: level, slope, peak, effect, seams, rates, seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from neurofeedback.errors import SettingsError
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.artifacts import ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import (
    CLEAN,
    EYES_CLOSED,
    EYES_OPEN,
    NEVER,
    SHIFTS,
    SessionShift,
    draw_session_shift,
)
from neurofeedback.simulation.headset_specs import HEADSETS, digitise, get_headset
from neurofeedback.simulation.population import FeatureEffects, Person, draw_person
from neurofeedback.simulation.scalp import scalp_of
from neurofeedback.simulation.simulated_meditator import FEATURE_SD, draw_session, simulate
from neurofeedback.simulation.slow_processes import interpolate
from neurofeedback.simulation.sources import PIECE_S, STEP_S
from neurofeedback.simulation.states import MentalState

MUSE = load_montage("muse")
DEVICE = replace(HEADSETS["muse"], resolution_uv=0.0)
PLAIN = Person(alpha_uv=0.0, theta_uv=0.0, beta_uv=0.0)
BANDS = {"delta": (2.0, 3.5), "theta": (4.5, 7.0), "alpha": (9.0, 12.0), "beta": (16.0, 26.0)}
TP9, AF7, AF8, TP10 = range(4)


def simulated(person=PLAIN, *, seconds=300, seed=1, conditions=CLEAN, device=DEVICE, montage=MUSE, extra=()):
    return simulate(
        person,
        seconds=seconds,
        seed=seed,
        montage=montage,
        headset=device,
        disturbances=conditions,
        extra_artifacts=extra,
    )


def psd_of(data, sfreq=256, window_s=8):
    return signal.welch(data, sfreq, nperseg=int(window_s * sfreq))


def ln_power(data, band, where, sfreq=256):
    sos = signal.butter(4, BANDS[band], "bandpass", fs=sfreq, output="sos")
    return np.log((signal.sosfiltfilt(sos, data.astype(float))[:, where] ** 2).mean(1))


@pytest.mark.long
@pytest.mark.parametrize("chi", [1.0, 1.35, 1.8])
def test_background_has_its_calibrated_rms_slope_and_shared_part(chi):
    data = simulated(replace(PLAIN, chi=chi)).data
    freqs, psd = psd_of(data)
    inside = (freqs >= 2) & (freqs <= 40)
    np.testing.assert_allclose(np.sqrt(psd[:, inside].sum(1) * freqs[1]), [6.0, 4.3, 4.5, 6.0], rtol=0.04)
    slopes = [np.polyfit(np.log(freqs[inside]), np.log(psd[row, inside]), 1)[0] for row in range(4)]
    np.testing.assert_allclose(slopes, -chi, atol=0.07)
    shared = np.corrcoef(signal.sosfilt(signal.butter(2, 2, "high", fs=256, output="sos"), data))
    np.testing.assert_allclose(shared[np.triu_indices(4, 1)], 0.45, atol=0.05)


@pytest.mark.long
@pytest.mark.parametrize("iaf_hz", [8.7, 10.3, 12.0])
def test_alpha_peaks_at_its_frequency_with_its_amplitude_and_mostly_behind_the_ears(iaf_hz):
    with_alpha = simulated(replace(PLAIN, iaf_hz=iaf_hz, alpha_uv=5.0)).data
    alpha = with_alpha - simulated().data
    freqs, psd = psd_of(alpha)
    near = np.abs(freqs - iaf_hz) <= 3
    middle = (psd[TP9] * freqs)[near].sum() / psd[TP9, near].sum()
    assert middle == pytest.approx(iaf_hz, abs=0.25)
    np.testing.assert_allclose(alpha.std(1) / alpha[TP9].std(), [1, 0.3, 0.3, 1], rtol=1e-3)
    assert alpha[TP9].std() == pytest.approx(5.0, rel=0.25)  # bursts make 5 min vary


def test_a_person_without_alpha_has_no_peak():
    freqs, psd = psd_of(simulated().data, window_s=4)
    near, beside = (freqs >= 8) & (freqs <= 13), ((freqs >= 6) & (freqs < 8)) | ((freqs > 13) & (freqs <= 16))
    line = np.polyfit(np.log(freqs[beside]), np.log(psd[TP9, beside]), 1)
    excess_db = 10 / np.log(10) * (np.log(psd[TP9, near]) - np.polyval(line, np.log(freqs[near])))
    assert excess_db.max() < 2.0


@pytest.mark.long
def test_alpha_comes_in_bursts():
    alpha = simulated(replace(PLAIN, alpha_uv=5.0)).data[TP9] - simulated().data[TP9]
    envelope = np.sqrt(signal.decimate(np.abs(alpha), 8, ftype="fir")[::32].clip(0.1))
    assert np.quantile(envelope, 0.95) > 2 * np.quantile(envelope, 0.05)


@pytest.mark.long
@pytest.mark.parametrize(("theta", "alpha", "beta"), [(0.35, 0.0, -0.35), (-1.0, 2.0, 1.0)])
def test_wandering_changes_ln_power_by_d_spreads_and_focus_by_nothing(theta, alpha, beta):
    person = Person(effects=FeatureEffects(theta, alpha, beta))
    changed, still = simulated(person), simulated(replace(person, effects=FeatureEffects()))
    level = interpolate(changed.truth.drifts.wander, np.arange(changed.data.shape[1]) / 256)
    for band, effect in (("theta", theta), ("alpha", alpha), ("beta", beta)):
        for where, expected in ((level > 0.97, effect), (level < 0.01, 0.0)):
            gain = ln_power(changed.data, band, where) - ln_power(still.data, band, where)
            np.testing.assert_allclose(gain / FEATURE_SD[band], expected, atol=0.06 + 0.08 * abs(expected))


@pytest.mark.long
def test_wandering_can_change_the_exponent():
    changed = simulated(replace(PLAIN, effects=FeatureEffects(chi=2.0)))
    still = simulated()
    wandering = changed.truth.state_at(np.arange(changed.data.shape[1]) / 256) == MentalState.WANDER
    difference = [
        (ln_power(changed.data, band, wandering) - ln_power(still.data, band, wandering)).mean() for band in BANDS
    ]
    centres = [np.log(np.sqrt(low * high)) for low, high in BANDS.values()]
    assert -np.polyfit(centres, difference, 1)[0] == pytest.approx(2.0 * FEATURE_SD["chi"], rel=0.2)


@pytest.mark.long
def test_the_units_of_effects_are_the_spreads_of_the_signal():
    found = []
    for seed in range(3):
        data = simulated(draw_person(seed, "null"), seconds=600, seed=seed).data
        windows = data[:, : 1024 * 150].reshape(4, 150, 1024)
        freqs, psd = signal.welch(windows, 256, nperseg=512)
        for band, (low, high), rows in (
            ("theta", (4, 7.5), [1, 2]),
            ("alpha", (8, 13), [0, 3]),
            ("beta", (14, 28), []),
        ):
            inside = (freqs >= low) & (freqs <= high)
            power = np.log(psd[..., inside].mean(-1))[rows or slice(None)].mean(0)
            found.append(power.std() / FEATURE_SD[band])
    assert np.mean(found) == pytest.approx(1.0, abs=0.1)
    assert 0.7 < min(found) < max(found) < 1.35


@pytest.mark.long
def test_pieces_join_without_a_seam():
    power = np.zeros((8, STEP_S * 16))
    for seed in range(8):
        data = simulated(seconds=4 * STEP_S, seed=seed).data[:, : 3 * STEP_S * 256]
        fine = signal.sosfilt(signal.butter(2, 4, "high", fs=256, output="sos"), data)
        power[seed] = (fine**2).reshape(4, 3, STEP_S * 16, 16).mean((0, 1, 3))
    joined = power.mean(0).reshape(-1, 16).mean(1)  # one value for each second after a piece began
    assert joined.min() > 0.85 * joined.mean()
    assert joined.max() < 1.15 * joined.mean()
    steps = np.diff(simulated(seconds=PIECE_S * 3).data, axis=1)
    assert np.abs(steps / steps.std(1, keepdims=True)).max() < 6


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [125.0, 200.0, 250.0, 500.0, 2000.0])
def test_signal_is_the_same_at_every_rate(sfreq):
    person = draw_person(3)
    one = simulated(person, seconds=70).data
    other = simulated(person, seconds=70, device=replace(DEVICE, sfreq=sfreq)).data
    assert other.shape == (4, 70 * sfreq)
    for low, high in ((2, 4), (4, 8), (8, 13), (14, 28), (30, 44)):
        powers = []
        for data, rate in ((one, 256.0), (other, sfreq)):
            freqs, psd = psd_of(data, rate, window_s=2)
            powers.append(np.log(psd[:, (freqs >= low) & (freqs <= high)].sum(1)))
        np.testing.assert_allclose(powers[0], powers[1], atol=0.005)


@pytest.mark.parametrize("family", sorted(HEADSETS))
def test_every_family_has_its_rate_channels_and_resolution(family):
    device = get_headset(family)
    montage = load_montage(device.montage)
    data = simulated(draw_person(1), seconds=20, device=device, montage=montage, conditions=EYES_CLOSED).data
    assert data.dtype == np.float32
    assert data.shape == (len(montage.ch_names), 20 * device.sfreq)
    counts = data.astype(float) / device.resolution_uv
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-2)


def test_an_unknown_family_is_refused():
    with pytest.raises(SettingsError, match="got emotiv; allowed: muse, ganglion, cyton, cyton-daisy"):
        get_headset("emotiv")


def test_the_converter_rounds_clips_and_can_be_left_out():
    signal_uv = np.array([[-5000.0, 0.2, 0.25, 5000.0]])
    np.testing.assert_array_equal(digitise(signal_uv, HEADSETS["muse"]), [[-1000.0, 0.0, 125 / 256, 2047 * 125 / 256]])
    np.testing.assert_array_equal(digitise(signal_uv, DEVICE), signal_uv.astype(np.float32))


def test_same_seed_same_samples_and_another_seed_others():
    person = draw_person(1)
    one, again, other = (simulated(person, seconds=70, seed=seed, conditions=EYES_CLOSED).data for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, again)
    assert np.abs(np.corrcoef(one[TP9], other[TP9])[0, 1]) < 0.9
    assert not np.array_equal(one, other)


def test_a_longer_sitting_begins_with_the_shorter():
    person = draw_person(1)
    conditions = replace(EYES_CLOSED, vigilance=1.0, drowsiness=0.2)
    short = simulated(person, seconds=75.3, conditions=conditions)
    long = simulated(person, seconds=200, conditions=conditions)
    assert short.data.shape[1] == short.truth.n_samples == int(75.3 * 256)
    np.testing.assert_array_equal(short.data, long.data[:, : short.truth.n_samples])


@pytest.mark.long
def test_effects_leave_noise_and_artifacts_as_they_were():
    up, down = (simulated(Person(effects=FeatureEffects(alpha=d)), conditions=EYES_CLOSED) for d in (0.5, -0.5))
    assert up.truth.episodes == down.truth.episodes
    assert up.truth.artifacts == down.truth.artifacts
    focus = interpolate(up.truth.drifts.wander, np.arange(up.data.shape[1]) / 256) < 1e-6
    np.testing.assert_allclose(up.data[:, focus], down.data[:, focus], atol=1e-3)


SWITCHES = {
    "blink_every_s": NEVER,
    "eye_every_s": NEVER,
    "burst_every_s": NEVER,
    "pop_every_s": NEVER,
    "broken_every_s": NEVER,
    "tonic_uv": 0.0,
    "drift_uv": 0.0,
    "hum": 0.0,
    "band_drift": 0.0,
}


@pytest.mark.long
@pytest.mark.parametrize("switch", SWITCHES)
def test_every_disturbance_has_its_own_switch(switch):
    conditions = replace(EYES_CLOSED, broken_every_s=60.0, pop_every_s=30.0)
    without = replace(conditions, **{switch: SWITCHES[switch]})
    assert not np.array_equal(simulated(conditions=conditions).data, simulated(conditions=without).data)


def test_with_all_switches_off_nothing_but_the_head_is_left():
    assert replace(EYES_CLOSED, **SWITCHES) == CLEAN


def test_mains_is_strongest_at_tp9_wanders_little_and_has_overtones_where_the_rate_allows():
    hum = simulated(conditions=replace(CLEAN, hum=1.0), seconds=120).data - simulated(seconds=120).data
    freqs, psd = psd_of(hum, window_s=20)
    assert freqs[psd[TP9].argmax()] == pytest.approx(50, abs=0.1)
    peak = np.abs(hum).max(1)
    assert 20 <= peak[TP9] <= 48
    assert peak[TP9] > peak[TP10] > peak[[AF7, AF8]].max()
    assert psd[TP9, np.abs(freqs - 100) < 0.5].sum() == pytest.approx(0.01 * psd[TP9].max() * 1, rel=3)
    slow = replace(DEVICE, sfreq=125.0)
    daisy = simulated(conditions=replace(CLEAN, hum=1.0, mains_hz=60.0), seconds=120, device=slow).data
    freqs, psd = psd_of(daisy, 125)
    assert freqs[psd[TP9].argmax()] == pytest.approx(60, abs=0.2)
    assert psd[TP9, np.abs(freqs - 5) < 0.5].max() < 10  # 120 Hz would fold to 5 Hz


@pytest.mark.long
def test_drift_is_slow_and_large():
    drift = simulated(conditions=replace(CLEAN, drift_uv=60.0), seconds=1200).data - simulated(seconds=1200).data
    np.testing.assert_allclose(drift.std(1), [60, 30, 30, 60], rtol=0.35)
    freqs, psd = psd_of(drift)
    assert psd[TP9, (freqs >= 2) & (freqs <= 4)].max() < 0.5


@pytest.mark.long
def test_muscle_tone_is_of_its_level_above_20_hz():
    tone = simulated(conditions=replace(CLEAN, tonic_uv=4.0), seconds=600).data - simulated(seconds=600).data
    freqs, psd = psd_of(tone)
    levels = np.sqrt(psd[:, (freqs >= 20) & (freqs <= 110)].sum(1) * freqs[1])
    np.testing.assert_allclose(levels / levels[TP9], [1, 0.5, 0.5, 1], rtol=0.05)
    assert levels[TP9] == pytest.approx(4.0, rel=0.5)
    assert psd[:, freqs < 18].max() < 1e-2 * psd[TP9, (freqs > 30) & (freqs < 44)].mean()


def test_artifact_can_be_placed_at_a_given_time():
    clench = make_artifact(ArtifactKind.MUSCLE, 20.0, 10.0, 20.0, scalp_of(MUSE))
    disturbed = simulated(seconds=60, extra=(clench,))
    assert disturbed.truth.artifacts == (clench,)
    burst = disturbed.data - simulated(seconds=60).data
    assert burst[TP9, 22 * 256 : 28 * 256].std() == pytest.approx(20, rel=0.05)
    assert not burst[:, : 20 * 256].any()


@pytest.mark.long
def test_a_broken_electrode_is_loud_and_flat_of_slope():
    conditions = replace(CLEAN, broken_every_s=60.0)
    noisy = simulated(conditions=conditions, seconds=300)
    item = next(item for item in noisy.truth.artifacts if item.duration_s > 30)
    added = (noisy.data - simulated(seconds=300).data)[item.channels[0]]
    part = added[int((item.onset_s + 2) * 256) : int((item.onset_s + 28) * 256)]
    assert part.std() == pytest.approx(item.size_uv, rel=0.35)
    freqs, psd = psd_of(part, window_s=2)
    inside = (freqs >= 2) & (freqs <= 90)
    assert -np.polyfit(np.log(freqs[inside]), np.log(psd[inside]), 1)[0] == pytest.approx(0.6, abs=0.25)


@pytest.mark.long
def test_open_eyes_have_less_alpha():
    person = replace(PLAIN, alpha_uv=5.0)
    only_alpha = replace(CLEAN, alpha_gain=EYES_OPEN.alpha_gain)
    closed, opened = (simulated(person, conditions=c).data - simulated().data for c in (CLEAN, only_alpha))
    np.testing.assert_allclose(opened, 0.4 * closed, atol=1e-3)


@pytest.mark.long
def test_fatigue_raises_theta_lowers_alpha_and_increases_wandering():
    tired = replace(CLEAN, vigilance=1.0)
    correlations, theta, alpha = [], [], []
    for seed in range(40):
        truth = _sitting(conditions=tired, seed=seed, seconds=1200)
        minutes = np.arange(0, 1200, 0.5)
        wandering = (truth.state_at(minutes) == MentalState.WANDER).reshape(20, -1).mean(1)
        trend = interpolate(truth.drifts.band_drift["theta"], minutes).reshape(20, -1).mean(1)
        correlations.append(np.corrcoef(trend, wandering)[0, 1])
        theta.append(trend[-1] - trend[0])
        alpha.append(np.ptp(interpolate(truth.drifts.band_drift["alpha"], np.array([0.0, 1200.0]))))
    assert np.mean(correlations) == pytest.approx(0.3, abs=0.12)
    assert np.mean(theta) == pytest.approx(0.95, abs=0.2)
    assert np.mean(alpha) > 0.5


@pytest.mark.long
def test_drowsiness_lowers_alpha_and_raises_slow_bands():
    conditions = replace(CLEAN, drowsiness=1.0)
    sleepy, awake = simulated(Person(), seconds=900, conditions=conditions), simulated(Person(), seconds=900)
    level = interpolate(sleepy.truth.drifts.drowsy, np.arange(sleepy.data.shape[1]) / 256)
    for band, spreads in (("delta", 1.5), ("theta", 1.5), ("alpha", -2.0)):
        gain = ln_power(sleepy.data, band, level > 0.97) - ln_power(awake.data, band, level > 0.97)
        np.testing.assert_allclose(gain / FEATURE_SD[band], spreads, atol=0.35)


def test_band_powers_drift_within_a_sitting_but_not_when_clean():
    drifting = _sitting(conditions=replace(CLEAN, band_drift=1.0), seconds=1200).drifts.band_drift
    assert all(0.2 < np.std(series) < 1.5 for series in drifting.values())
    assert not any(series.any() for series in _sitting(seconds=1200).drifts.band_drift.values())


def test_the_share_of_wandering_is_that_of_the_episodes():
    truth = _sitting(seconds=1200)
    times = np.arange(0, 1200, 0.05)
    assert truth.wandering_share() == pytest.approx((truth.state_at(times) == MentalState.WANDER).mean(), abs=0.001)


def _sitting(*, seconds=60.0, seed=1, conditions=CLEAN, device=DEVICE):
    return draw_session(PLAIN, seconds=seconds, seed=seed, montage=MUSE, headset=device, disturbances=conditions)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e6])
def test_invalid_length_is_refused(seconds):
    with pytest.raises(SettingsError, match="cannot be this long"):
        _sitting(seconds=seconds)


@pytest.mark.parametrize("sfreq", [249.9, 50.0, 1e5, float("nan")])
def test_a_rate_that_cannot_be_simulated_is_refused(sfreq):
    with pytest.raises(SettingsError, match="cannot be sampled at this rate"):
        _sitting(device=replace(DEVICE, sfreq=sfreq))


def measured(shift, seconds=400):
    data = simulated(Person(), seconds=seconds, conditions=replace(CLEAN, shift=shift)).data
    return psd_of(data)


@pytest.mark.long
@pytest.mark.parametrize("band", ["theta", "alpha", "beta", "gamma"])
def test_a_session_can_be_shifted_in_one_band_by_a_known_step(band):
    inside = {"theta": (5, 6.5), "alpha": (9, 12), "beta": (16, 26), "gamma": (32, 43)}
    freqs, unshifted = measured(SessionShift())
    _, shifted = measured(SessionShift(**{band: 0.5}))
    for name, (low, high) in inside.items():
        bins = (freqs >= low) & (freqs <= high)
        change = np.log(shifted[:, bins].sum(1) / unshifted[:, bins].sum(1))
        np.testing.assert_allclose(change, 0.5 if name == band else 0.0, atol=0.05)


@pytest.mark.long
def test_a_session_can_have_a_flatter_slope():
    freqs, unshifted = measured(SessionShift())
    _, flatter = measured(SessionShift(chi=-0.3))
    bins = ((freqs >= 2) & (freqs <= 4)) | ((freqs >= 24) & (freqs <= 40))
    slope = np.polyfit(np.log(freqs[bins]), np.log(flatter[:, bins] / unshifted[:, bins]).mean(0), 1)[0]
    assert slope == pytest.approx(0.3, abs=0.02)


def test_days_differ_by_their_spread_and_shifts_add_up():
    days = [draw_session_shift(1, session, 0.4) for session in range(400)]
    assert draw_session_shift(1, 3, 0.4) == days[3] != draw_session_shift(2, 3, 0.4)
    assert np.std([day.alpha for day in days]) == pytest.approx(0.4, rel=0.1)
    assert np.std([day.chi for day in days]) == pytest.approx(0.12, rel=0.1)
    assert abs(np.corrcoef([day.alpha for day in days], [day.beta for day in days])[0, 1]) < 0.15
    assert (days[0] + SHIFTS["infusion"]).alpha == pytest.approx(days[0].alpha - 0.6)
    assert draw_session_shift(1, 3, 0.0) == SessionShift()
