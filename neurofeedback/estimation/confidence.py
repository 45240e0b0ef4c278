"""How far the index may be trusted: signal now, baseline, and the model itself."""

from __future__ import annotations

from neurofeedback.estimation.drive import Drive
from neurofeedback.settings.estimate import ConfidenceSettings


def confidence(signal: float, baseline_quality: float, trust: float) -> float:
    """Confidence 0 to 1: share of usable signal x quality of the baseline x trust in the model."""
    return signal * baseline_quality * trust


def model_trust(drive: Drive | None, settings: ConfidenceSettings) -> float:
    """How far a model may be trusted, 0 to 1, by how well it has done on the person's own answers.

    Before any answer it is fixed and low, and it never falls below that, unless the model is worse than guessing:
    then it is 0.

    Examples
    --------
    >>> from neurofeedback.settings.estimate import ConfidenceSettings
    >>> of = lambda n, auc, high: model_trust(Drive((), n, auc, high), ConfidenceSettings())
    >>> model_trust(None, ConfidenceSettings()), of(60, 0.62, 0.7), of(60, 0.9, 0.95), of(200, 0.4, 0.49)
    (0.3, 0.4, 1.0, 0.0)
    """
    if drive is None or drive.auc is None or drive.auc_high is None:
        return settings.before_answers
    if drive.auc_high < 0.5:
        return 0.0
    answered = drive.n_answers / (drive.n_answers + settings.half_answers)
    earned = (drive.auc - 0.5) * answered / settings.full_auc_gain
    return min(max(earned, settings.before_answers), 1.0)
