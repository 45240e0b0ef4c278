"""What a decoder hands to the engine: weights on z-scores, and how far they may be trusted. One line of JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, cast

from neurofeedback.processing.features import FEATURES

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class DecoderWeights:
    """What drives the index instead of an evidence profile.

    Parameters
    ----------
    weights : tuple of (str, float)
        Of each feature's z-score; wandering positive, any scale.
    n_answers : int
        Answers it was learned from.
    auc, auc_high : float or None
        How well it has done so far, and the upper end of the interval; None before anything is known.
    drowsy_level : float
        This person's drowsiness threshold, in units of the usual one.
    """

    weights: tuple[tuple[str, float], ...]
    n_answers: int
    auc: float | None = None
    auc_high: float | None = None
    drowsy_level: float = 1.0

    def to_json(self) -> str:
        """Return it as an event or ``start.json`` holds it.

        Examples
        --------
        >>> DecoderWeights((("beta_all", -0.25),), 12).to_json()
        '{"weights":{"beta_all":-0.25},"n_answers":12,"auc":null,"auc_high":null,"drowsy_level":1.0}'
        """
        document = {
            "weights": {name: _round_digits(weight) for name, weight in self.weights},
            "n_answers": self.n_answers,
            "auc": None if self.auc is None else _round_digits(self.auc),
            "auc_high": None if self.auc_high is None else _round_digits(self.auc_high),
            "drowsy_level": _round_digits(self.drowsy_level),
        }
        return json.dumps(document, separators=(",", ":"))


def parse_decoder_weights(text: str) -> DecoderWeights | None:
    """Read what ``Drive.text`` wrote; None for the empty text, which means that nothing is learned yet.

    Raises
    ------
    ValueError
        It is something else.

    Examples
    --------
    >>> parse_decoder_weights(DecoderWeights((("beta_all", -0.25),), 12).to_json()).weights
    (('beta_all', -0.25),)
    """
    if not text or text == "n/a":
        return None
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError(f"no table: {text[:40]}")
    given = cast("dict[str, Any]", document)
    if set(given) != {"weights", "n_answers", "auc", "auc_high", "drowsy_level"} or not isinstance(
        given["weights"], dict
    ):
        raise ValueError(f"other keys: {', '.join(given)}")
    weights = cast("dict[str, Any]", given["weights"])
    if unknown := set(weights) - set(FEATURES):
        raise ValueError(f"unknown features: {', '.join(sorted(unknown))}")
    return DecoderWeights(
        tuple((name, _number(weight)) for name, weight in weights.items()),
        int(_number(given["n_answers"])),
        _optional_number(given["auc"]),
        _optional_number(given["auc_high"]),
        _number(given["drowsy_level"]),
    )


def _round_digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"no number: {value!r}")
    return float(value)


def _optional_number(value: Any) -> float | None:
    return None if value is None else _number(value)
