"""What the golden data are of: simulated signals, sittings, sounds and pictures, the same at every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurofeedback.engine import EngineStart, FrameEngine
from neurofeedback.estimation.baseline_file import round_as_stored
from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.estimation.personal_baseline import (
    aggregate_baselines,
    summarize_baseline,
)
from neurofeedback.feedback.sound_bank import SoundBank, make_sound_bank
from neurofeedback.feedback.synthesis import SynthState, add_bell_hit, render
from neurofeedback.feedback.water_picture import WaterRenderer, WaterScene, advance_scene
from neurofeedback.recording import frame_log
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.settings.load import load_evidence, load_montage, load_settings
from neurofeedback.simulation.disturbances import EYES_CLOSED
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import BackgroundMode, Chunk, Command, CommandKind, Frame, Guidance, Phase

Samples = NDArray[np.float32]
READ_S = 0.37
"""Samples reach the engine in reads of this length, which divides neither a second nor a hop."""


# sittings


@dataclass(frozen=True, slots=True)
class Sat:
    """One sitting: what went in, and the frame log that came out."""

    signal: Samples
    log: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs from sitting to sitting; times in s.

    ``phases`` begin at these times, ``commands`` are the others, ``gaps`` are (start, length, row or None for all).
    """

    family: str = "muse"
    seconds: float = 24.0
    profile: str = "default"
    evidence: str = ""
    phases: Mapping[Phase, float] | None = None
    commands: tuple[tuple[float, CommandKind, str], ...] = ()
    gaps: tuple[tuple[float, float, int | None], ...] = ()
    own_baseline: bool = False
    changes: Mapping[str, Mapping[str, object]] | None = None


PHASES = {Phase.BASELINE: 2.0, Phase.PRACTICE: 12.0, Phase.TRANSFER: 20.0, Phase.DEBRIEF: 22.5}
LONG_PHASES = {Phase.BASELINE: 2.0, Phase.PRACTICE: 16.0, Phase.TRANSFER: 36.0, Phase.DEBRIEF: 38.5}
GAPS = (
    (5.0, 0.012, None), (7.0, 0.045, None), (9.1, 0.2, None), (13.0, 0.3, 1),
    (18.0, 0.02, None), (19.5, 0.05, 2), (21.0, 0.4, None), (24.0, 0.8, None), (30.0, 2.5, None), (34.5, 1.0, 0),
)  # fmt: skip
FEW_ANSWERS = DecoderWeights((("theta_frontal", 0.4), ("beta_all", -0.5), ("alpha_posterior", 0.1)), 12)
MANY_ANSWERS = DecoderWeights((("theta_frontal", -0.3), ("chi_all", 0.6), ("beta_all", 0.2)), 150, 0.68, 0.77, 0.8)
SITTINGS: Mapping[str, Plan] = {
    "muse": Plan(),
    "cyton": Plan(family="cyton", evidence="expert-fm-theta"),
    "fast": Plan(profile="fast"),
    "gaps": Plan(seconds=40.0, phases=LONG_PHASES, gaps=GAPS),
    "decoder": Plan(
        commands=(
            (13.1, CommandKind.DECODER, FEW_ANSWERS.to_json()),
            (17.3, CommandKind.DECODER, MANY_ANSWERS.to_json()),
            (21.0, CommandKind.DECODER, ""),
        )
    ),
    "pause": Plan(
        commands=(
            (6.0, CommandKind.PAUSE, "on"),
            (7.2, CommandKind.PAUSE, "off"),
            (14.6, CommandKind.PAUSE, "on"),
            (17.0, CommandKind.PAUSE, "off"),
        )
    ),
    "rest and controls": Plan(
        family="ganglion",
        phases={Phase.BASELINE: 2.0, Phase.PRACTICE: 12.0, Phase.REST: 18.0, Phase.TRANSFER: 21.0},
        commands=((13.0, CommandKind.TARGET_RATE, "0.4"), (15.0, CommandKind.TONE_DEPTH, "0.5")),
    ),
    "own baseline": Plan(
        evidence="breath-novice",
        own_baseline=True,
        commands=((15.0, CommandKind.BASELINE, "own"), (18.0, CommandKind.BASELINE, "session")),
        changes={
            "features": {"complexity": True},
            "bell": {"enabled": True, "min_confidence": 0.0, "min_likelihood": 0.3, "dwell_s": 0.5},
        },
    ),
    "late baseline": Plan(
        family="cyton-daisy",
        seconds=40.0,
        phases={Phase.BASELINE: 1.0, Phase.PRACTICE: 2.0},
        changes={"baseline": {"late_clean_s": 20.0}},
    ),
}


@cache
def sitting(name: str) -> Sat:
    """Run a sitting of ``SITTINGS``."""
    plan = SITTINGS[name]
    signal = holed(simulated(plan), plan)
    profile = _profile(plan)
    engine = FrameEngine(HEADSETS[plan.family].sfreq, profile, _start(plan, profile))
    frames = run(engine, signal, plan)
    return Sat(signal, "".join([frame_log.format_header(engine.columns), *map(frame_log.format_row, frames)]))


def simulated(plan: Plan, seed: int = 41) -> Samples:
    """Simulate the signal of a sitting, with artifacts, in uV."""
    device = HEADSETS[plan.family]
    return simulate(
        draw_person(seed),
        seconds=plan.seconds,
        seed=seed,
        montage=load_montage(device.montage),
        headset=device,
        disturbances=replace(EYES_CLOSED, blink_every_s=9.0),
    ).data.astype(np.float32)


def holed(signal: Samples, plan: Plan) -> Samples:
    """Lose samples where the plan says so."""
    sfreq, out = HEADSETS[plan.family].sfreq, signal.copy()
    for start_s, length_s, row in plan.gaps:
        start = round(start_s * sfreq)
        out[slice(None) if row is None else row, start : start + round(length_s * sfreq)] = np.nan
    return out


def run(engine: FrameEngine, signal: Samples, plan: Plan) -> list[Frame]:
    """Push a signal in reads, each with the commands that fall into it."""
    sfreq = engine.sfreq
    phases = plan.phases or PHASES
    waiting = [
        *(Command(round(at_s * sfreq), CommandKind.PHASE, phase) for phase, at_s in phases.items()),
        *(Command(round(at_s * sfreq), kind, value) for at_s, kind, value in plan.commands),
    ]
    frames: list[Frame] = []
    step = round(READ_S * sfreq)
    for start in range(0, signal.shape[1], step):
        stop = min(start + step, signal.shape[1])
        due = [command for command in waiting if start <= command.sample < stop]
        frames += engine.process(Chunk(start, signal[:, start:stop]), due)
    return frames


def _profile(plan: Plan) -> Profile:
    base = load_settings(plan.profile)
    changed = {
        section: getattr(base, section).model_copy(update=dict(values))
        for section, values in (plan.changes or {}).items()
    }
    settings = base.model_copy(update=changed)
    return Profile(
        settings=Settings.model_validate(settings.model_dump()),
        montage=load_montage(HEADSETS[plan.family].montage),
        evidence=load_evidence(plan.evidence or settings.index.evidence),
    )


def _start(plan: Plan, profile: Profile) -> EngineStart:
    """Return what the person brings along: nothing, or a baseline kept of three sittings alike."""
    if not plan.own_baseline:
        return EngineStart()
    before = replace(plan, seconds=80.0, phases={Phase.BASELINE: 1.0, Phase.PRACTICE: 79.5}, commands=())
    engine = FrameEngine(HEADSETS[plan.family].sfreq, _profile(replace(plan, changes=None)))
    run(engine, simulated(before, 51), before)
    assert engine.baseline is not None
    one = summarize_baseline(engine.baseline, profile.montage, profile.settings.phases.eyes)
    past = [replace(one, level=one.level + shift, mu=one.mu + shift) for shift in (-0.2, 0.0, 0.3)]
    personal = aggregate_baselines(past, profile.montage, profile.settings.phases.eyes)
    assert personal is not None
    return EngineStart(personal_baseline=round_as_stored(personal))


def signal_summary(signal: Samples) -> dict[str, list[float]]:
    """Sum up a signal by channel, in uV: enough to see whether it is the same."""
    finite = [row[np.isfinite(row)].astype(np.float64) for row in signal]
    return {
        "n_samples": [float(signal.shape[1])],
        "n_lost": [float(np.isnan(row).sum()) for row in signal],
        "first": [float(row[0]) for row in finite],
        "last": [float(row[-1]) for row in finite],
        "rms": [float(np.sqrt(np.mean(row**2))) for row in finite],
        "mean": [float(row.mean()) for row in finite],
        "step_rms": [float(np.sqrt(np.mean(np.diff(row) ** 2))) for row in finite],
    }


# sounds

SOUND_S = 1.0
EVERY = 23
"""Every so many samples of a sound are stored, with the power of all of them by band."""
BAND_EDGES_HZ = (20, 60, 120, 180, 220, 400, 800, 1600, 3200, 6400, 12800, 24000)
OWN = Guidance()
HALF = Guidance(tone_gain=0.25, brightness=0.2)
FULL = Guidance(tone_gain=1.0, brightness=1.0)
LAYERS = Guidance(tone_gain=0.4, brightness=0.4, reward=True, drowsy=True)
UNSURE = Guidance(tone_gain=0.15625, brightness=0.15625, background=BackgroundMode.NEUTRAL, immediate=True)
LOST = Guidance(background=BackgroundMode.LOST, immediate=True)


@cache
def sounds() -> dict[str, Samples]:
    """Render a second of every sound, ``(n_samples, 2)`` by name."""
    made: dict[str, Samples] = {}
    for bed in ("rain", "wind", "drone"):
        on = make_sound_bank(AudioSettings(background=bed))
        made |= {f"bed {bed}, {name}": _held(on, guidance, 3.0) for name, guidance in _COLOURS.items()}
    tone = make_sound_bank(
        AudioSettings(
            background="drone", background_lufs=-70.0, reward_layer=True, drowsiness_shimmer=True, sfreq_hz=44100
        )
    )
    made |= {f"tone {name}": _held(tone, guidance, 7.0) for name, guidance in _TONES.items()}
    made["tone rising"] = _second(tone, SynthState(), FULL)
    made |= {f"bell {bell}": _second(tone, add_bell_hit(SynthState(), bell), OWN) for bell in tone.bells}
    return made


_COLOURS = {"own": OWN, "neutral": UNSURE, "lost": LOST}
_TONES = {"half": HALF, "full": FULL, "with all layers": LAYERS}


def _held(on: SoundBank, guidance: Guidance, after_s: float) -> Samples:
    """Render a second under one guidance, which has held for so long (s) that every gain has arrived."""
    state, _ = render(on, SynthState(), guidance, round(after_s * on.sfreq))
    return _second(on, state, guidance)


def _second(on: SoundBank, state: SynthState, guidance: Guidance) -> Samples:
    return render(on, state, guidance, round(SOUND_S * on.sfreq))[1]


def sound_summary(sound: Samples) -> dict[str, NDArray[np.float64]]:
    """Return what is stored of a sound: some of its samples, and the amplitude (rms) of both channels by band."""
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64), axis=0)) ** 2 * 2 / len(sound) ** 2
    edges = [round(hz * SOUND_S) for hz in BAND_EDGES_HZ]
    bands = [np.sqrt(spectrum[low:high].sum(axis=0)) for low, high in pairwise(edges)]
    return {"samples": sound[::EVERY].astype(np.float64), "bands": np.stack(bands)}


# pictures


@cache
def pictures() -> dict[str, NDArray[np.uint8]]:
    """Draw the water in some states, every fourth point of the usual size."""
    water = WaterRenderer()
    scenes = {
        "still": WaterScene(),
        "ripples": WaterScene(ripple=0.6, time_s=12.5),
        "mist": WaterScene(ripple=0.3, mist=0.8, time_s=31.0),
        "on its way": advance_scene(advance_scene(WaterScene(time_s=4.0), 0.9, 0.5, 0.7), 0.1, 0.0, 1.1),
    }
    small = WaterRenderer(64, 32, seed=5)
    made = {name: water.render(scene)[::4, ::4].copy() for name, scene in scenes.items()}
    return made | {"small": small.render(scenes["ripples"])}
