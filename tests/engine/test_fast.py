"""The fast profile: a frame every 50 ms, soon after what it follows, as fail-safe as the normal one."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from neurofeedback.engine import FrameEngine
from neurofeedback.processing.block_measures import BlockMeasures
from neurofeedback.processing.pipeline import Pipeline
from neurofeedback.settings import Profile
from neurofeedback.settings.load import load_evidence, load_montage, load_settings
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.artifacts import Artifact, ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.scalp import scalp_of
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import BackgroundMode, Chunk, Command, CommandKind, Frame, Phase, State, frame_end

MUSE = load_montage("muse")
SCALP = scalp_of(MUSE)
FAST = load_settings("fast")
HOP_S = FAST.spectrum.hop_s
PACKET = 12
BASELINE_S, PRACTICE_S = 4.0, 50.0
NEUTRAL = 0.15625
CLEAR_SEED = 3


def profile(evidence: str = "alpha-up", chosen: Settings = FAST) -> Profile:
    return Profile(settings=chosen, montage=MUSE, evidence=load_evidence(evidence))


def recorded(seconds: float, seed: int = CLEAR_SEED, extra: tuple[Artifact, ...] = ()) -> np.ndarray:
    return simulate(
        Person(),
        seconds=seconds,
        seed=seed,
        montage=MUSE,
        headset=HEADSETS["muse"],
        disturbances=CLEAN,
        extra_artifacts=extra,
    ).data


def phases(*changes: tuple[float, Phase], sfreq: float = 256.0) -> list[Command]:
    return [Command(round(at_s * sfreq), CommandKind.PHASE, phase) for at_s, phase in changes]


PHASES = phases((BASELINE_S, Phase.BASELINE), (PRACTICE_S, Phase.PRACTICE))


def pushed(
    data: np.ndarray, edges: list[int], commands: list[Command], chosen: Profile, sfreq: float = 256.0
) -> list[tuple[int, Frame]]:
    """Frames, each with the sample at which it was made, when chunks end at these edges."""
    engine = FrameEngine(sfreq, chosen)
    out: list[tuple[int, Frame]] = []
    for start, stop in pairwise([0, *edges, data.shape[1]]):
        due = [command for command in commands if start < command.sample <= stop]
        out += [(stop, frame) for frame in engine.process(Chunk(start, data[:, start:stop].astype(np.float32)), due)]
    return out


def frames_of(data: np.ndarray, cuts: tuple[int, ...] = (), evidence: str = "alpha-up") -> list[Frame]:
    return [frame for _, frame in pushed(data, sorted(cuts), PHASES, profile(evidence))]


def at(frames: list[Frame], start_s: float, stop_s: float) -> list[Frame]:
    return [frame for frame in frames if start_s < frame.onset <= stop_s]


@cache
def clear_signal() -> np.ndarray:
    return recorded(66)


@cache
def clear_frames() -> list[Frame]:
    return frames_of(clear_signal())


# frames at the profile's own hop, the same however cut


@pytest.mark.parametrize("sfreq", [125.0, 200.0, 249.9, 250.0, 256.0])
def test_frames_end_at_the_exact_floor_of_a_hop_of_50_ms(sfreq: float) -> None:
    assert HOP_S <= 0.05
    data = 10 * np.random.default_rng(0).normal(size=(4, round(10 * sfreq)))
    frames = [frame for _, frame in pushed(data, [], [], profile(), sfreq)]
    assert [frame.sample for frame in frames] == [frame_end(k, sfreq, HOP_S) for k in range(len(frames))]
    assert len(frames) in {199, 200}


def holed(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    data = clear_signal()[:, : 56 * 256].copy()
    for n in rng.choice([1, 12, 13, 60, 129, 300], size=6).tolist():
        rows = slice(None) if rng.random() < 0.6 else int(rng.integers(4))
        start = int(rng.integers(0, data.shape[1]))
        data[rows, start : start + n] = np.nan
    return data


def bits(frames: list[Frame]) -> list[str]:
    return [repr(frame) for frame in frames]


@cache
def whole_frames(seed: int) -> list[str]:
    return bits(frames_of(holed(seed)))


@pytest.mark.long
@settings(max_examples=6)
@given(st.integers(0, 2), st.sets(st.integers(1, 56 * 256 - 1), max_size=30))
def test_whole_and_random_chunks_give_the_same_bits(seed: int, cuts: set[int]) -> None:
    assert bits(frames_of(holed(seed), tuple(cuts))) == whole_frames(seed)


@pytest.mark.long
def test_one_sample_at_a_time_gives_the_same_bits() -> None:
    data = holed(1)
    assert bits(frames_of(data, tuple(range(1, data.shape[1])))) == whole_frames(1)


# a shorter hop leaves every rule its seconds


def measured(hop_s: float, data: np.ndarray) -> BlockMeasures:
    chosen = FAST.model_copy(update={"spectrum": FAST.spectrum.model_copy(update={"hop_s": hop_s})})
    pipeline = Pipeline(256.0, profile(chosen=chosen))
    pipeline.append(data)
    windows = pipeline.windows(40)
    assert windows is not None
    return windows.measures


def test_gate_block_length_does_not_depend_on_the_hop() -> None:
    data = 10 * np.random.default_rng(5).normal(size=(4, 10 * 256))
    data[1, 300:330] = np.nan
    data[2, 400] += 300
    fast, normal = measured(0.05, data[:, : 2 * 256]), measured(0.25, data)
    names = ("raw_ptp", "raw_peak", "wide_ptp", "slow_ptp", "pop", "pop_typical", "ln_emg", "mean_square", "lost_share")
    for name in (*names, "in_long_gap"):
        np.testing.assert_array_equal(getattr(fast, name)[24::5], getattr(normal, name)[4:8], err_msg=name)


@pytest.mark.long
def test_unknown_comes_after_as_many_seconds_without_a_valid_frame() -> None:
    flat = clear_signal().copy()
    flat[[0, 3], 60 * 256 :] += 400 * np.sign(np.sin(np.arange(6 * 256)))  # both posterior electrodes are loose
    frames = frames_of(flat)
    invalid_s = next(frame.onset for frame in at(frames, 60, 66) if not frame.valid)
    unknown_s = next(frame.onset for frame in at(frames, 60, 66) if frame.state is State.UNKNOWN)
    assert invalid_s < 60.11
    assert unknown_s - invalid_s == pytest.approx(FAST.confidence.unknown_after_s, abs=0.06)


# soon


def bursts(seconds: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Alpha of 12 uV switched on and off over 2 uV and noise; the signal, and where it is switched."""
    rng = np.random.default_rng(seed)
    edges = np.cumsum(rng.uniform(1.2, 2.0, round(seconds)) * 256).astype(int)
    edges = edges[edges < seconds * 256]
    t = np.arange(round(seconds * 256))
    loud = np.searchsorted(edges, t, side="right") % 2 == 1
    alpha = np.where(loud, 12.0, 2.0) * np.sin(2 * np.pi * 10 * t / 256)
    noise = signal.lfilter([1.0], [1.0, -0.9], rng.normal(size=(4, t.size)), axis=1)
    return alpha + 3 * noise / noise.std(), edges


def half_way_s(made: list[tuple[int, Frame]], edges: np.ndarray) -> np.ndarray:
    """Seconds from each switch to half the change of the commanded gain, as the frames were made."""
    sample = np.array([stop for stop, _ in made])
    gain = np.array([frame.guidance.tone_gain for _, frame in made])
    out: list[float] = []
    for begin, end in pairwise(edges[edges > (PRACTICE_S + 2) * 256].tolist()):
        before = gain[(sample > begin - 77) & (sample <= begin)].mean()
        there = np.flatnonzero((sample > begin) & (sample <= end))
        after = gain[there[sample[there] > begin + 154]].mean()
        reached = there[np.argmax((gain[there] - before) / (after - before) >= 0.5)]
        out.append((sample[reached] - begin) / 256)
    return np.array(out)


BURSTS, EDGES = bursts(110, seed=2)


@cache
def frames_in_packets() -> list[tuple[int, Frame]]:
    return pushed(BURSTS, list(range(PACKET, BURSTS.shape[1], PACKET)), PHASES, profile())


@pytest.mark.long
def test_half_of_the_commanded_gain_is_there_within_350_ms_of_the_sample_on_a_muse_s_packets() -> None:
    delays = half_way_s(frames_in_packets(), EDGES)
    assert len(delays) > 25
    p50, p95 = np.percentile(delays, (50, 95))
    assert 0.1 < p50 <= 0.30
    assert p95 <= 0.35


def mean_gains(frames: list[Frame]) -> tuple[float, float]:
    """Commanded gain while alpha is strong, and while it is weak."""
    frames = at(frames, PRACTICE_S + 5, 110)
    switched = np.searchsorted(EDGES, [frame.sample - 64 for frame in frames], side="right") % 2 == 1
    gain = np.array([frame.guidance.tone_gain for frame in frames])
    return float(gain[switched].mean()), float(gain[~switched].mean())


@pytest.mark.long
def test_which_direction_is_rewarded_is_data() -> None:
    strong, weak = mean_gains([frame for _, frame in frames_in_packets()])
    assert weak - strong > 0.08
    strong, weak = mean_gains(frames_of(BURSTS, evidence="alpha-down"))
    assert strong - weak > 0.08


@pytest.mark.long
def test_the_index_is_the_envelope_now_in_spreads_of_the_baseline() -> None:
    names = list(FrameEngine(256.0, profile()).columns)
    practice = [frame for _, frame in frames_in_packets() if frame.phase is Phase.PRACTICE and frame.valid]
    z = np.array([frame.values[names.index("zt_envelope_posterior")] for frame in practice])
    u = np.array([frame.index_u for frame in practice])
    assert np.corrcoef(u, -z)[0, 1] == pytest.approx(1.0)
    envelope = np.array([frame.values[names.index("ln_envelope_posterior")] for frame in practice])
    assert np.percentile(np.exp(envelope), 80) == pytest.approx(12, rel=0.1)


def test_the_gain_moves_no_faster_than_the_profile_s_own_limits() -> None:
    gain = np.array([frame.guidance.tone_gain for frame in at(clear_frames(), PRACTICE_S + 0.1, 66)])
    assert np.abs(np.diff(gain)).max() <= FAST.feedback.slew_per_s * HOP_S + 1e-12
    assert np.abs(np.diff(20 * np.log10(gain))).max() <= FAST.feedback.slew_db_per_s * HOP_S + 1e-9
    assert gain.std() > 0.02


# fail-safe


def with_artifact(seed: int, artifact: Artifact) -> list[Frame]:
    return at(frames_of(recorded(66, seed, (artifact,))), 60, 66)


def fall_of_index(seed: int, frames: list[Frame]) -> float:
    """How far the index of valid frames falls below that of the same signal without the artifact, at 60 s."""
    plain = at(clear_frames() if seed == CLEAR_SEED else frames_of(recorded(66, seed)), 60, 66)
    falls = [a.index_u - b.index_u for a, b in zip(frames, plain, strict=True) if a.valid and a.onset < 60.8]
    return min(falls, default=0.0)


@pytest.mark.long
def test_a_blink_is_out_within_400_ms_and_over_before_it_is_unknown() -> None:
    for seed in (3, 4):
        frames = with_artifact(seed, make_artifact(ArtifactKind.BLINK, 60.0, 0.35, 100.0, SCALP))
        out = [frame.onset - 60 for frame in frames if not frame.valid]
        assert out[0] <= 0.4
        assert 1.3 < out[-1] < 2.1
        assert {frame.state for frame in frames} <= {State.FOCUS, State.WANDER}


@pytest.mark.long
def test_a_clenched_jaw_is_out_before_it_can_sound_like_alpha_and_then_neutral() -> None:
    for seed in (3, 4):
        clench = make_artifact(ArtifactKind.MUSCLE, 60.0, 6.0, 25.0, SCALP)  # it takes 0.9 s to swell
        frames = with_artifact(seed, clench)
        assert fall_of_index(seed, frames) > -0.3
        assert next(frame.onset for frame in frames if not frame.valid) <= 60.8
        tense = at(frames, 62.9, 66)
        assert {(frame.state, frame.guidance.tone_gain, frame.guidance.background) for frame in tense} == {
            (State.UNKNOWN, NEUTRAL, BackgroundMode.NEUTRAL)
        }
        assert not any(frame.reward for frame in tense)


def test_a_lost_headset_is_neutral_within_half_a_second_and_off_after_one() -> None:
    data = clear_signal().copy()
    data[:, 60 * 256 : 64 * 256] = np.nan
    frames = frames_of(data)
    assert {frame.state for frame in at(frames, 60.2, 60.95)} == {State.UNKNOWN}
    assert {(frame.state, frame.guidance.tone_gain) for frame in at(frames, 61.01, 64)} == {(State.LOST, 0.0)}
    assert {frame.state for frame in at(frames, 64.1, 65.9)} == {State.UNKNOWN}


def test_a_clear_signal_is_never_unknown_in_practice() -> None:
    practice = at(clear_frames(), PRACTICE_S + 0.1, 66)
    assert {frame.state for frame in practice} <= {State.FOCUS, State.WANDER}
    assert np.mean([frame.valid for frame in practice]) > 0.95


def test_fast_profile_claims_no_wandering() -> None:
    for name in ("alpha-up", "alpha-down"):
        evidence = load_evidence(name)
        assert "not a finding" in evidence.description
        assert "nothing about mind-wandering" in evidence.notice
        assert all("nothing is claimed" in feature.source for feature in evidence.features)
