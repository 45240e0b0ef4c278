"""From samples to features: filters, gaps, gate, contact, spectra, bands (6.2, steps 0 to 5)."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from neurofeedback.settings.base import Falling, Rising, SettingsModel, Share, number

IAF_SEARCH_HZ = (7.0, 13.5)
"""Where an alpha frequency is looked for, Hz."""


class FilterSettings(SettingsModel):
    """Causal filters ahead of everything (6.2.1)."""

    highpass_hz: float = number(1.0, "Butterworth high-pass, order 2, Hz", low=0.1, high=2.0)
    mains_hz: Literal["auto", 50, 60] = Field(
        default="auto", description="mains frequency, Hz; auto takes the larger of 50 and 60 over its neighbours"
    )
    mains_search_s: float = number(10.0, "signal used to find the mains frequency, s", low=2, high=60)
    notch_q: float = number(30.0, "quality factor of the notch, dimensionless", low=5, high=100)


class GapSettings(SettingsModel):
    """What happens around lost samples (6.2.0)."""

    interpolate_s: float = number(0.05, "gaps up to this long are interpolated, s", low=0, high=0.05)
    reset_s: float = number(0.5, "longer gaps reset the filters, s", low=0.1, high=5)
    settling_s: float = number(2.0, "signal marked bad after a reset, s", low=0, high=10)
    lost_s: float = number(1.0, "no data for this long is LOST, s", low=0.25, high=5)
    give_up_s: float = number(
        3600.0, "no sample for this long, though looked for, ends the session, s", low=5, high=86400
    )


class SpectrumSettings(SettingsModel):
    """The spectral window (6.2.3)."""

    window_s: float = number(2.0, "periodogram window, s", low=0.5, high=8)
    hop_s: float = number(0.25, "time between frames, s", low=0.02, high=1)


class GateSettings(SettingsModel):
    """When a block is an artifact (6.2.2). Each hop judges the block of 0.25 s that ends with it."""

    blink_lowpass_hz: float = number(7.0, "causal low-pass ahead of the blink rule, Hz", low=3, high=15)
    blink_sd: float = number(8.0, "blink rule: peak to peak in robust SDs of the baseline", low=3, high=20)
    blink_min_uv: float = number(40.0, "blink rule: lowest threshold, uV", low=10, high=200)
    blink_max_uv: float = number(100.0, "blink rule: highest threshold, uV", low=20, high=500)
    blink_before_baseline_uv: float = number(75.0, "blink rule until a baseline exists, uV", low=20, high=500)
    broadband_max_uv: float = number(250.0, "peak to peak of the filtered signal in 1 s, uV", low=50, high=2000)
    pop_lag_s: float = number(0.008, "pop rule: lag of the difference, s", low=0.001, high=0.05)
    pop_min_uv: float = number(40.0, "pop rule: lowest threshold, uV", low=10, high=500)
    pop_medians: float = number(10.0, "pop rule: threshold in running medians of the difference", low=3, high=50)
    emg_low_hz: float = number(30.0, "muscle band, lower edge, Hz", low=20, high=60)
    emg_high_hz: float = number(44.0, "muscle band, upper edge, Hz", low=30, high=100)
    emg_mads: float = number(3.0, "muscle rule: spreads above the baseline's median", low=1, high=10)
    emg_mad_floor: float = number(0.3, "muscle rule: lowest spread, ln units", low=0.05, high=1)
    emg_before_baseline: float = number(
        1.5, "muscle rule until a baseline exists: ln above the 1/f fit", low=0.5, high=4
    )
    emg_global_threshold: Share = Field(
        default=0.85, description="muscle on the whole head: median channel at this share of the way to its own limit"
    )
    emg_min_exponent: float = number(
        0.6, "muscle rule until a baseline exists: no channel has a steeper exponent than this", low=0, high=2
    )
    emg_global_release: Share = Field(
        default=0.6, description="muscle on the whole head lasts while the median channel is at this share of the way"
    )
    emg_release_blocks: int = Field(default=2, ge=0, le=20, description="clean blocks before the muscle rule lets go")
    flat_uv: float = number(1.0, "flat: raw peak to peak in 1 s below this, uV", low=0.01, high=5)
    saturated_share: float = number(
        0.99, "railed: raw magnitude above this share of the device's range", low=0.5, high=1
    )
    max_unfilled_share: Share = Field(
        default=0.10, description="samples in the trailing 1 s that no model could fill in"
    )
    max_missing_share: Share = Field(
        default=0.25, description="not-a-number samples in the trailing 1 s, filled in or not"
    )
    channel_bad_share: Share = Field(default=0.5, description="channel BAD: share of bad blocks in 10 s")
    channel_bad_window_s: float = number(10.0, "channel BAD: trailing stretch, s", low=2, high=60)
    channel_sd_uv: float = number(40.0, "channel BAD: robust SD, eyes closed, uV", low=10, high=500)
    channel_sd_open_uv: float = number(60.0, "channel BAD: robust SD, eyes open, uV", low=10, high=500)
    broken_electrode_exponent: float = number(0.4, "broken electrode: aperiodic exponent below this", low=0, high=2)
    broken_electrode_rms_uv: float = number(
        13.0, "broken electrode: and rms over the bins of the 1/f fit above this, uV", low=1, high=500
    )
    line_window_s: float = number(30.0, "residual mains rms over robust SD in this stretch, s", low=2, high=120)
    window_bad_share: Share = Field(
        default=0.25, description="a channel is valid if at most this share of its blocks is bad"
    )


class ContactSettings(SettingsModel):
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
    min_good_share: Share = Field(default=0.75, description="good enough: share of electrodes that must be steady")
    all_good_s: int = Field(default=3, ge=0, le=60, description="steady everywhere for so long, a sitting begins, s")
    good_enough_s: int = Field(default=12, ge=0, le=600, description="good enough for so long, a sitting begins, s")


class BandSettings(SettingsModel):
    """Bands in Hz relative to the individual alpha frequency (6.2.4); lo <= f <= hi."""

    default_iaf_hz: float = number(10.0, "alpha frequency when none is found, Hz", low=7, high=13)
    iaf_min_peak_db: float = number(2.0, "an alpha peak stands out from its flanks by this, dB", low=0.5, high=10)
    theta_low_hz: float = number(3.5, "theta never begins below this, Hz", low=2, high=6)
    theta_low_below_iaf_hz: float = number(6.0, "theta begins this far below the alpha frequency, Hz", low=3, high=8)
    theta_high_below_iaf_hz: float = number(2.5, "theta ends this far below the alpha frequency, Hz", low=1, high=4)
    alpha_below_iaf_hz: float = number(2.0, "alpha begins this far below the alpha frequency, Hz", low=0.5, high=4)
    alpha_above_iaf_hz: float = number(3.0, "alpha ends this far above the alpha frequency, Hz", low=0.5, high=5)
    beta_hz: tuple[float, float] = Field(default=(14.0, 28.0), description="beta, Hz; 28 limits muscle")
    delta_hz: tuple[float, float] = Field(default=(1.5, 4.0), description="delta, Hz; logged and used for drowsiness")

    def theta_hz(self, iaf_hz: float) -> tuple[float, float]:
        """Theta of a person with this alpha frequency, Hz."""
        lowest = max(self.theta_low_hz, iaf_hz - self.theta_low_below_iaf_hz)
        return lowest, iaf_hz - self.theta_high_below_iaf_hz

    def alpha_hz(self, iaf_hz: float) -> tuple[float, float]:
        """Alpha of a person with this alpha frequency, Hz."""
        return iaf_hz - self.alpha_below_iaf_hz, iaf_hz + self.alpha_above_iaf_hz

    def empty_band_message(self, emg_hz: tuple[float, float], window_s: float) -> str:
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


class FeatureSettings(SettingsModel):
    """Features of one window (6.2.5)."""

    emg_smoothing_s: float = number(2.0, "smoothing of the muscle band, s", low=0.25, high=10)
    emg_beta_gain: float = number(8 / 14, "muscle power passed from 30-44 Hz to beta, ratio", low=0, high=1)
    beta_floor_share: Share = Field(default=0.3, description="share of beta that the muscle correction leaves at least")
    aperiodic_smoothing_s: float = number(8.0, "smoothing of the spectrum ahead of the 1/f fit, s", low=0.25, high=30)
    aperiodic_low_hz: float = number(2.0, "1/f fit from here, Hz", low=1, high=4)
    aperiodic_high_hz: float = number(40.0, "1/f fit to here, Hz", low=30, high=45)
    aperiodic_below_iaf_hz: float = number(3.5, "1/f fit leaves out alpha from this far below, Hz", low=1, high=5)
    aperiodic_above_iaf_hz: float = number(5.0, "1/f fit leaves out alpha to this far above, Hz", low=1, high=8)
    complexity: bool = Field(default=False, description="log Lempel-Ziv complexity once a second, for research")


class EnvelopeSettings(SettingsModel):
    """The fast path: the envelope of alpha by a causal complex FIR filter (3.1), for profiles whose index names it."""

    length_s: float = number(1.0, "length of the filter, s", low=0.25, high=2)
    delay_s: float = number(0.15, "delay of the filter: the longer, the truer, s", low=0.05, high=0.5)
    half_width_hz: float = number(2.0, "band to either side of the alpha frequency, Hz", low=1, high=3)
    clean_s: float = number(0.5, "signal without any artifact before an envelope counts, s", low=0, high=2)
