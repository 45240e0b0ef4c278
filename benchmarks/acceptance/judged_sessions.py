"""The loop of the benchmarks: simulate a session, judge it by the engine, count.

Every session settles, collects a baseline and practises until its end, as a live one does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.figures import Run
from benchmarks.acceptance.statistics import auc
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.simulation.artifacts import Artifact
from neurofeedback.simulation.disturbances import EYES_CLOSED, Disturbances
from neurofeedback.simulation.headset_specs import HeadsetSpec, get_headset
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import SimulatedRecording, SimulatedSession, simulate
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import Frame, LostRun, Phase, State, StreamInfo
from neurofeedback.verification.replay import replay

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")
Samples = NDArray[np.float32]

SETTLE_S, BASELINE_S = 30.0, 120.0
PRACTICE_S = SETTLE_S + BASELINE_S
"""Start of practice, s, unless the baseline was extended."""
SESSION_S = 1200.0


@dataclass(frozen=True, slots=True)
class Case:
    """One session of one person with one headset."""

    seed: int
    person: Person
    conditions: Disturbances = EYES_CLOSED
    family: str = "muse"
    seconds: float = SESSION_S
    extra: tuple[Artifact, ...] = ()


@lru_cache
def headset(family: str) -> tuple[HeadsetSpec, Montage]:
    """Return a headset family and its montage."""
    device = get_headset(family)
    return device, load_montage(device.montage)


def simulate_case(case: Case, *, sfreq: float | None = None) -> SimulatedRecording:
    """Simulate a case; with ``sfreq`` at that rate and without rounding."""
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
    """Return settings with another evidence profile."""
    chosen = settings or Settings()
    return chosen.model_copy(update={"index": chosen.index.model_copy(update={"evidence": name})})


def stream_of(family: str, sfreq: float | None = None) -> StreamInfo:
    """Return the stream of a headset family."""
    device, montage = headset(family)
    return StreamInfo(f"simulated-{family}", sfreq or device.sfreq, montage.ch_names, montage=montage.name)


def as_recording(data: NDArray[np.float32], stream: StreamInfo, lost: Sequence[LostRun] = ()) -> Recording:
    """Return samples as a recording, NaN where they are lost."""
    return Recording(
        Path("simulated"), stream, data.shape[1], lambda start, stop: data[:, start:stop].copy(), tuple(lost)
    )


@dataclass(frozen=True, slots=True, eq=False)
class JudgedSession:
    """The frames of one session as columns; the first axis is the frame."""

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
    truth: SimulatedSession | None = None

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Valid frames of practice; only these are scored."""
        return np.asarray(self.practice & self.valid & np.isfinite(self.u), dtype=np.bool_)

    def is_state(self, *states: State) -> NDArray[np.bool_]:
        """Return which frames are in one of these states."""
        return np.isin(self.states, [str(state) for state in states])

    def z(self, name: str) -> NDArray[np.float64]:
        """Return the z-score of a feature against the frozen baseline."""
        return self.values[:, self.columns.index(f"z_{name}")]

    def between(self, start_s: float, stop_s: float) -> NDArray[np.bool_]:
        """Return which frames end within (start, stop]."""
        return np.asarray((self.onset > start_s) & (self.onset <= stop_s), dtype=np.bool_)


def judge(
    data: NDArray[np.float32],
    stream: StreamInfo,
    settings: Settings | None = None,
    *,
    lost: Sequence[LostRun] = (),
    baseline_s: float = BASELINE_S,
) -> JudgedSession:
    """Judge samples by the product's own replay."""
    replayed = replay(as_recording(data, stream, lost), settings=settings or Settings(), baseline_s=baseline_s)
    frames = list(replayed.frames)
    baseline = replayed.engine.baseline
    return _columns(
        frames,
        replayed.engine.columns,
        None if baseline is None else baseline.iaf_hz,
        0.0 if baseline is None else baseline.clean_s,
    )


def _columns(frames: list[Frame], columns: tuple[str, ...], iaf_hz: float | None, clean_s: float) -> JudgedSession:
    return JudgedSession(
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


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to judge a simulated case.

    Parameters
    ----------
    case : Case
        The session to simulate.
    settings : Settings, optional
        Settings of the engine, default ones if omitted.
    change : callable, optional
        Function from the simulated samples (n_channels, n_samples) to those that are judged.
    lost : sequence of LostRun
        Samples that never arrive.
    baseline_s : float
        Length of the baseline, s.
    source_hz, sfreq : float, optional
        Rate of the simulation, and rate of the changed samples, if they are not those of the headset, Hz.
    """

    case: Case
    settings: Settings | None = None
    change: Callable[[Samples], Samples] | None = None
    lost: Sequence[LostRun] = ()
    baseline_s: float = BASELINE_S
    source_hz: float | None = None
    sfreq: float | None = None


def simulate_and_count(
    run: Run,
    people: Sequence[Item],
    variants: Callable[[Item], Mapping[Key, Variant]],
    count: Callable[[dict[Key, JudgedSession]], Result],
) -> list[Result]:
    """Simulate and judge the sessions of all people, and return what is counted in those of each.

    Parameters
    ----------
    run : Run
        Maps the people over processes, so ``variants`` and ``count`` must be picklable.
    people : sequence
        One item (a seed, a case ...) for each person.
    variants : callable
        Returns the sessions of a person by name. A case that occurs several times is simulated once.
    count : callable
        Returns the result of a person from the judged sessions.
    """
    return run.map(partial(_count_person, variants=variants, count=count), list(people))


def _count_person(
    person: Item,
    *,
    variants: Callable[[Item], Mapping[Key, Variant]],
    count: Callable[[dict[Key, JudgedSession]], Result],
) -> Result:
    made: dict[tuple[Case, float | None], SimulatedRecording] = {}
    judged: dict[Key, JudgedSession] = {}
    for name, variant in variants(person).items():
        source = (variant.case, variant.source_hz)
        if source not in made:
            made[source] = simulate_case(variant.case, sfreq=variant.source_hz)
        data = made[source].data if variant.change is None else variant.change(made[source].data)
        stream = stream_of(variant.case.family, variant.sfreq)
        session = judge(data, stream, variant.settings, lost=variant.lost, baseline_s=variant.baseline_s)
        judged[name] = replace(session, truth=made[source].truth)
    return count(judged)


def simulate_and_judge(case: Case, settings: Settings | None = None) -> JudgedSession:
    """Simulate and judge one case."""
    made = simulate_case(case)
    return replace(judge(made.data, stream_of(case.family), settings), truth=made.truth)


def frame_auc(judged: JudgedSession) -> float:
    """AUC of the index for wandering against focus, within one person, over valid frames of practice.

    The true state is the one at the end of the frame.
    """
    if judged.truth is None:
        msg = "the session has no ground truth"
        raise ValueError(msg)
    states = judged.truth.state_at(judged.onset)
    scored = judged.judged & np.isin(states, (MentalState.FOCUS, MentalState.WANDER))
    return auc(judged.u[scored], states[scored] == MentalState.WANDER)
