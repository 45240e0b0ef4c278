"""Sentences of the CRED-nf page: the items of the checklist and what the data say about each."""

PAGE_TITLE = "CRED-nf checklist: {title}"
INTRO = (
    "The items of the CRED-nf best practices checklist (Ros 2020, Brain 143:1674; labels after its web form), "
    "filled from the data of this study. What a person must write is marked and is read from {answers}."
)
STATUS_FILLED = "filled"
STATUS_TEXT = "text wanted"
STATUS_PARTLY = "partly met"
STATUS_NOT_MET = "not met"
STATUS_NOT_APPLICABLE = "not applicable"
STATUS_LATER = "after unlocking"
COUNTS = (
    "{filled} filled, {text} text wanted, {later} after unlocking, {partly} partly met, {unmet} not met, {without} not "
    "applicable."
)
HEAD_ITEM = "Item"
HEAD_STATUS = "Status"
HEAD_ANSWER = "Answer"
HEAD_EVIDENCE = "Evidence"
COBIDAS_TITLE = "Rows after COBIDAS-EEG"
WRITTEN = "{path} was written: {counts}"

ITEMS = {
    "1a": "Was the study (protocol or analysis) preregistered?",
    "1b": "Sample size: plan and justification",
    "2a": "Control group or condition",
    "2b": "Double-blind design: yes, no or not appropriate, and how",
    "2c.rater": "Raters of outcomes blinded",
    "2c.stat": "Analysts blinded",
    "2d": "Blinding examined",
    "2e": "Standard-of-care group (clinical efficacy)",
    "3a": "Psychosocial factors measured",
    "3b": "Strategies provided to participants",
    "3c": "Strategies that participants used",
    "3d": "Online processing and correction of artifacts",
    "3e": "Artifacts by condition or group",
    "4a": "Extraction of the online feature",
    "4b": "Reinforcement schedule, with its justification",
    "4c": "Modality and content of the feedback",
    "4d": "All variables used for feedback, as displayed",
    "4e": "Hardware and software",
    "5a": "Regulation success by the feedback signal",
    "5b": "Plots within and between sessions, rest before and after",
    "5c": "Statistical comparison with the control",
    "6a": "Clinical or behavioural significance, with its threshold fixed beforehand",
    "6b": "Regulation success against behavioural change",
    "7a": "Open materials, data and code",
}

REGISTERED = "{address}; SHA-256 of the frozen protocol {hash}"
ARMS = "{arms}; sham: {sham}"
BLIND_LOG = "Masked by software. Times that an arm was shown before unlocking: {n}."
TABLES_MASKED = "No table has a column about arms before the study is unlocked; it is locked."
GUESSES = "{n} guesses after visits {visits}"
FORMS_ASKED = "Forms in the protocol: {forms}; answers stored: {n}"
PROCESSING = "Every session stores its whole profile: filters, gate, gaps, windows. Profiles: {profiles}"
USABLE = "Usable frames by visit: {shares}"
FEATURES_USED = "Evidence profile {evidence}: {features}"
SCHEDULE = "Target share of rewarded frames {target}; achieved {achieved}"
MODALITY = "Guide tone over background {background}, by the mapping of profile {profile}"
LOGGED = "Frame log at four rows a second of every session: features, z-scores, index, threshold, confidence, gain"
DEVICE = "{device}; rates and montages in *_start.json; program {version}; latency median {p50} ms, 95 % below {p95} ms"
BY_GROUP = "By arm: {groups}"
SUCCESS = "Share of frames below the threshold by visit: {shares}"
PLOTS = "Between sessions: below. Within sessions: the report of each session. Rest after practice: {rest}"
YES = "yes"
NO = "no"
TEST_RESULT = (
    "{n_real} people with real and {n_sham} with other feedback first: difference {difference:.3f} {unit}, "
    "p {p:.3f} ({test})"
)
TEST_LOGITS = "logits of the share of wandering"
TEST_UNITS = "in {measure}"
NOT_RECORDED = "An arm has sham feedback, but every session was recorded with the wearer's own feedback."
TOO_FEW = "Too few people with two visits for a test: {n}"
FIGURE_REWARD = "frames below threshold"
FIGURE_WANDER = "answers that are wandering"
FIGURE_VISIT = "visit"

COBIDAS_REJECTED = "Rejected share of frames, mean over sessions"
COBIDAS_LOST = "Lost share of samples, mean over sessions"
COBIDAS_DURATION = "Length of practice, min to max"
COBIDAS_SESSIONS = "Sessions, people"
COBIDAS_CHANNELS = "Channels (sessions)"
COBIDAS_REFERENCE = "Reference; ground (sessions)"
COBIDAS_RATE = "Nominal sampling rate (sessions)"
COBIDAS_FILTERS = "Online filters and spectra"
COBIDAS_DIFFICULT = "Difficult experiences, the worst answer of each person (form difficult)"
FILTERS = (
    "{profile}: causal Butterworth high-pass {highpass:g} Hz, order 2; notch at the mains frequency, Q {notch:g}; "
    "periodograms of {window:g} s every {hop:g} s"
)
NOT_ASKED = "not asked"
ALL_ARMS = "all"
DIFFICULT = "{group}: {n} asked, {little} a little, {strongly} strongly"
