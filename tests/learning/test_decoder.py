"""The fit against other people's arithmetic, and what of the answers counts for how much."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize

from neurofeedback.learning import logistic_regression
from neurofeedback.learning.calibration import IDENTITY_CALIBRATION, Calibration, fit_calibration
from neurofeedback.learning.decoder import Decoder, fit_decoder, index_weights, sign_probability
from neurofeedback.learning.feature_covariance import WindowCovariance, estimate_window_covariance
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.logistic_regression import expit, fit_map, log_loss
from neurofeedback.learning.prior import build_priors
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.evidence import Evidence, FeatureEvidence
from neurofeedback.settings.load import load_evidence

NAMES = ("theta_frontal", "alpha_posterior", "beta_all")
SETTINGS = DecoderSettings(features=NAMES)
DEFAULT = load_evidence("default")
OPEN = load_evidence("open")


def windows(n: int, effect: float = 0.8, *, seed: int = 0, pressed: bool = False) -> tuple[LabelledWindow, ...]:
    rng = np.random.default_rng(seed)
    wander = rng.random(n) < 0.4
    x = rng.standard_normal((n, 3)) + np.outer(wander, (effect, 0.0, 0.0))
    return tuple(
        LabelledWindow(k, row, wander=bool(wandering) or pressed, weight=1.0, minutes=float(k), self_caught=pressed)
        for k, (row, wandering) in enumerate(zip(x, wander, strict=True))
    )


def session_of(given: tuple[LabelledWindow, ...], *, day: float = 0.0, device: str = "muse") -> SessionTrainingData:
    return SessionTrainingData(f"day {day}", day, device, given, estimate_window_covariance(NAMES))


def decoder_of(
    *sittings: SessionTrainingData, evidence: Evidence = DEFAULT, day: float = 0.0, device: str = "muse"
) -> Decoder:
    return fit_decoder(build_training_set(NAMES, sittings), evidence, SETTINGS, day=day, device=device)


def data(n: int = 80) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    rng = np.random.default_rng(4)
    design = np.column_stack([rng.standard_normal((n, 4)), np.ones(n)])
    return design, rng.random(n) < expit(design @ np.array([0.5, -0.5, 0, 0, -0.4])), rng.uniform(0.2, 2.0, n)


def test_mode_equals_that_of_another_optimiser() -> None:
    design, y, c = data()
    mean, precision = np.array([0.3, -0.3, 0, 0, 0.0]), np.array([13.0, 13.0, 20.0, 4.0, 0.01])

    def objective(b: NDArray[np.float64]) -> float:
        return float(c @ log_loss(design @ b, y.astype(float)) + 0.5 * (b - mean) @ (precision * (b - mean)))

    theirs = optimize.minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(fit_map(design, y, c, mean, precision).mode, theirs.x, atol=1e-6)


def test_the_evidence_is_the_integral_over_the_weight() -> None:
    rng = np.random.default_rng(5)
    x, mean, precision = rng.standard_normal(60), 0.4, 6.0
    y = rng.random(60) < expit(0.7 * x)

    def likelihood(w: float) -> float:
        prior = math.sqrt(precision / (2 * math.pi)) * math.exp(-0.5 * precision * (w - mean) ** 2)
        return prior * math.exp(-float(log_loss(w * x, y.astype(float)).sum()))

    integral, _ = integrate.quad(likelihood, -3, 4, epsabs=0, epsrel=1e-10)
    fit = fit_map(x[:, None], y, np.ones(60), np.array([mean]), np.array([precision]))
    assert fit.log_evidence == pytest.approx(math.log(integral), abs=0.01)


def test_a_separable_history_stays_finite() -> None:
    x = np.array([[-1.0], [1.0]] * 50)
    fit = fit_map(x, x[:, 0] > 0, np.full(100, 1e3), np.zeros(1), np.array([0.01]))
    assert np.isfinite(fit.mode).all()
    assert np.isfinite(fit.log_evidence)


def test_fit_stops_after_maximum_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    design, y, c = data()
    mean, precision = np.zeros(5), np.ones(5)
    monkeypatch.setattr(logistic_regression, "_MAX_STEPS", 1)
    once = fit_map(design, y, c, mean, precision).mode
    monkeypatch.undo()
    best = fit_map(design, y, c, mean, precision).mode
    assert 0 < np.linalg.norm(best - once) < np.linalg.norm(best)


def test_weights_without_answers_are_mean_of_priors() -> None:
    decoder = decoder_of()
    expected = sum(share * 0.8 * np.array(member.mu) for member, share in DEFAULT.weighted_profiles)
    np.testing.assert_allclose(decoder.weights, expected, atol=1e-12)
    assert [share for _, share in decoder.profile_probabilities] == pytest.approx([0.75, 0.25])
    assert (decoder.n_answers, decoder.n_wander, decoder.n_sessions) == (0, 0, 0)


def test_prior_uses_inverse_correlation_of_profile_features() -> None:
    correlation = np.array([[1, 0.4, 0.3, 0.8], [0.4, 1, 0.2, 0.7], [0.3, 0.2, 1, 0.6], [0.8, 0.7, 0.6, 1.0]])
    prior = build_priors(OPEN, (*NAMES, "chi_all"), correlation, SETTINGS)[0]
    own = 0.5 * correlation[:3, :3] + 0.5 * np.eye(3)
    np.testing.assert_allclose(prior.mean[:3], 0.8 * np.linalg.solve(own, np.array(OPEN.mu)))
    assert prior.mean[3] == 0
    np.testing.assert_allclose(prior.sd, 1.1 * np.array([0.45, 0.45, 0.45, 0.2]))


def test_features_without_evidence_have_zero_mean() -> None:
    prior = build_priors(OPEN, ("mine", "yours"), np.eye(2), SETTINGS)[0]
    np.testing.assert_allclose(prior.mean, 0)
    np.testing.assert_allclose(prior.sd, 0.22)


def test_answers_change_weights_and_profile_probabilities() -> None:
    flipped = decoder_of(session_of(windows(200, 1.0)))
    assert decoder_of().weights[0] < 0 < flipped.weights[0]
    assert sign_probability(flipped)[0] > 0.95 > sign_probability(flipped)[1]
    assert dict(flipped.profile_probabilities)["breath-novice"] > 0.25


def test_average_weights_profiles_by_evidence() -> None:
    sitting = session_of(windows(30))
    mixed = decoder_of(sitting)
    single = [decoder_of(sitting, evidence=member).weights for member in DEFAULT.members]
    np.testing.assert_allclose(mixed.weights, np.array([share for _, share in mixed.profile_probabilities]) @ single)
    assert sum(share for _, share in mixed.profile_probabilities) == pytest.approx(1)


def test_older_answers_have_less_weight() -> None:
    sitting = session_of(windows(60, -1.0))
    today, later = decoder_of(sitting, day=0.0), decoder_of(sitting, day=60.0)
    prior = decoder_of()
    assert abs(later.weights[0] - prior.weights[0]) < abs(today.weights[0] - prior.weights[0])
    long_ago = decoder_of(sitting, day=6000.0)
    np.testing.assert_allclose(long_ago.weights, prior.weights, atol=1e-6)


def test_other_headset_has_half_weight_and_own_intercept() -> None:
    given = windows(80, 1.0)
    own, other = (
        decoder_of(session_of(given), evidence=OPEN),
        decoder_of(session_of(given, device="cyton"), evidence=OPEN),
    )
    half = tuple(replace(window, weight=0.5 * window.weight) for window in given)
    assert decoder_of().weights[0] < other.weights[0] < own.weights[0]
    with_both = decoder_of(
        session_of(given), session_of(tuple(replace(one, wander=True) for one in half), device="cyton")
    )
    assert with_both.weights[0] > 0.3  # all of one kind there, yet nothing learned of the signs is lost


def test_rare_class_has_up_to_three_times_weight() -> None:
    rng = np.random.default_rng(0)
    rare = tuple(
        LabelledWindow(
            k, rng.standard_normal(3) + np.array([float(k < 5), 0, 0]), wander=k < 5, weight=1.0, minutes=0.0
        )
        for k in range(100)
    )
    free = fit_decoder(
        build_training_set(NAMES, [session_of(rare)]),
        OPEN,
        SETTINGS.model_copy(update={"max_class_weight": 20.0}),
        day=0,
        device="muse",
    )
    capped = decoder_of(session_of(rare), evidence=OPEN)
    assert free.sd[0] < capped.sd[0]


def test_intercept_matches_reported_wandering_rate() -> None:
    rng = np.random.default_rng(3)
    given = tuple(
        LabelledWindow(k, rng.standard_normal(3), wander=k % 5 == 0, weight=1.0, minutes=float(k)) for k in range(300)
    )
    decoder = decoder_of(session_of(given))
    x = np.array([window.x for window in given])
    assert expit(decoder.logit(x)).mean() == pytest.approx(0.2, abs=0.04)
    elsewhere = decoder_of(session_of(given), device="cyton")
    assert expit(np.array([elsewhere.intercept]))[0] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("wander", [True, False])
def test_answers_of_one_class_hardly_change_weights(wander: bool) -> None:
    given = tuple(replace(window, wander=wander) for window in windows(40))
    decoder = decoder_of(session_of(given))
    np.testing.assert_allclose(decoder.weights, decoder_of().weights, atol=0.12)
    assert np.isfinite([decoder.intercept, *decoder.sd]).all()


def test_time_on_task_does_not_change_feature_weights() -> None:
    """Where wandering only grows with time, and so does a feature, the feature is credited with little of it."""
    rng = np.random.default_rng(7)
    minutes = np.linspace(0, 20, 200)
    wander = rng.random(200) < minutes / 20
    x = np.column_stack([minutes / 6 - 1.6, rng.standard_normal((200, 2))])
    x[:, 0] += rng.standard_normal(200)
    with_time = [
        LabelledWindow(k, x[k], wander=bool(wander[k]), weight=1.0, minutes=float(minutes[k])) for k in range(200)
    ]
    without = [replace(window, minutes=0.0) for window in with_time]
    assert decoder_of(session_of(tuple(with_time))).weights[0] < 0.6 * decoder_of(session_of(tuple(without))).weights[0]


def test_presses_are_used_only_on_request() -> None:
    asked, presses = windows(40, 0.5), windows(40, -2.0, seed=9, pressed=True)
    training = build_training_set(NAMES, [session_of((*asked, *presses))])
    without = fit_decoder(training, OPEN, SETTINGS, day=0, device="muse")
    with_ = fit_decoder(training, OPEN, SETTINGS, day=0, device="muse", with_self_caught=True)
    only = decoder_of(session_of(asked), evidence=OPEN)
    np.testing.assert_array_equal(without.weights, only.weights)
    assert with_.weights[0] < without.weights[0]
    assert (without.with_self_caught, with_.with_self_caught, with_.n_answers) == (False, True, 40)


def test_a_missing_feature_counts_as_at_its_median() -> None:
    gap = LabelledWindow(0, np.array([np.nan, 1.0, 1.0]), wander=True, weight=1.0, minutes=0.0)
    full = LabelledWindow(0, np.array([0.0, 1.0, 1.0]), wander=True, weight=1.0, minutes=0.0)
    np.testing.assert_array_equal(decoder_of(session_of((gap,))).weights, decoder_of(session_of((full,))).weights)


def test_subset_keeps_order_of_sessions() -> None:
    training = build_training_set(NAMES, [session_of(windows(3), day=float(k)) for k in range(3)])
    part = training.subset(training.session_index != 1)
    assert [sitting.day for sitting in part.sessions] == [0.0, 2.0]
    assert part.session_index.tolist() == [0, 0, 0, 1, 1, 1]
    assert isinstance(part, TrainingSet)


def test_weights_on_z_scores_undo_the_person_s_spread() -> None:
    decoder = decoder_of(session_of(windows(40)))
    covariance = WindowCovariance(NAMES, np.diag([0.25, 1.0, 4.0]), 100.0)
    np.testing.assert_allclose(index_weights(decoder, covariance), decoder.weights / np.array([0.5, 1.0, 2.0]))


def test_profile_with_unknown_feature_uses_the_others() -> None:
    wide = Evidence(
        name="wide",
        features=(
            FeatureEvidence(feature="theta_frontal", mu=0.5, between_sd=0.3, source="test"),
            FeatureEvidence(feature="chi_all", mu=0.5, between_sd=0.3, source="test"),
        ),
    )
    assert build_priors(wide, NAMES, np.eye(3), SETTINGS)[0].mean.tolist() == pytest.approx([0.4, 0, 0])


def test_few_answers_give_identity_calibration() -> None:
    assert fit_calibration(np.zeros(59), np.zeros(59, dtype=bool), SETTINGS) is IDENTITY_CALIBRATION


def test_overconfident_probabilities_are_shrunk() -> None:
    rng = np.random.default_rng(0)
    honest = rng.standard_normal(400)
    wander = rng.random(400) < expit(honest)
    mended = fit_calibration(3 * honest, wander, SETTINGS)
    free = fit_calibration(3 * honest, wander, SETTINGS.model_copy(update={"calibration_prior_answers": 0.0}))
    assert free.slope == pytest.approx(1 / 3, abs=0.08)
    assert mended.slope == pytest.approx((400 * free.slope + 30) / 430)
    assert mended.probability(np.array([3.0]))[0] < 0.85


def test_inverted_probabilities_become_base_rate() -> None:
    rng = np.random.default_rng(1)
    logit = 2 * rng.standard_normal(2000)
    mended = fit_calibration(logit, rng.random(2000) < expit(-logit), SETTINGS)
    assert mended.slope == 0
    assert Calibration(0.0, 0.0).probability(np.array([5.0]))[0] == 0.5
