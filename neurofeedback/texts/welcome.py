"""Texts of the three cards of the first start, and of the help with its keys."""

from __future__ import annotations

WHAT_TITLE = "What this is"
WHAT = (
    "A headset measures your brain's signal while you meditate, and an experimental index of mind-wandering guides a "
    "sound."
)
MORE = "&More about it"
HEAR_TITLE = "What you will hear"
HEAR = (
    "Only the background while your mind seems to be with the breath. A tone becomes louder as your mind seems to "
    "wander. When the signal is unclear, the tone stays at one low level and the background changes a little."
)
HEAR_QUIET = "&Quiet: with the breath"
HEAR_TONE = "&Tone: wandering"
HEAR_UNCLEAR = "&Unclear signal"
REHEARSE = "Try it: from the breath (left) to wandering (right)"
MINUTE = "Play a &minute of it"
MINUTE_STOP = "&End it"
MINUTE_FOCUS = "With the breath: only the background."
MINUTE_WANDER = "The mind wanders: the tone becomes louder."
MINUTE_BACK = "Back to the breath: the tone fades."
MINUTE_UNCLEAR = "The signal is unclear: the tone stays low, and the background changes a little."
SLIDER_NAME = "How far the mind wanders"
ASK_TITLE = "What it will ask"
ASK = "Now and then a chime asks where your mind was just before it. Press one key, with your eyes closed. Try it now:"
HEAR_CHIME = "&Hear the chime"
TRIED = "That would be noted: {answer}."
PRESS = "Press Space whenever you notice that your mind was away. Esc ends the sitting."
STEP = "{number} of {total}"
NEXT = "&Next"
BACK = "&Back"
START = "&Start"
SKIP = "S&kip"

HELP_TITLE = "Keys and help"
HELP_CLOSE = "&Close"
HELP_SIT = "During a sitting"
HELP_EVERYWHERE = "Everywhere"
HELP_KEYS: dict[str, dict[str, str]] = {
    HELP_SIT: {
        "Space": "I was away",
        "1-5": "answer the question",
        "S": "skip the question",
        "P": "pause, resume",
        "+ −": "volume",
        "M": "mute, unmute",
        "L": "five minutes longer, near the end",
        "K": "mark this moment",
        "O": "compare with today or with earlier sittings",
        "C": "show or hide the controls",
        "H": "show or hide the time",
        "D": "dark screen",
        "I": "signal and contact; impedance, while the headset is put on",
        "R": "researcher's window",
        "B": "begin now, while the headset is put on",
        "Page Up, Page Down": "a presenter's remote: on the breath, elsewhere; or I was away",
        "Esc": "end the sitting; a card asks first",
        "Ctrl+E": "an attendant's entry: dose, vital signs, note",
    },
    HELP_EVERYWHERE: {
        "F1": "this help",
        "F11": "full screen",
        "Esc": "back to the first page",
        "Tab": "to the next field or button",
        "Enter, Del, Ctrl+Z": "in the history: open, delete, undo",
    },
}
"""What each key does, by place."""
KEY_NAMES = ("Space", "Ctrl+E", "Page Up, Page Down", "Enter, Del, Ctrl+Z")
"""The keys above that are words."""
