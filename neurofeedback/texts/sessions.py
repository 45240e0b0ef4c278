"""Texts of the page that lists all sittings, and of the page that compares two."""

TITLE = "History"
TITLE_OF = "Sittings of {participant}"
READING = "Looking through the sittings."
NO_SITTING = "No sitting yet."
COUNT = "{n} sittings"
ONE = "1 sitting"
LIST_NAME = "List of sittings"

DATE = "Date"
LENGTH = "Length"
PRACTICE = "Practice"
SIGNAL = "Usable signal"
ANSWERS = "Your answers"
NOTE = "Note"
COLUMNS = (DATE, LENGTH, PRACTICE, SIGNAL, ANSWERS, NOTE)
ON_BREATH = "{n} of {total} on the breath"
NO_ANSWERS = "none"
UNKNOWN = "–"
CUSTOM_LENGTH = "Custom length"

WITHOUT_HEADSET = "This sitting was without a headset: nothing was recorded but the time."

OPEN = "&Open"
COMPARE = "&Compare"
COMPARE_TIP = "Choose two sittings (Ctrl and click, or Shift and the arrow keys)"
DELETE = "&Delete"
DELETE_TIP = "Moves the sitting to the bin; it can be put back"
UNDO = "&Undo"
UNDO_NAME = "Put the deleted sitting back"
DELETED = "Moved to the bin: the sitting of {date}."
RESTORED = "Put back: the sitting of {date}."
OPEN_TITLE = "Sitting of {date}"

COMPARE_TITLE = "Two sittings"
COMPARE_HINT = (
    "Each line is compared with the baseline of its own sitting, so the heights of two sittings cannot be compared. "
    "Your own answers can."
)
PRESSES = "Noticed yourself"
SLEEPINESS = "Sleepiness"
BACK = "&Back"
