"""T3: response time of the index to a step of its features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from benchmarks.acceptance.figures import Figure, Run, Target, at_most
from benchmarks.acceptance.judged_sessions import (
    Case,
    JudgedSession,
    Variant,
    simulate_and_count,
    stream_of,
    with_evidence,
)
from neurofeedback.estimation.states import StateMachine
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.population import draw_person
from neurofeedback.types import State

_STEP_S, _SECONDS = 240.0, 300.0
_STEPS = {(4.0, 7.5): 0.8, (14.0, 28.0): -0.8}  # change of ln power
_PLATEAU_S = (20.0, 50.0)


def _variants(seed: int) -> dict[str, Variant]:
    case = Case(seed, draw_person(seed, "null"), CLEAN, seconds=_SECONDS)
    settings = with_evidence("breath-novice")
    return {"plain": Variant(case, settings), "step": Variant(case, settings, change=add_step)}


def add_step(data: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the signal with a step of theta and beta power."""
    sfreq = stream_of("muse").sfreq
    stepped = data.astype(np.float64)
    after = np.arange(data.shape[1]) >= _STEP_S * sfreq
    for band, change in _STEPS.items():
        sos = signal.butter(3, band, "bandpass", fs=sfreq, output="sos")
        stepped += np.expm1(change / 2) * after * signal.sosfiltfilt(sos, data.astype(np.float64), axis=1)
    return stepped.astype(np.float32)


def _response(judged: Mapping[str, JudgedSession]) -> NDArray[np.float64]:
    plain = judged["plain"]
    return (judged["step"].u - plain.u)[plain.between(_STEP_S - 5, _SECONDS)]


def _time_to(share: float, response: NDArray[np.float64], times_s: NDArray[np.float64]) -> float:
    plateau = response[(times_s > _PLATEAU_S[0]) & (times_s <= _PLATEAU_S[1])].mean()
    return float(times_s[np.argmax((times_s > 0) & (response >= share * plateau))])


def step(run: Run) -> list[Figure]:
    """Average the response over people, with bootstrap intervals."""
    responses = np.array(simulate_and_count(run, run.people(30, 4), _variants, _response))
    times_s = np.arange(responses.shape[1]) * 0.25 - 4.75
    rng = np.random.default_rng(0)
    drawn = [responses[rng.integers(len(responses), size=len(responses))].mean(axis=0) for _ in range(500)]
    out: list[Figure] = []
    for share, goal, known in ((0.5, 4.0, "3.6"), (0.9, 10.5, "9.9")):
        low, high = np.quantile([_time_to(share, one, times_s) for one in drawn], (0.025, 0.975))
        value = _time_to(share, responses.mean(axis=0), times_s)
        name = f"t{100 * share:.0f} of the index"
        out.append(Figure(name, value, low, high, len(responses), "s", at_most(goal), known))
    return [*out, Figure("state after the index has crossed", cue_delay_s(), unit="s", goal=at_most(2.0), of="run")]


def cue_delay_s() -> float:
    """Return the time from crossing the threshold and its hysteresis to the new state, s."""
    settings = Settings()
    states = StateMachine(settings.threshold, settings.confidence, settings.spectrum.hop_s)
    seen = [states.update(2.0, 0.0, valid=True, usable=True, lost=False) for _ in range(40)]
    return (seen.index(State.WANDER) + 1) * settings.spectrum.hop_s


TARGETS = (
    Target(
        "T3",
        "step of the index: time to half and to nine tenths",
        step,
        population="null, clean, theta +.8 and beta -.8 ln units from one moment on",
    ),
)
