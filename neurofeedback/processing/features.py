"""Features of one window: what each is called, what it is made of, and how it is computed per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.spectrum import in_band
from neurofeedback.settings.signal import BandSettings, FeatureSettings, GateSettings

Scalar = TypeVar("Scalar", bound=np.generic)

SPECTRAL = ("theta", "alpha", "beta", "delta", "emg", "chi", "o_theta", "o_alpha", "cog")
"""Per-channel quantities of a window's spectrum."""

KINDS = (*SPECTRAL, "envelope")
"""All per-channel quantities, in the order of the arrays that hold them."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A quantity of one region. ``column`` is its name in the frame log."""

    name: str
    kind: str
    region: str
    column: str
    unit: str
    description: str

    @property
    def kind_row(self) -> int:
        """Position of its kind in ``KINDS``."""
        return KINDS.index(self.kind)


def _power(band: str, region: str) -> Feature:
    text = f"ln of mean {band} power density, {region} channels"
    return Feature(f"{band}_{region}", band, region, f"ln_{band}_{region}", "ln(uV^2/Hz)", text)


def _chi(region: str) -> Feature:
    return Feature(f"chi_{region}", "chi", region, f"chi_{region}", "1", f"aperiodic exponent, {region} channels")


_REGIONS = ("frontal", "posterior", "all")

FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        *(_power(band, region) for band in ("theta", "alpha", "beta") for region in _REGIONS),
        *(_chi(region) for region in _REGIONS),
        _power("delta", "all"),
        _power("emg", "all"),
        Feature("o_theta_frontal", "o_theta", "frontal", "o_theta_frontal", "ln", "theta above the 1/f fit, frontal"),
        Feature("o_theta_fz", "o_theta", "fz", "o_theta_fz", "ln", "theta above the 1/f fit, at Fz"),
        Feature(
            "o_alpha_posterior", "o_alpha", "posterior", "o_alpha_posterior", "ln", "alpha above the 1/f fit, posterior"
        ),
        Feature("cog_posterior", "cog", "posterior", "cog_posterior", "Hz", "alpha centre of gravity, posterior"),
        Feature(
            "envelope_posterior",
            "envelope",
            "posterior",
            "ln_envelope_posterior",
            "ln(uV)",
            "ln of the alpha envelope by a causal filter, posterior",
        ),
    )
}
"""Every regional feature the program computes, by name."""


_IS_ENVELOPE = np.array([kind == "envelope" for kind in KINDS])


def select_by_kind(of_window: NDArray[Scalar], of_envelope: NDArray[Scalar]) -> NDArray[Scalar]:
    """Choose for each kind what holds for it, from two that broadcast to ``(..., len(KINDS))``.

    An envelope asks less of the past than a spectrum does: what is clean just now counts, not the whole window.
    """
    return np.where(_IS_ENVELOPE, of_envelope, of_window)


@dataclass(frozen=True, slots=True)
class Bands:
    """Bands in Hz for one alpha frequency; low <= f <= high."""

    iaf_hz: float
    theta: tuple[float, float]
    alpha: tuple[float, float]
    beta: tuple[float, float]
    delta: tuple[float, float]
    emg: tuple[float, float]


def individual_bands(iaf_hz: float | None, bands: BandSettings, gate: GateSettings) -> Bands:
    """Bands relative to an alpha frequency in Hz; None takes the default of 10 Hz.

    Examples
    --------
    >>> individual_bands(10.0, BandSettings(), GateSettings()).theta
    (4.0, 7.5)
    """
    f_a = bands.default_iaf_hz if iaf_hz is None else iaf_hz
    return Bands(
        iaf_hz=f_a,
        theta=bands.theta_hz(f_a),
        alpha=bands.alpha_hz(f_a),
        beta=bands.beta_hz,
        delta=bands.delta_hz,
        emg=(gate.emg_low_hz, gate.emg_high_hz),
    )


class FeatureExtractor:
    """Per-channel features of frames, for fixed bands.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        Bins of the window's spectrum, Hz.
    """

    def __init__(self, freqs: NDArray[np.float64], bands: Bands, settings: FeatureSettings) -> None:
        self.bands = bands
        self._settings = settings
        self._freqs = freqs
        self._slices = {
            name: in_band(freqs, *getattr(bands, name)) for name in ("theta", "alpha", "beta", "delta", "emg")
        }
        self._fit = AperiodicFit(freqs, bands.iaf_hz, settings)
        self._mean_ln_f = {name: float(np.log(freqs[self._slices[name]]).mean()) for name in ("theta", "alpha")}

    def __call__(
        self,
        psd: NDArray[np.float64],
        smooth_psd: NDArray[np.float64],
        emg_excess: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Compute all kinds that a spectrum has.

        Parameters
        ----------
        psd : ndarray, shape (n, n_channels, n_freqs)
            Spectrum of each frame's window, uV^2/Hz.
        smooth_psd : ndarray, shape (n, n_channels, n_freqs)
            The smoothed spectrum the 1/f fit is made on; NaN where there is none yet.
        emg_excess : ndarray, shape (n, n_channels)
            Muscle power above the baseline's median, below it where negative, uV^2/Hz; NaN where it is not known.

        Returns
        -------
        ndarray, shape (n, n_channels, len(SPECTRAL))
        """
        tiny = np.finfo(float).tiny
        power = {name: np.maximum(psd[..., bins].mean(axis=-1), tiny) for name, bins in self._slices.items()}
        floor = self._settings.beta_floor_share * power["beta"]
        muscle = self._settings.emg_beta_gain * np.where(np.isnan(emg_excess), 0.0, emg_excess)
        power["beta"] = np.maximum(power["beta"] - muscle, floor)
        kinds = {name: np.log(density) for name, density in power.items()}
        kinds["chi"], offset = self._fit(np.log(np.maximum(smooth_psd, tiny)))
        for name, ln_f in self._mean_ln_f.items():
            kinds[f"o_{name}"] = kinds[name] - (offset - kinds["chi"] * ln_f)
        alpha = psd[..., self._slices["alpha"]]
        weighted = np.sum(alpha * self._freqs[self._slices["alpha"]], axis=-1)
        kinds["cog"] = weighted / np.maximum(np.sum(alpha, axis=-1), tiny)
        return np.stack([kinds[kind] for kind in SPECTRAL], axis=-1)

    def emg_power(self, psd: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean density of the muscle band, ``(..., n_freqs)`` to ``(...)``, uV^2/Hz."""
        return psd[..., self._slices["emg"]].mean(axis=-1)
