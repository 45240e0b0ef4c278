"""Replay of a recording through the same engine, with its own or another profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from neurofeedback.engine import FrameEngine
from neurofeedback.errors import SettingsError
from neurofeedback.feedback.sham import ShamSource
from neurofeedback.processing.framing import FrameSchedule
from neurofeedback.recording import frame_log
from neurofeedback.recording.recording import Recording
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import SessionPlan
from neurofeedback.session.setup import read_engine_start
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.types import Command, CommandKind, Frame, Phase, State

_CHUNK_S = 16.0
_MAX_PIECE_SAMPLES = 1 << 14
_PLAN_COMMANDS = frozenset({CommandKind.PHASE, CommandKind.PAUSE})


@dataclass(frozen=True, slots=True)
class Replay:
    """A running replay: its engine and its frames."""

    engine: FrameEngine
    frames: Iterator[Frame]

    @property
    def header(self) -> str:
        """First line of the frame log."""
        return frame_log.format_header(self.engine.columns)


def replay(
    recording: Recording,
    *,
    settings: Settings | None = None,
    baseline_s: float | None = None,
    chunk_s: float = _CHUNK_S,
    sham: ShamSource | None = None,
) -> Replay:
    """Replay a recording.

    A session of this program is replayed with its own profile and commands, and gives exactly the same frames.
    Another profile, or a recording of another program, gets a new plan: settle, a baseline of ``baseline_s`` seconds
    (or the profile's), and practice to the end. ``sham`` is the series of an unlocked study, for ``Frame.played``; the
    wearer's own path is the same without it.

    Raises
    ------
    SettingsError
        The profile does not fit the recording's channels, or the baseline does not fit its length.
    """
    stream = recording.stream
    own_profile = recording.profile if settings is None and baseline_s is None else None
    if own_profile is not None:
        start = replace(read_engine_start(recording.start_state), sham=sham)
        engine = FrameEngine(stream.sfreq, own_profile, start)
        return Replay(engine, _replay_with_commands(engine, recording, recording.commands, chunk_s))
    chosen = settings or (recording.profile.settings if recording.profile else Settings())
    _, profile = resolve(chosen, stream)
    engine = FrameEngine(stream.sfreq, profile, read_engine_start(recording.start_state))
    commands = _plan_commands(recording.commands) if recording.commands and baseline_s is None else ()
    if commands:
        return Replay(engine, _replay_with_commands(engine, recording, commands, chunk_s))
    plan = _plan_for_duration(chosen, recording.duration_s, baseline_s)
    phase_controller = PhaseController(plan, stream.sfreq, chosen.baseline.max_extensions)
    schedule = FrameSchedule(stream.sfreq, chosen.spectrum.hop_s)
    return Replay(engine, _replay_with_plan(engine, recording, phase_controller, schedule))


def _replay_with_commands(
    engine: FrameEngine, recording: Recording, commands: tuple[Command, ...], chunk_s: float
) -> Iterator[Frame]:
    n_samples = max(1, round(chunk_s * recording.stream.sfreq))
    pending = commands
    for chunk in recording.iter_chunks(n_samples):
        yield from engine.process(chunk, pending)
        pending = ()


def _replay_with_plan(
    engine: FrameEngine, recording: Recording, phase_controller: PhaseController, schedule: FrameSchedule
) -> Iterator[Frame]:
    """Process up to each frame that may end a phase, since the command for it takes effect right after."""
    commands = list(phase_controller.initial_commands())
    at = 0
    while at < recording.n_samples:
        last = schedule.count_complete(max(at, int(np.ceil(phase_controller.end_samples[0])) - 1))
        stop = min(int(schedule.ends(last, 1)[0]), at + _MAX_PIECE_SAMPLES, recording.n_samples)
        frames = engine.process(recording.read_chunk(at, stop), commands)
        outputs = (phase_controller.process(frame) for frame in frames)
        commands = [command for output in outputs if output is not None for command in output.commands]
        yield from frames
        at = stop


def _plan_commands(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Return the phases and pauses of a session; other commands belong to the original profile."""
    return tuple(command for command in commands if command.kind in _PLAN_COMMANDS)


def _plan_for_duration(settings: Settings, duration_s: float, baseline_s: float | None) -> SessionPlan:
    phases = settings.phases
    settle_s = min(phases.settle_s, duration_s / 10)
    baseline_length_s = min(phases.baseline_s, duration_s / 3) if baseline_s is None else baseline_s
    if not 0 < baseline_length_s < duration_s - settle_s:
        raise SettingsError(
            "the baseline does not fit the recording",
            got=f"{baseline_length_s:g} s",
            allowed=f"more than 0 and less than {duration_s - settle_s:.0f} s",
            todo="pass another --baseline-s",
        )
    practice_s = duration_s - settle_s - baseline_length_s + 1.0
    lengths = ((Phase.SETTLE, settle_s), (Phase.BASELINE, baseline_length_s), (Phase.PRACTICE, practice_s))
    return SessionPlan.from_phases(lengths, min(settings.baseline.min_clean_s, baseline_length_s / 2))


class ReplayDocument(TypedDict):
    """Summary of a replay as JSON."""

    n_frames: int
    valid_fraction: float
    reward_rate: float | None
    states: dict[str, float]
    iaf_hz: float | None
    baseline_clean_s: float | None


class ReplaySummary:
    """Counts the frames of a replay."""

    def __init__(self) -> None:
        self._n = 0
        self._valid = 0
        self._states = dict.fromkeys(State, 0)
        self._rewards: list[bool] = []

    def update(self, frame: Frame) -> None:
        """Count a frame."""
        self._n += 1
        self._valid += frame.valid
        if frame.phase is Phase.PRACTICE:
            self._states[frame.state] += 1
            if frame.valid:
                self._rewards.append(frame.reward)

    def as_dict(self, engine: FrameEngine) -> ReplayDocument:
        """Return the summary as plain values."""
        baseline = engine.baseline
        practice = max(1, sum(self._states.values()))
        return {
            "n_frames": self._n,
            "valid_fraction": round(self._valid / self._n, 4) if self._n else 0.0,
            "reward_rate": round(float(np.mean(self._rewards)), 4) if self._rewards else None,
            "states": {str(state): round(count / practice, 4) for state, count in self._states.items()},
            "iaf_hz": round(baseline.iaf_hz, 2) if baseline and baseline.iaf_hz else None,
            "baseline_clean_s": round(baseline.clean_s, 2) if baseline else None,
        }


def compare_with_log(recording: Recording, lines: list[str]) -> str | None:
    """Compare a replay with the frame log of the session.

    Returns
    -------
    str or None
        ``identical``, or where they first differ; None when the recording has no log.
    """
    if recording.frames_path is None:
        return None
    with recording.frames_path.open(encoding="utf-8", newline="") as logged:
        return frame_log.find_first_difference(logged, lines) or "identical"
