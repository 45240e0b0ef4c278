"""How far the index may be trusted: signal now, baseline, and the model itself."""

from __future__ import annotations

from neurofeedback.settings.model import ConfidenceSettings


def confidence(signal: float, baseline_quality: float, settings: ConfidenceSettings) -> float:
    """Confidence 0 to 1: share of usable signal x quality of the baseline x trust in the model.

    Before any answer of the person's own, trust in the model is fixed and low.
    """
    return signal * baseline_quality * settings.before_answers
