"""Sentences and labels of a comparison of two conditions, on the page and in the terminal."""

NO_INDEX = (
    "The mind-wandering index is not compared. It only says how a moment differs from the start of its own sitting, "
    "and drugs change the brain waves it is made of, wherever the mind is. It could mislead in either direction. So "
    "this page compares the brain waves themselves, as recorded."
)
DIFFERENCES_FOUND = (
    "In {k} of {m} measures the conditions differ more than chance easily explains: {names}. This does not show why."
)
NO_DIFFERENCES = (
    "In none of the {m} measures do the conditions differ more than chance easily explains. A small difference can be"
    " there and not be seen with so few sessions."
)
NOT_TESTED = (
    "This page shows how large the differences are, not whether they are larger than those between any two days of "
    "this person."
)
NOT_TESTED_SEPARATED = (
    "This page shows how large the differences are. It cannot know whether they come from the conditions or from the "
    "time between them."
)
SESSION_IS_UNIT = "This may hold for other sessions of this person, not for other people."
ONE_SESSION_EACH = (
    "One session for each condition: this is a difference between two days. Compare it with how much this person "
    "differs from day to day anyway. It cannot show a cause or rule out chance."
)
FEW_SESSIONS = (
    "Fewer than {n} sessions for a condition, too few to judge chance: compare with how much this person's sessions "
    "vary."
)
SEPARATED = (
    "One condition lies mostly before the other, so anything else that changed between them is in this difference "
    "too, and the page does not say whether chance explains it. For a fair comparison take the sessions in pairs, one"
    " of each condition, and toss a coin for which comes first."
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
SIGNAL_COMPARED = "{minutes} clean minutes per session, without feedback, on {channels}."
SIGNAL_RANGE = "{minutes} to {longest} clean minutes per session, without feedback, on {channels}."
UNNAMED_SIDE = "{n} sessions, {first} to {last}"
DIFFERENCES = "What differs"
CAPTION_G = (
    "Each dot is {b} minus {a}. A difference of 1 is as large as the usual variation between this person's sessions "
    "(Hedges' g). The longer the line, the less certain; about 95 of 100 such lines include the true value. Right of "
    "the middle: more under {b}. Hollow: this measures muscle, or muscle affects it."
)
CAPTION_OWN_SD = (
    "{b} minus {a}; 1 is how much this person's sessions vary anyway, where known. Right of the line: more under {b}."
    " Hollow: muscle, or affected by it."
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
    "p: how often chance alone would give a difference at least this large (Welch's test, each session counted once)."
    " q: the same, but stricter, because with many measures some look different by luck (Benjamini and Hochberg); of "
    "those listed above about 1 in 20 on average is a false alarm. Neither says why the sessions differ."
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
FIGURE_AXIS = "1 = usual variation between sessions (SD)"
DATES_TITLE = "Each measure over time"
DATES_CAPTION = (
    "Each dot is a session: full for {a}, open for {b}. The grey band shows the average under {earlier} and its usual"
    " ups and downs (one SD). A dot of the other condition inside the band is like those."
)
AND_MORE = "{list} and {n} more"
FIGURE_EMPTY = "this person's SD between sessions is not known yet"
