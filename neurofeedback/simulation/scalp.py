"""Gains of each source at each electrode, from channel names and the montage's reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.settings import Montage

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ElectrodeSite:
    """One electrode: rms of its 1/f background (2 to 40 Hz, uV) and gains of all other sources.

    ``eye`` is the gain of an eye movement to the left; electrodes on the right have the opposite sign.
    ``mains_uv`` is the range of the mains amplitude.
    """

    aperiodic_uv: float
    alpha: float
    theta: float
    beta: float
    blink: float
    eye: float
    muscle: float
    drift: float = 1.0
    mains_uv: tuple[float, float] = (2.0, 20.0)


# With Fpz as reference blinks are inverted: large behind the ears, small on the forehead (Muse recordings).
FPZ_REFERENCE: Mapping[str, ElectrodeSite] = {
    "TP9": ElectrodeSite(6.0, 1.0, 0.6, 0.8, blink=1.0, eye=0.3, muscle=1.0, mains_uv=(20.0, 40.0)),
    "TP10": ElectrodeSite(6.0, 1.0, 0.6, 0.8, blink=1.0, eye=0.3, muscle=1.0, mains_uv=(5.0, 15.0)),
    "AF7": ElectrodeSite(4.3, 0.3, 1.0, 0.8, blink=-0.1, eye=1.0, muscle=0.5, drift=0.5, mains_uv=(1.0, 4.0)),
    "AF8": ElectrodeSite(4.5, 0.3, 1.0, 0.8, blink=-0.2, eye=1.0, muscle=0.5, drift=0.5, mains_uv=(1.0, 4.0)),
}

# Ear reference, by lobe: the first pattern that matches the channel's name.
EAR_REFERENCE: tuple[tuple[str, ElectrodeSite], ...] = (
    (r"(Fp|AF)", ElectrodeSite(7.0, 0.3, 0.9, 0.8, blink=1.0, eye=0.8, muscle=0.8)),
    (r"Fz", ElectrodeSite(7.0, 0.3, 1.0, 0.8, blink=1.0, eye=0.0, muscle=0.4)),
    (r"F", ElectrodeSite(7.0, 0.3, 1.0, 0.8, blink=0.9, eye=0.6, muscle=0.5)),
    (r"(T|TP)\d", ElectrodeSite(6.0, 0.5, 0.6, 0.8, blink=0.2, eye=0.3, muscle=1.0)),
    (r"C", ElectrodeSite(6.5, 0.6, 0.8, 0.8, blink=0.3, eye=0.1, muscle=0.3)),
    (r"P", ElectrodeSite(7.0, 1.0, 0.6, 0.8, blink=0.1, eye=0.05, muscle=0.3)),
    (r"O", ElectrodeSite(8.0, 1.0, 0.6, 0.8, blink=0.1, eye=0.0, muscle=0.5)),
    (r"", ElectrodeSite(6.5, 0.6, 0.8, 0.8, blink=0.3, eye=0.1, muscle=0.5)),
)


def site_of(ch_name: str, reference: str) -> ElectrodeSite:
    """Return the site of one channel; unknown names get average gains.

    Examples
    --------
    >>> site_of("TP9", "Fpz").blink, site_of("Fz", "ear").blink, site_of("O1", "ear").alpha
    (1.0, 1.0, 1.0)
    """
    if reference == "Fpz" and ch_name in FPZ_REFERENCE:
        return FPZ_REFERENCE[ch_name]
    return next(site for pattern, site in EAR_REFERENCE if re.match(pattern, ch_name, re.IGNORECASE))


def side_of(ch_name: str) -> int:
    """Return 1 for an electrode on the left (odd number), -1 on the right, 0 on the midline.

    Examples
    --------
    >>> side_of("AF7"), side_of("AF8"), side_of("TP10"), side_of("Fz")
    (1, -1, -1, 0)
    """
    number = re.search(r"\d+$", ch_name)
    if number is None:
        return 0
    return 1 if int(number.group()) % 2 else -1


@dataclass(frozen=True, slots=True, eq=False)
class ScalpGains:
    """The sites of a montage as columns, each of shape (n_channels, 1)."""

    aperiodic_uv: NDArray[np.float64]
    alpha: NDArray[np.float64]
    theta: NDArray[np.float64]
    beta: NDArray[np.float64]
    blink: NDArray[np.float64]
    eye: NDArray[np.float64]
    muscle: NDArray[np.float64]
    drift: NDArray[np.float64]
    mains_low_uv: NDArray[np.float64]
    mains_high_uv: NDArray[np.float64]


def scalp_of(montage: Montage) -> ScalpGains:
    """Return the gains of all channels of a montage."""
    sites = [site_of(name, montage.reference) for name in montage.ch_names]
    sides = [side_of(name) for name in montage.ch_names]
    return ScalpGains(
        aperiodic_uv=_column([site.aperiodic_uv for site in sites]),
        alpha=_column([site.alpha for site in sites]),
        theta=_column([site.theta for site in sites]),
        beta=_column([site.beta for site in sites]),
        blink=_column([site.blink for site in sites]),
        eye=_column([site.eye * side for site, side in zip(sites, sides, strict=True)]),
        muscle=_column([site.muscle for site in sites]),
        drift=_column([site.drift for site in sites]),
        mains_low_uv=_column([site.mains_uv[0] for site in sites]),
        mains_high_uv=_column([site.mains_uv[1] for site in sites]),
    )


def _column(values: list[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)[:, None]
