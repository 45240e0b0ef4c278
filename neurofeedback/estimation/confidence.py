"""Confidence of the index: signal, baseline quality and trust in the model."""

from __future__ import annotations

from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.settings.estimation import ConfidenceSettings
from neurofeedback.settings.evidence import Evidence


def confidence(signal: float, baseline_quality: float, trust: float) -> float:
    """Return the confidence, 0 to 1: share of usable signal x quality of the baseline x trust in the model."""
    return signal * baseline_quality * trust


def untaught_trust(evidence: Evidence, settings: ConfidenceSettings) -> float:
    """Return the trust before any answer, 0 to 1, from the AUC that the evidence profile expects.

    Examples
    --------
    >>> from neurofeedback.settings.evidence import FeatureEvidence
    >>> theta = FeatureEvidence(feature="theta_frontal", mu=-0.1, between_sd=0.3, source="x")
    >>> profile = lambda auc: Evidence(name="x", features=(theta,), expected_auc=auc)
    >>> [round(untaught_trust(profile(auc), ConfidenceSettings()), 2) for auc in (0.53, 0.45, None)]
    [0.2, 0.0, 0.3]
    """
    if evidence.expected_auc is None:
        return settings.initial_trust
    return min(max((evidence.expected_auc - 0.5) / settings.auc_gain_for_full_trust, 0.0), 1.0)


def model_trust(decoder: DecoderWeights | None, untaught: float, settings: ConfidenceSettings) -> float:
    """Return the trust in a model, 0 to 1, from its performance on the person's own answers.

    It never falls below ``untaught``, that before any answer, unless the model is worse than guessing: then it is 0.

    Examples
    --------
    >>> from neurofeedback.settings.estimation import ConfidenceSettings
    >>> trust = lambda n, auc, high: model_trust(DecoderWeights((), n, auc, high), 0.2, ConfidenceSettings())
    >>> trust(0, None, None), trust(60, 0.62, 0.7), trust(60, 0.9, 0.95), trust(200, 0.4, 0.49)
    (0.2, 0.4, 1.0, 0.0)
    """
    if decoder is None or decoder.auc is None or decoder.auc_high is None:
        return untaught
    if decoder.auc_high < 0.5:
        return 0.0
    answered = decoder.n_answers / (decoder.n_answers + settings.answers_for_half_trust)
    earned = (decoder.auc - 0.5) * answered / settings.auc_gain_for_full_trust
    return min(max(earned, untaught), 1.0)
