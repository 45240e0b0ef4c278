"""Sentences and labels of the report of one session."""

# first lines and notices
TITLE = "Meditation with neurofeedback: report of one sitting"
PAGE_TITLE = "Sitting of {started}, participant {participant}"
DURATION = "The sitting lasted {duration}."
USABLE_SIGNAL = "{share} of it had a usable signal."
NO_USABLE_SIGNAL = "None of it had a usable signal."
USABLE_SIGNAL_NOT_KNOWN = "It is not known how much of it had a usable signal."
NO_PHASE = "No phase was reached"
SESSION_LINE = "{phases} · {device} · participant {participant} · {started}"
NOT_CLOSED = "This session broke off: it was not closed in order. What was recorded until then, {duration}, is here."
ENDED_EARLY = "The sitting was ended before its planned time."
NO_CONFIDENCE = (
    "The program read wandering no better than guessing, so throughout the sitting the tone stayed neutral and "
    "followed nothing."
)
NO_CLEAR_SIGNAL = "No stretch of the signal was clear enough to judge, so nothing can be said about the sitting."
NO_INDEX_WITHOUT_BASELINE = "There is no index: the sitting ended before its baseline was complete."
NO_INDEX_WITHOUT_CLEAN_BASELINE = (
    "There is no index: the baseline had too little clean signal to measure this person's baseline."
)

# events
EVENT_HEADSET_FIT = "fit"
EVENT_MARK = "mark"
EVENT_SIGNAL_LOST = "signal lost"
EVENT_SIGNAL_BACK = "signal back"
EVENT_STOP = "end"
STOPPED_AS_PLANNED = "as planned"
STOPPED_EARLY = "early, as asked"
STOPPED_BY_SOURCE = "the recording that was played ended"
SIGNAL_BACK_AFTER = "after {duration}"
TIME = "Time"
EVENT = "Event"
DETAIL = "Detail"
MORE_EVENTS = "And {n} more in the session's events.tsv."

# timeline
TIMELINE = "The sitting in time"
TIMELINE_CAPTION = (
    "Top: the {index_name}, {index_meaning}. It has no line before the baseline is complete, nor where the signal was "
    "not clear enough to judge (hatched) or did not arrive (crossed). Below the dashed threshold a moment counted as "
    "focus. The program adapts the threshold so that about {target_rate} of practice lies below it; neither that share "
    "nor a slow rise or fall of the line is progress or its opposite. Middle: confidence in the index, 0 to 1. Bottom: "
    "contact of each electrode over the last 4 s."
)
PHASE = "Phase"
START = "From"
STOP = "To"
USABLE = "Usable signal"
DROWSINESS = "Signs of drowsiness"
DROWSINESS_NOTE = (
    "Signs of drowsiness (slow waves up, alpha down over 20 s) are a rough sign and appear without drowsiness too."
)
TOO_SHORT = "The session ended before its first quarter of a second was complete, so there is nothing to show in time."
NOT_CLEAR = "not clear enough to judge"
NOT_ARRIVED = "no signal arrived"
ANSWER_FOCUS = "answer: on the breath"
ANSWER_WANDER = "answer: elsewhere"
ANSWER_UNSURE = "answer: not sure"
SELF_CAUGHT = "noticed wandering (key)"
CONTACT_GOOD = "contact good"
CONTACT_FAIR = "some artifacts"
CONTACT_BAD = "electrode out"
TIME_MINUTES = "time in minutes"
TIME_SECONDS = "time in seconds"
NO_INDEX = "no index in this session"
CONFIDENCE = "confidence"
INDEX = "index"
THRESHOLD = "threshold"

# answers
ANSWERS = "The person's own answers"
NOT_ASKED = "Nothing was asked in this sitting."
PROBES_ASKED = "The chime asked {times}: {answers}."
OWN_ASKED = "The chime asked {times}: {question} {answers}."
NOT_ANSWERED = "{n} not answered"
WANDERING_SHARE = (
    "In {share} of {answers} the mind was elsewhere; for the whole sitting the share is likely {low} to {high}."
)
SLEEPINESS = "Sleepiness, from 1 (wide awake) to 5 (nearly asleep), was {mean} on average."
PRESSES = "You noticed your mind wandering {times}."
ONCE = "once"
TWICE = "twice"
TIMES = "{n} times"
N_ANSWERS = "{n} answers"

# decoder
DECODER = "What the program has learned about this person"
DECODER_FAILED = "What was learned about this person cannot be shown now."
FEATURE = "Feature"
DIRECTION = "Direction"
DIRECTION_CHANCE = "Chance that the direction is right"
DECODER_NOTE = (
    "This is what the program had learned by the day of this report, from all sittings used for learning. It shows "
    "how often it agrees with the person's own answers, and people answer wrongly at times. It does not measure how "
    "well somebody meditates."
)

# baseline
BASELINE_COMPARISON = "Today's baseline and this person's average baseline"
BASELINE_DIFFERENCE = (
    "Today's baseline minus the average of {n} earlier sessions: {differences} "
    "(in spreads between this person's sessions)."
)
BASELINE_TYPICAL = "Days usually differ by this much."
BASELINE_FAR = (
    "This is more than days usually differ: the fit of the headset, tiredness or medication can cause it, and so can a "
    "change of the person."
)
GUIDED_BY_OWN_BASELINE = "Feedback was relative to the average baseline."
GUIDED_BY_SESSION_BASELINE = "Feedback was relative to today's baseline."

# spectra
SPECTRA = "Spectra of the clean signal"
SPECTRA_CAPTION = (
    "Power density of the signal as recorded, not filtered; median over clean windows of 4 s (mean removed, Hann). "
    "Dashed: the 1/f component, fitted from {low} to {high} Hz without the bins around alpha. The peak of the mains "
    "(50 or 60 Hz) may lie outside the picture."
)
NO_ALPHA_PEAK = "No clear alpha peak was found in the baseline."
REGION = "Region"
CHANNEL = "Channel"
CLEAN_WINDOWS = "Clean windows"
EXPONENT = "1/f exponent"
BASELINE = "Baseline"
PRACTICE = "Practice"
TOO_FEW = "too few"
NO_SPECTRA = "Neither baseline nor practice held enough clean signal for a spectrum."
FREQUENCY = "frequency in Hz"
TOO_LITTLE_CLEAN = "too little\nclean signal"
APERIODIC_FIT = "1/f fit"
IAF = "individual alpha frequency, {hz} Hz"

# signal quality
QUALITY = "How good the signal was"
GOOD = "Good"
FAIR = "Some artifacts"
BAD = "Out"
MAIN_REASON = "Main reason, in shares of the whole time"
NO_REASON = "no remarks"
SAMPLES = "Samples"
SAMPLES_LOST = "{n}, of which {lost} lost ({percent} %)"
GAPS = "Gaps"
GAPS_LONGEST = "{n}, the longest {longest} s"
RECONNECTIONS = "Reconnections"
SFREQ = "Sampling rate"
SFREQ_DEVICE_ONLY = "{device} Hz by the device; too short to compare with this computer's clock"
SFREQ_COMPARED = "{device} Hz by the device; {effective} Hz by this computer's clock ({drift} %)"
LATENCY = "Signal to sound"
LATENCY_VALUES = "{median} ms in the median, {p95} ms in 95 of 100 frames"
UNDERRUNS = "Sound not ready in time"
UNDERRUNS_COUNT = "{n} times"
NO_SOUND = "there was no sound"
CLEAN_BASELINE = "Clean baseline"
NOT_KNOWN = "not known"
NONE = "none"
NOT_AVAILABLE = "n/a"

# settings and provenance
SETTINGS = "Settings and provenance"
SETTINGS_DIFFER = "These settings differ from the program's own:"
SETTINGS_DEFAULT = "All settings were the program's own."
SETTING = "Setting"
SETTING_VALUE = "Here"
SETTING_DEFAULT = "Default"
SETTING_DESCRIPTION = "What it is"
VALUE = "Value"
ALL_SETTINGS = "All {n} settings of this session"
DIFFERS_NOTE = "● differs from the program's own."
YES = "yes"
NO = "no"
RANGE = "{low} to {high}"
DEVICE = "Device"
MONTAGE = "Montage"
MONTAGE_VALUE = "{name}: {channels}; reference {reference}, ground {ground}"
FRONTAL = "Frontal region"
POSTERIOR = "Posterior region"
SEED = "Seed"
RAW_DATA = "Raw data"
RAW_DATA_VALUE = "{path}, in the recordings folder {folder} (BIDS, BrainVision)"
RECORDED_WITH = "Recorded with"
MADE_WITH = "Report made with"
EVIDENCE_NAME = "Evidence profile {name}."
EVIDENCE_NAME_AND_DESCRIPTION = "Evidence profile {name}: {description}."
EVIDENCE_MEANING = (
    "Expected difference between wandering and focus in spreads of the baseline, and how much it differs "
    "between persons."
)
PROFILE = "Profile"
EXPECTED = "Expected"
BETWEEN_PERSONS = "Between persons"
SOURCE = "Source"

NOTES = "Notes of a teacher or clinician"
NAME = "Name"
DATE = "Date"
SIGNATURE = "Signature"
