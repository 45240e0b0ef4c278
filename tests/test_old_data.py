"""Recordings, models, baselines and settings that version 0.1.0 wrote are read as it read them."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "golden"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import frame_logs
import old_data

from neurofeedback import read_session
from neurofeedback.estimation.baseline_file import PersonalBaselineFile
from neurofeedback.learning.model_file import read_decoder_file
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.session.baseline_store import load_personal_baseline
from neurofeedback.settings.load import load_settings, read_profile
from neurofeedback.ui.app_state import load_state
from neurofeedback.ui.preferences import load_preferences

EXPECTED = old_data.OLD / "expected"
GAP = "BAD_ACQ_SKIP"
FRAMES = "desc-frames_timeseries.tsv"
N_SAMPLES = {"P1-first": 9216, "P1-second": 9216, "P2": 18180, "P3": 6408, "P4": 1024}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return old_data.copy_dataset(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def answers(dataset: Path) -> dict[str, object]:
    return old_data.answers(dataset)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# the whole recording


@pytest.mark.parametrize("name", N_SAMPLES)
def test_read_session_gives_the_samples_in_volts(name: str) -> None:
    session = old_data.session_of(old_data.OLD / "dataset", name)
    (path,) = session.glob("eeg/*.eeg")
    samples = np.fromfile(path, "<f4").reshape(-1, 4).T
    raw, _ = read_session(session)
    assert (len(raw.ch_names), raw.n_times, raw.info["sfreq"]) == (4, N_SAMPLES[name], 256.0)
    assert raw.ch_names == ["TP9", "AF7", "AF8", "TP10"]
    np.testing.assert_allclose(raw.get_data(), np.nan_to_num(samples) * 1e-6, rtol=1e-6, atol=1e-15)
    assert np.ptp(raw.get_data(), axis=1).min() > 1e-5


@pytest.mark.parametrize("name", old_data.LOGGED)
def test_read_session_annotates_every_event(name: str) -> None:
    session = old_data.session_of(old_data.OLD / "dataset", name)
    (path,) = session.glob("eeg/*_events.tsv")
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    raw, _ = read_session(session)
    texts = [row[3] if row[4] == "n/a" or row[3].startswith(GAP) else f"{row[3]}/{row[4]}" for row in rows]
    wanted = sorted((float(row[0]), text) for row, text in zip(rows, texts, strict=True) if int(row[2]) <= raw.n_times)
    found = sorted((note["onset"], str(note["description"])) for note in raw.annotations)
    assert len(wanted) > 5
    assert [text for _, text in found] == [text for _, text in wanted]
    assert [onset for onset, _ in found] == pytest.approx([onset for onset, _ in wanted], abs=1e-5)


def test_lost_samples_are_annotated_as_bad() -> None:
    raw, _ = read_session(old_data.session_of(old_data.OLD / "dataset", old_data.FIRST))
    gaps = [round(note["duration"] * 256) for note in raw.annotations if note["description"] == GAP]
    assert (len(gaps), sum(gaps)) == (7, 84)


@pytest.mark.parametrize("name", old_data.LOGGED)
def test_read_session_gives_the_frames_as_they_were_logged(name: str) -> None:
    log = frame_logs.table_of(old_data.computed_of(old_data.OLD / "dataset", name, FRAMES).read_text(encoding="utf-8"))
    _, frames = read_session(old_data.session_of(old_data.OLD / "dataset", name))
    assert frames is not None
    assert list(frames.columns) == [frame_logs.RENAMED_COLUMNS.get(column, column) for column in log]
    for stored, column in zip(log.values(), frames.columns, strict=True):
        assert frames[column].isna().tolist() == [cell == "n/a" for cell in stored]
        if frames[column].dtype.kind in "if":
            numbers = [float(cell) if cell != "n/a" else np.nan for cell in stored]
            np.testing.assert_array_equal(frames[column], numbers)
        else:
            assert frames[column].tolist() == stored


def test_the_imported_session_has_no_frames_and_its_marks() -> None:
    raw, frames = read_session(old_data.session_of(old_data.OLD / "dataset", old_data.IMPORTED))
    assert frames is None
    marks = [note for note in raw.annotations if "mark" in str(note["description"])]
    assert [round(note["onset"] * 256) for note in marks] == [300, 900]


def test_recovery_leaves_it_alone(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(old_data.OLD / "dataset", tmp_path / "dataset"))
    before = contents(copy)
    assert recover_sessions(copy) == []
    assert contents(copy) == before


# replay, and what commands say


@pytest.mark.parametrize("name", old_data.LOGGED)
def test_replay_makes_the_same_frames(name: str, dataset: Path, tmp_path: Path) -> None:
    log = tmp_path / "frames.tsv"
    done = old_data.program(dataset, "replay", old_data.session_of(dataset, name), "--frames", log)
    assert done.exit_code == 0, done.output
    stored = old_data.computed_of(old_data.OLD / "dataset", name, FRAMES).read_text(encoding="utf-8")
    assert frame_logs.differences(stored, log.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("question", ["verify", "replay", "report", "history", "decoder"])
def test_commands_answer_as_they_did(question: str, answers: dict[str, object]) -> None:
    stored = json.loads((EXPECTED / f"{question}.json").read_text(encoding="utf-8"))
    stored = {key: value for key, value in stored.items() if key not in old_data.CHANGED.get(question, ())}
    now = json.loads(json.dumps(answers[question]))
    then, now = (old_data.without_reworded(question, one) for one in (stored, now))
    assert old_data.differences(then, now) == []


def test_the_report_is_a_page(dataset: Path) -> None:
    session = old_data.session_of(dataset, old_data.FIRST)
    done = old_data.program(dataset, "report", session)
    assert done.exit_code == 0, done.output
    page = Path(done.stdout.strip())
    assert page.parent.name == session.name
    assert "36 seconds" in page.read_text(encoding="utf-8")


def test_the_same_person_simulated_again_gives_the_same_session(dataset: Path, tmp_path: Path) -> None:
    """The command of the data's README: simulator, runner, answers, decoder and writer."""
    profile = tmp_path / "person.toml"
    text = (old_data.OLD / "profiles" / "person.toml").read_text(encoding="utf-8")
    later = "[gate]\nblink_rejects_theta = false\n\n[decoder]\nmin_answers_to_refit = 1\n"
    profile.write_text(f"{text}\n{later}", encoding="utf-8")
    done = old_data.program(
        dataset,
        *("simulate", tmp_path / "again", "--profile", profile, "--participant", "P1", "--condition", "pre"),
        *("--sessions", 2, "--days-apart", 1, "--seed", 7, "--loss", 0.01),
    )
    assert done.exit_code == 0, done.output
    for name in (old_data.FIRST, old_data.SECOND):
        old, new = (old_data.session_of(root, name) for root in (old_data.OLD / "dataset", tmp_path / "again"))
        stored, now = (np.fromfile(next(session.glob("eeg/*.eeg")), "<f4") for session in (old, new))
        np.testing.assert_allclose(now, stored, rtol=1e-6, atol=1e-5)
        logs = (
            old_data.computed_of(root, name, FRAMES).read_text(encoding="utf-8")
            for root in (old_data.OLD / "dataset", tmp_path / "again")
        )
        assert frame_logs.differences(*logs) == []


# what is kept of a person


def test_the_decoder_s_model_file_is_read(dataset: Path) -> None:
    (path,) = (old_data.OLD / "dataset").glob("derivatives/*/sub-P1/*decoder_model.json")
    model = read_decoder_file(old_data.OLD / "dataset", "P1")
    assert model is not None
    assert old_data.without_later(model.model_dump(mode="json")) == json.loads(path.read_text(encoding="utf-8"))
    done = old_data.program(dataset, "decoder", "show", "--participant", "P1", "--recordings", dataset)
    assert done.exit_code == 0, done.output
    assert "Participant P1" in done.output
    assert list(dataset.glob("derivatives/*/sub-P1/*unusable*")) == []


def test_the_person_s_own_baseline_is_made_of_the_stored_ones() -> None:
    root = old_data.OLD / "dataset"
    (path,) = root.glob("derivatives/*/sub-P2/*baseline_model.json")
    profile = read_profile(old_data.computed_of(root, old_data.OWN_BASELINE, old_data.RESOLVED))
    personal = load_personal_baseline(root, "P2", profile)
    assert personal is not None
    assert personal.n_sessions == 4
    content = PersonalBaselineFile.from_personal_baseline(personal, "P2").model_dump(mode="json", exclude_unset=True)
    assert old_data.differences(json.loads(path.read_text()), content) == []


# settings


@pytest.mark.parametrize("name", old_data.SETTINGS)
def test_old_settings_files_have_their_old_values(name: str) -> None:
    stored = json.loads((EXPECTED / "settings.json").read_text(encoding="utf-8"))[name]
    assert old_data.leaves(old_data.SETTINGS[name]()) == stored


def test_profile_with_every_setting_changes_every_default() -> None:
    defaults, changed = (old_data.leaves(load_settings(name)) for name in ("default", _every_setting()))
    assert len(changed) > 190
    same = [(one, other) for one, other in zip(defaults, changed, strict=False) if one == other]
    assert len(same) < 0.1 * len(changed)


def _every_setting() -> str:
    return str(old_data.OLD / "profiles" / "every-setting.toml")


def test_the_window_s_settings_are_read() -> None:
    path = old_data.OLD / "window" / "settings.toml"
    complaints: list[str] = []
    preferences = load_preferences(path, complaints.append)
    assert complaints == []
    now = {key: value for key, value in asdict(preferences).items() if key not in old_data.LATER_PREFERENCES}
    assert list(now.values()) == list(tomllib.loads(path.read_text()).values())[1:]


def test_the_window_s_choices_are_read() -> None:
    path = old_data.OLD / "window" / "app.json"
    now = {key: value for key, value in asdict(load_state(path)).items() if key not in old_data.LATER_CHOICES}
    assert list(now.values()) == list(json.loads(path.read_text()).values())
