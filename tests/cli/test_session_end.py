"""The end of a sitting in the terminal: what it was and where it is, or one message of what went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from neurofeedback.cli.helpers.terminal_view import print_session_end
from neurofeedback.cli.main import app, main
from neurofeedback.errors import EXIT_RECORDING
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.session.config import SessionResult


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("recordings") / "[old]"
    line = ["train", "--headless", "--audio", "none", "--minutes", "1", "--fast", "--device", "simulated:3"]
    return CliRunner().invoke(app, [*line, "--probe-every", "10", "--recordings", str(folder)]), folder


def test_session_end_prints_three_lines_and_paths(sat: tuple[Result, Path]) -> None:
    result, folder = sat
    assert result.exit_code == 0
    lines = result.stdout[result.stdout.index("The sitting is complete.") :].splitlines()
    assert lines[1] == "You sat for 1 minute."
    assert lines[2].endswith("of it had a usable signal.")
    assert lines[3].startswith("The chime asked")
    (raw,) = folder.glob("sub-01/ses-*")
    (page,) = folder.glob("derivatives/neurofeedback/sub-01/ses-*/*_report.html")
    assert result.stderr.splitlines()[-2:] == [f"The recording is in {raw}", f"The report is {page}"]


def test_a_folder_is_named_as_it_is_called(sat: tuple[Result, Path]) -> None:
    """Square brackets are markup to Rich: the folder stood there without its last part."""
    result, folder = sat
    beginning = result.stderr.partition("The recording is in")[0]
    assert str(folder) in beginning.replace("\n", "")


def test_its_report_knows_that_there_was_no_sound(sat: tuple[Result, Path]) -> None:
    (page,) = sat[1].glob("derivatives/neurofeedback/sub-01/ses-*/*_report.html")
    for row in ("Signal to sound", "Sound not ready in time"):
        assert f"<tr><th>{row}</th><td>there was no sound</td></tr>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--device", "cyton:/dev/ttyNOPE"], 3, "/dev/ttyNOPE"),
        (["--device", "simulated:3", "--probe-every", "1"], 2, "questions cannot come like that"),
    ],
)
def test_a_failure_is_one_message_on_stderr(
    options: list[str],
    code: int,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = ["train", "--headless", "--audio", "none", "--recordings", str(tmp_path / "rec"), *options]
    monkeypatch.setattr("sys.argv", ["neurofeedback", *line])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert ended.value.code == code
    assert sentence in printed.err.splitlines()[-1]
    assert printed.err.splitlines()[-1].startswith("neurofeedback: ")
    assert sentence not in printed.out
    assert ("Recordings go to" in printed.err) is (code != 2)


def test_unreadable_session_is_summarised_from_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_session_end(
        SessionResult(
            EXIT_RECORDING, "the disk is full.", tmp_path, SessionSummary(duration_s=90.0, valid_fraction=None)
        )
    )
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("You sat for 1 minute 30 seconds.\n", "neurofeedback: the disk is full.\n")
