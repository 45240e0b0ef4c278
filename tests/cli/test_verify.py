"""``verify`` as a person uses it: a table, one JSON document, exit 4 when something does not add up."""

import json
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.cli import main as cli
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.types import Chunk, StreamInfo

STREAM = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["neurofeedback", "verify", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def session(root: Path, duration_s: float) -> SessionWriter:
    """Twenty seconds of noise that came within so many seconds; still open."""
    writer = SessionWriter(root, SessionHeader("01", STREAM, "", StartState(), (), datetime(2026, 11, 22, 9, 15)))
    noise = np.random.default_rng(4).normal(0, 30, (4, 5120)).astype(np.float32)
    for start in range(0, 5120, 64):
        writer.process_chunk(Chunk(start, noise[:, start : start + 64], host_time=(start + 64) / 5120 * duration_s))
    return writer


def brainflow(path: Path, duration_s: float) -> Path:
    table = np.random.default_rng(4).normal(0, 30, (5120, 8))
    table[:, 6] = 1.7e9 + np.linspace(0, duration_s, 5120)
    np.savetxt(path, table, fmt="%.6f", delimiter="\t")
    return path


def test_what_adds_up_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session(tmp_path, 20.0).close()
    assert run(monkeypatch, tmp_path) == 0
    out = capsys.readouterr().out
    assert "5,120 present, 5,120 expected by the host's clock in 20.00 s" in out
    assert "What can be judged adds up. 1 cannot be judged." in out


def test_failed_check_gives_exit_code_4_and_names_the_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session(tmp_path, 13.0).close()
    assert run(monkeypatch, tmp_path) == 4
    out = capsys.readouterr().out
    assert "13.0 s are recorded as 20.0 s" in out
    assert "3 of 10 items do not add up. 1 cannot be judged." in out


def test_json_is_one_document_with_the_same_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session(tmp_path, 13.0).close()
    assert run(monkeypatch, tmp_path, "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "wrong"
    assert list(document["items"]) == [
        "samples",
        "rate",
        "drift",
        "gaps",
        "loss",
        "duplicates",
        "reads",
        "markers",
        "frames",
        "summary",
    ]
    assert document["items"]["rate"]["sfreq"] == pytest.approx(5120 / 13, rel=0.001)
    assert {item["verdict"] for item in document["items"].values()} <= {"ok", "wrong", "cannot be judged"}


def test_a_session_being_recorded_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = session(tmp_path, 20.0)
    assert run(monkeypatch, tmp_path) == 4
    output = capsys.readouterr()
    assert output.out == ""
    assert "is being recorded right now, so it is left alone: verify it when it ends." in output.err
    writer.close()
    assert run(monkeypatch, tmp_path) == 0


@pytest.mark.parametrize(("duration_s", "code"), [(20.0, 0), (13.0, 4)])
def test_a_brainflow_file_whose_rate_fits_no_board_can_be_named(
    duration_s: float, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = brainflow(tmp_path / "a[1].csv", duration_s)
    if code:
        assert run(monkeypatch, path) == 4
        assert "8 columns at 393.8 samples per second" in capsys.readouterr().err
    capsys.readouterr()
    assert run(monkeypatch, path, "--board", "muse_2") == code
    out = capsys.readouterr().out
    assert "a[1].csv" in out
    assert ("its header or device says 256 Hz" in out) == bool(code)


def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "diary.txt").write_text("Dear diary, today I sat.\n")
    for path, message in ((tmp_path / "diary.txt", "is not a recording"), (tmp_path / "no", "there is no recording")):
        assert run(monkeypatch, path) == 4
        output = capsys.readouterr()
        assert output.out == ""
        assert message in output.err
        assert output.err.count("\n") == 1


def test_a_stale_lock_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = session(tmp_path, 20.0)
    writer.close()
    writer.files.lock_path.touch()
    assert run(monkeypatch, tmp_path) == 0
    assert not writer.files.lock_path.exists()
