"""What is said about the personal decoder, word for word. AUC is not accuracy, and is never called so."""

from __future__ import annotations

from collections.abc import Sequence

from neurofeedback.estimation.decoder import Decoder, sureness
from neurofeedback.estimation.evaluation import Evaluation
from neurofeedback.estimation.figures import Interval
from neurofeedback.processing.features import FEATURES
from neurofeedback.session.lessons import Told
from neurofeedback.settings.estimate import DecoderSettings

TOO_EARLY = "Too early to say"
NO_ANSWERS = (
    "Nothing is learned yet: what drives the guidance is what studies of other people expect, and for you that may be "
    "no better than guessing, or point the wrong way."
)
_KINDS = {
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
_SURE, _RATHER = 0.95, 0.8
_APART_HZ = 1.5
"""Alpha frequencies of one person's sessions lie within this, Hz; further apart they may be two people's."""


def badge(evaluation: Evaluation) -> str:
    """Name how far the model has come: ``active``, ``learning``, or ``not begun``."""
    if evaluation.active:
        return "active"
    return "learning" if evaluation.n else "not begun"


def pairs_sentence(evaluation: Evaluation, settings: DecoderSettings) -> str:
    """Say how well it does, in pairs of moments.

    Examples
    --------
    >>> print(pairs_sentence(Evaluation(90, 30, 5, prequential=Interval(.58, .35, .8, 72)), DecoderSettings()))
    Shown one moment you called wandering and one you called on the breath, it picks the right one in about 58 of 100 \
such pairs (somewhere between 35 and 80; 50 is guessing).
    """
    auc = evaluation.prequential
    if not evaluation.n:
        return NO_ANSWERS
    if auc is None:
        return f"{TOO_EARLY}: it takes answers of both kinds from at least two sittings to see how well this works."
    first, *rest = f"Shown one moment you called wandering and one you called on the breath, {_picks(auc)}".split(
        " ", 1
    )
    if evaluation.n < settings.early_answers:
        return f"{TOO_EARLY}: {first.lower()} {rest[0]}"
    return f"{first} {rest[0]}"


def _picks(auc: Interval) -> str:
    value, low, high = (round(100 * share) for share in (auc.value, auc.low, auc.high))
    return (
        f"it picks the right one in about {value} of 100 such pairs "
        f"(somewhere between {low} and {high}; 50 is guessing)."
    )


def driving_sentence(decoder: Decoder, evaluation: Evaluation) -> str:
    """Say what drives the guidance.

    Examples
    --------
    >>> driving_sentence(None, Evaluation(0, 0, 0)) == NO_ANSWERS
    True
    """
    if not evaluation.n:
        return NO_ANSWERS
    answers = f"{decoder.n} answer{'s' if decoder.n != 1 else ''} of your own"
    sittings = f"{decoder.n_sessions} sitting{'s' if decoder.n_sessions != 1 else ''}"
    state = "Personal model active" if evaluation.active else "Personal model learning"
    return f"{state}: {answers} from {sittings} shape the guidance."


def signs(decoder: Decoder) -> list[tuple[str, str, str, float]]:
    """List what was learned, the weightiest first: feature, its plain name, what it does while wandering, how sure.

    How sure is the chance that the direction is right, 0.5 to 1.
    """
    sure = sureness(decoder).tolist()
    rows = [
        (name, plain_name(name), _direction(weight, chance), chance)
        for name, weight, chance in zip(decoder.names, decoder.weights.tolist(), sure, strict=True)
    ]
    order = sorted(range(len(rows)), key=lambda k: -abs(float(decoder.weights[k])))
    return [rows[k] for k in order]


def _direction(weight: float, chance: float) -> str:
    way = "higher" if weight > 0 else "lower"
    if chance >= _SURE:
        return f"{way} while wandering"
    return f"rather {way} while wandering" if chance >= _RATHER else "not clear yet"


def plain_name(feature: str) -> str:
    """Name a feature for people; one this program does not know keeps its name.

    Examples
    --------
    >>> plain_name("theta_frontal"), plain_name("mine")
    ('theta power, frontal', 'mine')
    """
    if feature not in FEATURES:
        return feature
    known = FEATURES[feature]
    region = "whole head" if known.region == "all" else known.region
    return f"{_KINDS.get(known.kind, known.kind)}, {region}"


def of_sessions(told: Sequence[Told]) -> list[str]:
    """Say what is to be said of single sessions."""
    return [f"{one.taught.session}: {notice}" for one in told for notice in one.notices]


def of_all(told: Sequence[Told], evaluation: Evaluation) -> list[str]:
    """Say what is to be said of all sessions together."""
    notices: list[str] = []
    n, n_wander = evaluation.n, evaluation.n_wander
    if n and n_wander in {0, n}:
        same = "elsewhere" if n_wander else "on the breath"
        said = "The only answer so far says" if n == 1 else f"All {n} answers so far say"
        notices.append(f"{said} {same}: from one kind of answer nothing can be told apart.")
    devices = {one.taught.device for one in told if one.taught.lessons}
    if len(devices) > 1:
        notices.append(
            "Answers come from headsets with different electrodes; those from another one than is worn count for half."
        )
    known = [(one.iaf_hz, one.taught.session) for one in told if one.iaf_hz is not None]
    if known and (high := max(known))[0] - (low := min(known))[0] > _APART_HZ:
        notices.append(
            f"These sessions may be two people's: alpha lies at {low[0]:.1f} Hz in {low[1]} and at {high[0]:.1f} Hz in "
            f"{high[1]}. If so, exclude one with `neurofeedback decoder fit --exclude`, and give each a participant."
        )
    return notices
