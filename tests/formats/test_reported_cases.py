"""Files with the faults that people report come out as the expected values beside them say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from tests.helpers import DATA

CASES = DATA / "cases"
EXPECTED = json.loads((CASES / "expected.json").read_text()) if (CASES / "expected.json").exists() else {}
HEADERS = {".vhdr", ".ahdr"}


def main_file(folder: Path) -> Path:
    files = sorted(folder.iterdir())
    return next((path for path in files if path.suffix in HEADERS), files[0])


def samples(recording: Recording) -> np.ndarray:
    return np.concatenate([chunk.data for chunk in recording.iter_chunks(10_000)], axis=1)


def peak_hz(values: np.ndarray, sfreq: float) -> float:
    freqs, power = welch(np.nan_to_num(values - np.nanmedian(values)), sfreq, nperseg=round(4 * sfreq))
    band = (freqs >= 2) & (freqs <= 60)
    return float(freqs[band][np.argmax(power[band])])


@pytest.mark.real_data
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_reported_case_is_read_as_expected(name: str) -> None:
    expected = EXPECTED[name]
    path = main_file(CASES / name)
    if expected.get("must_be_refused"):
        with pytest.raises(RecordingError, match=expected["the_reason_names"]):
            open_recording(path)
        return
    try:
        recording = open_recording(path)
    except RecordingError:
        assert expected.get("may_be_refused_with_a_reason")
        return
    values, sfreq = samples(recording), recording.stream.sfreq
    assert recording.import_report is not None
    assert sfreq == pytest.approx(expected.get("sfreq_hz", sfreq), rel=0.005)
    assert recording.stream.n_channels == expected.get("n_eeg_channels", recording.stream.n_channels)
    assert recording.duration_s == pytest.approx(expected.get("duration_s", recording.duration_s), abs=0.05)
    lost_s = count_lost_samples(recording.lost) / sfreq
    assert lost_s == pytest.approx(expected.get("lost_s", lost_s), abs=0.03)
    assert len(recording.events) >= expected.get("marks_at_least", 0)
    if "first_channel_peaks_at_hz" in expected:
        assert peak_hz(values[0], sfreq) == pytest.approx(expected["first_channel_peaks_at_hz"], abs=0.3)
    if "typical_sd_at_most_uv" in expected:
        assert 1 < np.nanmedian(np.nanstd(values, axis=1)) <= expected["typical_sd_at_most_uv"]
