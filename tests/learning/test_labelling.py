"""What an answer labels: which seconds, compared with what, and what it may never know."""

from __future__ import annotations

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.learning.feature_covariance import (
    WindowCovariance,
    column_medians,
    estimate_window_covariance,
    pool_covariances,
)
from neurofeedback.learning.frame_log_reader import read_frames
from neurofeedback.learning.labelling import BREATH, ELSEWHERE, NOT_SURE, WindowLabeller, is_key_stuck
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.types import Phase, Probe

SFREQ, HOP_S, STEP = 256.0, 0.25, 64
NAMES = ("theta_frontal", "alpha_posterior")
SETTINGS = DecoderSettings(features=NAMES)
NAN = math.nan


def at(seconds: float) -> int:
    return round(seconds * SFREQ)


def labeller(
    seconds: float = 120.0, *, seed: int = 0, bad: tuple[float, float] = (0, 0), **raised: float
) -> WindowLabeller:
    """Practise for some time; noise, raised by 5 in the spans named, without signal in ``bad``."""
    out = WindowLabeller(estimate_window_covariance(NAMES), SFREQ, HOP_S, SETTINGS)
    feed(out, seconds, seed=seed, bad=bad, raised=raised)
    return out


def feed(
    out: WindowLabeller, seconds: float, *, seed: int = 0, bad: tuple[float, float] = (0, 0), raised: dict[str, float]
) -> None:
    noise = np.random.default_rng(seed).standard_normal((round(seconds / HOP_S), 2))
    for k, z in enumerate(noise.tolist()):
        end_s = (k + 1) * HOP_S
        up = 5.0 if raised and raised["start"] < end_s <= raised["stop"] else 0.0
        out.append(at(end_s), Phase.PRACTICE, not bad[0] < end_s <= bad[1], (z[0] + up, z[1]))


def test_a_probe_labels_the_seconds_from_ten_to_one_before_its_chime() -> None:
    inside = labeller(start=90.0, stop=99.0).label_probe(Probe(at(100), where=ELSEWHERE, sure=4))
    outside = labeller(start=99.0, stop=110.0).label_probe(Probe(at(100), where=ELSEWHERE, sure=4))
    assert inside is not None
    assert outside is not None
    assert inside.x[0] > 5
    assert abs(outside.x[0]) < 1


def test_a_press_labels_the_seconds_from_eight_to_two_before_itself_as_wandering() -> None:
    inside = labeller(start=92.0, stop=98.0).label_press(at(100))
    outside = labeller(start=98.0, stop=110.0).label_press(at(100))
    assert inside is not None
    assert outside is not None
    assert inside.x[0] > 4
    assert abs(outside.x[0]) < 1
    assert inside.wander
    assert inside.self_caught


@pytest.mark.parametrize(("where", "wander"), [(BREATH, False), (ELSEWHERE, True)])
@pytest.mark.parametrize(("sure", "weight"), [(1, 0.4), (2, 0.7), (3, 0.9), (4, 1.0), (None, 0.7)])
def test_answer_weight_follows_certainty(where: int, wander: bool, sure: int | None, weight: float) -> None:
    window = labeller().label_probe(Probe(at(100), where=where, sure=sure))
    assert window is not None
    assert (window.wander, window.weight, window.self_caught) == (wander, weight, False)


@pytest.mark.parametrize("probe", [Probe(at(100), where=NOT_SURE, sleepy=2), Probe(at(100))])
def test_not_sure_and_unanswered_give_no_window(probe: Probe) -> None:
    assert labeller().label_probe(probe) is None


@pytest.mark.parametrize(("press_s", "labelled"), [(79.9, True), (80.1, False), (99.9, False), (100.1, True)])
def test_probe_soon_after_press_gives_no_window(press_s: float, labelled: bool) -> None:
    one = labeller()
    one.label_press(at(press_s))
    assert (one.label_probe(Probe(at(100), where=BREATH, sure=4)) is not None) is labelled


def test_press_soon_after_press_gives_no_window() -> None:
    one = labeller()
    assert one.label_press(at(60)) is not None
    assert one.label_press(at(70)) is None
    assert one.label_press(at(100)) is not None


@pytest.mark.parametrize(("bad", "labelled"), [((94.75, 120.0), True), ((93.75, 120.0), False)])
def test_window_needs_four_seconds_of_signal(bad: tuple[float, float], labelled: bool) -> None:
    one = labeller(bad=bad)
    window = one.label_probe(Probe(at(100), where=ELSEWHERE, sure=4))
    assert (window is not None) is labelled
    assert one.has_signal(at(100)) is labelled


def test_answer_before_practice_gives_no_window() -> None:
    one = WindowLabeller(estimate_window_covariance(NAMES), SFREQ, HOP_S, SETTINGS)
    for k in range(200):
        one.append(at((k + 1) * HOP_S), Phase.BASELINE, True, (0.0, 0.0))
    assert one.label_probe(Probe(at(50), where=ELSEWHERE, sure=4)) is None


def test_window_does_not_depend_on_later_frames() -> None:
    probe = Probe(at(100), where=ELSEWHERE, sure=4)
    live, later = labeller(99.25), labeller(200.0)
    later.label_press(at(110))
    first, second = live.label_probe(probe), later.label_probe(probe)
    assert first is not None
    assert second is not None
    assert first.x.tobytes() == second.x.tobytes()
    assert live.shrunk_covariance(at(99)).covariance.tobytes() == later.shrunk_covariance(at(99)).covariance.tobytes()


def test_window_is_relative_to_median_in_person_spread() -> None:
    one = WindowLabeller(estimate_window_covariance(NAMES), SFREQ, HOP_S, SETTINGS)
    z = np.random.default_rng(1).standard_normal((400, 2))
    for k, row in enumerate(z.tolist()):
        one.append(at((k + 1) * HOP_S), Phase.PRACTICE, True, row)
    window = one.label_probe(Probe(at(100), where=BREATH, sure=4))
    ends = np.arange(4, 397, 4)  # one window a second, up to the one that ends a second before the chime
    windows = np.array([z[max(0, end - 36) : end].mean(axis=0) for end in ends if end >= 16])
    spread = np.cov(windows.T, bias=True)
    n = len(windows) / 9.0
    sd = np.sqrt((n * np.diag(spread) + 20 * np.array([0.49, 0.69]) ** 2) / (n + 20))
    assert window is not None
    np.testing.assert_allclose(window.x, (z[360:396].mean(axis=0) - np.median(windows, axis=0)) / sd, rtol=1e-12)
    assert window.minutes == pytest.approx((at(100) - at(0.25)) / SFREQ / 60)


def test_a_feature_without_signal_is_missing_and_the_others_are_not() -> None:
    one = WindowLabeller(estimate_window_covariance(NAMES), SFREQ, HOP_S, SETTINGS)
    for k in range(400):
        one.append(at((k + 1) * HOP_S), Phase.PRACTICE, True, (float(k % 3), NAN))
    window = one.label_probe(Probe(at(100), where=BREATH, sure=4))
    assert window is not None
    assert math.isfinite(window.x[0])
    assert math.isnan(window.x[1])


@pytest.mark.parametrize(
    ("presses", "stuck"), [([], False), (range(0, 25600, 64), True), (range(0, 256 * 1200, 256 * 60), False)]
)
def test_stuck_key_is_recognized(presses: range | list[int], stuck: bool) -> None:
    assert is_key_stuck(presses, SFREQ, SETTINGS) is stuck


def test_pooled_covariance_weights_sessions_and_default() -> None:
    few, many = WindowCovariance(NAMES, np.eye(2) * 4.0, 1.0), WindowCovariance(NAMES, np.eye(2), 9999.0)
    assert pool_covariances([few, many], NAMES, 20.0).sd == pytest.approx([1.0, 1.0], rel=0.01)
    assert pool_covariances([], NAMES, 20.0).sd == pytest.approx([0.49, 0.69])
    assert pool_covariances([few], NAMES, 20.0).sd == pytest.approx(
        np.sqrt([(4 + 20 * 0.49**2) / 21, (4 + 20 * 0.69**2) / 21])
    )
    assert pool_covariances([few], NAMES, 20.0).correlation == pytest.approx(np.eye(2))
    assert estimate_window_covariance(("mine",)).sd == pytest.approx([0.6])


def test_the_median_leaves_out_what_is_missing() -> None:
    np.testing.assert_equal(column_medians(np.array([[1.0, NAN], [NAN, NAN], [4.0, NAN]])), [2.5, NAN])


def peak_bytes_per_frame(out: WindowLabeller, path: Path, n_frames: int) -> float:
    """Peak of memory while the frames of a log are read and labelled, above what there was before."""
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for frame in read_frames(path, ("z_a", "z_b")):
        out.append(frame.sample, frame.phase, frame.valid, frame.values)
    return (tracemalloc.get_traced_memory()[1] - before) / n_frames


def test_a_night_of_frames_is_held_as_numbers_alone(tmp_path: Path) -> None:
    """24 bytes a frame, and the memory of the reader; a line of the log and its objects would have 500."""
    n_frames, path = 1500, tmp_path / "frames.tsv"
    rows = (f"{STEP * (i + 1)}\tpractice\t1\t0.5\t-0.25\t{'x' * 60}\n" for i in range(n_frames))
    path.write_text("sample\tphase\tvalid\tz_a\tz_b\tnote\n" + "".join(rows), encoding="utf-8")
    out = WindowLabeller(estimate_window_covariance(NAMES), SFREQ, HOP_S, SETTINGS)
    tracemalloc.start()
    try:
        assert peak_bytes_per_frame(out, path, n_frames) < 200
    finally:
        tracemalloc.stop()
    assert out.session_covariance().n > 0
