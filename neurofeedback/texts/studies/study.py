"""Sentences of the study commands and pages."""

WROTE_PROTOCOL = "{path} was written. Edit it, then check it with `neurofeedback study check`."
PROTOCOL_FINE = "The protocol {name}, version {version}, can be used: {arms} arms, {visits} visits, {sites} sites."
NOT_FROZEN_YET = "It is not frozen yet."
FROZEN = "Frozen on {at} by {by}. SHA-256 {hash}"
CHANGED_SINCE = "Changed since it was frozen: {parts}."
WROTE_DONORS = "{path} was written: {n} donors of {people} people, {seconds} s or more each."

NEXT_VISIT = "Participant {participant}, visit {number} of {n} ({visit}): {when}."
NEXT_DUE = "due {first} to {last}"
NEXT_LATE = "late since {last}"
NEXT_LATER = "from {first} to {last}"
NEXT_FIRST = "the first visit, any day"
NEXT_DONE = "done; its days were {first} to {last}"
NEXT_FORMS = "Forms before: {before}. Forms after: {after}."
NEXT_INSTRUCTION = "Instruction, version {version}: {text}"
NEXT_GUESS = "Afterwards participant and experimenter guess the arm: `neurofeedback study guess {participant}`."
ALL_DONE = "Participant {participant} has completed all {n} visits."
NO_ONE_ENROLLED = "Nobody is enrolled."
STATUS_COUNT = "{n} people enrolled; {done} visits done, {due} due, {late} late, {excluded} excluded."
DEVIATIONS = "Deviations"
NO_FORMS = "none"
DEVIATION_WINDOW = "participant {participant}, visit {visit}: {days} days outside its window"
DEVIATION_OUTSIDE = "participant {participant}, session {session}: not recorded with `train --study`, so in no test"
DEVIATION_REPEATED = "participant {participant}, visit {visit}: recorded {n} times"
DEVIATION_NOBODY = "participant {participant}, session {session}: nobody is enrolled under this number"
DEVIATION_NO_VISIT = (
    "participant {participant}, session {session}: no visit of the protocol; set it with `neurofeedback session set`"
)

ALLOCATED = (
    "{records} and {key} were written. Bring both to the laptop of this site and type `neurofeedback study install "
    "FOLDER` there. Keep a copy of both where nobody who enrols can read it."
)
INSTALLED = "Installed the allocation of: {sites}."
KEY_PLACE = (
    "The arm is hidden from everybody who uses this program and its files in the ordinary way. It is not secret from "
    "somebody who takes the run key from this laptop: the program itself needs it to play the sham. Such a look leaves "
    "no trace."
)
ENROLLED = "Participant {participant} is enrolled at site {site}, stratum {stratum}."
OPEN_PART = "Openly different: {part}."
REVEALED = "Participant {participant} is in arm {arm}. This was written into {path} before it was shown."
UNLOCKED = "The study is unlocked on this computer: {n} rows were written into {path} before."

GUESS_QUESTION = "Which feedback did you have?"
GUESS_QUESTION_OTHER = "Which feedback did this participant have?"
GUESS_CHOICES = "r: from the own brain signal; s: not from it; d: don't know"
FORCED_QUESTION = "If you had to choose: r or s?"
SURE_QUESTION = "How sure are you, from 0 (not at all) to 10 (completely)?"
WHY_QUESTION = "Why?"
TRIED_QUESTION = "Did you try things out to see whether the sound follows? What?"
TEXT_TOO_LONG = "This has {n} characters; {limit} are stored at most. Please answer again, more shortly."
GUESS_SAVED = "The guess was saved."

BLINDING_TITLE = "Guesses by the {by} after visit {visit}: {n}."
BANG_LINE = "{group}: Bang {value:.3f} ({low:.3f} to {high:.3f}), {method}; n = {n}, don't know {unknown}"
JAMES_LINE = "James {value:.3f} ({low:.3f} to {high:.3f})"
WALD = "Wald"
ADJUSTED = "with one right and one wrong answer added (fewer than 60 a group)"
BLINDING_HELP = (
    "Bang: 0 is guessing by chance, 1 all right, -1 all wrong. James: 1 is perfect blinding, 0 none, 0.5 chance; it is "
    "high when many answer 'don't know', so it is never read alone. Sources: Bang 2004, Control Clin Trials 25:143; "
    "James 1996, Stat Med 15:1421."
)
NEEDS_UNLOCK = "the indices by group need the arms"

POWER_TITLE = (
    "Power of {test}, {n} people an arm, {visits} visits, {answers} answers a visit, {runs} simulated studies."
)
POWER_LINE = "Difference {difference:.2f} logits in the contrast: power {power:.2f} ({low:.2f} to {high:.2f})"
NULL_LINE = "No difference: rejected in {power:.3f} ({low:.3f} to {high:.3f}) at alpha {alpha:g}"
SMALL_EFFECT = (
    "For the smallest published effect of this kind of program, d about 0.2, two groups need {n} people each ({n_pre} "
    "with a pre-score that correlates .6)."
)
DETECTABLE = "With {n} people in the smaller group, power .8 is reached at d = {d:.2f}."
PILOT_AUC = (
    "Ask what the feedback of the real arm knew in its pilot: if the interval of its AUC contains .5, the trial "
    "compares two shams."
)

SHAM_CHECK_TITLE = (
    "{n} people: what they would have got from the own index and from a donor, the sittings of each averaged."
)
SHAM_CHECK_LINE = "{name}: {difference:+.4f} (90 % interval {low:+.4f} to {high:+.4f}), bound {bound:g}: {verdict}"
WITHIN = "within"
NOT_SHOWN = "not shown to be within"
SHAM_NEUTRAL = (
    "Neutral time is the wearer's own in both by construction: its line guards the computation and tests no more."
)
SHAM_LATENCY = "Latency of these sittings: median {p50:.1f} ms, 95th percentile {p95:.1f} ms."

PREREG = """# {title}

Protocol {name}, version {version}. SHA-256 of the frozen protocol: {hash}
Program version {program}.

## Design
{design} design. Arms: {arms}. Sites: {sites}. Stratified by: {factors}. Permuted blocks of random sizes
({blocks}), drawn by a keeper; allocation concealed from enrolling staff. {masking}

## Participants and sample size
{per_arm} people in each arm. Justification: {justification}
Stop rule: {stop_rule}

## Visits
{visits}

## Instructions
{instructions}

## Feedback
{feedback}

## Exclusion of sessions, fixed beforehand
{exclusions}

## Primary outcome and test
{outcome}

## Change that matters, fixed beforehand
{important}
"""
PREREG_NOT_FROZEN = "[not frozen yet]"
PREREG_MASKED = (
    "Masked by software: the arm is hidden from participants and staff who use the program and its files in the "
    "ordinary way. Not cryptographically blinded."
)
PREREG_OPEN = "Not masked."
PREREG_VISIT = (
    "- {name}: day {day} (-{early}/+{late}), profile {profile}, {programme}; forms before: {before}; after: {after}"
)
PREREG_SHAM = "Sham: {kind}. Confidence, mapping, limits and neutral time stay the wearer's own in both arms."
PREREG_NO_SHAM = "No sham."
PREREG_OUTCOME = (
    "{measure} of each visit. For each person one contrast: {contrast}. Difference between the kinds of feedback by "
    "{test}, two-sided, alpha {alpha:g}."
)
CONTRAST_SLOPE = "the slope over the visits"
CONTRAST_PERIODS = "the mean of period 2 minus the mean of period 1"
CONTRAST_SINGLE = "the slope over the visits, described without a test of arms"
TESTS = {"welch": "Welch's t test", "permutation": "permutation of the arms"}
TO_FILL_IN = "[to be filled in]"
WROTE_TABLE = "{path} was written: {n} rows. {dictionary} describes its columns."

MERGE_DONE = "{path} now has {people} people and {sessions} sessions: {copied} files copied, {joined} joined."
MERGE_PLANNED = "{path} would have {people} people and {sessions} sessions: {copied} files copied, {joined} joined."
MERGE_NOTHING = "{path} has all of it: {people} people and {sessions} sessions. Nothing was changed."
MERGE_DIFFERING = "{name} differs between the datasets; the first one stays."
MERGE_SHARED_SLOT = "Participants {people} got the same slot of the allocation: two laptops enrolled for one site."

SESSION_MASKED = "this session is masked: its index is shown after the study is unlocked"
SESSION_MASKED_TODO = "`neurofeedback study unlock` at the end of the study"
SEALED_WHOLE = "{n} sealed chunks are as they were recorded; what they hold is compared after unlocking."
SEALED_CHANGED = "What was played is missing or not as it was recorded."
SEALED_UNFINISHED = (
    "This session is being recorded, or it broke off and is completed at the next start of the program. Check it then."
)
STUDY_LOST = "The start of this session was lost, so it is not known what it should have played."
PLAYED_SAME = "A replay gives the same feedback in all {n} frames."
PLAYED_OTHER = "A replay gives another feedback than the {n} frames that were played."
NOTHING_SEALED = "No session has sealed feedback."

VISIT_TO_RECORD = "Participant {participant}, visit {number} of {n} ({visit}). Instruction: {instruction}"
CONFIRM_PERSON = "Is participant {participant} here?"
DEVIATES = "This session deviates from the protocol: {reasons}."
OWN_OPTIONS = "the protocol decides this"
NO_GUESS = "No guess was saved. Ask with `neurofeedback study guess` before any result is shown."
CHANGED_DEFAULTS = (
    "The protocol's files are the frozen ones, but this version of the program has other defaults:\n{settings}\n"
    "Record all visits with one version, or note this as a deviation of the study."
)
