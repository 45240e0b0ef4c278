"""A simulated infusion: its level over time, its effects on the signal, and its ground truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.errors import SettingsError
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.artifacts import ArtifactKind
from neurofeedback.simulation.disturbances import CLEAN, Disturbances
from neurofeedback.simulation.ground_truth import COURSE_HEADER, course_rows
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import SimulatedRecording, simulate
from neurofeedback.simulation.substance_course import WITHOUT_ARTIFACTS, SubstanceCourse, SubstanceEffects

SECONDS = 180.0
FAST = SubstanceCourse(start_s=60.0, infusion_s=30.0, half_life_s=1e7)
"""Level 1 after 30 s, and hardly any decline."""


def draw(course: SubstanceCourse | None, disturbances: Disturbances = CLEAN) -> SimulatedRecording:
    return simulate(
        Person(),
        seconds=SECONDS,
        seed=3,
        montage=load_montage("muse"),
        headset=get_headset("muse"),
        disturbances=replace(disturbances, substance=course),
    )


NOTHING = SubstanceEffects(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, math.inf)


def change(effects: SubstanceEffects, low: float, high: float) -> float:
    """Return the change of ln power in a band at level 1, relative to the session without a substance."""
    at_once = replace(FAST, effects=effects)
    powers = []
    for course in (at_once, None):
        freqs, psd = signal.welch(draw(course).data[:, 95 * 256 :], 256.0, nperseg=512)
        powers.append(np.log(psd[:, (freqs >= low) & (freqs <= high)].mean(axis=1)))
    return float(np.mean(powers[0] - powers[1]))


def test_the_level_rises_with_the_infusion_and_falls_by_half_in_a_half_life() -> None:
    course = SubstanceCourse(start_s=600.0)
    level = course.level(np.array([0.0, 600.0, 1800.0, 3000.0, 4200.0]))
    assert level.tolist() == pytest.approx([0, 0, 2 / 3, 1, 0.5])
    double = replace(course, dose_mg_per_kg=1.0)
    assert double.level(np.array([1800.0]))[0] == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    ("effects", "band_hz", "expected"),
    [
        (replace(NOTHING, alpha=-0.6), (9.0, 12.0), -0.6),
        (replace(NOTHING, gamma=0.5), (32.0, 43.0), 0.5),
        (replace(NOTHING, beta=-0.4), (16.0, 26.0), -0.4),
        (replace(NOTHING, chi=-0.2), (32.0, 43.0), 0.27),
        (replace(NOTHING, gamma=0.5), (9.0, 12.0), 0.0),
    ],
)
def test_each_effect_has_its_size_in_its_band(
    effects: SubstanceEffects, band_hz: tuple[float, float], expected: float
) -> None:
    assert change(effects, *band_hz) == pytest.approx(expected, abs=0.04)


def test_before_the_infusion_nothing_differs() -> None:
    with_it, without = draw(FAST), draw(None)
    n = 60 * 256
    assert np.array_equal(with_it.data[:, :n], without.data[:, :n])
    assert not np.array_equal(with_it.data[:, n:], without.data[:, n:])


def test_nystagmus_and_muscle_come_with_the_level() -> None:
    course = SubstanceCourse(start_s=90.0, infusion_s=60.0, dose_mg_per_kg=0.2, half_life_s=60.0)
    recording = draw(course, replace(CLEAN, tonic_uv=1.0))
    eyes = [one.onset_s for one in recording.truth.artifacts if one.kind is ArtifactKind.EYE]
    assert eyes
    assert min(eyes) > 90.0
    assert not [
        one for one in draw(replace(course, effects=WITHOUT_ARTIFACTS)).truth.artifacts if one.kind is ArtifactKind.EYE
    ]
    sos = signal.butter(4, (60.0, 90.0), "band", fs=256.0, output="sos")
    muscle = np.log(signal.sosfiltfilt(sos, recording.data[0]).astype(float) ** 2)
    assert muscle[140 * 256 : 160 * 256].mean() > muscle[: 80 * 256].mean() + 0.2


def test_the_ground_truth_has_the_course() -> None:
    rows = course_rows(draw(FAST).truth, SECONDS)
    assert len(rows) == 18
    assert all(len(row) == len(COURSE_HEADER) for row in rows)
    assert float(rows[3][1]) == 0.0
    assert float(rows[-1][COURSE_HEADER.index("change_alpha")]) == pytest.approx(-0.6 * float(rows[-1][1]), abs=1e-3)
    assert course_rows(draw(None).truth, SECONDS) == []


def test_a_source_name_can_ask_for_an_infusion() -> None:
    source = open_source("simulated:3,ketamine=0.25,start=2,minutes=30", duration_s=10.0)
    assert isinstance(source, SimulatedSource)
    assert source.truth.disturbances.substance == SubstanceCourse(120.0, 1800.0, 0.25)


@pytest.mark.parametrize(
    "name", ["ketamine", "ketamine=much", "start=3", "ketamine=3", "ketamine=.5,minutes=0", "x=1,ketamine=.5", ""]
)
def test_an_infusion_that_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="simulated"):
        open_source(f"simulated:3,{name}")
