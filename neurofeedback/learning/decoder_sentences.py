"""Choice of the sentences about the personal decoder from its state."""

from __future__ import annotations

from collections.abc import Sequence

from neurofeedback.learning.decoder import Decoder, sign_probability
from neurofeedback.learning.evaluation import Evaluation
from neurofeedback.learning.metrics import MetricInterval
from neurofeedback.learning.session_labels import SessionLabels
from neurofeedback.processing.features import FEATURES
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.texts import decoder as texts
from neurofeedback.texts.catalogue import tr

MAIN_SCORE_SESSIONS = 3
"""Sessions with answers from which the score session by session is the main one."""
_CHANCE = 0.5
_CLEAR_PROBABILITY, _LIKELY_PROBABILITY = 0.95, 0.8
_MAX_IAF_RANGE_HZ = 1.5
"""Alpha frequencies of one person's sessions lie within this range, Hz."""


def decoder_stage(evaluation: Evaluation) -> str:
    """Return ``active``, ``learning`` or ``not begun``."""
    if evaluation.active:
        return "active"
    return "learning" if evaluation.n_answers else "not begun"


def main_score(evaluation: Evaluation) -> MetricInterval | None:
    """Return the AUC to report: session by session from the third session on, before that answer by answer.

    Examples
    --------
    >>> first = Evaluation(12, 4, 1, answer_by_answer=MetricInterval(0.55, 0.2, 0.9, 12))
    >>> main_score(first) is first.answer_by_answer
    True
    """
    if evaluation.n_sessions < MAIN_SCORE_SESSIONS:
        return evaluation.answer_by_answer
    return evaluation.prequential


def auc_sentence(evaluation: Evaluation, settings: DecoderSettings) -> str:
    """Return a sentence on how well the decoder does: in words, and in pairs of moments.

    Examples
    --------
    >>> evaluation = Evaluation(90, 30, 5, prequential=MetricInterval(0.58, 0.35, 0.8, 72))
    >>> print(auc_sentence(evaluation, DecoderSettings()))
    By your answers so far, it may be no better than guessing. The test: two moments of the same sitting, one you \
called “elsewhere” and one “on the breath”. The program picks the “elsewhere” one in about 58 of 100 tries. Guessing \
would get 50. The real figure is likely 35 to 80.
    """
    auc = main_score(evaluation)
    if not evaluation.n_answers:
        return tr(texts.NO_ANSWERS)
    if auc is None:
        return tr(texts.TOO_FEW_SESSIONS)
    value, low, high = (_of_100(share) for share in (auc.value, auc.low, auc.high))
    pairs = tr(texts.PAIRS, auc=value, low=low, high=high)
    if evaluation.n_sessions < MAIN_SCORE_SESSIONS:
        return tr(texts.EARLY_ANSWER_BY_ANSWER, pairs=pairs, auc=value)
    return tr(_verdict(evaluation, auc, settings), pairs=pairs)


def _verdict(evaluation: Evaluation, auc: MetricInterval, settings: DecoderSettings) -> str:
    if auc.high < _CHANCE:
        return texts.WRONG_WAY
    if not evaluation.active and evaluation.n_answers < settings.min_answers_to_assess:
        return texts.EARLY
    if auc.low > _CHANCE:
        return texts.BETTER_THAN_GUESSING
    return texts.NO_LONGER_CLEAR if evaluation.active else texts.LIKE_GUESSING


def _of_100(share: float) -> str:
    """Return a share of 100, with a decimal where rounding would hide on which side of chance it lies.

    Examples
    --------
    >>> _of_100(0.58), _of_100(0.504)
    ('58', '50.4')
    """
    rounded = f"{100 * share:.0f}"
    return f"{100 * share:.1f}" if rounded == f"{100 * _CHANCE:.0f}" and share != _CHANCE else rounded


def guidance_sentence(decoder: Decoder, evaluation: Evaluation) -> str:
    """Return a sentence on what drives the guidance."""
    if not evaluation.n_answers:
        return tr(texts.NO_ANSWERS)
    answers = tr(texts.ONE_ANSWER) if decoder.n_answers == 1 else tr(texts.ANSWERS, n=decoder.n_answers)
    sessions = tr(texts.ONE_SESSION) if decoder.n_sessions == 1 else tr(texts.SESSIONS, n=decoder.n_sessions)
    return tr(texts.ACTIVE if evaluation.active else texts.LEARNING, answers=answers, sessions=sessions)


def feature_directions(decoder: Decoder) -> list[tuple[str, str, str, float]]:
    """Return the decoder's features by falling weight.

    Returns
    -------
    list of (str, str, str, float)
        Feature, its label, its direction while wandering, and the probability of that direction, 0.5 to 1.
    """
    probabilities = sign_probability(decoder).tolist()
    rows = [
        (name, feature_label(name), _direction(weight, probability), probability)
        for name, weight, probability in zip(decoder.names, decoder.weights.tolist(), probabilities, strict=True)
    ]
    order = sorted(range(len(rows)), key=lambda k: -abs(float(decoder.weights[k])))
    return [rows[k] for k in order]


def _direction(weight: float, probability: float) -> str:
    if probability >= _CLEAR_PROBABILITY:
        return tr(texts.HIGHER if weight > 0 else texts.LOWER)
    if probability >= _LIKELY_PROBABILITY:
        return tr(texts.RATHER_HIGHER if weight > 0 else texts.RATHER_LOWER)
    return tr(texts.UNCLEAR)


def feature_label(feature: str) -> str:
    """Return the label of a feature; an unknown feature keeps its name.

    Examples
    --------
    >>> feature_label("theta_frontal"), feature_label("mine")
    ('theta power, frontal', 'mine')
    """
    if feature not in FEATURES:
        return feature
    known = FEATURES[feature]
    region = texts.WHOLE_HEAD if known.region == "all" else known.region
    return tr(texts.FEATURE, kind=tr(texts.KINDS.get(known.kind, known.kind)), region=tr(region))


def session_notices(session_labels: Sequence[SessionLabels]) -> list[str]:
    """Return the notices about single sessions."""
    return [
        tr(texts.SESSION_NOTICE, session=one.training_data.session, notice=notice)
        for one in session_labels
        for notice in one.notices
    ]


def overall_notices(session_labels: Sequence[SessionLabels], evaluation: Evaluation) -> list[str]:
    """Return the notices about all sessions together."""
    notices: list[str] = []
    n, n_wander = evaluation.n_answers, evaluation.n_wander
    if n == 1:
        notices.append(tr(texts.ONLY_ANSWER_IS_WANDERING if n_wander else texts.ONLY_ANSWER_IS_BREATH))
    elif n and n_wander in {0, n}:
        notices.append(tr(texts.ALL_ANSWERS_WANDERING if n_wander else texts.ALL_ANSWERS_BREATH, n=n))
    devices = {one.training_data.device for one in session_labels if one.training_data.labelled_windows}
    if len(devices) > 1:
        notices.append(tr(texts.DIFFERENT_HEADSETS))
    known = [(one.iaf_hz, one.training_data.session) for one in session_labels if one.iaf_hz is not None]
    if known and (high := max(known))[0] - (low := min(known))[0] > _MAX_IAF_RANGE_HZ:
        notices.append(
            tr(
                texts.DIFFERENT_PEOPLE,
                low_hz=low[0],
                low_session=low[1],
                high_hz=high[0],
                high_session=high[1],
            )
        )
    return notices
