"""Sentences and labels that commands print in the terminal."""

# a session, live
PHASE = "phase"
TIME = "time"
STATE = "state"
MASKED_STATE = "masked"
CONTACT = "contact"
REASONS = "reasons"
INDEX = "index"
SIGNAL = "signal"
LATENCY = "latency"
QUESTION = "question"
PAUSED = "paused"
GUIDANCE = "guidance"
SENT = "sent"
ALLOW_NETWORK_QUESTION = "Other computers on this network can read this stream. Send it all the same?"
SOUND = "sound"
RECORDING = "recording"
MESSAGE = "message"
KEYS = "keys"
ROW = "{label}: {value}"

TIME_LEFT = "{elapsed} elapsed, {left} left, {phase_left} of this phase"
PAUSED_HINT = "paused time is not counted; p resumes"
SOUND_MUTED = "{sound}, muted (m)"
SOUND_VOLUME = "{sound}, {volume} dB"
SIGNAL_QUALITY = "{now} of the electrodes usable now; usable {overall} of the time; {lost} % lost"
INDEX_LINE = "index: {name}, {meaning}"
OWN_BASELINE_KEY = "compare with your earlier sittings"
SESSION_BASELINE_KEY = "compare with this sitting's baseline"
HOW_TO_END = "Ctrl-C ends the sitting and closes the recording properly"
RECORDINGS_FOLDER = "Recordings go to {folder}"

# a session, ended
DURATION = "You sat for {duration}."
USABLE_SIGNAL = "{share} of it had a usable signal."
RECORDING_PATH = "The recording is in {path}"
REPORT_PATH = "The report is {path}"
REPORT_NOT_OPENED = "No program here opens it; the file is {path}"

# questionnaires
NOTHING_ANSWERED = "Nothing was answered, so nothing is saved."
SAVED_WITHOUT_SCORE = "Saved. There is no score, as not all of it was answered."
SAVED = "Saved."
SAVED_SCORE = "Saved. Score {score}. It is no diagnosis."
SAVED_NAMED_SCORE = 'Saved. Score {score}, which its authors call "{name}". It is no diagnosis.'
ANSWER_CHOICES = "One of {choices}, or an empty line to leave it out."

# devices
NUMBER_OR_NAME = "Number, or name of another device"
NONE_FOUND_NAME = "No headset was found. Name of a device, such as simulated"
LAST_DEVICE = "Device: {device}, as last time; --device takes another"
ONLY_DEVICE = "Device: {device} ({about})"
SCANNING = "Looking for headsets ..."
NOTHING_FOUND = (
    "No headset was found. A Muse or Ganglion must be switched on and connected to no phone or other program; an "
    "OpenBCI dongle plugged in before its board is switched to PC. docs/headsets.md says more."
)
MORE_BOARDS = "{n} more boards that BrainFlow reads are listed by `neurofeedback devices --all`."
ONE_CHANNEL = "1 channel, {sfreq} Hz"
CHANNELS = "{n} channels, {sfreq} Hz"

# contact check
CONNECTING = "Connecting to {device}"
WAITING = "Waiting for the first signal."
ELECTRODE = "electrode"
MAINS = "mains µV"
NOISE = "noise µV"
LOST = "lost %"
SAMPLE_AGE = "samples are {p50} ms old when they are read (95 %: {p95} ms)"
CHECK_FOOTER = "{latency} · Ctrl-C ends"
CHECK_FOOTER_SFREQ = "{sfreq} Hz · {latency} · Ctrl-C ends"

# history, compare, verify
PARTICIPANT = "Participant {participant}"
HISTORY_COLUMNS = ("session", "began", "min", "signal", "wandering", "condition", "note")
EARLIER_SESSIONS = "({n} earlier ones are not listed)"
OPENING_SESSIONS = "Opening sessions"
MEASURE = "measure"
DIFFERENCE = "difference"
INTERVAL_95 = "95 % interval"
OWN_SD = "own SD between sessions"
WITHIN_RECORDINGS = "within these two recordings only"
COMPARED = (
    "Participant {participant}: {n_a} and {n_b} sessions, {minutes} minutes of clean signal of each, on {channels}"
)
SESSION_LEFT_OUT = "Left out: {session}, {reason}"
COMPARISON_PATH = "The page is {path}"
CHECK_COLUMNS = ("item", "verdict", "why")
ITEMS_WRONG = "{n} of {total} items do not add up."
ALL_CORRECT = "All adds up."
CHECKED_CORRECT = "What can be judged adds up."
NOT_CHECKABLE = "{n} cannot be judged."

# decoder
FEATURE_COLUMNS = ("feature", "while wandering", "weight", "chance that this direction is right")
DECODER_STATE = "Participant {participant}: {sentence}"
TRAINED_FROM = "Learned from {n} answers ({n_wander} elsewhere, {n_focus} on the breath) of {sessions} sittings."
TRAINED_WITH_PRESSES = (
    "Learned from {n} answers ({n_wander} elsewhere, {n_focus} on the breath) of {sessions} sittings, and from presses."
)
AUC = (
    "Pairs right (.5: guessing), each sitting by those before it: {prequential}; each answer by all before it (a bit "
    "low at first): {answer_by_answer}; each sitting by all others: {left_out}; without learning: {untaught}"
)
SKILL = (
    "Better than your usual rate alone by {skill} (0: not, 1: perfect; Brier skill), in {share:.0f} of 100 re-draws "
    "of sittings; its percentages are off by {ece}"
)
PRIOR_WEIGHTS = "Studies it builds on: {weights}"
DROWSINESS = "Drowsiness threshold: {level} of the default ({n} answers)."
LEFT_OUT = "Left out: {session}"
NOTE = "Note: {notice}"
TOO_FEW = "too few answers"
INTERVAL = "{value} ({low} to {high}; {n} answers)"
AUC_INTERVAL = "{value} ({low} to {high}; {n} answers, {pairs} pairs)"
DIFFERENCE = "{value} ({low} to {high}; mean over subjects)"
TABLE_TITLE = "AUC, pairs of one session"
TABLE_COLUMNS = ("evaluation", "AUC (95 % interval)")
SESSION_BY_SESSION = "each session judged by those before it"
SESSIONS_LEFT_OUT = "each session left out"
SUBJECTS_LEFT_OUT = "each subject left out"
SUBJECT_ROW = "  {subject}, by its earlier sessions ({n} answers)"
UNTAUGHT = "the index before any answer"
ANSWER_BY_ANSWER = "each answer judged by all before it"
PLAIN_L2 = "plain L2, each answer by all before it"
ALPHA_MINUS_THETA = "alpha minus theta, nothing learned"
ABOVE_PLAIN_L2 = "each answer by all before it, minus plain L2"
ABOVE_ALPHA_MINUS_THETA = "each answer by all before it, minus alpha minus theta"
ACTIVE_SUBJECTS = "“Personal model active” would show for {n} of {total} subjects: {subjects}"
NO_SUBJECT = "none"
TABLE_COUNTS = "{n} answers, {n_wander} of wandering, {sessions} sessions."
TABLE_PRIORS = "Features with a prior from studies: {features}; the others start from zero."
NO_FEATURE = "none"
TABLE_SKILL = "Brier skill: {skill}; calibration error: {ece}"

# batches, simulation, emulators
STOPPED = "stopped; the same command continues from here"
BATCH_COUNT = "{n} recordings, {done} of them done before"
SESSION_NUMBER = "session {number} of {total}: {path}"
CONNECT_WITH = "connect with: {command}"
LEAVE_HINT = "{commands}, Ctrl-C to leave"
SAMPLES_SENT = "sent {n} samples, {lost} of them lost on purpose"
BLOCKS_SENT = (
    "sent {n} blocks of 12 samples; {lost} packets were not sent: lost on purpose, or the stream was switched off"
)

# metrics
IS = "is"
IS_NOT = "is not"
FROM = "from"
LOGGED_AS = "logged as"
PRIOR_OF_MIXTURE = "prior"
NOTICE = "notice"
EVIDENCE_PROFILES = "Evidence profiles"
EVIDENCE = "{effect} +- {between_sd} between people; {source}"

MAKE_PRIVATE_QUESTION = "Make them private?"
MAKE_PRIVATE_HINT = "To make them private: chmod -R u+rwX,go= {folder}"
