"""Sentences about forms, session facts and their record."""

# forms
OUT_OF_ORDER = "{form}: this time is before the last answers ({last}). Both are saved; check the date."
ASKED_TWICE = "{form} was answered {seconds} s ago, too. Both are saved; correct one if it was a mistake."
OVERLAPS = "{form} asks about {days} days and was last answered on {last}: this one overlaps the last."
TABLE_EDITED = "{path} was edited outside this program. The edited table is saved as {copy}; the record is unchanged."
BEFORE_FORM = "Your answers are kept on this computer. Nobody reads them while you answer."
NOT_ASKED_PIPED = "input is piped, so its keys are for the session"
NOT_ASKED = "{form} was not asked: {why}. Answer it with `neurofeedback ask {form}`."
SAVED_BUT = "This is saved; do not enter it again. But: {error}"
SAVE_FAILED = "{error} Press Enter to try again, or q to give up"
NOT_SAVED = "The answers to {form} are NOT saved. Write them down: {answers}"
LISTED = "{entry}  {asked}  {form}  {session}  score {score}{more}"
CORRECTED = ", corrected by {entry}"
SEEN_BY = ", acknowledged by {by}: {done}"
NO_FORMS = "No form was answered yet."
ACKNOWLEDGED = "Saved: {by} has seen this answer."

# answers to acknowledge, such as item 9 of the PHQ-9
NOT_ACKNOWLEDGED = 'Not yet acknowledged: sub-{participant} answered {value} to "{question}" ({form}) on {asked}.'
ACKNOWLEDGE = '{line} `neurofeedback forms acknowledge {entry} --by NAME --done "..."`'

# session facts
FACTS_SAVED = "{session}: {facts}"
FACT_CHANGED = "{name} of {session} was {before} and is {after} now. Both are in the change log."
TIME_ZERO_BEFORE = "Time zero is {minutes} minutes before the recording begins."
TIME_ZERO_AFTER = "Time zero is {minutes} minutes after the recording ended: all of it lies before the dose."
FACTS_EDITED = "{path} was edited outside this program. Its values are used; a copy is saved as {copy}."
NOTHING_SET = "no facts entered"

# migration
MIGRATED = (
    "Data of an earlier version were moved: {n_answers} answers, facts of {n_sessions} sessions. Backup: {backup}"
)
NOTHING_TO_MIGRATE = "Nothing of an earlier version is left to move."
NOT_MIGRATED = "{path} stays where it is: {why}"
NOT_UNDERSTOOD = "its cells or its description (.json beside it) are not as version 0.1.0 wrote them."

# the dialog of the window
OPEN_DIALOG = "&Forms and facts"
OPEN_DIALOG_TIP = "Answer a form, enter a dose or vital signs, set the facts of the chosen sitting"
DIALOG_TITLE = "Forms and facts of {participant}"
WAITING_NAME = "answers that staff have not acknowledged"
ADVICE_NAME = "advice"
MESSAGE_NAME = "what was saved"
TAB_FORM = "Form"
TAB_ENTRY = "Attendant's entry"
TAB_FACTS = "Facts of this sitting"
TAB_COURSE = "Course"
FORM = "form"
SAVE = "&Save"
CLOSE = "&Close"
CLOSE_UNSAVED = "Something you entered is not saved. Close without it?"
CLOSE_ANYWAY = "&Close without it"
GO_ON = "&Go on"
SAVED = "Saved."
SAVED_SCORE = "Saved. Score {score}. It is no diagnosis."
ENTRY = "what"
ENTRY_TEXT = "in words, such as 35 mg or 128/84 pulse 71"
PREVIEW = "Read as: {entry}"
PREVIEW_NAME = "how the entry is read"
ENTRY_KINDS = {
    "dose": "dose given",
    "end": "end of the infusion",
    "vitals": "vital signs",
    "note": "note",
    "ready": "ready to leave (with whom)",
    "adverse": "adverse event",
    "medicine": "other medicine",
}
SUBSTANCE = "substance"
ROUTE = "route"
HOW_BAD = "how bad"
SERIOUS = "serious"
YES = "yes"
NO = "no"
TOLD_NOT_TO_DRIVE = "was told not to drive"
AT = "when"
NOW = "now; or 14:02"
BY = "entered by"
NOT_COMPLETE = "This entry is not complete. Enter it in words, and choose what is asked below."
WINDOW = "window"
FACT_NAMES = {
    "condition": "condition, such as home or pre",
    "substance": "substance",
    "dose": "dose",
    "route": "route",
    "eyes": "eyes, open or closed",
    "visit": "visit",
    "note": "note about the protocol",
}
DUE_NAME = "what is due today"
NOT_ASKED_WINDOW = "the window asks forms after a sitting alone; answer it from History, Forms and facts"
