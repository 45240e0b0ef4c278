"""A decoder's weights in the engine: nothing learned changes nothing, a refit changes what it says it changes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.engine import EngineStart, FrameEngine
from neurofeedback.errors import SettingsError
from neurofeedback.estimation.confidence import model_trust
from neurofeedback.estimation.decoder_weights import DecoderWeights, parse_decoder_weights
from neurofeedback.estimation.drowsiness import DrowsinessFlag, DrowsinessSigns, fit_drowsiness_level
from neurofeedback.estimation.index import IndexSmoother, weighted_sum
from neurofeedback.estimation.index_model import build_index_model
from neurofeedback.processing.features import FEATURES
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.estimation import DecoderSettings, DrowsinessSettings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import Chunk, Command, CommandKind, Frame, Phase

SFREQ = 256.0
SETTINGS = Settings()
PROFILE = Profile(settings=SETTINGS, montage=load_montage("muse"), evidence=load_evidence("default"))
MU = dict(zip(PROFILE.evidence.feature_names, PROFILE.evidence.mu, strict=True))
NAMES = list(FEATURES)
LEARNED = DecoderWeights((("alpha_posterior", -0.8), ("chi_all", 0.3)), 45, 0.62, 0.7)
PHASES = (
    Command(round(10 * SFREQ), CommandKind.PHASE, Phase.BASELINE),
    Command(round(40 * SFREQ), CommandKind.PHASE, Phase.PRACTICE),
)


@lru_cache
def signal() -> NDArray[np.float32]:
    made = simulate(
        Person(), seconds=100.0, seed=2, montage=PROFILE.montage, headset=HEADSETS["muse"], disturbances=CLEAN
    )
    return made.data.astype(np.float32)


def run(
    *commands: Command, start: str = "", cuts: tuple[int, ...] = (), profile: Profile = PROFILE
) -> tuple[FrameEngine, list[Frame]]:
    engine = FrameEngine(SFREQ, profile, EngineStart(decoder=parse_decoder_weights(start)))
    frames: list[Frame] = []
    waiting: tuple[Command, ...] = (*PHASES, *commands)
    for first, last in pairwise((0, *cuts, signal().shape[1])):
        frames += engine.process(Chunk(first, signal()[:, first:last]), waiting)
        waiting = ()
    return engine, frames


def refit(at_s: float, drive: DecoderWeights | str) -> Command:
    value = drive if isinstance(drive, str) else drive.to_json()
    return Command(round(at_s * SFREQ), CommandKind.DECODER, value)


def us(frames: list[Frame]) -> NDArray[np.float64]:
    return np.array([frame.index_u for frame in frames])


@pytest.mark.long
def test_untrained_decoder_gives_the_evidence_profile_index_exactly() -> None:
    assert repr(run()[1]) == repr(run(refit(60, ""))[1]) == repr(run(start="")[1])


def test_weights_in_the_direction_of_the_profile_make_the_profile_s_index() -> None:
    engine, plain = run()
    assert engine.baseline is not None
    all_features = engine.baseline.weights.for_available(np.ones(3, dtype=bool))
    assert all_features is not None
    same = DecoderWeights(tuple(zip(MU, (0.37 * all_features).tolist(), strict=True)), 0)
    np.testing.assert_allclose(us(run(start=same.to_json())[1]), us(plain), rtol=1e-4, atol=1e-5)


def test_start_decoder_is_used_from_the_first_index() -> None:
    engine, frames = run(start=LEARNED.to_json())
    baseline = engine.baseline
    assert baseline is not None
    index = build_index_model(baseline, [], LEARNED, SETTINGS)
    assert [NAMES[k] for k in index.columns] == ["alpha_posterior", "chi_all"]
    smoother = IndexSmoother(SETTINGS.index, 0.25)
    smooth = [smoother.update(weighted_sum(row, index.weights)) for row in baseline.z[:, index.columns]]
    seen = np.array(smooth)[np.isfinite(smooth)]
    assert index.scale.middle == pytest.approx(np.median(seen), abs=0.05)
    first = next(frame for frame in frames if math.isfinite(frame.index_u))
    assert first.onset == pytest.approx(40, abs=1)
    assert first.threshold == pytest.approx(index.scale.u(index.scale.quantile), abs=0.05)


@pytest.mark.long
def test_a_refit_holds_from_its_sample_on_and_runs_the_last_twenty_seconds_again() -> None:
    """From then on the index is the one it would have been from the start, but for what 20 s leave of the past."""
    late, early = run(refit(80, LEARNED))[1], run(start=LEARNED.to_json())[1]
    plain = run()[1]
    at = np.array([frame.sample for frame in plain])
    before, after = at < 80 * SFREQ, at >= 80 * SFREQ
    np.testing.assert_array_equal(us(late)[before], us(plain)[before])
    np.testing.assert_allclose(us(late)[after], us(early)[after], atol=0.03)
    assert np.abs(us(late)[after] - us(plain)[after]).max() > 0.3


@pytest.mark.long
def test_empty_decoder_command_restores_the_evidence_profile_index() -> None:
    frames, plain = run(refit(70, ""), start=LEARNED.to_json())[1], run()[1]
    late = [frame.onset > 95 for frame in plain]
    np.testing.assert_allclose(us(frames)[late], us(plain)[late], atol=0.03)


@pytest.mark.long
@pytest.mark.parametrize("cuts", [tuple(range(1024, 25600, 1024)), (1, 20479, 20480, 20481, 21000)])
def test_refit_does_not_depend_on_chunks(cuts: tuple[int, ...]) -> None:
    command = refit(80, LEARNED)
    assert repr(run(command, cuts=cuts)[1]) == repr(run(command)[1])


@pytest.mark.long
def test_confidence_follows_how_well_the_decoder_does() -> None:
    good = run(start=replace(LEARNED, auc=0.65, auc_high=0.75, n_answers=240).to_json())[1][-1]
    worse = run(start=replace(LEARNED, auc=0.40, auc_high=0.48).to_json())[1][-1]
    unknown = run(start=replace(LEARNED, auc=None, auc_high=None).to_json())[1][-1]
    assert good.confidence / unknown.confidence == pytest.approx(0.8 / 0.2)
    assert worse.confidence == 0
    assert unknown.confidence == pytest.approx(run()[1][-1].confidence)


@pytest.mark.long
def test_frame_log_columns_do_not_depend_on_the_decoder() -> None:
    assert run()[0].columns == run(start=LEARNED.to_json())[0].columns


def test_features_the_baseline_never_saw_are_left_out() -> None:
    engine, _ = run()
    assert engine.baseline is not None
    unseen = np.where(np.arange(len(NAMES)) == NAMES.index("alpha_posterior"), np.nan, engine.baseline.mu)
    baseline = replace(engine.baseline, mu=unseen)
    assert [NAMES[k] for k in build_index_model(baseline, [], LEARNED, SETTINGS).columns] == ["chi_all"]
    only = DecoderWeights((("alpha_posterior", 1.0),), 3)
    assert build_index_model(baseline, [1, 2], only, SETTINGS).columns == [1, 2]
    assert build_index_model(engine.baseline, [1, 2], DecoderWeights((("chi_all", 0.0),), 3), SETTINGS).columns == [
        1,
        2,
    ]


def test_a_baseline_too_short_for_the_decoder_s_features_leaves_the_profile_s_index() -> None:
    engine, _ = run()
    assert engine.baseline is not None
    short = replace(engine.baseline, z=engine.baseline.z[:4])
    assert build_index_model(short, [1], LEARNED, SETTINGS).columns == [1]


def test_a_drive_reads_back_as_it_was_written() -> None:
    assert parse_decoder_weights(LEARNED.to_json()) == LEARNED
    assert parse_decoder_weights("") is None
    assert parse_decoder_weights("n/a") is None  # how events.tsv writes that nothing is known


DOCUMENT = json.loads(LEARNED.to_json())


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        json.dumps(DOCUMENT | {"more": 1}),
        json.dumps({key: value for key, value in DOCUMENT.items() if key != "auc"}),
        json.dumps(DOCUMENT | {"weights": {"nonsense": 1.0}}),
        json.dumps(DOCUMENT | {"weights": {"chi_all": "big"}}),
        json.dumps(DOCUMENT | {"weights": [1.0]}),
        json.dumps(DOCUMENT | {"n_answers": True}),
        json.dumps(DOCUMENT | {"drowsy_level": None}),
        json.dumps(DOCUMENT).replace("0.62", "NaN"),
    ],
)
def test_text_that_is_not_a_decoder_is_refused_in_one_message(text: str) -> None:
    with pytest.raises(SettingsError, match="decoder is not allowed"):
        run(refit(60, text))


@pytest.mark.parametrize(
    ("n", "auc", "high", "trust"),
    [
        (10, 0.9, 0.99, 0.4 * 10 / 70 / 0.15),
        (10, 0.55, 0.8, 0.3),
        (60, 0.7, 0.8, 2 / 3),
        (999, 0.9, 1, 1),
        (99, 0.3, 0.499, 0),
    ],
)
def test_trust_is_earned_by_answers_and_auc(n: int, auc: float, high: float, trust: float) -> None:
    assert model_trust(DecoderWeights((), n, auc, high), 0.3, SETTINGS.confidence) == pytest.approx(trust)


def test_a_lower_drowsy_level_raises_the_flag_sooner() -> None:
    flag = DrowsinessFlag(DrowsinessSettings(), 0.25)
    for _ in range(80):
        flag_before = flag.update(-0.8, 0.9, 0.9)
    flag.level = 0.7
    assert not flag_before
    assert flag.update(-0.8, 0.9, 0.9)
    assert run(start=replace(LEARNED, drowsy_level=0.5).to_json())[1]


def test_drowsiness_signs_match_the_flag_and_are_causal() -> None:
    settings = DrowsinessSettings()
    flag, signs = DrowsinessFlag(settings, 0.25), DrowsinessSigns(settings, 0.25)
    rng = np.random.default_rng(0)
    raised: list[bool] = []
    for k, (alpha, slow) in enumerate((rng.standard_normal((600, 2)) * 0.5 + (-1, 1)).tolist()):
        lost = k % 50 == 0
        raised.append(flag.update(math.nan if lost else alpha, slow, slow))
        signs.append(k, math.nan if lost else alpha, slow, slow)
    flags = [signs.at(k) for k in range(600)]
    assert any(raised)
    assert not all(raised[200:])
    assert raised == [not math.isnan(value) and value > 1 for value in flags]
    assert math.isnan(signs.at(40))


def test_drowsiness_level_is_shrunk_to_the_default_and_limited() -> None:
    settings = DecoderSettings()
    assert fit_drowsiness_level([], settings) == 1.0
    assert fit_drowsiness_level([(0.1, 1)] * 20, settings) == 1.0
    assert (
        fit_drowsiness_level([(0.9, 1)] * 20 + [(0.1, 5)] * 20, settings) == 1.0
    )  # sleepy ones show less: nothing to learn
    few, many = ([(0.0, 2)] * n + [(1.0, 4)] * n for n in (2, 200))
    assert 1.0 > fit_drowsiness_level(few, settings) > fit_drowsiness_level(many, settings) > 0.5
    assert fit_drowsiness_level([(-3.0, 1)] * 200 + [(-2.0, 5)] * 200, settings) == 0.4
    assert fit_drowsiness_level([(5.0, 1)] * 200 + [(9.0, 5)] * 200, settings) == 2.0


def test_a_level_does_not_raise_the_flag_on_a_tenth_of_wakeful_moments() -> None:
    rng = np.random.default_rng(1)
    wakeful, sleepy = rng.standard_normal(2000), rng.standard_normal(2000) + 1.0
    level = fit_drowsiness_level(
        [(s, 1) for s in wakeful.tolist()] + [(s, 5) for s in sleepy.tolist()], DecoderSettings()
    )
    assert (wakeful > level).mean() <= 0.105
    assert (sleepy > level).mean() > 0.3
