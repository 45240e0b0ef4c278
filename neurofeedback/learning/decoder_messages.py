"""What is said about the personal decoder, word for word. AUC is not accuracy, and is never called so."""

from __future__ import annotations

from collections.abc import Sequence

from neurofeedback.learning.decoder import Decoder, sign_probability
from neurofeedback.learning.evaluation import Evaluation
from neurofeedback.learning.metrics import MetricInterval
from neurofeedback.learning.session_labels import SessionLabels
from neurofeedback.processing.features import FEATURES
from neurofeedback.settings.estimation import DecoderSettings

TOO_EARLY_TEXT = "Too early to say"
NO_ANSWERS_TEXT = (
    "Nothing is learned yet: what drives the guidance is what studies of other people expect, and for you that may be "
    "no better than guessing, or point the wrong way."
)
_KIND_LABELS = {
    "theta": "theta power",
    "alpha": "alpha power",
    "beta": "beta power",
    "delta": "delta power",
    "chi": "steepness of the spectrum",
    "o_theta": "theta above the background",
    "o_alpha": "alpha above the background",
    "cog": "alpha frequency",
    "envelope": "alpha envelope",
}
_CLEAR_CHANCE, _LIKELY_CHANCE = 0.95, 0.8
_MAX_IAF_RANGE_HZ = 1.5
"""Alpha frequencies of one person's sessions lie within this, Hz; further apart they may be two people's."""


def decoder_stage(evaluation: Evaluation) -> str:
    """Name how far the model has come: ``active``, ``learning``, or ``not begun``."""
    if evaluation.active:
        return "active"
    return "learning" if evaluation.n_answers else "not begun"


def auc_sentence(evaluation: Evaluation, settings: DecoderSettings) -> str:
    """Say how well it does, in pairs of moments.

    Examples
    --------
    >>> print(auc_sentence(Evaluation(90, 30, 5, prequential=Interval(.58, .35, .8, 72)), DecoderSettings()))
    Shown one moment you called wandering and one you called on the breath, it picks the right one in about 58 of 100 \
such pairs (somewhere between 35 and 80; 50 is guessing).
    """
    auc = evaluation.prequential
    if not evaluation.n_answers:
        return NO_ANSWERS_TEXT
    if auc is None:
        return (
            f"{TOO_EARLY_TEXT}: it takes answers of both kinds from at least two sittings to see how well this works."
        )
    first, *rest = f"Shown one moment you called wandering and one you called on the breath, {_auc_clause(auc)}".split(
        " ", 1
    )
    if evaluation.n_answers < settings.min_answers_to_assess:
        return f"{TOO_EARLY_TEXT}: {first.lower()} {rest[0]}"
    return f"{first} {rest[0]}"


def _auc_clause(auc: MetricInterval) -> str:
    value, low, high = (round(100 * share) for share in (auc.value, auc.low, auc.high))
    return (
        f"it picks the right one in about {value} of 100 such pairs "
        f"(somewhere between {low} and {high}; 50 is guessing)."
    )


def guidance_sentence(decoder: Decoder, evaluation: Evaluation) -> str:
    """Say what drives the guidance.

    Examples
    --------
    >>> guidance_sentence(None, Evaluation(0, 0, 0)) == NO_ANSWERS_TEXT
    True
    """
    if not evaluation.n_answers:
        return NO_ANSWERS_TEXT
    answers = f"{decoder.n_answers} answer{'s' if decoder.n_answers != 1 else ''} of your own"
    sittings = f"{decoder.n_sessions} sitting{'s' if decoder.n_sessions != 1 else ''}"
    state = "Personal model active" if evaluation.active else "Personal model learning"
    return f"{state}: {answers} from {sittings} shape the guidance."


def feature_directions(decoder: Decoder) -> list[tuple[str, str, str, float]]:
    """List what was learned, the weightiest first: feature, its plain name, what it does while wandering, how sure.

    How sure is the chance that the direction is right, 0.5 to 1.
    """
    sure = sign_probability(decoder).tolist()
    rows = [
        (name, feature_label(name), _direction(weight, chance), chance)
        for name, weight, chance in zip(decoder.names, decoder.weights.tolist(), sure, strict=True)
    ]
    order = sorted(range(len(rows)), key=lambda k: -abs(float(decoder.weights[k])))
    return [rows[k] for k in order]


def _direction(weight: float, chance: float) -> str:
    way = "higher" if weight > 0 else "lower"
    if chance >= _CLEAR_CHANCE:
        return f"{way} while wandering"
    return f"rather {way} while wandering" if chance >= _LIKELY_CHANCE else "not clear yet"


def feature_label(feature: str) -> str:
    """Name a feature for people; one this program does not know keeps its name.

    Examples
    --------
    >>> feature_label("theta_frontal"), feature_label("mine")
    ('theta power, frontal', 'mine')
    """
    if feature not in FEATURES:
        return feature
    known = FEATURES[feature]
    region = "whole head" if known.region == "all" else known.region
    return f"{_KIND_LABELS.get(known.kind, known.kind)}, {region}"


def session_notices(session_labels: Sequence[SessionLabels]) -> list[str]:
    """Say what is to be said of single sessions."""
    return [f"{one.training_data.session}: {notice}" for one in session_labels for notice in one.notices]


def overall_notices(session_labels: Sequence[SessionLabels], evaluation: Evaluation) -> list[str]:
    """Say what is to be said of all sessions together."""
    notices: list[str] = []
    n, n_wander = evaluation.n_answers, evaluation.n_wander
    if n and n_wander in {0, n}:
        same = "elsewhere" if n_wander else "on the breath"
        said = "The only answer so far says" if n == 1 else f"All {n} answers so far say"
        notices.append(f"{said} {same}: from one kind of answer nothing can be told apart.")
    devices = {one.training_data.device for one in session_labels if one.training_data.labelled_windows}
    if len(devices) > 1:
        notices.append(
            "Answers come from headsets with different electrodes; those from another one than is worn count for half."
        )
    known = [(one.iaf_hz, one.training_data.session) for one in session_labels if one.iaf_hz is not None]
    if known and (high := max(known))[0] - (low := min(known))[0] > _MAX_IAF_RANGE_HZ:
        notices.append(
            f"These sessions may be two people's: alpha lies at {low[0]:.1f} Hz in {low[1]} and at {high[0]:.1f} Hz in "
            f"{high[1]}. If so, exclude one with `neurofeedback decoder fit --exclude`, and give each a participant."
        )
    return notices
