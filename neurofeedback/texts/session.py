"""What a meditator reads, in plain and kind words: the same in the window and in the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from neurofeedback.types import INDEX_NAME, ChannelContact, ContactLevel, Phase, State

INDEX_MEANING = "compared with your own baseline; 50 is its middle"
DISCLAIMER = (
    "This program shows an experimental EEG-derived index. In group studies similar measures differ, on average "
    "and weakly, between reported mind-wandering and breath focus; for an individual the relation may be absent or "
    "reversed until the program has learned from your own answers, and may stay so after learning. Before your "
    "answers it points the wrong way for one in five to one in two people. It does not measure the default mode "
    "network, diagnose or treat any condition. Controlled trials of consumer neurofeedback for meditation show at "
    "most small benefits over control. Muscle tension, drowsiness, poor contact and medication change the index."
)
STOP_ADVICE = (
    "It is not a medical device. If a sitting brings distress, or a feeling of being cut off from yourself or the "
    "world, stop: open your eyes, move, and talk to someone you trust."
)

_PHASES = {
    Phase.SETTLE: "Settling in",
    Phase.BASELINE: "Baseline",
    Phase.PRACTICE: "Practice",
    Phase.REST: "Rest",
    Phase.TRANSFER: "Without feedback",
    Phase.DEBRIEF: "Coming back",
    Phase.PAUSE: "Paused",
}
_GUIDANCE = {
    Phase.SETTLE: "Make yourself comfortable. Let the eyes close.",
    Phase.BASELINE: "Rest with the breath. The program learns what is usual for you today.",
    Phase.PRACTICE: "Stay with the breath.",
    Phase.REST: "Let go for a while. Nothing follows you now.",
    Phase.TRANSFER: "Sound and picture do not follow you now. Stay with the breath.",
    Phase.DEBRIEF: "The sitting is over. Come back in your own time.",
    Phase.PAUSE: "Paused. Nothing counts until you go on.",
}
_STATES = {
    State.FOCUS: "Calm water. Stay with the breath.",
    State.WANDER: "Ripples. When you notice, come back to the breath.",
    State.UNKNOWN: "Mist: the signal is not clear enough to judge. There is nothing you need to do.",
}
_STATES_WITHOUT_WATER = {
    State.FOCUS: "Stay with the breath.",
    State.WANDER: "When you notice, come back to the breath.",
    State.UNKNOWN: "The signal is not clear enough to judge. There is nothing you need to do.",
}
SEARCHING_HEADSET = "Headset lost; looking for it."
_LOST = "Nothing arrives from the headset. It is being looked for; what was recorded is kept."
_CONTACT_SYMBOLS = {ContactLevel.GOOD: "●", ContactLevel.FAIR: "◐", ContactLevel.BAD: "○"}


def phase_label(phase: Phase | None) -> str:
    """Name of a phase, or of the time before the first.

    Examples
    --------
    >>> phase_label(Phase.TRANSFER)
    'Without feedback'
    """
    return "Connecting" if phase is None else _PHASES[phase]


def guidance_text(phase: Phase | None, state: State | None, lost_s: float = 0.0, *, water: bool = True) -> str:
    """One calm sentence about what is going on.

    Parameters
    ----------
    lost_s : float
        How long nothing has arrived, s.
    water : bool
        The picture is the water, so the words may speak of it.

    Examples
    --------
    >>> guidance_text(Phase.PRACTICE, State.FOCUS, water=False)
    'Stay with the breath.'
    """
    if state is State.LOST or lost_s > 0:
        return _LOST
    if phase is None:
        return "Waiting for the first signal from the headset."
    if phase is Phase.PRACTICE and state is not None:
        return (_STATES if water else _STATES_WITHOUT_WATER)[state]
    return _GUIDANCE[phase]


def index_source_text(index_name: str, n_answers: int, *, learns_live: bool) -> str:
    """One sentence about what the guidance follows, and whether the person's own answers are in it.

    Examples
    --------
    >>> index_source_text(INDEX_NAME, 42, learns_live=False)
    'The guidance follows what your own 42 answers have taught so far.'
    """
    if index_name != INDEX_NAME:
        return f"The guidance follows your {index_name}; answers do not change it."
    taught = "answer has taught" if n_answers == 1 else f"{n_answers} answers have taught"
    followed = f"your own {taught} so far" if n_answers else "group studies found on average"
    refined = "; each new answer refines it" if learns_live else ""
    return f"The guidance follows what {followed}{refined}."


def format_clock(seconds: float) -> str:
    """Time as minutes and seconds; endless time as a dash.

    Examples
    --------
    >>> format_clock(725.4), format_clock(float("inf"))
    ('12:05', '–')
    """
    if not isfinite(seconds):
        return "–"
    whole = max(0, int(seconds + 0.5))
    return f"{whole // 60}:{whole % 60:02d}"


def format_duration(seconds: float) -> str:
    """Length of a sitting as one says it.

    Examples
    --------
    >>> format_duration(1200), format_duration(90), format_duration(31)
    ('20 minutes', '1 minute 30 seconds', '31 seconds')
    """
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if minutes >= 10 or not rest:
        minutes, rest = round(seconds / 60), 0
    parts = (_with_plural(minutes, "minute"), _with_plural(rest, "second"))
    return " ".join(part for part in parts if part) or "0 seconds"


def _with_plural(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def format_percent(share: float) -> str:
    """Share in percent, or ``n/a``."""
    return f"{100 * share:.0f} %" if isfinite(share) else "n/a"


def format_index(mwi: float) -> str:
    """Return the index as a whole number, or that it is not known."""
    return f"{mwi:.0f}" if isfinite(mwi) else "unknown"


def contact_symbol(contact: ChannelContact) -> str:
    """Electrode as a filled, half or empty dot and its name: told apart without colour."""
    return f"{_CONTACT_SYMBOLS[contact.level]} {contact.ch_name}"


def contact_text(contacts: Iterable[ChannelContact], limit: int = 3) -> str:
    """Why contact is not good, in words, for at most ``limit`` electrodes.

    Examples
    --------
    >>> contact_text([ChannelContact("TP9", ContactLevel.GOOD), ChannelContact("AF7", ContactLevel.FAIR, ("muscle",))])
    'AF7: muscle'
    """
    listed = tuple(contacts)
    poor = [c for c in listed if c.level is not ContactLevel.GOOD]
    if not poor:
        return "Good contact everywhere." if listed else "Waiting for contact."
    told = [f"{c.ch_name}: {', '.join(c.reasons) or c.level}" for c in poor[:limit]]
    more = f" · and {len(poor) - limit} more" if len(poor) > limit else ""
    return " · ".join(told) + more
