"""Text of other origin is shown with its control characters escaped, and passed on without names."""

from __future__ import annotations

import getpass
import logging
import platform
import sys
from pathlib import Path

import pytest
import typer
from rich.table import Table

from neurofeedback.cli.commands.doctor import doctor
from neurofeedback.cli.helpers.common import echo, plain_console, print_json, set_up_logging
from neurofeedback.cli.main import main
from neurofeedback.texts.safe_text import escape_controls, redact
from neurofeedback.ui.crash_dialog import crash_report
from neurofeedback.ui.identifying_names import identifying_names

HOSTILE = "a\x1b]0;title\x07\x9b2J\u202eb[red]c"
SHOWN = r"a\x1b]0;title\x07\x9b2J\u202eb[red]c"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    home = tmp_path / "annamaria"
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(getpass, "getuser", lambda: "annamaria")
    monkeypatch.setattr(platform, "node", lambda: "lab-seven.example.org")
    return home


def test_controls_are_escaped_and_line_breaks_stay() -> None:
    assert escape_controls(HOSTILE) == SHOWN
    assert escape_controls("one\n\ttwo é µ") == "one\n\ttwo é µ"


def test_printed_text_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    echo(HOSTILE)
    assert capsys.readouterr().out == SHOWN + "\n"
    print_json({"name": "\x9b2J"})
    assert "\x9b" not in capsys.readouterr().out


def test_tables_are_escaped_and_hold_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.add_column("name", no_wrap=True)
    table.add_row(HOSTILE)
    console = plain_console()
    console.print(table)
    console.print(HOSTILE)
    printed = capsys.readouterr().out
    assert printed.count(SHOWN) == 2
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed)


def test_log_lines_are_escaped(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    set_up_logging(verbose=False)
    logging.getLogger("neurofeedback.test").warning("stream %s", HOSTILE)
    logging.getLogger().handlers.clear()
    assert SHOWN in capsys.readouterr().out


def test_names_are_redacted(account: Path) -> None:
    text = f"{account}/recordings/sub-anna/x by annamaria on lab-seven (lab-seven.example.org), annamariana stays"
    assert (
        redact(text, identifying_names())
        == "~/recordings/sub-.../x by <user> on <computer> (<computer>), annamariana stays"
    )


def test_crash_report_names_no_one(account: Path) -> None:
    try:
        raise ValueError(f"{account}/recordings/sub-anna/\x1b[2J")
    except ValueError as error:
        report = crash_report(type(error), error, error.__traceback__)
    assert r"~/recordings/sub-.../\x1b[2J" in report
    assert not any(name in report for name in ("annamaria", "sub-anna", "lab-seven", "\x1b"))


@pytest.mark.parametrize("as_json", [False, True])
def test_doctor_names_no_one(account: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    with pytest.raises(typer.Exit):
        doctor(account / "sub-anna", settings=False, as_json=as_json)
    printed = capsys.readouterr().out
    assert "recordings" in printed
    assert not any(name in printed for name in (str(account), "annamaria", "sub-anna"))


@pytest.mark.parametrize("arguments", [[HOSTILE], ["train", f"--{HOSTILE}"], ["history", "--participant", HOSTILE]])
def test_usage_errors_are_escaped(
    arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["neurofeedback", *arguments])
    with pytest.raises(SystemExit):
        main()
    printed = "".join(capfd.readouterr())
    assert printed
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed)
