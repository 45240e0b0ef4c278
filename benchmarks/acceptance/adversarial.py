"""T12: effects on the index of clenching, straining, blinking and taking the headset off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.gate import QUIET
from benchmarks.acceptance.judged_sessions import (
    Case,
    JudgedSession,
    Variant,
    headset,
    simulate_and_count,
    with_evidence,
)
from benchmarks.acceptance.statistics import Estimate, mean_of, share_of
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.artifacts import MUSCLE_TAPER, Artifact, ArtifactKind, make_artifact
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.scalp import scalp_of
from neurofeedback.types import BackgroundMode, State

_AT_S, _SECONDS = 240.0, 340.0
_CLENCH_S, _STRAIN_S, _LINK_S = 30.0, 60.0, 2.0
CLENCHES_UV = (8.0, 15.0, 30.0)
TONIC_UV = (2.0, 4.0, 6.0)
EVIDENCE = ("default", "breath-novice")
FREQUENT_S, SPARSE_S = 1.0, 3.0
"""Blinks that fill more than half of the time, so that nothing is known, and as many as still count."""
OFF = ("no data", "flat", "railed", "loose")


def muscle(size_uv: float, seconds: float, onset_s: float = _AT_S) -> tuple[Artifact, ...]:
    """Return muscle of one level that sets in and lets go within 0.3 s: bursts whose ramps add up to a constant."""
    scalp = scalp_of(headset("muse")[1])
    onsets = np.arange(onset_s, onset_s + seconds - _LINK_S, _LINK_S * (1 - MUSCLE_TAPER / 2)).tolist()
    return tuple(make_artifact(ArtifactKind.MUSCLE, at, _LINK_S, size_uv, scalp) for at in onsets)


def blink_train(seed: int, every_s: float, start_s: float, stop_s: float) -> tuple[Artifact, ...]:
    """Return blinks of 60 to 140 uV at a steady pace, a little jittered."""
    rng, scalp = np.random.default_rng((seed, 7)), scalp_of(headset("muse")[1])
    onsets = np.arange(start_s, stop_s, every_s) + rng.uniform(
        0, 0.2 * every_s, len(np.arange(start_s, stop_s, every_s))
    )
    return tuple(
        make_artifact(ArtifactKind.BLINK, float(at), 0.35, float(rng.uniform(60, 140)), scalp) for at in onsets
    )


@dataclass(frozen=True, slots=True)
class Clenched:
    """One clench: how far it took the index toward focus at worst (negative u), and the share of it not counted."""

    moved: float
    held: float


@dataclass(frozen=True, slots=True)
class Tried:
    """All that one person tried, by evidence profile and size."""

    clenched: dict[tuple[str, float], Clenched]
    tonic: dict[tuple[str, float], float]
    blinking: dict[str, float]
    known: dict[float, float]


def _case(seed: int, extra: tuple[Artifact, ...] = ()) -> Case:
    return Case(seed, draw_person(seed, "null"), QUIET, seconds=_SECONDS, extra=extra)


def _variants(seed: int) -> dict[tuple[str, float, str], Variant]:
    """Return one plain session and one with each trick, by (trick, size, evidence profile)."""
    cases = {
        ("plain", 0.0): _case(seed),
        **{("clench", size): _case(seed, muscle(size, _CLENCH_S)) for size in CLENCHES_UV},
        **{("tonic", size): _case(seed, muscle(size, _STRAIN_S)) for size in TONIC_UV},
        **{
            ("blinks", every_s): _case(seed, blink_train(seed, every_s, _AT_S, _AT_S + _STRAIN_S))
            for every_s in (FREQUENT_S, SPARSE_S)
        },
    }
    return {
        (trick, size, name): Variant(case, with_evidence(name))
        for (trick, size), case in cases.items()
        for name in EVIDENCE
    }


def _count(judged: Mapping[tuple[str, float, str], JudgedSession]) -> Tried:
    plain = {name: judged["plain", 0.0, name] for name in EVIDENCE}
    return Tried(
        clenched={
            (name, size): _clench(judged["clench", size, name], plain[name])
            for size in CLENCHES_UV
            for name in EVIDENCE
        },
        tonic={
            (name, size): _difference(judged["tonic", size, name], plain[name])
            for size in TONIC_UV
            for name in EVIDENCE
        },
        blinking={name: _difference(judged["blinks", SPARSE_S, name], plain[name]) for name in EVIDENCE},
        known={every_s: _known(judged["blinks", every_s, "default"]) for every_s in (FREQUENT_S, SPARSE_S)},
    )


def _known(session: JudgedSession) -> float:
    """Return the share of frames with a known state from 10 s on, when the frequency of blinks is known."""
    return float(session.is_state(State.FOCUS, State.WANDER)[session.between(_AT_S + 10, _AT_S + _STRAIN_S)].mean())


def _clench(sat: JudgedSession, plain: JudgedSession) -> Clenched:
    """Compare every frame that counts with the same frame without the clench; a held index has been compared before."""
    both = sat.between(_AT_S, _AT_S + _CLENCH_S + 1) & sat.judged & plain.judged
    moved = (sat.u - plain.u)[both]
    counted = sat.valid[sat.between(_AT_S + 2, _AT_S + _CLENCH_S)]
    return Clenched(float(moved.min(initial=0.0)), float(1 - counted.mean()))


def _difference(tried: JudgedSession, plain: JudgedSession) -> float:
    """Return the mean shift of the index while it lasts, over frames that count in both; NaN where none does."""
    both = tried.between(_AT_S + 5, _AT_S + _STRAIN_S) & tried.judged & plain.judged
    return float((tried.u - plain.u)[both].mean()) if both.any() else np.nan


def tricks(run: Run) -> list[Figure]:
    """Measure all tricks."""
    tried = simulate_and_count(run, run.people(40, 2), _variants, _count)
    out: list[Figure] = []
    for name in EVIDENCE:
        for size in CLENCHES_UV:
            out += _clench_rows(f"{name}: jaw clench {size:g} uV", [one.clenched[name, size] for one in tried])
        reached = dict(zip(TONIC_UV, ("-.02", "-.07", "-.33"), strict=True))
        for size in TONIC_UV:
            moved = mean_of([one.tonic[name, size] for one in tried])
            out.append(_size(f"{name}: tonic muscle {size:g} uV, |shift|", moved, 0.5, reached[size]))
        blinking = mean_of([one.blinking[name] for one in tried])
        out.append(_size(f"{name}: a blink every {SPARSE_S:g} s, |shift|", blinking, 0.3, ".03"))
    for every_s, goal in ((FREQUENT_S, at_most(0.05)), (SPARSE_S, None)):
        known = mean_of([one.known[every_s] for one in tried])
        out.append(figure(f"a blink every {every_s:g} s: shown as known after 10 s", known, goal))
    return [*out, *_off(run), *_guided(), *_tense_start(run)]


def _clench_rows(name: str, clenched: Sequence[Clenched]) -> list[Figure]:
    moved = [one.moved for one in clenched]
    return [
        figure(f"{name}: toward focus", mean_of(moved), at_least(-0.2), unit="u"),
        figure(f"{name}: people moved by less than .2 u", share_of([one >= -0.2 for one in moved])),
        figure(f"{name}: frames not counted", mean_of([one.held for one in clenched]), at_least(0.95)),
    ]


def _size(name: str, moved: Estimate, limit: float, known: str) -> Figure:
    sign = np.sign(moved.value)
    low, high = sorted((sign * moved.low, sign * moved.high))
    return Figure(name, abs(moved.value), low, high, moved.n, "u", at_most(limit), known)


def taken_off(data: NDArray[np.float32], rows: Sequence[int], how: str, seed: int) -> NDArray[np.float32]:
    """Return the signal with some electrodes off the skin from one moment on."""
    off, n = data.copy(), data.shape[1]
    start = round(_AT_S * 256)
    rng = np.random.default_rng((seed, 5))
    loose = 60 * rng.standard_normal((len(rows), n - start)) + 80 * np.sin(2 * np.pi * 50 * np.arange(n - start) / 256)
    off[list(rows), start:] = {
        "no data": np.full_like(loose, np.nan),
        "flat": np.zeros_like(loose),
        "railed": np.full_like(loose, 999.5),
        "loose": loose,
    }[how].astype(np.float32)
    return off


def _off_variants(seed: int) -> dict[str, Variant]:
    return {how: Variant(_case(seed), change=partial(taken_off, rows=(0, 1, 2, 3), how=how, seed=seed)) for how in OFF}


def _off_delays_s(judged: Mapping[str, JudgedSession]) -> dict[str, float]:
    """Return the time until UNKNOWN (or LOST) after all electrodes have lost contact, s."""
    out: dict[str, float] = {}
    for how, session in judged.items():
        unknown = session.is_state(State.UNKNOWN, State.LOST) & (session.onset > _AT_S)
        out[how] = float(session.onset[np.argmax(unknown)] - _AT_S) if unknown.any() else np.inf
        if not unknown[session.between(_AT_S + 3, _SECONDS)].all():
            out[how] = np.inf
    return out


def _off(run: Run) -> list[Figure]:
    waits = simulate_and_count(run, run.people(20, 1), _off_variants, _off_delays_s)
    return [
        Figure(
            f"all electrodes {how}: UNKNOWN after, latest",
            max(one[how] for one in waits),
            n=len(waits),
            unit="s",
            goal=at_most(3.0),
        )
        for how in OFF
    ]


def _guided() -> list[Figure]:
    """Compare the sound in state UNKNOWN with that in focus."""
    mapper = GuidanceMapper(Settings().feedback, 0.25)
    for _ in range(100):
        focus = mapper.update(-2.0, 1.0, 1.0, State.FOCUS, feedback=True)
    unknown = mapper.update(np.nan, 0.0, 0.0, State.UNKNOWN, feedback=True)
    difference = unknown.tone_gain - focus.tone_gain
    return [
        Figure("UNKNOWN: tone above that of deep focus", difference, unit="gain", goal=at_least(0.1), of="run"),
        Figure(
            "UNKNOWN: bed of its own",
            float(unknown.background is not focus.background is BackgroundMode.NORMAL),
            goal=at_least(1),
            of="run",
        ),
    ]


def _tense_variants(seed: int) -> dict[str, Variant]:
    """Return a session of 15 min with a clenched jaw in the first 5."""
    extra = muscle(20.0, 300.0, onset_s=0.0)
    return {"tense": Variant(Case(seed, draw_person(seed, "null"), QUIET, seconds=900.0, extra=extra))}


def _known_shares(judged: Mapping[str, JudgedSession]) -> tuple[float, float]:
    """Return the shares of clenched and of later practice with a known state.

    Later is from 6 min on: by then there are the 30 s of clean signal that a baseline needs.
    """
    session = judged["tense"]
    known = session.is_state(State.FOCUS, State.WANDER)
    return float(known[session.between(0, 300)].mean()), float(known[session.between(360, 900)].mean())


def _tense_start(run: Run) -> list[Figure]:
    shares = np.array(simulate_and_count(run, run.people(20, 1), _tense_variants, _known_shares))
    return [
        figure("clenched for the first 5 min: shown as known then", mean_of(shares[:, 0]), at_most(0.01)),
        figure("clenched for the first 5 min: shown as known from a minute later", mean_of(shares[:, 1])),
    ]


TARGETS = (
    Target(
        "T12",
        "adversarial: clench, strain, blink, take it off",
        tricks,
        population="null, Muse, drift, hum and tonic muscle 1 uV; paired with the same sitting without the trick",
    ),
)
