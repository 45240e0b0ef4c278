"""Training of the personal decoder from a person's recordings."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.drowsiness import fit_drowsiness_level
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.decoder_sentences import overall_notices, session_notices
from neurofeedback.learning.evaluation import Evaluation, evaluate, self_caught_improves
from neurofeedback.learning.feature_covariance import pool_covariances
from neurofeedback.learning.model_file import DecoderFile, read_decoder_file, rename_unusable, write_decoder_file
from neurofeedback.learning.model_serialization import evaluation_from_model, to_model_file
from neurofeedback.learning.past_sessions import collect_labels, finished_sessions, short_hash
from neurofeedback.learning.prior import untaught_weights
from neurofeedback.learning.session_labels import SessionLabels
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.recording.bids_paths import check_label
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.settings.model import Settings
from neurofeedback.texts import decoder as texts
from neurofeedback.texts.catalogue import tr

_log = logging.getLogger(__name__)
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class DecoderState:
    """The decoder of one participant, with its training data and evaluation.

    Parameters
    ----------
    session_labels : tuple of SessionLabels
        Labels of each session, in order of time.
    excluded : tuple of str
        Sessions the person has excluded.
    decoder : Decoder
        Without any answer, the prior from group studies.
    evaluation : Evaluation
        Its performance on answers it was not trained on.
    drowsy_level : float
        This person's drowsiness threshold, as a factor on the default.
    notices : tuple of str
        Notices for the person, one sentence each.
    """

    participant: str
    feature_names: tuple[str, ...]
    session_labels: tuple[SessionLabels, ...]
    excluded: tuple[str, ...]
    decoder: Decoder
    evaluation: Evaluation
    drowsy_level: float = 1.0
    notices: tuple[str, ...] = ()

    @property
    def training_data(self) -> tuple[SessionTrainingData, ...]:
        """Training data of each session."""
        return tuple(labels.training_data for labels in self.session_labels)


def decoder_feature_names(settings: Settings, evidence: Evidence) -> tuple[str, ...]:
    """Return the decoder's features: those of the evidence and those of its settings."""
    return tuple(dict.fromkeys((*evidence.feature_names, *settings.decoder.features)))


def train_decoder(
    recordings: Path,
    participant: str,
    settings: Settings | None = None,
    *,
    excluded: Sequence[str] | None = None,
    rebuild: bool = False,
    today: float | None = None,
) -> DecoderState:
    """Train the decoder on all recordings of a participant; labels are cached in the model file.

    A model file that cannot be used is renamed with a warning, and all recordings are read again.

    Parameters
    ----------
    settings : Settings, optional
        The default profile if left out.
    excluded : sequence of str, optional
        Stems of sessions to exclude; by default those of the model file.
    rebuild : bool
        Read all recordings again, without the model file.
    today : float, optional
        Days since 1970; by default, the current time.

    Raises
    ------
    SettingsError
        The participant is no BIDS label.
    """
    check_label("participant", participant)
    settings = settings or load_settings()
    evidence = load_evidence(settings.index.evidence)
    today = time.time() / _DAY_S if today is None else today
    model, notices = _load_model(recordings, participant)
    excluded_stems = tuple(excluded if excluded is not None else model.excluded if model else ())
    names = decoder_feature_names(settings, evidence)
    sessions, unread = finished_sessions(recordings, participant, excluded_stems)
    labels_and_stamps, unreadable = collect_labels(sessions, names, settings, None if rebuild else model, today)
    labels, stamps = tuple(labelled for labelled, _ in labels_and_stamps), [stamp for _, stamp in labels_and_stamps]
    training = DecoderTraining(
        build_training_set(names, [labelled.training_data for labelled in labels]), evidence, settings
    )
    fingerprint = short_hash(*stamps, settings.decoder.model_dump_json(), repr(evidence))
    unchanged = model if model is not None and not rebuild and model.fingerprint == fingerprint else None
    with_presses = unchanged.with_self_caught if unchanged else training.self_caught_improves()
    evaluation = evaluation_from_model(unchanged) if unchanged else training.evaluate(with_self_caught=with_presses)
    newest = labels[-1].training_data if labels else None
    day, device = (newest.day, newest.device) if newest else (today, "")
    state = DecoderState(
        participant=participant,
        feature_names=names,
        session_labels=labels,
        excluded=excluded_stems,
        decoder=training.train(day, device, with_self_caught=with_presses),
        evaluation=evaluation,
        drowsy_level=fit_drowsiness_level(
            [pair for labelled in labels for pair in labelled.sleepiness_ratings], settings.decoder
        ),
        notices=(*notices, *unread, *unreadable, *session_notices(labels), *overall_notices(labels, evaluation)),
    )
    _save_model(recordings, state, model, stamps, fingerprint)
    return state


class DecoderTraining:
    """Trains and evaluates decoders on one person's training set."""

    def __init__(self, training_set: TrainingSet, evidence: Evidence, settings: Settings) -> None:
        self._training_set, self._evidence, self._settings = training_set, evidence, settings.decoder

    def train(self, day: float, device: str, *, with_self_caught: bool) -> Decoder:
        """Return the decoder trained on the whole set."""
        return self._fit(self._training_set, day, device, with_self_caught=with_self_caught)

    def evaluate(self, *, with_self_caught: bool) -> Evaluation:
        """Return the evaluation on answers that each decoder was not trained on."""
        return evaluate(
            self._training_set,
            lambda training_set, day, device: self._fit(training_set, day, device, with_self_caught=with_self_caught),
            self._settings,
            self.untaught_weights(),
        )

    def untaught_weights(self) -> NDArray[np.float64]:
        """Return the weights of the index before any answer, ``(n_features,)``, in the decoder's units."""
        names = self._training_set.names
        covariances = [session.window_covariance for session in self._training_set.sessions]
        pooled = pool_covariances(covariances, names, self._settings.prior_windows)
        return untaught_weights(self._evidence, names, pooled.correlation, self._settings)

    def self_caught_improves(self) -> bool:
        """Return whether training on presses improves the decoder on probes."""
        return self_caught_improves(
            self._training_set,
            lambda training_set, day, device: self._fit(training_set, day, device, with_self_caught=False),
            lambda training_set, day, device: self._fit(training_set, day, device, with_self_caught=True),
            self._settings,
        )

    def _fit(self, training_set: TrainingSet, day: float, device: str, *, with_self_caught: bool) -> Decoder:
        return fit_decoder(
            training_set, self._evidence, self._settings, day=day, device=device, with_self_caught=with_self_caught
        )


def _load_model(recordings: Path, participant: str) -> tuple[DecoderFile | None, tuple[str, ...]]:
    try:
        return read_decoder_file(recordings, participant), ()
    except RecordingError as error:
        notice = _put_aside(recordings, participant, error)
        _log.warning("%s", notice)
        return None, (notice,)


def _put_aside(recordings: Path, participant: str, error: RecordingError) -> str:
    """Rename an unusable model file; return the notice about it."""
    try:
        name = rename_unusable(recordings, participant).name
    except OSError as failure:
        return tr(texts.UNUSABLE_FILE_STAYS, reason=failure.strerror, error=error)
    return tr(texts.UNUSABLE_FILE_RENAMED, name=name, error=error)


def _save_model(
    recordings: Path, state: DecoderState, stored: DecoderFile | None, stamps: Sequence[str], fingerprint: str
) -> None:
    """Write the model file if anything has changed; a failure is logged, and the next call trains again."""
    model = to_model_file(
        participant=state.participant,
        feature_names=state.feature_names,
        excluded=state.excluded,
        session_labels=list(zip(state.session_labels, stamps, strict=True)),
        decoder=state.decoder,
        evaluation=state.evaluation,
        fingerprint=fingerprint,
    )
    if model == stored or not (state.session_labels or state.excluded or stored):
        return
    try:
        write_decoder_file(recordings, model)
    except OSError as error:
        _log.warning("the model could not be written: %s", error)


def untrained(participant: str, settings: Settings) -> DecoderState:
    """Return the decoder of a person without any answer: the prior from group studies."""
    evidence = load_evidence(settings.index.evidence)
    names = decoder_feature_names(settings, evidence)
    training_set = build_training_set(names, [])
    decoder = fit_decoder(training_set, evidence, settings.decoder, day=0.0, device="")
    return DecoderState(participant, names, (), (), decoder, Evaluation(0, 0, 0))


def excluded_sessions(recordings: Path, participant: str) -> tuple[str, ...]:
    """Return the sessions that the person has excluded."""
    model, _ = _load_model(recordings, participant)
    return model.excluded if model is not None else ()
