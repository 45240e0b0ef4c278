"""Starting up loads nothing heavy: help is there at once, and libraries come with the command that needs them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "mne", "sklearn", "matplotlib", "brainflow", "miniaudio", "PyQt6", "pyqtgraph", "pandas"}

HELP = """
import contextlib, io, json, sys
from neurofeedback.cli.main import main
loaded = {}
for command in json.loads(sys.argv[1]):
    sys.argv = ["neurofeedback", *command.split(), "--help"]
    before = set(sys.modules)
    with contextlib.redirect_stdout(io.StringIO()) as page:
        try:
            main()
        except SystemExit as ended:
            assert ended.code == 0, command
    assert "Usage" in page.getvalue(), command
    loaded[command] = sorted(set(sys.modules) - before)
print(json.dumps(loaded))
"""
"""Prints the help of each command in one process, and which modules each has loaded that those before it had not."""
COMMANDS = (
    "", "train", "replay", "verify", "report", "devices", "doctor", "simulate", "emulate muse", "import", "export",
    "study batch",
)  # fmt: skip


def loaded_by(code: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_command_line_loads_nothing_heavy() -> None:
    loaded = loaded_by("import neurofeedback.cli.main, sys; print(*sys.modules)")
    assert loaded & HEAVY == set()
    assert "pydantic" not in loaded  # typer loads it once a command has options


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP, json.dumps(COMMANDS)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert list(loaded) == list(COMMANDS)
    assert {
        name: heavy for name in COMMANDS if (heavy := HEAVY & {one.partition(".")[0] for one in loaded[name]})
    } == {}


def test_pure_settings_do_not_load_the_loader() -> None:
    loaded = loaded_by("import neurofeedback.settings, sys; print('neurofeedback.settings.load' in sys.modules)")
    assert loaded == {"False"}


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by("import neurofeedback, sys; print(*sys.modules)") & (HEAVY | {"pydantic"}) == set()


@pytest.mark.parametrize("kind", ["UserWarning", "DeprecationWarning"])
def test_nobody_sees_that_brainflow_imports_pkg_resources(kind: str) -> None:
    """Setuptools' words, under the filters of a program as a person starts it."""
    code = f"import neurofeedback, warnings; warnings.warn('pkg_resources is deprecated as an API. See ...', {kind})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
