"""Sentences about a course of infusions and meditation: entries, due list, safety, consent and leaving."""

# safety
NOT_A_MONITOR = "This does not monitor the patient. It has no alarms. Use your own monitor and observer."
BEFORE_A_SUBSTANCE = (
    "Whether ketamine or esketamine is safe for you is your prescriber's decision; blood-vessel malformations or "
    "aneurysm, a bleed in the brain and allergy rule esketamine out, and high blood pressure, psychosis, mania, "
    "pregnancy, substance use and liver or bladder trouble need their judgement. Do not take ketamine in order to use "
    "this program, and not alone or at home without their care. Do not meditate with the headset under its effect "
    "without an attendant. Do not drive until the next day. Stop and speak to your clinic if you feel unreal, "
    "frightened, unusually high-spirited, or worse."
)
INTENDED_USE = (
    "This program is not intended to diagnose, treat, monitor or prevent disease, and has not been assessed or "
    "approved for it. Whether your use makes it a medical device depends on what you use it for and where; ask before "
    "using it in care. It stores what you enter and shows it unchanged."
)
HOME_RISK = "Ketamine without supervision, at home, is a risk (US FDA warning, October 2023)."

WITH_AN_ATTENDANT = "Is an attendant with you, and has your prescriber agreed?"

# entries
IN_THE_FUTURE = "{at} is in the future by this computer's clock. Saved as entered; check the time."
OTHER_CLOCK = (
    "The last entry was made on another computer whose clock is ahead of this one. Both are saved as entered; pass "
    "--clock-offset SECONDS to correct this one."
)
OTHER_COMPUTER = "Earlier entries were made on another computer: compare the clocks, or pass --clock-offset SECONDS."
TWICE_IN_A_MINUTE = "There is another entry of this kind ({kind}) within a minute. Both are saved."
SECOND_DOSE = "This is a second dose on the same day. Both are saved; minutes are counted from the last one."
DOSE_WITHOUT_END = "An earlier infusion has no end entered yet."
DOSE_OUT_OF_ORDER = "This dose is before the last one ({at}). Both are saved; check the date."
END_WITHOUT_DOSE = "There is no open infusion that this could end. Saved as entered."
SERIOUS = "Serious: report it by your own rules; this program reports to nobody."
NOT_MERGED = "The entry is saved, but was not added to the events of {session}: {error}"
TEXT_NOT_USED = "use --at {text} for the time, --escort for who comes along; or enter a note"
ENTRY_SAVED = "Saved: {at} {entry}{minutes}"
MINUTES_FROM_DOSE = ", {minutes} min from the dose"
READ_BACK = "Read as: {entry}. Save?"
NOT_SAVED = "Not saved."
ASK_AGAIN = "{error} Again, or empty to give up"

# record only
RECORD_ONLY = "Record only: no feedback, no index, no questions."
ONLY_RECORDED = "The recording is over"
RECORDED_FOR = "Recorded for {length}."

# course files and the due list
NO_START = "The course has no first day."
DOSES_OUT_OF_ORDER = "The doses are not in order of time; they are shown in order."
TWO_DOSES = "Two doses are planned on day {day}."
AFTER_END = "{what} on day {day} is after the end of the course."
NO_CONTACTS = "The clinic's contacts are missing: the course cannot be frozen without them."
RISK_AT_HOME = HOME_RISK
NO_COURSE = "sub-{participant} has no course; make one with `neurofeedback course new`."
COURSE_WRITTEN = "The course is in {path}. Edit it, then `neurofeedback course freeze {participant}`."
FROZEN = "Frozen: {path}"
CONTACTS_SAVED = "Saved in {path}"
NOTHING_DUE = "Nothing is due today."
DUE_LINE = "{mark} {due}  {what}"
STATES = {"done": "done ", "due": "DUE  ", "missed": "missed", "later": "later"}
DUE_DOSE = "dose {name}: {substance} {dose} {route}"
DUE_DOSE_END = "end of the infusion of {at}: not entered"
DUE_FORM = "{form}"
DUE_RECORDING = "recording, {minutes:g} min, {mode}{condition}"
DUE_VITALS = "vital signs"
DUE_HOME = "sittings this week: {done} of {planned}"
DUE_READY = "ready to leave: not entered"
PLAN = "plan of the course"
DO_IT = "&Do it now"
REPORT = "&Report"
REPORT_CLINIC = "For the clinic ..."
REPORT_PATIENT = "For the person ..."
REPORT_DIALOG = "Write the report of the course"
WRITING = "Measuring the recordings; the first time this takes some seconds a recording."
CHANGED_SINCE_FROZEN = "The course was changed after it was frozen: {what}"

# consent and leaving
CONSENT_SAVED = "Saved: consent to version {version} on {at}."
WITHDRAWN = "Withdrawn: {n_files} files and {n_lines} lines of sub-{participant}. Receipt: {receipt}"
WITHDRAW_QUESTION = "Remove the data of sub-{participant} ({what})? This cannot be undone."
EXPORTED = (
    "Exported to {folder}; the key is {key}. Keep it apart. Condition, substance, dose, route, visit and arm are in "
    "the tables as typed: look through them for names and dates."
)
NO_ENTRIES = "No entries yet."
