"""Texts about the choice of a practice: what feedback it uses, and sittings without a headset."""

FEEDBACK_INDEX = "With feedback."
FEEDBACK_NONE = "Without feedback."
NO_HEADSET = "No headset: only the time is recorded."

TOO_SHORT = "A sitting of less than {least} is not listed."
