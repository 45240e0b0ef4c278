"""The engine: samples and commands in, frames out; composed of processing, estimation and feedback."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import SettingsError
from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.baseline_builder import BaselineBuilder
from neurofeedback.estimation.confidence import confidence, model_trust, untaught_trust
from neurofeedback.estimation.decoder_weights import DecoderWeights, parse_decoder_weights
from neurofeedback.estimation.drowsiness import DrowsinessFlag
from neurofeedback.estimation.engine_states import BaselineState, EngineEvent, EngineStates, PauseState
from neurofeedback.estimation.estimator import Estimator, FeatureBatch, IndexEstimate
from neurofeedback.estimation.personal_baseline import PersonalBaseline, matches_montage
from neurofeedback.estimation.states import StateMachine
from neurofeedback.feedback.rules import JUDGED_STATES, FeedbackRules, OwnFrame
from neurofeedback.feedback.sham import ShamFeedback, ShamSource
from neurofeedback.processing.complexity import COLUMNS as COMPLEXITY_COLUMNS
from neurofeedback.processing.complexity import ComplexityEstimator
from neurofeedback.processing.contact import ContactMonitor
from neurofeedback.processing.features import FEATURES
from neurofeedback.processing.pipeline import Pipeline, Windows
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts
from neurofeedback.types import ChannelContact, Chunk, Command, CommandKind, Frame, Phase, PlayedFeedback, State

_LATE_BASELINE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER})
_INDEX_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER, Phase.DEBRIEF, Phase.REST})
_NAMES = list(FEATURES)
_Z_NAMES = tuple(name for name, feature in FEATURES.items() if feature.kind != "emg")
_Z_ROWS = [_NAMES.index(name) for name in _Z_NAMES]
_DROWSINESS_ROWS = [_NAMES.index(name) for name in ("o_alpha_posterior", "theta_all", "delta_all")]
_ALLOWED_VALUES = {
    CommandKind.PHASE: ", ".join(phase for phase in Phase if phase is not Phase.PAUSE),
    CommandKind.PAUSE: texts.ON_OR_OFF,
    CommandKind.LATE: texts.ON_OR_OFF,
    CommandKind.BASELINE: texts.SESSION_OR_OWN,
    CommandKind.DECODER: texts.DECODER_OR_NOTHING,
}


@dataclass(frozen=True, slots=True)
class EngineStart:
    """Initial decoder and personal baseline of a session.

    Parameters
    ----------
    decoder : DecoderWeights, optional
        Weights learned from the person's answers; None for none.
    personal_baseline : PersonalBaseline, optional
        The person's baseline of earlier sessions; None for none. One of other channels is ignored.
    sham : ShamSource, optional
        Series for sham feedback; None outside a masked study. The wearer's own feedback does not depend on it.
    """

    decoder: DecoderWeights | None = None
    personal_baseline: PersonalBaseline | None = None
    sham: ShamSource | None = None


EMPTY_START = EngineStart()


def frame_columns(profile: Profile, *, personal_baseline: bool) -> tuple[str, ...]:
    """Return the names of ``Frame.values`` for a profile, with or without a personal baseline."""
    evidence_names = profile.evidence.feature_names
    return (
        *(feature.column for feature in FEATURES.values()),
        *(f"z_{name}" for name in _Z_NAMES),
        *(f"zt_{name}" for name in evidence_names),
        *(("u_session", "u_own", *(f"zo_{name}" for name in evidence_names)) if personal_baseline else ()),
        *(COMPLEXITY_COLUMNS if profile.settings.features.complexity else ()),
        *(("bell",) if profile.settings.bell.enabled else ()),
    )


class FrameEngine:
    """Computes frames from samples; the result does not depend on how the samples are cut into chunks.

    Parameters
    ----------
    sfreq : float
        Nominal sampling frequency in Hz.
    profile : Profile
        Settings, montage with the stream's channels in row order, evidence.
    start : EngineStart
        Decoder and personal baseline of earlier sessions.

    Attributes
    ----------
    columns : tuple of str
        Names of ``Frame.values``.
    late_baseline_sample : int or None
        Sample from which a baseline built in practice is used; None without one.
    recent_filtered : ndarray, shape (n_channels, n_samples)
        Filtered signal of the last frames made, uV.

    Notes
    -----
    The first phase is settle; a command starts every other phase. The engine's own states are the table in
    ``estimation.engine_states``.
    """

    def __init__(self, sfreq: float, profile: Profile, start: EngineStart = EMPTY_START) -> None:
        settings = profile.settings
        self.start = start
        self.profile = profile
        self._settings = settings
        self.sfreq = sfreq
        self.hop_s = settings.spectrum.hop_s
        self._pipeline = Pipeline(sfreq, profile)
        self._contact = ContactMonitor(profile.montage.ch_names, self.hop_s)
        self._complexity = ComplexityEstimator(profile, sfreq) if settings.features.complexity else None
        self.personal_baseline = _baseline_for(profile.montage, start.personal_baseline)
        self._estimator = Estimator(profile, sfreq, self._pipeline.freqs, self.personal_baseline)
        self._baseline_builder = BaselineBuilder(profile, sfreq, self._pipeline.freqs)
        self._engine_states = EngineStates()
        self._drowsiness = DrowsinessFlag(settings.drowsiness, self.hop_s)
        self._feedback = FeedbackRules(settings, self.hop_s, self._new_states())
        self._sham = None if start.sham is None else ShamFeedback(start.sham, settings, self.hop_s, self._new_states())
        self._all_rules = [self._feedback] if self._sham is None else [self._feedback, self._sham.rules]
        self._commands: list[Command] = []
        self._next_sample = 0
        self._next_frame = 0
        self._command_handlers: dict[CommandKind, Callable[[str], None]] = {
            CommandKind.PHASE: self._set_phase,
            CommandKind.TARGET_RATE: self._set_target_rate,
            CommandKind.TONE_DEPTH: self._set_tone_depth,
            CommandKind.PAUSE: self._set_pause,
            CommandKind.DECODER: self._set_decoder,
            CommandKind.BASELINE: self._set_feedback_source,
            CommandKind.LATE: self._set_late,
        }
        self._untaught_trust = untaught_trust(profile.evidence, settings.confidence)
        self._trust = self._untaught_trust
        self._baseline_quality = 0.0
        self._window_frames = round(settings.spectrum.window_s / self.hop_s)
        self._pause_frames_left = 0
        self._is_late = False
        self.phase = Phase.SETTLE
        self.late_baseline_sample: int | None = None
        self.columns = frame_columns(profile, personal_baseline=self.personal_baseline is not None)
        self.recent_filtered = np.zeros((len(profile.montage.ch_names), 0))
        self._use_decoder(start.decoder)
        self._apply_command(Command(0, CommandKind.BASELINE, settings.baseline.feedback_source))

    def _new_states(self) -> StateMachine:
        return StateMachine(self._settings.threshold, self._settings.confidence, self.hop_s)

    @property
    def baseline(self) -> Baseline | None:
        """The session's baseline; None before there is one."""
        return self._estimator.baseline

    @property
    def trust(self) -> float:
        """Trust in the model of the index, 0 to 1; with 0 the tone does not follow it."""
        return self._trust

    @property
    def mains_hz(self) -> float | None:
        """Mains frequency as set or detected, Hz; None before it is detected."""
        return self._pipeline.mains_hz

    def process(self, chunk: Chunk, commands: Sequence[Command] = ()) -> list[Frame]:
        """Process the next samples and return the frames they complete.

        Parameters
        ----------
        chunk : Chunk
            The samples that follow those processed so far.
        commands : sequence of Command
            Commands not older than the frames already made.

        Raises
        ------
        ValueError
            The chunk does not follow the previous one, or has another number of channels.
        SettingsError
            A command's value is not allowed.
        """
        if chunk.first_sample != self._next_sample:
            raise ValueError(f"chunk begins at sample {chunk.first_sample}, expected {self._next_sample}")
        if len(chunk.data) != len(self.recent_filtered):
            raise ValueError(f"chunk has {len(chunk.data)} channels, expected {len(self.recent_filtered)}")
        self._pipeline.append(chunk.data)
        self._next_sample = chunk.stop
        if commands:
            self._commands = sorted([*self._commands, *commands], key=lambda command: command.sample)
        frames: list[Frame] = []
        filtered: list[NDArray[np.float64]] = []
        while (windows := self._next_windows()) is not None:
            self._next_frame += len(windows.ends)
            frames += self._build_frames(windows)
            filtered.append(windows.filtered)
            if self._is_collecting_late():
                self._try_late_baseline(int(windows.ends[-1]))
        if filtered:
            self.recent_filtered = np.concatenate(filtered, axis=1)
        return frames

    def _is_collecting_late(self) -> bool:
        return self._engine_states.baseline is BaselineState.COLLECTING_LATE and self.phase in _LATE_BASELINE_PHASES

    def _try_late_baseline(self, sample: int) -> None:
        baseline = self._baseline_builder.try_build(self._next_frame)
        if baseline is not None:
            self._use_baseline(baseline)
            self.late_baseline_sample = sample

    def _next_windows(self) -> Windows | None:
        """Return the next windows up to the next command; apply the commands that are due."""
        while self._commands:
            due = max(self._pipeline.schedule.count_complete(self._commands[0].sample - 1), self._next_frame)
            if due >= self._pipeline.ready:
                break
            if due > self._next_frame:
                return self._pipeline.windows(self._limit_batch(due))
            self._apply_command(self._commands.pop(0))
        return self._pipeline.windows(self._limit_batch(self._pipeline.ready))

    def _limit_batch(self, stop: int) -> int:
        if self._engine_states.baseline is not BaselineState.COLLECTING_LATE:
            return stop
        return self._baseline_builder.limit_batch(self._next_frame, stop)

    def _apply_command(self, command: Command) -> None:
        try:
            self._command_handlers[command.kind](command.value)
        except ValueError:
            allowed = tr(_ALLOWED_VALUES.get(command.kind, texts.NUMBER_0_TO_1))
            raise SettingsError(
                tr(texts.COMMAND_VALUE, kind=command.kind), got=repr(command.value), allowed=allowed
            ) from None

    def _set_phase(self, value: str) -> None:
        phase = Phase(value)
        if phase is Phase.PAUSE:
            raise ValueError
        if phase is self.phase:
            return
        if self.phase is Phase.BASELINE:
            self._end_baseline_phase()
        if phase is Phase.BASELINE:
            self._engine_states.advance(EngineEvent.BASELINE_PHASE_STARTED)
        self.phase = phase

    def _end_baseline_phase(self) -> None:
        baseline = self._baseline_builder.end_phase()
        if baseline is not None:
            self._use_baseline(baseline)
            return
        self._engine_states.advance(EngineEvent.BASELINE_INSUFFICIENT)
        if self._engine_states.has_baseline:
            self._baseline_builder.clear()

    def _set_target_rate(self, value: str) -> None:
        target_rate = _parse_share(value)
        for rules in self._all_rules:
            rules.set_target_rate(target_rate)

    def _set_tone_depth(self, value: str) -> None:
        depth = _parse_share(value)
        for rules in self._all_rules:
            rules.set_tone_depth(depth)

    def _set_decoder(self, value: str) -> None:
        self._use_decoder(parse_decoder_weights(value))

    def _use_decoder(self, decoder: DecoderWeights | None) -> None:
        self._estimator.set_decoder(decoder)
        self._trust = model_trust(decoder, self._untaught_trust, self._settings.confidence)
        self._drowsiness.level = 1.0 if decoder is None else decoder.drowsy_level

    def _set_feedback_source(self, value: str) -> None:
        if value not in {"session", "own"}:
            raise ValueError
        personal = value == "own"
        if personal is not self._estimator.use_personal_baseline:
            self._estimator.use_personal_baseline = personal
            self._reset_threshold()

    def _set_pause(self, value: str) -> None:
        if value not in {"on", "off"}:
            raise ValueError
        self._engine_states.advance(EngineEvent.PAUSE_ON if value == "on" else EngineEvent.PAUSE_OFF)

    def _set_late(self, value: str) -> None:
        """Switch feedback off for frames that come too late to be of use to the person."""
        if value not in {"on", "off"}:
            raise ValueError
        self._is_late = value == "on"

    def _use_baseline(self, baseline: Baseline) -> None:
        """Judge by a baseline from the next frame on."""
        self._engine_states.advance(EngineEvent.BASELINE_READY)
        self._baseline_builder.clear()
        self._estimator.set_baseline(baseline)
        self._baseline_quality = baseline.quality
        self._pipeline.gate.limits = baseline.limits
        self._reset_threshold()

    def _reset_threshold(self) -> None:
        """Start the threshold at the target quantile of the baseline, if there is a baseline."""
        scale = self._estimator.scale
        if scale is not None:
            for rules in self._all_rules:
                rules.reset_threshold(scale.u(scale.quantile))

    def _build_frames(self, windows: Windows) -> list[Frame]:
        paused = self._pause_mask(len(windows.ends))
        windows = replace(windows, complete=windows.complete & ~paused) if paused.any() else windows
        batch = self._estimator.update(windows)
        if self.phase is Phase.BASELINE or self._is_collecting_late():
            self._baseline_builder.add(windows, ~paused, batch.valid)
        contacts = self._contact.process(windows.gate_result)
        extras = self._research_columns(windows)
        rows = range(len(windows.ends))
        return [self._build_frame(windows, batch, row, contacts[row], extras[row], paused=paused[row]) for row in rows]

    def _pause_mask(self, n_frames: int) -> NDArray[np.bool_]:
        """Whether each of the next frames belongs to a pause or has a window that reaches back into one."""
        pause = self._engine_states.pause
        if pause is PauseState.RUNNING:
            return np.zeros(n_frames, dtype=np.bool_)
        if pause is PauseState.PAUSED:
            self._pause_frames_left = self._window_frames
            return np.ones(n_frames, dtype=np.bool_)
        in_pause = np.arange(n_frames) < self._pause_frames_left
        self._pause_frames_left = max(0, self._pause_frames_left - n_frames)
        if not self._pause_frames_left:
            self._engine_states.advance(EngineEvent.WINDOW_CLEAR)
        return in_pause

    def _research_columns(self, windows: Windows) -> list[list[float]]:
        """Values of the optional research columns, one row a frame."""
        return [[] for _ in windows.ends] if self._complexity is None else self._complexity.process(windows).tolist()

    def _build_frame(
        self,
        windows: Windows,
        batch: FeatureBatch,
        row: int,
        contacts: tuple[ChannelContact, ...],
        research: list[float],
        *,
        paused: np.bool_,
    ) -> Frame:
        phase = Phase.PAUSE if paused else self.phase
        practising = phase is Phase.PRACTICE
        estimate = self._estimator.read_frame(batch, row, practising=practising)
        signal = float(batch.signal[row])
        z = batch.z[row].tolist()
        lost, usable = bool(batch.lost[row]), bool(batch.usable[row]) and not paused
        state = self._update_state(estimate, usable=usable, lost=lost)
        judged = state in JUDGED_STATES
        own = OwnFrame(
            valid=estimate.valid,
            usable=usable,
            lost=lost,
            gap=bool(batch.gap[row]),
            state=state,
            signal=signal,
            confidence=confidence(signal, self._baseline_quality, self._trust) if judged else 0.0,
            drowsy=phase in _INDEX_PHASES and self._drowsiness.update(*(z[k] for k in _DROWSINESS_ROWS)),
            practising=practising,
            paused=bool(paused),
            late=self._is_late,
        )
        feedback = self._feedback.update(estimate.u, state, own)
        sample = int(windows.ends[row])
        return Frame(
            index=windows.first + row,
            sample=sample,
            onset=sample / self.sfreq,
            phase=phase,
            valid=own.valid,
            signal=signal,
            confidence=own.confidence,
            state=state,
            drowsy=own.drowsy,
            index_u=feedback.index_u,
            mwi=50.0 * (1.0 + math.erf(feedback.index_u / math.sqrt(2.0))),
            threshold=feedback.threshold,
            reward=feedback.reward,
            guidance=feedback.guidance,
            values=(
                *batch.features[row].tolist(),
                *(z[k] for k in _Z_ROWS),
                *estimate.tracked_z.tolist(),
                *(self._personal_columns(estimate, judged=judged) if self.personal_baseline is not None else ()),
                *research,
                *((float(feedback.guidance.bell),) if self._settings.bell.enabled else ()),
            ),
            contacts=contacts,
            played=None if self._sham is None else self._play_sham(self._sham, own),
        )

    def _personal_columns(self, estimate: IndexEstimate, *, judged: bool) -> list[float]:
        """Index by the session's and by the person's own baseline, and the evidence by the latter."""
        both = [estimate.session_u, estimate.personal_u] if judged else [math.nan, math.nan]
        return [*both, *estimate.personal_z.tolist()]

    def _play_sham(self, sham: ShamFeedback, own: OwnFrame) -> PlayedFeedback | None:
        """Compute the sham's feedback in every arm; whether it is played is decided last."""
        played = sham.update(own)
        return played if self.start.sham is not None and self.start.sham.selected else None

    def _update_state(self, estimate: IndexEstimate, *, usable: bool, lost: bool) -> State:
        if not self._engine_states.has_baseline:
            return State.LOST if lost else State.UNKNOWN
        return self._feedback.update_state(estimate.u, valid=estimate.valid, usable=usable, lost=lost)


def _parse_share(value: str) -> float:
    share = float(value)
    if not 0 <= share <= 1:
        raise ValueError
    return share


def _baseline_for(montage: Montage, personal: PersonalBaseline | None) -> PersonalBaseline | None:
    return personal if personal is not None and matches_montage(personal.median, montage) else None
