"""From a person's recordings to what drives the next sitting, and on from there with every answer in it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.course import Course, Taught, course_of
from neurofeedback.estimation.decoder import Decoder, fit_decoder
from neurofeedback.estimation.drowsiness import drowsy_level
from neurofeedback.estimation.evaluation import Evaluation, evaluate, presses_help
from neurofeedback.recording.bids import check_label
from neurofeedback.recording.models import ModelFile, read_model, set_aside, write_model
from neurofeedback.session.decoder_words import of_all, of_sessions
from neurofeedback.session.lessons import Told
from neurofeedback.session.model_rows import evaluation_of, model_of
from neurofeedback.session.past_lessons import digest, finished_sessions, tell_all
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.settings.model import Settings

_log = logging.getLogger(__name__)
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
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
    names: tuple[str, ...]
    told: tuple[Told, ...]
    excluded: tuple[str, ...]
    decoder: Decoder
    evaluation: Evaluation
    drowsy_level: float = 1.0
    notices: tuple[str, ...] = ()

    @property
    def sittings(self) -> tuple[Taught, ...]:
        """What is learned from."""
        return tuple(told.taught for told in self.told)


def feature_names(settings: Settings, evidence: Evidence) -> tuple[str, ...]:
    """List the decoder's features: those of its settings, and those the evidence speaks of."""
    return tuple(dict.fromkeys((*evidence.feature_names, *settings.decoder.features)))


def learned(
    recordings: Path,
    participant: str,
    settings: Settings | None = None,
    *,
    excluded: Sequence[str] | None = None,
    anew: bool = False,
    today: float | None = None,
) -> Learned:
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
    kept, notices = _kept(recordings, participant)
    left_out = tuple(excluded if excluded is not None else kept.excluded if kept else ())
    names = feature_names(settings, evidence)
    sessions = finished_sessions(recordings, participant, left_out)
    stamped, unread = tell_all(sessions, names, settings, None if anew else kept, today)
    told, stamps = tuple(one for one, _ in stamped), [stamp for _, stamp in stamped]
    fitting = Fitting(course_of(names, [one.taught for one in told]), evidence, settings)
    fingerprint = digest(*stamps, settings.decoder.model_dump_json(), repr(evidence))
    unchanged = kept if kept is not None and not anew and kept.fingerprint == fingerprint else None
    with_presses = unchanged.with_presses if unchanged else fitting.presses_help()
    evaluation = evaluation_of(unchanged) if unchanged else fitting.evaluation(with_presses=with_presses)
    newest = told[-1].taught if told else None
    day, device = (newest.day, newest.device) if newest else (today, "")
    found = Learned(
        participant=participant,
        names=names,
        told=told,
        excluded=left_out,
        decoder=fitting.decoder(day, device, with_presses=with_presses),
        evaluation=evaluation,
        drowsy_level=drowsy_level([pair for one in told for pair in one.drowsy], settings.decoder),
        notices=(*notices, *unread, *of_sessions(told), *of_all(told, evaluation)),
    )
    _keep(recordings, found, kept, stamps, fingerprint)
    return found


class Fitting:
    """Fits decoders to one person's lessons."""

    def __init__(self, course: Course, evidence: Evidence, settings: Settings) -> None:
        self._course, self._evidence, self._settings = course, evidence, settings.decoder

    def decoder(self, day: float, device: str, *, with_presses: bool) -> Decoder:
        """Learn from all of it."""
        return self._learn(self._course, day, device, with_presses=with_presses)

    def evaluation(self, *, with_presses: bool) -> Evaluation:
        """Evaluate on answers each decoder had not seen."""
        return evaluate(
            self._course,
            lambda course, day, device: self._learn(course, day, device, with_presses=with_presses),
            self._settings,
        )

    def presses_help(self) -> bool:
        """Tell whether presses make the decoder better at probes."""
        return presses_help(
            self._course,
            lambda course, day, device: self._learn(course, day, device, with_presses=False),
            lambda course, day, device: self._learn(course, day, device, with_presses=True),
            self._settings,
        )

    def _learn(self, course: Course, day: float, device: str, *, with_presses: bool) -> Decoder:
        return fit_decoder(course, self._evidence, self._settings, day=day, device=device, with_presses=with_presses)


def _kept(recordings: Path, participant: str) -> tuple[ModelFile | None, tuple[str, ...]]:
    try:
        return read_model(recordings, participant), ()
    except RecordingError as error:
        notice = (
            f"The model file could not be used and {_put_aside(recordings, participant)}; all was learned anew, and "
            f"sessions that had been left out are taken in again: {error}"
        )
        _log.warning("%s", notice)
        return None, (notice,)


def _put_aside(recordings: Path, participant: str) -> str:
    try:
        return f"was put aside as {set_aside(recordings, participant).name}"
    except OSError as error:
        return f"could not be put aside ({error.strerror})"


def _keep(recordings: Path, found: Learned, kept: ModelFile | None, stamps: Sequence[str], fingerprint: str) -> None:
    """Write the model file if anything has changed; a disk that refuses costs only the time to learn anew."""
    model = model_of(
        participant=found.participant,
        names=found.names,
        excluded=found.excluded,
        told=list(zip(found.told, stamps, strict=True)),
        decoder=found.decoder,
        evaluation=found.evaluation,
        fingerprint=fingerprint,
    )
    if model == kept or not (found.told or found.excluded or kept):
        return
    try:
        write_model(recordings, model)
    except OSError as error:
        _log.warning("the model could not be written: %s", error)


def nothing_learned(participant: str, settings: Settings) -> Learned:
    """Return what is known of a person who has never answered."""
    evidence = load_evidence(settings.index.evidence)
    names = feature_names(settings, evidence)
    course = course_of(names, [])
    decoder = fit_decoder(course, evidence, settings.decoder, day=0.0, device="")
    return Learned(participant, names, (), (), decoder, Evaluation(0, 0, 0))


def excluded_of(recordings: Path, participant: str) -> tuple[str, ...]:
    """List the sessions that are not learned from because the person said so."""
    kept, _ = _kept(recordings, participant)
    return kept.excluded if kept is not None else ()
