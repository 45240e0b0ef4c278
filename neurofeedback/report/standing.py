"""Where the personal decoder stands, in the words and figures of a report."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.session.decoder_words import driving_sentence, pairs_sentence, signs
from neurofeedback.session.learning import learned
from neurofeedback.settings.load import load_settings

_log = logging.getLogger(__name__)
_MOST_SIGNS = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """What may be said: what drives the guidance, how well it does, and the weightiest signs with how sure each is."""

    driving: str
    pairs: str = ""
    signs: tuple[tuple[str, str, float], ...] = ()


def standing(files: SessionFiles) -> Standing:
    """Say what is known of a session's participant; that it cannot be said where the recordings do not allow it."""
    settings = load_settings()
    try:
        known = learned(files.root, files.participant.removeprefix("sub-"), settings)
    except NeurofeedbackError as error:
        _log.warning("what was learned cannot be told: %s", error)
        return Standing("What was learned of this person cannot be told just now.")
    driving = driving_sentence(known.decoder, known.evaluation)
    if not known.evaluation.n:
        return Standing(driving)
    told = tuple((name, direction, chance) for _, name, direction, chance in signs(known.decoder)[:_MOST_SIGNS])
    return Standing(driving, pairs_sentence(known.evaluation, settings.decoder), told)
