"""The size of an Athena's samples in BrainFlow before and after its correction of August 2026.

Up to 5.22.2 BrainFlow multiplied the 14-bit counts by 0.40293 and did not subtract their middle; since 5.23
microvolts = (count - 8192) * 1450 / 16383 (BrainFlow's pull requests 855 and 856).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from packaging.version import InvalidVersion, Version

from neurofeedback.errors import RecordingError

ATHENA = "MuseAthena"
"""BrainFlow's name of the board."""

SCALE_UV = 1450 / 16383
"""Microvolts per count."""

MIDDLE_COUNT = 8192
FIRST_CORRECT = Version("5.23")
OLD_SCALE = 0.40293040293040294

_LARGEST_UV = MIDDLE_COUNT * SCALE_UV


def has_old_scale(version: str) -> bool:
    """Return whether this version of BrainFlow gives an Athena's samples too large.

    Examples
    --------
    >>> has_old_scale("5.22.2"), has_old_scale("5.23.0"), has_old_scale("unknown")
    (True, False, False)
    """
    try:
        return Version(version) < FIRST_CORRECT
    except InvalidVersion:
        return False


def looks_old(values: NDArray[np.float64]) -> bool:
    """Return whether EEG values cannot be microvolts of an Athena, whose range is 725 uV to either side."""
    return bool(np.nanmax(np.abs(values), initial=0.0) > 1.001 * _LARGEST_UV)


def correct_scale(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the microvolts of values that BrainFlow scaled in the old way.

    Examples
    --------
    >>> correct_scale(np.array([8192, 8192 + 226]) * OLD_SCALE).round(2).tolist()
    [0.0, 20.0]
    """
    return (values / OLD_SCALE - MIDDLE_COUNT) * SCALE_UV


def check_version(version: str) -> str:
    """Return a version of BrainFlow as stated with a board's name.

    Raises
    ------
    RecordingError
        It is no version.
    """
    try:
        return str(Version(version))
    except InvalidVersion:
        raise RecordingError(
            "this is no version of BrainFlow", got=repr(version), allowed=f"such as {ATHENA}:5.22.2"
        ) from None
