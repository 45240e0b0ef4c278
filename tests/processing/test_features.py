"""Features: bands by the alpha frequency, the 1/f fit (T14), the alpha frequency (T13), regions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.features import FEATURE_KINDS, FEATURES, KINDS, FeatureExtractor, individual_bands
from neurofeedback.processing.framing import trailing_windows
from neurofeedback.processing.iaf import find_iaf
from neurofeedback.processing.regions import RegionAverager
from neurofeedback.processing.smoothing import Smoother
from neurofeedback.processing.spectrum import Periodogram
from neurofeedback.settings import Settings
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import simulate

SETTINGS = Settings()
FREQS = Periodogram(512, 256.0, 44.0).freqs
MUSE = load_montage("muse")


def maker(iaf_hz: float | None = None) -> FeatureExtractor:
    return FeatureExtractor(FREQS, individual_bands(iaf_hz, SETTINGS.bands, SETTINGS.gate), SETTINGS.features)


def power_law(chi: float, offset: float = 3.0) -> np.ndarray:
    return np.exp(offset) * np.maximum(FREQS, 0.5)[None, None] ** -chi


def kind(values: np.ndarray, name: str) -> float:
    return float(values[0, 0, KINDS.index(name)])


def test_bands_move_with_the_alpha_frequency_and_theta_never_begins_below_3_5_hz() -> None:
    low, high = (individual_bands(iaf_hz, SETTINGS.bands, SETTINGS.gate) for iaf_hz in (8.0, 12.0))
    assert (low.theta, low.alpha) == ((3.5, 5.5), (6.0, 11.0))
    assert (high.theta, high.alpha) == ((6.0, 9.5), (10.0, 15.0))
    assert low.beta == high.beta == (14.0, 28.0)
    assert individual_bands(None, SETTINGS.bands, SETTINGS.gate).iaf_hz == 10.0


@pytest.mark.parametrize("chi", [0.8, 1.35, 2.0])
def test_power_law_gives_its_exponent_and_no_peak(chi: float) -> None:
    psd = power_law(chi)
    out = maker()(psd, psd, np.zeros((1, 1)))
    assert kind(out, "chi") == pytest.approx(chi)
    assert kind(out, "o_theta") == pytest.approx(0, abs=0.1)  # mean of logs beside log of mean
    assert kind(out, "o_alpha") == pytest.approx(0, abs=0.1)


def test_alpha_above_the_line_is_measured_and_does_not_bend_the_line() -> None:
    psd = power_law(1.3)
    inside = (FREQS >= 8) & (FREQS <= 13)
    psd[..., inside] *= np.e
    out = maker()(psd, psd, np.zeros((1, 1)))
    assert kind(out, "chi") == pytest.approx(1.3)
    assert kind(out, "o_alpha") == pytest.approx(1, abs=0.1)


def test_the_centre_of_gravity_follows_the_alpha_peak() -> None:
    psd = np.full((1, 1, len(FREQS)), 1e-9)
    psd[..., FREQS == 11.5] = 1.0
    assert kind(maker()(psd, psd, np.zeros((1, 1))), "cog") == pytest.approx(11.5)


def test_emg_correction_lowers_beta_to_at_least_three_tenths() -> None:
    psd = np.ones((1, 1, len(FREQS)))
    plain, some, much = (kind(maker()(psd, psd, np.full((1, 1), excess)), "beta") for excess in (0.0, 0.5, 50.0))
    assert plain == pytest.approx(0)
    assert some == pytest.approx(np.log(1 - 0.5 * 8 / 14))
    assert much == pytest.approx(np.log(0.3))


def test_emg_below_its_baseline_raises_beta() -> None:
    psd = np.ones((1, 1, len(FREQS)))
    relaxed, unknown = (kind(maker()(psd, psd, np.full((1, 1), excess)), "beta") for excess in (-0.5, np.nan))
    assert relaxed == pytest.approx(np.log(1 + 0.5 * 8 / 14))
    assert unknown == pytest.approx(0)


def test_features_of_zeros_are_finite_and_unknown_fit_is_flagged() -> None:
    nothing = np.zeros((1, 1, len(FREQS)))
    out = maker()(nothing, np.full_like(nothing, np.nan), np.zeros((1, 1)))
    assert np.isfinite(out[..., : KINDS.index("chi")]).all()
    assert np.isnan(kind(out, "chi"))


@given(st.floats(-3, 3))
def test_scaling_the_signal_shifts_powers_and_leaves_shape_alone(ln_gain: float) -> None:
    psd = np.random.default_rng(0).gamma(4, size=(3, 2, len(FREQS)))
    ours = maker()
    plain, scaled = (
        ours(psd, psd, np.zeros((3, 2))),
        ours(psd * np.exp(ln_gain), psd * np.exp(ln_gain), np.zeros((3, 2))),
    )
    for name in ("theta", "alpha", "beta", "delta", "emg"):
        at = KINDS.index(name)
        np.testing.assert_allclose(scaled[..., at], plain[..., at] + ln_gain, atol=1e-9)
    for name in ("chi", "o_theta", "o_alpha", "cog"):
        at = KINDS.index(name)
        np.testing.assert_allclose(scaled[..., at], plain[..., at], atol=1e-9)


def noise(n: int, chi: float, rng: np.random.Generator) -> np.ndarray:
    freqs = np.fft.rfftfreq(n, 1 / 256)
    shape = np.maximum(freqs, 0.3) ** (-chi / 2)
    spectrum = shape * (rng.normal(size=freqs.size) + 1j * rng.normal(size=freqs.size))
    return np.fft.irfft(spectrum, n)


def test_t14_the_exponent_is_unbiased_and_steady() -> None:
    rng = np.random.default_rng(0)
    data = np.stack([noise(300 * 256, 1.3, rng) for _ in range(4)])
    psd = Periodogram(512, 256.0, 44.0)(trailing_windows(data, np.arange(512, data.shape[1], 64), 512))
    fit = AperiodicFit(FREQS, 10.0, SETTINGS.features)
    four_s = np.stack([psd[k : k + 9].mean(axis=0) for k in range(0, len(psd) - 9, 16)])
    eight_s = Smoother(8.0, 0.25).update(psd, np.ones(psd.shape[:2], dtype=bool))[80::32]
    for spectra, largest_sd in ((four_s, 0.15), (eight_s, 0.10)):
        chi = fit(np.log(spectra))[0]
        assert abs(chi.mean() - 1.3) <= 0.05
        assert chi.std() <= largest_sd


def mean_posterior_psd(person: Person, seed: int, seconds: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    simulated = simulate(person, seconds=seconds, seed=seed, montage=MUSE, headset=HEADSETS["muse"], disturbances=CLEAN)
    data = simulated.data[list(MUSE.rows("posterior"))].astype(np.float64)
    spectrum = Periodogram(1024, 256.0, 44.0)
    return spectrum.freqs, spectrum(trailing_windows(data, np.arange(1024, data.shape[1], 256), 1024)).mean(axis=(0, 1))


@pytest.mark.long
def test_t13_the_alpha_frequency_is_found_within_a_fifth_of_a_hertz() -> None:
    rng = np.random.default_rng(0)
    errors: list[float] = []
    for seed in range(20):
        iaf_hz = float(np.clip(rng.normal(10.3, 0.8), 8.5, 12.5))
        freqs, psd = mean_posterior_psd(Person(iaf_hz=iaf_hz, alpha_uv=(3.0, 5.0, 8.0, 12.0)[seed % 4]), seed)
        found = find_iaf(freqs, psd, SETTINGS.bands, SETTINGS.features)
        assert found is not None
        errors.append(abs(found - iaf_hz))
    assert np.mean(errors) <= 0.20


@pytest.mark.long
def test_t13_a_person_without_alpha_has_no_alpha_frequency() -> None:
    for seed in range(12):
        freqs, psd = mean_posterior_psd(Person(alpha_uv=0.0), seed)
        assert find_iaf(freqs, psd, SETTINGS.bands, SETTINGS.features) is None


def test_a_band_that_is_strong_as_a_whole_has_no_peak_but_one_in_it_has() -> None:
    freqs = np.arange(0, 44.01, 0.25)
    psd = np.maximum(freqs, 0.25) ** -1.3
    psd[(freqs >= 8) & (freqs <= 13)] *= 10**0.4
    psd[(freqs >= 9.5) & (freqs <= 10.5)] *= 10**0.15
    assert find_iaf(freqs, psd, SETTINGS.bands, SETTINGS.features) is None
    psd[(freqs >= 9.5) & (freqs <= 10.5)] *= 10**0.15
    assert find_iaf(freqs, psd, SETTINGS.bands, SETTINGS.features) == pytest.approx(10.0, abs=0.3)


def test_a_rise_at_the_edge_of_the_search_is_no_peak() -> None:
    freqs = np.arange(0, 44.01, 0.25)
    psd = np.maximum(freqs, 0.25) ** -1.3
    psd[(freqs > 4.5) & (freqs < 7.4)] *= 20
    assert find_iaf(freqs, psd, SETTINGS.bands, SETTINGS.features) is None


def test_every_feature_names_a_kind_and_a_region_and_its_own_column() -> None:
    assert {feature.kind for feature in FEATURES.values()} == set(KINDS)
    assert all(name == feature.name for name, feature in FEATURES.items())
    assert len({feature.column for feature in FEATURES.values()}) == len(FEATURES)
    assert {"ln_theta_frontal", "ln_alpha_posterior", "ln_beta_all", "chi_all"} <= {f.column for f in FEATURES.values()}


CYTON = load_montage("cyton-daisy")


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 12), max_size=4))
def test_regional_means_are_those_of_the_valid_channels_however_batched(seed: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(seed)
    values, valid = rng.normal(size=(12, 16, len(KINDS))), rng.random((12, 16)) < 0.4
    values[~valid] = np.nan
    regions = RegionAverager(CYTON)
    flags = np.repeat(valid[..., None], len(KINDS), axis=2)
    whole = regions.means(values, flags)
    for column, feature in enumerate(FEATURES.values()):
        rows = list(CYTON.rows(feature.region))
        for frame in range(12):
            chosen = values[frame, rows, feature.kind_row][valid[frame, rows]]
            expected = chosen.mean() if len(chosen) >= CYTON.min_valid_in(feature.region) else np.nan
            np.testing.assert_allclose(whole[frame, column], expected)
    pieces = zip(np.split(values, sorted(cuts)), np.split(flags, sorted(cuts)), strict=True)
    assert np.concatenate([regions.means(a, b) for a, b in pieces]).tobytes() == whole.tobytes()
    assert (regions.has_enough_channels(valid) == np.isfinite(whole)).all()


def test_a_region_without_channels_has_no_value() -> None:
    frontal_only = MUSE.model_copy(update={"posterior": ()})
    out = RegionAverager(frontal_only).means(np.ones((1, 4, len(KINDS))), np.ones((1, 4, len(KINDS)), dtype=bool))
    names = list(FEATURES)
    assert np.isnan(out[0, names.index("alpha_posterior")])
    assert out[0, names.index("theta_frontal")] == 1.0


def test_a_feature_s_description_has_the_formula_and_sources_of_its_kind() -> None:
    for feature in FEATURES.values():
        described, kind = feature.describe(), FEATURE_KINDS[feature.kind]
        assert (described.name, described.columns) == (feature.name, (feature.column,))
        assert (described.formula, described.is_not, described.references) == (
            kind.formula,
            kind.is_not,
            kind.references,
        )
