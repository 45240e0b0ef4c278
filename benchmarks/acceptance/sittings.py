"""Simulated people sit, and the engine judges them as it would live: settle, baseline, practice to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.statistics import auc
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.simulation.artifacts import Artifact
from neurofeedback.simulation.disturbances import EYES_CLOSED, Disturbances
from neurofeedback.simulation.headset_specs import HeadsetSpec, get_headset
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_session import SimulatedRecording, SimulatedSession, simulate
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import Frame, LostRun, Phase, State, StreamInfo
from neurofeedback.verification.replay import replay

SETTLE_S, BASELINE_S = 30.0, 120.0
PRACTICE_S = SETTLE_S + BASELINE_S
"""Practice begins here, s, unless the baseline had to be extended."""
SITTING_S = 1200.0


@dataclass(frozen=True, slots=True)
class Case:
    """One person, once, on one headset."""

    seed: int
    person: Person
    conditions: Disturbances = EYES_CLOSED
    family: str = "muse"
    seconds: float = SITTING_S
    extra: tuple[Artifact, ...] = ()


@lru_cache
def headset(family: str) -> tuple[HeadsetSpec, Montage]:
    """Return a device family and the montage that fits it."""
    device = get_headset(family)
    return device, load_montage(device.montage)


def simulated(case: Case, *, sfreq: float | None = None) -> SimulatedRecording:
    """Simulate a case, at another rate and without rounding where ``sfreq`` is given."""
    device, montage = headset(case.family)
    if sfreq is not None:
        device = replace(device, sfreq=sfreq, resolution_uv=0.0)
    return simulate(
        case.person,
        seconds=case.seconds,
        seed=case.seed,
        montage=montage,
        headset=device,
        disturbances=case.conditions,
        extra_artifacts=case.extra,
    )


def with_evidence(name: str, settings: Settings | None = None) -> Settings:
    """Return settings whose index follows one evidence profile."""
    chosen = settings or Settings()
    return chosen.model_copy(update={"index": chosen.index.model_copy(update={"evidence": name})})


def stream_of(family: str, sfreq: float | None = None) -> StreamInfo:
    """Return the stream a device family delivers."""
    device, montage = headset(family)
    return StreamInfo(f"simulated-{family}", sfreq or device.sfreq, montage.ch_names, montage=montage.name)


def recorded(data: NDArray[np.float32], stream: StreamInfo, lost: Sequence[LostRun] = ()) -> Recording:
    """Wrap samples as a recording, NaN where they are lost."""
    return Recording(
        Path("simulated"), stream, data.shape[1], lambda start, stop: data[:, start:stop].copy(), tuple(lost)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sat:
    """The frames of one sitting as columns, and the truth beside them; first axis is the frame."""

    onset: NDArray[np.float64]
    practice: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    u: NDArray[np.float64]
    threshold: NDArray[np.float64]
    reward: NDArray[np.bool_]
    gain: NDArray[np.float64]
    states: NDArray[np.str_]
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    iaf_hz: float | None
    clean_s: float

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Valid frames of practice: the only ones an index is scored on."""
        return np.asarray(self.practice & self.valid & np.isfinite(self.u), dtype=np.bool_)

    def is_state(self, *states: State) -> NDArray[np.bool_]:
        """Tell which frames are in one of these states."""
        return np.isin(self.states, [str(state) for state in states])

    def z(self, name: str) -> NDArray[np.float64]:
        """Return the z-score of a feature against the frozen baseline."""
        return self.values[:, self.columns.index(f"z_{name}")]

    def between(self, start_s: float, stop_s: float) -> NDArray[np.bool_]:
        """Tell which frames end within (start, stop]."""
        return np.asarray((self.onset > start_s) & (self.onset <= stop_s), dtype=np.bool_)


def sit(
    data: NDArray[np.float32],
    stream: StreamInfo,
    settings: Settings | None = None,
    *,
    lost: Sequence[LostRun] = (),
    baseline_s: float = BASELINE_S,
) -> Sat:
    """Replayed samples through the product's own replay."""
    replayed = replay(recorded(data, stream, lost), settings=settings or Settings(), baseline_s=baseline_s)
    frames = list(replayed.frames)
    baseline = replayed.engine.baseline
    return _columns(
        frames,
        replayed.engine.columns,
        None if baseline is None else baseline.iaf_hz,
        0.0 if baseline is None else baseline.clean_s,
    )


def _columns(frames: list[Frame], columns: tuple[str, ...], iaf_hz: float | None, clean_s: float) -> Sat:
    return Sat(
        onset=np.array([frame.onset for frame in frames]),
        practice=np.array([frame.phase is Phase.PRACTICE for frame in frames]),
        valid=np.array([frame.valid for frame in frames]),
        u=np.array([frame.index_u for frame in frames]),
        threshold=np.array([frame.threshold for frame in frames]),
        reward=np.array([frame.reward for frame in frames]),
        gain=np.array([frame.guidance.tone_gain for frame in frames]),
        states=np.array([str(frame.state) for frame in frames]),
        values=np.array([frame.values for frame in frames]),
        columns=columns,
        iaf_hz=iaf_hz,
        clean_s=clean_s,
    )


def sit_case(case: Case, settings: Settings | None = None) -> tuple[Sat, SimulatedSession]:
    """Simulate and judge one case."""
    made = simulated(case)
    return sit(made.data, stream_of(case.family), settings), made.truth


def frame_auc(sat: Sat, truth: SimulatedSession) -> float:
    """AUC of the index for wandering against focus, within one person, over valid frames of practice.

    The true state is the one at the frame's end, shifted by nothing.
    """
    minds = truth.state_at(sat.onset)
    scored = sat.judged & np.isin(minds, (MentalState.FOCUS, MentalState.WANDER))
    return auc(sat.u[scored], minds[scored] == MentalState.WANDER)
