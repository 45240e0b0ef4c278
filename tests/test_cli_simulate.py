"""``simulate``: a session like any other, and the truth beside it."""

from __future__ import annotations

import json
from pathlib import Path

import mne
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.cli import simulate as command
from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.recording.reader import open_recording
from neurofeedback.simulation.conditions import CLEAN
from neurofeedback.simulation.devices import DEVICES
from neurofeedback.simulation.population import draw_person

app = typer.Typer()
command.register(app)
app.callback()(lambda: None)


def simulate(*arguments: object) -> dict[str, object]:
    done = CliRunner().invoke(app, ["simulate", *map(str, arguments), "--json"])
    if isinstance(done.exception, NeurofeedbackError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def table(session: Path, label: str) -> tuple[list[list[str]], dict[str, object]]:
    (path,) = session.glob(f"*_desc-{label}_timeseries.tsv")
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    return rows, json.loads(path.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    out = tmp_path_factory.mktemp("recordings")
    told = simulate(out, "--minutes", 1, "--seed", 5, "--population", "fixed", "--effect", 2, "--loss", 0.01)
    return Path(str(told["session"])), told


def test_it_is_a_session_with_frames_that_mne_opens(session: tuple[Path, dict[str, object]]) -> None:
    folder, _ = session
    recording = open_recording(folder)
    raw = mne.io.read_raw_brainvision(recording.path.with_suffix(".vhdr"), verbose="error")
    assert raw.ch_names == ["TP9", "AF7", "AF8", "TP10"]
    assert raw.info["sfreq"] == 256.0
    summary = json.loads(next(folder.glob("*_summary.json")).read_text())
    assert summary["finished"]
    assert summary["n_lost"] > 0
    assert summary["n_frames"] == len(table(folder, "frames")[0]) - 1


def test_its_truth_covers_every_frame(session: tuple[Path, dict[str, object]]) -> None:
    folder, told = session
    rows, described = table(folder, "truth")
    frames, _ = table(folder, "frames")
    assert [row[1] for row in rows[1:]] == [row[1] for row in frames[1:]]
    assert set(rows[0]) <= set(described)
    assert described["Person"]["effects"] == {"theta": 0.7, "alpha": 0.0, "beta": -0.7, "chi": 0.0}
    assert described["Seed"] == told["seed"] == 5
    assert described["WanderingShare"] == told["wandering_share"]
    events, _ = table(folder, "truthevents")
    assert {row[2] for row in events[1:]} >= {"focus", "blink"}


def test_options_reach_the_simulation(tmp_path: Path) -> None:
    told = simulate(tmp_path, "--minutes", 0.25, "--device-family", "ganglion", "--clean", "--population", "null")
    folder = Path(str(told["session"]))
    _, described = table(folder, "truth")
    assert described["Person"]["iaf_hz"] == draw_person(1).iaf_hz
    assert described["Conditions"]["drift_uv"] == CLEAN.drift_uv
    recording = open_recording(folder)
    assert recording.stream.sfreq == DEVICES["ganglion"].sfreq
    assert np.abs(recording.chunk(0, 1000).data).max() < 100


def test_without_json_it_says_where_the_session_is(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), "--minutes", "0.25"])
    assert done.exit_code == 0
    assert Path(done.stdout.strip()).is_dir()


BAD = [
    (("--participant", "../../x"), "the participant label cannot be used"),
    (("--minutes", "0"), "a sitting cannot be that long"),
    (("--loss", "1"), "packet loss is a share"),
    (("--profile", "nirvana"), "nirvana"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_what_cannot_be_simulated_is_refused_and_leaves_nothing(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        simulate(tmp_path, "--minutes", 0.25, *options)
    assert not list(tmp_path.rglob("*.eeg"))


@pytest.mark.parametrize("options", [("--seed", "-1"), ("--population", "monks"), ("--effect", "-1")])
def test_impossible_values_are_usage_errors(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["simulate", str(tmp_path), *options]).exit_code == 2


def test_truth_that_cannot_be_written_is_one_message(
    session: tuple[Path, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, f"No space left on device for {path.name} of {len(text)} characters")

    monkeypatch.setattr("neurofeedback.recording.files.rewrite", full)
    truth = SimulatedSource(5, duration_s=60).truth
    with pytest.raises(RecordingError, match=r"ground truth cannot be written: got No space left .* is kept in"):
        command.write_truth(session[0], truth)
