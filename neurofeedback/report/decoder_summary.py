"""Where the personal decoder stands, in the words and figures of a report."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.learning.decoder_messages import auc_sentence, feature_directions, guidance_sentence
from neurofeedback.learning.training import train_decoder
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.settings.load import load_settings

_log = logging.getLogger(__name__)
_MAX_SIGNS = 6


@dataclass(frozen=True, slots=True)
class DecoderSummary:
    """What may be said: what drives the guidance, how well it does, and the weightiest signs with how sure each is."""

    guidance_sentence: str
    evaluation_sentence: str = ""
    signs: tuple[tuple[str, str, float], ...] = ()


def summarize_decoder(files: SessionFiles) -> DecoderSummary:
    """Say what is known of a session's participant; that it cannot be said where the recordings do not allow it."""
    settings = load_settings()
    try:
        known = train_decoder(files.root, files.participant.removeprefix("sub-"), settings)
    except NeurofeedbackError as error:
        _log.warning("what was learned cannot be told: %s", error)
        return DecoderSummary("What was learned of this person cannot be told just now.")
    driving = guidance_sentence(known.decoder, known.evaluation)
    if not known.evaluation.n_answers:
        return DecoderSummary(driving)
    told = tuple(
        (name, direction, chance) for _, name, direction, chance in feature_directions(known.decoder)[:_MAX_SIGNS]
    )
    return DecoderSummary(driving, auc_sentence(known.evaluation, settings.decoder), told)
