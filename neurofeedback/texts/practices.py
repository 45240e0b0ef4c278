"""Texts about practices: what feedback they use, the list of own ones and their editor."""

FEEDBACK_INDEX = "With feedback."
FEEDBACK_NONE = "Without feedback."
NO_HEADSET = "No headset: only the time is recorded."

TOO_SHORT = "A sitting of less than {least} is not listed."
