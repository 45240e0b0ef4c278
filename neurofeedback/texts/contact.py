"""Reasons why the contact of an electrode is not good."""

from __future__ import annotations

NO_SIGNAL = "no signal"
FLAT = "flat: no skin contact"
RAILED = "railed: at the end of its range"
BROKEN = "broken electrode"
MAINS = "mains hum"
NOISY = "noisy"
MUSCLE = "muscle"
MOVING = "moving"
EYE_MOVEMENT = "eye movement"
SETTLING = "settling"
DRIFTING = "drifting"

GATE_REASONS = {
    "lost": NO_SIGNAL,
    "flat": FLAT,
    "railed": RAILED,
    "broken": BROKEN,
    "mains": MAINS,
    "noisy": NOISY,
    "muscle": MUSCLE,
    "pop": MOVING,
    "wide": MOVING,
    "blink": EYE_MOVEMENT,
    "settling": SETTLING,
}
"""Text of each rule of the artifact gate, the most informative first."""

ELECTRODE_REASONS = {
    "lost": NO_SIGNAL,
    "railed": RAILED,
    "flat": FLAT,
    "broken": BROKEN,
    "mains": MAINS,
    "muscle": MUSCLE,
    "moving": MOVING,
    "drifting": DRIFTING,
}
"""Text of each rule of the electrode check, the most informative first."""
