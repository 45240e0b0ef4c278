"""The frame of the command line: errors become one message and an exit code, never a traceback."""

from __future__ import annotations

import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurofeedback import __version__
from neurofeedback.cli import main as cli
from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError, SourceError


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    yield
    logging.getLogger("neurofeedback").setLevel(logging.NOTSET)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["neurofeedback", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_end_well(option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert run(monkeypatch, option) == 0
    assert {"--help": "Exit codes", "--version": __version__}[option] in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["doctr"], ["doctor", "--setings"], ["emulate", "cyton", "--seed", "x"], ["emulate", "museum"]]
)
def test_wrong_usage_is_code_2_with_a_hint(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run(monkeypatch, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Usage: neurofeedback" in captured.err


@pytest.mark.parametrize("family", [SettingsError, SourceError, RecordingError])
def test_an_error_is_one_line_on_stderr_with_its_code(
    family: type[NeurofeedbackError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def fail() -> int:
        raise family("it is wrong", got=0, todo="mend it")

    monkeypatch.setattr(cli, "open_window", fail)
    assert run(monkeypatch) == family.exit_code
    assert capsys.readouterr() == ("", "neurofeedback: it is wrong: got 0; mend it.\n")


def test_ctrl_c_is_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "open_window", interrupted)
    assert run(monkeypatch) == 130


def test_ctrl_c_before_the_command_is_known_is_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    assert run(monkeypatch) == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "neurofeedback", "metrics"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 4
    assert done.stderr.startswith("neurofeedback: a file or the output failed: got No space left")
    assert "Traceback" not in done.stderr


def test_character_missing_in_terminal_encoding_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    monkeypatch.setattr(cli, "app", lambda **_: sys.stdout.write("a · b"))
    cli.main()
    narrow.flush()
    assert narrow.buffer.getvalue().split() == [b"a", b"?", b"b"]


def test_a_closed_pipe_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def write() -> int:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr(cli, "open_window", write)
    assert run(monkeypatch) == 1


def test_without_a_command_the_app_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "open_window", lambda: 7)
    assert run(monkeypatch) == 7


@pytest.mark.parametrize(("option", "level"), [([], logging.WARNING), (["--verbose"], logging.DEBUG)])
def test_verbose_opens_our_log(option: list[str], level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "open_window", lambda: 0)
    run(monkeypatch, *option)
    assert logging.getLogger("neurofeedback").level == level


def test_the_module_runs_as_the_program_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "neurofeedback", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


THREADS = """
import os, sys

from neurofeedback.__main__ import main

sys.argv = ["neurofeedback", "--version"]
try:
    main()
finally:
    import numpy as np

    large = np.ones((600, 600))
    for _ in range(20):
        large @ large
    print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_products_use_one_thread() -> None:
    """On a busy machine, threads that wait for each other cost more than a core."""
    names = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=names)
    assert done.stdout.split()[-1] == "1"


INTERRUPTED_AT = """
import os, signal, sys

from neurofeedback.__main__ import main

class CtrlC:
    def find_spec(self, name, *_):
        if name == interrupted_at:
            os.kill(os.getpid(), signal.SIGINT)

interrupted_at, sys.argv = sys.argv[1], ["neurofeedback", *sys.argv[2:]]
sys.meta_path.insert(0, CtrlC())
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["typer", "numpy._core.multiarray", "brainflow.board_shim"])
def test_ctrl_c_while_it_still_loads_ends_it_quietly(module: str) -> None:
    """An interrupt in the middle of an import may come out of it as any other error."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT, module, "devices"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_in_a_drivers_call_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within ctypes, an interrupt would come out as an error of the arguments."""
    from brainflow.board_shim import BoardShim

    describe = BoardShim.get_board_descr

    def interrupted(*arguments: int) -> object:
        signal.raise_signal(signal.SIGINT)
        return describe(*arguments)

    monkeypatch.setattr(BoardShim, "get_board_descr", interrupted)
    assert run(monkeypatch, "devices") == 130


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_a_running_command_without_a_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "neurofeedback", "emulate", "cyton"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    port = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert port.startswith(os.sep)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_program_exits_at_once_with_its_code_while_a_driver_connects() -> None:
    """The thread sleeps in C, as a driver does, for longer than the test waits."""
    code = """
import atexit, ctypes, sys
from neurofeedback.acquisition.reconnect import run_in_thread
from neurofeedback.cli import main as cli
from neurofeedback.errors import SourceError

def fail():
    run_in_thread(lambda: ctypes.CDLL(None).sleep(600))
    sys.stdout.write("not flushed")
    raise SourceError("it is gone", got="nothing", todo="switch it on")

atexit.register(print, ", exit function called")
cli.open_window = fail
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout) == (SourceError.exit_code, "not flushed, exit function called\n")
    assert "it is gone" in done.stderr
