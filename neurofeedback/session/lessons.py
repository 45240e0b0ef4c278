"""What one session teaches: its frames and answers, live or read back, through the same labelling."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.course import Taught
from neurofeedback.estimation.drowsiness import DrowsySigns
from neurofeedback.estimation.labels import BREATH, ELSEWHERE, Labeller, Lesson, stuck_key
from neurofeedback.estimation.usual import Usual
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.columns import logged_frames
from neurofeedback.recording.events import read_events
from neurofeedback.recording.files import read_json
from neurofeedback.recording.frames import number
from neurofeedback.recording.header import read_start
from neurofeedback.session.probing import probes_of
from neurofeedback.settings.load import read_profile
from neurofeedback.settings.model import Settings
from neurofeedback.types import Event, EventKind, Frame, Phase, Probe, Stream

_SIGNS = ("o_alpha_posterior", "theta_all", "delta_all")
_PRACTISED = frozenset({Phase.PRACTICE, Phase.TRANSFER})
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What one session teaches, and what is to be said of it.

    ``drowsy`` are signs of drowsiness with the answers to how sleepy; ``iaf_hz`` tells people apart.
    """

    taught: Taught
    drowsy: tuple[tuple[float, int], ...] = ()
    iaf_hz: float | None = None
    notices: tuple[str, ...] = ()


def device_key(stream: Stream) -> str:
    """Name what must stay the same for answers to be comparable: the electrodes and their reference.

    Examples
    --------
    >>> device_key(Stream("muse-2", 256.0, ("TP9", "AF7"), reference="Fpz"))
    'TP9 AF7, reference Fpz'
    """
    return f"{' '.join(stream.ch_names)}, reference {stream.reference}"


def z_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Names in the frame log of features' z-scores by the frozen baseline, and of the signs of drowsiness."""
    return tuple(f"z_{name}" for name in (*names, *_SIGNS))


@dataclass(slots=True)
class Pupil:
    """Takes frames and answers of one sitting, and keeps what they teach.

    A lesson is made from what preceded its chime, so it is the same whether frames after it have come or not.
    """

    labeller: Labeller
    signs: DrowsySigns
    lessons: list[Lesson] = field(default_factory=list[Lesson])
    drowsy: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    n_without_signal: int = 0

    @classmethod
    def of(cls, past: Usual, sfreq: float, settings: Settings, hop_s: float) -> Pupil:
        """Begin a sitting of a person whose windows usually vary as ``past`` says, a frame every ``hop_s`` (s)."""
        return cls(Labeller(past, sfreq, hop_s, settings.decoder), DrowsySigns(settings.drowsiness, hop_s))

    def frame(self, sample: int, phase: Phase, valid: bool, z: Sequence[float]) -> None:
        """Take one frame; ``z`` as ``z_columns`` names it, as the frame log holds it."""
        n_signs = len(_SIGNS)
        self.labeller.push(sample, phase, valid, z[:-n_signs])
        if phase in _PRACTISED:
            self.signs.push(sample, *z[-n_signs:])

    def probe(self, probe: Probe) -> Lesson | None:
        """Take a probe; return what it teaches, if anything."""
        signs = self.signs.at(probe.sample)
        if probe.sleepy is not None and math.isfinite(signs):
            self.drowsy.append((signs, probe.sleepy))
        lesson = self.labeller.probe(probe)
        if lesson is not None:
            self.lessons.append(lesson)
        elif probe.where in {BREATH, ELSEWHERE} and not self.labeller.has_signal(probe.sample):
            self.n_without_signal += 1
        return lesson

    def press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        lesson = self.labeller.press(sample)
        if lesson is not None:
            self.lessons.append(lesson)

    def taught(self, session: str, day: float, device: str) -> Taught:
        """Return what the sitting has taught until now."""
        return Taught(session, day, device, tuple(self.lessons), self.labeller.varied())


def logged_z(frame: Frame, columns: Sequence[int]) -> tuple[float, ...]:
    """Return values of a live frame as its log holds them, so that both teach the same to the bit."""
    return tuple(_as_logged(frame.values[k]) for k in columns)


def _as_logged(value: float) -> float:
    text = number(value)
    return float("nan") if text == "n/a" else float(text)


def read_lessons(files: SessionFiles, past: Usual, settings: Settings, today: float) -> Told:
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
    start = read_start(files.computed("start.json"))
    _, events = read_events(files.eeg("events.tsv"))
    sfreq = start.stream.sfreq
    hop_s = read_profile(files.computed("settings.toml")).settings.spectrum.hop_s
    pupil = Pupil.of(past, sfreq, settings, hop_s)
    notices: list[str] = []
    presses = [event.sample for event in events if event.kind is EventKind.PRESS]
    if stuck_key(presses, sfreq, settings.decoder):
        notices.append(f"{len(presses)} presses of “I was away” look like a stuck key and were left out.")
        presses = []
    probes = _uncontradicted(events, notices)
    for frame in logged_frames(files.frames, z_columns(past.names)):
        pupil.frame(frame.sample, frame.phase, frame.valid, frame.values)
    for press in sorted(presses):
        pupil.press(press)
    for probe in probes:
        pupil.probe(probe)
    if pupil.n_without_signal:
        n = pupil.n_without_signal
        notices.append(f"{n} answered without a usable signal before the question: counted, but nothing to learn from.")
    day = start.started.timestamp() / 86400.0
    if not EARLIEST.timestamp() / 86400.0 <= day <= today + 1.0:
        notices.append(f"dated {start.started:%Y-%m-%d}, which cannot be: the clock was wrong. Counted as recent.")
        day = today
    taught = pupil.taught(files.stem, day, device_key(start.stream))
    return Told(taught, tuple(pupil.drowsy), _alpha_frequency(files), tuple(notices))


def _uncontradicted(events: Sequence[Event], notices: list[str]) -> list[Probe]:
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
    return [probe for probe in probes_of(events) if probe.sample not in torn]


def _alpha_frequency(files: SessionFiles) -> float | None:
    path = files.computed("summary.json")
    try:
        found = read_json(path).get("iaf_hz") if path.exists() else None
    except RecordingError:
        return None
    return float(found) if isinstance(found, int | float) else None
