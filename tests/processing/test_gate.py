"""The gate against known artifacts and against clean signal, at several rates and amounts of alpha (T11)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.processing.contact import ContactMonitor
from neurofeedback.processing.framing import FrameSchedule
from neurofeedback.processing.gate_limits import (
    BlinkMemory,
    GateLimits,
    apply_gate_limits,
    fit_gate_limits,
    muscle_flags,
)
from neurofeedback.processing.pipeline import Pipeline, Windows
from neurofeedback.settings import Montage, Profile, Settings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.artifacts import POP_S, Artifact, ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.scalp import scalp_of
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.texts.contact import GATE_REASONS
from neurofeedback.types import ContactLevel

MUSE = load_montage("muse")
EVIDENCE = load_evidence("default")
RATES = [125.0, 200.0, 250.0, 256.0, 512.0]
BLOCK_RULES = ("lost", "flat", "railed", "pop", "wide", "settling", "blink", "muscle")


def profile(montage: Montage = MUSE, **changed: object) -> Profile:
    return Profile(settings=Settings().model_copy(update=changed), montage=montage, evidence=EVIDENCE)


def recorded(
    seconds: float, sfreq: float = 256.0, *, seed: int = 0, alpha_uv: float = 5.0, extra: tuple[Artifact, ...] = ()
) -> np.ndarray:
    """Simulate a meditator on a Muse, clean but for ``extra``."""
    return simulate(
        Person(alpha_uv=alpha_uv),
        seconds=seconds,
        seed=seed,
        montage=MUSE,
        headset=replace(HEADSETS["muse"], sfreq=sfreq),
        disturbances=CLEAN,
        extra_artifacts=extra,
    ).data


@dataclass
class Judged:
    """What the pipeline made of a recording, all batches in one."""

    reasons: dict[str, np.ndarray]
    bad: np.ndarray
    out: np.ndarray
    valid: np.ndarray
    unusable: np.ndarray
    good_share: np.ndarray
    silence: np.ndarray
    psd: np.ndarray
    windows: list[Windows]

    @classmethod
    def of(cls, windows: list[Windows]) -> Judged:
        def all_of(name: str) -> np.ndarray:
            return np.concatenate([getattr(w.gate_result, name) for w in windows])

        names = windows[0].gate_result.reasons
        return cls(
            reasons={name: np.concatenate([w.gate_result.reasons[name] for w in windows]) for name in names},
            bad=all_of("bad"),
            out=all_of("excluded"),
            valid=all_of("valid"),
            unusable=all_of("unusable"),
            good_share=all_of("good_share"),
            silence=np.concatenate([w.measures.samples_without_signal for w in windows]),
            psd=np.concatenate([w.psd for w in windows]),
            windows=windows,
        )


def drain(pipeline: Pipeline) -> list[Windows]:
    out: list[Windows] = []
    while (windows := pipeline.windows(pipeline.ready)) is not None:
        out.append(windows)
    return out


def judge(
    data: np.ndarray, sfreq: float = 256.0, prof: Profile | None = None, limits: GateLimits | None = None
) -> Judged:
    pipeline = Pipeline(sfreq, prof or profile())
    pipeline.gate.limits = limits
    pipeline.append(data)
    return Judged.of(drain(pipeline))


def limits_of(data: np.ndarray, sfreq: float = 256.0) -> GateLimits:
    """Limits of a baseline on this recording, its first 5 s left out."""
    windows = judge(data, sfreq).windows
    slow, ln_emg, fixed = (
        np.concatenate([get(w) for w in windows])[20:]
        for get in (lambda w: w.measures.slow_samples, lambda w: w.measures.ln_emg, lambda w: w.gate_result.fixed_bad)
    )
    return fit_gate_limits(slow, ln_emg, fixed, Settings().gate)


def blocks(start_s: float, stop_s: float) -> slice:
    return slice(int(start_s * 4), int(np.ceil(stop_s * 4)))


def share_bad(alpha_uv: float, sfreq: float, seed: int) -> tuple[float, float]:
    """Share of bad blocks of clean signal, before there are limits and by those of its own first minute."""
    data = recorded(120, sfreq, seed=seed, alpha_uv=alpha_uv)
    limits = limits_of(data[:, : round(60 * sfreq)], sfreq)
    found = [judge(data, sfreq, limits=fixed) for fixed in (None, limits)]
    assert not any(each.out[blocks(5, 120)].any() for each in found)
    before, after = (float(each.bad[blocks(5, 120)].mean()) for each in found)
    return before, after


@pytest.mark.long
@pytest.mark.parametrize("sfreq", RATES)
def test_t11_clean_signal_passes_at_every_rate(sfreq: float) -> None:
    assert max(share_bad(10.0, sfreq, 21)) <= 0.02


@pytest.mark.long
@pytest.mark.parametrize("alpha_uv", [5.0, 15.0])
def test_t11_clean_signal_passes_with_little_and_much_alpha(alpha_uv: float) -> None:
    before, after = np.mean([share_bad(alpha_uv, 256.0, seed) for seed in (1, 2, 3)], axis=0)
    assert before <= 0.02
    assert after <= 0.02


def draw_artifacts() -> dict[ArtifactKind, list[Artifact]]:
    scalp, rng = scalp_of(MUSE), np.random.default_rng(1)
    drawn: dict[ArtifactKind, list[Artifact]] = {ArtifactKind.BLINK: [], ArtifactKind.MUSCLE: [], ArtifactKind.POP: []}
    for at in np.arange(10.0, 210.0, 10.0).tolist():
        drawn[ArtifactKind.BLINK].append(make_artifact(ArtifactKind.BLINK, at, 0.35, rng.uniform(60, 140), scalp))
        drawn[ArtifactKind.MUSCLE].append(
            make_artifact(ArtifactKind.MUSCLE, at + 3, rng.uniform(0.5, 3), rng.uniform(8, 40), scalp)
        )
        size_uv = float(rng.choice([-1, 1]) * rng.uniform(150, 600))
        drawn[ArtifactKind.POP].append(Artifact(ArtifactKind.POP, at + 7, POP_S, (int(rng.integers(4)),), size_uv))
    return drawn


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [125.0, 256.0])
@pytest.mark.parametrize("alpha_uv", [5.0, 15.0])
def test_t11_blinks_muscle_and_pops_are_caught(sfreq: float, alpha_uv: float) -> None:
    drawn = draw_artifacts()
    limits = limits_of(recorded(60, sfreq, seed=7, alpha_uv=alpha_uv), sfreq)
    everything = tuple(artifact for kind in drawn.values() for artifact in kind)
    bad = judge(recorded(212, sfreq, alpha_uv=alpha_uv, extra=everything), sfreq, limits=limits).bad

    def hit_rate(kind: ArtifactKind) -> float:
        hits = [
            bad[blocks(artifact.onset_s, artifact.stop_s + 0.5)][:, list(artifact.channels)].any()
            for artifact in drawn[kind]
        ]
        return float(np.mean(hits))

    assert hit_rate(ArtifactKind.BLINK) >= 0.98
    assert hit_rate(ArtifactKind.MUSCLE) >= 0.95
    assert hit_rate(ArtifactKind.POP) >= 0.99


def with_(data: np.ndarray, start_s: float, stop_s: float, values: object, rows: object = slice(None)) -> np.ndarray:
    out = data.astype(np.float64)
    out[rows, round(start_s * 256) : round(stop_s * 256)] = values
    return out


CLEAN_40 = recorded(40)


def test_a_flat_electrode_is_flat_within_a_second_and_unusable() -> None:
    found = judge(with_(CLEAN_40, 20, 30, 12.0, 1))
    assert found.reasons["flat"][blocks(21.25, 30), 1].all()
    assert found.unusable[blocks(21.25, 30), 1].all()
    assert not found.reasons["flat"][:, [0, 2, 3]].any()


def test_two_counts_of_a_muse_are_flat() -> None:
    counts = np.random.default_rng(0).integers(-1, 1, size=10 * 256) * (125 / 256)
    assert judge(with_(CLEAN_40, 20, 30, counts, 1)).reasons["flat"][blocks(21.25, 30), 1].all()


def test_a_railed_electrode_is_unusable_and_the_rule_needs_the_device_s_range() -> None:
    railed = with_(CLEAN_40, 20, 30, 999.5 * np.sign(np.sin(np.arange(2560))), 2)
    assert judge(railed).reasons["railed"][blocks(20.25, 30), 2].all()
    assert judge(railed).unusable[blocks(20.25, 30), 2].all()
    unknown = profile(MUSE.model_copy(update={"full_scale_uv": None}))
    assert not judge(railed, prof=unknown).reasons["railed"].any()


def test_a_long_gap_is_lost_at_once_and_wherever_it_reaches() -> None:
    found = judge(with_(CLEAN_40, 20.2, 20.32, np.nan))  # 50 ms in one block, 70 ms in the next
    assert found.reasons["lost"][blocks(20, 20.5)].all()
    assert not found.reasons["lost"][blocks(15, 20)].any()


@pytest.mark.long
def test_a_short_gap_is_no_artifact_but_many_of_them_are() -> None:
    assert not judge(with_(CLEAN_40, 20.0, 20.04, np.nan)).reasons["lost"].any()
    crumbled = CLEAN_40.astype(np.float64)
    crumbled[:, 5120:6400:3] = np.nan  # a third of the samples, never two in a row
    found = judge(crumbled)
    assert found.reasons["lost"][blocks(21, 25)].all()
    assert found.unusable[blocks(21, 25)].all()


def test_after_a_reset_two_seconds_are_settling() -> None:
    found = judge(with_(CLEAN_40, 20, 21, np.nan))
    assert found.reasons["settling"][blocks(21, 23)].all()
    assert not found.reasons["settling"][blocks(23, 40)].any()
    assert found.reasons["settling"][blocks(0, 2)].all()  # the start is a reset too


def test_silence_is_counted_over_all_channels_in_samples() -> None:
    assert judge(with_(CLEAN_40, 20, 25, np.nan)).silence[blocks(20, 25)].tolist() == list(range(64, 1281, 64))
    assert not judge(with_(CLEAN_40, 20, 25, np.nan, [0, 1, 2])).silence.any()


def test_a_gap_on_one_channel_leaves_the_others_good() -> None:
    found = judge(with_(CLEAN_40, 20, 25, np.nan, 0))
    assert found.reasons["lost"][blocks(20.25, 25), 0].all()
    assert found.bad[blocks(5, 40), 1:].mean() < 0.02


def test_a_wild_swing_is_too_wide() -> None:
    t = np.arange(512) / 256
    assert judge(with_(CLEAN_40, 20, 22, 200 * np.sin(2 * np.pi * 9 * t), 3)).reasons["wide"][blocks(20.5, 22), 3].all()


@pytest.mark.parametrize("sfreq", [125.0, 256.0])
def test_t11_a_broken_electrode_is_out_within_10_s(sfreq: float) -> None:
    data = recorded(60, sfreq, extra=(Artifact(ArtifactKind.BROKEN, 25.0, 35.0, (1,), 60.0),))
    found = judge(data, sfreq)
    assert found.out[blocks(35, 60), 1].all()
    assert not found.out[blocks(5, 60)][:, [0, 2, 3]].any()


def test_a_flat_spectrum_above_13_uv_is_a_broken_electrode() -> None:
    rng = np.random.default_rng(0)
    found = judge(with_(CLEAN_40, 10, 40, 30 * rng.normal(size=30 * 256), 1))
    assert found.reasons["broken"][blocks(20, 40), 1].all()
    assert found.out[blocks(20, 40), 1].all()


def test_hum_and_noise_above_the_eeg_do_not_break_an_electrode() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(30 * 256) / 256
    noisy = 14 * rng.normal(size=t.size) + 30 * np.sin(2 * np.pi * 58.8 * t) + 12 * np.sin(2 * np.pi * 80 * t)
    found = judge(with_(CLEAN_40, 10, 40, noisy, 1))
    assert not found.reasons["broken"].any()


def test_strong_alpha_on_a_noisy_electrode_does_not_break_it() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(30 * 256) / 256
    found = judge(with_(CLEAN_40, 10, 40, 14 * rng.normal(size=t.size) + 25 * np.sin(2 * np.pi * 10.5 * t), 1))
    assert not found.reasons["broken"].any()


def test_eyes_open_tolerates_more() -> None:
    rng = np.random.default_rng(0)
    slow = np.cumsum(rng.normal(size=30 * 256))
    slow = 60 * (slow - slow.mean()) / slow.std()  # falls steeply, so nothing is wrong but its size
    t = np.arange(30 * 256) / 256
    loud = slow + 75 * np.sin(2 * np.pi * 3 * t)
    phases = Settings().phases.model_copy(update={"eyes": "open"})
    assert judge(with_(CLEAN_40, 10, 40, loud, 0)).reasons["noisy"][blocks(22, 40), 0].all()
    assert not judge(with_(CLEAN_40, 10, 40, loud, 0), prof=profile(phases=phases)).reasons["noisy"][:, 0].any()


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_strong_mains_excludes_the_channel(mains_hz: float) -> None:
    t = np.arange(CLEAN_40.shape[1]) / 256
    hum = np.zeros((4, 1))
    hum[2] = 1.0
    drifting = CLEAN_40 + hum * 300 * np.sin(2 * np.pi * (mains_hz - 0.5) * t)
    found = judge(drifting)
    assert found.reasons["mains"][blocks(30, 40), 2].all()
    assert not found.reasons["mains"][:, [0, 1, 3]].any()
    exact = CLEAN_40 + hum * 40 * np.sin(2 * np.pi * mains_hz * t)
    assert judge(exact).bad[blocks(5, 40)].mean() < 0.02


def test_a_channel_counts_while_at_most_a_quarter_of_its_window_is_bad() -> None:
    found = judge(with_(CLEAN_40, 20, 20.4, np.nan, 0))  # below a reset
    assert not found.reasons["settling"][blocks(5, 40)].any()
    bad = found.bad[:, 0]
    assert bad[blocks(5, 40)].any()
    for k in range(40, 160):
        assert found.valid[k, 0] == (bad[k - 7 : k + 1].mean() <= 0.25)
    assert found.good_share[159, 0] == 1.0


def test_muscle_ends_a_channel_s_frames_at_once() -> None:
    burst = make_artifact(ArtifactKind.MUSCLE, 20.0, 3.0, 30.0, scalp_of(MUSE))
    found = judge(recorded(30, extra=(burst,)), limits=limits_of(CLEAN_40))
    muscle = found.reasons["muscle"]
    assert muscle[blocks(20, 23)].any(axis=0).all()
    assert not (muscle & found.valid).any()


def test_a_channel_bad_for_half_of_ten_seconds_is_out() -> None:
    data = CLEAN_40.copy()
    for second in range(10, 30):
        data[0, second * 256 + 100] += 500  # a pop a second
    found = judge(data)
    assert found.out[blocks(20, 30), 0].all()
    assert not found.valid[blocks(20, 30), 0].any()
    assert not found.out[blocks(5, 40), 1:].any()


def test_the_baseline_sets_each_channel_s_limits_and_leaves_out_what_is_bad_anyway() -> None:
    n = 200
    rng = np.random.default_rng(0)
    slow = np.stack([rng.normal(size=(n, 8)), 7 * rng.normal(size=(n, 8)), 30 * rng.normal(size=(n, 8))], axis=1)
    ln_emg = np.stack([rng.normal(0, 0.1, n), rng.normal(2, 1.0, n), np.zeros(n)], axis=1)
    fixed = np.zeros((n, 3), dtype=bool)
    fixed[:50, 1], fixed[:, 2] = True, True
    slow[:50, 1] = 1e6
    limits = fit_gate_limits(slow, ln_emg, fixed, Settings().gate)
    assert limits.blink_uv[0] == 40.0  # the lowest
    assert limits.blink_uv[1] == pytest.approx(56, rel=0.1)  # eight spreads
    assert limits.blink_uv[2] == 75.0  # never seen: as before any baseline
    assert limits.max_ln_emg[0] == pytest.approx(0.9, abs=0.05)  # three times the lowest spread
    assert limits.max_ln_emg[1] == pytest.approx(2 + 3 * np.std(ln_emg[50:, 1]), abs=0.7)
    assert limits.max_ln_emg[2] == np.inf
    assert limits.median_ln_emg[:2] == pytest.approx([0, 2], abs=0.2)
    assert np.isnan(limits.median_ln_emg[2])


def test_muscle_too_weak_for_any_channel_is_seen_on_most_of_them_at_once() -> None:
    typical, limit = np.zeros(4), np.ones(4)
    weak = np.array([[0.9, 0.95, 0.2, 0.9]])
    assert muscle_flags(weak, typical, limit, 0.85).all()
    assert not muscle_flags(np.array([[5.0, 0.0, 0.1, 0.2]]), typical, limit, 0.85)[0, 1:].any()  # one loose electrode


@pytest.mark.parametrize("known", [1, 2])
def test_one_or_two_known_channels_are_judged_separately(known: int) -> None:
    typical, limit = np.full(4, np.nan), np.full(4, np.inf)
    typical[:known], limit[:known] = 0.0, 1.0
    assert not muscle_flags(np.full((1, 4), 0.9), typical, limit, 0.85).any()


@pytest.mark.parametrize("size_uv", [20.0, 30.0])
def test_a_clench_from_the_very_start_is_muscle_though_it_bends_the_1_f_fit(size_uv: float) -> None:
    scalp = scalp_of(MUSE)
    clench = tuple(make_artifact(ArtifactKind.MUSCLE, 1.7 * k, 2.0, size_uv, scalp) for k in range(20))
    found = judge(recorded(40.0, extra=clench))
    assert found.reasons["muscle"][blocks(8, 30)].mean() > 0.9
    assert judge(recorded(40.0)).reasons["muscle"].mean() < 0.02


def test_theta_is_rejected_while_blinks_fill_more_than_half_of_ten_seconds_if_so_set() -> None:
    blinks = np.zeros((300, 4), dtype=np.bool_)
    blinks[100:200, 1] = True
    rejecting = BlinkMemory(Settings()).process(blinks)[:, 0]
    ten_seconds = np.convolve(blinks.any(axis=1), np.ones(40))[: len(blinks)]
    assert np.array_equal(rejecting, ten_seconds > 20)
    gate = Settings().gate.model_copy(update={"blink_rejects_theta": False})
    assert not BlinkMemory(Settings(gate=gate)).process(blinks).any()


def test_a_baseline_s_own_frames_are_gated_again_by_its_limits() -> None:
    n = 60
    clear = np.zeros((n, 2), dtype=bool)
    slow_ptp, ln_emg, out = np.full((n, 2), 10.0), np.zeros((n, 2)), clear.copy()
    slow_ptp[20, 0], ln_emg[40:42, 0], out[:, 1] = 90.0, 5.0, True
    limits = GateLimits(np.array([40.0, 40.0]), np.zeros(2), np.array([1.0, 1.0]))
    valid, _, _ = apply_gate_limits(
        slow_ptp=slow_ptp, ln_emg=ln_emg, fixed_bad=clear, excluded=out, limits=limits, settings=Settings()
    )
    assert valid[20:40, 0].all()  # one bad block of eight
    assert not valid[40:49, 0].any()  # muscle at once, and until a quarter of the window is left of it
    assert valid[49:, 0].all()
    assert not valid[:, 1].any()


def pieces(data: np.ndarray, cuts: list[int]) -> Judged:
    pipeline = Pipeline(100.0, profile())
    edges = [0, *sorted(cuts), data.shape[1]]
    out: list[Windows] = []
    for start, stop in pairwise(edges):
        pipeline.append(data[:, start:stop])
        out += drain(pipeline)
    return Judged.of(out)


def gappy(rng: np.random.Generator) -> np.ndarray:
    data = 20 * rng.normal(size=(4, 1500)).astype(np.float32)
    for _ in range(rng.integers(0, 8)):
        rows = slice(None) if rng.random() < 0.5 else int(rng.integers(4))
        start = int(rng.integers(0, 1500))
        data[rows, start : start + int(rng.choice([1, 4, 6, 30, 60, 200]))] = np.nan
    return data


@pytest.mark.long
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 1500), max_size=20))
def test_verdicts_and_spectra_do_not_depend_on_how_the_samples_are_cut(seed: int, cuts: list[int]) -> None:
    data = gappy(np.random.default_rng(seed))
    whole, parts = pieces(data, []), pieces(data, cuts)
    n = len(parts.bad)
    assert n == len(whole.bad)
    assert parts.psd.tobytes() == whole.psd.tobytes()
    for name in ("bad", "out", "valid", "unusable", "good_share", "silence"):
        assert getattr(parts, name).tobytes() == getattr(whole, name).tobytes(), name
    for name, flags in whole.reasons.items():
        assert parts.reasons[name].tobytes() == flags.tobytes(), name


def test_one_sample_at_a_time_gives_the_same_verdicts() -> None:
    data = gappy(np.random.default_rng(3))
    whole, parts = pieces(data, []), pieces(data, list(range(1500)))
    assert parts.psd.tobytes() == whole.psd.tobytes()
    assert parts.bad.tobytes() == whole.bad.tobytes()


def test_a_batch_never_straddles_the_moment_the_mains_is_known() -> None:
    pipeline = Pipeline(256.0, profile())
    pipeline.append(CLEAN_40 + 5 * np.sin(2 * np.pi * 50 * np.arange(CLEAN_40.shape[1]) / 256))
    assert pipeline.mains_hz is None
    firsts = [w.first for w in drain(pipeline)]
    assert 40 in firsts
    assert pipeline.mains_hz == 50.0
    mine = Settings().filters.model_copy(update={"mains_hz": 60})
    assert Pipeline(256.0, profile(filters=mine)).mains_hz == 60.0


def contacts(data: np.ndarray) -> list[tuple[object, ...]]:
    judge_ = ContactMonitor(MUSE.ch_names, 0.25)
    return [frame for w in judge(data).windows for frame in judge_.process(w.gate_result)]


def test_contact_of_clean_signal_is_settling_then_good() -> None:
    frames = contacts(CLEAN_40)
    assert all(contact.level is ContactLevel.GOOD and contact.reasons == () for contact in frames[-1])
    assert all("settling" in contact.reasons for contact in frames[4])


def test_contact_names_what_is_wrong_with_the_electrode() -> None:
    frames = contacts(with_(CLEAN_40, 20, 40, 0.0, 1))
    contact = frames[-1][1]
    assert (contact.ch_name, contact.level) == ("AF7", ContactLevel.BAD)
    assert contact.reasons[0] == "flat: no skin contact"
    assert frames[-1][0].level is ContactLevel.GOOD


def test_contact_is_fair_while_an_artifact_is_recent() -> None:
    data = CLEAN_40.copy()
    data[0, 35 * 256 + 10] += 400
    fair = contacts(data)[35 * 4 + 4][0]
    assert fair.level is ContactLevel.FAIR
    assert "moving" in fair.reasons


def test_every_gate_rule_has_a_text() -> None:
    assert set(judge(CLEAN_40).reasons) == set(GATE_REASONS)


def test_schedule_and_pipeline_agree_on_what_is_ready() -> None:
    pipeline = Pipeline(250.0, profile())
    assert pipeline.windows(pipeline.ready) is None
    pipeline.append(np.zeros((4, 1000)))
    assert pipeline.ready == FrameSchedule(250.0, 0.25).count_complete(1000)
