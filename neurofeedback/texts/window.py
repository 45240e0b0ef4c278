"""Texts that several pages of the window share, and those of its dialogs."""

APP_TITLE = "Neurofeedback"
HOME = "&Home"
MINUTES_SUFFIX = " min"
NOTICE = "Notice"
MESSAGE = "Message"
CANCEL = "&Cancel"
CANCEL_PROGRESS = "&Cancel, {percent} %"
CANCEL_TASK = "Cancel: {task}"
CANCELLED = "Cancelled."
PROGRESS_BAR = "Progress so far"

FILE_FAILED = "A file could not be read or written: {error}"
PROGRAM_FAULT = "A fault of the program: {error}"
PROGRAM_FAULT_NOT_RECORDED = "A fault of the program: {error}. Nothing was recorded."

CRASH_TITLE = "Something went wrong"
CRASH_EXPLANATION = (
    "Something in the program went wrong. What has been recorded is saved; a sitting that broke off is completed at "
    "the next start. The report below says what happened and names no person."
)
CRASH_REPORT = "Report"
CRASH_COPY = "&Copy the report"
CRASH_CONTINUE = "&Go on"

PREFERENCES_UNREADABLE = "Your settings could not be read ({error}), so the defaults are used."
PREFERENCES_BACKUP = "The old file is saved as {file}."

PICTURES = {"water": "Still water", "ring": "A ring", "none": "No picture"}
WATER_PICTURE = "Picture: still water at night"
