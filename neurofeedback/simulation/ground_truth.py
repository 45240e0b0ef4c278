"""The ground truth of a simulated session as plain rows and values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from neurofeedback.simulation.disturbances import Disturbances
from neurofeedback.simulation.feedback_response import NO_RESPONSE, FeedbackResponse
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import FEATURE_SD, SimulatedSession
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import frame_end

HOP_S = 0.25
COURSE_CHANGES = ("delta", "theta", "alpha", "beta", "gamma", "chi", "muscle")

STATES_HEADER = ("onset", "sample", "state", "artifacts")
COURSE_HEADER = ("onset", "level", *(f"change_{name}" for name in COURSE_CHANGES))
COURSE_HOP_S = 10.0
EVENTS_HEADER = ("onset", "duration", "trial_type", "channels", "size_uv")

COLUMNS: dict[str, dict[str, str]] = {
    "onset": {"Description": "time since the first sample", "Units": "s"},
    "sample": {"Description": "index of the sample just after this quarter of a second"},
    "state": {"Description": "true state at its end: focus, wander or drowsy"},
    "artifacts": {"Description": "kinds of artifact that reach into this quarter of a second, or n/a"},
    "duration": {"Description": "how long it lasts", "Units": "s"},
    "trial_type": {"Description": "true state (focus, wander, drowsy) or kind of artifact that begins"},
    "channels": {"Description": "channels on which an artifact is plainly visible, or n/a"},
    "level": {"Description": "level of the substance's effect: 1 is the end of 0.5 mg/kg over 40 min"},
    **{
        f"change_{band}": {"Description": f"change of ln power in {band}, beside what the exponent changes"}
        for band in COURSE_CHANGES[:5]
    },
    "change_chi": {"Description": "change of the aperiodic exponent, around 9 Hz"},
    "change_muscle": {"Description": "change of the ln rms of sustained muscle tone"},
    "size_uv": {
        "Description": "peak of a blink, glance or pop, rms of muscle or a broken electrode, where its gain is 1",
        "Units": "uV",
    },
}


def state_rows(truth: SimulatedSession, n_samples: int) -> list[tuple[str, ...]]:
    """Return one row for each quarter of a second of the first ``n_samples``, in the columns of ``STATES_HEADER``."""
    sfreq = truth.headset.sfreq
    ends: list[int] = []
    while (end := frame_end(len(ends), sfreq, HOP_S)) <= n_samples:
        ends.append(end)
    times_s = np.array(ends) / sfreq
    kinds = _artifact_kinds(truth, times_s)
    states = truth.state_at(times_s).tolist()
    return [
        (f"{end / sfreq:.6f}", str(end), MentalState(state).name.lower(), " ".join(sorted(kind)) or "n/a")
        for end, state, kind in zip(ends, states, kinds, strict=True)
    ]


def _artifact_kinds(truth: SimulatedSession, ends_s: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[set[str]]:
    kinds: list[set[str]] = [set() for _ in ends_s]
    for artifact in truth.artifacts:
        first = int(np.searchsorted(ends_s, artifact.onset_s, side="right"))
        last = int(np.searchsorted(ends_s - HOP_S, artifact.stop_s))
        for place in range(first, min(last, len(kinds))):
            kinds[place].add(str(artifact.kind))
    return kinds


def course_rows(truth: SimulatedSession, until_s: float) -> list[tuple[str, ...]]:
    """Return the course of the substance every 10 s, in the columns of ``COURSE_HEADER``; none without a substance."""
    course = truth.disturbances.substance
    if course is None:
        return []
    times_s = np.arange(0.0, until_s, COURSE_HOP_S)
    changes = [truth.substance_change(name, times_s) for name in COURSE_CHANGES]
    columns = [times_s, course.level(times_s), *changes]
    return [tuple(f"{value:.4f}" for value in row) for row in zip(*columns, strict=True)]


def event_rows(truth: SimulatedSession, until_s: float) -> list[tuple[str, ...]]:
    """Return one row for each episode and artifact that begins before ``until_s``, in order of onset."""
    episodes = [(episode.onset_s, episode.duration_s, episode.state.name.lower()) for episode in truth.episodes]
    rows = [(onset, (f"{duration:.3f}", name, "n/a", "n/a")) for onset, duration, name in episodes]
    rows += [
        (
            item.onset_s,
            (f"{item.duration_s:.3f}", str(item.kind), _channel_names(truth, item.channels), f"{item.size_uv:.1f}"),
        )
        for item in truth.artifacts
    ]
    return [(f"{onset:.3f}", *rest) for onset, rest in sorted(rows) if onset < until_s]


def _channel_names(truth: SimulatedSession, channels: Iterable[int]) -> str:
    return " ".join(truth.montage.ch_names[row] for row in channels) or "n/a"


@dataclass(frozen=True, slots=True)
class TruthDescription:
    """How a session was simulated.

    Parameters
    ----------
    seed : int
        Seed of all random numbers.
    person : Person
        The simulated person.
    effect_units : dict of str to float
        Unit of the person's effects, by feature: its standard deviation.
    disturbances : Disturbances
        Conditions of the recording; an infinite interval means never.
    wandering_share : float
        Share of the session in which the mind wandered.
    response : FeedbackResponse
        Response to the tone.
    """

    seed: int
    person: Person
    effect_units: dict[str, float]
    disturbances: Disturbances
    wandering_share: float
    response: FeedbackResponse


def describe_truth(truth: SimulatedSession, response: FeedbackResponse = NO_RESPONSE) -> TruthDescription:
    """Return how a session was simulated."""
    return TruthDescription(
        seed=truth.seed,
        person=truth.person,
        effect_units={feature: FEATURE_SD[feature] for feature in ("theta", "alpha", "beta", "chi")},
        disturbances=truth.disturbances,
        wandering_share=round(truth.wandering_share(), 4),
        response=response,
    )
