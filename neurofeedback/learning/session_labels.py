"""Labels of one session from its frames and answers, live or recorded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.drowsiness import DrowsinessSigns
from neurofeedback.learning.feature_covariance import WindowCovariance
from neurofeedback.learning.frame_log_reader import read_frames
from neurofeedback.learning.labelling import BREATH, ELSEWHERE, LabelledWindow, WindowLabeller, is_key_stuck
from neurofeedback.learning.training_set import SessionTrainingData
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.events import probes_from_events, read_events
from neurofeedback.recording.frame_log import format_number
from neurofeedback.recording.session_json import read_start, read_summary
from neurofeedback.settings.load import read_profile
from neurofeedback.settings.model import Settings
from neurofeedback.texts import decoder as texts
from neurofeedback.types import Event, EventKind, Frame, Phase, Probe, StreamInfo

_DROWSINESS_FEATURES = ("o_alpha_posterior", "theta_all", "delta_all")
_PRACTICE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER})
EARLIEST_DATE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class SessionLabels:
    """Labels of one session, and notices about them.

    ``sleepiness_ratings`` are drowsiness signs with the answer to "how sleepy"; ``iaf_hz`` reveals a mix-up of people.
    """

    training_data: SessionTrainingData
    sleepiness_ratings: tuple[tuple[float, int], ...] = ()
    iaf_hz: float | None = None
    notices: tuple[str, ...] = ()


def device_key(stream: StreamInfo) -> str:
    """Return electrodes and reference, which must be the same for answers to be comparable.

    Examples
    --------
    >>> device_key(StreamInfo("muse-2", 256.0, ("TP9", "AF7"), reference="Fpz"))
    'TP9 AF7, reference Fpz'
    """
    return f"{' '.join(stream.ch_names)}, reference {stream.reference}"


def zscore_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the frame-log columns of the features' z-scores and of the drowsiness signs."""
    return tuple(f"z_{name}" for name in (*names, *_DROWSINESS_FEATURES))


@dataclass(slots=True)
class LabelCollector:
    """Collects labelled windows and sleepiness ratings from the frames and answers of one session.

    A window depends only on frames before its chime.
    """

    window_labeller: WindowLabeller
    drowsiness: DrowsinessSigns
    labelled_windows: list[LabelledWindow] = field(default_factory=list[LabelledWindow])
    sleepiness_ratings: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    n_without_signal: int = 0

    @classmethod
    def for_session(
        cls, prior_covariance: WindowCovariance, sfreq: float, settings: Settings, hop_s: float
    ) -> LabelCollector:
        """Return an empty collector; ``hop_s`` is the time between frames, s."""
        return cls(
            WindowLabeller(prior_covariance, sfreq, hop_s, settings.decoder),
            DrowsinessSigns(settings.drowsiness, hop_s),
        )

    def add_frame(self, sample: int, phase: Phase, valid: bool, z: Sequence[float]) -> None:
        """Take one frame; ``z`` as ``zscore_columns`` names it, as the frame log holds it."""
        n_signs = len(_DROWSINESS_FEATURES)
        self.window_labeller.append(sample, phase, valid, z[:-n_signs])
        if phase in _PRACTICE_PHASES:
            self.drowsiness.append(sample, *z[-n_signs:])

    def add_probe(self, probe: Probe) -> LabelledWindow | None:
        """Take a probe; return its labelled window, if any."""
        signs = self.drowsiness.at(probe.sample)
        if probe.sleepy is not None and math.isfinite(signs):
            self.sleepiness_ratings.append((signs, probe.sleepy))
        window = self.window_labeller.label_probe(probe)
        if window is not None:
            self.labelled_windows.append(window)
        elif probe.where in {BREATH, ELSEWHERE} and not self.window_labeller.has_signal(probe.sample):
            self.n_without_signal += 1
        return window

    def add_press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        window = self.window_labeller.label_press(sample)
        if window is not None:
            self.labelled_windows.append(window)

    def training_data(self, session: str, day: float, device: str) -> SessionTrainingData:
        """Return the training data collected so far."""
        return SessionTrainingData(
            session, day, device, tuple(self.labelled_windows), self.window_labeller.session_covariance()
        )


def logged_zscores(frame: Frame, columns: Sequence[int]) -> tuple[float, ...]:
    """Return values of a live frame rounded as in the frame log, so that live and recorded labels are identical."""
    return tuple(_round_as_logged(frame.values[k]) for k in columns)


def _round_as_logged(value: float) -> float:
    text = format_number(value)
    return float("nan") if text == "n/a" else float(text)


def read_session_labels(
    files: SessionFiles, prior_covariance: WindowCovariance, settings: Settings, today: float
) -> SessionLabels:
    """Read the labels of a recorded session.

    Parameters
    ----------
    prior_covariance : WindowCovariance
        Covariance of this person's windows in earlier sessions.
    today : float
        Days since 1970; a session dated later, or before 2020, counts as recorded today.

    Raises
    ------
    RecordingError, SettingsError
        Its files are not what this program writes.
    """
    start = read_start(files.derived_file("start.json"))
    _, events = read_events(files.eeg_file("events.tsv"))
    sfreq = start.stream.sfreq
    hop_s = read_profile(files.derived_file("settings.toml")).settings.spectrum.hop_s
    collector = LabelCollector.for_session(prior_covariance, sfreq, settings, hop_s)
    notices: list[str] = []
    presses = [event.sample for event in events if event.kind is EventKind.PRESS]
    if is_key_stuck(presses, sfreq, settings.decoder):
        notices.append(texts.STUCK_KEY.format(n=len(presses)))
        presses = []
    probes = _consistent_probes(events, notices)
    if start.start_state.trains_decoder is False:
        presses, probes = [], []
    else:
        for frame in read_frames(files.frame_log, zscore_columns(prior_covariance.names)):
            collector.add_frame(frame.sample, frame.phase, frame.valid, frame.values)
    for press in sorted(presses):
        collector.add_press(press)
    for probe in probes:
        collector.add_probe(probe)
    if collector.n_without_signal:
        notices.append(texts.NO_SIGNAL.format(n=collector.n_without_signal))
    day = start.started.timestamp() / 86400.0
    if not EARLIEST_DATE.timestamp() / 86400.0 <= day <= today + 1.0:
        notices.append(texts.IMPOSSIBLE_DATE.format(date=start.started))
        day = today
    training_data = collector.training_data(files.stem, day, device_key(start.stream))
    return SessionLabels(training_data, tuple(collector.sleepiness_ratings), _read_iaf(files), tuple(notices))


def _consistent_probes(events: Sequence[Event], notices: list[str]) -> list[Probe]:
    """Return the probes without those answered twice and differently."""
    answers: dict[int, set[str]] = defaultdict(set)
    chime = 0
    for event in events:
        chime = event.sample if event.kind is EventKind.PROBE else chime
        if event.kind is EventKind.ANSWER_WHERE:
            answers[chime].add(event.value)
    contradictory = {sample for sample, values in answers.items() if len(values) > 1}
    if contradictory:
        notices.append(texts.CONTRADICTORY_ANSWERS.format(n=len(contradictory)))
    return [probe for probe in probes_from_events(events) if probe.sample not in contradictory]


def _read_iaf(files: SessionFiles) -> float | None:
    try:
        return read_summary(files.derived_file("summary.json")).iaf_hz
    except RecordingError:
        return None
