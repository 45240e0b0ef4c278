"""The ledger of recordings that add up, and of those that do not: 20 s that became 38 s, and 20 s that became 13 s."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.errors import RecordingError
from neurofeedback.recording.brainvision.headers import format_header as brainvision_header
from neurofeedback.recording.brainvision.headers import format_marker_header
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import Chunk, StreamInfo
from neurofeedback.verification.check_result import CheckResult, CheckStatus
from neurofeedback.verification.verify import VerificationResult, verify
from tests.helpers import DATA

SFREQ = 256.0
MUSE = StreamInfo("muse-2", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
STARTED = datetime(2026, 11, 22, 9, 15)
ACTUAL_S = 20.0

Write = Callable[[Path, np.ndarray, np.ndarray], Path]


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    """Forty seconds of a simulated meditator, (4, 10240) in microvolts."""
    return simulate(
        draw_person(5), seconds=40.0, seed=5, montage=load_montage("muse"), headset=get_headset("muse")
    ).data


def own(folder: Path, data: np.ndarray, times: np.ndarray, stream: StreamInfo = MUSE) -> Path:
    """A session of this program, read 12 samples at a time when the clock says."""
    writer = SessionWriter(folder / "recordings", SessionHeader("01", stream, "", StartState(), (), STARTED))
    for start in range(0, data.shape[1], 12):
        piece = data[:, start : start + 12].astype(np.float32)
        writer.process_chunk(Chunk(start, piece, host_time=float(times[start + piece.shape[1] - 1])))
    writer.close()
    return writer.raw


def muse_lsl(folder: Path, data: np.ndarray, times: np.ndarray) -> Path:
    path = folder / "recording.csv"
    rows = [",".join(f"{value:.6f}" for value in (1.5e9 + time, *sample, 0.0)) for time, sample in zip(times, data.T)]  # noqa: B905
    path.write_text("\n".join(["timestamps,TP9,AF7,AF8,TP10,Right AUX", *rows]) + "\n")
    return path


def brainflow(folder: Path, data: np.ndarray, times: np.ndarray) -> Path:
    path = folder / "brainflow.csv"
    table = np.zeros((8, times.size))
    table[1:5], table[6] = data, 1.7e9 + times
    np.savetxt(path, table.T, fmt="%.6f", delimiter="\t")
    return path


def brainvision(folder: Path, data: np.ndarray, times: np.ndarray) -> Path:
    path = folder / "foreign_eeg.vhdr"
    path.write_text(brainvision_header(MUSE, "foreign"), encoding="utf-8")
    (folder / "foreign_eeg.vmrk").write_text(format_marker_header("foreign", STARTED), encoding="utf-8")
    data.T.astype("<f4").tofile(folder / "foreign_eeg.eeg")
    assert times.size == data.shape[1]
    return path


WITH_CLOCK = [own, muse_lsl, brainflow]
ALL = [*WITH_CLOCK, brainvision]


def check(path: Path) -> VerificationResult:
    return verify(path, board="Muse2" if path.name == "brainflow.csv" else None)


def found(verification: VerificationResult, item: str) -> CheckResult:
    return next(finding for finding in verification.results if finding.item == item)


def wrong(verification: VerificationResult) -> set[str]:
    return {finding.item for finding in verification.results if finding.status is CheckStatus.WRONG}


def paced(n_samples: int, seconds: float) -> np.ndarray:
    """Arrival times that spread so many samples over so many seconds, in packets of 12 with Bluetooth's delays."""
    sent = (np.arange(n_samples) // 12 * 12 + 12) * seconds / n_samples
    late = np.random.default_rng(3).uniform(0.005, 0.040, n_samples // 12 + 1)
    return np.maximum.accumulate(sent + np.repeat(late, 12)[:n_samples])


def windows_saved(signal: np.ndarray) -> np.ndarray:
    """Twenty seconds saved as overlapping 1 s windows every 0.5 s: 39 s of apparent raw data."""
    starts = range(0, round((ACTUAL_S - 0.5) * SFREQ), round(SFREQ / 2))
    return np.concatenate([signal[:, start : start + round(SFREQ)] for start in starts], axis=1)


@pytest.mark.parametrize("stated_s", [38.0, 13.0])
@pytest.mark.parametrize("write", [muse_lsl, brainflow])
def test_rate_that_contradicts_the_device_is_found_and_the_length_is_by_the_clock(
    write: Write, stated_s: float, signal: np.ndarray, tmp_path: Path
) -> None:
    n_samples = round(stated_s * SFREQ)
    verification = check(write(tmp_path, signal[:, :n_samples], paced(n_samples, ACTUAL_S)))
    assert wrong(verification) == {"rate"}
    assert found(verification, "rate").measurements["nominal_sfreq"] == pytest.approx(n_samples / ACTUAL_S, rel=0.01)
    assert "256 Hz" in found(verification, "rate").text


@pytest.mark.parametrize("stated_s", [38.0, 13.0])
def test_wrong_length_is_found_by_clock(stated_s: float, signal: np.ndarray, tmp_path: Path) -> None:
    n_samples = round(stated_s * SFREQ)
    verification = check(own(tmp_path, signal[:, :n_samples], paced(n_samples, ACTUAL_S)))
    assert verification.status is CheckStatus.WRONG
    assert {"samples", "rate", "drift"} <= wrong(verification)
    assert found(verification, "rate").measurements["sfreq"] == pytest.approx(n_samples / ACTUAL_S, rel=0.01)
    assert found(verification, "samples").text.startswith("20.0 s are recorded as")
    assert found(verification, "duplicates").status is CheckStatus.OK


@pytest.mark.parametrize("write", ALL)
def test_overlapping_windows_saved_as_raw_are_found(write: Write, signal: np.ndarray, tmp_path: Path) -> None:
    saved = windows_saved(signal)
    verification = check(write(tmp_path, saved, paced(saved.shape[1], saved.shape[1] / SFREQ)))
    assert wrong(verification) == {"duplicates"}
    repeated = found(verification, "duplicates")
    assert repeated.measurements["n_repeated"] == saved.shape[1] - 20 * SFREQ
    assert repeated.text.startswith("19.0 s of 39.0 s repeat earlier samples exactly")


@pytest.mark.parametrize("write", ALL)
def test_intact_recording_has_no_fault(write: Write, signal: np.ndarray, tmp_path: Path) -> None:
    n_samples = signal.shape[1]
    verification = check(write(tmp_path, signal, paced(n_samples, n_samples / SFREQ)))
    assert wrong(verification) == set()
    assert verification.status is CheckStatus.OK


def test_recording_without_clock_is_not_checkable(signal: np.ndarray, tmp_path: Path) -> None:
    verification = verify(brainvision(tmp_path, signal, np.zeros(signal.shape[1])))
    for item in ("samples", "rate", "drift", "gaps"):
        assert found(verification, item).status is CheckStatus.NOT_CHECKABLE
        assert found(verification, item).text.startswith("no clock")


@pytest.mark.parametrize(("n_samples", "seconds", "why"), [(300, 300 / SFREQ, "too short"), (5120, 0.0, "no clock")])
def test_useless_clock_gives_reason(
    n_samples: int, seconds: float, why: str, signal: np.ndarray, tmp_path: Path
) -> None:
    times = np.linspace(0.0, seconds, n_samples)
    verification = verify(muse_lsl(tmp_path, signal[:, :n_samples], times))
    assert why in found(verification, "rate").text
    assert verification.status is CheckStatus.OK


def test_a_few_seconds_have_a_rate_but_no_drift(signal: np.ndarray, tmp_path: Path) -> None:
    verification = verify(muse_lsl(tmp_path, signal[:, :1000], paced(1000, 1000 / SFREQ)))
    assert found(verification, "rate").status is CheckStatus.OK
    assert found(verification, "drift").text == "too short to measure"


@pytest.mark.parametrize("write", [muse_lsl, brainflow])
def test_dropped_samples_of_an_imported_file_are_a_loss_in_their_place(
    write: Write, signal: np.ndarray, tmp_path: Path
) -> None:
    present = np.r_[0:4000, 4400 : signal.shape[1]]
    verification = check(write(tmp_path, signal[:, present], paced(signal.shape[1], signal.shape[1] / SFREQ)[present]))
    assert wrong(verification) == set()
    assert found(verification, "loss").measurements["n_lost"] == pytest.approx(400, abs=0.06 * SFREQ)


def test_silently_dropped_samples_give_jump(signal: np.ndarray, tmp_path: Path) -> None:
    present = np.r_[0:4000, 4400 : signal.shape[1]]
    verification = check(own(tmp_path, signal[:, present], paced(signal.shape[1], signal.shape[1] / SFREQ)[present]))
    (jump,) = found(verification, "gaps").measurements["jumps"]
    assert jump["sample"] == pytest.approx(4000, abs=SFREQ)
    assert jump["seconds"] == pytest.approx(400 / SFREQ, abs=0.06)
    assert "gaps" in wrong(verification)


def test_stale_muse_block_is_found(signal: np.ndarray, tmp_path: Path) -> None:
    stale = signal.copy()
    stale[2, 1200:1212] = stale[2, 1188:1200]
    stale[0, 3600:3624] = np.tile(stale[0, 3588:3600], 2)
    verification = verify(own(tmp_path, stale, paced(stale.shape[1], stale.shape[1] / SFREQ)))
    assert wrong(verification) == {"duplicates"}
    assert found(verification, "duplicates").measurements["n_stale_blocks"] == 3


def test_stale_block_marked_as_lost_is_ok(signal: np.ndarray, tmp_path: Path) -> None:
    marked = signal.copy()
    marked[2, 1200:1212] = np.nan
    verification = verify(own(tmp_path, marked, paced(marked.shape[1], marked.shape[1] / SFREQ)))
    assert wrong(verification) == set()
    assert found(verification, "loss").measurements["n_lost"] == 12


def test_railed_and_flat_electrodes_are_not_duplicates(signal: np.ndarray, tmp_path: Path) -> None:
    railed = signal.copy()
    railed[:] = 1000 * np.sign(np.sin(2 * np.pi * 50 * np.arange(railed.shape[1]) / 250))
    railed[:, 2000:4000] = 0.0
    railed[:, 6000:6500] = signal[:, 6000:6500]
    verification = verify(own(tmp_path, railed, paced(railed.shape[1], railed.shape[1] / SFREQ)))
    assert wrong(verification) == set()


def test_missing_path_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no recording at"):
        verify(tmp_path / "nothing")


@cache
def verified(path: Path) -> VerificationResult:
    """Verify a real recording; once a process."""
    return verify(path)


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["same_signal_in_nine_formats", "muse_2016_erp", "openbci_gui"])
def test_real_recordings_have_no_fault(folder: str) -> None:
    judged = 0
    for path in sorted((DATA / folder).rglob("*.*")):
        if path.suffix not in {".csv", ".txt", ".edf", ".bdf", ".fif", ".vhdr"}:
            continue
        try:
            verification = verified(path)
        except RecordingError as error:
            assert "not a recording this program can read" in str(error)  # noqa: PT017 - notes and other formats
            continue
        assert wrong(verification) == set(), f"{path.name}: {verification.as_dict()}"
        judged += 1
    assert judged >= {"same_signal_in_nine_formats": 7, "muse_2016_erp": 14, "openbci_gui": 5}[folder]


@pytest.mark.real_data
def test_a_real_muse_runs_within_100_ppm_of_256_hz() -> None:
    for path in (DATA / "muse_2016_erp").rglob("*.csv"):
        verification = verified(path)
        n_lost = int(str(found(verification, "loss").measurements.get("n_lost", 0)))
        assert n_lost <= 1  # of 30,732, by jitter; none was lost
        assert 50 < float(str(found(verification, "drift").measurements["ppm"])) < 100 + 40 * n_lost
