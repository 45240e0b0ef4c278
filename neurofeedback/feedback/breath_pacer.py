"""The breath pacer: how far a breath is at a time, for picture and sound."""

from __future__ import annotations

import math
from dataclasses import dataclass

INHALE_SHARE = 0.4
"""Share of each breath that is breathing in; breathing out takes longer."""
LEAD_S = 4.0
"""Time from the start of a paced segment to its first breath, s."""


@dataclass(frozen=True, slots=True)
class Breath:
    """A moment of a paced breath.

    Parameters
    ----------
    inhaling : bool
        Whether it is the time to breathe in.
    fill : float
        How full the lungs are meant to be, 0 to 1.
    """

    inhaling: bool
    fill: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the breath: what begins there.

    Parameters
    ----------
    inhaling : bool
        Whether breathing in begins, or breathing out.
    length_s : float
        How long it lasts, s.
    """

    inhaling: bool
    length_s: float


def turn_to(inhaling: bool, breaths_per_min: float) -> Turn:
    """Return the turn at which breathing in or out begins, at a pace in breaths a minute.

    Examples
    --------
    >>> turn_to(True, 6.0), turn_to(False, 6.0)
    (Turn(inhaling=True, length_s=4.0), Turn(inhaling=False, length_s=6.0))
    """
    share = INHALE_SHARE if inhaling else 1 - INHALE_SHARE
    return Turn(inhaling, 60 / breaths_per_min * share)


def breath_at(elapsed_s: float, breaths_per_min: float) -> Breath | None:
    """Return the breath at a time of a paced segment; None before the first breath.

    The filling follows half a cosine in each direction, so that its speed is 0 at every turn.

    Parameters
    ----------
    elapsed_s : float
        Time since the start of the segment without pauses, s.
    breaths_per_min : float
        Pace, breaths a minute.

    Examples
    --------
    >>> [round(breath.fill, 2) for at_s in (4.0, 6.0, 8.0, 11.0) if (breath := breath_at(at_s, 6.0))]
    [0.0, 0.5, 1.0, 0.5]
    """
    if elapsed_s < LEAD_S:
        return None
    share = math.fmod((elapsed_s - LEAD_S) * breaths_per_min / 60, 1.0)
    if share < INHALE_SHARE:
        return Breath(inhaling=True, fill=(1 - math.cos(math.pi * share / INHALE_SHARE)) / 2)
    out = (share - INHALE_SHARE) / (1 - INHALE_SHARE)
    return Breath(inhaling=False, fill=(1 + math.cos(math.pi * out)) / 2)
