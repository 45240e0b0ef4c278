"""Settings of baseline, index, confidence, threshold, drowsiness and decoder."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from neurofeedback.settings.base import Falling, SettingsModel, Share, number


class BaselineSettings(SettingsModel):
    """The baseline of a session, and which baseline the feedback uses ("Baseline" in ``docs/algorithm.md``)."""

    feedback_source: Literal["session", "own"] = Field(
        default="session",
        description="baseline for the feedback: session for today's, own for your personal one of earlier sessions",
    )
    min_clean_s: float = number(60.0, "minimum clean signal in every region, s", low=1, high=600)
    max_extensions: int = Field(
        default=2, ge=0, le=5, description="how many times the baseline may be extended by half its length"
    )
    full_quality_clean_s: float = number(60.0, "clean signal for full baseline confidence, s", low=1, high=600)
    late_clean_s: float = number(
        30.0,
        "with less clean signal than this (and than a quarter of its length), the baseline goes on in practice, s",
        low=1,
        high=600,
    )
    late_window_s: float = number(
        300.0, "longest signal that a baseline continued in practice uses, s", low=60, high=1200
    )
    theta_floor: float = number(0.30, "minimum spread of theta, ln units", low=0.01, high=2)
    alpha_floor: float = number(0.40, "minimum spread of alpha, ln units", low=0.01, high=2)
    beta_floor: float = number(0.15, "minimum spread of beta, ln units", low=0.01, high=2)
    chi_floor: float = number(0.12, "minimum spread of the aperiodic exponent", low=0.01, high=2)
    delta_floor: float = number(0.30, "minimum spread of delta, ln units", low=0.01, high=2)
    envelope_floor: float = number(0.20, "minimum spread of the alpha envelope, ln units", low=0.01, high=2)
    iaf_floor_hz: float = number(0.30, "minimum spread of the alpha frequency, Hz", low=0.01, high=2)
    z_limit: float = number(4.0, "z-scores are compressed to within this, spreads", low=2, high=10)
    tracking_half_life_s: float = number(600.0, "half-life of the slow baseline tracking, s", low=60, high=36000)
    tracking_max_z: float = number(2.5, "tracking uses only frames with |z| below this, spreads", low=0.5, high=10)
    tracking_max_excursion: float = number(1.0, "maximum shift of the baseline by tracking, spreads", low=0, high=3)


class IndexSettings(SettingsModel):
    """The mind-wandering index ("Index" in ``docs/algorithm.md``)."""

    evidence: str = Field(default="default", description="name of the evidence profile or mixture")
    smoothing_s: float = number(4.0, "time constant of the index smoothing, s", low=0, high=30)
    artifact_rollback_s: float = number(
        0.75, "at an artifact the index goes back to its value this long before, s", low=0, high=4
    )
    correlation_shrinkage: Share = Field(
        default=0.5, description="shrinkage of the baseline correlation towards the identity"
    )
    min_information: Share = Field(
        default=0.5, description="minimum share of the profile's information in a valid frame"
    )
    expected_sd: float = number(
        0.38, "expected standard deviation of the smoothed index in a baseline", low=0.05, high=2
    )


class ConfidenceSettings(SettingsModel):
    """The confidence in the index ("Confidence" in ``docs/algorithm.md``)."""

    signal_window_s: float = number(8.0, "window for the share of usable signal, s", low=1, high=60)
    initial_trust: Share = Field(
        default=0.3, description="trust before any answer, where the evidence profile expects no AUC"
    )
    unknown_after_s: float = number(2.0, "state UNKNOWN after this long without a valid frame, s", low=0.25, high=10)
    auc_gain_for_full_trust: float = number(
        0.15, "AUC above 0.5 at which the model is trusted fully", low=0.01, high=0.5
    )
    answers_for_half_trust: float = number(
        60.0, "number of answers at which half of that trust is reached", low=0, high=1000
    )


class ThresholdSettings(SettingsModel):
    """The reward threshold and the state machine ("State and reward" in ``docs/algorithm.md``)."""

    target_rate: float = number(0.65, "target share of rewarded frames", low=0.1, high=0.95)
    time_constant_s: float = number(90.0, "time constant of the threshold, s", low=10, high=1800)
    gain: float = number(3.0, "step size of the threshold, index spreads per time constant", low=0.1, high=10)
    bounded: bool = Field(default=False, description="limit the threshold to one spread around the baseline's quantile")
    hysteresis: float = number(
        0.25, "distance from the threshold at which the state changes, index spreads", low=0, high=2
    )
    dwell_s: float = number(2.0, "time beyond that distance before the state changes, s", low=0, high=20)


class DrowsinessSettings(SettingsModel):
    """Detection of drowsiness ("Drowsiness" in ``docs/algorithm.md``)."""

    window_s: float = number(20.0, "averaging window, s", low=5, high=120)
    alpha_below_z: float = number(-1.0, "posterior alpha over the 1/f fit must be below this, spreads", low=-4, high=0)
    slow_above_z: float = number(1.0, "delta and theta must be above this, spreads", low=0, high=4)


class DecoderSettings(SettingsModel):
    """The personal decoder: labels from answers, training, calibration, and when it becomes active.

    ``docs/algorithm.md`` describes it in "The personal decoder".
    """

    features: tuple[str, ...] = Field(
        default=(
            "theta_frontal",
            "beta_all",
            "alpha_posterior",
            "alpha_frontal",
            "chi_all",
            "o_theta_frontal",
            "o_alpha_posterior",
            "cog_posterior",
        ),
        min_length=1,
        max_length=9,
        description="features the decoder may use besides those of the evidence profile",
    )
    probe_window_s: Falling = Field(
        default=(10.0, 1.0), description="window labelled by a probe answer: from and to, s before the chime"
    )
    press_window_s: Falling = Field(
        default=(8.0, 2.0), description="window labelled by a key press: from and to, s before the press"
    )
    min_valid_s: float = number(4.0, "minimum valid signal in a labelled window, s", low=1, high=9)
    press_guard_s: float = number(
        20.0, "probes this soon after a key press are not used for training, s", low=0, high=120
    )
    max_presses_per_min: int = Field(
        default=10,
        ge=3,
        le=100,
        description="with more key presses a minute (a stuck key) presses are not used for training",
    )
    certainty_weights: tuple[Share, Share, Share, Share] = Field(
        default=(0.4, 0.7, 0.9, 1.0), description="weight of an answer by its certainty, 1 to 4"
    )
    press_weight: Share = Field(default=0.3, description="weight of a key press, if presses improve the decoder")
    max_class_weight: float = number(3.0, "maximum extra weight of the rarer class, ratio", low=1, high=20)
    prior_shrinkage: Share = Field(default=0.8, description="factor on the differences expected from group studies")
    prior_sd_factor: float = number(1.1, "prior SD of a weight relative to the SD between persons", low=0.1, high=5)
    default_between_sd: float = number(0.2, "SD between persons for features without a study", low=0.01, high=2)
    intercept_precision: float = number(0.01, "prior precision of the intercept", low=1e-6, high=10)
    prior_windows: float = number(
        20.0, "weight of the spread of earlier sessions, in independent windows", low=1, high=1000
    )
    age_decay_days: float = number(60.0, "age at which a session's weight is 1/e, days", low=1, high=3650)
    other_device_variance_factor: float = number(
        2.0, "factor on the variance of answers given with another headset", low=1, high=100
    )
    min_answers_to_calibrate: int = Field(
        default=60, ge=10, le=1000, description="minimum answers for calibrating probabilities"
    )
    calibration_prior_answers: float = number(
        30.0, "weight of the uncalibrated probability, in answers", low=0, high=1000
    )
    min_answers_for_ece: int = Field(
        default=200, ge=50, le=5000, description="minimum answers for showing a calibration error"
    )
    min_answers_to_assess: int = Field(
        default=60, ge=0, le=1000, description="minimum answers for any statement about the decoder"
    )
    min_answers_to_activate: int = Field(default=30, ge=2, le=1000, description="minimum answers for an active decoder")
    min_answers_per_class_to_activate: int = Field(
        default=8, ge=1, le=500, description="minimum answers of each class for an active decoder"
    )
    min_sessions_to_activate: int = Field(
        default=2,
        ge=1,
        le=100,
        description="sessions in a row whose end decides that the decoder is active, or no longer",
    )
    activation_se_factor: float = number(
        1.3,
        "factor on the standard error of the prequential AUC, whose limit decides on an active decoder",
        low=1,
        high=3,
    )
    min_answers_to_refit: int = Field(
        default=10, ge=1, le=1000, description="answers before the decoder is refitted during a session"
    )
    prequential_se_factor: float = number(
        1.2, "factor on the standard error of the prequential AUC (session by session)", low=1, high=3
    )
    leave_one_out_se_factor: float = number(
        1.3, "factor on the standard error of the leave-one-session-out AUC", low=1, high=3
    )
    refit_delay_s: float = number(2.0, "delay from an answer to the updated decoder, s", low=0, high=30)
    sleepy_threshold: int = Field(
        default=4, ge=2, le=5, description="lowest sleepiness answer, 1 to 5, that counts as drowsy"
    )
    sleepy_prior_answers: float = number(
        10.0, "weight of the default drowsiness level, in answers of each class", low=0, high=500
    )
