"""Texts of the page about many sittings."""

TITLE = "Progress"
TITLE_OF = "Progress of {participant}"
READING = "Looking through the sittings."
READING_BAR = "How far reading is"
NO_FOLDER = "There is no folder {path} yet: the first sitting makes it, unless it is on a disk that is not there."
SUMMARY_NAME = "Summary"
CONDITIONS_NAME = "Under each condition"
OUTLOOK_NAME = "How many sittings a change takes to see"
CONDITION_SHARE = "{name}: “elsewhere” {share} (likely {low} to {high}, {n} answers)"
WHY_ANSWERS = (
    "Only your own answers are compared between sittings. The program's own numbers cannot show whether you progress:"
    " it measures each sitting against that sitting's start, and sets the tone to be quiet about as often in every "
    "sitting."
)
HOW_SURE = (
    "How sure this is: your real share of wandering probably lies within the range. Of 100 ranges made this way, "
    "about 95 contain the real share. Sittings close in time are often alike, so ten of them tell less than ten "
    "sittings far apart. That is why the usual range is wide and only a clear change is shown. Even so, false alarms "
    "happen: of 100 people who have not changed, up to 7 will see a change here on a given day, and more of them if "
    "they look often."
)

THIS_WEEK = "This week: {length} on {days}."
THIS_WEEK_NONE = "This week: no sitting yet."
IN_A_ROW = "{n} days in a row."
REGULARITY_NAME = "This week"
DETAILS = "&Details"

CHART_CAPTION = "How often you answered “elsewhere”. A longer line: a less certain point."
CHART_NAME = "Wandering by your own answers, sitting by sitting"
CHART_AXIS = "each point a sitting, the latest on the right"

CALENDAR_NAME = "Calendar of sittings"
NO_SESSION = "no sitting"
MONDAY = "Mo"
THURSDAY = "Th"
SUNDAY = "Su"

IMPORT = "&Import a recording"
IMPORT_DIALOG = "Import a recording"
IMPORT_TIP = "EDF, BDF, FIF, BrainVision, XDF, Mind Monitor, OpenBCI, BrainFlow and others"
IMPORTED = "Imported: {session}"
