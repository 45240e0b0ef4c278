"""What all tests share: no screen, and a word of why when real recordings are not there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("MPLBACKEND", "Agg")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background process inherits this, and so would the programs that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("neurofeedback", deadline=None)  # a busy machine is no failure
settings.load_profile("neurofeedback")

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("real_data") is None:
        return
    folder = Path(os.environ.get("NEUROFEEDBACK_DATA", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no recordings in {folder}; set NEUROFEEDBACK_DATA")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured, which they tell as ``record_property("figure", words)``."""
    passed = terminalreporter.getreports("passed")
    figures = [value for report in passed for name, value in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(sorted(figures)))
