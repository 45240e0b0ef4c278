"""Texts of the page after a sitting."""

OVER = "The sitting is over"
NOT_STARTED = "The sitting could not begin"
BROKE_OFF = "The sitting could not go on"
DURATION = "You sat for {length}."
USABLE_SIGNAL = "{share} of it had a usable signal."

TITLE_NAME = "How the sitting ended"
DURATION_NAME = "Length"
SIGNAL_NAME = "Usable signal"
ANSWERS_NAME = "Your answers"
DECODER_NAME = "What the program has learned"
SIGNS_NAME = "What in your brain waves goes with wandering, and how sure that is"

TIMELINE = "Course of the sitting"
LEGEND = (
    "The line is the {name}: {meaning}. The wider the band around it, the less sure the number. A circle is a "
    "question: filled if you answered “elsewhere”, empty for “on the breath”, a dash for “not sure” or no answer. A "
    "tick is wandering that you noticed yourself. In hatched parts the signal was too poor to judge."
)
KEY = "Line: {name}. Circles: answers (filled: elsewhere; dash: none). Ticks: noticed. Hatched: unclear."
PHASE_BASELINE = "Baseline"
PHASE_PRACTICE = "Practice"
PHASE_TRANSFER = "Without feedback"

DECODER_TITLE = "What the program has learned about you"
DECODER_READING = "Looking through what you have answered."
FEATURE_UNCLEAR = "{name}: {direction}"
FEATURE_DIRECTION = "{name}: {direction} ({chance} sure of higher or lower)"

DETAILS = "&Details"
DISCARD = "&Discard this sitting"
UNDO_DISCARD = "&Undo: put it back"
NOTES_NOT_SAVED = "Your notes are not saved yet. To leave without them, leave once more."
DISCARDED = "Moved to the bin. You can put it back now, or later from the folder .bin of your recordings."
ADVICE_NAME = "Advice"
DIFFICULTY_SAVED = "Your answer is saved."
KEEP_SHORT = "It ended within a minute. Keep it?"
KEEP = "&Keep it"
DISCARD_SHORT = "Disc&ard it"
SIT_AGAIN = "&Sit again"
OPEN_REPORT = "Open the &report"
OPEN_FOLDER = "Open the &folder"
FILE_GONE = "It is not there any more; nothing else is touched."

WHAT_IF_TITLE = "What if"
WHAT_IF = "&What if"
WHAT_IF_HINT = "Try other settings on this recording: the dashed line."
WHAT_IF_RESULT = (
    "With this setting, in this sitting, the sound would have been quiet for {quiet} of the practice. The signal was "
    "usable for {usable} of it."
)
WHAT_IF_RESULT_NAME = "Result with the other setting"
METHOD = "Method"
QUIET_SUFFIX = " % quiet"
QUIET_SHARE = "Share of the practice that should be quiet"

EXPORT = "&Export"
EXPORT_DIALOG = "Export"
EXPORTED = "Exported to {path}"
EXPORT_FORMATS = {
    "edf": "EDF+, 16 bits",
    "bdf": "BDF+, 24 bits",
    "fif": "FIF, for MNE",
    "csv": "CSV, for spreadsheets",
    "set": "EEGLAB data set",
    "mat": "MATLAB file",
    "bids-zip": "BIDS dataset, zipped",
}

NOTE = "Note"
NOTE_PLACEHOLDER = "A note, if you like"
TAGS = "Tags"
TAGS_PLACEHOLDER = "such as morning"
CONDITION = "Condition"
MOOD_BEFORE = "Mood before"
MOOD_AFTER = "Mood after"
MOOD_LOW = "low"
MOOD_HIGH = "high"
SLEEPINESS_BEFORE = "Sleepiness before"
SLEEPINESS_AFTER = "Sleepiness after"
SLEEPINESS_LOW = "wide awake"
SLEEPINESS_HIGH = "nearly asleep"
