"""Sentences and labels of a comparison of two conditions, on the page and in the terminal."""

NO_INDEX = (
    "The mind-wandering index is not compared. It only says how a moment differs from the start of its own sitting, "
    "and drugs change the brain waves it is made of, wherever the mind is. It could mislead in either direction. So "
    "this page compares the brain waves themselves, as recorded."
)
DIFFERENCES_FOUND = (
    "In {k} of {m} measures the difference between the conditions is larger than chance easily explains: {names}. "
    "This does not show why."
)
NO_DIFFERENCES = (
    "No clear difference: in all {m} measures chance can easily explain the difference between the conditions. With "
    "so few sessions, a small real difference can be there and not be seen."
)
NOT_TESTED = (
    "This page shows how large the differences are. Any two days of one person differ too, and the page does not show"
    " whether these differences are larger than that."
)
NOT_TESTED_SEPARATED = (
    "This page shows how large the differences are. It cannot know whether they come from the conditions or from the "
    "time between them."
)
SESSION_IS_UNIT = "The page is about the sessions of this one person. It says nothing about other people."
ONE_SESSION_EACH = (
    "There is one session for each condition, so this shows the difference between two days. Any two days of one "
    "person differ. The page cannot show whether this difference is larger than that, or what caused it."
)
FEW_SESSIONS = (
    "At least one condition has fewer than {n} sessions, too few to say whether a difference is more than chance. See"
    " instead whether it is larger than this person's own differences from session to session (in the table: own SD)."
)
SEPARATED = (
    "Nearly all sessions of one condition came before those of the other. Anything else that changed in that time is "
    "in the difference too. So even a difference beyond chance could come from the time between, and the page makes "
    "no statement about chance. For a fair comparison, where it is possible, record the sessions in pairs, one of "
    "each condition, and toss a coin for which comes first."
)
LITTLE_SIGNAL = "At least one session here has less than two minutes of clean signal, so all figures are uncertain."
MEASURES_WITHOUT_SESSIONS = (
    "Some measures need certain sensors. They leave out sessions in which such a sensor had less than one minute of "
    "clean signal. The table shows how many sessions each measure uses, and the list below it which are left out."
)
LOST_SAMPLES = (
    "Up to {share} % of a session's readings were lost on the way from the headset. Gaps of up to 100 ms (a tenth of "
    "a second) are filled with what the signal around them makes likely, with its usual ups and downs. Stretches with"
    " longer gaps are not used."
)
EYES_NOT_ENTERED = (
    "For some sessions nobody entered whether the eyes were closed. For those, what was set for the sitting is used."
)
NO_MUSCLE = (
    "This headset takes too few readings a second to measure muscle separately. So what is shown as beta and gamma "
    "(fast brain waves) may come from muscle."
)

LITTLE_CLEAN_SIGNAL = "less than a minute of clean signal on every channel"
OTHER_HEADSET = "another headset: other channels, or another rate"
OTHER_EYES = "eyes {eyes}, where most sessions had them {most}"

PAGE_TITLE = "{a} and {b}, participant {participant}"
TITLE = "Comparison of two conditions: {a} and {b}"
ONE_SESSION = "1 session"
SESSIONS = "{n} sessions"
SESSIONS_COMPARED = "{sessions_a} under {a}, {n_b} under {b}, participant {participant}."
SIGNAL_COMPARED = "From each session {minutes} minutes of clean signal are used, all without feedback, on {channels}."
SIGNAL_RANGE = (
    "From each session {minutes} to {longest} minutes of clean signal are used, all without feedback, on {channels}."
)
UNNAMED_SIDE = "{n} sessions, {first} to {last}"
DIFFERENCES = "What differs"
CAPTION_G = (
    "Each dot is one measure: how much the sessions under “{b}” differ from those under “{a}”. Right of the middle: "
    "higher under “{b}”. A difference of 1 is as large as the usual variation between this person's sessions (Hedges'"
    " g). The longer the line, the less certain the dot; of 100 such lines about 95 include the true value. Hollow "
    "dot: this measures muscle, or muscle affects it."
)
CAPTION_OWN_SD = (
    "Each dot is one measure: how much the sessions under “{b}” differ from those under “{a}”. Right of the middle: "
    "higher under “{b}”. A difference of 1 is as large as the usual variation between this person's sessions; where "
    "that is not known, there is no dot. Hollow dot: this measures muscle, or muscle affects it."
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
    "p: how often chance alone would give a difference this large or larger; a small p means seldom. q: the same, but"
    " stricter, because with many measures some look different by luck. Of the measures listed above as larger than "
    "chance easily explains, about 1 in 20 on average is a false alarm. Neither p nor q says why the sessions differ."
    " (Methods: Welch's test, each session counted once; Benjamini and Hochberg.)"
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
AS_ENTERED = (
    "Substance, dose and how it was given (route) are shown as they were entered; nothing here is advice on them."
)
MADE_WITH = "Made with neurofeedback {version}."

NOT_KNOWN = "not known"
INTERVAL = "{low} to {high}"
FIGURE_AXIS = "1 = usual variation between sessions (SD)"
DATES_TITLE = "Each measure over time"
DATES_CAPTION = (
    "Each dot is a session: a filled dot is “{a}”, an open dot is “{b}”. The grey band shows the average of the "
    "sessions under “{earlier}” and their usual ups and downs (one SD). A dot of the other condition inside the band "
    "is like those sessions."
)
AND_MORE = "{list} and {n} more"
FIGURE_EMPTY = "this person's SD between sessions is not known yet"
