"""The baseline: frozen medians and spreads, re-gated, with this person's bands; None when too dirty."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.estimation.baseline import Baseline, BaselineCollector
from neurofeedback.estimation.baseline_fit import fit_baseline
from neurofeedback.estimation.estimator import Estimator, FeatureBatch
from neurofeedback.estimation.zscore import spread_floors
from neurofeedback.processing.features import FEATURES
from neurofeedback.processing.pipeline import Pipeline, Windows
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import simulate

MUSE = load_montage("muse")
PROFILE = Profile(settings=Settings(), montage=MUSE, evidence=load_evidence("breath-novice"))
NAMES = list(FEATURES)
INDEX = [NAMES.index(name) for name in PROFILE.evidence.feature_names]
SITTING = simulate(
    Person(iaf_hz=9.0, alpha_uv=6.0), seconds=80, seed=5, montage=MUSE, headset=HEADSETS["muse"], disturbances=CLEAN
).data.astype(np.float64)


def judged(data: np.ndarray) -> tuple[list[Windows], Pipeline]:
    pipeline = Pipeline(256.0, PROFILE)
    pipeline.append(data)
    out: list[Windows] = []
    while (windows := pipeline.windows(min(pipeline.ready, len(out) * 20 + 20))) is not None:
        out.append(windows)
    return out, pipeline


def fit(data: np.ndarray, first: int = 1) -> Baseline | None:
    """Fit on all but the first batches of five seconds."""
    windows, pipeline = judged(data)
    collector = BaselineCollector()
    for batch in windows[first:]:
        collector.add(batch, np.ones(len(batch.ends), dtype=np.bool_))
    return fit_baseline(collector.to_data(), PROFILE, 256.0, pipeline.freqs)


def baseline_of(data: np.ndarray) -> Baseline:
    baseline = fit(data)
    assert baseline is not None
    return baseline


BASELINE = baseline_of(SITTING)


def estimates(data: np.ndarray, baseline: Baseline | None) -> list[FeatureBatch]:
    windows, pipeline = judged(data)
    estimator = Estimator(PROFILE, 256.0, pipeline.freqs)
    if baseline is not None:
        estimator.set_baseline(baseline)
    return [estimator.update(batch) for batch in windows]


def test_a_clean_baseline_is_of_full_quality_and_knows_every_channel() -> None:
    assert BASELINE.quality == 1.0
    assert BASELINE.clean_s > 65
    assert BASELINE.measured_channels.all()


def test_it_finds_the_person_s_alpha_frequency_and_sets_the_bands_by_it() -> None:
    assert BASELINE.iaf_hz == pytest.approx(9.0, abs=0.4)
    assert BASELINE.feature_extractor.bands.iaf_hz == BASELINE.iaf_hz


def test_its_own_z_scores_have_middle_zero_and_spread_one_or_less() -> None:
    z = np.concatenate([batch.z for batch in estimates(SITTING, BASELINE)])[40:, INDEX]
    assert np.abs(np.nanmedian(z, axis=0)).max() < 0.15
    assert np.nanstd(z, axis=0).max() < 1.3


def test_no_spread_is_below_its_floor_and_a_wide_one_is_as_measured() -> None:
    floors = spread_floors(PROFILE.settings.baseline)
    seen = np.isfinite(BASELINE.spread)
    assert [name for name, known in zip(FEATURES, seen, strict=True) if not known] == ["o_theta_fz"]
    assert (BASELINE.spread >= floors)[seen].all()
    assert BASELINE.spread[NAMES.index("theta_frontal")] > 0.30


def test_a_channel_never_valid_has_no_reference_and_the_rest_carry_on() -> None:
    flat = SITTING.copy()
    flat[1] = 0.0
    baseline = baseline_of(flat)
    assert baseline.measured_channels.tolist() == [True, False, True, True]
    assert np.isnan(baseline.channel_median[1]).all()


@pytest.mark.long
def test_a_channel_never_valid_in_the_baseline_never_counts_later() -> None:
    flat = SITTING.copy()
    flat[1] = 0.0
    baseline = baseline_of(flat)
    back = np.concatenate([batch.z for batch in estimates(SITTING, baseline)])
    without = np.concatenate([batch.z for batch in estimates(flat, baseline)])
    theta = NAMES.index("theta_frontal")
    np.testing.assert_array_equal(back[80:, theta], without[80:, theta])
    others_gone = SITTING.copy()
    others_gone[[0, 2, 3], 40 * 256 :] = 0.0  # what is left has no reference
    assert not np.concatenate([batch.usable for batch in estimates(others_gone, baseline)])[42 * 4 :].any()
    signal = np.concatenate([batch.signal for batch in estimates(SITTING, baseline)])
    assert signal[120:].max() == pytest.approx(0.75)


def test_too_dirty_a_baseline_is_none() -> None:
    assert fit(np.full_like(SITTING, np.nan)) is None
    assert fit(np.zeros_like(SITTING)) is None
    pops = SITTING.copy()
    pops[:, ::128] += 400
    assert fit(pops) is None
    assert fit(SITTING, first=100) is None  # nothing collected
    assert fit(SITTING[:, : 256 * 6]) is None  # a second


def test_index_without_frontal_channel_uses_beta_alone() -> None:
    flat = SITTING.copy()
    flat[1:3] = 0.0
    baseline = baseline_of(flat)
    assert np.isnan(baseline.mu[NAMES.index("theta_frontal")])
    assert np.isfinite(baseline.mu[NAMES.index("beta_all")])


def test_a_short_baseline_is_of_lower_quality_and_may_have_no_alpha_frequency() -> None:
    short = baseline_of(SITTING[:, : 256 * 9])
    assert short.iaf_hz is None
    assert short.feature_extractor.bands.iaf_hz == 10.0
    assert short.quality == pytest.approx(short.clean_s / 60)
    assert short.quality < 0.1


def test_muscle_in_the_baseline_is_left_out_by_its_own_limits() -> None:
    rng = np.random.default_rng(0)
    tense = SITTING.copy()
    tense[:, 30 * 256 : 40 * 256] += 6 * rng.normal(size=(4, 2560))
    baseline = baseline_of(tense)
    assert 50 < baseline.clean_s < BASELINE.clean_s - 8
    np.testing.assert_allclose(baseline.limits.max_ln_emg, BASELINE.limits.max_ln_emg, atol=0.4)


@pytest.mark.long
@pytest.mark.parametrize("gain", [0.6, 1.5])
def test_scaling_the_signal_leaves_z_scores_alone(gain: float) -> None:
    scaled = baseline_of(SITTING * gain)
    plain = np.concatenate([batch.z for batch in estimates(SITTING, BASELINE)])
    louder = np.concatenate([batch.z for batch in estimates(SITTING * gain, scaled)])
    both = np.isfinite(plain) & np.isfinite(louder)
    assert both[60:, INDEX].mean() > 0.9
    assert np.median(np.abs(plain - louder)[both]) < 1e-6


def test_index_does_not_depend_on_polarity() -> None:
    turned = baseline_of(-SITTING)
    plain = np.concatenate([batch.z for batch in estimates(SITTING, BASELINE)])
    np.testing.assert_allclose(
        np.concatenate([batch.z for batch in estimates(-SITTING, turned)]), plain, rtol=1e-9, atol=1e-9
    )


def test_before_a_baseline_there_are_features_and_no_z_scores() -> None:
    batches = estimates(SITTING, None)
    valid = np.concatenate([batch.valid for batch in batches])
    assert valid[10:].mean() > 0.95
    assert not valid[:7].any()  # the first window is not full
    assert np.isnan(np.concatenate([batch.z for batch in batches])).all()
    assert np.isfinite(np.concatenate([batch.features for batch in batches])[20:, INDEX]).mean() > 0.9


@pytest.mark.long
def test_relaxing_after_a_tense_baseline_moves_beta_as_little_as_tensing_after_a_calm_one() -> None:
    tense = SITTING + 3.0 * np.random.default_rng(1).normal(size=SITTING.shape)
    shifts: list[float] = []
    for before, after in ((SITTING, tense), (tense, SITTING)):
        baseline = baseline_of(before)
        was, now = (np.concatenate([batch.z for batch in estimates(data, baseline)]) for data in (before, after))
        emg, beta = (float(np.nanmedian((now - was)[120:, NAMES.index(name)])) for name in ("emg_all", "beta_all"))
        assert abs(beta) < 0.4 * abs(emg)
        shifts.append(beta)
    assert sum(shifts) == pytest.approx(0, abs=0.2)


def test_standing_muscle_tone_moves_beta_less_than_the_muscle_band() -> None:
    rng = np.random.default_rng(1)
    tense = SITTING.copy()
    tense[:, 60 * 256 :] += 1.0 * rng.normal(size=(4, 20 * 256))
    z = np.concatenate([batch.z for batch in estimates(tense, BASELINE)])[66 * 4 :]
    emg, beta = (np.nanmedian(z[:, NAMES.index(name)]) for name in ("emg_all", "beta_all"))
    assert emg > 2 * beta
