"""Plug-ins: the example package, built, installed and used, and plug-ins that are missing or broken."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import numpy as np
import pytest

import neurofeedback as nf
from neurofeedback.acquisition.open import open_source
from neurofeedback.errors import SettingsError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.outputs.plugin_output import PluginOutput
from neurofeedback.session.session import Session
from neurofeedback.settings import plugins
from neurofeedback.types import Chunk, Event, EventKind, StreamInfo
from tests.helpers import ROOT

STREAM = StreamInfo("simulated:1", 256.0, ("TP9", "AF7", "AF8", "TP10"))
_UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the example package, and install it in a folder of its own."""
    if _UV is None:
        pytest.skip("uv is not installed")
    source, wheels, installed = tmp_path / "source", tmp_path / "wheels", tmp_path / "installed"
    shutil.copytree(ROOT / "docs" / "examples" / "plugin", source)
    subprocess.run([_UV, "build", "--offline", "--quiet", "--wheel", "-o", wheels, source], check=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run(
        [_UV, "pip", "install", "--offline", "--quiet", "--no-deps", "--python", sys.executable, "--target", installed,
         wheel], check=True,
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(installed))


@pytest.mark.real_time
def test_example_package_is_a_source_and_an_output(example: None, tmp_path: Path) -> None:
    states = tmp_path / "states.tsv"
    config = SessionConfig("plugin:sine:10", tmp_path / "data", audio="none", outputs=(f"states:{states}",))
    session = Session(config)
    session.start()
    while session.live_state.snapshot.elapsed_s < 2.0:
        assert session.join(0.02) is None
    session.stop()
    session.join()
    files = SessionFiles.from_stem(config.recordings, *find_session_stems(config.recordings))
    raw, frames = nf.read_session(files.raw)
    assert frames is not None
    written = [line.split("\t") for line in states.read_text(encoding="utf-8").splitlines()]
    assert [float(onset) for onset, _ in written] == frames["onset"].tolist()
    assert [state for _, state in written] == frames["state"].tolist()
    data_uv = raw.to_data_frame()["TP9"].to_numpy()
    np.testing.assert_allclose(data_uv, 20 * np.sin(2 * np.pi * 10 * np.arange(len(data_uv)) / 256), atol=1e-4)
    start = json.loads(files.derived_file("start.json").read_text(encoding="utf-8"))
    assert start["start"]["versions"]["neurofeedback-example"] == "1.0"


def test_argument_a_plugin_cannot_use_is_named(example: None) -> None:
    with pytest.raises(SettingsError, match=r"sine cannot be used.*could not convert"):
        open_source("plugin:sine:fast")


def offer(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Let packages without a name offer these as sources and outputs."""
    entries = [EntryPoint(name, value, group) for group in (plugins.SOURCES, plugins.OUTPUTS)
               for name, value in values.items()]  # fmt: skip
    monkeypatch.setattr(plugins.metadata, "entry_points", lambda *, group: EntryPoints(entries).select(group=group))


def test_missing_plugin_is_refused_with_those_that_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch)
    with pytest.raises(SettingsError, match=r"no such plug-in.*no installed package"):
        open_source("plugin:sine")
    with pytest.raises(SettingsError, match="needs the name"):
        open_source("plugin")
    offer(monkeypatch, other="os:getcwd")
    with pytest.raises(SettingsError, match="allowed: other"):
        Session(SessionConfig("simulated:1", tmp_path, audio="none", outputs=("states",)))


def test_plugin_that_cannot_be_loaded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, broken="no_such_package:open")
    with pytest.raises(SettingsError, match=r"broken of an unknown package cannot be used.*ModuleNotFoundError"):
        open_source("plugin:broken")


class Failing:
    """An output that fails at the second event."""

    description = "failing"

    def __init__(self, *_: object) -> None:
        self.events: list[Event] = []

    def process_chunk(self, chunk: Chunk) -> None:
        pass

    def process_event(self, event: Event) -> None:
        if self.events:
            raise ZeroDivisionError("again")
        self.events.append(event)


def test_output_that_fails_is_left_out_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    offer(monkeypatch, failing="tests.settings.test_plugins:Failing")
    output = PluginOutput("failing", STREAM, 0.25)
    assert output.description == "failing"
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            output.process_event(Event(0, EventKind.MARK))
    assert caplog.text.count("left out from now on: ZeroDivisionError: again") == 1
    output.close()


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        version = "1"

        def __init__(self, name: str) -> None:
            self.name = name

    class Entry:
        name = "sine"

        def __init__(self, package: str) -> None:
            self.dist = Package(package)

    monkeypatch.setattr(plugins.metadata, "entry_points", lambda **_: [Entry("a"), Entry("b")])
    with pytest.raises(SettingsError, match=r"two packages.*a 1, b 1"):
        open_source("plugin:sine")
