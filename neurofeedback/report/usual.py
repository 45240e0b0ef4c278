"""Today's baseline beside the person's usual one, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from neurofeedback.learning.decoder_messages import feature_label

_TYPICAL_DIFFERENCE = 2.0


def baseline_sentences(summary: Mapping[str, object], features: tuple[str, ...], feedback_source: str) -> list[str]:
    """Say how a session's baseline differed from the usual one, and which of the two drove the sound.

    Nothing is said while fewer than three good baselines were kept.

    Parameters
    ----------
    summary : mapping
        ``summary.json`` of the session.
    features : tuple of str
        Those of the index.
    drives : str
        ``session`` or ``own``, as set.
    """
    told = summary.get("usual_baseline")
    if not isinstance(told, Mapping) or not isinstance(told.get("differences"), Mapping):
        return []
    known: Mapping[str, float] = told["differences"]
    parts = [f"{feature_label(name)} {known[name]:+.1f}" for name in features if name in known]
    if not parts:
        return []
    far = any(abs(known[name]) > _TYPICAL_DIFFERENCE for name in features if name in known)
    last = {"own": "The usual one drove the sound.", "session": "Today's drove the sound."}[feedback_source]
    return [
        f"Today's baseline against the usual one of {told.get('n_sessions')} earlier sessions: {'; '.join(parts)} "
        "(in spreads between this person's sessions).",
        "That is further off than days usually are: the fit of the headset, tiredness or medication can do this, and "
        "so can a change of the person."
        if far
        else "That is within how days usually differ.",
        last,
    ]
