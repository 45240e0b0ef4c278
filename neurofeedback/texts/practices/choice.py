"""Texts about the choice of a practice: what feedback it uses, and sittings without a headset."""

FEEDBACK_INDEX = "With feedback."
FEEDBACK_NONE = "Without feedback."
NO_HEADSET = "No headset: only the time is recorded."

TOO_SHORT = "A sitting of less than {least} is not listed."

BREATHE_IN = "breathe in"
BREATHE_OUT = "breathe out"
PACES = {
    "": "As the practice says",
    "4": "4 breaths a minute",
    "4.5": "4.5 breaths a minute",
    "5": "5 breaths a minute",
    "5.5": "5.5 breaths a minute",
    "6": "6 breaths a minute",
    "6.5": "6.5 breaths a minute",
    "7": "7 breaths a minute",
    "8": "8 breaths a minute",
}
