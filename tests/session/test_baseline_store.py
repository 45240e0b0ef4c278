"""Session baselines and the personal baseline on disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from neurofeedback.estimation.baseline_file import parse_session_baseline
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.frame_log import format_row
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.session.baseline_store import load_personal_baseline, personal_baseline_path
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.live_state import Request, RequestKind
from neurofeedback.session.session import Session
from neurofeedback.storage.atomic_files import read_json, write_json_atomic
from neurofeedback.types import CommandKind
from neurofeedback.verification.replay import compare_with_log, replay

PROFILE = """
name = "short"
[phases]
settle_s = 2.0
baseline_s = 84.0
practice_s = 8.0
min_practice_s = 4.0
transfer_s = 0.0
debrief_s = 1.0
[baseline]
max_extensions = 0
"""


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("profile") / "short.toml"
    path.write_text(PROFILE)
    return path


def sit(recordings: Path, profile: Path, seed: int, device: str = "simulated:4", asked: str = "") -> Path:
    request = SessionConfig(device, recordings, "07", str(profile), audio="none", seed=seed, fast=True)
    sitting = Session(request)
    if asked:
        sitting.live_state.send_request(Request(RequestKind.BASELINE, asked))
    sitting.start()
    outcome = sitting.join(120.0)
    assert outcome is not None
    assert outcome.exit_code == 0, outcome.message
    assert outcome.session_dir is not None
    return outcome.session_dir


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory, profile: Path) -> tuple[Path, ...]:
    recordings = tmp_path_factory.mktemp("recordings")
    return tuple(sit(recordings, profile, seed) for seed in range(4))


def files_of(session: Path) -> SessionFiles:
    (summary,) = session.glob("*_summary.json")
    return SessionFiles.from_stem(session.parents[3], summary.name.removesuffix("_summary.json"))


def test_every_session_stores_its_baseline(sessions: tuple[Path, ...]) -> None:
    for session in sessions:
        past = parse_session_baseline(read_json(files_of(session).derived_file("baseline.json")))
        assert past.enough_signal
        assert past.ch_names == ("TP9", "AF7", "AF8", "TP10")


def test_fourth_session_starts_from_personal_baseline_of_three(sessions: tuple[Path, ...]) -> None:
    *earlier, fourth = sessions
    for session in earlier:
        assert read_json(files_of(session).derived_file("summary.json"))["usual_baseline"] is None
        assert open_recording(session).start_state.engine.baseline == ""
    comparison = read_json(files_of(fourth).derived_file("summary.json"))["usual_baseline"]
    assert comparison["n_sessions"] == 3
    assert "beta_all" in comparison["differences"]
    started = json.loads(open_recording(fourth).start_state.engine.baseline)
    assert started["n_sessions"] == 3
    header = files_of(fourth).frame_log.read_text().splitlines()[0]
    assert "u_session\tu_own\tzo_theta_frontal" in header


def test_replay_with_personal_baseline_is_exact(sessions: tuple[Path, ...]) -> None:
    recording = open_recording(sessions[-1])
    replayed = replay(recording)
    from neurofeedback.recording.frame_log import format_row

    lines = [replayed.header, *(format_row(frame) for frame in replayed.frames)]
    assert compare_with_log(recording, lines) == "identical"


def test_baseline_file_holds_current_personal_baseline(sessions: tuple[Path, ...]) -> None:
    root = files_of(sessions[0]).root
    model = read_json(personal_baseline_path(root, "07"))
    assert (model["participant"], model["n_sessions"]) == ("07", 4)


def test_damaged_files_and_other_conditions_are_left_out(
    sessions: tuple[Path, ...], caplog: pytest.LogCaptureFixture
) -> None:
    recording = open_recording(sessions[0])
    assert recording.profile is not None
    root = files_of(sessions[0]).root
    first, second = files_of(sessions[0]), files_of(sessions[1])
    whole = read_json(first.derived_file("baseline.json"))
    try:
        write_json_atomic(first.derived_file("baseline.json"), {"schema": 99})
        personal = load_personal_baseline(root, "07", recording.profile)
        assert personal is not None
        assert personal.n_sessions == 3
        assert "got schema = 99" in caplog.text
        write_notes(second, SessionNotes(condition="post_0-2h"))
        assert load_personal_baseline(root, "07", recording.profile) is None
    finally:
        write_json_atomic(first.derived_file("baseline.json"), whole)
        second.derived_file("after.json").unlink(missing_ok=True)
    assert load_personal_baseline(root, "08", recording.profile) is None
    assert load_personal_baseline(root / "nowhere", "07", recording.profile) is None


def test_write_failure_only_leaves_session_out_of_personal_baseline(
    tmp_path: Path, profile: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, document: object) -> None:
        raise OSError(28, f"No space left on device for {path.name}")

    monkeypatch.setattr("neurofeedback.session.baseline_store.write_json_atomic", full)
    session = sit(tmp_path, profile, 1)
    assert not files_of(session).derived_file("baseline.json").exists()
    assert "baseline could not be stored" in caplog.text


def test_switched_baseline_is_logged_and_replayed(sessions: tuple[Path, ...], profile: Path, tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    shutil.copytree(sessions[0].parents[3], recordings)
    recording = open_recording(sit(recordings, profile, 5, asked="own"))
    baseline_commands = [command for command in recording.commands if command.kind is CommandKind.BASELINE]
    assert [command.value for command in baseline_commands] == ["own"]
    replayed = replay(recording)
    assert compare_with_log(recording, [replayed.header, *map(format_row, replayed.frames)]) == "identical"
