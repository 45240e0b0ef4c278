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
    "Only your own answers are compared between sittings. The program measures each sitting against its own start, "
    "and keeps the tone quiet about equally often, so its numbers cannot show whether you progress."
)
HOW_SURE = (
    "How sure this is: a range is where your real share of wandering probably lies; about 95 of 100 ranges made this "
    "way are right. Sittings close in time are often similar, so many of them tell less than their number suggests. "
    "That is why the usual range is wide and only a clear change is shown. Even so, on any given day this page shows "
    "a change to up to 7 of 100 people who have not changed, and to more of them if they look often."
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
