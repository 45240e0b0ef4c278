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
ONE_PROBE = "1 answer"
PROBES = "{n} answers"
WANDERING = (
    "Your mind was elsewhere in {share} of your {probes}. You were asked only now and then; over the whole time of "
    "these sittings it is very likely {low} to {high}."
)
LONG_RUN = (
    "If you did many more sittings like these, then over all of them taken together your mind would likely be "
    "elsewhere {low} to {high} of the time. This range is wider, because one sitting differs from another."
)
TOO_FEW_FOR_LONG_RUN = "{n} sittings with answers are too few to know what is usual for you; that takes {needed}."
ONE_SITTING_TOO_FEW = "One sitting with answers is too little to know what is usual for you; that takes {needed}."

TREND_NEEDS_MORE = (
    "A change over time can be shown after {sessions} sittings with answers, with {answers} answers in all."
)
ONE_KIND_OF_ANSWER = "All your answers are the same, so no change over time can be looked for."
NO_TREND = "No clear change over {n} sittings. A small change can be there and not be seen yet."
LESS_WANDERING = (
    "Over {n} sittings you answered “elsewhere” less: about {first} at first, {last} lately. Your answers cannot show"
    " why."
)
MORE_WANDERING = (
    "Over {n} sittings you answered “elsewhere” more: about {first} at first, {last} lately. Your answers cannot show"
    " why."
)

SESSIONS_NEEDED = (
    "An example, not a forecast: suppose your mind slowly comes to wander less, and in the end is elsewhere at "
    "{reduction} fewer of 100 chimes than at first. If this change is spread over {range} sittings, this page would "
    "show it in 4 of 5 such cases. How many sittings the page needs cannot be said more closely from your {n} "
    "sittings so far."
)
FROM_TO = "about {low} to {high}"
ABOUT = "about {n}"
FROM_TO_MANY = "about {low} to more than {most}"
ALSO_TOO_MANY = (
    "A smaller change, by {reduction} of 100 chimes, may need more than {most} sittings before this page shows it: do"
    " not wait for that."
)
TOO_MANY_NEEDED = (
    "Even {reduction} fewer wanderings in 100 chimes would take more than {most} sittings before this page shows it: "
    "do not wait for that."
)

OVERLAPPING = (
    "This page cannot look for a change over time, because sittings overlap in time: {sessions}. Either two people "
    "use this name, or the computer's clock was changed, or one recording is stored twice. Give each person a name of"
    " their own, and remove what is there twice."
)
IMPOSSIBLE_DATES = (
    "Some dates cannot be right ({dates}), so the computer's clock was wrong then. These sittings count in the total "
    "and not in what changes over time."
)
UNEVEN = (
    "The sitting of {date} has {n} answers, many more than the others. So that it does not decide alone, it counts "
    "only as if it had twice the usual number."
)
LARGE_SCATTER = (
    "Your sittings differ from one another much more than chance explains. If somebody else also sat under this name, "
    "their answers are counted here too: give each person a name of their own."
)
AND_MORE = "{list} and {n} more"

SIGNAL_TREND = "{name}: {first} at first, {last} lately (half of all within about {half_iqr})"
