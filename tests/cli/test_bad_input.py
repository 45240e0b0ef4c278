"""Bad input at the command line: one message on stderr, the documented exit code, no traceback, nothing left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neurofeedback.cli.main import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the program; returns exit code and what it said on stderr."""

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["neurofeedback", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return int(ended.value.code or 0), captured.out + captured.err

    return call


@pytest.fixture
def train(run: Run, tmp_path: Path) -> Run:
    """Sit half a minute, headless and silent, unless the arguments say otherwise."""

    def call(*arguments: object) -> tuple[int, str]:
        defaults = {
            "--device": "synthetic",
            "--minutes": 0.5,
            "--recordings": tmp_path / "recordings",
            "--audio": "none",
        }
        given = dict(zip(arguments[::2], arguments[1::2], strict=True))
        return run("train", "--headless", *(part for pair in (defaults | given).items() for part in pair))

    return call


def profile(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("syntetic", "did you mean synthetic?"),
        ("", "there is no such device"),
        ("cyton", "cyton needs to know its port"),
        ("synthetic:1", "synthetic takes nothing after its name"),
        ("simulated:x", "the seed is not a number"),
        ("playback:", "playback needs a file"),
        ("brainflow:unicron", "did you mean unicorn?"),
        ("brainflow:unicorn:ip=1", "no such parameter of a board"),
    ],
)
def test_unknown_device_name(device: str, expected: str, train: Run, tmp_path: Path) -> None:
    code, message = train("--device", device)
    assert (code, list(tmp_path.glob("recordings/sub-*"))) == (2, [])
    assert expected in message


def test_a_port_that_does_not_exist(train: Run, tmp_path: Path) -> None:
    code, message = train("--device", "cyton:/dev/ttyNOWHERE")
    assert code == 3
    assert "/dev/ttyNOWHERE" in message
    assert list(tmp_path.glob("recordings/sub-*/ses-*")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[phases]\nsetle_s = 3", "unknown key phases.setle_s (did you mean settle_s?)"),
        ("[phases]\nsettle_s = -3", "phases.settle_s = -3"),
        ("montage = 'mues'", "no such montage: got 'mues'"),
        ("[index]\nevidence = 'opne'", "no such evidence profile: got 'opne'"),
        ("settle_s = ", "is not a TOML file"),
    ],
)
def test_a_profile_that_cannot_be_used(text: str, expected: str, train: Run, tmp_path: Path) -> None:
    code, message = train("--profile", profile(tmp_path, text))
    assert code == 2
    assert expected in message


def test_fewer_channels_than_the_montage_needs(train: Run, tmp_path: Path) -> None:
    code, message = train("--profile", profile(tmp_path, "montage = 'muse'"))
    assert code == 2
    assert "montage muse needs channels that synthetic does not have" in message


@pytest.mark.parametrize("label", ["../../x", "a b", "", "ä", "x" * 200])
def test_a_participant_that_is_no_label(label: str, train: Run, tmp_path: Path) -> None:
    code, message = train("--participant", label)
    assert code == 2
    assert "participant" in message
    assert not (tmp_path.parent / "x").exists()


@pytest.mark.parametrize(("label", "tried"), [("sub-03", "try 03."), ("sub-", "try 01."), ("../x", "try x.")])
def test_invalid_participant_label_gets_a_suggestion(label: str, tried: str, train: Run) -> None:
    assert tried in train("--participant", label)[1]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "1e9"])
def test_session_of_zero_length(minutes: str, train: Run) -> None:
    assert train("--minutes", minutes)[0] == 2


@pytest.mark.parametrize("audio", ["loud", "/nowhere/there/x.wav"])
def test_a_sound_that_goes_nowhere(audio: str, train: Run) -> None:
    assert train("--audio", audio)[0] in {2, 4}


def test_a_recordings_folder_that_cannot_be(train: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, message = train("--recordings", tmp_path / "file" / "inside")
    assert code == 4
    assert str(tmp_path / "file") in message


@pytest.mark.parametrize("content", [b"", b"no EEG at all", bytes(range(256)) * 100])
@pytest.mark.parametrize("name", ["x.vhdr", "x.edf", "x.bdf", "x.txt", "x.fif", "x.csv", "x.xyz"])
def test_a_file_that_is_no_recording(name: str, content: bytes, run: Run, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    code, message = run("replay", tmp_path / name)
    assert code == 4
    assert name in message


def test_playback_of_what_is_no_recording(train: Run, tmp_path: Path) -> None:
    (tmp_path / "x.edf").write_bytes(b"0" * 300)
    code, message = train("--device", f"playback:{tmp_path / 'x.edf'}")
    assert (code, list(tmp_path.glob("recordings/sub-*"))) == (4, [])
    assert "x.edf" in message


@pytest.mark.parametrize("path", ["nowhere.vhdr", "nowhere", "."])
def test_a_recording_that_is_not_there(path: str, run: Run, tmp_path: Path) -> None:
    assert run("replay", tmp_path / path)[0] == 4


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
@pytest.mark.parametrize("arguments", [[], ["train", "--device", "synthetic"]])
def test_no_display(arguments: list[str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    code, message = run(*arguments)
    assert code == 2
    assert "--headless" in message


@pytest.mark.parametrize(
    "command", [["history"], ["compare", "pre", "post"], ["decoder", "show"], ["decoder", "reset"]]
)
def test_missing_recordings_folder(command: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("none", "file"):
        code, message = run(*command, "--recordings", str(tmp_path / name))
        assert code == 4
        assert "there is no such folder of recordings" in message
    assert not (tmp_path / "none").exists()
