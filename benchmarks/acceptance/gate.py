"""T11: hits and false alarms of the gate on artifacts of known onset and size, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.gating import Gated, gated
from benchmarks.acceptance.judged_sessions import PRACTICE_S, Case, headset, simulate_case, stream_of
from benchmarks.acceptance.statistics import Estimate, pooled, share_of
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.artifacts import POP_S, Artifact, ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import EYES_CLOSED, NEVER
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.scalp import ScalpGains, scalp_of
from neurofeedback.simulation.simulated_meditator import SimulatedSession
from neurofeedback.types import StreamInfo

ALPHAS_UV = (5.0, 10.0, 15.0)
RATES = (125.0, 200.0, 250.0, 256.0, 500.0, 1000.0, 2000.0)
RULE = {ArtifactKind.BLINK: "blink", ArtifactKind.MUSCLE: "muscle", ArtifactKind.POP: "pop"}
WORTH_UV = {ArtifactKind.BLINK: 60.0, ArtifactKind.MUSCLE: 8.0, ArtifactKind.POP: 0.0}
BLOCK_RULES = ("blink", "muscle", "pop", "wide", "flat", "railed", "lost", "settling")
CHANNEL_RULES = ("noisy", "broken", "mains")
_LATE_S = 0.5  # causal filters and medians answer a little late
_RINGS_S = 3.0  # after an artifact, until its last trace has left every trailing window
_EVERY_S, _SECONDS = 10.0, 600.0
QUIET = replace(
    EYES_CLOSED, blink_every_s=25.0, burst_every_s=NEVER, pop_every_s=NEVER, broken_every_s=NEVER, band_drift=0.0
)


def planted(scalp: ScalpGains, seed: int, seconds: float) -> tuple[Artifact, ...]:
    """Plant a blink, a burst of muscle and a pop in turn, every 10 s of practice, of random size."""
    rng = np.random.default_rng((seed, 99))
    out: list[Artifact] = []
    for number, onset in enumerate(np.arange(PRACTICE_S + 5, seconds - 5, _EVERY_S).tolist()):
        kind = (ArtifactKind.BLINK, ArtifactKind.MUSCLE, ArtifactKind.POP)[number % 3]
        if kind is ArtifactKind.POP:
            size = float(rng.choice([-1.0, 1.0]) * rng.uniform(150, 600))
            out.append(Artifact(kind, onset, POP_S, (int(rng.integers(scalp.blink.size)),), size))
        else:
            duration, largest = (0.35, 140.0) if kind is ArtifactKind.BLINK else (float(rng.uniform(0.5, 3)), 40.0)
            out.append(make_artifact(kind, onset, duration, float(rng.uniform(WORTH_UV[kind], largest)), scalp))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Count:
    """Of one person: artifacts hit by any rule and by their own, and how many there were; muscle blocks caught."""

    any_rule: dict[ArtifactKind, tuple[int, int]]
    own_rule: dict[ArtifactKind, tuple[int, int]]
    covered: tuple[int, int]
    false: dict[str, tuple[int, int]]


def count(seed: int, alpha_uv: float, sfreq: float = 256.0, seconds: float = _SECONDS) -> Count:
    """Simulate one person and count the gate's hits and false alarms."""
    device, montage = headset("muse")
    person = replace(draw_person(seed, "null"), alpha_uv=alpha_uv)
    extra = planted(scalp_of(montage), seed, seconds)
    case = Case(seed, person, QUIET, seconds=seconds, extra=extra)
    made = simulate_case(case, sfreq=None if sfreq == device.sfreq else sfreq)
    _, profile = resolve(Settings(), stream_of("muse", sfreq))
    return tally(gated(made.data, sfreq, profile), made.truth)


def tally(judged: Gated, truth: SimulatedSession) -> Count:
    """Compare the gate's results with the truth."""
    shown = [one for one in truth.artifacts if one.onset_s >= PRACTICE_S]
    hits = {kind: [0, 0, 0] for kind in RULE}
    covered = [0, 0]
    for one in shown:
        if one.kind not in RULE or abs(one.size_uv) < WORTH_UV[one.kind] or _crowded(one, shown):
            continue
        rows, channels = judged.rows(one.onset_s, one.stop_s + _LATE_S), list(one.channels)
        hits[one.kind][0] += bool(judged.bad[rows][:, channels].any(axis=0).all())
        hits[one.kind][1] += bool(judged.reasons[RULE[one.kind]][rows][:, channels].any(axis=0).all())
        hits[one.kind][2] += 1
        if one.kind is ArtifactKind.MUSCLE:
            inside = judged.rows(one.onset_s + 0.25 * one.duration_s, one.stop_s - 0.25 * one.duration_s)
            covered[0] += int(judged.bad[inside][:, channels].sum())
            covered[1] += judged.bad[inside][:, channels].size
    return Count(
        any_rule={kind: (k[0], k[2]) for kind, k in hits.items()},
        own_rule={kind: (k[1], k[2]) for kind, k in hits.items()},
        covered=(covered[0], covered[1]),
        false=_false_alarms(judged, truth),
    )


def _crowded(one: Artifact, others: list[Artifact]) -> bool:
    return any(
        other is not one and other.onset_s < one.stop_s + 1 and other.stop_s > one.onset_s - _RINGS_S
        for other in others
    )


def _false_alarms(judged: Gated, truth: SimulatedSession) -> dict[str, tuple[int, int]]:
    clean = judged.onset > PRACTICE_S
    for one in truth.artifacts:
        clean &= ~((judged.onset > one.onset_s) & (judged.onset - 0.25 < one.stop_s + _RINGS_S))
    n = int(clean.sum()) * judged.bad.shape[1]
    out = {rule: (int(flags[clean].sum()), n) for rule, flags in judged.reasons.items()}
    return out | {"any": (int(judged.bad[clean].sum()), n), "out": (int(judged.out[clean].sum()), n)}


def gate(run: Run) -> list[Figure]:
    """Hits by kind and false alarms by rule, at three amounts of alpha."""
    out: list[Figure] = []
    for alpha_uv in ALPHAS_UV:
        counts = run.map(partial(count, alpha_uv=alpha_uv), list(run.people(20, 2)))
        out += _rows(f"alpha {alpha_uv:g} uV", counts)
    return [*out, *_rates(run), *_broken(run)]


def _rows(where: str, counts: list[Count]) -> list[Figure]:
    goals = {ArtifactKind.BLINK: (0.98, "1.00"), ArtifactKind.MUSCLE: (0.95, ".965"), ArtifactKind.POP: (0.99, "1.00")}
    out = [
        figure(
            f"{where}: {kind}, hit",
            pooled([one.any_rule[kind] for one in counts]),
            at_least(goal),
            known=known,
            of=f"{kind}s",
        )
        for kind, (goal, known) in goals.items()
    ]
    out += [
        figure(f"{where}: {kind}, hit by its own rule", pooled([one.own_rule[kind] for one in counts]), of=f"{kind}s")
        for kind in goals
    ]
    out.append(
        figure(f"{where}: muscle, blocks caught", pooled([one.covered for one in counts]), of="blocks x channels")
    )
    out.append(
        figure(
            f"{where}: clean blocks called bad",
            pooled([one.false["any"] for one in counts]),
            at_most(0.02),
            known=".006",
            of="blocks x channels",
        )
    )
    return out + [
        figure(
            f"{where}: clean blocks, {rule} rule", pooled([one.false[rule] for one in counts]), of="blocks x channels"
        )
        for rule in (*BLOCK_RULES, *CHANNEL_RULES)
    ]


def _rates(run: Run) -> list[Figure]:
    out: list[Figure] = []
    for sfreq in (125.0, 2000.0) if run.fast else RATES:
        counts = run.map(partial(count, alpha_uv=10.0, sfreq=sfreq, seconds=300.0), list(run.people(20, 1)))
        for kind, goal in ((ArtifactKind.BLINK, 0.98), (ArtifactKind.MUSCLE, 0.95), (ArtifactKind.POP, 0.99)):
            estimate = pooled([one.any_rule[kind] for one in counts])
            out.append(figure(f"{sfreq:g} Hz: {kind}, hit", estimate, at_least(goal), of=f"{kind}s"))
        false = pooled([one.false["any"] for one in counts])
        out.append(figure(f"{sfreq:g} Hz: clean blocks called bad", false, at_most(0.02), of="blocks x channels"))
    return out


def broken_after_s(seed: int) -> list[float]:
    """Return the detection time (s) of a broken electrode for each channel; infinite if over 20 s."""
    out: list[float] = []
    stream = stream_of("muse")
    _, profile = resolve(Settings(), StreamInfo("broken", stream.sfreq, stream.ch_names, montage="muse"))
    for row in range(stream.n_channels):
        size = float(np.random.default_rng((seed, row)).uniform(50, 170))
        electrode = Artifact(ArtifactKind.BROKEN, PRACTICE_S + 10, 20.0, (row,), size)
        case = Case(seed, draw_person(seed, "null"), QUIET, seconds=190.0, extra=(electrode,))
        judged = gated(simulate_case(case).data, stream.sfreq, profile)
        flagged = (judged.onset > electrode.onset_s) & judged.out[:, row]
        out.append(float(judged.onset[np.argmax(flagged)] - electrode.onset_s) if flagged.any() else np.inf)
    return out


def _broken(run: Run) -> list[Figure]:
    waits = np.concatenate(run.map(broken_after_s, list(run.people(20, 1))))
    in_time = share_of(waits <= 10.0)
    worst = Estimate(float(waits.max()), n=len(waits))
    return [
        figure("broken electrode flagged within 10 s", in_time, at_least(0.99), of="electrodes"),
        figure("broken electrode flagged, latest", worst, unit="s", of="electrodes"),
    ]


TARGETS = (
    Target(
        "T11",
        "gate: hits and false alarms, rule by rule",
        gate,
        population="null, Muse, eyes closed with tonic muscle 1 uV, drift and hum; an artifact planted every 10 s",
    ),
)
