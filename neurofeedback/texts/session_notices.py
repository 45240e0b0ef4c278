"""Notices of a session: before it starts, while it runs, and how it ended."""

SHORT_BASELINE = (
    "Short sitting: feedback will be gentler, because there are only {seconds:.0f} s to learn your baseline."
)
NO_BASELINE = (
    "There was never enough clean signal to measure your baseline, so nothing was judged and the tone "
    "stayed neutral. Check how the headset sits, let jaw and forehead rest, and try again."
)
LATE_BASELINE = (
    "The start had too little clean signal, so your baseline was measured only in practice; until "
    "then nothing was judged and the tone stayed neutral."
)
STARTED_BEFORE_GOOD_CONTACT = "It was begun before contact was good enough."
RECOVERED_SESSION = "An interrupted session was recovered: {path}"
SENT_TO_NETWORK = "This sitting is sent to the network by {outputs}, as you asked."
LSL_THIS_COMPUTER = "LSL is open to this computer alone"
LSL_REACHABLE = "LSL is open: other computers on this network can read this stream"
OSC_TARGET = "OSC goes to {address}"
BOTH_OUTPUTS = "{first} and {second}"
MASKED_END = "The session is masked: its report can be written after the study is unlocked."
MASKED_WAV = "a masked session records no sound, since sound and signal together would show the arm"
RATE_MISMATCH = (
    "The headset sent {measured:.1f} samples a second where {nominal:g} were expected, so times and "
    "frequencies of this recording are off by that much; `neurofeedback verify` says more."
)
STUCK_KEY = 'The key for "I was away" seems to be held or stuck; it counts as one press until it is let go.'

COMPLETE = "The sitting is complete."
SOURCE_ENDED = "The recording that was played has ended."
ENDED_EARLY = "The sitting ended early; everything up to then is saved."
ENDED_BEFORE_START = "Ended before it began; nothing was recorded."
PROGRAM_FAULT = "The sitting stopped because of a program error; everything up to then is saved."
RECORDED_IN = "What was recorded is in {folder}."

KEYS = {
    "space": "I was away",
    "1-5": "answer the question",
    "s": "leave the question",
    "p": "pause, go on",
    "+ -": "volume",
    "m": "mute, unmute",
    "l": "{minutes:g} minutes longer",
    "k": "mark",
    "q": "end",
}
"""What each key does. Next on a presenter's remote means "I was away"; back and next answer the first question."""
