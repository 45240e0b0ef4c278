"""Sentences about the personal decoder. AUC is not accuracy and is never called so."""

NO_ANSWERS = (
    "Nothing is learned yet: the tone follows what studies found in other people. For you that may be no better than "
    "guessing, or the wrong way round."
)
TOO_FEW_SESSIONS = (
    "Too early to say how well it knows you: it needs more than ten of your answers, and at least one sitting in "
    "which you gave both answers, “elsewhere” and “on the breath”."
)
PAIRS = (
    "The test: two moments of the same sitting, one you called “elsewhere” and one “on the breath”. The program picks"
    " the “elsewhere” one in about {auc} of 100 tries. Guessing would get 50. The real figure is likely {low} to "
    "{high}."
)
EARLY = "Too early to say how well it works. {pairs}"
EARLY_ANSWER_BY_ANSWER = "Too early to say how well it works. {pairs} The figure of {auc} may be a little too low."
BETTER_THAN_GUESSING = "It tells your wandering from focus better than guessing. {pairs}"
LIKE_GUESSING = "By your answers so far, it may be no better than guessing. {pairs}"
NO_LONGER_CLEAR = "It beat guessing before. With your latest answers that is less clear. {pairs}"
WRONG_WAY = "It gets your answers mostly wrong, so the tone stays neutral and does not use it. {pairs}"
# the badge: shown once learning.evaluation sets ``active``
ACTIVE = (
    "Personal model active: what the program learned from you told wandering from focus better than guessing "
    "({answers} from {sessions})."
)
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
ONLY_ANSWER_IS_WANDERING = (
    "The only answer so far is “elsewhere”. The program can learn only when it has both kinds of answer."
)
ONLY_ANSWER_IS_BREATH = (
    "The only answer so far is “on the breath”. The program can learn only when it has both kinds of answer."
)
ALL_ANSWERS_WANDERING = (
    "All {n} answers so far are “elsewhere”. The program can learn only when it has both kinds of answer."
)
ALL_ANSWERS_BREATH = (
    "All {n} answers so far are “on the breath”. The program can learn only when it has both kinds of answer."
)
DIFFERENT_HEADSETS = "Some answers were given with a headset that has other electrodes than this one. They count half."
DIFFERENT_PEOPLE = (
    "These sessions may come from two people: the alpha rhythm is at {low_hz:.1f} waves a second in {low_session} and"
    " at {high_hz:.1f} in {high_session}. If they do, leave out the session that is not yours (`neurofeedback decoder"
    " fit --exclude`). From now on each person should sit under a name of their own."
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
CONTRADICTORY_ANSWERS = "Questions with two different answers, left out: {n}."
NO_SIGNAL = (
    "Answers without a usable signal before the question: {n}. They count as answers, but the program cannot learn "
    "from them."
)
IMPOSSIBLE_DATE = "dated {date:%Y-%m-%d}, which cannot be: the clock was wrong. Counted as recent."
