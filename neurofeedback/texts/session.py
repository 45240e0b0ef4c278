"""Texts during a session: phases, guidance, contact, and what the index is."""

from __future__ import annotations

INDEX_MEANING = "compared with your own baseline; 50 is its middle"
DISCLAIMER = (
    "This program shows an experimental EEG-derived index. In group studies similar measures differ, on average "
    "and weakly, between reported mind-wandering and breath focus; for an individual the relation may be absent or "
    "reversed until the program has learned from your own answers, and may stay so after learning. Before your "
    "answers it is barely better than guessing (in 86 people of three public studies it would have picked the right "
    "one of two moments in about 53 of 100), and for some people it points the wrong way. It does not "
    "measure the default mode network, diagnose or treat any condition. Controlled trials of consumer neurofeedback "
    "for meditation show at most small benefits over control. Muscle tension, drowsiness, poor contact and medication "
    "change the index."
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
    "baseline": "Rest with the breath. The program learns what is usual for you today.",
    "practice": "Stay with the breath.",
    "rest": "Let go for a while. Nothing follows you now.",
    "transfer": "Sound and picture do not follow you now. Stay with the breath.",
    "debrief": "The sitting is over. Come back in your own time.",
    "pause": "Paused. Nothing counts until you go on.",
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

INDEX_SOURCE_OTHER = "The guidance follows your {index_name}; answers do not change it."
INDEX_SOURCE_STUDIES = "The guidance follows what group studies found on average."
INDEX_SOURCE_STUDIES_LIVE = "The guidance follows what group studies found on average; each new answer refines it."
INDEX_SOURCE_ONE_ANSWER = "The guidance follows what your own answer has taught so far."
INDEX_SOURCE_ONE_ANSWER_LIVE = (
    "The guidance follows what your own answer has taught so far; each new answer refines it."
)
INDEX_SOURCE_ANSWERS = "The guidance follows what your own {n_answers} answers have taught so far."
INDEX_SOURCE_ANSWERS_LIVE = (
    "The guidance follows what your own {n_answers} answers have taught so far; each new answer refines it."
)

INDEX_SOURCE_NO_TRUST = (
    "The confidence in the index is 0 in this session: so far it does no better than guessing, so the tone stays "
    "neutral and does not follow you."
)

CONTACT_SYMBOLS = {"good": "●", "fair": "◐", "bad": "○"}
GOOD_CONTACT = "Good contact everywhere."
WAITING_FOR_CONTACT = "Waiting for contact."
MORE_ELECTRODES = "and {count} more"
