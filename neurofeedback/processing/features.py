"""Features of one window: their registry, and their computation per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.framing import TINY, mean_of_last_axis, sum_of_last_axis
from neurofeedback.processing.spectrum import in_band
from neurofeedback.settings.signal import BandSettings, FeatureSettings, GateSettings

Scalar = TypeVar("Scalar", bound=np.generic)

SPECTRAL = ("theta", "alpha", "beta", "delta", "emg", "chi", "o_theta", "o_alpha", "cog")
"""Per-channel quantities of a window's spectrum."""

KINDS = (*SPECTRAL, "envelope")
"""All per-channel quantities, in the order of the arrays that hold them."""


_DONOGHUE = "Donoghue 2020 eNeuro 7(6), ENEURO.0192-20.2020"
_KAM = "Kam 2022 NeuroImage 258:119372"
_WHITHAM = "Whitham 2007 Clin Neurophysiol 118:1877"
_CORCORAN = "Corcoran 2018 Psychophysiology 55:e13064"


@dataclass(frozen=True, slots=True)
class MetricDescription:
    """Definition of one number that the program logs or shows.

    Parameters
    ----------
    name : str
        Name in the command line and in JSON.
    title : str
        Short description.
    unit : str
        Unit, or the range of values.
    formula : str
        Definition.
    is_not : str
        Wrong interpretations, and what else changes the number.
    references : tuple of str
        Sources of the formula and of the caution.
    columns : tuple of str
        Columns of the frame log that hold it; ``*`` stands for any region or feature.
    """

    name: str
    title: str
    unit: str
    formula: str
    is_not: str
    references: tuple[str, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureKind:
    """Definition that all features of one kind share: formula, wrong interpretations, sources."""

    formula: str
    is_not: str
    references: tuple[str, ...]


FEATURE_KINDS: Mapping[str, FeatureKind] = {
    "theta": FeatureKind(
        "ln of the mean power density from max(3.5, f_a - 6) to f_a - 2.5 Hz of a 2-s Hann periodogram; f_a is the "
        "individual alpha frequency; averaged over the region's valid channels",
        "Not frontal-midline theta: that is a narrow rhythm at Fz, which goes the other way in expert meditators. It "
        "also contains 1/f background, drowsiness and eye movements.",
        ("van Son 2019 Biol Psychol 140:19", "Brandmeyer & Delorme 2018 Exp Brain Res 236:2519", _DONOGHUE),
    ),
    "alpha": FeatureKind(
        "ln of the mean power density from f_a - 2 to f_a + 3 Hz of a 2-s Hann periodogram",
        "Not a measure of relaxation or attention: between studies, and between persons, alpha increases or decreases "
        "with mind-wandering. Opening the eyes changes it more than any state of mind.",
        (_KAM, "Compton 2019 CABN 19:1184", "Rodriguez-Larios & Alaerts 2021 EJN 53:1855"),
    ),
    "beta": FeatureKind(
        "ln of the mean power density from 14 to 28 Hz, after subtracting 8/14 of what muscle power (30 to 44 Hz) is "
        "above the baseline's median, or adding 8/14 of the shortfall below it; at least 0.3 of beta is kept",
        "Not a pure brain signal: at the forehead and behind the ears much of it is muscle, even after the correction.",
        (_WHITHAM, "van Son 2019 Biol Psychol 140:19"),
    ),
    "delta": FeatureKind(
        "ln of the mean power density from 1.5 to 4 Hz of a 2-s Hann periodogram",
        "Not by itself a sign of sleep: slow eye movements, sweat and cable artifacts fall in this band.",
        ("Makeig 2000 Can J Exp Psychol 54:266",),
    ),
    "emg": FeatureKind(
        "ln of the mean power density from 30 to 44 Hz of a 2-s Hann periodogram",
        "Not gamma activity: with dry electrodes this band is mostly muscle, and is used to reject it.",
        (_WHITHAM,),
    ),
    "chi": FeatureKind(
        "chi of P(f) ~ f^-chi: least squares of ln P on ln f over 2 to f_a - 3.5 and f_a + 5 to 40 Hz without the "
        "mains, on spectra smoothed over 8 s",
        "Not a direct measure of the balance of excitation and inhibition; muscle, a bad electrode and drugs flatten "
        "it as well.",
        (_DONOGHUE, "Gerster 2022 Neuroinformatics 20:991"),
    ),
    "o_theta": FeatureKind(
        "ln theta power minus the mean over its bins of the 1/f line, offset - chi ln f",
        "Not an amplitude: near 0 there is no theta peak, and the value is fit noise.",
        (_DONOGHUE,),
    ),
    "o_alpha": FeatureKind(
        "ln alpha power minus the mean over its bins of the 1/f line, offset - chi ln f",
        "Not a measure of meditation; it is alpha power above the 1/f background, and drops with drowsiness.",
        (_DONOGHUE, "Makeig 2000 Can J Exp Psychol 54:266"),
    ),
    "cog": FeatureKind(
        "sum f P(f) / sum P(f) over f_a - 2 to f_a + 3 Hz",
        "Not an alpha peak if there is none: it then falls near the band centre.",
        (_CORCORAN, "Klimesch 1999 Brain Res Rev 29:169"),
    ),
    "envelope": FeatureKind(
        "ln of |b * x|, b the causal complex filter of 1 s for f_a +- 2 Hz that best approximates an ideal one with a "
        "delay of 150 ms; the fast profile's feature",
        "No statement about mind-wandering: a direction to train, up or down, as its evidence profile says.",
        ("Smetanin 2020 J Neural Eng", "Belinskaia 2020 J Neural Eng", "Ossadtchi 2017 Sci Rep 7:3772"),
    ),
}
"""Definition of each kind of feature."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A quantity of one region; ``column`` is its name in the frame log."""

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

    def describe(self) -> MetricDescription:
        """Return its definition.

        Examples
        --------
        >>> FEATURES["theta_frontal"].describe().columns
        ('ln_theta_frontal',)
        """
        kind = FEATURE_KINDS[self.kind]
        return MetricDescription(
            self.name, self.description, self.unit, kind.formula, kind.is_not, kind.references, (self.column,)
        )


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
_IS_SLOW = np.array([kind in {"theta", "delta", "o_theta"} for kind in KINDS])


def select_by_kind(
    of_window: NDArray[Scalar], of_envelope: NDArray[Scalar], of_slow: NDArray[Scalar]
) -> NDArray[Scalar]:
    """Select for each kind one of three arrays that broadcast to ``(..., len(KINDS))``.

    A spectrum needs a whole clean window, the envelope only the last moments, theta and delta a time without
    frequent blinks on any channel.
    """
    return np.where(_IS_ENVELOPE, of_envelope, np.where(_IS_SLOW, of_slow, of_window))


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
    """Return the bands relative to an alpha frequency in Hz; None for the default of 10 Hz.

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
    """Computes per-channel features of frames, for fixed bands.

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
        """Compute all spectral features.

        Parameters
        ----------
        psd : ndarray, shape (n, n_channels, n_freqs)
            Spectrum of each frame's window, uV^2/Hz.
        smooth_psd : ndarray, shape (n, n_channels, n_freqs)
            Smoothed spectrum for the 1/f fit; NaN before there is one.
        emg_excess : ndarray, shape (n, n_channels)
            Muscle power minus the baseline's median, uV^2/Hz; NaN if unknown.

        Returns
        -------
        ndarray, shape (n, n_channels, len(SPECTRAL))
        """
        power = {name: np.maximum(mean_of_last_axis(psd[..., bins]), TINY) for name, bins in self._slices.items()}
        floor = self._settings.beta_floor_share * power["beta"]
        muscle = self._settings.emg_beta_gain * np.where(np.isnan(emg_excess), 0.0, emg_excess)
        power["beta"] = np.maximum(power["beta"] - muscle, floor)
        kinds = {name: np.log(density) for name, density in power.items()}
        kinds["chi"], offset = self._fit(np.log(np.maximum(smooth_psd, TINY)))
        for name, ln_f in self._mean_ln_f.items():
            kinds[f"o_{name}"] = kinds[name] - (offset - kinds["chi"] * ln_f)
        alpha = psd[..., self._slices["alpha"]]
        weighted = sum_of_last_axis(alpha * self._freqs[self._slices["alpha"]])
        kinds["cog"] = weighted / np.maximum(sum_of_last_axis(alpha), TINY)
        out = np.empty((*psd.shape[:-1], len(SPECTRAL)))
        for column, kind in enumerate(SPECTRAL):
            out[..., column] = kinds[kind]
        return out

    def emg_power(self, psd: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean density of the muscle band, ``(...)``, of ``(..., n_freqs)``, uV^2/Hz."""
        return mean_of_last_axis(psd[..., self._slices["emg"]])
