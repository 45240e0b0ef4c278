"""Masked sessions: the arm is played and hidden, in every file, stream and line, until the study is unlocked."""

from __future__ import annotations

import errno
import json
import shutil
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.cli.commands import train
from neurofeedback.cli.helpers.terminal_view import format_line, render_panel
from neurofeedback.cli.main import app
from neurofeedback.errors import EXIT_RECORDING, RecordingError, SettingsError
from neurofeedback.learning.past_sessions import finished_sessions
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.discarding import discard_session
from neurofeedback.recording.live_files import LiveFiles
from neurofeedback.recording.masking.masked_sessions import is_masked, is_sealed, read_study_start
from neurofeedback.recording.masking.played_feedback import CHUNK_BYTES, COLUMNS
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import StudyStart
from neurofeedback.report.session_page import create_report
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import LiveState, Snapshot
from neurofeedback.session.outputs import network_outputs
from neurofeedback.session.session import Session
from neurofeedback.study import enrolment, sealing
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.donors import DonorPool, read_sitting
from neurofeedback.study.enrolment import EnrolmentRequest, arm_record, enrol, reveal, unlock, unlocked_arms
from neurofeedback.study.masked import visit as visit_module
from neurofeedback.study.masked.played import check_played, open_played
from neurofeedback.study.masked.visit import find_due_visit, open_visit
from neurofeedback.study.protocol import Protocol, ShamSettings, new_protocol, study_folder
from neurofeedback.study.protocol_lock import ProtocolLock, freeze_protocol
from neurofeedback.study.results.long_table import write_table
from neurofeedback.study.sealing import ArmRecord
from neurofeedback.texts.status import phase_label
from neurofeedback.types import Phase
from neurofeedback.ui import unfinished_sessions
from neurofeedback.ui.app_state import StudyOpening
from neurofeedback.ui.viewmodels import read_overview, what_if
from neurofeedback.verification.verify import CheckStatus, verify
from tests.bids import bids_errors

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, edit_protocol

PROGRAMME = 'name = "study-20-minutes"\ntitle = "Short"\nminutes = 0.6\n\n[[segments]]\n'
START = datetime(2026, 11, 2, 10, 0, 0).astimezone()
CHANGES = (
    ('kind = "surrogate"', 'kind = "yoked"\ndonors = "donors.json"\nmin_donors = 4'),
    ("last = 999", "last = 20"),
    ("day = 2\n", "day = 0\n"),
)


def write_pool(root: Path, n: int = 4) -> None:
    rng = np.random.default_rng(5)
    donors = [
        {"participant": f"D{k}", "session": "1", "u": tuple(np.cumsum(rng.normal(0, 0.3, 400)).round(6).tolist())}
        for k in range(n)
    ]
    pool = DonorPool.model_validate({"hop_s": 0.25, "min_s": 1.0, "donors": tuple(donors)})
    (study_folder(root) / "donors.json").write_text(pool.model_dump_json(), encoding="utf-8")


@pytest.fixture(scope="module")
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("user")


@pytest.fixture(autouse=True)
def own_folders(user_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(user_folder / "cache"))
    monkeypatch.setattr(sealing, "user_folder", lambda: user_folder)
    monkeypatch.setattr(SimulatedSource, "set_tone_level", lambda *_: None)  # nobody hears the tone: no effect


@pytest.fixture(scope="module")
def empty_study(tmp_path_factory: pytest.TempPathFactory, user_folder: Path) -> Path:
    """A frozen crossover with yoked sham and two people enrolled, one in each arm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "user_folder", lambda: user_folder)
        folder = tmp_path_factory.mktemp("study")
        root = folder / "data"
        root.mkdir()
        new_protocol(root, "crossover")
        edit_protocol(root, *CHANGES)
        (study_folder(root) / "study-20-minutes.toml").write_text(PROGRAMME, encoding="utf-8")
        write_pool(root)
        freeze_protocol(root, BY)
        allocate(root, "A", folder / "keeper", by="keeper", random=Random(2))
        install_allocation(root, folder / "keeper", by=BY)
        for number in ("07", "08", "09", "10", "11"):
            enrol(root, EnrolmentRequest(number, {}, "v1", BY))
        return root


@pytest.fixture
def study(empty_study: Path, tmp_path: Path) -> Path:
    shutil.copytree(empty_study, tmp_path / "data")
    return tmp_path / "data"


def visit_config(root: Path, participant: str = "07", visit: str = "a1", **changes: object) -> SessionConfig:
    due = find_due_visit(root, participant, visit, START.date(), "test")
    config = SessionConfig(
        "simulated:7", root, due.enrolment.participant, profile=due.visit.profile, programme=due.programme,
        audio="none", seed=3, fast=True, start_time=START, study=open_visit(root, due),
    )  # fmt: skip
    return replace(config, **changes)


def record(config: SessionConfig) -> SessionResult:
    session = Session(config)
    session.start()
    result = session.join(120.0)
    assert result is not None
    assert result.exit_code == 0, result.message
    return result


def session_files(root: Path) -> SessionFiles:
    return SessionFiles.from_stem(root, find_session_stems(root)[-1])


class _Lines(LiveState):
    """Collects what a terminal would print."""

    printed: list[str] = []  # noqa: RUF012 - one list for each test
    n = 0

    def publish(self, snapshot: Snapshot) -> None:
        super().publish(snapshot)
        self.n += 1
        if snapshot.phase is not None and self.n % 40 == 0:
            console = Console(record=True, width=200, quiet=True)
            console.print(render_panel(snapshot))
            self.printed += [format_line(snapshot), console.export_text()]


@pytest.fixture(scope="module")
def both(empty_study: Path, user_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same person with the same signal in both arms."""
    folder, roots = tmp_path_factory.mktemp("both"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "user_folder", lambda: user_folder)
        patch.setattr(SimulatedSource, "set_tone_level", lambda *_: None)
        for arm in ("real-first", "sham-first"):
            roots[arm] = folder / arm / "data"
            shutil.copytree(empty_study, roots[arm])
            patch.setattr(visit_module, "arm_record", lambda *_, arm=arm: ArmRecord(arm, 11))
            record(visit_config(roots[arm]))
    return roots


def test_every_file_of_both_arms_is_the_same_but_the_sealed_one(both: dict[str, Path]) -> None:
    def contents(root: Path) -> dict[str, bytes]:
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    real, sham = contents(both["real-first"]), contents(both["sham-first"])
    assert real.keys() == sham.keys()
    assert {name: len(data) for name, data in real.items()} == {name: len(data) for name, data in sham.items()}
    differing = {name for name, data in real.items() if data != sham[name]}
    log, summary = "changes.jsonl", "summary.json"  # times, and the hash of the sealed file
    assert {name.rsplit("/")[-1].rsplit("_")[-1] for name in differing} == {"played.sealed", summary, log}
    summaries = [
        {name: value for name, value in json.loads(one).items() if name != "sealed_sha256"}
        for contents_ in (real, sham)
        for file, one in contents_.items()
        if file.endswith(summary)
    ]
    assert summaries[0] == summaries[1]
    random = (".sealed", ".eeg")  # any two letters may stand there by chance
    of_session = b"".join(data for name, data in sham.items() if "sub-07" in name and not name.endswith(random))
    assert not any(word in of_session for word in (b"D0", b"selected", b"sham-first"))


def test_what_was_played_is_opened_after_unlocking_and_is_what_a_replay_gives(study: Path) -> None:
    arms = {one: arm_record(study, one).arm for one in ("07", "08", "09", "10", "11")}
    people = {arm: person for person, arm in arms.items()}
    for person in people.values():
        record(visit_config(study, person))
    before = check_played(study)
    assert [one.right for one in before] == [True, True]
    assert all("after unlocking" in one.text for one in before)
    stems = find_session_stems(study)
    first = SessionFiles.from_stem(study, stems[0])
    start = read_study_start(first)
    assert start is not None
    with pytest.raises(RecordingError, match="masked"):
        open_played(first, start)
    unlock(study, by=BY, why="end")
    after = check_played(study)
    assert [(one.right, "same feedback" in one.text) for one in after] == [(True, True)] * 2
    for stem in stems:
        files = SessionFiles.from_stem(study, stem)
        start = read_study_start(files)
        assert start is not None
        played = open_played(files, start)
        own = np.genfromtxt(files.frame_log, names=True, delimiter="\t", dtype=None, encoding="utf-8")
        sham = arms[start.participant] == "sham-first"
        gain = played[:, COLUMNS.index("tone_gain")]
        assert np.allclose(gain, own["tone_gain"], atol=1e-4) is not sham
    out = study.parent / "long.csv"
    write_table(study, "session", out)
    rows = [line.split(",") for line in out.read_text(encoding="utf-8").splitlines()]
    feedback = {row[rows[0].index("arm")]: row[rows[0].index("feedback")] for row in rows[1:]}
    assert feedback == {"real-first": "real", "sham-first": "sham"}


def test_changed_feedback_is_found(both: dict[str, Path]) -> None:
    root = both["real-first"]
    path = session_files(root).sealed_feedback
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    try:
        assert [one.right for one in check_played(root)] == [False]
    finally:
        path.write_bytes(data)


def test_damaged_session_does_not_stop_the_check_of_others_nor_another_person_s_visit(
    both: dict[str, Path], tmp_path: Path
) -> None:
    root = tmp_path / "data"
    shutil.copytree(both["real-first"], root)
    broken = session_files(root)
    broken.derived_file("summary.json").write_text("{")
    (one,) = check_played(root)
    assert not one.right
    assert one.text
    assert open_visit(root, find_due_visit(root, "08", "a1", START.date(), "test")).seal is not None


def test_full_disk_at_the_last_sealed_chunk_leaves_no_file_open(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    close = LiveFiles.close

    def fail(_: LiveFiles) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def note_closed(files: LiveFiles) -> None:
        closed.append(True)
        close(files)

    monkeypatch.setattr(LiveFiles, "finish_sealed", fail)
    monkeypatch.setattr(LiveFiles, "close", note_closed)
    session = Session(visit_config(study))
    session.start()
    result = session.join(120.0)
    assert result is not None
    assert result.exit_code == EXIT_RECORDING
    assert "No space left" in result.message or "full" in result.message
    assert closed


def test_study_is_not_unlocked_by_half(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = enrolment.arm_record

    def fail_for_last(root: Path, participant: str) -> ArmRecord:
        if participant == "11":
            raise RecordingError("the allocation record cannot be opened", got=participant)
        return read(root, participant)

    monkeypatch.setattr(enrolment, "arm_record", fail_for_last)
    with pytest.raises(RecordingError, match="cannot be opened"):
        unlock(study, by=BY, why="end")
    assert unlocked_arms(study) is None


def test_masked_session_is_shown_nowhere(both: dict[str, Path]) -> None:
    root = both["sham-first"]
    files = session_files(root)
    assert is_masked(files)
    assert is_sealed(files)
    assert not list(files.derived.glob("*report*"))
    with pytest.raises(RecordingError, match="masked"):
        create_report(files.derived)
    overview = read_overview(files.derived)
    assert overview.masked
    assert np.isnan(overview.line.mwi).all()
    with pytest.raises(RecordingError, match="masked"):
        what_if(files.derived, "default", None, lambda _: None)
    assert finished_sessions(root, "07", ())[0] == []
    assert verify(files.raw).status is CheckStatus.OK
    assert bids_errors(root) == []
    shown = CliRunner().invoke(app, ["replay", str(files.raw)])
    assert "same as log: identical" in shown.output


def test_session_of_a_study_is_not_moved_to_the_bin(both: dict[str, Path], tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(both["sham-first"], root)
    files = session_files(root)
    for lost in (None, files.derived_file("start.json")):
        if lost is not None:
            lost.unlink()
        with pytest.raises(RecordingError, match="of a study is not deleted"):
            discard_session(files)
    assert files.raw.is_dir()


def test_one_person_s_reveal_lifts_no_mask(both: dict[str, Path], tmp_path: Path) -> None:
    study = tmp_path / "data"
    shutil.copytree(both["sham-first"], study)
    reveal(study, "07", by=BY, why="rash")
    assert is_masked(session_files(study))
    unlock(study, by=BY, why="end")
    assert not is_masked(session_files(study))


def test_outputs_and_terminal_show_neither_index_nor_feedback(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[float, ...]] = []
    words: list[str] = []

    class Output:
        description = "test"

        def process_chunk(self, chunk: object) -> None:
            pass

        def process_event(self, event: object) -> None:
            pass

        def process_frames(self, frames: list) -> None:
            sent.extend(network_outputs.frame_values(frame) for frame in frames)
            words.extend(str(frame.state) for frame in frames)

        def close(self) -> None:
            pass

    _Lines.printed = []
    monkeypatch.setattr("neurofeedback.session.session.open_outputs", lambda *_, **__: (Output(),))
    monkeypatch.setattr("neurofeedback.session.session_thread.LiveState", _Lines)
    record(visit_config(study))
    fields = network_outputs.FRAME_FIELDS
    table = np.array(sent)
    hidden = [fields.index(name) for name in ("confidence", "index_u", "mwi", "threshold", "tone_gain")]
    assert np.isnan(table[:, hidden]).all()
    assert not table[:, fields.index("reward")].any()
    assert set(words) <= {"UNKNOWN", "LOST"}
    text = "\n".join(_Lines.printed)
    assert phase_label(Phase.PRACTICE) in text
    assert not any(word in text for word in ("FOCUS", "WANDER", "index", "sham", "Calm water"))


def test_sound_is_not_recorded(study: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="records no sound"):
        Session(visit_config(study, audio=str(tmp_path / "a.wav")))


def test_session_that_broke_off_stays_masked(both: dict[str, Path], tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(both["sham-first"], root)
    files = session_files(root)
    files.derived_file("summary.json").unlink()
    with files.sealed_feedback.open("ab") as file:
        file.write(b"torn")
    assert "completed at the next start" in check_played(root)[0].text
    recover_sessions(root)
    assert files.sealed_feedback.stat().st_size % CHUNK_BYTES == 0
    assert is_masked(files)
    assert [one.right for one in check_played(root)] == [True]
    files.derived_file("start.json").unlink()
    files.header_copy.unlink()
    assert is_masked(files), "also when its start was lost"
    assert is_sealed(files)
    assert finished_sessions(root, "07", ())[0] == []


def test_config_and_series_do_not_print_the_arm(study: Path) -> None:
    config = visit_config(study)
    assert config.study is not None
    assert config.study.sham is not None
    assert "selected" not in f"{config!r}{config.study!r}{config.study.sham!r}"


def test_visit_is_due_once_and_in_time(study: Path) -> None:
    due = find_due_visit(study, "7", "", START.date())
    assert (due.enrolment.participant, due.visit.name, due.deviations) == ("07", "run-in", ())
    with pytest.raises(SettingsError, match="not due today"):
        find_due_visit(study, "07", "b1", START.date())
    assert find_due_visit(study, "07", "b1", START.date(), "ill").deviations == ("early",)
    with pytest.raises(SettingsError, match="no such visit"):
        find_due_visit(study, "07", "zz", START.date(), "why")
    with pytest.raises(SettingsError, match="nobody is enrolled"):
        find_due_visit(study, "19", "", START.date())
    unlock(study, by=BY, why="end")
    with pytest.raises(SettingsError, match="study is unlocked"):
        find_due_visit(study, "07", "", START.date())


def test_run_in_has_no_feedback_and_no_seal(study: Path) -> None:
    part = open_visit(study, find_due_visit(study, "07", "run-in", START.date()))
    assert (part.sham, part.seal, part.feedback, part.start.sealed) == (None, None, False, False)


def test_nobody_gets_a_donor_twice(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    due = find_due_visit(study, "07", "a1", START.date(), "test")
    series = set()
    for number in range(4):
        earlier = [(None, earlier_start(k)) for k in range(number)]
        monkeypatch.setattr(visit_module, "_earlier_sessions", lambda *_, earlier=earlier: earlier)
        source = open_visit(study, due).sham
        assert source is not None
        series.add(source.u.tobytes())
    assert len(series) == 4
    earlier = [(None, earlier_start(k)) for k in range(4)]
    monkeypatch.setattr(visit_module, "_earlier_sessions", lambda *_: earlier)
    with pytest.raises(RecordingError, match="every donor"):
        open_visit(study, due)


def earlier_start(number: int) -> StudyStart:
    return StudyStart(protocol_sha256="x", participant="07", visit="a1", series_number=number, sealed=True, masked=True)


def test_command_records_the_visit_that_is_due(study: Path) -> None:
    typed = ["train", "--study", str(study), "--headless", "--fast", "--device", "simulated:7", "--audio", "none"]
    run = CliRunner()
    assert "no participant by default" in str(run.invoke(app, typed).exception)
    for option, value in (("--minutes", "3"), ("--breaths-per-min", "5")):
        refused = run.invoke(app, [*typed, "--participant", "07", option, value])
        assert "the protocol decides this" in str(refused.exception), option
    place = ["--participant", "07", "--visit", "a1", "--deviation", "run-in was elsewhere"]
    done = run.invoke(app, [*typed, *place])
    assert done.exit_code == 0, done.output
    assert "Instruction: Follow your breath" in done.output
    files = session_files(study)
    start = read_study_start(files)
    assert start is not None
    assert (start.visit, start.masked, start.series_number) == ("a1", True, 0)
    table = (study / "sub-07" / "sub-07_sessions.tsv").read_text(encoding="utf-8")
    assert "a1" in table
    assert "run-in was elsewhere" in (study / "derivatives" / "neurofeedback" / "log" / "changes.jsonl").read_text()


def test_command_opens_the_page_of_the_study_in_the_window(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[StudyOpening] = []
    monkeypatch.setattr(train, "require_window", lambda: None)
    monkeypatch.setattr(train, "open_window", lambda _folder, study: opened.append(study) or 0)
    typed = ["train", "--study", str(study), "--participant", "7", "--visit", "a1", "--deviation", "ill"]
    assert "the protocol decides this" in str(CliRunner().invoke(app, [*typed, "--programme", "timer"]).exception)
    assert CliRunner().invoke(app, typed).exit_code == 0
    (opening,) = opened
    assert (opening.participant, opening.visit, opening.deviation) == ("7", "a1", "ill")
    assert (opening.base.device, opening.base.recordings, opening.base.wait_for_fit) == ("", study, True)


def test_surrogate_is_made_of_the_run_in_without_feedback(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit_module, "_MIN_RUN_IN_S", 2.0)
    monkeypatch.setattr(visit_module, "MIN_VALID_SHARE", 0.1)
    surrogate = ShamSettings(kind="surrogate")
    frozen = visit_module.frozen_protocol

    def with_surrogate(root: Path) -> tuple[Protocol, ProtocolLock]:
        protocol, lock = frozen(root)
        return protocol.model_copy(update={"sham": surrogate}), lock

    monkeypatch.setattr(visit_module, "frozen_protocol", with_surrogate)
    due = find_due_visit(study, "07", "a1", START.date(), "test")
    with pytest.raises(RecordingError, match="no run-in"):
        open_visit(study, due)
    short = str(study_folder(study) / "study-20-minutes.toml")
    record(visit_config(study, visit="run-in", programme=short))
    run_in = session_files(study)
    assert not is_masked(run_in)
    sitting = read_sitting(run_in, Phase.TRANSFER)
    assert sitting is not None
    assert set(np.unique(sitting.state[sitting.practice])) <= {"FOCUS", "WANDER", "UNKNOWN", "LOST"}
    assert not sitting.gain[sitting.practice].any(), "a run-in has no feedback"
    source = open_visit(study, due).sham
    assert source is not None
    np.testing.assert_allclose(np.sort(source.u), np.sort(sitting.own_series))


def test_window_resumes_no_session_of_a_study(both: dict[str, Path], tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(both["sham-first"], root)
    session_files(root).derived_file("summary.json").unlink()
    monkey = pytest.MonkeyPatch()
    monkey.setattr(unfinished_sessions, "MIN_MINUTES_LEFT", -1.0)
    monkey.setattr(unfinished_sessions, "_planned_s", lambda _: 3600.0)
    unfinished = unfinished_sessions.complete_unfinished(root)
    monkey.undo()
    assert unfinished is not None
    assert unfinished.minutes_left == 0


def test_session_counts_for_no_decoder_also_without_its_sealed_file(both: dict[str, Path], tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(both["real-first"], root)
    session_files(root).sealed_feedback.unlink()
    assert is_sealed(session_files(root))
    assert [one.right for one in check_played(root)] == [False]
