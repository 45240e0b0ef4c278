"""Sentences about heart, breath and stillness: descriptions of a sitting, never a feeling or a state of health."""

TITLE = "Heart, breath and stillness"
NAME = "Heart, breath and stillness"
HEART = "Heart rate: {rate} a minute on average{interval}. The pulse was clear in {share} of the time."
NO_HEART = "Heart rate: the pulse was never clear enough ({reason})."
VARIABILITY = (
    "Pulse variability (RMSSD) at rest with normal breathing: {value} ms (95 % interval {low} to {high}), from "
    "{n} clear stretches of 20 seconds."
)
BREATH = "Breathing: {rate} breaths a minute on average{interval}. The breath was clear in {share} of the time."
NO_BREATH = "Breathing: the breath was never clear enough ({reason})."
INTERVAL = " (95 % interval {low} to {high})"
PACER = (
    "With the breath pacer at {pace} a minute you breathed {rate} times a minute. In {share} of the clear time your "
    "breath was within half a breath a minute of the pacer."
)
PACER_UNCLEAR = "With the breath pacer at {pace} a minute your breath was never clear enough to compare."
STILLNESS = "Your head was still in {share} of the time."
MOVEMENT = (
    "It moved in {hits} of the {rejected} s whose signal was left out because of artifacts, and in {others} of the "
    "other {accepted} s."
)
REASONS = {
    "gaps": "samples are missing",
    "motion": "the head moved",
    "saturated": "the sensor got too much light, or none",
    "no_rhythm": "no regular rhythm",
}
"""Why a stretch has no rate."""

NOTE = (
    "Measured by the headset's other sensors, in stretches of 20 seconds (pulse) and 60 seconds (breath). The feedback "
    "does not use them. They say nothing about how you felt, how well you meditated, or your health."
)
FAILED = "Heart, breath and stillness cannot be shown: {why}"

LIVE_HEART = "heart {rate} a minute (± {half_width})"
LIVE_NO_HEART = "heart unclear: {reason}"
LIVE_BREATH = "breath {rate} a minute (± {half_width})"
LIVE_NO_BREATH = "breath unclear: {reason}"
LIVE_STILL = "head still in {share} of the last minute"
