"""Sentences of the report of a course."""

TITLE = "Course of sub-{participant}: {title}"
EDITION_CLINIC = "Edition for the clinic"
EDITION_PATIENT = "Edition for the patient"
PERIOD = "{start} to {end}, day {day} of {days}"
BORN = "born {year}"
PRINTED = "printed {at}{by}"
PRINTED_BY = " by {by}"
CONTACTS = "Clinic: {clinic}. Emergency: {emergency}. Crisis line: {crisis_line}."

ITEM_9 = "Answers that staff are to acknowledge"
ITEM_9_OPEN = 'NOT YET ACKNOWLEDGED: {value} to "{question}" ({form}) on {asked}'
ITEM_9_SEEN = '{value} to "{question}" ({form}) on {asked}; {by} on {at}: {done}'
ITEM_9_CORRECTED = " (corrected later)"
ITEM_9_NONE = "No answer above zero to item 9 of the PHQ-9 among {n} answered."
ITEM_9_NOT_ASKED = "The PHQ-9 was not answered."

STRIP = "The days"
STRIP_CAPTION = (
    "A mark for each dose, recording, sitting and answered form. Usable: share of frames with a usable signal, black "
    "for all of them."
)
ROW_DOSES = "doses"
ROW_RECORDINGS = "recordings"
ROW_SITTINGS = "sittings"
ROW_FORMS = "forms"
ROW_USABLE = "usable"
DAY_OF_COURSE = "day of the course"

SCORES = "PHQ-9 and GAD-7"
SCORES_CAPTION = (
    "Sums as the authors add them, with the authors' names of the ranges; no diagnosis. Both ask about two weeks, so "
    "answers less than 14 days apart overlap. A cross is a form that was planned and not answered."
)
SCORES_ITEM_9 = " A ring: item 9 above zero."
NO_SCORES = "Neither was answered."

ADVERSE = "Adverse events"
ADVERSE_NONE = "None entered. The program does not ask by itself."
ADVERSE_COLUMNS = ("when", "term", "how bad", "serious", "related", "done", "outcome")
DOSES = "Doses"
DOSES_NONE = "None entered."
DOSE_COLUMNS = ("when", "substance", "route", "as entered", "mg", "mg/kg", "end")
NO_END = "no end entered"
VITALS_COLUMNS = ("vital signs, dose of", "before", "highest, each by itself", "last")
VITALS_OF = "{at}"
LEAVING = "Ready to leave: {at}, {by}{escort}{drive}."
ESCORT = ", with {escort}"
TOLD = ", told not to drive"
NOT_TOLD = ", NOT entered that the person was told not to drive"
NO_LEAVING = "Ready to leave: not entered."
HOME = "Sittings at home"
HOME_WEEK = "week {number}: {done} of {planned}"
HOME_LATER = "week {number}: not begun ({planned} planned)"
HOME_NOW = "week {number}: {done} of {planned} so far"
HOME_NONE = "Not part of this course."
MEDICINES = "Other medicines"
NOTES = "Attendant's notes (not adverse events)"
NOTHING = "None entered."
MORE_NOTES = "And {n} more; `neurofeedback course show {participant}` lists all."

MEASURES = "Raw measures of the EEG over days"
MEASURES_CAPTION = (
    "One point a session, from its time without feedback; hollow: under a substance, by its facts. Nothing is joined. "
    "Read none of them without muscle."
)
BAND = "Grey in {name}: mean and SD of {n} ordinary sessions; {outside} of these {n} fall outside it."
NO_BAND = "No band: it takes 8 ordinary sessions, there are {n}."
MEASURES_NONE = "No session has a minute of usable signal without feedback."
LEFT_OUT = "{n} sessions are left out, such as {stem}: {why}"
SHORT_NAMES = {
    "alpha": "alpha, posterior",
    "beta": "beta, 14 to 28 Hz",
    "gamma": "30 to 44 Hz, with muscle",
    "exponent": "aperiodic exponent",
    "lzc_ratio": "LZ complexity, ratio",
    "muscle": "muscle, 55 to 95 Hz",
}
UNITS = {"ln(uV^2/Hz)": "ln uV²/Hz", "1": "no unit"}
TOO_SHORT = "{n} more sessions have less than a minute of usable signal without feedback."
MINUTES_AXIS = "minutes from the dose"
SAME_DAY = "Minutes from the last dose of the same day to the beginning: {list}."
WITHIN = "Within the session of {at}, eyes {eyes}"
EYES_UNKNOWN = "not entered"
WITHIN_CAPTION = (
    "Means of segments of {minutes} min with the 95 % interval of this recording: how well this recording gives them, "
    "not what another day would give. Grey: the interval before the dose. A point without an interval has too few "
    "windows. Description only: nothing within one session is called a trend. With slow drift the interval holds the "
    "drug's course in about 6 of 10."
)
WITHIN_NONE = "No recording covers the time of a dose."
USABLE = "usable share"
WANDERING = "Wandering by own answers: {share} (95 % interval {low} to {high}), {n} answers."
WANDERING_NONE = "No question about wandering was answered."

BOX = "What this cannot say"
BOX_LINES = (
    "One person, no control: whatever else changed in these days is in these points.",
    "A drug moves the EEG without moving the mind. Recordings under ketamine are mostly muscle, eyes and drowsiness "
    "until shown otherwise.",
    "The program's index is not shown: it means nothing under a substance.",
    "Nothing here says that infusion and meditation add to each other. The first randomised trial of ketamine with and "
    "without mindfulness (n = 43, Front Psychiatry 2025 16:1642025) found that depression fell similarly in both "
    "groups, with discomfort in four people of the combined arm.",
    "Ketamine without supervision, at home, is a risk (US FDA warning, October 2023).",
)
WRITTEN = "The report is {path}"

BODY = "Heart, breath and stillness of the sittings"
BODY_COLUMNS = (
    "Sitting", "Heart rate a minute (95 %)", "Pulse clear", "Breaths a minute (95 %)", "Breath clear", "Head still",
)  # fmt: skip
BODY_CAPTION = (
    "The last {n} sittings with a sensor for it, by the headset's other sensors. An interval needs ten clear "
    "stretches, of 20 s for the pulse and 60 s for the breath. Descriptions without a test; no vital signs."
)
NOT_MEASURED = "not measured"
BODY_UNKNOWN = "-"
