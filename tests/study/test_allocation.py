"""Allocation: blocks, sealed records of one size, enrolment, and the row before an arm is shown."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import read_changes
from neurofeedback.recording.masking.masked_sessions import unblinding_path, unblinding_rows
from neurofeedback.study import allocation, enrolment, sealing
from neurofeedback.study.allocation import allocate, allocation_path, draw_blocks, install_allocation
from neurofeedback.study.enrolment import (
    EnrolmentRequest,
    enrol,
    enrolment_path,
    read_enrolments,
    reveal,
    unlock,
    unlocked_arms,
)
from neurofeedback.study.sealing import RECORD_BYTES, ArmRecord, Slot, key_path, open_record, seal_record

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, frozen_study

FACTOR = '[[factors]]\nname = "sex"\nlevels = ["f", "m"]\n\n[[instructions]]'


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "user_folder", lambda: tmp_path / "user")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A frozen crossover of 20 numbers with a factor, and its allocation on this computer."""
    root = frozen_study(tmp_path / "data", "crossover", ("last = 999", "last = 20"), ("[[instructions]]", FACTOR))
    allocate(root, "A", tmp_path / "keeper", by="keeper", random=Random(1))
    install_allocation(root, tmp_path / "keeper", by=BY)
    return root


def request(number: str, sex: str = "f", **changes: str) -> EnrolmentRequest:
    return EnrolmentRequest(number, {"sex": sex}, **{"consent": "v1 2026-11-02", "by": BY, **changes})  # type: ignore[arg-type]


@given(st.integers(2, 4), st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 60), st.integers(0, 999))
def test_blocks_are_balanced_and_of_the_allowed_sizes(n_arms: int, sizes: list[int], n: int, seed: int) -> None:
    arms = [f"arm{k}" for k in range(n_arms)]
    drawn = draw_blocks(arms, [size * n_arms for size in sizes], n, Random(seed))
    assert n <= len(drawn) < n + max(sizes) * n_arms
    assert len(set(Counter(drawn).values())) == 1
    for k in range(1, len(drawn)):
        counts = Counter(drawn[:k])
        assert max(counts[arm] for arm in arms) - min(counts[arm] for arm in arms) <= max(sizes)


def test_records_of_all_arms_have_one_size_and_belong_to_one_slot() -> None:
    key, slot = sealing.new_key(), Slot("p", "A", "all", 3)
    sealed = [seal_record(ArmRecord(arm, seed), slot, key) for arm, seed in (("a", 1), ("x" * 24, 2**31 - 1))]
    assert [len(one) for one in sealed] == [RECORD_BYTES, RECORD_BYTES]
    assert open_record(sealed[1], slot, key) == ArmRecord("x" * 24, 2**31 - 1)
    for wrong_slot, wrong_key in ((Slot("p", "A", "all", 4), key), (Slot("p", "B", "all", 3), key), (slot, bytes(32))):
        with pytest.raises(RecordingError, match="cannot be opened"):
            open_record(sealed[0], wrong_slot, wrong_key)
    with pytest.raises(ValueError, match="does not fit"):
        seal_record(ArmRecord("x" * 80, 1), slot, key)


def test_enrolment_takes_the_next_slot_of_its_stratum_and_shows_no_arm(study: Path) -> None:
    people = [enrol(study, request(f"{k:02d}", "f" if k % 2 else "m")) for k in range(1, 13)]
    assert [one.slot for one in people] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [one.kind for one in enrolment._read_log(study)] == ["eligible", "enrolled"] * 12
    text = enrolment_path(study).read_text(encoding="utf-8") + allocation_path(study, "A").read_text(encoding="utf-8")
    assert "real" not in text
    assert "sham" not in text
    assert not unblinding_path(study).exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (request("21"), "no participant number of the study"),
        (request("x1"), "no participant number of the study"),
        (request("05", consent=" "), "consent and who enrols"),
        (request("05", sex="d"), "level of factor sex"),
        (EnrolmentRequest("05", {"sex": "f", "age": "old"}, "v1", BY), "no such factor"),
        (request("1"), "this number is enrolled"),
        (request("06", person="m b 1970-01-02"), "enrolled under another number"),
    ],
)
def test_wrong_enrolment_changes_nothing(study: Path, wrong: EnrolmentRequest, message: str) -> None:
    enrol(study, request("01", person="MB 1970-01-02"))
    before = enrolment_path(study).read_bytes()
    with pytest.raises(SettingsError, match=message):
        enrol(study, wrong)
    assert enrolment_path(study).read_bytes() == before


def test_row_is_written_before_an_arm_is_shown(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(study, request("01"))
    with pytest.raises(SettingsError, match="only with a reason"):
        reveal(study, "01", by=BY, why=" ")
    arm = reveal(study, "1", by=BY, why="rash\tand fever")
    assert arm in {"real-first", "sham-first"}
    (row,) = unblinding_rows(study)
    assert row.split("\t")[1:] == ["01", BY, "reveal", "rash and fever"]

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(enrolment, "AppendOnlyFile", refuse)
    with pytest.raises(RecordingError, match="nothing was shown"):
        reveal(study, "01", by=BY, why="again")


def test_empty_table_of_unblinding_gets_its_header_and_the_change_log_the_row(study: Path) -> None:
    enrol(study, request("01"))
    unblinding_path(study).touch()
    reveal(study, "01", by=BY, why="rash")
    text = unblinding_path(study).read_text(encoding="utf-8")
    assert text.startswith("at\tparticipant")
    assert len(unblinding_rows(study)) == 1
    last = read_changes(study).changes[-1]
    assert (last.kind, last.participant, last.by, last.what, last.why) == (
        "study", "sub-01", BY, "arm shown (reveal)", "rash",
    )  # fmt: skip


def test_rows_wait_for_the_lock_of_the_table(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(study, request("01"))
    locked: list[str] = []

    @contextmanager
    def lock(path: Path) -> Iterator[None]:
        locked.append(path.name)
        yield

    monkeypatch.setattr(enrolment, "waited_lock", lock)
    reveal(study, "01", by=BY, why="rash")
    assert locked == [".unblinding.lock"]


def test_nobody_is_enrolled_after_unlocking(study: Path) -> None:
    enrol(study, request("01"))
    unlock(study, by=BY, why="end")
    with pytest.raises(SettingsError, match="is unlocked"):
        enrol(study, request("02"))


def test_copy_without_the_run_key_has_no_arms(study: Path) -> None:
    enrol(study, request("01"))
    unlock(study, by=BY, why="end")
    key_path(allocation.frozen_protocol(study)[1].sha256, "A").unlink()
    assert unlocked_arms(study) is None


def test_study_that_is_not_masked_needs_no_unlocking(tmp_path: Path) -> None:
    changes = ("masked = true", "masked = false"), ("last = 999", "last = 20")
    root = frozen_study(tmp_path / "open", "crossover", *changes)
    allocate(root, "A", tmp_path / "keeper", by="keeper")
    install_allocation(root, tmp_path / "keeper", by=BY)
    assert unlocked_arms(root) is None
    enrol(root, EnrolmentRequest("01", {}, "v1", BY))
    assert unlocked_arms(root) == {"01": enrolment.arm_record(root, "01").arm}
    unlock(root, by=BY, why="look")
    enrol(root, EnrolmentRequest("02", {}, "v1", BY))


def test_study_without_arms_shows_none_and_writes_no_row(tmp_path: Path) -> None:
    root = frozen_study(tmp_path / "single", "infusion-course")
    enrol(root, EnrolmentRequest("01", {}, "v1", BY))
    with pytest.raises(SettingsError, match="has no arms"):
        unlock(root, by=BY, why="end")
    assert not unblinding_path(root).exists()
    assert unlocked_arms(root) is None


def test_run_key_never_lies_in_the_dataset(study: Path, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "keeper", study / "keeper")
    with pytest.raises(SettingsError, match="inside the recordings"):
        install_allocation(study, study / "keeper", by=BY)
    allocation_path(study, "A").unlink()
    with pytest.raises(SettingsError, match="inside the recordings"):
        allocate(study, "A", study / "sourcedata" / ".." / "new", by="keeper")
    assert not (study / "new").exists()


def test_study_is_unlocked_for_all_and_arms_are_balanced(study: Path) -> None:
    for k in range(1, 13):
        enrol(study, request(f"{k:02d}"))
    assert unlocked_arms(study) is None
    arms = unlock(study, by=BY, why="end of the study")
    assert set(arms) == {f"{k:02d}" for k in range(1, 13)}
    assert abs(Counter(arms.values())["real-first"] - 6) <= 3
    assert len(unblinding_rows(study)) == 12
    assert unlocked_arms(study) == arms


def test_second_allocation_is_refused(study: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "keeper", tmp_path / "elsewhere"):
        with pytest.raises(SettingsError, match="this site has an allocation"):
            allocate(study, "A", out, by="keeper")
    with pytest.raises(SettingsError, match="no such site"):
        allocate(study, "Z", tmp_path / "elsewhere", by="keeper")


def test_keeper_draws_a_site_once_also_into_another_folder(tmp_path: Path) -> None:
    root = frozen_study(tmp_path / "keeper-data", "crossover", ("last = 999", "last = 20"))
    allocate(root, "A", tmp_path / "first", by="keeper")
    with pytest.raises(SettingsError, match=r"got drawn 20.* by keeper"):
        allocate(root, "A", tmp_path / "second", by="keeper")
    assert not (tmp_path / "second").exists()


def test_lost_key_and_foreign_key_enrol_nobody(study: Path, tmp_path: Path) -> None:
    lock = allocation.frozen_protocol(study)[1]
    path = key_path(lock.sha256, "A")
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text(encoding="ascii")
    path.unlink()
    with pytest.raises(RecordingError, match="run key of this site is missing"):
        enrol(study, request("01"))
    path.write_text("0" * 64 + "\n", encoding="ascii")
    with pytest.raises(RecordingError, match="cannot be opened"):
        enrol(study, request("01"))
    with pytest.raises(SettingsError, match="another run key"):
        install_allocation(study, tmp_path / "keeper", by=BY)
    assert read_enrolments(study) == []
    assert [one.kind for one in enrolment._read_log(study)] == ["eligible"], (
        "consent is logged before the slot is opened"
    )
    path.write_text(text, encoding="ascii")
    assert enrol(study, request("01")).slot == 0


def test_changed_log_of_enrolments_is_refused(study: Path) -> None:
    enrol(study, request("01"))
    path = enrolment_path(study)
    path.write_text(path.read_text(encoding="utf-8").replace('"slot":0', '"slot":1'), encoding="utf-8")
    with pytest.raises(RecordingError, match="was changed or is damaged"):
        enrol(study, request("02"))


def test_no_slot_left_is_one_message(study: Path) -> None:
    records = allocation._read(allocation_path(study, "A"))
    short = records.model_copy(update={"strata": {"sex=f": records.strata["sex=f"][:1]}})
    allocation_path(study, "A").write_text(short.model_dump_json(), encoding="utf-8")
    enrol(study, request("01"))
    with pytest.raises(RecordingError, match="no slot is left"):
        enrol(study, request("02"))


def test_commands_lead_from_protocol_to_enrolment(tmp_path: Path) -> None:
    root, keeper = tmp_path / "data", tmp_path / "keeper"
    root.mkdir()
    place = ["--recordings", str(root)]

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["study", *words, *place])
        assert result.exception is None, result.exception
        return result.output

    assert "protocol.toml was written" in run("new", "crossover")
    assert "not frozen yet" in run("check")
    assert "SHA-256" in run("freeze", "--by", BY)
    run("allocate", "--site", "A", "--out", str(keeper), "--by", "keeper")
    assert "not secret from somebody who takes the run key" in run("install", str(keeper), "--by", BY)
    assert "Participant 07 is enrolled at site A" in run("enrol", "07", "--consent", "v1", "--by", BY)
    assert "visit 1 of 5 (run-in): the first visit, any day" in run("next", "07")
    assert "1 people enrolled" in run("status")
    assert "is in arm" in run("reveal", "07", "--why", "test", "--by", BY)
    assert run("prereg").startswith("# Real and sham neurofeedback")
