"""Units of voltage in every spelling, and the unit that the size of values suggests. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALLOWED_UNITS = "V, mV, uV, nV"
_PREFIXES = {"": 1e6, "m": 1e3, "u": 1.0, "n": 1e-3}
_WORDS = {"micro": "u", "milli": "m", "nano": "n", "mikro": "u"}
_MICRO_SIGNS = dict.fromkeys(("µ", "μ", "\ufffd"), "u")  # micro sign, Greek mu, a byte that did not decode
_EEG_SD_UV = (0.3, 5000.0)
_MIN_VALUES = 32
_OTHER_QUANTITIES = frozenset(
    (  # noqa: SIM905 - one word after the other reads better
        "g mg m/s2 m/s^2 deg/s dps deg degree degrees °/s rad/s rad % percent s sec secs second seconds ms msec us "
        "millisecond milliseconds hz bpm kpa pa mmhg c °c celsius k ohm ohms kohm kohms Ω kω lux a ma ua na µt ut t "
        "gauss boolean bool code codes integer trigger px pixel pixels"
    ).split()
)


def scale_to_uv(unit: str) -> float | None:
    r"""Return microvolts per unit, or None if the text is empty or no unit of voltage that can be trusted.

    Examples
    --------
    >>> [scale_to_uv(unit) for unit in ("uV", "UV", "uVolts", "µV", "microvolts", "mV", "V", "nV")]
    [1.0, 1.0, 1.0, 1.0, 1.0, 1000.0, 1000000.0, 0.001]
    >>> [scale_to_uv(unit) for unit in ("", ".V", "mg", "%", "?V")]
    [None, None, None, None, None]
    """
    text = unit.strip().strip("()[]").strip()
    for sign, letter in _MICRO_SIGNS.items():
        text = text.replace(sign, letter)
    text = text.replace(" ", "").replace("_", "")
    lower = text.lower()
    for word, letter in _WORDS.items():
        if lower.startswith(word):
            lower = letter + lower[len(word) :]
    for ending in ("volts", "volt", "v"):
        if lower.endswith(ending) and lower[: -len(ending)] in _PREFIXES:
            return _PREFIXES[lower[: -len(ending)]]
    return None


def is_other_quantity(unit: str) -> bool:
    """Return whether a unit names a quantity other than voltage, such as ``mg``, ``%`` or ``seconds``.

    Examples
    --------
    >>> [is_other_quantity(unit) for unit in ("mg", "deg/s", "%", "seconds", "", "n/a", ".V", "uV")]
    [True, True, True, True, False, False, False, False]
    """
    text = unit.strip().strip("()[]").lower()
    return text in _OTHER_QUANTITIES


def judge_unit(data: NDArray[np.float64]) -> str | None:
    """Return the unit in which values have the size of EEG: ``uV``, ``mV`` or ``V``; None if none or several fit.

    The median over channels of the robust SD of sample differences and of values decides: EEG with its drifts lies
    between 0.3 and 5000 uV.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_samples)
        Values in the unknown unit; NaN is left out.

    Examples
    --------
    >>> values = 20 * np.sin(np.arange(1000.0))[np.newaxis]
    >>> judge_unit(values), judge_unit(values * 1e-6), judge_unit(values * 1e9)
    ('uV', 'V', None)
    """
    spread = _typical_spread(data)
    low, high = _EEG_SD_UV
    if spread is None:
        return None
    if low <= spread <= high:
        return "uV"
    return "V" if low <= spread * 1e6 <= high else None


def _typical_spread(data: NDArray[np.float64]) -> float | None:
    spreads = []
    for row in data:
        values = row[np.isfinite(row)]
        if values.size >= _MIN_VALUES:
            low, high = np.quantile(values, [0.16, 0.84])
            spreads.append((high - low) / 2)
    positive = [spread for spread in spreads if spread > 0]
    return float(np.median(positive)) if positive else None
