"""Whole sessions under verification: with loss, stalls and interruptions none alarms, and what was altered is named."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.acquisition.source import Source
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import find_session
from neurofeedback.recording.facts.changes import change_log_path
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.simulation.packet_loss import RadioLink
from neurofeedback.storage.file_lock import acquire_lock
from neurofeedback.verification import consistency_checks
from neurofeedback.verification.check_result import CheckResult, CheckStatus
from neurofeedback.verification.verify import VerificationResult, verify

LINKS = {
    "clean": RadioLink(),
    "2 % loss": RadioLink(loss=0.02),
    "stall of 6 s": RadioLink(outages=((12.0, 6.0),)),
    "loss and two stalls": RadioLink(loss=0.02, outages=((11.0, 1.5), (20.0, 3.0))),
    "loss where a phase ends": RadioLink(loss=0.02, outages=((8.0, 1.5),)),
}


def sit(root: Path, link: RadioLink) -> Path:
    """Half a minute on the simulated meditator, as fast as it goes."""

    def find(device: str, *, now: Callable[[], float], seed: int | None, duration_s: float) -> Source:
        assert device == "simulated:7"
        return SimulatedSource(7 if seed is None else seed, now, duration_s=duration_s, link=link)

    sitting = Session(SessionConfig("simulated:7", root, minutes=0.5, audio="none", fast=True), find)
    sitting.start()
    outcome = sitting.join(60.0)
    assert outcome is not None
    assert outcome.exit_code == 0, outcome.message
    return root


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: sit(tmp_path_factory.mktemp("rec"), link) for name, link in LINKS.items()}


@pytest.fixture
def lossy(sessions: dict[str, Path], tmp_path: Path) -> Path:
    """A copy to alter, of the session with loss and stalls."""
    return Path(shutil.copytree(sessions["loss and two stalls"], tmp_path / "rec"))


def file(root: Path, ending: str) -> Path:
    (path,) = (path for path in root.rglob(f"sub-*{ending}") if path.is_file())
    return path


def found(verification: VerificationResult, item: str) -> CheckResult:
    return next(finding for finding in verification.results if finding.item == item)


def wrong(verification: VerificationResult) -> set[str]:
    return {finding.item for finding in verification.results if finding.status is CheckStatus.WRONG}


@pytest.mark.parametrize("name", LINKS)
def test_session_is_consistent_despite_packet_loss(name: str, sessions: dict[str, Path]) -> None:
    verification = verify(sessions[name])
    assert {finding.status for finding in verification.results} == {CheckStatus.OK}, verification.as_dict()
    assert found(verification, "frames").measurements["identical"] is True


def test_loss_and_stalls_are_counted(sessions: dict[str, Path]) -> None:
    assert 0.005 < float(str(found(verify(sessions["2 % loss"]), "loss").measurements["share"])) < 0.04
    assert found(verify(sessions["stall of 6 s"]), "loss").measurements["longest"] == pytest.approx(6 * 256, abs=12)
    assert found(verify(sessions["clean"]), "loss").measurements["n_lost"] == 0


def broken_off(root: Path) -> None:
    """Leave what a kill leaves: no summary, torn last lines, a torn sample, the last frames not logged, no closing."""
    change_log_path(root).unlink()
    file(root, "_summary.json").unlink()
    for ending in ("_timeseries.tsv", "_events.tsv"):
        path = file(root, ending)
        path.write_bytes(path.read_bytes()[:-4])
    with file(root, "_eeg.eeg").open("ab") as data:
        data.write(b"\x00\x00\x80")


@pytest.mark.parametrize("completed", [False, True])
def test_interrupted_session_is_consistent_before_and_after_recovery(lossy: Path, *, completed: bool) -> None:
    broken_off(lossy)
    if completed:
        assert recover_sessions(lossy)
    verification = verify(lossy)
    assert wrong(verification) == set(), verification.as_dict()
    assert "the last 1 frame had not been logged" in found(verification, "frames").text
    summary = found(verification, "summary")
    assert summary.status is (CheckStatus.OK if completed else CheckStatus.NOT_CHECKABLE)
    assert "broke off" in summary.text


def test_live_session_is_refused(lossy: Path) -> None:
    files = find_session(lossy)
    assert files
    lock = acquire_lock(files.lock_path)
    assert lock
    with pytest.raises(RecordingError, match="is being recorded right now, so it is left alone"):
        verify(lossy)
    lock.release()
    assert verify(lossy).status is CheckStatus.OK


def test_unreadable_lock_is_reported(lossy: Path) -> None:
    files = find_session(lossy)
    assert files
    files.lock_path.mkdir()
    with pytest.raises(RecordingError, match=r"the lock of the session .*Is a directory; remove that file"):
        verify(lossy)


def test_unreadable_file_is_reported(lossy: Path) -> None:
    path = file(lossy, "_eeg.vmrk")
    path.unlink()
    path.mkdir()
    with pytest.raises(RecordingError, match=r"cannot be read: got .*_eeg.vmrk: Is a directory; restore the file"):
        verify(lossy)


def replaced(ending: str, pattern: str, by: str) -> Callable[[Path], None]:
    """Return what replaces the first match in one file of a session."""

    def alter(root: Path) -> None:
        path = file(root, ending)
        text, n_replaced = re.subn(pattern, by, path.read_text(), count=1, flags=re.MULTILINE)
        assert n_replaced == 1
        path.write_text(text)

    return alter


def cut(root: Path) -> None:
    path = file(root, "_eeg.eeg")
    path.write_bytes(path.read_bytes()[: -16 * 512])


def fill(root: Path) -> None:
    """Put a value where samples are marked as lost."""
    start = re.search(r"^lost\t(\d+)", file(root, "_timing.tsv").read_text(), re.MULTILINE)
    assert start
    path = file(root, "_eeg.eeg")
    data = bytearray(path.read_bytes())
    data[16 * int(start.group(1)) + 2] = 0x3F
    path.write_bytes(data)


ALTERED: dict[str, tuple[Callable[[Path], None], set[str], str]] = {
    "a frame": (replaced("_timeseries.tsv", r"^(10\t2560\t\w+\t)1", r"\g<1>0"), {"frames"}, r"row 40, valid: '0'"),
    "a feature": (
        replaced("_timeseries.tsv", r"^(18\t4608\t.*\t)-?\d[\d.]*$", r"\g<1>7.5"),
        {"frames"},
        "row 72, zt_.*7.5",
    ),
    "a frame less": (
        replaced("_timeseries.tsv", r"^5\t1280\t.*\n", ""),
        {"frames", "summary"},
        "119 frames in the log, 120 in",
    ),
    "a gap in .vmrk": (
        replaced("_eeg.vmrk", r"^Mk\d+=BAD_.*\n", ""),
        {"markers"},
        r"\.vmrk and timing.tsv .*1 missing",
    ),
    "an event in .vmrk": (
        replaced("_eeg.vmrk", r"=Comment,phase/practice,\d+", "=Comment,phase/practice,5"),
        {"markers"},
        r"\.vmrk and events.tsv list different events \(1 missing, 1 too many\)",
    ),
    "a gap in events": (
        replaced("_events.tsv", r"BAD_ACQ_SKIP\tall", "BAD_ACQ_SKIP\tTP9"),
        {"markers"},
        r"events.tsv and timing.tsv .*1 missing, 1 too many",
    ),
    "a lost run": (
        replaced("_timing.tsv", r"^lost\t.*\n", ""),
        {"frames", "markers", "summary"},
        r"too many",
    ),
    "a read": (replaced("_timing.tsv", r"^read\t1008\t.*\n", ""), {"reads"}, "does not follow the one before"),
    "the end of the samples": (cut, {"reads", "frames", "summary"}, "512 samples that were read are missing"),
    "a lost sample": (fill, {"loss"}, "1 sample marked as lost hold"),
    "the sample count": (
        replaced("_summary.json", r'"n_samples": \d+', '"n_samples": 9728'),
        {"summary"},
        r"n_samples is 9728, the files say \d+",
    ),
    "the length": (replaced("_summary.json", r'"duration_s": [\d.]+', '"duration_s": 38.0'), {"summary"}, "is 38, "),
}


@pytest.mark.parametrize("what", ALTERED)
def test_altered_file_is_reported(what: str, lossy: Path) -> None:
    alter, items, text = ALTERED[what]
    alter(lossy)
    verification = verify(lossy)
    assert verification.status is CheckStatus.WRONG
    assert items <= wrong(verification), verification.as_dict()
    assert wrong(verification) - items <= {"markers", "loss", "gaps", "samples", "events"}
    assert any(re.search(text, finding.text) for finding in verification.results if finding.status is CheckStatus.WRONG)


def test_difference_in_last_bit_is_reported_as_ok(lossy: Path) -> None:
    path = file(lossy, "_timeseries.tsv")
    names, *rows = (line.split("\t") for line in path.read_text().splitlines())
    column = names.index("ln_alpha_posterior") if "ln_alpha_posterior" in names else len(names) - 1
    row = next(row for row in rows if row[column] not in {"n/a", "0"})
    row[column] = f"{float(row[column]) * (1 + 1e-8):.10g}"
    path.write_text("".join("\t".join(cells) + "\n" for cells in (names, *rows)))
    frames = found(verify(lossy), "frames")
    assert frames.status is CheckStatus.OK
    assert "equal a fresh replay to 1e-06, not byte for byte (the same versions, so another processor)" in frames.text


def test_different_versions_are_listed(lossy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verify(lossy).status is CheckStatus.OK
    then = json.loads(file(lossy, "_start.json").read_text())["start"]["versions"]
    replaced("_timeseries.tsv", r"^(10\t2560\t\w+\t)1", r"\g<1>0")(lossy)
    monkeypatch.setattr(consistency_checks, "package_versions", lambda: then | {"numpy": "0.1"})
    frames = found(verify(lossy), "frames")
    assert frames.status is CheckStatus.WRONG
    assert frames.measurements["version_differences"] == [f"numpy {then['numpy']} then, 0.1 here"]
    monkeypatch.setattr(consistency_checks, "package_versions", lambda: then | {"neurofeedback-meditation": "99"})
    frames = found(verify(lossy), "frames")
    assert frames.status is CheckStatus.NOT_CHECKABLE
    assert "recorded by another version of this program" in frames.text


def test_session_without_replay_is_not_checkable(lossy: Path) -> None:
    replaced("_events.tsv", "practice", "siesta")(lossy)
    frames = found(verify(lossy), "frames")
    assert frames.status is CheckStatus.NOT_CHECKABLE
    assert "the replay fails" in frames.text
    assert "siesta" in frames.text


def test_missing_file_is_not_checkable(lossy: Path) -> None:
    file(lossy, "_timeseries.tsv").unlink()
    assert found(verify(lossy), "frames").text == "the frame log is missing"
    file(lossy, "_settings.toml").write_text("")
    assert found(verify(lossy), "frames").status is CheckStatus.NOT_CHECKABLE
    file(lossy, "_timing.tsv").unlink()
    verification = verify(lossy)
    assert found(verification, "rate").text == "no clock in the file"
    assert found(verification, "reads").text == "timing.tsv lists no read"
