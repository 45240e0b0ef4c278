"""The course of raw measures within one session, on signals whose course is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.analysis.contact_log import ContactLog
from neurofeedback.analysis.segment_means import segment_mean
from neurofeedback.analysis.session_course import compute_session_course
from neurofeedback.errors import RecordingError
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.types import LostRun, Phase, StreamInfo

SFREQ = 128.0
STREAM = StreamInfo("muse-2", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse", reference="Fpz")
PROFILE = resolve(Settings(), STREAM)[1]
ZERO_S, SECONDS = 80.0, 200.0


def record(change: float = 0.0, lost: tuple[LostRun, ...] = ()) -> Recording:
    """Noise of 1/f^1.2 whose ln power changes by ``change`` at time zero."""
    n = round(SECONDS * SFREQ)
    freqs = np.maximum(np.fft.rfftfreq(n, 1 / SFREQ), 0.5)
    white = np.fft.rfft(np.random.default_rng(4).standard_normal((4, n)))
    data = 20 * np.fft.irfft(white * freqs**-0.6, n)
    data[:, round(ZERO_S * SFREQ) :] *= np.exp(change / 2)

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return data[:, start:stop].astype(np.float32)

    return Recording(Path("simulated"), STREAM, n, read, lost=lost, profile=PROFILE)


def contacts(bad: slice | None = None) -> ContactLog:
    """Good contact throughout, or bad contact of the first channel in some frames."""
    samples = (np.arange(1, round(SECONDS * 4) + 1) * (SFREQ / 4)).astype(np.int64)
    grades = np.zeros((len(samples), 4), np.int8)
    if bad is not None:
        grades[bad, 0] = 2
    return ContactLog(samples, np.full(len(samples), str(Phase.REST)), grades, (), None, None)


def test_a_change_at_time_zero_has_its_size_in_every_power_and_none_in_the_shape() -> None:
    course = compute_session_course(record(0.5), time_zero_s=ZERO_S, segment_s=60.0, contacts=contacts())
    assert [(round(one.start_min), round(one.stop_min)) for one in course.segments] == [
        (-1, -1),
        (-1, 0),
        (0, 1),
        (1, 2),
    ]
    assert course.ch_names["all"] == STREAM.ch_names
    assert course.reference
    before, after = course.reference.means, course.segments[-1].means
    for name in ("delta", "theta", "alpha", "beta", "gamma", "offset"):
        assert after[name].mean - before[name].mean == pytest.approx(0.5, abs=0.12), name
    for name in ("exponent", "o_alpha", "lzc_ratio", "permutation_ratio", "multiscale_ratio"):
        assert after[name].mean - before[name].mean == pytest.approx(0.0, abs=0.1), name
    assert before["exponent"].mean == pytest.approx(1.2, abs=0.08)
    assert before["o_beta"].mean == pytest.approx(0.0, abs=0.08), "a window's offset has no bias"
    assert "muscle" not in before, "at 128 Hz there is no band of muscle alone"
    assert (before["beta"].low or 0) < before["beta"].mean < (before["beta"].high or 0)


def test_lost_packets_are_filled_and_bad_contact_leaves_windows_out() -> None:
    lost = tuple(LostRun(at, 6) for at in range(700, 25_000, 300))
    course = compute_session_course(record(lost=lost), time_zero_s=ZERO_S, contacts=contacts(bad=slice(100, 140)))
    whole = compute_session_course(record(), time_zero_s=ZERO_S, contacts=contacts())
    assert whole.reference
    assert course.reference
    assert course.reference.lost == pytest.approx(0.02, abs=0.002)
    assert whole.reference.means["beta"].n_windows - course.reference.means["beta"].n_windows in (2, 3)
    assert course.reference.usable == 1.0
    for name in ("theta", "alpha", "beta", "gamma", "permutation", "multiscale"):
        assert course.segments[-1].means[name].mean == pytest.approx(whole.segments[-1].means[name].mean, abs=0.03)


def test_marks_cut_the_session_and_time_zero_does_too() -> None:
    course = compute_session_course(record(), time_zero_s=ZERO_S, cuts_s=[150.0, 9e9], contacts=contacts())
    assert [round(60 * one.start_min) for one in course.segments] == [-80, 0, 70]
    assert [one.means["beta"].low is None for one in course.segments] == [False, False, False]


@pytest.mark.parametrize(
    ("zero_s", "segment_s", "message"), [(-1.0, 300.0, "outside"), (1e5, 300.0, "outside"), (0.0, 4.0, "too short")]
)
def test_a_time_zero_or_segment_that_makes_no_sense_is_refused(zero_s: float, segment_s: float, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        compute_session_course(record(), time_zero_s=zero_s, segment_s=segment_s, contacts=contacts())


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_the_interval_covers_the_mean_of_a_process_with_memory(missing: float) -> None:
    rng = np.random.default_rng(8)
    covered = []
    for _ in range(400):
        noise, process = rng.standard_normal(75), np.zeros(75)
        for at in range(1, 75):
            process[at] = 0.4 * process[at - 1] + noise[at]
        process[rng.random(75) < missing] = np.nan
        found = segment_mean(process)
        assert found
        assert found.low is not None
        assert found.high is not None
        covered.append(found.low <= 0 <= found.high)
    assert 0.9 <= np.mean(covered) <= 0.98


def test_few_windows_have_a_mean_and_no_interval() -> None:
    found = segment_mean(np.array([1.0, np.nan, 3.0]))
    assert found
    assert (found.mean, found.low, found.high, found.n_windows) == (2.0, None, None, 2)
    assert segment_mean(np.array([np.nan])) is None
    constant = segment_mean(np.ones(20))
    assert constant
    assert constant.low == constant.high == 1.0
