"""What one session teaches: its frames and answers, live or read back, through the same labelling."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.drowsiness import DrowsinessSigns
from neurofeedback.learning.labelling import BREATH, ELSEWHERE, LabelledWindow, WindowLabeller, is_key_stuck
from neurofeedback.learning.training_set import SessionTrainingData
from neurofeedback.learning.window_covariance import WindowCovariance
from neurofeedback.recording.atomic_files import read_json
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.columns import read_frames
from neurofeedback.recording.events import probes_from_events, read_events
from neurofeedback.recording.frame_log import format_number
from neurofeedback.recording.session_header import read_start
from neurofeedback.settings.load import read_profile
from neurofeedback.settings.model import Settings
from neurofeedback.types import Event, EventKind, Frame, Phase, Probe, StreamInfo

_DROWSINESS_FEATURES = ("o_alpha_posterior", "theta_all", "delta_all")
_PRACTICE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER})
EARLIEST_DATE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class SessionLabels:
    """What one session teaches, and what is to be said of it.

    ``drowsy`` are signs of drowsiness with the answers to how sleepy; ``iaf_hz`` tells people apart.
    """

    training_data: SessionTrainingData
    sleepiness_ratings: tuple[tuple[float, int], ...] = ()
    iaf_hz: float | None = None
    notices: tuple[str, ...] = ()


def device_key(stream: StreamInfo) -> str:
    """Name what must stay the same for answers to be comparable: the electrodes and their reference.

    Examples
    --------
    >>> device_key(Stream("muse-2", 256.0, ("TP9", "AF7"), reference="Fpz"))
    'TP9 AF7, reference Fpz'
    """
    return f"{' '.join(stream.ch_names)}, reference {stream.reference}"


def zscore_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Names in the frame log of features' z-scores by the frozen baseline, and of the signs of drowsiness."""
    return tuple(f"z_{name}" for name in (*names, *_DROWSINESS_FEATURES))


@dataclass(slots=True)
class LabelCollector:
    """Takes frames and answers of one sitting, and keeps what they teach.

    A lesson is made from what preceded its chime, so it is the same whether frames after it have come or not.
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
        """Begin a sitting of a person whose windows usually vary as ``past`` says, a frame every ``hop_s`` (s)."""
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
        """Take a probe; return what it teaches, if anything."""
        signs = self.drowsiness.at(probe.sample)
        if probe.sleepy is not None and math.isfinite(signs):
            self.sleepiness_ratings.append((signs, probe.sleepy))
        lesson = self.window_labeller.label_probe(probe)
        if lesson is not None:
            self.labelled_windows.append(lesson)
        elif probe.where in {BREATH, ELSEWHERE} and not self.window_labeller.has_signal(probe.sample):
            self.n_without_signal += 1
        return lesson

    def add_press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        lesson = self.window_labeller.label_press(sample)
        if lesson is not None:
            self.labelled_windows.append(lesson)

    def training_data(self, session: str, day: float, device: str) -> SessionTrainingData:
        """Return what the sitting has taught until now."""
        return SessionTrainingData(
            session, day, device, tuple(self.labelled_windows), self.window_labeller.session_covariance()
        )


def logged_zscores(frame: Frame, columns: Sequence[int]) -> tuple[float, ...]:
    """Return values of a live frame as its log holds them, so that both teach the same to the bit."""
    return tuple(_round_as_logged(frame.values[k]) for k in columns)


def _round_as_logged(value: float) -> float:
    text = format_number(value)
    return float("nan") if text == "n/a" else float(text)


def read_session_labels(
    files: SessionFiles, prior_covariance: WindowCovariance, settings: Settings, today: float
) -> SessionLabels:
    """Read what a recorded session teaches.

    Parameters
    ----------
    past : Usual
        How much this person's windows vary in the sessions before.
    today : float
        Days since 1970; a session dated later, or before any of its kind could be, counts as recorded today.

    Raises
    ------
    RecordingError, SettingsError
        Its files are not what this program writes.
    """
    start = read_start(files.derived_file("start.json"))
    _, events = read_events(files.eeg_file("events.tsv"))
    sfreq = start.stream.sfreq
    hop_s = read_profile(files.derived_file("settings.toml")).settings.spectrum.hop_s
    pupil = LabelCollector.for_session(prior_covariance, sfreq, settings, hop_s)
    notices: list[str] = []
    presses = [event.sample for event in events if event.kind is EventKind.PRESS]
    if is_key_stuck(presses, sfreq, settings.decoder):
        notices.append(f"{len(presses)} presses of “I was away” look like a stuck key and were left out.")
        presses = []
    probes = _consistent_probes(events, notices)
    for frame in read_frames(files.frame_log, zscore_columns(prior_covariance.names)):
        pupil.add_frame(frame.sample, frame.phase, frame.valid, frame.values)
    for press in sorted(presses):
        pupil.add_press(press)
    for probe in probes:
        pupil.add_probe(probe)
    if pupil.n_without_signal:
        n = pupil.n_without_signal
        notices.append(f"{n} answered without a usable signal before the question: counted, but nothing to learn from.")
    day = start.started.timestamp() / 86400.0
    if not EARLIEST_DATE.timestamp() / 86400.0 <= day <= today + 1.0:
        notices.append(f"dated {start.started:%Y-%m-%d}, which cannot be: the clock was wrong. Counted as recent.")
        day = today
    taught = pupil.training_data(files.stem, day, device_key(start.stream))
    return SessionLabels(taught, tuple(pupil.sleepiness_ratings), _read_iaf(files), tuple(notices))


def _consistent_probes(events: Sequence[Event], notices: list[str]) -> list[Probe]:
    """Leave out probes that were answered twice and differently."""
    said: dict[int, set[str]] = defaultdict(set)
    chime = 0
    for event in events:
        chime = event.sample if event.kind is EventKind.PROBE else chime
        if event.kind is EventKind.ANSWER_WHERE:
            said[chime].add(event.value)
    torn = {sample for sample, values in said.items() if len(values) > 1}
    if torn:
        notices.append(f"{len(torn)} answered twice and differently: left out.")
    return [probe for probe in probes_from_events(events) if probe.sample not in torn]


def _read_iaf(files: SessionFiles) -> float | None:
    path = files.derived_file("summary.json")
    try:
        found = read_json(path).get("iaf_hz") if path.exists() else None
    except RecordingError:
        return None
    return float(found) if isinstance(found, int | float) else None
