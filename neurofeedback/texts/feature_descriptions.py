"""What each feature is: its formula, where that is from, and what it does not mean. Data beside ``FEATURES``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurofeedback.processing.features import FEATURES, Feature

_DONOGHUE = "Donoghue 2020 eNeuro 7(6), ENEURO.0192-20.2020"
_KAM = "Kam 2022 NeuroImage 258:119372"
_WHITHAM = "Whitham 2007 Clin Neurophysiol 118:1877"
_CORCORAN = "Corcoran 2018 Psychophysiology 55:e13064"


@dataclass(frozen=True, slots=True)
class MetricDescription:
    """One metric for a sceptical reader.

    Parameters
    ----------
    name : str
        As typed.
    title : str
        What it is, in a few words.
    formula : str
        How it is computed, with its unit's symbols.
    is_not : str
        What it must not be taken for.
    references : tuple of str
        Where the formula or the caution is from.
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
class FeatureKindDescription:
    """What all features of one kind have in common."""

    formula: str
    is_not: str
    references: tuple[str, ...]


FEATURE_KIND_DESCRIPTIONS: Mapping[str, FeatureKindDescription] = {
    "theta": FeatureKindDescription(
        "ln of the mean power density from max(3.5, f_a - 6) to f_a - 2.5 Hz of a 2-s Hann periodogram; f_a is the "
        "individual alpha frequency; averaged over the region's valid channels",
        "No frontal-midline theta: that is a narrow rhythm at Fz, which goes the other way in expert meditators. It "
        "holds the 1/f background, drowsiness and eye movements too.",
        ("van Son 2019 Biol Psychol 140:19", "Brandmeyer & Delorme 2018 Exp Brain Res 236:2519", _DONOGHUE),
    ),
    "alpha": FeatureKindDescription(
        "ln of the mean power density from f_a - 2 to f_a + 3 Hz of a 2-s Hann periodogram",
        "No measure of relaxation or attention: between studies, and between persons, alpha goes up or down with "
        "mind-wandering. Opening the eyes changes it more than any state of mind.",
        (_KAM, "Compton 2019 CABN 19:1184", "Rodriguez-Larios & Alaerts 2021 EJN 53:1855"),
    ),
    "beta": FeatureKindDescription(
        "ln of the mean power density from 14 to 28 Hz, after subtracting 8/14 of what muscle power (30 to 44 Hz) is "
        "above the baseline's median, or adding 8/14 of what it is below; at least 0.3 of it left",
        "No pure brain signal: at the forehead and behind the ears much of it is muscle, even after the correction.",
        (_WHITHAM, "van Son 2019 Biol Psychol 140:19"),
    ),
    "delta": FeatureKindDescription(
        "ln of the mean power density from 1.5 to 4 Hz of a 2-s Hann periodogram",
        "No sign of sleep by itself: slow eye movements, sweat and cables are in this band.",
        ("Makeig 2000 Can J Exp Psychol 54:266",),
    ),
    "emg": FeatureKindDescription(
        "ln of the mean power density from 30 to 44 Hz of a 2-s Hann periodogram",
        "No gamma rhythm: at dry electrodes this band is mostly muscle, and is used to reject it.",
        (_WHITHAM,),
    ),
    "chi": FeatureKindDescription(
        "chi of P(f) ~ f^-chi: least squares of ln P on ln f over 2 to f_a - 3.5 and f_a + 5 to 40 Hz without the "
        "mains, on spectra smoothed over 8 s",
        "No direct measure of excitation and inhibition; muscle, a bad electrode and drugs flatten it as well.",
        (_DONOGHUE, "Gerster 2022 Neuroinformatics 20:991"),
    ),
    "o_theta": FeatureKindDescription(
        "ln theta power minus the mean over its bins of the 1/f line, offset - chi ln f",
        "No amplitude: near 0 there is no theta rhythm to speak of, and its value is noise of the fit.",
        (_DONOGHUE,),
    ),
    "o_alpha": FeatureKindDescription(
        "ln alpha power minus the mean over its bins of the 1/f line, offset - chi ln f",
        "No measure of meditation; it says how far alpha stands out of the background, and falls when sleepy.",
        (_DONOGHUE, "Makeig 2000 Can J Exp Psychol 54:266"),
    ),
    "cog": FeatureKindDescription(
        "sum f P(f) / sum P(f) over f_a - 2 to f_a + 3 Hz",
        "No alpha peak where there is none: it then lies near the middle of the band.",
        (_CORCORAN, "Klimesch 1999 Brain Res Rev 29:169"),
    ),
    "envelope": FeatureKindDescription(
        "ln of |b * x|, b the causal complex filter of 1 s for f_a +- 2 Hz that best approximates an ideal one with a "
        "delay of 150 ms; the fast profile's feature",
        "No statement about mind-wandering: a direction to train, up or down, as its evidence profile says.",
        ("Smetanin 2020 J Neural Eng", "Belinskaia 2020 J Neural Eng", "Ossadtchi 2017 Sci Rep 7:3772"),
    ),
}

COMPLEXITY_DESCRIPTIONS = (
    MetricDescription(
        "lzc",
        "Lempel-Ziv complexity",
        "1",
        "resampled to 125 Hz, 1 to 40 Hz, 4 s cut at their median into 0 and 1; number of phrases of LZ76 times "
        "log2(n) / n; once a second; a research option",
        "Nearly a function of the aperiodic exponent, the rate and the window. Read the ratio beside it, and never "
        "compare values of other programs.",
        ("Lempel & Ziv 1976 IEEE Trans Inf Theory 22:75", "Farnes 2020 PLoS ONE 15:e0242056"),
        ("lzc_*",),
    ),
    MetricDescription(
        "lzc_ratio",
        "Lempel-Ziv complexity over its surrogates'",
        "1",
        "the same divided by its mean over ten signals with the same spectrum and random phases",
        "No depth of consciousness: it only says how much of the complexity the spectrum does not explain.",
        ("Li & Mashour 2019 NeuroImage 196:32",),
        ("lzc_ratio_*",),
    ),
)


def describe_feature(feature: Feature) -> MetricDescription:
    """Return the card of one feature of one region.

    Examples
    --------
    >>> describe_feature(FEATURES["theta_frontal"]).columns
    ('ln_theta_frontal',)
    """
    kind = FEATURE_KIND_DESCRIPTIONS[feature.kind]
    return MetricDescription(
        feature.name,
        feature.description,
        feature.unit,
        kind.formula,
        kind.is_not,
        kind.references,
        (feature.column,),
    )


FEATURE_DESCRIPTIONS: tuple[MetricDescription, ...] = (
    *(describe_feature(feature) for feature in FEATURES.values()),
    *COMPLEXITY_DESCRIPTIONS,
)
