"""Which sentence describes phase, state, contact and headset fit; the sentences are in ``texts``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from neurofeedback.texts import headset_fit as fit_texts
from neurofeedback.texts import session as session_texts
from neurofeedback.texts.catalogue import english, tr
from neurofeedback.texts.contact import BROKEN, FLAT, MAINS, RAILED
from neurofeedback.types import (
    INDEX_NAME,
    LOW_BATTERY,
    ChannelContact,
    ContactLevel,
    ElectrodeQuality,
    HeadsetFit,
    Phase,
)

_PLACE_NAMES: Mapping[str, str] = {
    r"(TP|T|A|M)(\d+)": "ear",
    r"(FP|AF)(\d+)": "forehead",
    r"(O|PO|P)(\d+)": "back",
}
_AT_ONE_PLACE = frozenset({FLAT, RAILED, BROKEN})
"""Reasons that are mended at the electrode itself."""
_MAX_PLACES = 2


def phase_label(phase: Phase | None, practice: str = "") -> str:
    """Return the name of a phase, or of the time before the first.

    ``practice`` is the title of a practice that has no feedback as a whole; it is then the name of its main phase.

    Examples
    --------
    >>> phase_label(Phase.TRANSFER)
    'Without feedback'
    """
    if practice and phase is Phase.TRANSFER:
        return tr(practice)
    return tr(session_texts.CONNECTING if phase is None else session_texts.PHASES[phase])


def index_source_text(
    index_name: str, n_answers: int, *, learns_live: bool, trust: float = 1.0, translate: Callable[..., str] = tr
) -> str:
    """Return one sentence about what the guidance is based on; pass ``english`` for what is recorded.

    With a ``trust`` of 0 it says that the tone does not follow the index.

    Examples
    --------
    >>> index_source_text(INDEX_NAME, 42, learns_live=False)
    'How the tone reacts is based on studies of other people and on your own 42 answers.'
    """
    if trust == 0:
        return translate(session_texts.INDEX_SOURCE_NO_TRUST)
    if index_name != INDEX_NAME:
        return translate(session_texts.INDEX_SOURCE_OTHER, index_name=translate(index_name))
    if n_answers == 0:
        return translate(session_texts.INDEX_SOURCE_STUDIES_LIVE if learns_live else session_texts.INDEX_SOURCE_STUDIES)
    if n_answers == 1:
        return translate(
            session_texts.INDEX_SOURCE_ONE_ANSWER_LIVE if learns_live else session_texts.INDEX_SOURCE_ONE_ANSWER
        )
    template = session_texts.INDEX_SOURCE_ANSWERS_LIVE if learns_live else session_texts.INDEX_SOURCE_ANSWERS
    return translate(template, n_answers=n_answers)


def contact_symbol(contact: ChannelContact) -> str:
    """Return an electrode's name with a filled, half or empty dot, distinguishable without colour."""
    return f"{session_texts.CONTACT_SYMBOLS[contact.level]} {contact.ch_name}"


def contact_text(contacts: Iterable[ChannelContact], limit: int = 3) -> str:
    """Return why contact is not good, for at most ``limit`` electrodes.

    Examples
    --------
    >>> contact_text([ChannelContact("TP9", ContactLevel.GOOD), ChannelContact("AF7", ContactLevel.FAIR, ("muscle",))])
    'AF7: muscle'
    """
    listed = tuple(contacts)
    poor = [c for c in listed if c.level is not ContactLevel.GOOD]
    if not poor:
        return tr(session_texts.GOOD_CONTACT if listed else session_texts.WAITING_FOR_CONTACT)
    parts = [f"{c.ch_name}: {', '.join(map(tr, c.reasons)) or c.level}" for c in poor[:limit]]
    if len(poor) > limit:
        parts.append(tr(session_texts.MORE_ELECTRODES, count=len(poor) - limit))
    return " · ".join(parts)


def contact_reason_text(electrode: ElectrodeQuality, *, translate: Callable[..., str] = tr) -> str:
    """Return in short why contact is not good, or that it is; pass ``english`` for what is recorded.

    Examples
    --------
    >>> contact = ChannelContact("TP9", ContactLevel.FAIR, ("mains hum",))
    >>> contact_reason_text(ElectrodeQuality(contact, 1.2, 71.3, 9.0, 0.0))
    'mains hum, 71 µV'
    """
    reasons = electrode.contact.reasons
    if not reasons:
        return translate(fit_texts.REASON_GOOD)
    reason = translate(reasons[0])
    if reasons[0] == MAINS:
        return translate(fit_texts.REASON_WITH_AMOUNT, reason=reason, amount_uv=electrode.mains_uv)
    return reason


def headset_fit_text(headset_fit: HeadsetFit | None, lost_s: float = 0.0) -> str:
    """Return one sentence about the headset fit; ``lost_s`` is the time without any sample (s)."""
    if lost_s > 0:
        return tr(fit_texts.NO_SIGNAL)
    if headset_fit is None:
        return tr(fit_texts.WAITING_FOR_SIGNAL)
    levels = {electrode.contact.level for electrode in headset_fit.electrodes}
    if headset_fit.all_good:
        return tr(fit_texts.ALL_GOOD if levels <= {ContactLevel.GOOD} else fit_texts.ALL_GOOD_ENOUGH)
    if not headset_fit.good_enough and ContactLevel.BAD not in levels:
        return tr(fit_texts.IMPROVING)
    return tr(
        fit_texts.GOOD_ENOUGH if headset_fit.good_enough else fit_texts.NOT_YET,
        n_steady=sum(headset_fit.acceptable),
        n_electrodes=len(headset_fit.acceptable),
    )


def contact_hint(headset_fit: HeadsetFit | None) -> str:
    """Return the advice that helps most of the poor electrodes; empty without any."""
    reason = "" if headset_fit is None else main_contact_reason(headset_fit)
    if headset_fit is None or not reason:
        return ""
    hint, places = tr(fit_texts.HINTS.get(reason, "")), _poor_places(headset_fit, reason)
    if not hint or not places:
        return hint
    listed = ", ".join(places)
    return tr(fit_texts.HINT_AT, places=f"{listed[0].upper()}{listed[1:]}", hint=hint)


def _poor_places(headset_fit: HeadsetFit, reason: str) -> list[str]:
    """Return where the electrodes are that the skin contact of one or two is poor at; none where places do not help."""
    pairs = zip(headset_fit.electrodes, headset_fit.acceptable, strict=True)
    names = [one.contact.ch_name for one, good in pairs if not good and one.contact.reasons[:1] == (reason,)]
    places = [(name, electrode_place(name)) for name in names]
    if reason not in _AT_ONE_PLACE or len(places) > _MAX_PLACES or not all(place for _, place in places):
        return []
    return [f"{tr(fit_texts.PLACES[place])} ({name})" for name, place in places]


def electrode_place(ch_name: str) -> str:
    """Return where an electrode is, as a key of ``headset_fit.PLACES``; empty if its name does not say it.

    Examples
    --------
    >>> electrode_place("TP9"), electrode_place("AF8"), electrode_place("PO7"), electrode_place("Cz")
    ('left_ear', 'right_forehead', 'left_back', '')
    """
    for pattern, place in _PLACE_NAMES.items():
        if found := re.fullmatch(pattern, ch_name.upper()):
            return f"{'left' if int(found[2]) % 2 else 'right'}_{place}"
    return ""


def main_contact_reason(headset_fit: HeadsetFit) -> str:
    """Return why most of the poor electrodes are poor; empty without any."""
    reasons = Counter[str]()
    for electrode, acceptable in zip(headset_fit.electrodes, headset_fit.acceptable, strict=True):
        if not acceptable:
            reasons.update(electrode.contact.reasons[:1])
    return reasons.most_common(1)[0][0] if reasons else ""


def battery_text(level: float | None) -> str:
    """Return the charge of the headset's battery (%), and whether it is low; empty if it is unknown.

    Examples
    --------
    >>> battery_text(64.2), battery_text(None)
    ('battery 64 %', '')
    """
    if level is None:
        return ""
    return tr(fit_texts.BATTERY_LOW if level <= LOW_BATTERY else fit_texts.BATTERY, percent=f"{level:.0f}")


def headset_fit_record(headset_fit: HeadsetFit) -> str:
    """Return the headset fit at the start of a session for the recording, in English.

    Examples
    --------
    >>> bad = ElectrodeQuality(ChannelContact("TP9", ContactLevel.BAD, ("muscle",)), 2.5, 0.0, 9.0, 0.0)
    >>> headset_fit_record(HeadsetFit((bad,), (0.0,), (False,), all_good=False, good_enough=False))
    'begun before contact was good enough; TP9: muscle'
    """
    poor = [
        f"{electrode.contact.ch_name}: {contact_reason_text(electrode, translate=english)}"
        for electrode, acceptable in zip(headset_fit.electrodes, headset_fit.acceptable, strict=True)
        if not acceptable
    ]
    summary = fit_texts.STARTED_WITHOUT_GOOD_CONTACT
    if headset_fit.good_enough:
        summary = fit_texts.RECORD_GOOD_ENOUGH
    if headset_fit.all_good:
        summary = fit_texts.RECORD_ALL_GOOD
    return "; ".join([summary, *poor])


def low_battery_notice(level: float | None, minutes_left: float | None) -> str:
    """Return the notice about a low battery (%), with the minutes left if they are known; empty for no charge.

    Examples
    --------
    >>> low_battery_notice(14.0, 23.7)
    "The headset's battery is low: 14 %, enough for about 24 minutes."
    """
    if level is None:
        return ""
    if minutes_left is None:
        return tr(session_texts.BATTERY_LOW, percent=f"{level:.0f}")
    return tr(session_texts.BATTERY_LOW_MINUTES, percent=f"{level:.0f}", minutes=f"{minutes_left:.0f}")
