"""What is true of a sitting at one moment, and what each channel shows of it: sound, picture, words and facts.

Every screen takes its words and its picture from ``CHANNELS``, so that no two of them contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from neurofeedback.texts import session as texts
from neurofeedback.types import Phase, State


class Situation(StrEnum):
    """What is true of a sitting at one moment."""

    CONNECTING = "connecting"
    LOST = "lost"
    PAUSED = "paused"
    SETTLE = "settle"
    SETTLE_WITHOUT_FEEDBACK = "settle without feedback"
    BASELINE = "baseline"
    FOCUS = "focus"
    WANDER = "wander"
    UNCLEAR = "unclear"
    NO_CONFIDENCE = "no confidence"
    REST = "rest"
    TRANSFER = "transfer"
    WITHOUT_FEEDBACK = "without feedback"
    DEBRIEF = "debrief"


class Sound(StrEnum):
    """What the guide tone does."""

    FOLLOWS = "follows"
    NEUTRAL = "neutral"
    OFF = "off"


class Picture(StrEnum):
    """What the picture shows."""

    FOLLOWS = "follows"
    STILL = "still"
    MIST = "mist"


@dataclass(frozen=True, slots=True)
class Channels:
    """What sound, picture, words and facts are in one situation.

    Parameters
    ----------
    words, plain_words : str
        Guidance with and without the water picture.
    facts : str
        Why sound and picture do not follow; empty where they do, or where the words say so.
    """

    sound: Sound
    picture: Picture
    words: str
    plain_words: str
    facts: str = ""


def _same(sound: Sound, picture: Picture, words: str, facts: str = "") -> Channels:
    return Channels(sound, picture, words, words, facts)


CHANNELS: Mapping[Situation, Channels] = {
    Situation.CONNECTING: _same(Sound.OFF, Picture.STILL, texts.WAITING_FOR_SIGNAL),
    Situation.LOST: _same(Sound.OFF, Picture.MIST, texts.HEADSET_LOST, texts.NOT_FOLLOWING_LOST),
    Situation.PAUSED: _same(Sound.OFF, Picture.STILL, texts.GUIDANCE["pause"], texts.NOT_FOLLOWING_PAUSED),
    Situation.SETTLE: _same(Sound.OFF, Picture.STILL, texts.GUIDANCE["settle"], texts.NOT_FOLLOWING_YET),
    Situation.SETTLE_WITHOUT_FEEDBACK: _same(
        Sound.OFF, Picture.STILL, texts.GUIDANCE["settle"], texts.NOT_FOLLOWING_PRACTICE
    ),
    Situation.BASELINE: _same(Sound.OFF, Picture.STILL, texts.GUIDANCE["baseline"], texts.NOT_FOLLOWING_YET),
    Situation.FOCUS: Channels(
        Sound.FOLLOWS, Picture.FOLLOWS, texts.STATES["FOCUS"], texts.STATES_WITHOUT_WATER["FOCUS"]
    ),
    Situation.WANDER: Channels(
        Sound.FOLLOWS, Picture.FOLLOWS, texts.STATES["WANDER"], texts.STATES_WITHOUT_WATER["WANDER"]
    ),
    Situation.UNCLEAR: Channels(
        Sound.NEUTRAL,
        Picture.MIST,
        texts.STATES["UNKNOWN"],
        texts.STATES_WITHOUT_WATER["UNKNOWN"],
        texts.NOT_FOLLOWING_UNCLEAR,
    ),
    Situation.NO_CONFIDENCE: _same(
        Sound.NEUTRAL, Picture.STILL, texts.GUIDANCE["practice"], texts.NOT_FOLLOWING_NO_CONFIDENCE
    ),
    Situation.REST: _same(Sound.OFF, Picture.STILL, texts.GUIDANCE["rest"], texts.NOT_FOLLOWING_PART),
    Situation.TRANSFER: _same(Sound.OFF, Picture.STILL, texts.GUIDANCE["transfer"], texts.NOT_FOLLOWING_PART),
    Situation.WITHOUT_FEEDBACK: _same(
        Sound.OFF, Picture.STILL, texts.GUIDANCE["without_feedback"], texts.NOT_FOLLOWING_PRACTICE
    ),
    Situation.DEBRIEF: _same(Sound.OFF, Picture.STILL, texts.GUIDANCE["debrief"]),
}
"""The truth of each situation in each channel."""

_PHASES = {
    Phase.SETTLE: Situation.SETTLE,
    Phase.BASELINE: Situation.BASELINE,
    Phase.REST: Situation.REST,
    Phase.TRANSFER: Situation.TRANSFER,
    Phase.DEBRIEF: Situation.DEBRIEF,
    Phase.PAUSE: Situation.PAUSED,
}
_WITHOUT_FEEDBACK = {
    Phase.SETTLE: Situation.SETTLE_WITHOUT_FEEDBACK,
    Phase.TRANSFER: Situation.WITHOUT_FEEDBACK,
}
_STATES = {State.FOCUS: Situation.FOCUS, State.WANDER: Situation.WANDER, State.UNKNOWN: Situation.UNCLEAR}


def situation(
    phase: Phase | None,
    state: State | None,
    *,
    lost_s: float = 0.0,
    paused: bool = False,
    confidence: float | None = None,
    without_feedback: bool = False,
) -> Situation:
    """Return what is true at a moment.

    Parameters
    ----------
    state : State, optional
        State of the latest frame; None before the first.
    lost_s : float
        Time without any sample, s.
    confidence : float, optional
        Confidence in the index, 0 to 1; None if it is unknown.
    without_feedback : bool
        The whole practice has no feedback.

    Examples
    --------
    >>> situation(Phase.PRACTICE, State.FOCUS, confidence=0.3), situation(Phase.PRACTICE, State.FOCUS, confidence=0.0)
    (<Situation.FOCUS: 'focus'>, <Situation.NO_CONFIDENCE: 'no confidence'>)
    """
    if state is State.LOST or lost_s > 0:
        return Situation.LOST
    if phase is None:
        return Situation.CONNECTING
    if paused:
        return Situation.PAUSED
    if without_feedback and phase in _WITHOUT_FEEDBACK:
        return _WITHOUT_FEEDBACK[phase]
    if phase is not Phase.PRACTICE:
        return _PHASES[phase]
    found = _STATES[state] if state is not None else Situation.NO_CONFIDENCE
    return Situation.NO_CONFIDENCE if confidence == 0 and found is not Situation.UNCLEAR else found
