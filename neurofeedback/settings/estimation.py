"""From features to a state: baseline, index, confidence, threshold, drowsiness, decoder (6.2.6 to 6.2.11, 6.3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from neurofeedback.settings.base import Falling, SettingsModel, Share, number


class BaselineSettings(SettingsModel):
    """The reference of one session (6.2.6), and whether the one kept of earlier sessions drives the sound."""

    feedback_source: Literal["session", "own"] = Field(
        default="session", description="baseline that drives the sound: this session's, or your own of earlier ones"
    )
    min_clean_s: float = number(60.0, "clean signal wanted in every region, s", low=1, high=600)
    max_extensions: int = Field(default=2, ge=0, le=5, description="times the baseline may be extended by its half")
    full_quality_clean_s: float = number(60.0, "clean signal for full baseline confidence, s", low=1, high=600)
    late_clean_s: float = number(
        30.0,
        "a baseline with less clean signal than this (and a quarter of its length) goes on in practice, s",
        low=1,
        high=600,
    )
    late_window_s: float = number(300.0, "what a baseline that goes on is made of at most, s", low=60, high=1200)
    theta_floor: float = number(0.30, "lowest spread of theta, ln units", low=0.01, high=2)
    alpha_floor: float = number(0.40, "lowest spread of alpha, ln units", low=0.01, high=2)
    beta_floor: float = number(0.15, "lowest spread of beta, ln units", low=0.01, high=2)
    chi_floor: float = number(0.12, "lowest spread of the aperiodic exponent", low=0.01, high=2)
    delta_floor: float = number(0.30, "lowest spread of delta, ln units", low=0.01, high=2)
    envelope_floor: float = number(0.20, "lowest spread of the alpha envelope, ln units", low=0.01, high=2)
    iaf_floor_hz: float = number(0.30, "lowest spread of the alpha frequency, Hz", low=0.01, high=2)
    z_limit: float = number(4.0, "z-scores are squashed to this, spreads", low=2, high=10)
    tracking_half_life_s: float = number(600.0, "slow tracking of the baseline, s", low=60, high=36000)
    tracking_max_z: float = number(2.5, "tracking learns only below this, spreads", low=0.5, high=10)
    tracking_max_excursion: float = number(1.0, "tracking never moves further, spreads", low=0, high=3)


class IndexSettings(SettingsModel):
    """The index (6.2.7)."""

    evidence: str = Field(default="default", description="evidence profile or mixture, by name")
    smoothing_s: float = number(4.0, "time constant of the index, s", low=0, high=30)
    artifact_rollback_s: float = number(
        0.75, "when signal goes bad the index returns to its value this long ago, s", low=0, high=4
    )
    correlation_shrinkage: Share = Field(
        default=0.5, description="shrinkage of the baseline correlation to the identity"
    )
    min_information: Share = Field(default=0.5, description="share of the profile's information a frame needs")
    expected_sd: float = number(0.38, "spread of the smoothed index expected in a baseline", low=0.05, high=2)


class ConfidenceSettings(SettingsModel):
    """How far the index may be trusted (6.2.8)."""

    signal_window_s: float = number(8.0, "stretch for the share of usable signal, s", low=1, high=60)
    initial_trust: Share = Field(default=0.3, description="confidence in the model before any answer")
    unknown_after_s: float = number(2.0, "no valid frame for this long is UNKNOWN, s", low=0.25, high=10)
    auc_gain_for_full_trust: float = number(
        0.15, "AUC above one half that earns full trust in the model", low=0.01, high=0.5
    )
    answers_for_half_trust: float = number(60.0, "answers at which half of it is granted", low=0, high=1000)


class ThresholdSettings(SettingsModel):
    """Reward control and the state machine (6.2.9)."""

    target_rate: float = number(0.65, "share of frames with reward aimed at", low=0.1, high=0.95)
    time_constant_s: float = number(90.0, "how slowly the threshold follows, s", low=10, high=1800)
    gain: float = number(3.0, "size of a step, index spreads per time constant", low=0.1, high=10)
    bounded: bool = Field(default=False, description="keep the threshold within one spread of the baseline's quantile")
    hysteresis: float = number(0.25, "distance from the threshold to change state, index spreads", low=0, high=2)
    dwell_s: float = number(2.0, "time beyond it before the state changes, s", low=0, high=20)


class DrowsinessSettings(SettingsModel):
    """The drowsiness flag (6.2.11)."""

    window_s: float = number(20.0, "stretch averaged, s", low=5, high=120)
    alpha_below_z: float = number(-1.0, "posterior alpha above 1/f below this, spreads", low=-4, high=0)
    slow_above_z: float = number(1.0, "delta and theta above this, spreads", low=0, high=4)


class DecoderSettings(SettingsModel):
    """The personal decoder: what an answer labels, how it is learned from, what is said about it (6.3)."""

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
        description="features it may use, besides those of the evidence profile",
    )
    probe_window_s: Falling = Field(default=(10.0, 1.0), description="an answer labels from .. to before the chime, s")
    press_window_s: Falling = Field(default=(8.0, 2.0), description="a press labels from .. to before itself, s")
    min_valid_s: float = number(4.0, "valid signal a labelled window needs, s", low=1, high=9)
    press_guard_s: float = number(20.0, "a probe this soon after a press is not learned from, s", low=0, high=120)
    max_presses_per_min: int = Field(default=10, ge=3, le=100, description="more presses a minute are no person's")
    certainty_weights: tuple[Share, Share, Share, Share] = Field(
        default=(0.4, 0.7, 0.9, 1.0), description="weight of an answer by how sure it was, 1 to 4"
    )
    press_weight: Share = Field(default=0.3, description="weight of a press, if presses help at all")
    max_class_weight: float = number(3.0, "most that a rarer kind of answer is weighed up, ratio", low=1, high=20)
    prior_shrinkage: Share = Field(default=0.8, description="what group studies expect is shrunk by this")
    prior_sd_factor: float = number(1.1, "prior spread of a weight over the spread between persons", low=0.1, high=5)
    default_between_sd: float = number(0.2, "spread between persons where no study says anything", low=0.01, high=2)
    intercept_precision: float = number(0.01, "prior precision of the intercept", low=1e-6, high=10)
    prior_windows: float = number(
        20.0, "independent windows that the person's usual spread counts for in a session", low=1, high=1000
    )
    age_decay_days: float = number(60.0, "a session this old counts 1/e, days", low=1, high=3650)
    other_device_variance_factor: float = number(
        2.0, "answers given with another headset: variance times this", low=1, high=100
    )
    min_answers_to_calibrate: int = Field(
        default=60, ge=10, le=1000, description="answers before probabilities are mended"
    )
    calibration_prior_answers: float = number(
        30.0, "answers that the unmended probability counts for", low=0, high=1000
    )
    min_answers_for_ece: int = Field(
        default=200, ge=50, le=5000, description="answers before a calibration error is shown"
    )
    min_answers_to_assess: int = Field(default=60, ge=0, le=1000, description="with fewer it is too early to say")
    min_answers_to_activate: int = Field(default=30, ge=2, le=1000, description="active model: answers")
    min_answers_per_class_to_activate: int = Field(
        default=8, ge=1, le=500, description="active model: answers of each kind"
    )
    min_sessions_to_activate: int = Field(default=2, ge=1, le=100, description="active model: sessions")
    min_bootstrap_share_to_activate: Share = Field(
        default=0.9, description="active model: share of bootstraps that beat the base rate"
    )
    prequential_se_factor: float = number(1.2, "standard error of the AUC, session by session: times", low=1, high=3)
    leave_one_out_se_factor: float = number(
        1.3, "standard error of the AUC, each session left out: times", low=1, high=3
    )
    refit_delay_s: float = number(2.0, "an answer changes the sound this much later, s", low=0, high=30)
    sleepy_threshold: int = Field(default=4, ge=2, le=5, description="sleepiness 1 to 5 that counts as drowsy")
    sleepy_prior_answers: float = number(
        10.0, "answers of each kind that the usual drowsy level counts for", low=0, high=500
    )
