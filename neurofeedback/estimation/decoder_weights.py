"""Weights of a decoder as the engine uses them, and their JSON form."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, cast

from neurofeedback.processing.features import FEATURES

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class DecoderWeights:
    """Index weights learned from a person's answers, with their performance.

    Parameters
    ----------
    weights : tuple of (str, float)
        Weight of each feature's z-score; wandering positive, any scale.
    n_answers : int
        Number of answers in training.
    auc, auc_high : float or None
        Performance so far, and upper end of its interval; None before it is known.
    drowsy_level : float
        This person's drowsiness threshold relative to the default.
    """

    weights: tuple[tuple[str, float], ...]
    n_answers: int
    auc: float | None = None
    auc_high: float | None = None
    drowsy_level: float = 1.0

    def to_json(self) -> str:
        """Return the JSON form used in events and in ``start.json``.

        Examples
        --------
        >>> DecoderWeights((("beta_all", -0.25),), 12).to_json()
        '{"weights":{"beta_all":-0.25},"n_answers":12,"auc":null,"auc_high":null,"drowsy_level":1.0}'
        """
        rounded = self.rounded()
        return json.dumps({**asdict(rounded), "weights": dict(rounded.weights)}, separators=(",", ":"))

    def rounded(self) -> DecoderWeights:
        """Return the weights with the digits of their JSON form, so that a replay uses the same."""
        return DecoderWeights(
            weights=tuple((name, _round_digits(weight)) for name, weight in self.weights),
            n_answers=self.n_answers,
            auc=None if self.auc is None else _round_digits(self.auc),
            auc_high=None if self.auc_high is None else _round_digits(self.auc_high),
            drowsy_level=_round_digits(self.drowsy_level),
        )


def parse_decoder_weights(text: str) -> DecoderWeights | None:
    """Parse the output of ``DecoderWeights.to_json``; None for an empty text (no decoder).

    Raises
    ------
    ValueError
        The text is not a decoder.

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
    table = cast("dict[str, Any]", document)
    if set(table) != {"weights", "n_answers", "auc", "auc_high", "drowsy_level"} or not isinstance(
        table["weights"], dict
    ):
        raise ValueError(f"other keys: {', '.join(table)}")
    weights = cast("dict[str, Any]", table["weights"])
    if unknown := set(weights) - set(FEATURES):
        raise ValueError(f"unknown features: {', '.join(sorted(unknown))}")
    return DecoderWeights(
        tuple((name, _number(weight)) for name, weight in weights.items()),
        int(_number(table["n_answers"])),
        _optional_number(table["auc"]),
        _optional_number(table["auc_high"]),
        _number(table["drowsy_level"]),
    )


def _round_digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"no number: {value!r}")
    return float(value)


def _optional_number(value: Any) -> float | None:
    return None if value is None else _number(value)
