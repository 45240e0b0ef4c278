"""From a person's recordings to what drives the next sitting, and on from there with every answer in it."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError, RecordingError
from neurofeedback.estimation.course import Course, Taught, course_of
from neurofeedback.estimation.decoder import Decoder, fit_decoder, index_weights
from neurofeedback.estimation.drive import Drive
from neurofeedback.estimation.drowsiness import drowsy_level
from neurofeedback.estimation.evaluation import Evaluation, evaluate, presses_help
from neurofeedback.estimation.labels import Lesson
from neurofeedback.estimation.usual import Usual, pooled
from neurofeedback.recording.bids import SessionFiles, check_label, find_stems
from neurofeedback.recording.locks import is_locked
from neurofeedback.recording.models import ModelFile, read_model, set_aside, write_model
from neurofeedback.session.lessons import Pupil, Told, device_key, logged_z, read_lessons, z_columns
from neurofeedback.session.model_rows import evaluation_of, model_of, told_of
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.settings.model import Settings
from neurofeedback.types import INDEX_NAME, Command, CommandKind, Frame, Probe, Stream

_log = logging.getLogger(__name__)
_DAY_S = 86400.0
_APART_HZ = 1.5
"""Alpha frequencies of one person's sessions lie within this, Hz; further apart they may be two people's."""


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
    told, unread = _told(_sessions(recordings, participant, left_out), names, settings, None if anew else kept, today)
    course = course_of(names, [one.taught for one, _ in told])
    fingerprint = _digest(*(stamp for _, stamp in told), settings.decoder.model_dump_json(), repr(evidence))
    learner = Fitting(course, evidence, settings)
    if kept is not None and not anew and kept.fingerprint == fingerprint:
        evaluation, with_presses = evaluation_of(kept), kept.with_presses
    else:
        with_presses = learner.presses_help()
        evaluation = learner.evaluation(with_presses=with_presses)
    day, device = _newest(course, today)
    found = Learned(
        participant=participant,
        names=names,
        told=tuple(one for one, _ in told),
        excluded=left_out,
        decoder=learner.decoder(day, device, with_presses=with_presses),
        evaluation=evaluation,
        drowsy_level=drowsy_level([pair for one, _ in told for pair in one.drowsy], settings.decoder),
        notices=(*notices, *unread, *_of_sessions(told), *_of_all(told, evaluation)),
    )
    _keep(recordings, found, kept, [stamp for _, stamp in told], fingerprint)
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


class Learner:
    """Goes on learning during a sitting: frames, presses and answered probes in, refits out.

    Parameters
    ----------
    known : Learned
        What earlier sittings taught.
    columns : tuple of str
        The engine's names of ``Frame.values``.

    Notes
    -----
    A refit takes some 2 ms after 500 answers. Nothing here reads or writes files.
    """

    def __init__(self, known: Learned, settings: Settings, stream: Stream, columns: tuple[str, ...]) -> None:
        self._known, self._settings, self._sfreq = known, settings, stream.sfreq
        self._evidence = load_evidence(settings.index.evidence)
        self._device = device_key(stream)
        self._places = [columns.index(name) for name in z_columns(known.names)]
        past = pooled([one.varied for one in known.sittings], known.names, settings.decoder.past_windows)
        self._pupil = Pupil.of(past, stream.sfreq, settings, settings.spectrum.hop_s)
        self._day = max([one.day for one in known.sittings], default=0.0)
        self._applies = self._evidence.index_name == INDEX_NAME
        self._decoder = self._fit()

    @property
    def start(self) -> str:
        """What the sitting starts from, for ``EngineStart.decoder``: empty while nothing has been learned."""
        return self._drive(self._decoder)

    @property
    def decoder(self) -> Decoder:
        """As it stands now."""
        return self._decoder

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """What this sitting has taught until now."""
        return tuple(self._pupil.lessons)

    def push(self, frames: Iterable[Frame]) -> None:
        """Take frames as they are made."""
        for frame in frames:
            self._pupil.frame(frame.sample, frame.phase, frame.valid, logged_z(frame, self._places))

    def press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        self._pupil.press(sample)

    def probe(self, probe: Probe) -> Command | None:
        """Take an answered probe; return the refit it brings, 2 s after the answer, if it teaches anything."""
        if self._pupil.probe(probe) is None or not self._applies:
            return None
        self._decoder = self._fit()
        at = (probe.sample if probe.answered is None else probe.answered) + round(
            self._settings.decoder.refit_delay_s * self._sfreq
        )
        return Command(at, CommandKind.DECODER, self._drive(self._decoder))

    def _fit(self) -> Decoder:
        now = self._pupil.taught("now", self._day, self._device)
        sittings = [*self._known.sittings, *([now] if now.lessons else [])]
        fitting = Fitting(course_of(self._known.names, sittings), self._evidence, self._settings)
        return fitting.decoder(self._day, self._device, with_presses=self._known.decoder.with_presses)

    def _drive(self, decoder: Decoder) -> str:
        if not self._applies or decoder.n == 0:
            return ""
        usual: Usual = self._pupil.labeller.usual()
        auc = self._known.evaluation.prequential
        return Drive(
            weights=tuple(zip(decoder.names, index_weights(decoder, usual).tolist(), strict=True)),
            n_answers=decoder.n,
            auc=None if auc is None else auc.value,
            auc_high=None if auc is None else auc.high,
            drowsy_level=self._known.drowsy_level,
        ).text()


def _kept(recordings: Path, participant: str) -> tuple[ModelFile | None, tuple[str, ...]]:
    try:
        return read_model(recordings, participant), ()
    except RecordingError as error:
        aside = set_aside(recordings, participant)
        notice = (
            f"The model file could not be used and was put aside as {aside.name}; all was learned anew, "
            f"and sessions that had been left out are taken in again: {error}"
        )
        _log.warning("%s", notice)
        return None, (notice,)


def _sessions(recordings: Path, participant: str, left_out: Sequence[str]) -> list[SessionFiles]:
    """List finished sessions in order of time."""
    stems = [stem for stem in find_stems(recordings) if stem.startswith(f"sub-{participant}_")]
    files = [SessionFiles.of(recordings, stem) for stem in stems if stem not in left_out]
    return [one for one in files if not (one.lock.exists() and is_locked(one.lock))]


def _told(
    sessions: list[SessionFiles],
    names: tuple[str, ...],
    settings: Settings,
    kept: ModelFile | None,
    today: float,
) -> tuple[list[tuple[Told, str]], list[str]]:
    """Read sessions one after the other; from the model file where its stamp tells that nothing has changed."""
    rows = {row.session: row for row in kept.sittings} if kept and kept.features == names else {}
    found: list[tuple[Told, str]] = []
    unread: list[str] = []
    stamp = _digest(settings.decoder.model_dump_json(), settings.drowsiness.model_dump_json(), *names)
    for files in sessions:
        own = _digest(stamp, _facts(files))
        row = rows.get(files.stem)
        try:
            if row is not None and row.stamp == own:
                told = told_of(row, names)
            else:
                past = pooled([one.taught.varied for one, _ in found], names, settings.decoder.past_windows)
                told = read_lessons(files, past, settings, today)
        except (NeurofeedbackError, OSError) as error:
            unread.append(f"{files.stem} could not be learned from: {error}")
            continue
        found.append((told, own))
        stamp = own
    return found, unread


def _facts(files: SessionFiles) -> str:
    """Tell sizes and times of what is read of a session."""
    paths = (files.computed("start.json"), files.eeg("events.tsv"), files.frames)
    facts = [path.stat() for path in paths if path.exists()]
    return " ".join(f"{fact.st_size}:{fact.st_mtime_ns}" for fact in facts)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _newest(course: Course, today: float) -> tuple[float, str]:
    """Day and device of the newest session: what the decoder is shown for."""
    return (course.sittings[-1].day, course.sittings[-1].device) if course.sittings else (today, "")


def _of_sessions(told: Sequence[tuple[Told, str]]) -> list[str]:
    return [f"{one.taught.session}: {notice}" for one, _ in told for notice in one.notices]


def _of_all(told: Sequence[tuple[Told, str]], evaluation: Evaluation) -> list[str]:
    notices: list[str] = []
    n, n_wander = evaluation.n, evaluation.n_wander
    if n and n_wander in {0, n}:
        same = "elsewhere" if n_wander else "on the breath"
        notices.append(f"All {n} answers so far say {same}: from one kind of answer nothing can be told apart.")
    devices = {one.taught.device for one, _ in told}
    if len(devices) > 1:
        notices.append(
            "Answers come from headsets with different electrodes; those from another one than is worn count for half."
        )
    known = [(one.iaf_hz, one.taught.session) for one, _ in told if one.iaf_hz is not None]
    if known and (high := max(known))[0] - (low := min(known))[0] > _APART_HZ:
        notices.append(
            f"These sessions may be two people's: alpha lies at {low[0]:.1f} Hz in {low[1]} and at {high[0]:.1f} Hz in "
            f"{high[1]}. If so, exclude one with `neurofeedback decoder fit --exclude`, and give each a participant."
        )
    return notices


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


def usual_spread(known: Learned, settings: Settings) -> Usual:
    """How much the person's windows vary; of people at large before any sitting."""
    return pooled([one.varied for one in known.sittings], known.names, settings.decoder.past_windows)


def excluded_of(recordings: Path, participant: str) -> tuple[str, ...]:
    """List the sessions that are not learned from because the person said so."""
    kept, _ = _kept(recordings, participant)
    return kept.excluded if kept is not None else ()
