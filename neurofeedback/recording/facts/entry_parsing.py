"""Reading of doses and vital signs from what was typed: read back, never guessed."""

from __future__ import annotations

import re

from neurofeedback.errors import SettingsError
from neurofeedback.recording.facts.entry_models import AnyEntry, DoseGiven, Vitals

_PRESSURE = re.compile(r"(?<!\d)(\d{2,3})\s*/\s*(\d{2,3})(?!\d)")
_PULSE = re.compile(r"\b(?:p|pulse|hr|heart rate)\s*[:=]?\s*(\d{2,3})\b", re.IGNORECASE)
_SPO2 = re.compile(r"\b(?:spo2|sao2|sat|o2)\s*[:=]?\s*(\d{2,3})\s*%?", re.IGNORECASE)
_HOW = re.compile(r"\b(arm|wrist|finger|cuff|manual|monitor)\b", re.IGNORECASE)
_LIMITS = {"systolic": (40, 300), "diastolic": (20, 200), "pulse": (20, 250), "spo2": (40, 100)}
_DOSE = re.compile(
    r"(?<![\w.,/\u2013-])(?<!\d\s)(\d+(?:[.,]\d+)?)\s*mg(\s*/\s*kg)?(?!\w|\s*(?:/|per\b|kg\b))", re.IGNORECASE
)
_SEVERAL = re.compile(
    r"(?<![a-z])[x\u00d7*](?![a-z])|\b(?:times|twice|thrice)\b|\d\s*(?:mg)?\s*(?:[\u2013-]|\bto\b|\bor\b)\s*\d"
    r"|[+&]|\bhalf\b|\bin\s*\d+\s*ml\b|\d\s*(?:mcg|[u\u00b5\u03bc]g|g)\b",
    re.IGNORECASE,
)  # a multiplication, a sum, a range, a concentration or another unit
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")  # 1,500 may be 1500 or 1.5


def parse_vitals(text: str) -> Vitals:
    """Return vital signs from free text; what was entered stays in ``text``.

    Raises
    ------
    SettingsError
        There is no value in it, or one that cannot be: it is asked again, never guessed.

    Examples
    --------
    >>> parse_vitals("128/84 pulse 71 spo2 98 % arm").model_dump(exclude={"kind", "text"})
    {'systolic': 128, 'diastolic': 84, 'pulse': 71, 'spo2': 98, 'how': 'arm'}
    """
    pressure, how = _PRESSURE.search(text), _HOW.search(text)
    found = {
        "systolic": int(pressure[1]) if pressure else None,
        "diastolic": int(pressure[2]) if pressure else None,
        "pulse": _number(_PULSE, text),
        "spo2": _number(_SPO2, text),
    }
    outside = [name for name, value in found.items() if value is not None and not _is_possible(name, value)]
    swapped = pressure is not None and int(pressure[1]) <= int(pressure[2])
    left_over = re.findall(r"\d+", _without_values(text))
    if outside or swapped or left_over or all(value is None for value in found.values()):
        raise SettingsError(
            "these vital signs cannot be read",
            got=repr(text[:80]),
            allowed="such as 128/84 pulse 71 spo2 98",
            todo="enter them again; the text was not stored",
        )
    return Vitals.model_validate({**found, "how": how[1].lower() if how else "", "text": text})


def parse_dose(text: str, substance: str, route: str) -> DoseGiven:
    """Return a dose with its mg or mg/kg as read from the text. A comma is read as the decimal point.

    Raises
    ------
    SettingsError
        The text holds no dose or more than one, a multiplication, a range, a rate or a concentration, or the route is
        none: it is asked again, never guessed.

    Examples
    --------
    >>> parse_dose("0.5 mg/kg over 40 min", "ketamine", "iv").mg_per_kg
    0.5
    """
    mg, mg_per_kg = (
        [float(number.replace(",", ".")) for number, per_kg in _DOSE.findall(text) if bool(per_kg) is wanted]
        for wanted in (False, True)
    )
    unread = "mg" in _DOSE.sub("", text).lower() or _SEVERAL.search(text) or _THOUSANDS.search(text)
    try:
        if unread or not (mg or mg_per_kg) or len(mg) > 1 or len(mg_per_kg) > 1:
            raise ValueError
        return DoseGiven.model_validate(
            {
                "substance": substance,
                "route": route,
                "text": text,
                "mg": next(iter(mg), None),
                "mg_per_kg": next(iter(mg_per_kg), None),
            }
        )
    except ValueError:
        raise SettingsError(
            "this dose cannot be read",
            got=f"{text!r}, {substance!r}, {route!r}",
            allowed="one dose, such as 35 mg or 0.5 mg/kg; by iv, im, nasal or oral; with the name of the substance",
            todo="enter it again",
        ) from None


def format_entry(entry: AnyEntry) -> str:
    """Return an entry as one line."""
    values = entry.model_dump(exclude_defaults=True, exclude={"kind"})
    return " ".join([entry.kind, *(f"{name} {value}" for name, value in values.items())])


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _is_possible(name: str, value: int) -> bool:
    low, high = _LIMITS[name]
    return low <= value <= high


def _without_values(text: str) -> str:
    for pattern in (_PRESSURE, _PULSE, _SPO2):
        text = pattern.sub("", text, count=1)
    return text
