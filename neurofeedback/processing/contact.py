"""Contact of each electrode in words, from the gate's reasons over the last seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.types import Contact, Verdict

REASONS: dict[str, str] = {
    "lost": "no signal",
    "flat": "flat: no skin contact",
    "railed": "railed: at the end of its range",
    "broken": "broken electrode",
    "mains": "mains hum",
    "noisy": "noisy",
    "muscle": "muscle",
    "pop": "moving",
    "wide": "moving",
    "blink": "eye movement",
    "settling": "settling",
}
"""What a person reads for each reason of the gate, the most telling first."""

_LISTED_SHARE = 0.25


def judge_contact(ch_name: str, shares: dict[str, float], bad_share: float, *, bad: bool) -> Contact:
    """Verdict for one channel.

    Parameters
    ----------
    shares : dict
        For each reason, the share of the last seconds' blocks it held in.
    bad_share : float
        Share of blocks with any reason.
    bad : bool
        The gate has taken the channel out.
    """
    reasons = tuple(REASONS[name] for name in REASONS if shares.get(name, 0.0) >= _LISTED_SHARE)
    if bad:
        return Contact(ch_name, Verdict.BAD, tuple(dict.fromkeys(reasons)) or ("noisy",))
    if bad_share >= _LISTED_SHARE:
        return Contact(ch_name, Verdict.FAIR, tuple(dict.fromkeys(reasons)) or ("moving",))
    return Contact(ch_name, Verdict.GOOD)


def share_of_blocks(flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of true values over the last axis."""
    return flags.mean(axis=-1)
