"""T17: people who respond to the tone, over many sessions, with their own feedback or that of another person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.crowd import ORACLE, ToneSource, TrialResults, run_trials
from benchmarks.acceptance.figures import Figure, Goal, Run, Target, at_least, between, figure
from benchmarks.acceptance.judged_sessions import BASELINE_S, PRACTICE_S, SETTLE_S, headset, stream_of
from benchmarks.acceptance.statistics import mean_of, share_of
from neurofeedback.engine import FrameEngine
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.closed_loop import ClosedLoop
from neurofeedback.simulation.feedback_response import RESPONSES, FeedbackResponse, apply_learning
from neurofeedback.simulation.population import NormalDistribution, Person, draw_person
from neurofeedback.simulation.simulated_meditator import draw_session
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import Chunk, Command, CommandKind, Phase

_TRIALS, _BATCH = 200, 20
_NULL = between(-0.01, 0.01)
BEFORE_ANSWERS = ToneSource(NormalDistribution(0.08, 0.30), confidence=0.30)
"""The default index on mixed people: AUC .52 with a spread of .09 between people, as T5 measures it."""
AFTER_80_ANSWERS = ToneSource(NormalDistribution(0.43, 0.25), confidence=0.46)
"""A personal decoder after 80 answers: AUC .62."""


def feature_level(run: Run) -> list[Figure]:
    """Run the trial hundreds of times with an index of known agreement."""
    out: list[Figure] = []
    for name, tone_source in (("oracle", ORACLE), ("index", BEFORE_ANSWERS), ("decoder", AFTER_80_ANSWERS)):
        n_batches = 1 if run.fast else _TRIALS // _BATCH
        parts = run.map(partial(_trials, tone_source, 3 if run.fast else _BATCH), range(n_batches))
        goals = name == "oracle" and not run.fast
        out += _groups(name, parts, goals=goals)
    return out


def _trials(tone_source: ToneSource, n_trials: int, seed: int) -> TrialResults:
    return run_trials(tone_source, n_trials, seed)


def _groups(name: str, parts: list[TrialResults], *, goals: bool) -> list[Figure]:
    n = parts[0].design.n_responders
    change = np.concatenate([part.change() for part in parts])
    share = np.concatenate([part.wandering.mean(axis=-1) for part in parts])
    groups: tuple[tuple[str, int, slice, Goal], ...] = (
        ("own tone, responders", 0, slice(0, n), between(-1.0, -0.02)),
        ("own tone, non-responders", 0, slice(n, None), _NULL),
        ("yoked tone, responders", 1, slice(0, n), _NULL),
        ("yoked tone, non-responders", 1, slice(n, None), _NULL),
    )
    out = [
        figure(
            f"{name}: change of true wandering, {who}", mean_of(change[:, arm, rows].ravel()), goal if goals else None
        )
        for who, arm, rows, goal in groups
    ]
    for what, values in (("change", change), ("mean", share)):
        contrast = values[:, 0].mean(axis=1) - values[:, 1].mean(axis=1)
        goal = at_least(0.95) if goals else None
        out.append(
            figure(f"{name}: own below yoked, {what} of wandering", share_of(contrast < 0), goal, of="trials of 20+20")
        )
    return out


@dataclass(frozen=True, slots=True, eq=False)
class LoopSession:
    """One session in a closed loop: share of wandering in practice, correlation with the tone, and tone levels."""

    wandering: float
    correlation: float
    levels: NDArray[np.float64]


def run_closed_loop(
    person: Person, response: FeedbackResponse, seed: int, seconds: float, yoked: NDArray[np.float64] | None = None
) -> LoopSession:
    """Run a session through the engine; the person hears its tone, or that of another session."""
    device, montage = headset("muse")
    stream, profile = resolve(Settings(), stream_of("muse"))
    truth = draw_session(person, seconds=seconds, seed=seed, montage=montage, headset=device)
    loop, engine = ClosedLoop(truth, response), FrameEngine(stream.sfreq, profile)
    phases = ((SETTLE_S, Phase.BASELINE), (SETTLE_S + BASELINE_S, Phase.PRACTICE))
    commands = [Command(round(at_s * stream.sfreq), CommandKind.PHASE, phase) for at_s, phase in phases]
    levels: list[float] = []
    for at in range(0, truth.n_samples - 63, 64):
        for frame in engine.process(Chunk(at, loop.read(64)), commands):
            level = frame.guidance.tone_gain if yoked is None else float(yoked[min(frame.index, len(yoked) - 1)])
            loop.set_tone_level(frame.sample, level)
            levels.append(level)
        commands = []
    ends_s = (np.arange(len(levels)) + 1) / 4
    practice = ends_s > PRACTICE_S
    wandering = loop.truth.state_at(ends_s)[practice] == MentalState.WANDER
    return LoopSession(float(wandering.mean()), loop.correlation, np.array(levels))


def pair(seed: int, n_sessions: int, seconds: float) -> NDArray[np.float64]:
    """Simulate two equal responders, one yoked to the other; return (arm, wandering or correlation, session)."""
    arms = [(draw_person(seed, "breath-novice" if seed % 2 else "probe-pooled"), RESPONSES["responder"])] * 2
    out = np.empty((2, 2, n_sessions))
    for session in range(n_sessions):
        yoked: NDArray[np.float64] | None = None
        for arm, (person, response) in enumerate(arms):
            session_result = run_closed_loop(person, response, 100 * seed + 10_000 * arm + session, seconds, yoked)
            out[arm, :, session] = session_result.wandering, session_result.correlation
            arms[arm] = apply_learning(person, response, session_result.correlation)
            yoked = session_result.levels
    return out


def signal_level(run: Run) -> list[Figure]:
    """Simulate sessions with the engine, with artifacts and before any answer."""
    n_sessions, seconds = (1, 240.0) if run.fast else (12, 1200.0)
    pairs = np.stack(run.map(partial(pair, n_sessions=n_sessions, seconds=seconds), run.people(8, 1)))
    wandering, correlation = pairs[:, :, 0], pairs[:, :, 1]
    sessions = np.arange(n_sessions) - (n_sessions - 1) / 2
    slopes = wandering @ sessions / max(float(np.sum(sessions**2)), 1.0) * (n_sessions - 1)
    return [
        figure(
            "engine, default index: correlation of the tone with wandering", mean_of(correlation[:, 0].mean(axis=1))
        ),
        figure("engine: change of true wandering, own tone, responders", mean_of(slopes[:, 0])),
        figure("engine: change of true wandering, yoked tone, responders", mean_of(slopes[:, 1])),
        figure("engine: own minus yoked, mean wandering", mean_of((wandering[:, 0] - wandering[:, 1]).mean(axis=1))),
    ]


def closed_loop(run: Run) -> list[Figure]:
    """Measure both levels."""
    return [*feature_level(run), *signal_level(run)]


TARGETS = (
    Target(
        "T17",
        "closed loop over 12 sessions of 20 min, 20 people with their own tone and 20 yoked, 12 of each respond",
        closed_loop,
        population="people who respond (eta .8), or do not; half drawn from each population at signal level",
    ),
)
