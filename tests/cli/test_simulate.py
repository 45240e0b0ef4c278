"""``simulate``: a session like any other, and the truth beside it."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import mne
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.cli.commands import simulate as command
from neurofeedback.cli.commands.simulate import write_truth
from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.events import probes_from_events
from neurofeedback.recording.session_notes import read_notes
from neurofeedback.simulation.disturbances import CLEAN, draw_session_shift
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.probe_responses import ReportedAttention, StateSnapshot, draw_answer
from neurofeedback.simulation.states import MentalState

app = typer.Typer()
app.command()(command.simulate)
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
    document = simulate(out, "--minutes", 1, "--seed", 5, "--population", "fixed", "--effect", 2, "--loss", 0.01)
    return Path(str(document["session"])), document


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
    folder, document = session
    rows, described = table(folder, "truth")
    frames, _ = table(folder, "frames")
    assert [row[1] for row in rows[1:]] == [row[1] for row in frames[1:]]
    assert set(rows[0]) <= set(described)
    assert described["Person"]["effects"] == {"theta": 0.7, "alpha": 0.0, "beta": -0.7, "chi": 0.0}
    assert described["Seed"] == document["seed"] == 5
    assert described["WanderingShare"] == document["wandering_share"]
    events, _ = table(folder, "truthevents")
    assert {row[2] for row in events[1:]} >= {"focus", "blink"}


def test_options_reach_the_simulation(tmp_path: Path) -> None:
    document = simulate(tmp_path, "--minutes", 0.25, "--device-family", "ganglion", "--clean", "--population", "null")
    folder = Path(str(document["session"]))
    _, described = table(folder, "truth")
    assert described["Person"]["iaf_hz"] == draw_person(1).iaf_hz
    assert described["Conditions"]["drift_uv"] == CLEAN.drift_uv
    recording = open_recording(folder)
    assert recording.stream.sfreq == HEADSETS["ganglion"].sfreq
    assert np.abs(recording.read_chunk(0, 1000).data).max() < 100


def test_simulate_without_json_prints_the_session_path(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), "--minutes", "0.25"])
    assert done.exit_code == 0
    assert Path(done.stdout.strip()).is_dir()


def test_piped_it_prints_one_line_a_session(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", str(tmp_path), "--minutes", "0.25", "--sessions", "2"])
    assert done.exit_code == 0
    folders = [Path(line.removeprefix(f"session {n} of 2: ")) for n, line in enumerate(done.output.splitlines(), 1)]
    assert len(set(folders)) == 2
    assert all(folder.is_dir() for folder in folders)


BAD = [
    (("--participant", "../../x"), "the participant label cannot be used"),
    (("--minutes", "0"), "a session cannot have that length"),
    (("--loss", "1"), "packet loss is a share"),
    (("--profile", "nirvana"), "nirvana"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_invalid_simulation_is_refused_and_leaves_no_file(
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

    monkeypatch.setattr("neurofeedback.storage.atomic_files.write_atomic", full)
    truth = SimulatedSource(5, duration_s=60).truth
    with pytest.raises(RecordingError, match=r"ground truth cannot be written: got No space left .* is saved in"):
        write_truth(session[0], truth)


PROBED = """
name = "probed"
[phases]
settle_s = 2.0
baseline_s = 20.0
practice_s = 66.0
min_practice_s = 4.0
transfer_s = 0.0
debrief_s = 1.0
[probes]
interval_s = [16.0, 18.0]
timeout_s = 5.0
"""


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Three sessions of somebody who responds, a week apart, tagged."""
    folder = tmp_path_factory.mktemp("months")
    (folder / "probed.toml").write_text(PROBED)
    options = ("--sessions", 3, "--days-apart", 7, "--response", "responder", "--session-sd", 0.4, "--condition", "pre")
    document = simulate(folder / "out", "--profile", folder / "probed.toml", "--shift", "infusion", *options)
    return document["sessions"]


def test_many_sessions_are_dated_and_differ_like_days(months: list[dict[str, object]]) -> None:
    folders = [Path(str(one["session"])) for one in months]
    began = [datetime.strptime(folder.name, "ses-%Y%m%dT%H%M%S") for folder in folders]
    assert [(later - one).days in {6, 7} for one, later in pairwise(began)] == [True, True]
    shifts = [table(folder, "truth")[1]["Conditions"]["shift"] for folder in folders]
    assert len({shift["alpha"] for shift in shifts}) == 3
    assert [shift["alpha"] for shift in shifts] == [
        pytest.approx(-0.6 + draw_session_shift(1, number, 0.4).alpha) for number in range(3)
    ]


def test_simulated_sessions_record_condition_and_closed_eyes(months: list[dict[str, object]]) -> None:
    folder = Path(str(months[0]["session"]))
    stem = next(folder.glob("*_summary.json")).name.removesuffix("_summary.json")
    notes = read_notes(SessionFiles.from_stem(folder.parents[3], stem))
    assert (notes.condition, notes.eyes) == ("pre", "closed")


def test_questions_are_answered_by_the_truth(months: list[dict[str, object]]) -> None:
    for one in months:
        folder = Path(str(one["session"]))
        recording = open_recording(folder)
        probes = probes_from_events(recording.events)
        assert len(probes) >= 3
        events, _ = table(folder, "truthevents")
        episodes = [
            (float(row[0]), MentalState[row[2].upper()])
            for row in events[1:]
            if row[2].upper() in MentalState.__members__
        ]
        for number, probe in enumerate(probes[:-1]):
            time_s = probe.sample / 256
            onset_s, mind = [episode for episode in episodes if episode[0] < time_s][-1]
            true = draw_answer(StateSnapshot(mind, time_s - onset_s), number, int(str(one["seed"])))
            assert (probe.where, probe.sleepy) == (true.attention, true.sleepiness)
            assert probe.sure == (None if true.attention is ReportedAttention.UNSURE else true.certainty)


def test_ground_truth_describes_the_person_after_learning(months: list[dict[str, object]]) -> None:
    described = [table(Path(str(one["session"])), "truth")[1] for one in months]
    assert described[0]["Response"]["eta"] == 0.8
    stays = [one["Person"]["dwell"]["focus_s"] for one in described]
    assert stays[0] == 40.0
    assert stays[0] <= stays[1] <= stays[2] <= 40.0 * 1.02**2


def test_the_same_seeds_give_the_same_samples_and_answers(tmp_path: Path, months: list[dict[str, object]]) -> None:
    (tmp_path / "probed.toml").write_text(PROBED)
    options = ("--response", "responder", "--session-sd", 0.4, "--shift", "infusion")
    document = simulate(tmp_path / "out", "--profile", tmp_path / "probed.toml", *options)
    one, other = (open_recording(Path(str(item["session"]))) for item in (months[0], document))
    np.testing.assert_array_equal(one.read_chunk(0, one.n_samples).data, other.read_chunk(0, other.n_samples).data)
    assert probes_from_events(one.events) == probes_from_events(other.events)
