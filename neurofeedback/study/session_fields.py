"""The fields of a session in rules, outcomes and tables: one registry, with description and unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """Description and unit of a column; ``numeric`` ones may stand in exclusion rules."""

    description: str
    unit: str = ""
    numeric: bool = True


SESSION_FIELDS: dict[str, FieldSpec] = {
    "participant": FieldSpec("participant label", numeric=False),
    "session": FieldSpec("session label", numeric=False),
    "visit": FieldSpec("visit of the protocol", numeric=False),
    "started": FieldSpec("local start time, ISO 8601", numeric=False),
    "day": FieldSpec("days since the person's first visit", "d"),
    "device": FieldSpec("name of the device", numeric=False),
    "duration_s": FieldSpec("length of the session by the host's clock", "s"),
    "practice_s": FieldSpec("length of practice", "s"),
    "valid_fraction": FieldSpec("share of frames with a usable signal"),
    "reward_rate": FieldSpec("share of usable practice frames with the index below the threshold, by the own index"),
    "loss_share": FieldSpec("share of samples that are lost"),
    "reconnects": FieldSpec("number of reconnections"),
    "latency_p50_ms": FieldSpec("median latency", "ms"),
    "latency_p95_ms": FieldSpec("95th percentile of the latency", "ms"),
    "baseline_clean_s": FieldSpec("clean signal in the baseline", "s"),
    "iaf_hz": FieldSpec("individual alpha frequency in the baseline", "Hz"),
    "exponent": FieldSpec("aperiodic exponent in the baseline"),
    "n_probes": FieldSpec("number of questions"),
    "n_wander": FieldSpec("answers 'elsewhere'"),
    "n_focus": FieldSpec("answers 'on the breath'"),
    "n_unsure": FieldSpec("answers 'not sure'"),
    "wander_share": FieldSpec("n_wander / (n_wander + n_focus)"),
    "n_presses": FieldSpec("self-reports by key press"),
    "sleepiness": FieldSpec("mean answer to 'how sleepy', 1 to 5"),
    "heart_rate": FieldSpec("mean heart rate where the pulse was clear", "1/min"),
    "breath_rate": FieldSpec("mean breath rate where the breath was clear, without a pacer", "1/min"),
    "still_share": FieldSpec("share of the time in which the head was still"),
    "finished": FieldSpec("1 if the session ended normally"),
    "plan_completed": FieldSpec("1 if all planned segments were completed"),
}
"""Columns of the table by session, in order."""

RULE_FIELDS = tuple(name for name, spec in SESSION_FIELDS.items() if spec.numeric)
OUTCOME_FIELDS = ("wander_share", "sleepiness", "reward_rate", "n_presses")
