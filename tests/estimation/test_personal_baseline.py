"""The baseline kept across sessions: the median of good ones, judged beside today's, and it may drive the sound."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.engine import EngineStart, FrameEngine
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.baseline_file import (
    BaselineFile,
    PersonalBaselineFile,
    parse_personal_baseline,
    parse_session_baseline,
    personal_baseline_to_json,
    round_as_stored,
)
from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.estimation.personal_baseline import (
    PersonalBaseline,
    SessionBaseline,
    aggregate_baselines,
    compare_baselines,
    matches_montage,
    summarize_baseline,
)
from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.settings.load import load_montage, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, SessionShift
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import Chunk, Command, CommandKind, Frame, Phase, StreamInfo

MUSE = load_montage("muse")
NAMES = list(FEATURES)
N_CHANNELS, N_FEATURES = 4, len(FEATURES)
BASELINE = (Command(5 * 256, CommandKind.PHASE, Phase.BASELINE), Command(85 * 256, CommandKind.PHASE, Phase.PRACTICE))


def past(level: float = 0.0, **changes: object) -> SessionBaseline:
    made = SessionBaseline(
        ch_names=MUSE.ch_names,
        reference="Fpz",
        eyes="closed",
        clean_s=90.0,
        iaf_hz=10.0 + level,
        channel_median=np.full((N_CHANNELS, len(KINDS)), level),
        mu=np.full(N_FEATURES, 0.1),
        spread=np.full(N_FEATURES, 0.4),
        level=np.full(N_FEATURES, level + 0.1),
    )
    return replace(made, **changes)


def aggregate_of(*levels: float) -> PersonalBaseline:
    made = aggregate_baselines([past(level) for level in levels], MUSE, "closed")
    assert made is not None
    return made


def test_it_is_the_median_of_good_baselines_with_their_spread() -> None:
    made = aggregate_of(0.0, 1.0, 5.0)
    assert made.n_sessions == 3
    assert (made.median.channel_median == 1.0).all()
    np.testing.assert_allclose(made.median.level, 1.1)
    np.testing.assert_allclose(made.between_session_sd, np.std([0, 1, 5], ddof=1))
    assert made.median.iaf_hz == 11.0
    assert made.median.clean_s == 270.0


def test_days_that_hardly_differ_have_a_least_spread() -> None:
    np.testing.assert_allclose(aggregate_of(0.0, 0.0, 0.0).between_session_sd, 0.1)


def test_three_are_needed_and_the_last_twenty_count() -> None:
    assert aggregate_baselines([past(), past()], MUSE, "closed") is None
    assert aggregate_baselines([past(99.0)] * 30 + [past(1.0)] * 20, MUSE, "closed").median.level[0] == pytest.approx(
        1.1
    )


BAD = [
    {"clean_s": 59.0},
    {"eyes": "open"},
    {"reference": "ear"},
    {"ch_names": ("TP9", "AF7", "AF8", "Fz")},
    {"channel_median": np.full((N_CHANNELS, len(KINDS)), np.nan)},
]


@pytest.mark.parametrize("changes", BAD)
def test_a_baseline_that_is_not_good_or_not_alike_is_left_out(changes: dict[str, object]) -> None:
    poor = past(50.0, **changes)
    made = aggregate_baselines([past(), poor, past(), past()], MUSE, "closed")
    assert made is not None
    assert made.n_sessions == 3
    assert aggregate_baselines([past(), poor, past()], MUSE, "closed") is None


def test_one_without_an_alpha_peak_counts_but_for_the_peak() -> None:
    made = aggregate_baselines([past(iaf_hz=math.nan), past(iaf_hz=9.0), past(iaf_hz=math.nan)], MUSE, "closed")
    assert made is not None
    assert made.median.iaf_hz == 9.0
    none = aggregate_baselines([past(iaf_hz=math.nan)] * 3, MUSE, "closed")
    assert none is not None
    assert math.isnan(none.median.iaf_hz)


def test_session_difference_is_in_personal_spreads() -> None:
    differences = compare_baselines(past(3.0), aggregate_of(0.0, 1.0, 2.0))
    assert differences == pytest.approx(dict.fromkeys(FEATURES, 2.0))
    level = np.full(N_FEATURES, 1.1)
    level[0] = np.nan
    assert NAMES[0] not in compare_baselines(replace(past(), level=level), aggregate_of(0, 1, 2))


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_a_common_step_of_all_days_and_of_today_changes_no_difference(step: float, day: float) -> None:
    levels = (0.0, 1.0, 2.5)
    differences = compare_baselines(past(day), aggregate_of(*levels))
    moved = compare_baselines(past(day + step), aggregate_of(*(level + step for level in levels)))
    assert moved == pytest.approx(differences, abs=1e-6)


def test_text_there_and_back() -> None:
    made = aggregate_of(0.0, 1.0, 5.0)
    again = parse_personal_baseline(personal_baseline_to_json(made))
    assert again is not None
    assert personal_baseline_to_json(again) == personal_baseline_to_json(made)
    assert again.n_sessions == made.n_sessions
    np.testing.assert_allclose(again.median.channel_median, made.median.channel_median, rtol=1e-5)
    assert parse_personal_baseline("") is parse_personal_baseline("n/a") is None
    assert personal_baseline_to_json(None) == ""
    unknown = parse_session_baseline(json.loads(BaselineFile.from_baseline(past(iaf_hz=math.nan)).model_dump_json()))
    assert math.isnan(unknown.iaf_hz)


def test_one_of_other_channels_is_no_fit() -> None:
    start = EngineStart(personal_baseline=aggregate_of(0.0, 1.0, 2.0))
    stream = StreamInfo("simulated", 200.0, load_montage("ganglion").ch_names, montage="ganglion")
    engine = FrameEngine(200.0, resolve(Settings(), stream)[1], start)
    assert engine.personal_baseline is None
    assert "u_own" not in engine.columns
    assert not matches_montage(past(), MUSE.model_copy(update={"reference": "ear"}))


def _document(**changes: object) -> dict[str, object]:
    return (
        PersonalBaselineFile.from_personal_baseline(aggregate_of(0.0, 1.0, 2.0)).model_dump(exclude_unset=True)
        | changes
    )


DAMAGED = [
    ("[]", "valid dictionary"),
    ("{}", "schema: Field required"),
    (json.dumps(_document(schema=9)), "schema = 9: Input should be 1"),
    (json.dumps(_document(ch_names="TP9")), "ch_names = 'TP9': Input should be a valid tuple"),
    (json.dumps(_document(channels={"theta": [1, 2, 3, 4]})), "other features than"),
    (json.dumps(_document(channels={kind: [1.0] for kind in KINDS})), "not one number for each of 4"),
    (json.dumps(_document(channels={kind: ["a"] * 4 for kind in KINDS})), "Input should be a valid number"),
    (json.dumps(_document(features={"theta_frontal": {"level": 1, "mu": 1, "spread": 1}})), "features: other features"),
    (json.dumps(_document(between=dict.fromkeys(FEATURES, 3))), "valid dictionary"),
    (json.dumps(_document(n_sessions="3")), "n_sessions = '3': Input should be a valid integer"),
    ("{", "Expecting property name"),
]


@pytest.mark.parametrize(("text", "message"), DAMAGED)
def test_damaged_text_gives_one_error(text: str, message: str) -> None:
    with pytest.raises(RecordingError, match=f"personal baseline of earlier sessions cannot be used.*{message}"):
        parse_personal_baseline(text)


def test_damaged_session_baseline_gives_one_error() -> None:
    with pytest.raises(RecordingError, match=r"does not hold a session's baseline.*Field required"):
        parse_session_baseline({"schema": 1})


def test_file_with_the_participant_names_them() -> None:
    document = PersonalBaselineFile.from_personal_baseline(aggregate_of(0.0, 1.0, 2.0), "P1")
    assert document.participant == "P1"
    assert "participant" not in json.loads(personal_baseline_to_json(document.to_personal_baseline()))


def test_one_session_gives_no_personal_baseline() -> None:
    with pytest.raises(RecordingError, match="n_sessions: Field required"):
        parse_personal_baseline(BaselineFile.from_baseline(past()).model_dump_json(exclude_unset=True))


def profile(drives: str = "session") -> Profile:
    settings = Settings()
    settings = settings.model_copy(
        update={
            "baseline": settings.baseline.model_copy(update={"feedback_source": drives}),
            "index": settings.index.model_copy(update={"evidence": "breath-novice"}),
        }
    )
    stream = StreamInfo("simulated", 256.0, MUSE.ch_names, montage="muse", reference="Fpz")
    return resolve(settings, stream)[1]


def signal(seed: int, seconds: float, shift: SessionShift = SessionShift()) -> np.ndarray:  # noqa: B008 - frozen
    conditions = replace(CLEAN if seconds < 100 else EYES_CLOSED, shift=shift)
    return simulate(
        draw_person(7, "null"),
        seconds=seconds,
        seed=seed,
        montage=MUSE,
        headset=HEADSETS["muse"],
        disturbances=conditions,
    ).data


def sat(engine: FrameEngine, data: np.ndarray, commands: tuple[Command, ...] = BASELINE, size: int = 0) -> list[Frame]:
    frames, size = [], size or data.shape[1]
    for at in range(0, data.shape[1], size):
        frames += engine.process(Chunk(at, data[:, at : at + size]), commands if at == 0 else ())
    return frames


@pytest.fixture(scope="module")
def own_baseline() -> PersonalBaseline:
    """Three quiet days of one person."""
    days = []
    for seed in range(3):
        engine = FrameEngine(256.0, profile())
        sat(engine, signal(seed, 90.0))
        assert engine.baseline is not None
        days.append(summarize_baseline(engine.baseline, MUSE, "closed"))
    made = aggregate_baselines(days, MUSE, "closed")
    assert made is not None
    return made


@pytest.fixture(scope="module")
def today() -> np.ndarray:
    """A day on which beta is up throughout, baseline included."""
    return signal(11, 150.0, SessionShift(beta=0.8))


def column(engine: FrameEngine, frames: list[Frame], name: str) -> np.ndarray:
    place = engine.columns.index(name)
    return np.array([frame.values[place] for frame in frames])


def test_todays_level_is_found_again(own_baseline: PersonalBaseline, today: np.ndarray) -> None:
    engine = FrameEngine(256.0, profile())
    sat(engine, today)
    assert engine.baseline is not None
    differences = compare_baselines(summarize_baseline(engine.baseline, MUSE, "closed"), own_baseline)
    assert differences["beta_all"] > 3
    assert differences["beta_all"] > 2 * abs(differences["theta_frontal"])
    assert "o_theta_fz" not in differences


def test_both_indices_are_logged_and_only_the_personal_one_shows_a_different_day(
    own_baseline: PersonalBaseline, today: np.ndarray
) -> None:
    engine = FrameEngine(256.0, profile(), EngineStart(personal_baseline=round_as_stored(own_baseline)))
    frames = [frame for frame in sat(engine, today) if frame.phase is Phase.PRACTICE]
    beta, own_beta = column(engine, frames, "z_beta_all"), column(engine, frames, "zo_beta_all")
    assert abs(np.nanmedian(beta)) < 1.0
    assert np.nanmedian(own_beta) > np.nanmedian(beta) + 1.0
    session_u, own_u = column(engine, frames, "u_session"), column(engine, frames, "u_own")
    np.testing.assert_array_equal(session_u, [frame.index_u for frame in frames])
    assert np.nanmedian(own_u) < np.nanmedian(session_u) - 0.5  # beta up is away from wandering


@pytest.mark.long
def test_personal_baseline_changes_no_other_column(own_baseline: PersonalBaseline, today: np.ndarray) -> None:
    with_it, without = (
        FrameEngine(256.0, profile(), EngineStart(personal_baseline=round_as_stored(own_baseline))),
        FrameEngine(256.0, profile()),
    )
    more, fewer = sat(with_it, today), sat(without, today)
    assert [frame.index_u for frame in more][-20:] == [frame.index_u for frame in fewer][-20:]
    assert [frame.guidance for frame in more] == [frame.guidance for frame in fewer]
    assert set(with_it.columns) - set(without.columns) == {
        "u_session",
        "u_own",
        "zo_theta_frontal",
        "zo_alpha_posterior",
        "zo_beta_all",
    }


@pytest.mark.long
def test_personal_baseline_drives_by_setting_or_command_with_any_chunks(
    own_baseline: PersonalBaseline, today: np.ndarray
) -> None:
    start = EngineStart(personal_baseline=round_as_stored(own_baseline))
    engine = FrameEngine(256.0, profile("own"), start)
    frames = sat(engine, today)
    practice = [frame for frame in frames if frame.phase is Phase.PRACTICE]
    np.testing.assert_array_equal(column(engine, practice, "u_own"), [frame.index_u for frame in practice])
    cut = sat(FrameEngine(256.0, profile("own"), start), today, size=77)
    np.testing.assert_array_equal([frame.values for frame in cut], [frame.values for frame in frames])
    switched = (*BASELINE, Command(120 * 256, CommandKind.BASELINE, "session"))
    engine = FrameEngine(256.0, profile("own"), start)
    late = [frame for frame in sat(engine, today, switched) if frame.onset > 120.25]
    np.testing.assert_array_equal(column(engine, late, "u_session"), [frame.index_u for frame in late])
    assert late[0].threshold != practice[-1].threshold


def test_a_decoder_drives_both_indices_with_the_same_weights(own_baseline: PersonalBaseline, today: np.ndarray) -> None:
    with_decoder = (
        *BASELINE,
        Command(120 * 256, CommandKind.DECODER, DecoderWeights((("beta_all", 1.0),), 30).to_json()),
    )
    engine = FrameEngine(256.0, profile(), EngineStart(personal_baseline=round_as_stored(own_baseline)))
    frames = sat(engine, today, with_decoder)
    own_u = column(engine, frames, "u_own")
    onset = np.array([frame.onset for frame in frames])
    assert np.nanmedian(own_u[onset > 125]) > 1.0  # beta is up, and now means wandering
    assert np.nanmedian(own_u[(onset > 90) & (onset < 120)]) < 0.0


def test_feedback_source_own_without_personal_baseline_is_the_session(today: np.ndarray) -> None:
    plain, hopeful = sat(FrameEngine(256.0, profile()), today), sat(FrameEngine(256.0, profile("own")), today)
    assert [frame.index_u for frame in plain][-9:] == [frame.index_u for frame in hopeful][-9:]


def test_unknown_feedback_source_is_refused() -> None:
    engine = FrameEngine(256.0, profile())
    with pytest.raises(SettingsError, match="allowed: session or own"):
        sat(engine, signal(1, 2.0), (Command(0, CommandKind.BASELINE, "mine"),))
