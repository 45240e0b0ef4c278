"""Sentences about the personal decoder. AUC is not accuracy and is never called so."""

NO_ANSWERS = (
    "Nothing is learned yet: the tone follows what studies found in other people. For you that may be no better than "
    "guessing, or the wrong way round."
)
TOO_FEW_SESSIONS = (
    "Too early to say: it takes over ten answers, with “elsewhere” and “on the breath” both in one sitting."
)
PAIRS = (
    "given one “elsewhere” and one “on the breath” moment of a sitting, it can tell which is which in about {auc} of "
    "100 tries (likely {low} to {high}; guessing gets 50)."
)
EARLY = "Too early to say how well it works: {pairs}"
EARLY_ANSWER_BY_ANSWER = "Too early to say how well it works: {pairs} This first score may be a bit too low."
BETTER_THAN_GUESSING = "It tells your wandering from focus better than guessing: {pairs}"
LIKE_GUESSING = "By your answers so far, it may be no better than guessing: {pairs}"
NO_LONGER_CLEAR = "It beat guessing before; by the latest answers that is less clear: {pairs}"
WRONG_WAY = "It gets your answers mostly wrong, so the tone does not follow it: {pairs}"
# the badge: shown once learning.evaluation sets ``active``
ACTIVE = "Personal model active: with {answers} from {sessions}, it told wandering from focus better than guessing."
LEARNING = "Personal model learning: so far it uses studies of other people and {answers} from {sessions}."
ONE_ANSWER = "1 of your answers"
ANSWERS = "{n} of your answers"
ONE_SESSION = "1 sitting"
SESSIONS = "{n} sittings"

HIGHER = "higher while wandering"
LOWER = "lower while wandering"
RATHER_HIGHER = "rather higher while wandering"
RATHER_LOWER = "rather lower while wandering"
UNCLEAR = "still unclear whether higher or lower"

FEATURE = "{kind}, {region}"
WHOLE_HEAD = "whole head"
KINDS = {
    "theta": "theta power",
    "alpha": "alpha power",
    "beta": "beta power",
    "delta": "delta power",
    "chi": "slow against fast waves",
    "o_theta": "theta above the background",
    "o_alpha": "alpha above the background",
    "cog": "alpha frequency",
    "envelope": "strength of alpha at the moment",
}
"""Kinds of features, as ``processing.features`` names them."""

SESSION_NOTICE = "{session}: {notice}"
ONLY_ANSWER_IS_WANDERING = "The only answer so far says elsewhere: from one kind of answer nothing can be told apart."
ONLY_ANSWER_IS_BREATH = "The only answer so far says on the breath: from one kind of answer nothing can be told apart."
ALL_ANSWERS_WANDERING = "All {n} answers so far say elsewhere: from one kind of answer nothing can be told apart."
ALL_ANSWERS_BREATH = "All {n} answers so far say on the breath: from one kind of answer nothing can be told apart."
DIFFERENT_HEADSETS = (
    "Answers come from headsets with different electrodes; those from another one than is worn count for half."
)
DIFFERENT_PEOPLE = (
    "These sessions may be two people's: alpha lies at {low_hz:.1f} Hz in {low_session} and at {high_hz:.1f} Hz in "
    "{high_session}. If so, exclude one with `neurofeedback decoder fit --exclude`, and give each a participant."
)
UNREADABLE_SESSION = "{session} could not be learned from: {error}"
UNUSABLE_FILE_RENAMED = (
    "The model file could not be used and was put aside as {name}; everything was learned again from the recordings, "
    "and sessions that had been left out are included again: {error}"
)
UNUSABLE_FILE_STAYS = (
    "The model file could not be used and could not be put aside ({reason}); everything was learned again from the "
    "recordings, and sessions that had been left out are included again: {error}"
)

# stored in the model file, in English, and shown from there
STUCK_KEY = "{n} presses of “I was away” look like a stuck key and were left out."
CONTRADICTORY_ANSWERS = "{n} answered twice and differently: left out."
NO_SIGNAL = "{n} answered without a usable signal before the question: counted, but nothing to learn from."
IMPOSSIBLE_DATE = "dated {date:%Y-%m-%d}, which cannot be: the clock was wrong. Counted as recent."
