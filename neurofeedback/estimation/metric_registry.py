"""Registry of every number the program logs or shows: features, index, confidence, feedback and scores."""

from __future__ import annotations

from collections.abc import Mapping

from neurofeedback.processing.complexity import COMPLEXITY_METRICS
from neurofeedback.processing.features import FEATURES, MetricDescription
from neurofeedback.types import INDEX_NAME

_HUNKIN = "Hunkin 2021 Mindfulness 12:841"
_TREVES = "Treves 2025 JMIR 27:e68204"
_HANLEY = "Hanley & McNeil 1982 Radiology 143:29"
_OWN_RULE = "a rule of this program; docs/algorithm.md"

_ESTIMATE_METRICS = (
    MetricDescription(
        "z",
        "z-score of a feature",
        "baseline spreads",
        "4 tanh((v - mu) / (4 s)): mu and s are median and 1.4826 MAD (with a floor) of the baseline's windows; zt_ "
        "is measured from a mu that follows slowly (half-life 600 s, at most one spread) and drives the sound",
        "No comparison with other people: 0 is this person's own baseline of this session.",
        (_OWN_RULE,),
        ("z_*", "zt_*"),
    ),
    MetricDescription(
        "index",
        INDEX_NAME,
        "baseline spreads (index_u), 0 to 100 (mwi)",
        "raw = w'z / sqrt(w'R w), w = R^-1 mu: mu from the evidence profile (or the person's own decoder), R the "
        "baseline's correlation shrunk by half; smoothed with 4 s; u = (m - median) / spread; shown as 100 Phi(u)",
        "Not a percentile, not a probability, and no measure of the default mode network. Before your own answers it "
        "is barely better than guessing, and for some people it points the wrong way. Muscle, drowsiness, poor contact "
        "and medication change it, so it is not comparable across drug states without a new baseline.",
        (
            "van Son 2019 Biol Psychol 140:19",
            "Braboszcz & Delorme 2011 NeuroImage 54:3040",
            "Kam 2022 NeuroImage 258:119372",
        ),
        ("index_u", "mwi"),
    ),
    MetricDescription(
        "index-by-own-baseline",
        "the same index against your usual baseline",
        "baseline spreads",
        "z-scores against the median of your good baselines of earlier sessions, their weighted sum smoothed as the "
        "index is, over today's spread; logged once three good baselines are kept",
        "No progress by itself: another fit of the headset moves it as much as a month of practice might.",
        (_OWN_RULE,),
        ("u_session", "u_own", "zo_*"),
    ),
    MetricDescription(
        "confidence",
        "how far the index is trusted",
        "0 to 1",
        "usable signal of the last 8 s x min(1, clean baseline / 60 s) x trust in the model: before any answer "
        "clip((AUC - .5) / .15, 0, 1) with the AUC of other people, .53 by default, so 0.2; then "
        "clip((AUC - .5) N / (N + 60) / .15, 0.2, 1), and 0 where the model is worse than guessing",
        "Not the chance that a frame is right: that is close to even for everybody.",
        (_OWN_RULE,),
        ("confidence",),
    ),
    MetricDescription(
        "signal",
        "usable signal",
        "0 to 1",
        "share of (channel the index needs x quarter of a second) that passed the gate in the last 8 s",
        "No quality of the brain's signal: it counts artifacts that were seen, and some are not.",
        (_OWN_RULE,),
        ("signal", "valid"),
    ),
    MetricDescription(
        "iaf",
        "individual alpha frequency",
        "Hz",
        "centre of gravity within 2 Hz of the highest peak above the 1/f fit of the baseline's mean 4-s spectrum, "
        "posterior channels; none where no peak stands out by 2 dB",
        "No measure of intelligence or age of one person; it moves by some tenths of a hertz from day to day.",
        ("Corcoran 2018 Psychophysiology 55:e13064", "Klimesch 1999 Brain Res Rev 29:169"),
    ),
    MetricDescription(
        "state",
        "FOCUS, WANDER, UNKNOWN or LOST",
        "level",
        "WANDER after 2 s more than a quarter spread above the threshold, FOCUS after 2 s a quarter below; UNKNOWN "
        "when no frame was valid for 2 s or no channel has a signal; LOST when nothing came for 1 s",
        "Not your state of mind: at the accuracy of published decoders about half of such calls are false.",
        (_OWN_RULE,),
        ("state", "bell"),
    ),
    MetricDescription(
        "drowsiness",
        "signs of drowsiness",
        "yes or no",
        "over 20 s: posterior alpha above the 1/f fit below -1, and theta and delta above +1 (z); the level follows "
        "the person's own answers on sleepiness, once there are some",
        "No sleep scoring. Drowsy is not wandering, and both may look alike in other numbers.",
        ("Makeig 2000 Can J Exp Psychol 54:266",),
        ("drowsy",),
    ),
    MetricDescription(
        "contact",
        "contact of an electrode",
        "good, fair or bad, with reasons",
        "each second, on the raw signal: lost samples, flat, railed, broken (1/f flattened and loud), mains hum, "
        "muscle, movement, drift, each with a fair and a bad limit",
        "Not an impedance: consumer headsets do not measure one while they stream.",
        (_OWN_RULE,),
    ),
)

_FEEDBACK_METRICS = (
    MetricDescription(
        "threshold",
        "where reward begins",
        "baseline spreads",
        "follows the 0.65 quantile of the index: thr += (D / 90 s) 3 s_m (r - [m < thr]) on valid frames of practice",
        "No level of skill: it goes where you go.",
        ("Robbins & Monro 1951 Ann Math Stat 22:400",),
        ("threshold",),
    ),
    MetricDescription(
        "reward-rate",
        "share of clean frames below the threshold",
        "0 to 1",
        "frames with reward / valid frames of practice",
        "Never progress: the threshold adapts and holds it near 0.65 by construction.",
        (_OWN_RULE,),
        ("reward",),
    ),
    MetricDescription(
        "tone-gain",
        "level of the guide tone",
        "0 to 1",
        "g0 + C (g(u) - g0), g(u) = smoothstep((u + .5) / 2), g0 = .156, C the confidence; slew-limited while the "
        "signal is good; 0 outside practice",
        "Not what reached the ear: volume, ceiling and mute come after it.",
        (_HUNKIN,),
        ("tone_gain",),
    ),
    MetricDescription(
        "latency",
        "age of the newest sample when the sound was set",
        "ms",
        "host clock at the command minus that of the read, plus what waited in the device's buffer; live only",
        "Not the delay of the index: smoothing makes its half-way time 3.6 s.",
        (_OWN_RULE,),
        ("latency_ms",),
    ),
)

_ANSWER_METRICS = (
    MetricDescription(
        "wandering-rate",
        "share of your answers that say elsewhere",
        "0 to 1",
        "elsewhere / (elsewhere + on the breath), Beta-binomial interval; the trend by a mixed logistic model",
        "The only measure of progress here, and still self-report: it changes with expectation, and few answers tell "
        "little.",
        ("Seli 2013 Front Psychol 4:430", "Weinstein 2018 Behav Res Methods 50:642"),
    ),
    MetricDescription(
        "decoder-auc",
        "agreement of the personal model with your answers",
        "0.5 is guessing, 1 is always",
        "share of pairs (one answer elsewhere, one on the breath, same session) that it puts in the right order, by "
        "weights fixed before that session; interval on the logit scale, Hanley-McNeil, widened by 1.2",
        "Not accuracy, and not agreement with the truth: answers that are 12 % wrong shrink its excess by a quarter.",
        (_HANLEY, "White & Power 2023 Sensors 23:6077"),
    ),
    MetricDescription(
        "brier-skill",
        "how much better its probabilities are than the running rate",
        "1; 0 is no better",
        "1 - Brier(model) / Brier(base rate so far), on answers it had not seen",
        "Not agreement: a model may order well and still state wrong probabilities.",
        ("Brier 1950 Mon Weather Rev 78:1",),
    ),
    MetricDescription(
        "calibration-error",
        "expected calibration error (ECE)",
        "0 to 1",
        "mean distance of stated probability from observed share over 5 bins of equal size, from 200 answers on",
        "Nothing below 200 answers: a perfect model shows .11 there.",
        ("Guo 2017 ICML 70:1321",),
    ),
)

METRIC_GROUPS: Mapping[str, tuple[MetricDescription, ...]] = {
    "Estimates": _ESTIMATE_METRICS,
    "Feedback": _FEEDBACK_METRICS,
    "Your own answers": _ANSWER_METRICS,
    "Features": (*(feature.describe() for feature in FEATURES.values()), *COMPLEXITY_METRICS),
}
METRICS: Mapping[str, MetricDescription] = {metric.name: metric for group in METRIC_GROUPS.values() for metric in group}
"""Every metric by name."""

FIELD_REFERENCES = (_TREVES, _HUNKIN, "Thibault & Raz 2017 Am Psychol 72:679")
"""Reviews of the effects of neurofeedback for meditation: small over control."""
