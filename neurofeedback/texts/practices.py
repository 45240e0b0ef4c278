"""Texts about practices: what feedback they use, the list of own ones and their editor."""

FEEDBACK_INDEX = "Feedback: sound and picture follow the index."
FEEDBACK_NONE = "No feedback, because the index is only about attention to the breath."
