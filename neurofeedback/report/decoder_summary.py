"""Summary of the personal decoder for the report and the window."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.learning.decoder_sentences import auc_sentence, feature_directions, guidance_sentence
from neurofeedback.learning.training import train_decoder
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.settings.load import load_settings
from neurofeedback.texts import report
from neurofeedback.texts.catalogue import tr

_log = logging.getLogger(__name__)
_MAX_SIGNS = 6


@dataclass(frozen=True, slots=True)
class DecoderSummary:
    """State of the personal decoder: what guides feedback, how well it works, and the features of largest weight.

    ``signs`` are name, direction, and the probability that the direction is right, 0.5 to 1.
    """

    guidance_sentence: str
    evaluation_sentence: str = ""
    signs: tuple[tuple[str, str, float], ...] = ()


def summarize_decoder(files: SessionFiles) -> DecoderSummary:
    """Summarize the decoder of a session's participant; a sentence says so if the recordings do not allow it."""
    settings = load_settings()
    try:
        state = train_decoder(files.root, files.participant.removeprefix("sub-"), settings)
    except NeurofeedbackError as error:
        _log.warning("the decoder cannot be shown: %s", error)
        return DecoderSummary(tr(report.DECODER_FAILED))
    guidance = guidance_sentence(state.decoder, state.evaluation)
    if not state.evaluation.n_answers:
        return DecoderSummary(guidance)
    signs = tuple(
        (label, direction, chance) for _, label, direction, chance in feature_directions(state.decoder)[:_MAX_SIGNS]
    )
    return DecoderSummary(guidance, auc_sentence(state.evaluation, settings.decoder), signs)
