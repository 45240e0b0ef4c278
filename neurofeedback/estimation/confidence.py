"""Confidence of the index: signal, baseline quality and trust in the model."""

from __future__ import annotations

from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.settings.estimation import ConfidenceSettings


def confidence(signal: float, baseline_quality: float, trust: float) -> float:
    """Return the confidence, 0 to 1: share of usable signal x quality of the baseline x trust in the model."""
    return signal * baseline_quality * trust


def model_trust(decoder: DecoderWeights | None, settings: ConfidenceSettings) -> float:
    """Return the trust in a model, 0 to 1, from its performance on the person's own answers.

    Without answers it is fixed and low. It never falls below that, unless the model is worse than guessing: then it is
    0.

    Examples
    --------
    >>> from neurofeedback.settings.estimation import ConfidenceSettings
    >>> trust = lambda n, auc, high: model_trust(DecoderWeights((), n, auc, high), ConfidenceSettings())
    >>> model_trust(None, ConfidenceSettings()), trust(60, 0.62, 0.7), trust(60, 0.9, 0.95), trust(200, 0.4, 0.49)
    (0.3, 0.4, 1.0, 0.0)
    """
    if decoder is None or decoder.auc is None or decoder.auc_high is None:
        return settings.initial_trust
    if decoder.auc_high < 0.5:
        return 0.0
    answered = decoder.n_answers / (decoder.n_answers + settings.answers_for_half_trust)
    earned = (decoder.auc - 0.5) * answered / settings.auc_gain_for_full_trust
    return min(max(earned, settings.initial_trust), 1.0)
