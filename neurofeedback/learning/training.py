"""From a person's recordings to what drives the next sitting, and on from there with every answer in it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.drowsiness import fit_drowsiness_level
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.decoder_messages import overall_notices, session_notices
from neurofeedback.learning.evaluation import Evaluation, evaluate, self_caught_improves
from neurofeedback.learning.model_file import DecoderFile, read_decoder_file, rename_unusable, write_decoder_file
from neurofeedback.learning.model_serialization import evaluation_from_model, to_model_file
from neurofeedback.learning.past_sessions import collect_labels, finished_sessions, short_hash
from neurofeedback.learning.session_labels import SessionLabels
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.recording.bids_paths import check_label
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.settings.model import Settings

_log = logging.getLogger(__name__)
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class DecoderState:
    """All that is known of one participant.

    Parameters
    ----------
    told : tuple of Told
        What each session taught, in order of time.
    excluded : tuple of str
        Sessions that are not learned from because the person said so.
    decoder : Decoder
        As it stands now; of nobody's answers it is what studies expect.
    evaluation : Evaluation
        How well it does.
    drowsy_level : float
        This person's drowsiness threshold, in units of the usual one.
    notices : tuple of str
        What a person should know about it, one sentence each.
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
        """What is learned from."""
        return tuple(told.training_data for told in self.session_labels)


def decoder_feature_names(settings: Settings, evidence: Evidence) -> tuple[str, ...]:
    """List the decoder's features: those of its settings, and those the evidence speaks of."""
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
    """Learn from all recordings of a participant; what earlier calls have read is kept in the model file.

    A model file that cannot be used is put aside with a warning, and all is read anew.

    Parameters
    ----------
    settings : Settings, optional
        The default profile if left out.
    excluded : sequence of str, optional
        Sessions not to learn from, by stem; by default those of the model file.
    anew : bool
        Read all recordings again, whatever the model file holds.
    today : float, optional
        Days since 1970, by default by the clock.

    Raises
    ------
    SettingsError
        The participant is no BIDS label.
    """
    check_label("participant", participant)
    settings = settings or load_settings()
    evidence = load_evidence(settings.index.evidence)
    today = time.time() / _DAY_S if today is None else today
    kept, notices = _load_model(recordings, participant)
    left_out = tuple(excluded if excluded is not None else kept.excluded if kept else ())
    names = decoder_feature_names(settings, evidence)
    sessions = finished_sessions(recordings, participant, left_out)
    stamped, unread = collect_labels(sessions, names, settings, None if rebuild else kept, today)
    told, stamps = tuple(one for one, _ in stamped), [stamp for _, stamp in stamped]
    fitting = DecoderTraining(build_training_set(names, [one.training_data for one in told]), evidence, settings)
    fingerprint = short_hash(*stamps, settings.decoder.model_dump_json(), repr(evidence))
    unchanged = kept if kept is not None and not rebuild and kept.fingerprint == fingerprint else None
    with_presses = unchanged.with_presses if unchanged else fitting.self_caught_improves()
    evaluation = evaluation_from_model(unchanged) if unchanged else fitting.evaluate(with_self_caught=with_presses)
    newest = told[-1].training_data if told else None
    day, device = (newest.day, newest.device) if newest else (today, "")
    found = DecoderState(
        participant=participant,
        feature_names=names,
        session_labels=told,
        excluded=left_out,
        decoder=fitting.train(day, device, with_self_caught=with_presses),
        evaluation=evaluation,
        drowsy_level=fit_drowsiness_level([pair for one in told for pair in one.sleepiness_ratings], settings.decoder),
        notices=(*notices, *unread, *session_notices(told), *overall_notices(told, evaluation)),
    )
    _save_model(recordings, found, kept, stamps, fingerprint)
    return found


class DecoderTraining:
    """Fits decoders to one person's lessons."""

    def __init__(self, training_set: TrainingSet, evidence: Evidence, settings: Settings) -> None:
        self._training_set, self._evidence, self._settings = training_set, evidence, settings.decoder

    def train(self, day: float, device: str, *, with_self_caught: bool) -> Decoder:
        """Learn from all of it."""
        return self._fit(self._training_set, day, device, with_self_caught=with_self_caught)

    def evaluate(self, *, with_self_caught: bool) -> Evaluation:
        """Evaluate on answers each decoder had not seen."""
        return evaluate(
            self._training_set,
            lambda course, day, device: self._fit(course, day, device, with_self_caught=with_self_caught),
            self._settings,
        )

    def self_caught_improves(self) -> bool:
        """Tell whether presses make the decoder better at probes."""
        return self_caught_improves(
            self._training_set,
            lambda course, day, device: self._fit(course, day, device, with_self_caught=False),
            lambda course, day, device: self._fit(course, day, device, with_self_caught=True),
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
        notice = (
            f"The model file could not be used and {_rename_unusable(recordings, participant)}; all was learned anew, "
            f"and sessions that had been left out are taken in again: {error}"
        )
        _log.warning("%s", notice)
        return None, (notice,)


def _rename_unusable(recordings: Path, participant: str) -> str:
    try:
        return f"was put aside as {rename_unusable(recordings, participant).name}"
    except OSError as error:
        return f"could not be put aside ({error.strerror})"


def _save_model(
    recordings: Path, state: DecoderState, stored: DecoderFile | None, stamps: Sequence[str], fingerprint: str
) -> None:
    """Write the model file if anything has changed; a disk that refuses costs only the time to learn anew."""
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
    """Return what is known of a person who has never answered."""
    evidence = load_evidence(settings.index.evidence)
    names = decoder_feature_names(settings, evidence)
    course = build_training_set(names, [])
    decoder = fit_decoder(course, evidence, settings.decoder, day=0.0, device="")
    return DecoderState(participant, names, (), (), decoder, Evaluation(0, 0, 0))


def excluded_sessions(recordings: Path, participant: str) -> tuple[str, ...]:
    """List the sessions that are not learned from because the person said so."""
    kept, _ = _load_model(recordings, participant)
    return kept.excluded if kept is not None else ()
