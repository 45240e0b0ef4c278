"""Texts while a headset is put on."""

from __future__ import annotations

NO_SIGNAL = "No data from the headset."
WAITING_FOR_SIGNAL = "Waiting for the first signal."
ALL_GOOD = "Good contact everywhere."
ALL_GOOD_ENOUGH = "Good enough everywhere."
IMPROVING = "Looking good so far."
GOOD_ENOUGH = "Good enough: {n_steady} of {n_electrodes} electrodes sit well."
NOT_YET = "Not yet: {n_steady} of {n_electrodes} electrodes sit well."

REASON_GOOD = "good"
REASON_WITH_AMOUNT = "{reason}, {amount_uv:.0f} µV"

BATTERY = "battery {percent} %"
BATTERY_LOW = "battery low: {percent} %"

HINTS = {
    "no signal": "Bring the headset nearer, and see that it is switched on.",
    "flat: no skin contact": "Press the electrode to the skin and move hair aside; a drop of water helps.",
    "railed: at the end of its range": "Press the electrode to the skin; check its cable and the reference.",
    "broken electrode": "Press the electrode to the skin; if it stays so, it or its cable may be broken.",
    "mains hum": "Move away from chargers and cables, and wet the electrode a little.",
    "muscle": "Let jaw and forehead go soft.",
    "moving": "Hold still for a moment.",
    "drifting": "Give it a minute to settle on the skin.",
}
"""Advice for each reason of poor contact."""
HINT_AT = "{places}: {hint}"
PLACES = {
    "left_ear": "left ear",
    "right_ear": "right ear",
    "left_forehead": "left forehead",
    "right_forehead": "right forehead",
    "left_back": "back of the head on the left",
    "right_back": "back of the head on the right",
}
"""Places of electrodes."""

IMPEDANCE_REFERENCE = "reference"
IMPEDANCE_VERY_GOOD = "very good"
IMPEDANCE_GOOD = "good"
IMPEDANCE_ACCEPTABLE = "acceptable"
IMPEDANCE_DOUBTFUL = "doubtful"
IMPEDANCE_POOR = "poor"
MEASURING_IMPEDANCE = "Measuring the impedance of each electrode; hold still."

RECORD_ALL_GOOD = "good everywhere"
RECORD_GOOD_ENOUGH = "good enough"
STARTED_WITHOUT_GOOD_CONTACT = "begun before contact was good enough"
