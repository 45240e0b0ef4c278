"""Effects of guidance on a simulated meditator: duration of wandering, beta, and learning over sessions."""

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
"""Correlation of the true state with guidance that follows it at once, smoothed by 1 s."""

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class FeedbackResponse:
    """How a person responds to the level of the guide tone, 0 to 1.

    Parameters
    ----------
    eta : float
        The hazard of returning from wandering is multiplied by 1 + eta times the tone level; 0 is no response.
    delay_s : float
        From the level to its effect, s.
    arousal : float
        What the full level adds to beta, SDs of the feature.
    learning : float
        Growth of the mean stay in focus, and of eta, from one session to the next with ideal guidance.
    """

    eta: float = 0.0
    delay_s: float = 1.5
    arousal: float = 0.1
    learning: float = 0.0

    @property
    def responds(self) -> bool:
        """Whether guidance has any effect."""
        return self.eta != 0.0 or self.arousal != 0.0


NO_RESPONSE = FeedbackResponse(arousal=0.0)
RESPONSES: Mapping[str, FeedbackResponse] = {
    "none": NO_RESPONSE,
    "responder": FeedbackResponse(eta=0.8, learning=0.02),
    "non-responder": FeedbackResponse(),
    "distracted": FeedbackResponse(eta=-0.3),
}


def apply_learning(person: Person, response: FeedbackResponse, correlation: float) -> tuple[Person, FeedbackResponse]:
    """Return person and response at the next session, after one with this quality of guidance.

    Parameters
    ----------
    correlation : float
        Correlation of the tone level with wandering in the session. Growth is in proportion to it, and 0 where it is
        not positive.

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

    With a factor of 1 it lasts exactly as planned.

    Parameters
    ----------
    planned_s, shortest_s : float
        Duration without any change of the hazard, and minimum duration, s.
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
        """Advance to this age (s) with the hazard times ``factor``; return the age at its end, or None."""
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
