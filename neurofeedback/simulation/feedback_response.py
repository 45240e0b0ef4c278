"""What guidance does to a simulated meditator: wandering ends sooner or later, beta rises, and practice adds up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc, gammainccinv

from neurofeedback.simulation.population import Person

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

IDEAL_CORRELATION = 0.96
"""Correlation of the true state with guidance that follows it at once, smoothed by nothing but the level's second."""

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class FeedbackResponse:
    """How a person responds to the level of the guide tone, 0 to 1.

    Parameters
    ----------
    eta : float
        The hazard of returning from wandering is multiplied by 1 + eta times the level heard; 0 does not respond.
    delay_s : float
        From the level to its effect, s.
    arousal : float
        What the full level adds to beta, spreads.
    learning : float
        Growth of the mean stay in focus, and of eta, from one session to the next with ideal guidance.
    """

    eta: float = 0.0
    delay_s: float = 1.5
    arousal: float = 0.1
    learning: float = 0.0

    @property
    def responds(self) -> bool:
        """Whether guidance changes anything."""
        return self.eta != 0.0 or self.arousal != 0.0


NO_RESPONSE = FeedbackResponse(arousal=0.0)
RESPONSES: Mapping[str, FeedbackResponse] = {
    "none": NO_RESPONSE,
    "responder": FeedbackResponse(eta=0.8, learning=0.02),
    "non-responder": FeedbackResponse(),
    "distracted": FeedbackResponse(eta=-0.3),
}


def apply_learning(person: Person, response: FeedbackResponse, correlation: float) -> tuple[Person, FeedbackResponse]:
    """Return who comes to the next session, after one whose guidance went so closely with the true state.

    Parameters
    ----------
    correlation : float
        Of the level heard with wandering over the session; growth is in proportion to it, and a tone that tells
        nothing, or the wrong thing, teaches nothing.

    Examples
    --------
    >>> person, response = apply_learning(Person(), RESPONSES["responder"], IDEAL_CORRELATION)
    >>> round(person.dwell.focus_s, 1), round(response.eta, 3)
    (40.8, 0.816)
    """
    growth = float(learning_growth(response.learning, correlation))
    dwell = replace(person.dwell, focus_s=person.dwell.focus_s * growth)
    return replace(person, dwell=dwell), replace(response, eta=response.eta * growth)


def learning_growth(learning: ArrayLike, correlation: ArrayLike) -> NDArray[np.float64]:
    """Return the factor by which the stay in focus grows until the next session; see ``apply_learning``."""
    return 1.0 + np.asarray(learning) * np.maximum(correlation, 0.0) / IDEAL_CORRELATION


class StayModel:
    """A Gamma-distributed stay in one state whose hazard is multiplied while it lasts.

    A stay that nothing multiplies lasts exactly as long as planned.

    Parameters
    ----------
    planned_s, shortest_s : float
        How long it lasts if left alone, and at least, s.
    shape, mean_s : float
        The Gamma distribution it was drawn from.
    """

    def __init__(self, planned_s: float, *, shape: float, mean_s: float, shortest_s: float) -> None:
        self._planned_s = planned_s
        self._shape = shape
        self._scale_s = mean_s / shape
        self._shortest_s = shortest_s
        self._hazard_at_end = self._hazard(planned_s)
        self._extra_hazard = 0.0
        self._age_s = 0.0

    def update(self, until_s: float, factor: float) -> float | None:
        """Let it last to this age (s) with its hazard multiplied; return the age at which it ended, if it did."""
        before, after = self._hazard(self._age_s), self._hazard(until_s)
        left = self._hazard_at_end - before - self._extra_hazard
        extra = (factor - 1.0) * (after - before)
        if (self._extra_hazard or extra) and factor * (after - before) >= left:
            return max(self._age_at(before + max(left, 0.0) / factor), self._shortest_s, self._age_s)
        if not (self._extra_hazard or extra) and until_s >= self._planned_s:
            return self._planned_s
        self._extra_hazard += extra
        self._age_s = until_s
        return None

    def _hazard(self, age_s: float) -> float:
        """Return the cumulative hazard at an age."""
        return -math.log(max(float(gammaincc(self._shape, age_s / self._scale_s)), _TINY))

    def _age_at(self, hazard: float) -> float:
        return float(gammainccinv(self._shape, math.exp(-hazard))) * self._scale_s
