"""Texts during a session: phases, guidance, contact, and what the index is."""

from __future__ import annotations

INDEX_NAMES = ("mind-wandering index (EEG proxy)", "posterior alpha index")
"""Names of the index in the shipped evidence profiles."""

INDEX_MEANING = "50 is your level at the start of this sitting; a higher number suggests more wandering"
DISCLAIMER = (
    "This program shows an experimental number from brain waves (EEG). In studies of groups, similar numbers are on "
    "average a little different when the mind wanders than when it is on the breath. In you they may not differ, or "
    "differ the other way round. Your answers can show whether this is so; for some people the number never comes to "
    "tell wandering from focus. Before it has your answers, the number is hardly better than guessing. Three public "
    "studies with 86 people tested a number of this kind: given two moments, one of them wandering, it picked the "
    "wandering one in about 53 of 100 cases. Guessing gets 50. In some people it was mostly wrong. The number does "
    "not measure the default mode network, a brain network often named with mind-wandering. It diagnoses and treats "
    "nothing. In controlled trials, devices like this one helped meditation a little at most. Tense muscles, "
    "drowsiness, poor contact and medication change the number too."
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
    "without_feedback": "This practice has no feedback. Nothing is judged.",
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

NOT_FOLLOWING_YET = "Sound and picture do not follow you yet: your baseline comes first."
NOT_FOLLOWING_PART = "Sound and picture do not follow you in this part."
NOT_FOLLOWING_PRACTICE = "Sound and picture do not follow you: this practice has no feedback."
NOT_FOLLOWING_PAUSED = "Sound and picture do not follow you during a pause."
NOT_FOLLOWING_LOST = "Sound and picture do not follow you now: there is no signal."
NOT_FOLLOWING_UNCLEAR = "Sound and picture do not follow you now: the headset's signal is not clear enough."
NOT_FOLLOWING_NO_CONFIDENCE = (
    "Sound and picture do not follow you now: so far the index is no better than guessing. Your answers can change "
    "that."
)
SIGNAL_BACK = "The signal is back."
WAITING_FOR_SIGNAL = "Waiting for the first signal from the headset."
BATTERY_LOW = "The headset's battery is low: {percent} %."
BATTERY_LOW_MINUTES = "The headset's battery is low: {percent} %, enough for about {minutes} minutes."
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
INDEX_SOURCE_STUDIES = "How the tone reacts is based on studies of other people."
INDEX_SOURCE_STUDIES_LIVE = (
    "How the tone reacts is based on studies of other people, and on your answers once there are enough."
)
INDEX_SOURCE_ONE_ANSWER = "How the tone reacts is based on studies of other people and on your one answer."
INDEX_SOURCE_ONE_ANSWER_LIVE = (
    "How the tone reacts is based on studies of other people and on your one answer. New answers can change that "
    "during this sitting."
)
INDEX_SOURCE_ANSWERS = "How the tone reacts is based on studies of other people and on your own {n_answers} answers."
INDEX_SOURCE_ANSWERS_LIVE = (
    "How the tone reacts is based on studies of other people and on your own {n_answers} answers. New answers can "
    "change that during this sitting."
)

INDEX_SOURCE_NO_TRUST = (
    "So far the program reads your wandering no better than guessing, so in this sitting the tone stays neutral and "
    "does not follow you."
)

CONTACT_SYMBOLS = {"good": "●", "fair": "◐", "bad": "○"}
GOOD_CONTACT = "Good contact everywhere."
WAITING_FOR_CONTACT = "Waiting for contact."
MORE_ELECTRODES = "and {count} more"
