"""What a person reads while putting a headset on: how far it is, and what would help."""

from __future__ import annotations

from collections import Counter

from neurofeedback.types import ContactLevel, ElectrodeQuality, HeadsetFit

STARTED_WITHOUT_GOOD_CONTACT = "begun before contact was good enough"
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


def contact_reason_text(electrode: ElectrodeQuality) -> str:
    """Say in short why contact is not good, or that it is.

    Examples
    --------
    >>> from neurofeedback.types import ChannelContact
    >>> contact = ChannelContact("TP9", ContactLevel.FAIR, ("mains hum",))
    >>> contact_reason_text(ElectrodeQuality(contact, 1.2, 71.3, 9.0, 0.0))
    'mains hum, 71 µV'
    """
    contact = electrode.contact
    if not contact.reasons:
        return "good"
    amount = f", {electrode.mains_uv:.0f} µV" if contact.reasons[0] == "mains hum" else ""
    return contact.reasons[0] + amount


def headset_fit_text(headset_fit: HeadsetFit | None, lost_s: float = 0.0) -> str:
    """Say how far the fit is, in one calm sentence; ``lost_s`` is how long nothing has arrived (s)."""
    if lost_s > 0:
        return "Nothing arrives from the headset."
    if headset_fit is None:
        return "Waiting for the first signal."
    if (
        all(electrode.contact.level is ContactLevel.GOOD for electrode in headset_fit.electrodes)
        and headset_fit.all_good
    ):
        return "Good contact everywhere."
    counted = f"{sum(headset_fit.acceptable)} of {len(headset_fit.acceptable)} electrodes sit well"
    if headset_fit.all_good:
        return "Good enough everywhere."
    if not headset_fit.good_enough and all(
        electrode.contact.level is not ContactLevel.BAD for electrode in headset_fit.electrodes
    ):
        return "Looking good so far."
    return f"Good enough: {counted}." if headset_fit.good_enough else f"Not yet: {counted}."


def contact_hint(headset_fit: HeadsetFit | None) -> str:
    """Say what would help most of the electrodes that do not sit well; empty when nothing would."""
    if headset_fit is None:
        return ""
    worst: Counter[str] = Counter()
    for electrode, steady in zip(headset_fit.electrodes, headset_fit.acceptable, strict=True):
        if not steady:
            worst.update(electrode.contact.reasons[:1])
    return _HELP.get(worst.most_common(1)[0][0], "") if worst else ""


def headset_fit_record(headset_fit: HeadsetFit) -> str:
    """Say for the recording how a headset sat when the sitting began.

    Examples
    --------
    >>> from neurofeedback.types import ChannelContact
    >>> bad = ElectrodeQuality(ChannelContact("TP9", ContactLevel.BAD, ("muscle",)), 2.5, 0.0, 9.0, 0.0)
    >>> headset_fit_record(HeadsetFit((bad,), (0.0,), (False,), all_good=False, good_enough=False))
    'begun before contact was good enough; TP9: muscle'
    """
    poor = [
        f"{electrode.contact.ch_name}: {contact_reason_text(electrode)}"
        for electrode, steady in zip(headset_fit.electrodes, headset_fit.acceptable, strict=True)
        if not steady
    ]
    how = (
        "good everywhere"
        if headset_fit.all_good
        else "good enough"
        if headset_fit.good_enough
        else STARTED_WITHOUT_GOOD_CONTACT
    )
    return "; ".join([how, *poor])
