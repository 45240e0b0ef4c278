"""Sentences about many sessions: the window's progress page and ``neurofeedback history``."""

NO_SESSION = "No sitting yet."
TOTAL = "{sessions} on {days}, {duration} in all."
ONE_SESSION = "1 sitting"
SESSIONS = "{n} sittings"
ONE_DAY = "1 day"
DAYS = "{n} days"
HOURS = "{n} hours"
LEFT_OUT = "Left out: {session}. {reason}"

NO_ANSWERS = "No answers yet, so nothing can be said about wandering."
ONE_PROBE = "1 chime"
PROBES = "{n} chimes"
WANDERING = "By your own answers your mind had wandered at {share} of {probes} (between {low} and {high})."

TREND_NEEDS_MORE = "A trend needs at least {sessions} sittings with {answers} answers of both kinds."
NO_TREND = "No clear change yet over {n} sittings."
LESS_WANDERING = (
    "Over {n} sittings you reported less wandering: about {first} at first, {last} lately. "
    "Your answers cannot show the cause."
)
MORE_WANDERING = (
    "Over {n} sittings you reported more wandering: about {first} at first, {last} lately. "
    "Your answers cannot show the cause."
)

SESSIONS_NEEDED = "To see that you wander less takes many sittings: {list} (80 % power)."
SESSIONS_NEEDED_ITEM = "about {n} for {reduction} fewer of 100 chimes"
TOO_MANY_NEEDED = "Even {reduction} fewer wanderings in 100 chimes would take more than 400 sittings to show."

SIGNAL_TREND = "{name}: {first} at first, {last} lately (half the interquartile range: {half_iqr})"
CONDITION = "{name}: {share} (between {low} and {high}, {n} answers)"
