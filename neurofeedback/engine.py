"""The engine: samples and commands in, frames out. Pure composition of processing, estimation and feedback."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline, BaselineCollector
from neurofeedback.estimation.confidence import SilenceCounter, confidence
from neurofeedback.estimation.drowsiness import DrowsinessFlag
from neurofeedback.estimation.estimator import Batch, Estimator
from neurofeedback.estimation.states import StateMachine
from neurofeedback.feedback.mapping import Mapper
from neurofeedback.feedback.threshold import RewardThreshold
from neurofeedback.processing.contact import judge_contact
from neurofeedback.processing.features import FEATURES
from neurofeedback.processing.pipeline import Pipeline, Windows
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Chunk, Command, CommandKind, Contact, Frame, Phase, State

_FEEDBACK_PHASES = frozenset({Phase.PRACTICE})
_INDEX_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER, Phase.DEBRIEF})
_NAMES = list(FEATURES)
_Z_NAMES = tuple(name for name, feature in FEATURES.items() if feature.kind != "emg")
_Z_ROWS = [_NAMES.index(name) for name in _Z_NAMES]
_DROWSY = tuple(_NAMES.index(name) for name in ("o_alpha_posterior", "theta_all", "delta_all"))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one frame knows of the index, before it is mapped."""

    valid: bool
    value: float
    state: State
    tracked_z: NDArray[np.float64]


class Engine:
    """Frames from samples, the same however they are cut into chunks.

    Parameters
    ----------
    sfreq : float
        Nominal sampling frequency in Hz.
    profile : Profile
        Settings, montage on this stream's rows, evidence.

    Notes
    -----
    It begins in the settle phase; every other phase is a command.
    """

    def __init__(self, sfreq: float, profile: Profile) -> None:
        settings = profile.settings
        hop_s = settings.spectrum.hop_s
        self._profile = profile
        self._hop_s = hop_s
        self._sfreq = sfreq
        self._pipeline = Pipeline(sfreq, profile)
        self._estimator = Estimator(profile, self._pipeline.freqs)
        self._collector = BaselineCollector()
        self._threshold: RewardThreshold | None = None
        self._states = StateMachine(settings.threshold, hop_s)
        self._silence = SilenceCounter(settings.confidence, hop_s)
        self._drowsiness = DrowsinessFlag(settings.drowsiness, hop_s)
        self._mapper = Mapper(settings.feedback, hop_s)
        self._n_lost = settings.gaps.lost_s * sfreq
        self._target_rate = settings.threshold.target_rate
        self._commands: list[Command] = []
        self._received = 0
        self._next_frame = 0
        self._act: dict[CommandKind, Callable[[str], None]] = {
            CommandKind.PHASE: self._set_phase,
            CommandKind.TARGET_RATE: self._set_target_rate,
            CommandKind.TONE_DEPTH: self._set_tone_depth,
        }
        self.phase = Phase.SETTLE
        self.columns: tuple[str, ...] = (
            *(feature.column for feature in FEATURES.values()),
            *(f"z_{name}" for name in _Z_NAMES),
            *(f"zt_{name}" for name in profile.evidence.feature_names),
        )
        self.recent_filtered = np.zeros((len(profile.montage.ch_names), 0))

    @property
    def baseline(self) -> Baseline | None:
        """The frozen baseline, once there is one."""
        return self._estimator.baseline

    @property
    def mains_hz(self) -> float | None:
        """Mains frequency as set or found, Hz; None until it is known."""
        return self._pipeline.mains_hz

    def push(self, chunk: Chunk, commands: Sequence[Command] = ()) -> list[Frame]:
        """Take the next samples, and commands that are not older than the frames already made.

        Raises
        ------
        ValueError
            The chunk does not follow the previous one, or has another number of channels.
        """
        if chunk.first_sample != self._received:
            raise ValueError(f"chunk begins at sample {chunk.first_sample}, expected {self._received}")
        self._received = chunk.stop
        self._commands = sorted([*self._commands, *commands], key=lambda command: command.sample)
        self._pipeline.push(chunk.data)
        frames: list[Frame] = []
        filtered: list[NDArray[np.float64]] = []
        while (windows := self._next_windows()) is not None:
            self._next_frame += len(windows.ends)
            frames += self._frames(windows)
            filtered.append(windows.filtered)
        if filtered:
            self.recent_filtered = np.concatenate(filtered, axis=1)
        return frames

    def _next_windows(self) -> Windows | None:
        """Judge the next windows up to the next command, obeying those that are due."""
        while self._commands:
            due = max(self._pipeline.schedule.complete(self._commands[0].sample - 1), self._next_frame)
            if due >= self._pipeline.ready:
                break
            if due > self._next_frame:
                return self._pipeline.windows(due)
            command = self._commands.pop(0)
            self._act[command.kind](command.value)
        return self._pipeline.windows(self._pipeline.ready)

    def _set_phase(self, value: str) -> None:
        phase = Phase(value)
        if self.phase is Phase.BASELINE and phase is not Phase.BASELINE:
            self._end_baseline()
        if phase is Phase.BASELINE and self.phase is not Phase.BASELINE:
            self._collector = BaselineCollector()
        self.phase = phase

    def _set_target_rate(self, value: str) -> None:
        self._target_rate = float(value)
        if self._threshold is not None:
            self._threshold.target_rate = self._target_rate

    def _set_tone_depth(self, value: str) -> None:
        self._mapper.depth = float(value)

    def _end_baseline(self) -> None:
        baseline = self._collector.fit(self._profile, self._pipeline.freqs, self._pipeline.long_freqs)
        self._estimator.adopt(baseline)
        if baseline is None:
            return
        self._pipeline.gate.limits = baseline.limits
        settings = self._profile.settings.threshold
        self._threshold = RewardThreshold(baseline.scale.quantile, baseline.scale.spread, settings, self._hop_s)
        self._threshold.target_rate = self._target_rate

    def _frames(self, windows: Windows) -> list[Frame]:
        if self.phase is Phase.BASELINE:
            self._collector.add(windows)
        batch = self._estimator.push(windows)
        contacts = self._contacts(windows)
        lost = windows.measures.lost_run >= self._n_lost
        return [
            self._frame(windows, batch, row, contacts[row], lost=bool(lost[row])) for row in range(len(windows.ends))
        ]

    def _frame(self, windows: Windows, batch: Batch, row: int, contacts: tuple[Contact, ...], *, lost: bool) -> Frame:
        estimate = self._estimate(batch, row, lost=lost)
        signal = 0.0 if lost else float(batch.signal[row])
        known = estimate.state in (State.FOCUS, State.WANDER)
        baseline = self._estimator.baseline
        trust = confidence(signal, baseline.quality, self._profile.settings.confidence) if baseline and known else 0.0
        u = baseline.scale.u(estimate.value) if baseline and known else math.nan
        reward = self._reward(estimate) if known and estimate.valid else False
        guidance = self._mapper.push(u, trust, signal, estimate.state, feedback=self.phase in _FEEDBACK_PHASES)
        z = batch.z[row]
        drowsy = self._drowsiness.push(*(float(z[k]) for k in _DROWSY)) if self.phase in _INDEX_PHASES else False
        sample = int(windows.ends[row])
        return Frame(
            index=windows.first + row,
            sample=sample,
            onset=sample / self._sfreq,
            phase=self.phase,
            valid=estimate.valid,
            signal=signal,
            confidence=trust,
            state=estimate.state,
            drowsy=drowsy,
            index_u=u,
            mwi=50.0 * (1.0 + math.erf(u / math.sqrt(2.0))),
            threshold=baseline.scale.u(self._threshold.value) if baseline and self._threshold and known else math.nan,
            reward=reward,
            guidance=guidance,
            values=(*batch.features[row].tolist(), *z[_Z_ROWS].tolist(), *estimate.tracked_z.tolist()),
            contacts=contacts,
        )

    def _estimate(self, batch: Batch, row: int, *, lost: bool) -> Estimate:
        """Advance index and state by one frame."""
        practice = self.phase is Phase.PRACTICE
        if self._estimator.baseline is None:
            valid = self._estimator.available(batch, row) and not lost
            nothing = np.full(len(self._profile.evidence.feature_names), np.nan)
            return Estimate(valid, math.nan, State.LOST if lost else State.UNKNOWN, nothing)
        raw, value, tracked_z = self._estimator.index(batch, row, tracked=practice, learn=practice)
        valid = not math.isnan(raw)
        silent = self._silence.push(valid=valid)
        if lost:
            return Estimate(valid, value, State.LOST, tracked_z)
        if silent or not batch.usable[row] or self._threshold is None:
            return Estimate(valid, value, State.UNKNOWN, tracked_z)
        state = self._states.state
        if valid:
            state = self._states.push(value, self._threshold.value, self._estimator.baseline.scale.spread)
        return Estimate(valid, value, state, tracked_z)

    def _reward(self, estimate: Estimate) -> bool:
        threshold = self._threshold
        return threshold.push(estimate.value, learn=self.phase is Phase.PRACTICE) if threshold else False

    def _contacts(self, windows: Windows) -> list[tuple[Contact, ...]]:
        """Contact of every channel at every frame."""
        verdicts = windows.verdicts
        shares = verdicts.contact_shares
        names = self._profile.montage.ch_names
        return [
            tuple(
                judge_contact(
                    name,
                    {reason: float(share[row, column]) for reason, share in shares.items()},
                    float(verdicts.bad_share[row, column]),
                    bad=bool(verdicts.out[row, column]),
                )
                for column, name in enumerate(names)
            )
            for row in range(len(windows.ends))
        ]
