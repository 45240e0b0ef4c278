"""Every number of the program as strict data, with its unit in its name and its source in its description.

"6.2.n" in a description is a step of the algorithm in ``docs/algorithm.md``.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

IAF_SEARCH_HZ = (7.0, 13.5)
"""Where an alpha frequency is looked for, Hz."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] >= pair[1]:
        msg = "the second must be above the first"
        raise ValueError(msg)
    return pair


def _falling(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] <= pair[1]:
        msg = "the second must be below the first"
        raise ValueError(msg)
    return pair


Rising = Annotated[tuple[Positive, Positive], AfterValidator(_rising)]
Falling = Annotated[tuple[Positive, Positive], AfterValidator(_falling)]


class Strict(BaseModel):
    """Frozen, finite, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


def _number(default: float, description: str, *, low: float, high: float) -> float:
    return Field(default=default, ge=low, le=high, description=description)


class FilterSettings(Strict):
    """Causal filters ahead of everything (6.2.1)."""

    highpass_hz: float = _number(1.0, "Butterworth high-pass, order 2, Hz", low=0.1, high=2.0)
    mains_hz: Literal["auto", 50, 60] = Field(
        default="auto", description="mains frequency, Hz; auto takes the larger of 50 and 60 over its neighbours"
    )
    mains_search_s: float = _number(10.0, "signal used to find the mains frequency, s", low=2, high=60)
    notch_q: float = _number(30.0, "quality factor of the notch, dimensionless", low=5, high=100)


class GapSettings(Strict):
    """What happens around lost samples (6.2.0)."""

    interpolate_s: float = _number(0.05, "gaps up to this long are interpolated, s", low=0, high=0.05)
    reset_s: float = _number(0.5, "longer gaps reset the filters, s", low=0.1, high=5)
    settling_s: float = _number(2.0, "signal marked bad after a reset, s", low=0, high=10)
    lost_s: float = _number(1.0, "no data for this long is LOST, s", low=0.25, high=5)
    give_up_s: float = _number(
        3600.0, "no sample for this long, though looked for, ends the session, s", low=5, high=86400
    )


class SpectrumSettings(Strict):
    """The spectral window (6.2.3)."""

    window_s: float = _number(2.0, "periodogram window, s", low=0.5, high=8)
    hop_s: float = _number(0.25, "time between frames, s", low=0.02, high=1)


class GateSettings(Strict):
    """When a block is an artifact (6.2.2). Each hop judges the block of 0.25 s that ends with it."""

    blink_lowpass_hz: float = _number(7.0, "causal low-pass ahead of the blink rule, Hz", low=3, high=15)
    blink_sd: float = _number(8.0, "blink rule: peak to peak in robust SDs of the baseline", low=3, high=20)
    blink_min_uv: float = _number(40.0, "blink rule: lowest threshold, uV", low=10, high=200)
    blink_max_uv: float = _number(100.0, "blink rule: highest threshold, uV", low=20, high=500)
    blink_before_baseline_uv: float = _number(75.0, "blink rule until a baseline exists, uV", low=20, high=500)
    broadband_max_uv: float = _number(250.0, "peak to peak of the filtered signal in 1 s, uV", low=50, high=2000)
    pop_lag_s: float = _number(0.008, "pop rule: lag of the difference, s", low=0.001, high=0.05)
    pop_min_uv: float = _number(40.0, "pop rule: lowest threshold, uV", low=10, high=500)
    pop_medians: float = _number(10.0, "pop rule: threshold in running medians of the difference", low=3, high=50)
    emg_low_hz: float = _number(30.0, "muscle band, lower edge, Hz", low=20, high=60)
    emg_high_hz: float = _number(44.0, "muscle band, upper edge, Hz", low=30, high=100)
    emg_mads: float = _number(3.0, "muscle rule: spreads above the baseline's median", low=1, high=10)
    emg_mad_floor: float = _number(0.3, "muscle rule: lowest spread, ln units", low=0.05, high=1)
    emg_before_baseline: float = _number(
        1.5, "muscle rule until a baseline exists: ln above the 1/f fit", low=0.5, high=4
    )
    emg_together_share: Share = Field(
        default=0.85, description="muscle on the whole head: median channel at this share of the way to its own limit"
    )
    emg_flattest_chi: float = _number(
        0.6, "muscle rule until a baseline exists: no channel has a steeper exponent than this", low=0, high=2
    )
    emg_release_blocks: int = Field(default=2, ge=0, le=20, description="clean blocks before the muscle rule lets go")
    flat_uv: float = _number(1.0, "flat: raw peak to peak in 1 s below this, uV", low=0.01, high=5)
    saturated_share: float = _number(
        0.99, "railed: raw magnitude above this share of the device's range", low=0.5, high=1
    )
    invalid_share: Share = Field(default=0.10, description="not-a-number samples in the trailing 1 s")
    channel_bad_share: Share = Field(default=0.5, description="channel BAD: share of bad blocks in 10 s")
    channel_bad_window_s: float = _number(10.0, "channel BAD: trailing stretch, s", low=2, high=60)
    channel_sd_uv: float = _number(40.0, "channel BAD: robust SD, eyes closed, uV", low=10, high=500)
    channel_sd_open_uv: float = _number(60.0, "channel BAD: robust SD, eyes open, uV", low=10, high=500)
    broken_chi: float = _number(0.4, "broken electrode: aperiodic exponent below this", low=0, high=2)
    broken_sd_uv: float = _number(
        13.0, "broken electrode: and rms over the bins of the 1/f fit above this, uV", low=1, high=500
    )
    line_window_s: float = _number(30.0, "residual mains rms over robust SD in this stretch, s", low=2, high=120)
    window_bad_share: Share = Field(
        default=0.25, description="a channel is valid if at most this share of its blocks is bad"
    )


class ContactSettings(Strict):
    """How each electrode sits, judged every second on the raw signal: pairs of a fair and a bad limit."""

    lost_share: Rising = Field(default=(0.1, 0.5), description="samples lost, share of the second")
    flat_uv: Falling = Field(default=(2.0, 1.0), description="peak to peak of the second below, uV")
    railed_share: Rising = Field(default=(0.95, 0.99), description="largest magnitude, share of the device's range")
    broken_uv: Rising = Field(
        default=(30.0, 60.0), description="rms at 2-12 Hz, and half of it in the muscle band, for 3 s, uV"
    )
    mains_uv: Rising = Field(default=(60.0, 150.0), description="mains hum, rms, uV")
    muscle_uv: Rising = Field(default=(8.0, 20.0), description="rms in the muscle band, uV")
    moving_uv: Rising = Field(default=(250.0, 500.0), description="peak to peak without trend and mains hum, uV")
    drifting_uv: Rising = Field(default=(200.0, 1000.0), description="change of the second's mean in a second, uV")
    recent_s: int = Field(default=4, ge=1, le=30, description="seconds an electrode fills with, s")
    steady_share: Share = Field(default=0.75, description="an electrode is steady with this share of them good")
    enough_share: Share = Field(default=0.75, description="good enough: share of electrodes that must be steady")
    calm_s: int = Field(default=3, ge=0, le=60, description="steady everywhere for so long, a sitting begins, s")
    patience_s: int = Field(default=12, ge=0, le=600, description="good enough for so long, a sitting begins, s")


class BandSettings(Strict):
    """Bands in Hz relative to the individual alpha frequency (6.2.4); lo <= f <= hi."""

    default_iaf_hz: float = _number(10.0, "alpha frequency when none is found, Hz", low=7, high=13)
    iaf_min_peak_db: float = _number(2.0, "an alpha peak stands out from its flanks by this, dB", low=0.5, high=10)
    theta_low_hz: float = _number(3.5, "theta never begins below this, Hz", low=2, high=6)
    theta_low_below_iaf_hz: float = _number(6.0, "theta begins this far below the alpha frequency, Hz", low=3, high=8)
    theta_high_below_iaf_hz: float = _number(2.5, "theta ends this far below the alpha frequency, Hz", low=1, high=4)
    alpha_below_iaf_hz: float = _number(2.0, "alpha begins this far below the alpha frequency, Hz", low=0.5, high=4)
    alpha_above_iaf_hz: float = _number(3.0, "alpha ends this far above the alpha frequency, Hz", low=0.5, high=5)
    beta_hz: tuple[float, float] = Field(default=(14.0, 28.0), description="beta, Hz; 28 limits muscle")
    delta_hz: tuple[float, float] = Field(default=(1.5, 4.0), description="delta, Hz; logged and used for drowsiness")

    def theta_hz(self, iaf_hz: float) -> tuple[float, float]:
        """Theta of a person with this alpha frequency, Hz."""
        lowest = max(self.theta_low_hz, iaf_hz - self.theta_low_below_iaf_hz)
        return lowest, iaf_hz - self.theta_high_below_iaf_hz

    def alpha_hz(self, iaf_hz: float) -> tuple[float, float]:
        """Alpha of a person with this alpha frequency, Hz."""
        return iaf_hz - self.alpha_below_iaf_hz, iaf_hz + self.alpha_above_iaf_hz

    def refused(self, emg_hz: tuple[float, float], window_s: float) -> str:
        """Say which band would hold no bin of the window's spectrum, for whatever alpha frequency; empty for none."""
        for iaf_hz in (*IAF_SEARCH_HZ, self.default_iaf_hz):
            bands = {
                "theta": self.theta_hz(iaf_hz),
                "alpha": self.alpha_hz(iaf_hz),
                "beta": self.beta_hz,
                "delta": self.delta_hz,
                "muscle": emg_hz,
            }
            for name, (low, high) in bands.items():
                if math.floor(high * window_s + 1e-6) < math.ceil(low * window_s - 1e-6):
                    where = f"{low:g} to {high:g} Hz holds none of the {1 / window_s:g} Hz steps of a window"
                    return f"the {name} band is empty with alpha at {iaf_hz:g} Hz: {where} of {window_s:g} s"
        return ""


class FeatureSettings(Strict):
    """Features of one window (6.2.5)."""

    emg_smoothing_s: float = _number(2.0, "smoothing of the muscle band, s", low=0.25, high=10)
    emg_to_beta: float = _number(8 / 14, "muscle power passed from 30-44 Hz to beta, ratio", low=0, high=1)
    beta_floor_share: Share = Field(default=0.3, description="share of beta that the muscle correction leaves at least")
    aperiodic_smoothing_s: float = _number(8.0, "smoothing of the spectrum ahead of the 1/f fit, s", low=0.25, high=30)
    aperiodic_low_hz: float = _number(2.0, "1/f fit from here, Hz", low=1, high=4)
    aperiodic_high_hz: float = _number(40.0, "1/f fit to here, Hz", low=30, high=45)
    aperiodic_below_iaf_hz: float = _number(3.5, "1/f fit leaves out alpha from this far below, Hz", low=1, high=5)
    complexity: bool = Field(default=False, description="log Lempel-Ziv complexity once a second, for research")
    aperiodic_above_iaf_hz: float = _number(5.0, "1/f fit leaves out alpha to this far above, Hz", low=1, high=8)


class EnvelopeSettings(Strict):
    """The fast path: the envelope of alpha by a causal complex FIR filter (3.1), for profiles whose index names it."""

    length_s: float = _number(1.0, "length of the filter, s", low=0.25, high=2)
    delay_s: float = _number(0.15, "delay of the filter: the longer, the truer, s", low=0.05, high=0.5)
    half_width_hz: float = _number(2.0, "band to either side of the alpha frequency, Hz", low=1, high=3)
    clean_s: float = _number(0.5, "signal without any artifact before an envelope counts, s", low=0, high=2)


class BaselineSettings(Strict):
    """The reference of one session (6.2.6), and whether the one kept of earlier sessions drives the sound."""

    drives: Literal["session", "own"] = Field(
        default="session", description="baseline that drives the sound: this session's, or your own of earlier ones"
    )
    min_clean_s: float = _number(60.0, "clean signal wanted in every region, s", low=1, high=600)
    max_extensions: int = Field(default=2, ge=0, le=5, description="times the baseline may be extended by its half")
    full_quality_clean_s: float = _number(60.0, "clean signal for full baseline confidence, s", low=1, high=600)
    late_clean_s: float = _number(
        30.0,
        "a baseline with less clean signal than this (and a quarter of its length) goes on in practice, s",
        low=1,
        high=600,
    )
    late_window_s: float = _number(300.0, "what a baseline that goes on is made of at most, s", low=60, high=1200)
    theta_floor: float = _number(0.30, "lowest spread of theta, ln units", low=0.01, high=2)
    alpha_floor: float = _number(0.40, "lowest spread of alpha, ln units", low=0.01, high=2)
    beta_floor: float = _number(0.15, "lowest spread of beta, ln units", low=0.01, high=2)
    chi_floor: float = _number(0.12, "lowest spread of the aperiodic exponent", low=0.01, high=2)
    delta_floor: float = _number(0.30, "lowest spread of delta, ln units", low=0.01, high=2)
    envelope_floor: float = _number(0.20, "lowest spread of the alpha envelope, ln units", low=0.01, high=2)
    iaf_floor_hz: float = _number(0.30, "lowest spread of the alpha frequency, Hz", low=0.01, high=2)
    z_limit: float = _number(4.0, "z-scores are squashed to this, spreads", low=2, high=10)
    tracking_half_life_s: float = _number(600.0, "slow tracking of the baseline, s", low=60, high=36000)
    tracking_max_z: float = _number(2.5, "tracking learns only below this, spreads", low=0.5, high=10)
    tracking_max_excursion: float = _number(1.0, "tracking never moves further, spreads", low=0, high=3)


class IndexSettings(Strict):
    """The index (6.2.7)."""

    evidence: str = Field(default="default", description="evidence profile or mixture, by name")
    smoothing_s: float = _number(4.0, "time constant of the index, s", low=0, high=30)
    holdback_s: float = _number(
        0.75, "when signal goes bad the index returns to its value this long ago, s", low=0, high=4
    )
    correlation_shrink: Share = Field(default=0.5, description="shrinkage of the baseline correlation to the identity")
    min_information: Share = Field(default=0.5, description="share of the profile's information a frame needs")
    expected_sd: float = _number(0.38, "spread of the smoothed index expected in a baseline", low=0.05, high=2)


class ConfidenceSettings(Strict):
    """How far the index may be trusted (6.2.8)."""

    signal_window_s: float = _number(8.0, "stretch for the share of usable signal, s", low=1, high=60)
    before_answers: Share = Field(default=0.3, description="confidence in the model before any answer")
    unknown_after_s: float = _number(2.0, "no valid frame for this long is UNKNOWN, s", low=0.25, high=10)
    full_auc_gain: float = _number(0.15, "AUC above one half that earns full trust in the model", low=0.01, high=0.5)
    half_answers: float = _number(60.0, "answers at which half of it is granted", low=0, high=1000)


class ThresholdSettings(Strict):
    """Reward control and the state machine (6.2.9)."""

    target_rate: float = _number(0.65, "share of frames with reward aimed at", low=0.1, high=0.95)
    time_constant_s: float = _number(90.0, "how slowly the threshold follows, s", low=10, high=1800)
    gain: float = _number(3.0, "size of a step, index spreads per time constant", low=0.1, high=10)
    bounded: bool = Field(default=False, description="keep the threshold within one spread of the baseline's quantile")
    hysteresis: float = _number(0.25, "distance from the threshold to change state, index spreads", low=0, high=2)
    dwell_s: float = _number(2.0, "time beyond it before the state changes, s", low=0, high=20)


class FeedbackSettings(Strict):
    """From index to tone and picture (6.2.10)."""

    ramp_low_u: float = _number(-0.5, "index at which the tone begins, spreads", low=-4, high=4)
    ramp_width_u: float = _number(2.0, "index range to full tone, spreads", low=0.1, high=8)
    slew_per_s: float = _number(
        0.2, "fastest change of the gain in a second while the signal is good", low=0.01, high=20
    )
    slew_db_per_s: float = _number(
        6.0, "fastest change of the tone in a second while the signal is good, dB", low=1, high=160
    )
    tone_depth: Share = Field(default=1.0, description="the person's own scale on the tone's depth")


class BellSettings(Strict):
    """The wandering bell: sparse, and off unless asked for (6.2.7, 4.3)."""

    enabled: bool = Field(default=False, description="ring a soft bell when wandering is likely")
    usual_rate: float = _number(
        0.35, "share of time spent wandering before the index says anything", low=0.01, high=0.99
    )
    index_weight: float = _number(0.2, "how far one spread of the index moves it, ln odds", low=0.01, high=5)
    least_likelihood: float = _number(
        0.42, "likelihood from which it may ring; .42 is the index 1.5 spreads up", low=0.01, high=0.99
    )
    dwell_s: float = _number(4.0, "time it has to stay likely, s", low=0.25, high=60)
    refractory_s: float = _number(20.0, "silence after a bell, s", low=1, high=3600)
    least_confidence: Share = Field(
        default=0.6, description="confidence it needs: more than there is before a person's own answers"
    )


class DrowsinessSettings(Strict):
    """The drowsiness flag (6.2.11)."""

    window_s: float = _number(20.0, "stretch averaged, s", low=5, high=120)
    alpha_below_z: float = _number(-1.0, "posterior alpha above 1/f below this, spreads", low=-4, high=0)
    slow_above_z: float = _number(1.0, "delta and theta above this, spreads", low=0, high=4)


class DecoderSettings(Strict):
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
    min_valid_s: float = _number(4.0, "valid signal a labelled window needs, s", low=1, high=9)
    press_guard_s: float = _number(20.0, "a probe this soon after a press is not learned from, s", low=0, high=120)
    stuck_presses: int = Field(default=10, ge=3, le=100, description="more presses a minute are no person's")
    sureness_weights: tuple[Share, Share, Share, Share] = Field(
        default=(0.4, 0.7, 0.9, 1.0), description="weight of an answer by how sure it was, 1 to 4"
    )
    press_weight: Share = Field(default=0.3, description="weight of a press, if presses help at all")
    balance_cap: float = _number(3.0, "most that a rarer kind of answer is weighed up, ratio", low=1, high=20)
    prior_shrink: Share = Field(default=0.8, description="what group studies expect is shrunk by this")
    prior_sd_factor: float = _number(1.1, "prior spread of a weight over the spread between persons", low=0.1, high=5)
    other_sd: float = _number(0.2, "spread between persons where no study says anything", low=0.01, high=2)
    intercept_precision: float = _number(0.01, "prior precision of the intercept", low=1e-6, high=10)
    past_windows: float = _number(
        20.0, "independent windows that the person's usual spread counts for in a session", low=1, high=1000
    )
    age_days: float = _number(60.0, "a session this old counts 1/e, days", low=1, high=3650)
    device_variance: float = _number(2.0, "answers given with another headset: variance times this", low=1, high=100)
    calibration_answers: int = Field(default=60, ge=10, le=1000, description="answers before probabilities are mended")
    calibration_shrink: float = _number(30.0, "answers that the unmended probability counts for", low=0, high=1000)
    ece_answers: int = Field(default=200, ge=50, le=5000, description="answers before a calibration error is shown")
    early_answers: int = Field(default=60, ge=0, le=1000, description="with fewer it is too early to say")
    active_answers: int = Field(default=30, ge=2, le=1000, description="active model: answers")
    active_each: int = Field(default=8, ge=1, le=500, description="active model: answers of each kind")
    active_sessions: int = Field(default=2, ge=1, le=100, description="active model: sessions")
    active_share: Share = Field(default=0.9, description="active model: share of bootstraps that beat the base rate")
    prequential_se_factor: float = _number(1.2, "standard error of the AUC, session by session: times", low=1, high=3)
    left_out_se_factor: float = _number(1.3, "standard error of the AUC, each session left out: times", low=1, high=3)
    refit_delay_s: float = _number(2.0, "an answer changes the sound this much later, s", low=0, high=30)
    sleepy_from: int = Field(default=4, ge=2, le=5, description="sleepiness 1 to 5 that counts as drowsy")
    sleepy_shrink: float = _number(10.0, "answers of each kind that the usual drowsy level counts for", low=0, high=500)


_PROBES_APART_S = (40.0, 90.0)


class ProbeSettings(Strict):
    """Questions about the moments just before a chime, and presses of one's own (6.3)."""

    asked: bool = Field(
        default=True, description="ask at all; false for silent sittings, and where answers would give a sham away"
    )
    apart_s: tuple[float, float] = Field(
        default=_PROBES_APART_S, description="time between questions, drawn evenly from this range, s; 0, 0 for none"
    )
    answer_s: float = _number(12.0, "time for each answer before the question goes away, s", low=0.5, high=120)
    least_response_s: float = _number(
        0.2, "a key sooner than this after the question or the key before is no answer, s", low=0, high=1
    )
    press_apart_s: float = _number(1.0, "silence before a press counts as another one, s", low=0, high=30)
    presses_per_minute: int = Field(default=20, ge=1, le=600, description="more presses in a minute are not logged")

    learn_live: bool = Field(default=False, description="each answer refines the guidance of the minutes after it")

    @model_validator(mode="after")
    def _in_turn(self) -> ProbeSettings:
        low, high = self.apart_s
        if not 0 <= low <= high <= 3600:
            msg = "probes.apart_s must be two times in seconds, the second not below the first, at most 3600"
            raise ValueError(msg)
        if high > 0 and low < 3 * self.answer_s:
            msg = "probes.apart_s must leave time for three answers of probes.answer_s each"
            raise ValueError(msg)
        return self

    def every(self, mean_s: float) -> ProbeSettings:
        """Return the same with another mean time between questions (s), as irregular as before; 0 for none."""
        if mean_s <= 0:
            return self.model_copy(update={"apart_s": (0.0, 0.0)})
        low, high = self.apart_s if self.apart_s[1] > 0 else _PROBES_APART_S
        scale = mean_s / ((low + high) / 2)
        apart_s = (round(low * scale, 3), round(high * scale, 3))
        patience_s = math.floor(1000 * apart_s[0] / 3) / 1000
        return self.model_copy(update={"apart_s": apart_s, "answer_s": min(self.answer_s, patience_s)})


class PhaseSettings(Strict):
    """The sitting as planned; a shorter one scales all phases."""

    settle_s: float = _number(30.0, "settling, s", low=1, high=600)
    baseline_s: float = _number(120.0, "baseline, s", low=2, high=1200)
    practice_s: float = _number(840.0, "practice with feedback, s", low=2, high=14400)
    min_practice_s: float = _number(
        240.0, "practice is never shorter unless all phases are scaled, s", low=2, high=3600
    )
    transfer_s: float = _number(180.0, "practice without feedback, s", low=0, high=3600)
    debrief_s: float = _number(8.0, "end bell rings out, s", low=1, high=600)
    eyes: Literal["closed", "open"] = Field(
        default="closed", description="eyes closed or open: widens some limits of the gate"
    )


class AudioSettings(Strict):
    """What it sounds like. Levels are dB relative to full scale."""

    bed: Literal["rain", "wind", "drone", "file"] = Field(
        default="rain", description="background sound; file takes bed_file"
    )
    bed_file: str = Field(default="", description="your own background sound, a WAV, FLAC, MP3 or OGG file")
    bed_dbfs: float = _number(-33.0, "loudness of the bed, LUFS (ITU-R BS.1770)", low=-70, high=-12)
    tone_hz: float = _number(196.0, "pitch of the guide tone, Hz", low=80, high=880)
    tone_slew_db_per_s: float = _number(
        5.4, "fastest change of the guide tone as heard, dB a second; brightness adds some", low=1, high=160
    )
    tone_db: float = _number(0.0, "level of the guide tone in the mix, dB", low=-40, high=0)
    bells_db: float = _number(0.0, "level of bells and chimes in the mix, dB", low=-40, high=0)
    reward_layer: bool = Field(default=False, description="a soft chord while the index is below the threshold")
    drowsiness_shimmer: bool = Field(default=False, description="a light, high shimmer while drowsiness shows")
    interval_bell_min: float = _number(
        0.0, "a bell after every so many minutes of practice; 0 for none", low=0, high=60
    )
    ceiling_dbfs: float = _number(-18.0, "nothing is ever louder than this peak, dBFS", low=-60, high=-3)
    device: str = Field(default="", description="sound device by name; empty takes the system's default")
    sfreq_hz: Literal[44100, 48000] = Field(default=48000, description="sampling rate of the sound, Hz")
    buffer_ms: int = Field(default=30, ge=5, le=200, description="device buffer where the machine is calm, ms")


class QuestionnaireSettings(Strict):
    """Questionnaires around a sitting, by name or TOML file; none unless a person wants them."""

    before: tuple[str, ...] = Field(default=(), description="asked before a sitting, such as mood or expectancy")
    after: tuple[str, ...] = Field(default=(), description="asked after a sitting, such as mood or phq9")


class Settings(Strict):
    """One resolved profile. Saved with every session."""

    name: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the profile")
    montage: str = Field(default="device", description="montage by name; device takes the one that fits the headset")
    phases: PhaseSettings = PhaseSettings()
    gaps: GapSettings = GapSettings()
    filters: FilterSettings = FilterSettings()
    gate: GateSettings = GateSettings()
    contact: ContactSettings = ContactSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    bands: BandSettings = BandSettings()
    features: FeatureSettings = FeatureSettings()
    envelope: EnvelopeSettings = EnvelopeSettings()
    baseline: BaselineSettings = BaselineSettings()
    index: IndexSettings = IndexSettings()
    confidence: ConfidenceSettings = ConfidenceSettings()
    threshold: ThresholdSettings = ThresholdSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    bell: BellSettings = BellSettings()
    drowsiness: DrowsinessSettings = DrowsinessSettings()
    probes: ProbeSettings = ProbeSettings()
    decoder: DecoderSettings = DecoderSettings()
    audio: AudioSettings = AudioSettings()
    questionnaires: QuestionnaireSettings = QuestionnaireSettings()

    @model_validator(mode="after")
    def _bands_fit(self) -> Settings:
        if self.gate.blink_min_uv > self.gate.blink_max_uv:
            msg = "gate.blink_min_uv is above gate.blink_max_uv"
            raise ValueError(msg)
        if self.gate.emg_low_hz >= self.gate.emg_high_hz:
            msg = "gate.emg_low_hz is not below gate.emg_high_hz"
            raise ValueError(msg)
        for name in ("beta_hz", "delta_hz"):
            low, high = getattr(self.bands, name)
            if not 0 < low < high <= 60:
                msg = f"bands.{name} must be two rising frequencies within 0 to 60 Hz"
                raise ValueError(msg)
        if msg := self.bands.refused((self.gate.emg_low_hz, self.gate.emg_high_hz), self.spectrum.window_s):
            raise ValueError(msg)
        return self
