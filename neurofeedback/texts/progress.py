"""Texts of the page about many sittings."""

TITLE = "Progress"
TITLE_OF = "Progress of {participant}"
READING = "Looking through the sittings."
READING_BAR = "How far reading is"
NO_FOLDER = "There is no folder {path} yet: the first sitting makes it, unless it is on a disk that is not there."
SUMMARY_NAME = "Summary"
CONDITIONS_NAME = "Under each condition"
OUTLOOK_NAME = "How many sittings a change takes to see"
CONDITION_SHARE = "{name}: {share} (between {low} and {high}, {n} answers)"
WHY_ANSWERS = (
    "Only your own answers are compared between sittings. The index is relative to each sitting's own baseline and "
    "the program keeps the reward near a set share, so neither says anything over time."
)
HOW_SURE = (
    "How sure this is: each range of a share is made so that it contains the true share in 95 of 100 cases. The range "
    "of what is usual for you is wide on purpose, because one sitting may be like the one before. For the same reason "
    "a change has to be clear before it is shown: of 100 people without any change, fewer than 7 are shown one."
)

CHART_CAPTION = "Wandering by your own answers. The longer its line, the less certain a point is."
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
