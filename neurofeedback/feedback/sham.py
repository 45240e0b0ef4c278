"""Sham feedback: another index series takes the place of the wearer's own, everything else stays the wearer's.

Pure. The series is a donor's would-be index (yoked sham) or a surrogate of the wearer's own run-in. Confidence, mapping
and slew limits, held frames, UNKNOWN and LOST are the wearer's in both arms, so that neutral time cannot show the arm.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.rules import JUDGED_STATES, FeedbackRules, OwnFrame, StateUpdate
from neurofeedback.settings.model import Settings
from neurofeedback.types import PlayedFeedback


@dataclass(frozen=True, slots=True, eq=False)
class ShamSource:
    """The series that can be played in place of the wearer's own index.

    Parameters
    ----------
    u : ndarray, shape (n_frames,)
        Index in baseline spreads, one value for each frame of guided time; finite.
    selected : bool
        Whether it is played. With False it is computed in the same way and then not used.
    """

    u: NDArray[np.float64]
    selected: bool = field(repr=False)

    def __post_init__(self) -> None:
        if self.u.ndim != 1 or not len(self.u) or not np.isfinite(self.u).all():
            raise ValueError("a sham series needs one finite value for each frame")


def donor_series(u: NDArray[np.float64], guided: NDArray[np.bool_], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return a donor's would-be index over guided time ``(n_guided,)``, with the donor's gaps filled.

    Parameters
    ----------
    u : ndarray, shape (n_frames,)
        The donor's smoothed index in baseline spreads; NaN without one.
    guided : ndarray, shape (n_frames,)
        Whether a frame belongs to practice, without pauses and questions.
    valid : ndarray, shape (n_frames,)
        Whether the index could be computed; other frames are filled along a line.

    Raises
    ------
    ValueError
        No guided frame is valid.

    Examples
    --------
    >>> nan = np.nan
    >>> donor_series(np.array([9, 1, nan, 5, 3.0]), np.array([0, 1, 1, 0, 1], bool), np.array([1, 1, 0, 1, 1], bool))
    array([1., 2., 3.])
    """
    values, usable = u[guided], valid[guided] & np.isfinite(u[guided])
    if not usable.any():
        raise ValueError("no guided frame is valid")
    places = np.arange(len(values))
    return np.interp(places, places[usable], values[usable])


def surrogate_series(u: NDArray[np.float64], seed: int, *, max_iterations: int = 200) -> NDArray[np.float64]:
    """Return a surrogate of a series: the same values in another order, with nearly the same spectrum.

    Iterative amplitude-adjusted Fourier transform (Schreiber and Schmitz 1996, Phys Rev Lett 77:635), ending with the
    values, so that their distribution is exact.

    Parameters
    ----------
    u : ndarray, shape (n_frames,)
        The wearer's own run-in without feedback, with gaps filled.

    Examples
    --------
    >>> u = np.sin(np.arange(50.0))
    >>> bool((np.sort(surrogate_series(u, 1)) == np.sort(u)).all())
    True
    """
    amplitudes, values = np.abs(np.fft.rfft(u)), np.sort(u)
    surrogate = np.random.default_rng([seed, 0x5A44]).permutation(u)
    ranks = np.argsort(surrogate)
    for _ in range(max_iterations):
        spectrum = np.fft.rfft(surrogate)
        sizes = np.abs(spectrum)
        phases = np.divide(spectrum, sizes, out=np.ones_like(spectrum), where=sizes > 0)
        order = np.argsort(np.fft.irfft(amplitudes * phases, n=len(u)), kind="stable")
        surrogate[order] = values
        if np.array_equal(order, ranks):
            break
        ranks = order
    return surrogate


class ShamPlayer:
    """Plays a series by guided time, which stands still in frames without a valid index of the wearer's own.

    At an artifact of the wearer it steps back as the wearer's own index does, and goes on from there. During a question
    it goes on, as the sound of the wearer's own index does. At its end the series runs backwards and then forwards
    again, so that it never jumps.
    """

    def __init__(self, source: ShamSource, rollback_s: float, hop_s: float) -> None:
        self._u = source.u
        self._position = -1
        self._past: deque[int] = deque(maxlen=max(1, round(rollback_s / hop_s)))
        self._was_valid = False

    def update(self, *, guided: bool, valid: bool, gap: bool) -> float:
        """Return the index of one frame, in baseline spreads."""
        if valid and guided:
            self._position += 1
        elif not valid and self._was_valid and self._past and not gap:
            self._position = self._past[0]
        self._was_valid = valid
        self._past.append(self._position)
        return self._value(max(0, self._position))

    def _value(self, position: int) -> float:
        last = len(self._u) - 1
        place = position % (2 * last) if last else 0
        return float(self._u[min(place, 2 * last - place)])


class ShamFeedback:
    """Computes what is played from a sham series by the same rules as the feedback from the wearer's own index.

    Parameters
    ----------
    states : StateUpdate
        A new state machine with the session's settings.

    Attributes
    ----------
    rules : FeedbackRules
        Rules for the series; they need the same commands as those for the wearer's own index.
    """

    def __init__(self, source: ShamSource, settings: Settings, hop_s: float, states: StateUpdate) -> None:
        self._player = ShamPlayer(source, settings.index.artifact_rollback_s, hop_s)
        self.rules = FeedbackRules(settings, hop_s, states)

    def update(self, own: OwnFrame) -> PlayedFeedback:
        """Return the feedback of one frame."""
        guided = own.practising and not own.silenced
        u = self._player.update(guided=guided, valid=own.valid, gap=own.gap)
        judged = self.rules.update_state(u, valid=own.valid, usable=own.usable, lost=own.lost)
        return self.rules.update(u, judged if own.state in JUDGED_STATES else own.state, own)
