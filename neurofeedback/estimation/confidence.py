"""How far the index may be trusted: signal now, baseline, and the model itself."""

from __future__ import annotations

from neurofeedback.settings.model import ConfidenceSettings


def confidence(signal: float, baseline_quality: float, settings: ConfidenceSettings) -> float:
    """Confidence 0 to 1: share of usable signal x quality of the baseline x trust in the model.

    Before any answer of the person's own, trust in the model is fixed and low.
    """
    return signal * baseline_quality * settings.before_answers


class SilenceCounter:
    """Counts the time since the last valid frame, to tell when the state is UNKNOWN."""

    def __init__(self, settings: ConfidenceSettings, hop_s: float) -> None:
        self._limit = max(1, round(settings.unknown_after_s / hop_s))
        self._since = self._limit

    def push(self, *, valid: bool) -> bool:
        """Take one frame; return whether the last valid one is too long ago."""
        self._since = 0 if valid else min(self._since + 1, self._limit)
        return self._since >= self._limit
