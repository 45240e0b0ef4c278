"""The examples of the documentation run as they are printed there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.types import Chunk, Command, CommandKind, Event, EventKind, Frame, Guidance, Phase, State, StreamInfo
from tests.helpers import ROOT

EXAMPLES = sorted(ROOT.joinpath("docs", "examples").glob("*.py"))
EXPECTED = {
    "spectrum_by_phase": "",
    "index_over_time": "practice: 40 valid frames, reward in 50% of them",
    "around_events": "epochs of 2 s, 1 left out",
}


def frame(i: int) -> Frame:
    phase = Phase.PRACTICE if i >= 40 else Phase.BASELINE
    index = float(np.sin(i)) if phase is Phase.PRACTICE else float("nan")
    return Frame(
        i, 64 * (i + 1), 0.25 * (i + 1), phase, True, 1.0, 1.0, State.FOCUS, False, index, 50.0, 0.0, i % 2 == 0,
        Guidance(), (), (),
    )  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stream = StreamInfo("synthetic", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    header = SessionHeader("01", stream, "", StartState(seed=1), (), datetime(2026, 11, 22, 9))
    writer = SessionWriter(tmp_path_factory.mktemp("recordings"), header, sync=lambda _: None)
    writer.process_event(Command(0, CommandKind.PHASE, "baseline"))
    writer.process_chunk(Chunk(0, np.random.default_rng(1).normal(0, 10, (4, 5120)).astype(np.float32)))
    writer.process_event(Command(2560, CommandKind.PHASE, "practice"))
    writer.process_event(Event(4000, EventKind.MARK))
    writer.process_frames([frame(i) for i in range(80)])
    writer.close()
    return writer.raw


RUN_ALL = """
import contextlib, io, json, os, runpy, sys, traceback
from pathlib import Path

session, *examples = sys.argv[1:]
found = {}
for example in map(Path, examples):
    Path(example.stem).mkdir()
    os.chdir(example.stem)
    sys.argv, error = [str(example), session], ""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            runpy.run_path(str(example), run_name="__main__")
        except BaseException:
            error = traceback.format_exc()
    os.chdir("..")
    found[example.stem] = [printed.getvalue(), error]
print(json.dumps(found))
"""
"""Runs each example as a program in a folder of its own; in one process, since imports cost more than they do."""


@pytest.fixture(scope="module")
def folder(session: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """The folder in which all examples were run, and what each printed and raised."""
    folder = tmp_path_factory.mktemp("examples")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_ALL, session, *EXAMPLES],
        cwd=folder, env={**os.environ, "MPLBACKEND": "Agg"}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_every_example_is_run():
    assert [example.stem for example in EXAMPLES] == sorted(EXPECTED)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_runs(example: Path, folder: tuple[Path, dict[str, list[str]]]):
    where, found = folder
    printed, error = found[example.stem]
    assert error == ""
    assert EXPECTED[example.stem] in printed
    written = [path.stem for path in (where / example.stem).iterdir()]
    assert written == ([example.stem] if "savefig" in example.read_text() else [])
