"""The text format of the frame log. Live sessions and replay share it, so that their logs can be compared as text.

The columns after the fixed ones are ``Frame.values``, named by ``engine.frame_columns``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from neurofeedback.types import Frame

FIXED_COLUMNS = (
    "onset",
    "sample",
    "phase",
    "valid",
    "signal",
    "confidence",
    "state",
    "drowsy",
    "index_u",
    "mwi",
    "threshold",
    "reward",
    "tone_gain",
    "latency_ms",
)
_FLAG_LEVELS = {"0": "no", "1": "yes"}

_FIXED_DESCRIPTIONS: dict[str, Mapping[str, object]] = {
    "onset": {"Description": "end of the frame's window since the first sample: sample / sfreq", "Units": "s"},
    "sample": {"Description": "index of the sample just after the frame's window, counted from 0"},
    "phase": {
        "Description": "phase of the session",
        "Levels": {
            "settle": "settling, no feedback",
            "baseline": "breath focus without feedback; the session's baseline is computed from it",
            "practice": "practice with feedback",
            "transfer": "practice without feedback",
            "debrief": "after the practice",
            "rest": "rest without feedback, between segments of practice",
            "pause": "the session is paused; paused time is not counted",
        },
    },
    "valid": {"Description": "enough clean channels for the index in this frame", "Levels": _FLAG_LEVELS},
    "signal": {"Description": "share of usable signal over the last 8 s, 0 to 1"},
    "confidence": {"Description": "confidence in the index, 0 to 1"},
    "state": {
        "Description": "state of the frame; UNKNOWN or LOST if it cannot be classified",
        "Levels": {
            "FOCUS": "index below the threshold",
            "WANDER": "index above the threshold",
            "UNKNOWN": "no valid frame for a while, no usable signal, no baseline yet, or a pause",
            "LOST": "no samples arrived",
        },
    },
    "drowsy": {"Description": "drowsiness detected", "Levels": _FLAG_LEVELS},
    "index_u": {"Description": "smoothed index of the evidence profile in settings.toml", "Units": "baseline spreads"},
    "mwi": {"Description": "the same index as 100 * Phi(index_u); 50 is the middle of the baseline"},
    "threshold": {"Description": "reward begins below this index_u", "Units": "baseline spreads"},
    "reward": {"Description": "index below the threshold in a valid frame", "Levels": _FLAG_LEVELS},
    "tone_gain": {"Description": "commanded gain of the guide tone before volume, ceiling and mute, 0 to 1"},
    "latency_ms": {"Description": "age of the newest sample when the sound was set; live only", "Units": "ms"},
}

# Longest prefix first: zt_ln_theta_frontal is a tracked z-score of ln_theta_frontal.
_PREFIX_DESCRIPTIONS: dict[str, tuple[str, str]] = {
    "zo_": ("z-score against the baseline kept of earlier sessions of {}", "baseline spreads"),
    "zt_": ("tracked z-score (slowly moving baseline, drives the feedback) of {}", "baseline spreads"),
    "z_": ("z-score against the frozen baseline of {}", "baseline spreads"),
    "ln_envelope_": ("natural logarithm of the alpha envelope by a causal filter, {}", "ln(uV)"),
    "ln_": ("natural logarithm of the mean power density, {}", "ln(uV^2/Hz)"),
    "chi_": ("exponent of the aperiodic component, {}", ""),
    "off_": ("intercept of the aperiodic component, {}", "ln(uV^2/Hz)"),
    "o_": ("band power above the aperiodic component, {}", "ln(ratio)"),
    "r_": ("band power relative to 2 to 40 Hz, {}", ""),
    "u_session": ("index against this session's baseline{}", "baseline spreads"),
    "u_own": ("index against the baseline kept of earlier sessions{}", "baseline spreads"),
    "bell": ("the wandering bell rings now{}", ""),
    "lzc_ratio_": ("Lempel-Ziv complexity over that of phase-randomised surrogates, {}", ""),
    "lzc_": ("Lempel-Ziv complexity of 4 s at 125 Hz, {}", ""),
    "cog_": ("centre of gravity of the alpha band, {}", "Hz"),
}


def format_header(columns: tuple[str, ...]) -> str:
    """Return the first line of a frame log. ``columns`` are the names of ``Frame.values``."""
    return "\t".join(FIXED_COLUMNS + columns) + "\n"


def format_row(frame: Frame) -> str:
    r"""Return one frame as a line.

    Examples
    --------
    >>> from neurofeedback.types import Frame, Guidance, Phase, State
    >>> nan = float("nan")
    >>> frame = Frame(0, 62, 0.248, Phase.SETTLE, False, 1, .3, State.UNKNOWN, False, nan, nan, nan, False,
    ...               Guidance(tone_gain=0.15625), (1.5, nan), ())
    >>> format_row(frame)
    '0.248\t62\tsettle\t0\t1\t0.3\tUNKNOWN\t0\tn/a\tn/a\tn/a\t0\t0.15625\tn/a\t1.5\tn/a\n'
    """
    cells = [
        f"{frame.onset:.12g}",
        str(frame.sample),
        frame.phase.value,
        _format_flag(frame.valid),
        format_number(frame.signal),
        format_number(frame.confidence),
        frame.state.value,
        _format_flag(frame.drowsy),
        format_number(frame.index_u),
        format_number(frame.mwi),
        format_number(frame.threshold),
        _format_flag(frame.reward),
        format_number(frame.guidance.tone_gain),
        format_number(frame.latency_ms),
        *map(format_number, frame.values),
    ]
    return "\t".join(cells) + "\n"


def format_number(value: float) -> str:
    """Return a number with nine significant digits; NaN and infinity become ``n/a``."""
    return f"{value:.9g}" if math.isfinite(value) else "n/a"


def _format_flag(value: bool) -> str:
    return "1" if value else "0"


def describe_columns(columns: tuple[str, ...]) -> dict[str, Mapping[str, object]]:
    """Return the description of each column, the content of the JSON file beside the log."""
    return _FIXED_DESCRIPTIONS | {name: _describe_column(name) for name in columns}


def _describe_column(name: str) -> Mapping[str, object]:
    for prefix, (text, unit) in _PREFIX_DESCRIPTIONS.items():
        if name.startswith(prefix):
            description = {"Description": text.format(name.removeprefix(prefix).replace("_", " "))}
            return description | {"Units": unit} if unit else description
    return {"Description": f"{name.replace('_', ' ')} of this frame, as the engine computed it"}


def find_first_difference(ours: Iterable[str], theirs: Iterable[str]) -> str | None:
    r"""Return the first difference between two frame logs, compared as text in all columns except ``latency_ms``.

    Parameters
    ----------
    ours, theirs : iterable of str
        Lines of the logs, header first, such as open files.

    Returns
    -------
    str or None
        Position and values of the first difference, or None without a difference.

    Examples
    --------
    >>> find_first_difference(["onset\tsample\n", "0.25\t64\n"], ["onset\tsample\n", "0.25\t65\n"])
    "row 1, sample: '64' against '65'"
    """
    names: list[str] = []
    for line, (a, b) in enumerate(zip_longest(ours, theirs)):
        if a is None or b is None:
            return f"row {line}: only in the {'second' if a is None else 'first'} log"
        cells = _split_cells(a), _split_cells(b)
        names = names or cells[0]
        if cells[0] != cells[1] and (difference := _find_first_cell(names, *cells)):
            return f"row {line}, {difference}" if line else f"header, {difference}"
    return None


def _split_cells(line: str) -> list[str]:
    return line.rstrip("\r\n").split("\t")


def _find_first_cell(names: list[str], a: list[str], b: list[str]) -> str:
    for column, (x, y) in enumerate(zip_longest(a, b)):
        name = names[column] if column < len(names) else f"column {column + 1}"
        if x != y and name != "latency_ms":
            return f"{name}: {x!r} against {y!r}"
    return ""
