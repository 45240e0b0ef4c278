"""What all tests share: no screen, and a word of why when real recordings are not there."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("MPLBACKEND", "Agg")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background process inherits this, and so would the programs that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("neurofeedback", deadline=None, max_examples=40)  # a busy machine is no failure
settings.register_profile("nightly", deadline=None, max_examples=400)
settings.register_profile("coverage", deadline=None, max_examples=10, derandomize=True)  # the same lines in every run
settings.load_profile("neurofeedback")

collect_ignore = ["ui/announcement_listener.py"]  # runs on Debian's Python
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


PATIENCE_MS = 60_000
"""How long a test of the window waits for what it expects, ms: a busy machine may take long."""


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Wait for conditions far longer than the plugin's five seconds."""
    for name in ("waitUntil", "waitSignal", "waitActive", "waitExposed"):
        wait: Callable[..., Any] = getattr(qtbot, name)
        monkeypatch.setattr(qtbot, name, partial(wait, timeout=PATIENCE_MS))
    return qtbot


@pytest.fixture(scope="session", autouse=True)
def sync_to_disk() -> Iterator[Callable[[int], None]]:
    """Leave files to the system, since what a test reads back needs no disk; yield the real function."""
    real = os.fsync
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield real


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the errors of tests, and of programs they start, out of the last errors of whoever runs them (Linux)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


class Starvation(logging.Handler):
    """Remembers for each test file when an emulated headset could not send in time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.file = ""
        self.reports: dict[str, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.reports.setdefault(self.file, []).append(record.getMessage())


_starvation = Starvation()
_EMULATORS = logging.getLogger("neurofeedback.emulators.headset")


@pytest.fixture(scope="session", autouse=True)
def starvation() -> Iterator[None]:
    """Listen to what the emulated headsets report."""
    _EMULATORS.addHandler(_starvation)
    yield
    _EMULATORS.removeHandler(_starvation)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Name a starved machine as the reason where a test fails after an emulated headset could not send in time."""
    report: pytest.TestReport = yield
    found = _starvation.reports.get(item.nodeid.partition("::")[0], [])
    if report.failed and found:
        report.sections.append(("starved", "\n".join(found)))
        report.user_properties.append(("starved", f"{item.nodeid}: {found[-1]}"))
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    _starvation.file = item.nodeid.partition("::")[0]
    if item.get_closest_marker("real_data") is None:
        return
    folder = Path(os.environ.get("NEUROFEEDBACK_DATA", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no recordings in {folder}; set NEUROFEEDBACK_DATA")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Delete closed windows in the main thread; garbage collection in a helper thread would crash there."""
    yield
    if QApplication.instance() is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured, which they tell as ``record_property("figure", words)``."""
    passed = terminalreporter.getreports("passed")
    figures = [value for report in passed for name, value in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(sorted(figures)))
    failed = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    starved = [
        value for report in failed for name, value in getattr(report, "user_properties", ()) if name == "starved"
    ]
    if starved:
        terminalreporter.section("starved")
        terminalreporter.write_line("\n".join(starved))
