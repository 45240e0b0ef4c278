"""Settings keys of version 0.1.0 that have new names; files with the old ones are still read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

PROFILE_KEYS: Mapping[str, Mapping[str, str]] = {
    "baseline": {
        "drives": "feedback_source",
    },
    "index": {
        "holdback_s": "artifact_rollback_s",
        "correlation_shrink": "correlation_shrinkage",
    },
    "confidence": {
        "before_answers": "initial_trust",
        "full_auc_gain": "auc_gain_for_full_trust",
        "half_answers": "answers_for_half_trust",
    },
    "decoder": {
        "stuck_presses": "max_presses_per_min",
        "sureness_weights": "certainty_weights",
        "balance_cap": "max_class_weight",
        "prior_shrink": "prior_shrinkage",
        "other_sd": "default_between_sd",
        "past_windows": "prior_windows",
        "age_days": "age_decay_days",
        "device_variance": "other_device_variance_factor",
        "calibration_answers": "min_answers_to_calibrate",
        "calibration_shrink": "calibration_prior_answers",
        "ece_answers": "min_answers_for_ece",
        "early_answers": "min_answers_to_assess",
        "active_answers": "min_answers_to_activate",
        "active_each": "min_answers_per_class_to_activate",
        "active_sessions": "min_sessions_to_activate",
        "left_out_se_factor": "leave_one_out_se_factor",
        "sleepy_from": "sleepy_threshold",
        "sleepy_shrink": "sleepy_prior_answers",
    },
    "gate": {
        "emg_together_share": "emg_global_threshold",
        "emg_flattest_chi": "emg_min_exponent",
        "emg_release_share": "emg_global_release",
        "broken_chi": "broken_electrode_exponent",
        "broken_sd_uv": "broken_electrode_rms_uv",
        "invalid_share": "max_unfilled_share",
        "filled_share": "max_missing_share",
    },
    "contact": {
        "enough_share": "min_good_share",
        "calm_s": "all_good_s",
        "patience_s": "good_enough_s",
    },
    "features": {
        "emg_to_beta": "emg_beta_gain",
    },
    "bell": {
        "usual_rate": "prior_wandering_rate",
        "least_likelihood": "min_likelihood",
        "least_confidence": "min_confidence",
    },
    "audio": {
        "bed": "background",
        "bed_file": "background_file",
        "bed_dbfs": "background_lufs",
    },
    "probes": {
        "asked": "enabled",
        "apart_s": "interval_s",
        "answer_s": "timeout_s",
        "least_response_s": "min_response_s",
        "press_apart_s": "press_min_interval_s",
        "presses_per_minute": "max_logged_presses_per_min",
    },
}
"""Old name and new name of each renamed key, by section of a profile."""

UNUSED_KEYS: Mapping[str, tuple[str, ...]] = {"decoder": ("active_share", "min_bootstrap_share_to_activate")}
"""Keys of earlier versions that nothing uses any more; they are ignored."""

STORED_VALUES: Mapping[str, Mapping[str, object]] = {"gate": {"blink_rejects_theta": False}}
"""Values of newer keys in a session recorded before there was the key, where the default would change its frames."""

SEGMENT_KEYS: Mapping[str, str] = {"bed": "background"}
"""Old name and new name of each renamed key of a programme's segments."""

WINDOW_KEYS: Mapping[str, str] = {"bed": "background", "bed_file": "background_file"}
"""Old name and new name of each renamed key of the window's settings."""


def rename_keys(table: Mapping[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return a table with its old keys renamed, and one line for each.

    A key present under both names is not renamed, so that the old one is refused as unknown.

    Examples
    --------
    >>> rename_keys({"bed": "rain", "device": ""}, {"bed": "background"})
    ({'background': 'rain', 'device': ''}, ['bed is now background'])
    """
    renamed = {old: new for old, new in names.items() if old in table and new not in table}
    return {renamed.get(key, key): value for key, value in table.items()}, [
        f"{old} is now {new}" for old, new in renamed.items()
    ]


def rename_profile_keys(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the settings of a profile with their old keys renamed, and one line for each."""
    found, notices = dict(data), list[str]()
    for section, unused in UNUSED_KEYS.items():
        if isinstance(found.get(section), Mapping):
            notices += [f"{section}.{key} is not used any more" for key in unused if key in found[section]]
            found[section] = {key: value for key, value in found[section].items() if key not in unused}
    for section, names in PROFILE_KEYS.items():
        if isinstance(found.get(section), Mapping):
            found[section], lines = rename_keys(found[section], names)
            notices += [f"{section}.{line}" for line in lines]
    return found, notices


def add_stored_values(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings stored with a session, with the newer keys that its frames depend on.

    Examples
    --------
    >>> add_stored_values({"gate": {"blink_sd": 8.0}})["gate"]
    {'blink_rejects_theta': False, 'blink_sd': 8.0}
    """
    return {**settings, **{section: {**new, **settings.get(section, {})} for section, new in STORED_VALUES.items()}}


def rename_segment_keys(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a programme with the old keys of its segments renamed, and one line for each name."""
    if not isinstance(data.get("segments"), list):
        return dict(data), []
    segments: list[Any] = list(data["segments"])
    notices: dict[str, None] = {}
    for place, segment in enumerate(segments):
        if isinstance(segment, Mapping):
            segments[place], lines = rename_keys(cast("Mapping[str, Any]", segment), SEGMENT_KEYS)
            notices |= dict.fromkeys(f"segments.{line}" for line in lines)
    return {**data, "segments": segments}, list(notices)
