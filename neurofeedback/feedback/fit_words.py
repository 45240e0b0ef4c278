"""What a person reads while putting a headset on: how far it is, and what would help."""

from __future__ import annotations

from collections import Counter

from neurofeedback.types import Electrode, Fit, Verdict

BEGUN_ANYWAY = "begun before contact was good enough"
_HELP = {
    "no signal": "Bring the headset nearer, and see that it is switched on.",
    "flat: no skin contact": "Press the electrode to the skin and move hair aside; a drop of water helps.",
    "railed: at the end of its range": "Press the electrode to the skin; check its cable and the reference.",
    "broken electrode": "Press the electrode to the skin; if it stays so, it or its cable may be broken.",
    "mains hum": "Move away from chargers and cables, and wet the electrode a little.",
    "muscle": "Let jaw and forehead go soft.",
    "moving": "Hold still for a moment.",
    "drifting": "Give it a minute to settle on the skin.",
}


def reason_words(electrode: Electrode) -> str:
    """Say in short why contact is not good, or that it is.

    Examples
    --------
    >>> from neurofeedback.types import Contact
    >>> reason_words(Electrode(Contact("TP9", Verdict.FAIR, ("mains hum",)), 1.2, 71.3, 9.0, 0.0))
    'mains hum, 71 µV'
    """
    contact = electrode.contact
    if not contact.reasons:
        return "good"
    amount = f", {electrode.mains_uv:.0f} µV" if contact.reasons[0] == "mains hum" else ""
    return contact.reasons[0] + amount


def fit_words(fit: Fit | None, lost_s: float = 0.0) -> str:
    """Say how far the fit is, in one calm sentence; ``lost_s`` is how long nothing has arrived (s)."""
    if lost_s > 0:
        return "Nothing arrives from the headset."
    if fit is None:
        return "Waiting for the first signal."
    if all(electrode.contact.verdict is Verdict.GOOD for electrode in fit.electrodes) and fit.everywhere:
        return "Good contact everywhere."
    counted = f"{sum(fit.steady)} of {len(fit.steady)} electrodes sit well"
    if fit.everywhere:
        return "Good enough everywhere."
    if not fit.enough and all(electrode.contact.verdict is not Verdict.BAD for electrode in fit.electrodes):
        return "Looking good so far."
    return f"Good enough: {counted}." if fit.enough else f"Not yet: {counted}."


def help_words(fit: Fit | None) -> str:
    """Say what would help most of the electrodes that do not sit well; empty when nothing would."""
    if fit is None:
        return ""
    worst: Counter[str] = Counter()
    for electrode, steady in zip(fit.electrodes, fit.steady, strict=True):
        if not steady:
            worst.update(electrode.contact.reasons[:1])
    return _HELP.get(worst.most_common(1)[0][0], "") if worst else ""


def fit_record(fit: Fit) -> str:
    """Say for the recording how a headset sat when the sitting began.

    Examples
    --------
    >>> from neurofeedback.types import Contact
    >>> bad = Electrode(Contact("TP9", Verdict.BAD, ("muscle",)), 2.5, 0.0, 9.0, 0.0)
    >>> fit_record(Fit((bad,), (0.0,), (False,), everywhere=False, enough=False))
    'begun before contact was good enough; TP9: muscle'
    """
    poor = [
        f"{electrode.contact.ch_name}: {reason_words(electrode)}"
        for electrode, steady in zip(fit.electrodes, fit.steady, strict=True)
        if not steady
    ]
    how = "good everywhere" if fit.everywhere else "good enough" if fit.enough else BEGUN_ANYWAY
    return "; ".join([how, *poor])
