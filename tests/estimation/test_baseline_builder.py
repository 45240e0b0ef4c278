"""A baseline that its phase could not give goes on in practice: once, from clean frames, the same however cut."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.engine import FrameEngine
from neurofeedback.recording.frame_log import format_row
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.estimation import BaselineSettings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.artifacts import ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.scalp import scalp_of
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import Chunk, Command, CommandKind, Frame, Phase, State

MUSE = load_montage("muse")
SETTINGS = Settings(baseline=BaselineSettings(late_clean_s=12.0, late_window_s=60.0))
PROFILE = Profile(settings=SETTINGS, montage=MUSE, evidence=load_evidence("breath-novice"))
SFREQ = 256
CLENCHED_S = 70.0
SECONDS = 110.0
CLENCH = tuple(
    make_artifact(ArtifactKind.MUSCLE, at, 2.0, 20.0, scalp_of(MUSE)) for at in np.arange(0.0, CLENCHED_S - 2, 1.7)
)
KNOWN = {State.FOCUS, State.WANDER}


def sitting(clenched: bool) -> np.ndarray:
    extra = CLENCH if clenched else ()
    return simulate(
        Person(),
        seconds=SECONDS,
        seed=3,
        montage=MUSE,
        headset=HEADSETS["muse"],
        disturbances=CLEAN,
        extra_artifacts=extra,
    ).data


TENSE = sitting(clenched=True)


def phases(*planned: tuple[float, Phase]) -> list[Command]:
    return [Command(round(at_s * SFREQ), CommandKind.PHASE, phase) for at_s, phase in planned]


ONE_BASELINE = phases((5, Phase.BASELINE), (53, Phase.PRACTICE))


def sat(
    data: np.ndarray, commands: list[Command], sizes: list[int] | None = None, profile: Profile = PROFILE
) -> tuple[FrameEngine, list[Frame]]:
    engine, frames, at = FrameEngine(SFREQ, profile), [], 0
    for size in sizes or [data.shape[1]]:
        frames += engine.process(Chunk(at, data[:, at : at + size]), commands if at == 0 else ())
        at += size
    return engine, frames


@pytest.fixture(scope="module")
def tense() -> tuple[FrameEngine, list[Frame]]:
    return sat(TENSE, ONE_BASELINE)


def test_baseline_is_built_after_initial_muscle_activity_ends(
    tense: tuple[FrameEngine, list[Frame]],
) -> None:
    engine, frames = tense
    known = [frame.onset for frame in frames if frame.state in KNOWN]
    assert CLENCHED_S + 12.0 <= known[0] <= CLENCHED_S + 12.0 + 10.0
    assert all(frame.state in KNOWN for frame in frames if frame.onset > known[0])
    assert engine.baseline is not None
    assert engine.baseline.quality == pytest.approx(engine.baseline.clean_s / 60.0)
    assert 12.0 <= engine.baseline.clean_s <= 22.0


@pytest.mark.long
def test_a_later_baseline_phase_is_made_of_its_own_frames(tense: tuple[FrameEngine, list[Frame]]) -> None:
    engine, _ = sat(TENSE, [*ONE_BASELINE, *phases((92, Phase.BASELINE), (108, Phase.PRACTICE))])
    assert engine.baseline is not None
    assert tense[0].baseline is not None
    assert 10.0 < engine.baseline.clean_s <= 16.0
    assert engine.late_baseline_sample == tense[0].late_baseline_sample


def test_baseline_excludes_muscle_activity(tense: tuple[FrameEngine, list[Frame]]) -> None:
    calm, _ = sat(
        sitting(clenched=False)[:, round(CLENCHED_S * SFREQ) :], phases((2, Phase.BASELINE), (30, Phase.PRACTICE))
    )
    assert calm.baseline is not None
    assert tense[0].baseline is not None
    assert np.abs(np.log(tense[0].baseline.emg_median / calm.baseline.emg_median)).max() < 0.3


@pytest.mark.long
@pytest.mark.parametrize("n", [64, 1237])
def test_it_does_not_depend_on_chunks(tense: tuple[FrameEngine, list[Frame]], n: int) -> None:
    _, cut = sat(TENSE, ONE_BASELINE, [n] * (TENSE.shape[1] // n))
    assert [format_row(frame) for frame in cut] == [format_row(frame) for frame in tense[1][: len(cut)]]


def test_without_clean_signal_it_stays_unknown_and_forgets_what_is_long_past() -> None:
    data = np.tile(TENSE[:, : 60 * SFREQ], 3)
    engine, frames = sat(data, ONE_BASELINE)
    assert {frame.state for frame in frames} == {State.UNKNOWN}
    assert engine.baseline is None
    assert engine._baseline_builder._collector.n_frames * 0.25 <= 60.0 + 16.0


def test_it_ends_with_practice() -> None:
    engine, frames = sat(TENSE, [*ONE_BASELINE, *phases((75, Phase.DEBRIEF))])
    assert engine.baseline is None
    assert frames[-1].state is State.UNKNOWN


def test_a_phase_with_a_quarter_of_clean_signal_is_enough_by_itself() -> None:
    late = TENSE[:, round((CLENCHED_S - 20) * SFREQ) :]
    engine, frames = sat(late, phases((0.5, Phase.BASELINE), (45, Phase.PRACTICE)))
    assert engine.baseline is not None
    assert all(frame.state in KNOWN for frame in frames if frame.onset > 46)


@pytest.mark.long
def test_second_baseline_with_too_little_signal_is_ignored() -> None:
    calm = sitting(clenched=False)
    data = np.concatenate([calm[:, : 40 * SFREQ], TENSE[:, : 30 * SFREQ], calm[:, 70 * SFREQ :]], axis=1)
    planned = ((2, Phase.BASELINE), (38, Phase.PRACTICE), (41, Phase.BASELINE), (69, Phase.PRACTICE))
    first, _ = sat(data[:, : 40 * SFREQ], phases(*planned[:2]))
    engine, _ = sat(data, phases(*planned))
    assert engine.baseline is not None
    assert first.baseline is not None
    assert engine.baseline.clean_s == first.baseline.clean_s
    assert engine.baseline.iaf_hz == first.baseline.iaf_hz
