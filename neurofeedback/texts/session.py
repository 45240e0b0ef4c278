"""Texts during a session: phases, guidance, contact, and what the index is."""

from __future__ import annotations

INDEX_MEANING = "50 is as at the start; higher suggests wandering"
DISCLAIMER = (
    "This program shows an experimental number from brain waves (EEG). In group studies, similar numbers differ a "
    "little on average between wandering and attention to the breath. For you the difference may be absent or the "
    "other way round until the program has learned from your answers, and may stay so. Before that it is barely "
    "better than guessing: of one wandering and one attentive moment, it would have named the wandering one in about "
    "53 of 100 cases (86 people, three public studies; guessing gets 50); for some people it is mostly wrong. It does"
    " not measure the default mode network, and diagnoses or treats nothing. Controlled trials of such devices for "
    "meditation show at most small benefits. Muscle tension, drowsiness, poor contact and medication change the "
    "number."
)
STOP_ADVICE = (
    "It is not a medical device. If a sitting brings distress, or a feeling of being cut off from yourself or the "
    "world, stop: open your eyes, move, and talk to someone you trust."
)


CONNECTING = "Connecting"
PHASES = {
    "settle": "Settling in",
    "baseline": "Baseline",
    "practice": "Practice",
    "rest": "Rest",
    "transfer": "Without feedback",
    "debrief": "Coming back",
    "pause": "Paused",
}
"""Name of each phase."""

GUIDANCE = {
    "settle": "Make yourself comfortable. Let the eyes close.",
    "baseline": "Rest with the breath. Measuring your baseline.",
    "practice": "Stay with the breath.",
    "rest": "Let go for a while. Feedback is off for this part.",
    "transfer": "Feedback is off for this part. Stay with the breath.",
    "debrief": "The sitting is over. Come back in your own time.",
    "pause": "Paused time is not counted.",
}
"""Guidance in each phase; in practice until there is a state."""

STATES = {
    "FOCUS": "Calm water. Stay with the breath.",
    "WANDER": "Ripples. When you notice, come back to the breath.",
    "UNKNOWN": "Mist: the signal is not clear enough to judge. There is nothing you need to do.",
}
"""Guidance in practice with the water picture, by state."""

STATES_WITHOUT_WATER = {
    "FOCUS": "Stay with the breath.",
    "WANDER": "When you notice, come back to the breath.",
    "UNKNOWN": "The signal is not clear enough to judge. There is nothing you need to do.",
}
"""Guidance in practice without the water picture, by state."""

NOT_FOLLOWING_YET = "Sound and picture are not following: your baseline comes first."
NOT_FOLLOWING_PART = "Sound and picture are not following in this part."
NOT_FOLLOWING_PAUSED = "Sound and picture are not following during a pause."
NOT_FOLLOWING_LOST = "Sound and picture are not following: there is no signal."
NOT_FOLLOWING_UNCLEAR = "Sound and picture are not following: the signal is not clear enough."
NOT_FOLLOWING_NO_CONFIDENCE = (
    "Sound and picture are not following: so far the index is no better than guessing. Your answers can change that."
)
SIGNAL_BACK = "The signal is back."
WAITING_FOR_SIGNAL = "Waiting for the first signal from the headset."
SEARCHING_HEADSET = "Headset lost; looking for it."
PROGRAM_STOOD_STILL = (
    "The program stood still for {seconds:.0f} s. What came late is recorded, but it changed neither sound nor reward."
)
COMPUTER_WAS_ASLEEP = (
    "The computer was asleep for {seconds:.0f} s. What came late is recorded, but it changed neither sound nor reward."
)
DISK_BLOCKED = "The disk does not answer. What is recorded waits in memory until it does; the sitting goes on."
HEADSET_LOST = "No data from the headset. Trying to reconnect; everything recorded so far is saved."

INDEX_SOURCE_OTHER = "The tone follows your {index_name}; answers do not change it."
INDEX_SOURCE_STUDIES = "The tone follows what studies found in others on average."
INDEX_SOURCE_STUDIES_LIVE = "The tone follows what studies found in others, and your answers once there are enough."
INDEX_SOURCE_ONE_ANSWER = "The tone follows studies of others and your one answer."
INDEX_SOURCE_ONE_ANSWER_LIVE = (
    "The tone follows studies of others and your one answer; new answers can count in this sitting."
)
INDEX_SOURCE_ANSWERS = "The tone follows studies of others and your own {n_answers} answers."
INDEX_SOURCE_ANSWERS_LIVE = (
    "The tone follows studies of others and your own {n_answers} answers; new answers can count in this sitting."
)

INDEX_SOURCE_NO_TRUST = (
    "So far the program reads your wandering no better than guessing, so in this sitting the tone stays neutral and "
    "does not follow you."
)

CONTACT_SYMBOLS = {"good": "●", "fair": "◐", "bad": "○"}
GOOD_CONTACT = "Good contact everywhere."
WAITING_FOR_CONTACT = "Waiting for contact."
MORE_ELECTRODES = "and {count} more"
