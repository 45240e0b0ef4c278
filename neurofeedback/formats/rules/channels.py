"""Decide which channels of a foreign file are EEG: by type, unit, name, and values no electrode can have."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from neurofeedback.formats.rules.units import is_other_quantity
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts

_MAX_UV = 1e6  # 1 V; an amplifier's range with its offset stays below
_MIN_VALUES = 64
_ELECTRODE = re.compile(r"(fp|af|f|fc|ft|c|t|tp|cp|p|po|o|i|n)(z|\d{1,2})h?", re.IGNORECASE)
_EEG_PREFIX = re.compile(r"^(eeg|exg|raw|electrode)[\s_.:-]+", re.IGNORECASE)
_REFERENCE_SUFFIX = re.compile(r"[\s_-]+(ref|le|re|ar|avg|a1|a2|m1|m2|cz|linked)\d?$", re.IGNORECASE)
_EEG_TYPES = {"eeg", "exg"}
_UNKNOWN_TYPES = {"", "n/a", "na", "none", "unknown", "undefined", "other", "signal", "data"}
_RULES = (
    (texts.IS_QUALITY, r"\b(r?cq|eq|hsi|quality|contact|impedance|imp|z ?value)\b|quality|impedance"),
    (texts.IS_STATE, r"interpolat|battery|head ?band|\bsync\b|\b(touching|signal|rssi|temp ?comp|overall)\b"),
    (texts.IS_CLOCK, r"\btime|timestamp|\b(unix|utc|epoch|clock|date|lsl)\b"),
    (
        texts.IS_TRIGGER,
        r"marker|trig|annotation|\b(stim|sti|status|events?|din|ttl|codes?|label|digital|di|stim ?\d+)\b",
    ),
    (
        texts.IS_COUNTER,
        r"counter|\b(sample|packet|package) ?(index|num|number|count|id|no)?\b|\b(index|seq|sequence)\b",
    ),
    (texts.IS_MOTION, r"\bacc|accel|gyro|magnet|\bmag ?[xyz]|motion|\bquat|\bq[0-3]\b|\bmot\b"),
    (texts.IS_HEART, r"\be[ck]g|ppg|pulse|pleth|spo2|sao2|heart|\b(hr|hrv|bpm|ibi|cardio)\b|nirs|optics"),
    (texts.IS_MUSCLE, r"emg|\b(chin|tibial?|masseter)\d?\b"),
    (texts.IS_EYE, r"eog|\b(loc|roc|gaze|pupil)\b"),
    (texts.IS_BREATH, r"\bresp|airflow|\b(flow|nasal|thor|thorax|thoracic|abdo|abdomen|chest|snore|breath)\b|breath"),
    (texts.IS_SKIN, r"\b(gsr|eda|scl|scr|temp|temperature|thermistor|skin)\b"),
    (texts.IS_BAND_POWER, r"^(delta|theta|alpha|beta|gamma|betal|betah|pow)\b"),
    (texts.IS_REFERENCE, r"^(ref|reference|gnd|ground|bias|drl|cms)\d*$"),
    (texts.IS_AUX, r"\baux|\bauxil|\banalog\b"),
)
_COMPILED = tuple((reason, re.compile(pattern)) for reason, pattern in _RULES)


def classify_channel(name: str, kind: str = "", unit: str = "") -> ImportedChannel:
    """Decide from a channel's name, type and unit whether it is EEG.

    Parameters
    ----------
    name, kind, unit : str
        As the file gives them; empty if it does not.

    Examples
    --------
    >>> [classify_channel(name).use.value for name in ("EEG Fp1-Ref", "C3", "EXG Channel 0", "X1", "A12")]
    ['eeg', 'eeg', 'eeg', 'eeg', 'eeg']
    >>> [classify_channel(name).reason for name in ("COUNTER", "CQ_AF3", "GYROX", "MARKER", "TIME_STAMP_s")]
    ['packet counter', 'contact quality', 'motion sensor', 'marks', 'time stamps']
    >>> classify_channel("Ch5", "ACC", "mg").reason
    'type ACC'
    """
    reason = _reason_left_out(name, kind.strip(), unit.strip())
    use = ChannelUse.LEFT_OUT if reason else ChannelUse.EEG
    return ImportedChannel(name, use, reason, unit.strip() or "n/a")


def _reason_left_out(name: str, kind: str, unit: str) -> str:
    if kind.lower() not in _EEG_TYPES | _UNKNOWN_TYPES:
        return english(texts.OTHER_TYPE, kind=kind[:20])
    bare = _REFERENCE_SUFFIX.sub("", _EEG_PREFIX.sub("", name.strip()))
    if not _ELECTRODE.fullmatch(bare):
        words = re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip().lower()
        for reason, pattern in _COMPILED:
            if pattern.search(words):
                return english(reason)
    return english(texts.OTHER_UNIT, unit=unit[:20]) if is_other_quantity(unit) else ""


def reason_by_values(values_uv: NDArray[np.float64]) -> str:
    """Return why a channel cannot come from an electrode by its values, or an empty text.

    Parameters
    ----------
    values_uv : ndarray, shape (n_samples,)
        Microvolts; NaN is left out.

    Examples
    --------
    >>> reason_by_values(np.arange(300.0) % 128), reason_by_values(np.sin(np.arange(300.0)))
    ('values that count', '')
    """
    values = values_uv[np.isfinite(values_uv)]
    if values.size < _MIN_VALUES:
        return ""
    steps = np.diff(values)
    if np.all(steps >= 0) and np.mean(steps > 0) > 0.01 and np.unique(steps).size < values.size:
        return english(texts.RISING_VALUES)
    forward = steps[steps > 0]
    if forward.size and np.all(values == np.round(values)) and np.mean(steps == np.median(forward)) > 0.9:
        return english(texts.COUNTING_VALUES)
    return english(texts.TOO_LARGE_VALUES) if float(np.median(np.abs(values))) > _MAX_UV else ""
