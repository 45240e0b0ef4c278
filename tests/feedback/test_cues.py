"""Cues: only when asked for, only after the state has lasted for a while, and seldom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from neurofeedback.engine import FrameEngine
from neurofeedback.feedback.cues import CalmSign, WanderingBell
from neurofeedback.settings.audio_feedback import BellSettings, CalmSettings
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.types import Chunk, Command, CommandKind, Phase, State, StreamInfo

HOP_S = 0.25
DWELL, REFRACTORY = 16, 80


def rung(n: int, settings: BellSettings | None = None, **how: object) -> list[int]:
    bell = WanderingBell(settings or BellSettings(enabled=True), HOP_S)
    given = {"u": 2.0, "confidence": 0.7, "state": State.WANDER, "feedback": True} | how
    return [k for k in range(n) if bell.update(**given)]  # type: ignore[arg-type]


def test_bell_rings_after_dwell_time_and_then_waits_for_refractory_time() -> None:
    assert rung(400) == [DWELL - 1 + k * (REFRACTORY + 1) for k in range(5)]


@pytest.mark.parametrize(
    "how",
    [
        {"u": 1.4},
        {"u": math.nan},
        {"confidence": 0.59},
        {"state": State.UNKNOWN},
        {"state": State.FOCUS},
        {"feedback": False},
        {"settings": BellSettings()},
    ],
)
def test_bell_needs_every_condition(how: dict[str, object]) -> None:
    assert rung(200, **how) == []  # type: ignore[arg-type]


def test_dwell_time_restarts_after_an_uncertain_frame() -> None:
    bell = WanderingBell(BellSettings(enabled=True), HOP_S)
    hits = [bell.update(0.0 if k == DWELL - 1 else 2.0, 1.0, State.WANDER, feedback=True) for k in range(2 * DWELL)]
    assert [k for k, rings in enumerate(hits) if rings] == [2 * DWELL - 1]


def test_engine_puts_the_bell_into_guidance_and_frame_log() -> None:
    settings = Settings(bell=BellSettings(enabled=True, min_likelihood=0.01, min_confidence=0.0, dwell_s=0.25))
    sure = settings.model_copy(update={"threshold": settings.threshold.model_copy(update={"target_rate": 0.1})})
    stream, profile = resolve(sure, StreamInfo("x", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse"))
    engine = FrameEngine(stream.sfreq, profile)
    noise = np.random.default_rng(1).normal(0, 2, (4, 256 * 60))
    data = lfilter([1.0], [1.0, -0.95], noise).astype(np.float32)
    commands = [
        Command(256, CommandKind.PHASE, Phase.BASELINE),
        Command(256 * 25, CommandKind.PHASE, Phase.PRACTICE),
    ]
    frames = engine.process(Chunk(0, data), commands)
    at = engine.columns.index("bell")
    assert [frame.guidance.bell for frame in frames] == [frame.values[at] == 1.0 for frame in frames]
    assert any(frame.guidance.bell for frame in frames)
    assert "bell" not in FrameEngine(256.0, profile.model_copy(update={"settings": Settings()})).columns


def calm_frames(n: int, settings: CalmSettings | None = None, **how: object) -> list[int]:
    sign = CalmSign(settings or CalmSettings(enabled=True), HOP_S)
    given = {"confidence": 0.7, "state": State.FOCUS, "feedback": True} | how
    return [k for k in range(n) if sign.update(**given)]  # type: ignore[arg-type]


def test_sign_of_calm_sounds_for_its_length_after_ten_seconds_of_focus_and_then_waits() -> None:
    begins = 39, 39 + 32 + 120 + 1
    assert calm_frames(300) == [first + k for first in begins for k in range(32)]


@pytest.mark.parametrize(
    "how",
    [
        {"confidence": 0.0},
        {"state": State.UNKNOWN},
        {"state": State.LOST},
        {"state": State.WANDER},
        {"feedback": False},
        {"settings": CalmSettings()},
    ],
)
def test_sign_of_calm_needs_every_condition(how: dict[str, object]) -> None:
    assert calm_frames(300, **how) == []  # type: ignore[arg-type]


def test_sign_of_calm_ends_with_the_focus_and_does_not_go_on_after_it() -> None:
    sign = CalmSign(CalmSettings(enabled=True), HOP_S)
    states = [State.FOCUS] * 45 + [State.UNKNOWN] + [State.FOCUS] * 50
    assert [k for k, state in enumerate(states) if sign.update(1.0, state, feedback=True)] == list(range(39, 45))
