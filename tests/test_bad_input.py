"""Whatever a person gets wrong is one message in four parts and its exit code, before anything is recorded."""

import sys
from pathlib import Path

import pytest

from neurofeedback.cli.main import main


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["neurofeedback", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0 if code is None else 1), captured.out + captured.err


def profile(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


SYNTHETIC = ("--device", "synthetic")
CASES = {
    "unknown device": (("--device", "muse-3"), 2, ("no such device", "'muse-3'", "did you mean muse-")),
    "no port named": (("--device", "cyton"), 2, ("needs to know its port", "cyton:/dev/ttyUSB0")),
    "no such port": (("--device", "cyton:/dev/ttyNONE9"), 3, ("/dev/ttyNONE9",)),
    "hostile participant": ((*SYNTHETIC, "--participant", "../../x"), 2, ("../../x", "letters and digits")),
    "too long": ((*SYNTHETIC, "--minutes", "100000"), 2, ("100000 minutes", "0.25 to 240")),
    "no such profile": ((*SYNTHETIC, "--profile", "defualt"), 2, ("no such profile", "did you mean default")),
    "no such playback": (("--device", "playback:/nowhere/x.csv"), 4, ("/nowhere/x.csv",)),
    "no such sound": ((*SYNTHETIC, "--audio", "loud"), 2, ("no such sound output", "auto, none")),
    "no folder for sound": ((*SYNTHETIC, "--audio", "/nowhere/x.wav"), 4, ("/nowhere/x.wav",)),
    "fast headset": ((*SYNTHETIC, "--fast"), 2, ("fast", "simulated or playback")),
    "recordings are a file": ((*SYNTHETIC, "--recordings", "{file}"), 4, ("{file}",)),
}


@pytest.mark.parametrize("case", CASES)
def test_train_refuses_in_one_message(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, expected, words = CASES[case]
    file = tmp_path / "file"
    file.write_text("not a folder")
    filled = [argument.format(file=file) for argument in arguments]
    if "--recordings" not in filled:
        filled += ["--recordings", str(tmp_path / "rec")]
    code, message = run(capsys, monkeypatch, "train", "--headless", "--minutes", "1", *filled)
    assert code == expected
    for word in words:
        assert word.format(file=file) in message.replace("\n", " ")
    assert "Traceback" not in message
    assert not list(tmp_path.glob("rec/sub-*"))


PROFILES = {
    "unknown key": ("[gate]\nblink_sdd = 3.0\n", ("unknown key gate.blink_sdd", "did you mean blink_sd")),
    "impossible value": ("[threshold]\ntarget_rate = 7.0\n", ("threshold.target_rate", "less than or equal to 0.95")),
    "not a number": ("[baseline]\nz_limit = nan\n", ("baseline.z_limit", "finite")),
    "not TOML": ("[gate\n", ("not a TOML file",)),
    "montage too large": ('montage = "cyton-daisy"\n', ("montage cyton-daisy", "channels")),
}


@pytest.mark.parametrize("case", PROFILES)
def test_a_profile_is_refused_with_the_place_of_its_mistake(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, words = PROFILES[case]
    arguments = ("train", "--headless", "--device", "simulated:1", "--fast", "--minutes", "1", "--audio", "none")
    rest = ("--recordings", str(tmp_path / "rec"), "--profile", profile(tmp_path, text))
    code, message = run(capsys, monkeypatch, *arguments, *rest)
    assert code == 2
    assert all(word in " ".join(message.split()) for word in words), message
    assert "Traceback" not in message


@pytest.mark.parametrize("command", ["replay", "report"])
@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 50, b"name,age\nx,3\n", b"BrainVision"])
def test_a_file_that_is_no_eeg_is_refused_with_its_name(
    command: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "thing.csv"
    path.write_bytes(content)
    code, message = run(capsys, monkeypatch, command, str(path))
    assert code == 4
    assert "thing.csv" in message.replace("\n", "")
    assert "Traceback" not in message
