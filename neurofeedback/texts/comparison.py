"""Sentences and labels of a comparison of two conditions, on the page and in the terminal."""

NO_INDEX = (
    "The mind-wandering index is not compared. It is relative to the baseline of its own sitting, and drugs change the "
    "features it is built from: less beta raises it and a flatter spectrum lowers it, wherever the mind is. To compare "
    "an index across drug states, each state would need baselines of its own; here, absolute measures of the raw "
    "signal are compared instead."
)
DIFFERENCES_FOUND = (
    "In {k} of {m} measures the two conditions differ by more than chance explains: {names}. This does not show why."
)
NO_DIFFERENCES = (
    "In none of the {m} measures do the two conditions differ by more than chance explains. A small difference can be "
    "there and not be seen with so few sessions."
)
NOT_TESTED = (
    "This page shows how large the differences are. It cannot know whether they are more than the differences between "
    "any two days of this person."
)
NOT_TESTED_SEPARATED = (
    "This page shows how large the differences are. It cannot know whether they come from the conditions or from the "
    "time between them."
)
SESSION_IS_UNIT = "These results hold for other sessions of this person, not for other people."
ONE_SESSION_EACH = (
    "One session for each condition: a difference between two days, beside how much this person differs from day to "
    "day anyway. It cannot show the cause of the difference, so there is no test."
)
FEW_SESSIONS = (
    "Fewer than {n} sessions for a condition: differences are shown beside the person's own SD between sessions, "
    "without a test."
)
SEPARATED = (
    "The two conditions lie in different weeks instead of taking turns. Anything else that changed in those weeks is "
    "in this difference too, so there is no test, no p and no q. For a fair comparison take the sessions in pairs, one "
    "of each condition, and toss a coin for which comes first."
)
LITTLE_SIGNAL = "A session has less than two minutes of clean signal, so every figure is uncertain."
MEASURES_WITHOUT_SESSIONS = (
    "Some measures leave out sessions in which a channel they need had no minute of clean signal. The numbers of "
    "sessions stand in the table, and the sessions below it."
)
LOST_SAMPLES = (
    "Up to {share} % of a session's samples were lost on the way from the headset. Gaps of up to 100 ms are filled as "
    "the signal around them lets one expect, with its usual variation; windows with longer gaps are not used."
)
EYES_NOT_ENTERED = (
    "For some sessions it was not entered whether the eyes were closed; the setting of the sitting stands in for it."
)
NO_MUSCLE = "This headset's rate is too low to measure muscle separately, so beta and gamma may be muscle."

LITTLE_CLEAN_SIGNAL = "less than a minute of clean signal on every channel"
OTHER_HEADSET = "another headset: other channels, or another rate"
OTHER_EYES = "eyes {eyes}, where most sessions had them {most}"

PAGE_TITLE = "{a} and {b}, participant {participant}"
TITLE = "Comparison of two conditions: {a} and {b}"
ONE_SESSION = "1 session"
SESSIONS = "{n} sessions"
SESSIONS_COMPARED = "{sessions_a} under {a}, {n_b} under {b}, participant {participant}."
SIGNAL_COMPARED = "{minutes} minutes of clean signal of each, without feedback, on {channels}."
SIGNAL_RANGE = "{minutes} to {longest} minutes of clean signal of each, without feedback, on {channels}."
UNNAMED_SIDE = "{n} sessions, {first} to {last}"
DIFFERENCES = "What differs"
CAPTION_G = (
    "{b} minus {a}, in units of the SD between sessions within both conditions (Hedges' g), with 95 % intervals. Right "
    "of the line: more under {b}. Hollow: muscle, or a measure that muscle affects."
)
CAPTION_OWN_SD = (
    "{b} minus {a}, in units of this person's own SD between sessions, where it is known. Right of the line: more "
    "under {b}. Hollow: muscle, or a measure that muscle affects."
)
MEASURE = "Measure"
N_SESSIONS = "Sessions"
N_OF_BOTH = "{n_a} and {n_b}"
MISSING_TITLE = "Sessions that a measure leaves out"
DIFFERENCE = "Difference"
INTERVAL_95 = "95 % interval"
OWN_SD = "Own SD between sessions"
WITHIN_RECORDINGS = "Within these two recordings only"
HOW_TO_READ = "How to read it"
TEST_NOTE = (
    "p: Welch's test with the session as the unit. q: share of false discoveries among all measures with a q as small "
    "as this or smaller (Benjamini and Hochberg). A small q means that the sessions differ, not why."
)
SESSIONS_TITLE = "The sessions"
CONDITION = "Condition"
SESSION = "Session"
SUBSTANCE = "Substance, dose, route, as entered"
MINUTES_SINCE = "Minutes since"
EYES = "Eyes"
NOTE = "Note"
NOTHING_ENTERED = "nothing entered"
NOT_ENTERED = "not entered"
LEFT_OUT = "left out"
NOTES = "Notes of a clinician or researcher"
NAME = "Name"
DATE = "Date"
SIGNATURE = "Signature"
AS_ENTERED = "Substance, dose and route are shown as they were entered; nothing here is advice on them."
MADE_WITH = "Made with neurofeedback {version}."

NOT_KNOWN = "not known"
INTERVAL = "{low} to {high}"
FIGURE_AXIS = "difference in SDs between sessions"
DATES_TITLE = "Each measure over time"
DATES_CAPTION = (
    "Each dot is a session: full for {a}, open for {b}. The grey band is the mean of the sessions under {earlier} and "
    "how much they usually differ from it (one SD). A session of the other condition inside the band is like those."
)
AND_MORE = "{list} and {n} more"
FIGURE_EMPTY = "this person's SD between sessions is not known yet"
