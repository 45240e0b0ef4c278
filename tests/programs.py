"""The program in processes of its own, forked from one that has imported it: imports cost more than short sessions."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

FORK_SERVER = """
import json, os, resource, signal, sys
import neurofeedback.acquisition.brainflow, neurofeedback.cli.helpers.terminal_view, neurofeedback.session.session
from neurofeedback.cli.helpers import window
from neurofeedback.cli.main import main

window._write_report = lambda session: None
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    arguments, environment, out, err, status, largest_kb = json.loads(line)
    if os.fork():
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if program := os.fork():
        with open(status, "w", buffering=1) as file:
            print(program, file=file)
            print(os.waitstatus_to_exitcode(os.waitpid(program, 0)[1]), file=file)
        os._exit(0)
    os.setsid()
    if largest_kb is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * largest_kb, resource.RLIM_INFINITY))
    os.environ.update(environment)
    for number, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.argv = ["neurofeedback", *arguments]
    main()
    break
"""
"""Imports the program once and forks it for each session, without reports: they cost more than these sessions."""


@contextlib.contextmanager
def fork_server() -> Iterator[subprocess.Popen[str]]:
    """Start the process that forks."""
    with subprocess.Popen([sys.executable, "-c", FORK_SERVER], stdin=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


class Program:
    """One run of the program; like ``subprocess.Popen``, of a grandchild. No file of it may exceed ``largest_kb``."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        arguments: list[str],
        environment: dict[str, str],
        folder: Path,
        largest_kb: int | None = None,
    ) -> None:
        self._out, self._err, self._status = (folder / name for name in ("out", "err", "status"))
        request = [arguments, environment, *map(str, (self._out, self._err, self._status)), largest_kb]
        assert process.stdin
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def returncode(self) -> int | None:
        lines = self._status_lines()
        return int(lines[1]) if len(lines) > 1 else None

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        os.kill(int(self._status_lines()[0]), number)

    def kill(self) -> None:
        """Kill the program and what it has started."""
        os.killpg(int(self._status_lines()[0]), signal.SIGKILL)

    def rss_mb(self) -> float | None:
        """Resident memory, or None while there is no such process."""
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):
            return psutil.Process(int(self._status_lines()[0])).memory_info().rss / 2**20
        return None

    def _status_lines(self) -> list[str]:
        return self._status.read_text().split("\n")[:-1] if self._status.exists() else []
