"""Artifacts with their ground truth: drawn for a whole session, rendered at any times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.simulation.disturbances import Disturbances
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.scalp import ScalpGains
from neurofeedback.simulation.substance_course import SubstanceCourse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BLINK_S = 0.35
POP_DECAY_S = 0.3
POP_S = 5 * POP_DECAY_S
POP_RENDERED_S = 8 * POP_DECAY_S
MUSCLE_TAPER = 0.3
BROKEN_TAPER = 0.02
VISIBLE_GAIN = 0.25
_BEATS, _BEAT_S, _BEAT_EVERY_S = 6, 0.3, 0.4
_BEAT_UV = (15.0, 40.0)


class ArtifactKind(StrEnum):
    """Artifacts with an onset and an end."""

    BLINK = "blink"
    EYE = "eye"
    MUSCLE = "muscle"
    POP = "pop"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact.

    Parameters
    ----------
    onset_s, duration_s : float
        Onset in the session and duration, s.
    channels : tuple of int
        Rows on which it is clearly visible.
    size_uv : float
        Size at a gain of 1: peak of a blink, eye movement or pop (with sign), rms of muscle and broken electrode, uV.
    """

    kind: ArtifactKind
    onset_s: float
    duration_s: float
    channels: tuple[int, ...]
    size_uv: float

    @property
    def stop_s(self) -> float:
        """End, s."""
        return self.onset_s + self.duration_s


def make_artifact(kind: ArtifactKind, onset_s: float, duration_s: float, size_uv: float, scalp: ScalpGains) -> Artifact:
    """Return a blink, eye movement or muscle burst; each electrode has its own gain for it."""
    gain = {ArtifactKind.BLINK: scalp.blink, ArtifactKind.EYE: scalp.eye, ArtifactKind.MUSCLE: scalp.muscle}[kind]
    rows = np.flatnonzero(np.abs(gain[:, 0]) >= VISIBLE_GAIN)
    return Artifact(kind, onset_s, duration_s, tuple(rows.tolist()), size_uv)


def draw_artifacts(seconds: float, disturbances: Disturbances, scalp: ScalpGains, seed: int) -> tuple[Artifact, ...]:
    """Draw the artifacts of a session, in order of onset.

    Blinks 60-140 uV; eye movements 20-60 uV and 1-3 s; muscle 8-40 uV rms and .5-3 s; pops 150-600 uV of either
    sign on one channel; a broken electrode 50-170 uV rms for 20-120 s on one channel. A substance adds runs of
    nystagmus: six eye movements of 15-40 uV and .3 s to one side, more often the higher its level.
    """
    drawn = [
        *_blinks(seconds, disturbances.blink_every_s, scalp, rng_for(seed, RandomStream.BLINKS)),
        *_eye_movements(seconds, disturbances.eye_every_s, scalp, rng_for(seed, RandomStream.EYES)),
        *_bursts(seconds, disturbances.burst_every_s, scalp, rng_for(seed, RandomStream.BURSTS)),
        *_pops(seconds, disturbances.pop_every_s, scalp, rng_for(seed, RandomStream.POPS)),
        *_broken(seconds, disturbances.broken_every_s, scalp, rng_for(seed, RandomStream.BROKEN)),
    ]
    if disturbances.substance is not None:
        drawn += _nystagmus(seconds, disturbances.substance, scalp, rng_for(seed, RandomStream.NYSTAGMUS))
    return tuple(sorted(drawn, key=lambda artifact: (artifact.onset_s, artifact.kind)))


def _onsets(seconds: float, every_s: float, rng: np.random.Generator) -> Iterator[float]:
    onset = 0.0
    while math.isfinite(every_s):
        onset += float(rng.exponential(every_s))
        if onset >= seconds:
            return
        yield onset


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _blinks(seconds: float, every_s: float, scalp: ScalpGains, rng: np.random.Generator) -> Iterator[Artifact]:
    for onset in _onsets(seconds, every_s, rng):
        yield make_artifact(ArtifactKind.BLINK, onset, BLINK_S, rng.uniform(60, 140), scalp)


def _eye_movements(seconds: float, every_s: float, scalp: ScalpGains, rng: np.random.Generator) -> Iterator[Artifact]:
    for onset in _onsets(seconds, every_s, rng):
        yield make_artifact(ArtifactKind.EYE, onset, rng.uniform(1, 3), _sign(rng) * rng.uniform(20, 60), scalp)


def _bursts(seconds: float, every_s: float, scalp: ScalpGains, rng: np.random.Generator) -> Iterator[Artifact]:
    for onset in _onsets(seconds, every_s, rng):
        yield make_artifact(ArtifactKind.MUSCLE, onset, rng.uniform(0.5, 3), rng.uniform(8, 40), scalp)


def _pops(seconds: float, every_s: float, scalp: ScalpGains, rng: np.random.Generator) -> Iterator[Artifact]:
    for onset in _onsets(seconds, every_s, rng):
        row = int(rng.integers(scalp.blink.size))
        yield Artifact(ArtifactKind.POP, onset, POP_S, (row,), _sign(rng) * rng.uniform(150, 600))


def _broken(seconds: float, every_s: float, scalp: ScalpGains, rng: np.random.Generator) -> Iterator[Artifact]:
    for onset in _onsets(seconds, every_s, rng):
        row = int(rng.integers(scalp.blink.size))
        yield Artifact(ArtifactKind.BROKEN, onset, rng.uniform(20, 120), (row,), rng.uniform(50, 170))


def _nystagmus(
    seconds: float, course: SubstanceCourse, scalp: ScalpGains, rng: np.random.Generator
) -> Iterator[Artifact]:
    for onset in _onsets(seconds, course.effects.nystagmus_every_s, rng):
        accepted, size_uv = rng.random(), _sign(rng) * rng.uniform(*_BEAT_UV)
        if accepted < course.level(np.array([onset]))[0]:
            for beat in range(_BEATS):
                yield make_artifact(ArtifactKind.EYE, onset + beat * _BEAT_EVERY_S, _BEAT_S, size_uv, scalp)


def tukey_window(times_s: Floats, artifact: Artifact, taper: float) -> Floats:
    """Return a Tukey window over an artifact at given times; ``taper`` 1 is a Hann window.

    Examples
    --------
    >>> tukey_window(np.array([-1.0, 0.0, 1.0, 2.0]), Artifact(ArtifactKind.BLINK, 0, 2, (), 1), 1.0).round(6).tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    position = (times_s - artifact.onset_s) / artifact.duration_s
    edge = np.clip(np.minimum(position, 1.0 - position) / (taper / 2.0), 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * edge)


def render_waveforms(artifacts: Sequence[Artifact], times_s: Floats, scalp: ScalpGains) -> Floats:
    """Render blinks, eye movements and pops at given times, shape (n_channels, n_samples), uV."""
    out = np.zeros((scalp.blink.size, times_s.size))
    for artifact, where in _overlapping(artifacts, times_s):
        times = times_s[where]
        if artifact.kind is ArtifactKind.BLINK:
            out[:, where] += scalp.blink * (artifact.size_uv * tukey_window(times, artifact, 1.0))
        elif artifact.kind is ArtifactKind.EYE:
            out[:, where] += scalp.eye * (artifact.size_uv * tukey_window(times, artifact, 1.0))
        elif artifact.kind is ArtifactKind.POP:
            decay = np.exp(-(times - artifact.onset_s) / POP_DECAY_S)
            out[list(artifact.channels), where] += artifact.size_uv * decay
    return out


def muscle_rms(artifacts: Sequence[Artifact], times_s: Floats, scalp: ScalpGains) -> Floats:
    """Return the rms level of muscle bursts at given times, shape (n_channels, n_samples), uV."""
    out = np.zeros(times_s.size)
    for artifact, where in _overlapping(artifacts, times_s):
        if artifact.kind is ArtifactKind.MUSCLE:
            out[where] += artifact.size_uv * tukey_window(times_s[where], artifact, MUSCLE_TAPER)
    return scalp.muscle * out


def broken_electrode_rms(artifacts: Sequence[Artifact], times_s: Floats, scalp: ScalpGains) -> Floats:
    """Return the rms level of broken electrodes' noise at given times, shape (n_channels, n_samples), uV."""
    out = np.zeros((scalp.blink.size, times_s.size))
    for artifact, where in _overlapping(artifacts, times_s):
        if artifact.kind is ArtifactKind.BROKEN:
            out[list(artifact.channels), where] += artifact.size_uv * tukey_window(
                times_s[where], artifact, BROKEN_TAPER
            )
    return out


def _overlapping(artifacts: Sequence[Artifact], times_s: Floats) -> Iterator[tuple[Artifact, slice]]:
    """Yield the artifacts within these rising times, each with the samples it covers."""
    begin, end = float(times_s[0]), float(times_s[-1])
    for artifact in artifacts:
        stop = artifact.onset_s + (POP_RENDERED_S if artifact.kind is ArtifactKind.POP else artifact.duration_s)
        if artifact.onset_s <= end and stop > begin:
            first, last = np.searchsorted(times_s, (artifact.onset_s, stop))
            yield artifact, slice(int(first), int(last))
