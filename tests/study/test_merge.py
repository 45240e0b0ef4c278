"""Two sites become one dataset: valid, once, with records that can still be checked, and masked as before."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.recording.facts.changes import MERGED, change_log_path, log_change, read_changes
from neurofeedback.recording.facts.form_records import form_path, read_form
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts, update_facts, write_facts
from neurofeedback.recording.masking.masked_sessions import is_masked
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.storage.hash_chain import append_entry, join_chains, read_chain, remove_content
from neurofeedback.study import sealing
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.enrolment import EnrolmentRequest, enrol, read_enrolments, unlock, unlocked_arms
from neurofeedback.study.guesses import read_guesses, save_guess
from neurofeedback.study.merging.merge import MergeOptions, MergeResult, merge_datasets
from neurofeedback.study.protocol import study_folder
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.session_table import study_sessions
from neurofeedback.verification.check_facts import check_record
from neurofeedback.verification.check_result import CheckStatus
from tests.bids import bids_errors
from tests.recording.test_session_writer import HEADER, write_session

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, add_session, frozen_study

TWO_SITES = ("last = 999", 'last = 20\n\n[[sites]]\nname = "B"\nfirst = 21\nlast = 40')
TODAY = date.today()  # the protocol is frozen today


def day(after: int) -> str:
    return str(TODAY + timedelta(days=after))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two laptops with copies of one frozen study; at each one person is enrolled, has a session and has guessed."""
    folder = tmp_path_factory.mktemp("sites")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "user_folder", lambda: folder / "user")
        roots = (frozen_study(folder / "a", "crossover", TWO_SITES), folder / "b")
        (roots[0] / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.1"}', encoding="utf-8")
        shutil.copytree(*roots)
        for root, site, person in zip(roots, "AB", ("01", "21"), strict=True):
            allocate(root, site, folder / f"keeper-{site}", by="keeper", random=Random(2))
            install_allocation(root, folder / f"keeper-{site}", by=BY)
            enrol(root, EnrolmentRequest(person, {}, "v1", BY))
            add_session(root, person, day(0), "a1", sealed=True)
            save_guess(root, person, "a1", "participant", {"guess": "unknown", "sure": 0})
            answer(root, person, datetime.now().astimezone() - timedelta(seconds=10))
    return folder


@pytest.fixture
def sites(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Copies of both datasets and of the keys."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sealing, "user_folder", lambda: tmp_path / "user")
    for name in ("a", "b", "user"):
        shutil.copytree(built / name, tmp_path / name)
    return tmp_path / "a", tmp_path / "b"


def answer(root: Path, person: str, asked_at: datetime | None = None) -> None:
    form = load_questionnaire("sleepiness")
    save_answers(root, form, {item.id: 2 for item in form.items}, participant=person, asked_at=asked_at)


def merge(roots: tuple[Path, ...], into: Path, **options: bool) -> MergeResult:
    return merge_datasets(roots, into, MergeOptions(BY, **options), TODAY)


def content(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def assert_record_holds(root: Path) -> None:
    wrong = [result for result in check_record(root) if result.status is not CheckStatus.OK]
    assert not wrong, wrong


def test_two_sites_become_one_and_merging_again_changes_nothing(sites: tuple[Path, Path], tmp_path: Path) -> None:
    before, into = [content(root) for root in sites], tmp_path / "both"
    planned = merge(sites, into, dry_run=True)
    assert not into.exists()
    result = merge(sites, into)
    assert (result.n_people, result.n_sessions, result.differing, result.shared_slots) == (2, 2 + 2, (), ())
    assert (planned.n_copied, planned.n_joined) == (result.n_copied, result.n_joined)
    assert [content(root) for root in sites] == before, "the datasets of the sites stay as they are"
    assert not list(tmp_path.glob(".*.merge.part"))
    assert_record_holds(into)
    assert CliRunner().invoke(app, ["verify", str(into)]).exit_code == 0
    protocol, _ = frozen_protocol(into)
    assert [one.participant for one in study_sessions(into, protocol)] == ["01", "21"]
    assert sorted(one.participant for one in read_enrolments(into)) == ["01", "21"]
    assert sorted(one.participant for one in read_guesses(into)) == ["01", "21"]
    assert len(read_form(into, "sleepiness")) == 2
    frozen = [one for one in read_changes(into).changes if one.what == "protocol frozen"]
    assert len(frozen) == 1, "the common beginning of two copies counts once"
    merged = content(into)
    assert not merge(sites, into).changes_something
    assert content(into) == merged


def test_copy_of_a_dataset_adds_nothing(sites: tuple[Path, Path], tmp_path: Path) -> None:
    root, copy, into = sites[0], tmp_path / "copy", tmp_path / "into"
    shutil.copytree(root, copy)
    merge((root, copy), into)
    added = {name for name in content(into).keys() ^ content(root).keys() if "/." not in name}
    assert added == set()
    differing = {name for name, data in content(root).items() if content(into).get(name, data) != data}
    assert differing == {change_log_path(into).relative_to(into).as_posix()}, "the merge itself is logged"
    merged = content(into)
    assert not merge((copy,), into).changes_something
    assert content(into) == merged


def test_later_sessions_and_answers_of_a_site_are_added(sites: tuple[Path, Path], tmp_path: Path) -> None:
    into = tmp_path / "both"
    merge(sites, into)
    add_session(sites[0], "01", day(1), "a2", sealed=True)
    answer(sites[0], "01")
    assert merge(sites, into).n_sessions == 2 + 2 + 2
    assert_record_holds(into)
    assert len(read_form(into, "sleepiness")) == 3
    label = f"{TODAY + timedelta(days=1):%Y%m%d}T100000"
    facts = read_facts(into, "01", label)
    assert facts is not None
    assert facts.visit == "a2"
    # the table of sessions was written by the program: a later fact finds no edit by hand
    assert write_facts(into, "01", label, SessionFacts(visit="a2", note="x")) == ()
    assert not (into / "sourcedata" / "edited").exists()


def test_mask_is_lifted_for_the_people_of_the_unlocked_site_alone(sites: tuple[Path, Path], tmp_path: Path) -> None:
    from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems

    keys = tmp_path / "user" / "study-keys"
    (hidden,) = keys.glob("*-B.key")
    hidden.rename(tmp_path / "elsewhere.key")
    assert list(unlock(sites[0], by=BY, why="end")) == ["01"]
    into = tmp_path / "both"
    merge(sites, into)
    masked = [is_masked(SessionFiles.from_stem(into, stem)) for stem in find_session_stems(into)]
    assert masked == [False, True]
    assert unlocked_arms(into) is None
    (tmp_path / "elsewhere.key").rename(hidden)
    assert unlocked_arms(into) is None, "a key alone unlocks nothing"
    unlock(into, by=BY, why="end")
    assert set(unlocked_arms(into) or ()) == {"01", "21"}


def test_recorded_datasets_are_valid_bids_after_the_merge(tmp_path: Path) -> None:
    roots = (tmp_path / "a", tmp_path / "b")
    for root, person in zip(roots, ("01", "02"), strict=True):
        writer, _ = write_session(root, replace(HEADER, participant=person))
        writer.close(SessionSummary(mains_hz=50, probes=0))
        update_facts(root, person, writer.files.raw.name, {"condition": "home"})
        answer(root, person)
    merge(roots, tmp_path / "both")
    assert bids_errors(tmp_path / "both") == []
    assert_record_holds(tmp_path / "both")
    rows = (tmp_path / "both" / "participants.tsv").read_text(encoding="utf-8")
    assert rows.split() == ["participant_id", "sub-01", "sub-02"]
    for stem in ("sub-01", "sub-02"):
        (session,) = (tmp_path / "both" / stem).glob("ses-*/eeg")
        assert CliRunner().invoke(app, ["verify", str(session.parent)]).exit_code == 0


def number_twice(roots: tuple[Path, Path]) -> None:
    folder = roots[1] / "code" / "study"
    text = (folder / "enrolment.jsonl").read_text(encoding="utf-8")
    (folder / "enrolment.jsonl").unlink()
    for line in text.splitlines():
        append_entry(folder / "enrolment.jsonl", json.loads(line)["data"] | {"participant": "1"})


def sessions_of_nobody(roots: tuple[Path, Path]) -> None:
    for root, when in zip(roots, (day(0), day(1)), strict=True):
        add_session(root, "35", when, "")


def clock_ahead(roots: tuple[Path, Path]) -> None:
    add_session(roots[1], "21", day(365), "a2")


def clock_behind(roots: tuple[Path, Path]) -> None:
    add_session(roots[1], "21", day(-365), "a2")


def other_protocol(roots: tuple[Path, Path]) -> None:
    lock = study_folder(roots[1]) / "protocol.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace('"protocol": "', '"protocol": "0'), encoding="utf-8")


def changed_answer(roots: tuple[Path, Path]) -> None:
    path = form_path(roots[1], "sleepiness")
    path.write_text(path.read_text(encoding="utf-8").replace('"21"', '"22"'), encoding="utf-8")


def changed_copy(roots: tuple[Path, Path]) -> None:
    shutil.copytree(roots[0] / "derivatives", roots[1] / "derivatives", dirs_exist_ok=True)
    shutil.copytree(roots[0] / "sub-01", roots[1] / "sub-01")
    shutil.copy(study_folder(roots[0]) / "enrolment.jsonl", study_folder(roots[1]) / "enrolment.jsonl")
    next(roots[1].glob("sub-01/*/eeg/*_events.tsv")).write_text("onset\tduration\n", encoding="utf-8")


def broken_off(roots: tuple[Path, Path]) -> None:
    (roots[1] / ".sub-21_ses-20261231T100000_task-meditation.part").mkdir()


def link(roots: tuple[Path, Path]) -> None:
    (roots[1] / "sub-21" / "x").symlink_to("/etc/hostname")


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (number_twice, SettingsError, "enrolled in two datasets"),
        (sessions_of_nobody, SettingsError, "pass --same-people"),
        (clock_ahead, RecordingError, f"newest session is of {day(365)}, today is {day(0)}"),
        (clock_behind, RecordingError, f"a session is of {day(-365)}, the protocol was frozen on"),
        (other_protocol, RecordingError, "different frozen protocols"),
        (changed_answer, RecordingError, "a record was changed or is damaged"),
        (changed_copy, RecordingError, "same name and other content"),
        (broken_off, RecordingError, "not completed"),
        (link, RecordingError, "link"),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(
    sites: tuple[Path, Path], tmp_path: Path, spoil: object, error: type[NeurofeedbackError], words: str
) -> None:
    assert callable(spoil)
    spoil(sites)
    before = [content(root) for root in sites]
    with pytest.raises(error, match=words):
        merge(sites, tmp_path / "both")
    assert not (tmp_path / "both").exists()
    assert [content(root) for root in sites] == before


def test_dates_and_people_can_be_accepted_and_the_dates_are_logged(sites: tuple[Path, Path], tmp_path: Path) -> None:
    clock_ahead(sites)
    sessions_of_nobody(sites)
    merge(sites, tmp_path / "both", accept_dates=True, same_people=True)
    (logged,) = [one for one in read_changes(tmp_path / "both").changes if one.what == MERGED]
    assert f"b: the newest session is of {day(365)}, today is {day(0)}" in logged.why
    assert_record_holds(tmp_path / "both")


def test_folders_must_be_different_and_datasets(sites: tuple[Path, Path], tmp_path: Path) -> None:
    for roots, into in ((sites, sites[0]), ((sites[0], sites[0]), tmp_path / "c"), (sites, sites[0] / "merged")):
        with pytest.raises(SettingsError, match="different ones"):
            merge(roots, into)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordingError, match="no dataset"):
        merge((sites[0], tmp_path / "empty"), tmp_path / "c")


def test_two_laptops_of_one_site_that_gave_one_slot_twice_are_named(sites: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "c"
    shutil.copytree(sites[0], other)
    enrol(sites[0], EnrolmentRequest("02", {}, "v1", BY))
    enrol(other, EnrolmentRequest("03", {}, "v1", BY))
    assert merge((sites[0], other), tmp_path / "both").shared_slots == ("2, 3",)


def test_end_of_a_merged_record_that_was_cut_off_is_found(sites: tuple[Path, Path], tmp_path: Path) -> None:
    into = tmp_path / "both"
    merge(sites, into)
    path = change_log_path(into)
    lines = path.read_text(encoding="utf-8").split("\n")
    first = next(k for k, line in enumerate(lines[1:], start=1) if '"previous":"000000' in line)
    path.write_text("\n".join(lines[: first - 1] + lines[first:]), encoding="utf-8")
    assert not read_chain(path).faults, "the chain alone does not show it"
    (wrong,) = [result for result in check_record(into) if result.status is not CheckStatus.OK]
    assert "merged" in wrong.text


def test_command_says_what_it_did(sites: tuple[Path, Path], tmp_path: Path) -> None:
    typed = ["study", "merge", *map(str, sites), "--into", str(tmp_path / "both"), "--by", BY, "--accept-dates"]
    (sites[1] / "README").write_text("other", encoding="utf-8")
    (sites[0] / "README").write_text("one", encoding="utf-8")
    run = CliRunner()
    assert "would have 2 people" in run.invoke(app, [*typed, "--dry-run"]).output
    done = run.invoke(app, typed)
    assert "README differs between the datasets" in done.output
    assert "now has 2 people" in done.output
    assert "Nothing was changed." in run.invoke(app, typed).output


# Chains


def test_chains_of_copies_are_read_once_and_stay_strict(tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    append_entry(one, {"k": 1})
    shutil.copy(one, other)
    append_entry(one, {"k": 2})
    append_entry(other, {"k": 3})
    both = tmp_path / "both.jsonl"
    both.write_text(join_chains(one.read_text(), other.read_text()), encoding="utf-8")
    append_entry(both, {"k": 4})
    chain = read_chain(both)
    assert [data["k"] for _, data in chain.content] == [1, 3, 2, 4]
    assert not chain.faults
    lines = both.read_text().splitlines()
    for k in (0, 3):  # lines before the ends of the chains
        both.write_text("".join(f"{line}\n" for line in lines[:k] + lines[k + 1 :]), encoding="utf-8")
        assert [kind for _, kind in read_chain(both).faults] == ["order"]


def test_content_removed_in_one_copy_is_removed_in_all(tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    append_entry(one, {"k": 1})
    shutil.copy(one, other)
    append_entry(one, {"k": 2})
    append_entry(other, {"k": 3})
    remove_content(other, lambda data: data["k"] == 1)
    both = tmp_path / "both.jsonl"
    both.write_text(join_chains(one.read_text(), other.read_text()), encoding="utf-8")
    assert [data["k"] for _, data in read_chain(both).content] == [3, 2]
    assert '"k":1' not in both.read_text()


def test_log_of_a_site_that_goes_on_is_joined_to_its_own_chain(sites: tuple[Path, Path], tmp_path: Path) -> None:
    into = tmp_path / "both"
    merge(sites, into)
    log_change(sites[0], "notice", why="later")
    log_change(into, "notice", why="in the merged one")
    merge(sites, into)
    assert {one.why for one in read_changes(into).changes} >= {"later", "in the merged one"}
    assert_record_holds(into)
