"""Forms: dated and append-only, in tables that BIDS accepts, and checked against their hashes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import change_log_path, read_changes
from neurofeedback.recording.facts.form_records import (
    definition_path,
    form_path,
    read_all_forms,
    read_form,
    unacknowledged,
)
from neurofeedback.recording.facts.forms import acknowledge_answers, link_answers, save_answers
from neurofeedback.recording.facts.migrate import migrate_dataset
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.storage.bin import move_to_bin, restore_from_bin
from neurofeedback.storage.hash_chain import append_entry, read_chain, remove_content
from neurofeedback.verification.check_facts import check_record
from neurofeedback.verification.check_result import CheckStatus
from tests.bids import bids_errors

PHQ9 = load_questionnaire("phq9")
START = datetime(2026, 11, 1, 9, 0).astimezone()
ITEM_9 = {f"phq9_{n}": 1 for n in range(1, 10)}
NONE_9 = ITEM_9 | {"phq9_9": 0}


def save(root: Path, answers: dict[str, int], day: int = 0, **more: str) -> str:
    return save_answers(root, PHQ9, answers, participant="07", asked_at=START + timedelta(days=day), **more).hash  # type: ignore[arg-type]


def table(root: Path, day: int = 0) -> Path:
    label = (START + timedelta(days=day)).strftime("%Y%m%dT%H%M%S")
    return root / "sub-07" / f"ses-{label}" / "beh" / f"sub-07_ses-{label}_task-phq9_beh.tsv"


def wrong(root: Path) -> dict[str, str]:
    return {result.item: result.text for result in check_record(root) if result.status is CheckStatus.WRONG}


def test_a_second_phq9_never_erases_the_first_and_the_dataset_is_valid(tmp_path: Path) -> None:
    save(tmp_path, ITEM_9)
    save(tmp_path, NONE_9, day=14)
    save(tmp_path, NONE_9, day=14, asked_by="nurse")
    assert [one.answers.items["phq9_9"] for one in read_all_forms(tmp_path, "07")] == [1, 0, 0]
    assert len(table(tmp_path, 14).read_text().splitlines()) == 3, "two askings of one session are two rows"
    assert wrong(tmp_path) == {}
    assert bids_errors(tmp_path) == []


def test_a_correction_names_the_line_it_corrects(tmp_path: Path) -> None:
    first = save(tmp_path, ITEM_9)
    second = save(tmp_path, NONE_9, supersedes=first[:12], reason="wrong key")
    old, new = read_form(tmp_path, "phq9")
    assert (old.superseded_by, new.answers.supersedes) == (second, first)
    with pytest.raises(SettingsError, match="no such answer"):
        save(tmp_path, NONE_9, supersedes="abc", reason="x")


def test_a_correction_belongs_where_the_corrected_answers_did(tmp_path: Path) -> None:
    first = save(tmp_path, ITEM_9, when="before", visit="week2")
    link_answers(tmp_path, "phq9", first, "ses-20261101T091500")
    saved = save_answers(tmp_path, PHQ9, NONE_9, participant="07", supersedes=first, reason="wrong key")
    assert saved.notices == ()
    _, new = read_form(tmp_path, "phq9")
    assert (new.session, new.asked_at) == ("20261101T091500", START)
    assert (new.answers.when, new.answers.visit) == ("before", "week2")
    with pytest.raises(SettingsError, match=f"corrected already.*{saved.hash[:12]}"):
        save(tmp_path, NONE_9, supersedes=first, reason="again")
    moved = save(tmp_path, NONE_9, day=3, supersedes=saved.hash, reason="another day", when="after")
    (last,) = [one for one in read_form(tmp_path, "phq9") if one.hash == moved]
    assert (last.asked_at, last.answers.when) == (START + timedelta(days=3), "after")


def test_a_form_without_a_sitting_moves_with_the_time_of_its_correction(tmp_path: Path) -> None:
    first = save(tmp_path, ITEM_9)
    save(tmp_path, NONE_9, day=3, supersedes=first, reason="another day")
    assert read_form(tmp_path, "phq9")[1].session == "20261104T090000"


def test_a_session_whose_label_is_no_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        save(tmp_path, NONE_9, session="../../../evil")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("blocked", ["log", "table"])
def test_answers_that_are_saved_are_not_saved_again_when_a_later_step_fails(blocked: str, tmp_path: Path) -> None:
    path = change_log_path(tmp_path) if blocked == "log" else table(tmp_path).parent
    path.parent.mkdir(parents=True)
    path.mkdir() if blocked == "log" else path.write_text("no folder")
    saved = save_answers(tmp_path, PHQ9, NONE_9, participant="07", asked_at=START)
    assert "do not enter it again" in saved.notices[0]
    assert len(read_form(tmp_path, "phq9")) == 1


def test_answers_given_before_a_sitting_move_to_its_folder_once_it_is_known(tmp_path: Path) -> None:
    entry = save(tmp_path, NONE_9, when="before")
    link_answers(tmp_path, "phq9", entry, "ses-20261101T091500")
    assert not table(tmp_path).parent.parent.exists()
    (moved,) = tmp_path.glob("sub-07/ses-20261101T091500/beh/*_task-phq9_beh.tsv")
    assert "\tbefore\t" in moved.read_text()
    assert wrong(tmp_path) == {}


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [(0.5, "30 s ago"), (-1440, "before the last"), (4320, "overlaps the last"), (20160, "")],
)
def test_unusual_times_are_reported_and_logged_and_nothing_is_lost(
    minutes: float, sentence: str, tmp_path: Path
) -> None:
    save(tmp_path, ITEM_9)
    saved = save_answers(tmp_path, PHQ9, NONE_9, participant="07", asked_at=START + timedelta(minutes=minutes))
    assert len(saved.notices) == bool(sentence)
    assert sentence in " ".join(saved.notices)
    assert [c.why for c in read_changes(tmp_path).changes if c.kind == "notice"] == list(saved.notices)
    assert len(read_form(tmp_path, "phq9")) == 2


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    ("change", "item", "sentence"),
    [
        (
            lambda root: edit(form_path(root, "phq9"), lambda t: t.replace('"phq9_9":1', '"phq9_9":0')),
            "record",
            "line 1",
        ),
        (
            lambda root: edit(form_path(root, "phq9"), lambda t: "".join(t.splitlines(keepends=True)[1:])),
            "record",
            "before line 1",
        ),
        (
            lambda root: edit(form_path(root, "phq9"), lambda t: "".join(t.splitlines(keepends=True)[:-1])),
            "record",
            "was removed from the record",
        ),
        (lambda root: edit(table(root), lambda t: t.replace("\t9\n", "\t8\n")), "tables", "row 1"),
        (lambda root: edit(table(root, 14), lambda t: t.splitlines()[0] + "\n"), "tables", "row 1"),
        (
            lambda root: edit(
                definition_path(root, "phq9", read_form(root, "phq9")[0].answers.form_sha256),
                lambda t: t.replace("hurting yourself", "being sad"),
            ),
            "forms",
            "not the form as it was asked",
        ),
        (
            lambda root: edit(root / "derivatives/neurofeedback/log/changes.jsonl", lambda t: t.split("\n", 1)[1]),
            "change log",
            "before line 1",
        ),
    ],
    ids=["answer", "first row", "last row", "cell", "row of a table", "form", "change log"],
)
def test_verify_finds(change: Callable[[Path], None], item: str, sentence: str, tmp_path: Path) -> None:
    save(tmp_path, ITEM_9)
    save(tmp_path, NONE_9, day=14)
    change(tmp_path)
    assert sentence in wrong(tmp_path)[item]


def test_an_edited_table_is_copied_before_it_is_written_again(tmp_path: Path) -> None:
    save(tmp_path, ITEM_9)
    edit(table(tmp_path), lambda text: text.replace("self", "somebody"))
    saved = save_answers(tmp_path, PHQ9, NONE_9, participant="07", asked_at=START)
    assert "edited outside" in saved.notices[0]
    (copy,) = (tmp_path / "sourcedata" / "edited").iterdir()
    assert "somebody" in copy.read_text()
    assert "somebody" not in table(tmp_path).read_text()
    assert wrong(tmp_path) == {}


def test_the_copy_of_an_edited_table_has_its_bytes(tmp_path: Path) -> None:
    save(tmp_path, ITEM_9)
    edited = table(tmp_path).read_bytes().replace(b"self", "Grüße".encode("latin-1"))
    table(tmp_path).write_bytes(edited)
    save_answers(tmp_path, PHQ9, NONE_9, participant="07", asked_at=START)
    (copy,) = (tmp_path / "sourcedata" / "edited").iterdir()
    assert copy.read_bytes() == edited


def test_half_a_letter_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    save(tmp_path, ITEM_9)
    before = form_path(tmp_path, "phq9").read_bytes()
    with pytest.raises(RecordingError, match="letter that cannot be saved"):
        save_answers(tmp_path, PHQ9, NONE_9, participant="07", asked_by="J\udcfcrgen")
    assert form_path(tmp_path, "phq9").read_bytes() == before
    edit(form_path(tmp_path, "phq9"), lambda text: text.replace('"07"', '"\\ud83d"'))
    assert read_chain(form_path(tmp_path, "phq9")).faults == ((1, "changed"),)


def test_a_full_disk_leaves_what_was_there_and_the_answers_can_be_saved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, ITEM_9)
    before = form_path(tmp_path, "phq9").read_bytes()

    def full(_fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), len(data))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(RecordingError, match="No space left"):
            save(tmp_path, NONE_9, day=14)
    assert form_path(tmp_path, "phq9").read_bytes() == before
    save(tmp_path, NONE_9, day=14)
    assert len(read_form(tmp_path, "phq9")) == 2
    assert wrong(tmp_path) == {}


def test_an_incomplete_last_line_is_set_aside_and_a_missing_newline_completed(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    append_entry(path, {"n": 1})
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append_entry(path, {"n": 2})
    with path.open("ab") as file:
        file.write(b'{"previous": "0')
    assert [kind for _, kind in read_chain(path).faults] == ["torn"]
    append_entry(path, {"n": 3})
    chain = read_chain(path)
    assert ([data["n"] for _, data in chain.content], chain.faults) == ([1, 2, 3], ())
    assert path.with_name("x.jsonl.incomplete").read_bytes() == b'{"previous": "0\n'


def test_removing_content_loses_no_last_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    append_entry(path, {"n": 1})
    append_entry(path, {"n": 2})
    path.write_text(path.read_text().rstrip("\n"))
    assert remove_content(path, lambda data: data["n"] == 1) == 1
    assert [data["n"] for _, data in read_chain(path).content] == [2]
    with path.open("a") as file:
        file.write('{"torn')
    assert remove_content(path, lambda data: data["n"] == 2) == 1
    assert path.with_name("x.jsonl.incomplete").read_text() == '{"torn\n'
    assert read_chain(path).faults == ()


def test_item_9_waits_for_staff_and_a_later_zero_does_not_end_that(tmp_path: Path) -> None:
    entry = save(tmp_path, ITEM_9)
    save(tmp_path, NONE_9, day=14)
    ((one, item),) = unacknowledged(tmp_path, "07")
    assert (one.hash, item) == (entry, "phq9_9")
    with pytest.raises(SettingsError, match="name and what was done"):
        acknowledge_answers(tmp_path, "phq9", entry, by=" ", done="called")
    acknowledge_answers(tmp_path, "phq9", entry[:10], by="Dr. Roe", done="called at 14:10, no plan")
    assert unacknowledged(tmp_path, "07") == []
    assert read_form(tmp_path, "phq9")[0].acknowledged[0].done == "called at 14:10, no plan"


def test_the_advice_names_the_clinic_where_it_is_known() -> None:
    contacts = ClinicContacts(clinic="Ward 3, 555 0100", emergency="112", crisis_line="555 0199")
    (advice,) = PHQ9.advice_for(ITEM_9, contacts)
    assert "tell Ward 3, 555 0100 today" in advice
    assert "call 112 or 555 0199 now" in advice
    assert advice.endswith("your answer will be on the report your clinic opens.")
    assert "findahelpline" in PHQ9.advice_for(ITEM_9)[0]
    assert PHQ9.advice_for(NONE_9, contacts) == ()


def test_shipped_scales_hold_their_whole_notice() -> None:
    for name in ("phq9", "gad7"):
        assert load_questionnaire(name).source.startswith(
            "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an "
            "educational grant from Pfizer Inc. No permission required to reproduce, translate, display or distribute."
        )


def write_old_tables(root: Path) -> None:
    folder = root / "phenotype"
    folder.mkdir(parents=True)
    items = [f"phq9_{n}" for n in range(1, 10)]
    rows = [
        ["participant_id", "session_id", *items, "score"],
        ["sub-07", "ses-20260301T080000", *["1"] * 9, "9"],
        ["sub-07", "ses-20260315T080000", *["0"] * 8, "n/a", "n/a"],
    ]
    (folder / "phq9_after.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    (folder / "phq9_after.json").write_text('{"MeasurementToolMetadata": {"Description": "PHQ-9"}}')


def test_tables_of_an_earlier_version_are_moved_with_a_backup(tmp_path: Path) -> None:
    write_old_tables(tmp_path)
    old = (tmp_path / "phenotype" / "phq9_after.tsv").read_text()
    done = migrate_dataset(tmp_path)
    assert (done.n_answers, done.notices) == (2, ())
    assert done.backup is not None
    assert (done.backup / "phenotype" / "phq9_after.tsv").read_text() == old
    assert not (tmp_path / "phenotype").exists()
    assert [one.answers.items.get("phq9_9") for one in read_all_forms(tmp_path, "07")] == [1, None]
    assert migrate_dataset(tmp_path).backup is None


def test_a_migration_that_was_killed_moves_nothing_twice(tmp_path: Path) -> None:
    write_old_tables(tmp_path)
    text = (tmp_path / "phenotype" / "phq9_after.tsv").read_text()
    migrate_dataset(tmp_path)
    (tmp_path / "phenotype").mkdir()
    (tmp_path / "phenotype" / "phq9_after.tsv").write_text(text)
    assert migrate_dataset(tmp_path).n_answers == 0
    assert len(read_all_forms(tmp_path, "07")) == 2


def test_a_table_that_cannot_be_understood_stays(tmp_path: Path) -> None:
    folder = tmp_path / "phenotype"
    folder.mkdir()
    (folder / "own_after.tsv").write_text("participant_id\tsession_id\tq\nsub-07\tses-1\tyes\n")
    described = (
        '{"MeasurementToolMetadata": {"Description": "x"}, "q": {"Description": "q", "Levels": {"0": "a", "1": "b"}}}'
    )
    (folder / "own_after.json").write_text(described)
    done = migrate_dataset(tmp_path)
    assert "stays where it is: its cells or its description" in done.notices[0]
    assert (folder / "own_after.tsv").exists()


def test_the_table_of_a_session_in_the_bin_is_not_made_again(tmp_path: Path) -> None:
    save(tmp_path, ITEM_9)
    folder = table(tmp_path).parent.parent
    binned = move_to_bin(tmp_path, f"sub-07_{folder.name}", (folder,), tmp_path / "none.lock")
    save(tmp_path, NONE_9, day=14)
    assert not folder.exists()
    assert wrong(tmp_path) == {}
    restore_from_bin(binned)
    assert wrong(tmp_path) == {}


KILLED = """
import sys
from pathlib import Path
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.settings.load import load_questionnaire
for number in range(1000):
    save_answers(Path(sys.argv[1]), load_questionnaire("mood"), {"mood": 1 + number % 5}, participant="07")
    print(number, flush=True)
"""


def test_a_kill_loses_no_answer_that_was_confirmed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        confirmed = [program.stdout.readline() for _ in range(7)]
        program.kill()
    assert confirmed[-1] == "6\n"
    assert len(read_form(tmp_path, "mood")) >= 7
    save_answers(tmp_path, load_questionnaire("mood"), {"mood": 5}, participant="07")
    assert wrong(tmp_path) == {}, "tables that the kill left behind are written again"
