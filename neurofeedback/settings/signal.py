"""Settings from samples to features: filters, gaps, gate, contact, spectra, bands."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from neurofeedback.settings.base import Falling, Rising, SettingsModel, Share, number

IAF_SEARCH_HZ = (7.0, 13.5)
"""Search range of the individual alpha frequency, Hz."""


class FilterSettings(SettingsModel):
    """Causal filters before all other steps ("Filters" in ``docs/algorithm.md``)."""

    highpass_hz: float = number(1.0, "Butterworth high-pass, order 2, Hz", low=0.1, high=2.0)
    mains_hz: Literal["auto", 50, 60] = Field(default="auto", description="mains frequency, Hz; auto detects 50 or 60")
    mains_search_s: float = number(10.0, "length of signal for detecting the mains frequency, s", low=2, high=60)
    notch_q: float = number(30.0, "quality factor of the notch filter, dimensionless", low=5, high=100)


class GapSettings(SettingsModel):
    """Handling of lost samples ("Ingest" in ``docs/algorithm.md``).

    A headset is reconnected after ``lost_s``, but not before ``acquisition.watchdog.RELEASE_AFTER_S``.
    """

    interpolate_s: float = number(0.05, "longest gap that is interpolated, s", low=0, high=0.05)
    reset_s: float = number(0.5, "gaps longer than this reset the filters, s", low=0.1, high=5)
    settling_s: float = number(2.0, "signal rejected after a filter reset, s", low=0, high=10)
    lost_s: float = number(1.0, "state LOST after this long without data, s", low=0.25, high=5)
    give_up_s: float = number(3600.0, "the session ends after this long without a sample, s", low=5, high=86400)


class SpectrumSettings(SettingsModel):
    """The spectral window and its hop ("Spectrum and bands" in ``docs/algorithm.md``)."""

    window_s: float = number(2.0, "length of the periodogram window, s", low=0.5, high=8)
    hop_s: float = number(0.25, "time between frames, s", low=0.02, high=1)


class GateSettings(SettingsModel):
    """Artifact detection in blocks of 0.25 s ("Gate" in ``docs/algorithm.md``)."""

    blink_lowpass_hz: float = number(7.0, "blink: causal low-pass, Hz", low=3, high=15)
    blink_sd: float = number(8.0, "blink: peak-to-peak threshold in robust SDs of the baseline", low=3, high=20)
    blink_min_uv: float = number(40.0, "blink: minimum threshold, uV", low=10, high=200)
    blink_max_uv: float = number(100.0, "blink: maximum threshold, uV", low=20, high=500)
    blink_before_baseline_uv: float = number(75.0, "blink: threshold before a baseline, uV", low=20, high=500)
    blink_rejects_theta: bool = Field(
        default=True, description="frequent blinks on any channel reject theta and delta of all channels"
    )
    broadband_max_uv: float = number(250.0, "maximum peak to peak of the filtered signal in 1 s, uV", low=50, high=2000)
    pop_lag_s: float = number(0.008, "electrode pop: lag of the difference, s", low=0.001, high=0.05)
    pop_min_uv: float = number(40.0, "electrode pop: minimum threshold, uV", low=10, high=500)
    pop_medians: float = number(10.0, "electrode pop: threshold in running medians of the difference", low=3, high=50)
    emg_low_hz: float = number(30.0, "muscle band, lower edge, Hz", low=20, high=60)
    emg_high_hz: float = number(44.0, "muscle band, upper edge, Hz", low=30, high=100)
    emg_mads: float = number(3.0, "muscle: threshold in spreads above the baseline's median", low=1, high=10)
    emg_mad_floor: float = number(0.3, "muscle: minimum spread, ln units", low=0.05, high=1)
    emg_before_baseline: float = number(
        1.5, "muscle: threshold before a baseline, ln units above the 1/f fit", low=0.5, high=4
    )
    emg_global_threshold: Share = Field(
        default=0.85, description="global muscle: starts when the median channel is at this share of its own threshold"
    )
    emg_min_exponent: float = number(
        0.6, "muscle before a baseline: all channels' exponents are below this", low=0, high=2
    )
    emg_global_release: Share = Field(
        default=0.6, description="global muscle: lasts while the median channel is at this share of its own threshold"
    )
    emg_release_blocks: int = Field(default=2, ge=0, le=20, description="muscle: number of clean blocks before it ends")
    flat_uv: float = number(1.0, "flat signal: raw peak to peak in 1 s below this, uV", low=0.01, high=5)
    saturated_share: float = number(
        0.99, "saturated: raw magnitude above this share of the device's range", low=0.5, high=1
    )
    max_unfilled_share: Share = Field(
        default=0.10, description="maximum share of samples in the last 1 s that could not be interpolated"
    )
    max_missing_share: Share = Field(
        default=0.25, description="maximum share of missing samples in the last 1 s, interpolated or not"
    )
    channel_bad_share: Share = Field(default=0.5, description="bad channel: share of bad blocks in its window")
    channel_bad_window_s: float = number(10.0, "bad channel: length of its window, s", low=2, high=60)
    channel_sd_uv: float = number(40.0, "bad channel: robust SD above this with eyes closed, uV", low=10, high=500)
    channel_sd_open_uv: float = number(60.0, "bad channel: robust SD above this with eyes open, uV", low=10, high=500)
    broken_electrode_exponent: float = number(0.4, "broken electrode: aperiodic exponent below this", low=0, high=2)
    broken_electrode_rms_uv: float = number(
        13.0, "broken electrode: and rms in the range of the 1/f fit above this, uV", low=1, high=500
    )
    line_window_s: float = number(30.0, "window for residual mains hum relative to the robust SD, s", low=2, high=120)
    window_bad_share: Share = Field(
        default=0.25, description="maximum share of bad blocks in a spectral window of a valid channel"
    )


class ContactSettings(SettingsModel):
    """Contact quality of each electrode, every second on the raw signal; pairs are the limits for fair and bad."""

    lost_share: Rising = Field(default=(0.1, 0.5), description="share of lost samples")
    flat_uv: Falling = Field(default=(2.0, 1.0), description="flat: peak to peak below, uV")
    railed_share: Rising = Field(default=(0.95, 0.99), description="largest magnitude as a share of the device's range")
    broken_uv: Rising = Field(
        default=(30.0, 60.0), description="broken electrode: rms at 2-12 Hz (half of it in the muscle band) for 3 s, uV"
    )
    mains_uv: Rising = Field(default=(60.0, 150.0), description="rms of mains hum, uV")
    muscle_uv: Rising = Field(default=(8.0, 20.0), description="rms in the muscle band, uV")
    moving_uv: Rising = Field(
        default=(250.0, 500.0), description="movement: peak to peak without trend and mains hum, uV"
    )
    drifting_uv: Rising = Field(default=(200.0, 1000.0), description="drift: change of the mean per second, uV")
    recent_s: int = Field(
        default=4, ge=1, le=30, description="time over which an electrode is judged before a session, s"
    )
    steady_share: Share = Field(
        default=0.75, description="minimum share of that time with good contact for a steady electrode"
    )
    min_good_share: Share = Field(
        default=0.75, description="minimum share of steady electrodes for good enough contact"
    )
    all_good_s: int = Field(
        default=3, ge=0, le=60, description="the session starts after all electrodes are steady for this long, s"
    )
    good_enough_s: int = Field(
        default=12, ge=0, le=600, description="the session starts after contact is good enough for this long, s"
    )


class BandSettings(SettingsModel):
    """Frequency bands relative to the individual alpha frequency; both edges belong to a band."""

    default_iaf_hz: float = number(10.0, "alpha frequency to use when no peak is found, Hz", low=7, high=13)
    iaf_min_peak_db: float = number(2.0, "minimum height of an alpha peak over its flanks, dB", low=0.5, high=10)
    theta_low_hz: float = number(3.5, "lowest edge of theta, Hz", low=2, high=6)
    theta_low_below_iaf_hz: float = number(6.0, "theta starts this far below the alpha frequency, Hz", low=3, high=8)
    theta_high_below_iaf_hz: float = number(2.5, "theta ends this far below the alpha frequency, Hz", low=1, high=4)
    alpha_below_iaf_hz: float = number(2.0, "alpha starts this far below the alpha frequency, Hz", low=0.5, high=4)
    alpha_above_iaf_hz: float = number(3.0, "alpha ends this far above the alpha frequency, Hz", low=0.5, high=5)
    beta_hz: tuple[float, float] = Field(
        default=(14.0, 28.0), description="beta, Hz; up to 28 to limit muscle activity"
    )
    delta_hz: tuple[float, float] = Field(default=(1.5, 4.0), description="delta, Hz; logged, and used for drowsiness")

    def theta_hz(self, iaf_hz: float) -> tuple[float, float]:
        """Return theta for an individual alpha frequency, Hz."""
        lowest = max(self.theta_low_hz, iaf_hz - self.theta_low_below_iaf_hz)
        return lowest, iaf_hz - self.theta_high_below_iaf_hz

    def alpha_hz(self, iaf_hz: float) -> tuple[float, float]:
        """Return alpha for an individual alpha frequency, Hz."""
        return iaf_hz - self.alpha_below_iaf_hz, iaf_hz + self.alpha_above_iaf_hz

    def empty_band_message(self, emg_hz: tuple[float, float], window_s: float) -> str:
        """Return which band would have no bin in a spectrum, at any possible alpha frequency; empty for none."""
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
                    where = f"{low:g} to {high:g} Hz contains no bin of a {window_s:g} s window"
                    return f"the {name} band is empty with alpha at {iaf_hz:g} Hz: {where}"
        return ""


class FeatureSettings(SettingsModel):
    """Features of one window, and their corrections ("Features" in ``docs/algorithm.md``)."""

    emg_smoothing_s: float = number(2.0, "time constant of the muscle band smoothing, s", low=0.25, high=10)
    emg_beta_gain: float = number(8 / 14, "muscle power in beta relative to that in 30-44 Hz, ratio", low=0, high=1)
    beta_floor_share: Share = Field(default=0.3, description="minimum share of beta left by the muscle correction")
    aperiodic_smoothing_s: float = number(
        8.0, "time constant of the spectrum smoothing before the 1/f fit, s", low=0.25, high=30
    )
    aperiodic_low_hz: float = number(2.0, "1/f fit: lower edge, Hz", low=1, high=4)
    aperiodic_high_hz: float = number(40.0, "1/f fit: upper edge, Hz", low=30, high=45)
    aperiodic_below_iaf_hz: float = number(
        3.5, "1/f fit: excluded from this far below the alpha frequency, Hz", low=1, high=5
    )
    aperiodic_above_iaf_hz: float = number(
        5.0, "1/f fit: excluded up to this far above the alpha frequency, Hz", low=1, high=8
    )
    complexity: bool = Field(default=False, description="log the Lempel-Ziv complexity once a second, for research")


class EnvelopeSettings(SettingsModel):
    """The alpha envelope by a causal complex FIR filter, for profiles whose index uses it."""

    length_s: float = number(1.0, "length of the filter, s", low=0.25, high=2)
    delay_s: float = number(0.15, "delay of the filter; longer is more accurate, s", low=0.05, high=0.5)
    half_width_hz: float = number(2.0, "half the bandwidth around the alpha frequency, Hz", low=1, high=3)
    clean_s: float = number(0.5, "artifact-free signal before the envelope is valid, s", low=0, high=2)
