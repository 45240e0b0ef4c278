"""Files and folders are for their owner alone, or for a group on purpose; links are not followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from neurofeedback.storage import private_files
from neurofeedback.storage.append_only import AppendOnlyFile, cut_at_zeros, cut_torn_line, cut_torn_sample
from neurofeedback.storage.atomic_files import is_torn, write_atomic, write_new
from neurofeedback.storage.file_lock import acquire_lock, create_lock, is_locked
from neurofeedback.storage.private_files import is_readable_by_others, make_folder, open_existing, restrict_tree

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights and links of POSIX")


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_new_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    write_atomic(tmp_path / "a" / "text", "x\n")
    AppendOnlyFile(tmp_path / "a" / "log").close()
    lock = acquire_lock(tmp_path / "a" / ".lock")
    assert rights(tmp_path / "a") == rights(tmp_path / "a" / "b") == 0o700
    assert {rights(path) for path in (tmp_path / "a").iterdir() if path.is_file()} == {0o600}
    assert lock is not None


@pytest.mark.usefixtures("umask")
def test_files_in_a_shared_folder_are_for_its_group_too(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    make_folder(shared / "a")
    write_atomic(shared / "a" / "text", "x\n")
    assert (rights(shared / "a"), rights(shared / "a" / "text")) == (0o2770, 0o660)
    assert not is_readable_by_others(shared)


def test_a_folder_of_a_group_without_the_bit_is_not_shared(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)  # as umask 002 makes every folder
    write_atomic(tmp_path / "text", "x\n")
    assert rights(tmp_path / "text") == 0o600
    assert is_readable_by_others(tmp_path)


def test_restricting_a_tree_takes_the_rights_of_others_and_skips_links(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("v")
    victim.chmod(0o644)
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").write_text("x")
    (folder / "link").symlink_to(victim)
    restrict_tree(folder)
    assert (rights(folder), rights(folder / "sub"), rights(folder / "sub" / "file")) == (0o700, 0o700, 0o600)
    assert rights(victim) == 0o644
    restrict_tree(folder, shared=True)
    assert (rights(folder), rights(folder / "sub" / "file")) == (0o2770, 0o660)


WRITERS = {
    "replaced": lambda path: write_atomic(path, "mine\n"),
    "new": lambda path: write_new(path, "mine\n"),
    "appended": lambda path: AppendOnlyFile(path).append(b"mine\n"),
    "lock": create_lock,
    "acquired": acquire_lock,
    "folder": make_folder,
}


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("writer", WRITERS)
def test_nothing_is_written_through_a_link(tmp_path: Path, writer: str, dangling: bool) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    if not dangling:
        victim.write_text("v")
    link.symlink_to(victim)
    with suppress(OSError):  # a lock that exists gives None, a folder may be reached by a link
        WRITERS[writer](link)
    assert link.is_symlink()
    assert (not victim.exists()) if dangling else victim.read_text() == "v"


def test_nothing_is_appended_to_a_file_with_a_second_name(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("v")
    os.link(victim, tmp_path / "log")
    with pytest.raises(OSError, match="a second name"):
        AppendOnlyFile(tmp_path / "log")
    assert victim.read_text() == "v"


def test_a_planted_draft_of_any_name_cannot_be_written_through(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "00")
    (tmp_path / ".text.00.draft").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        write_atomic(tmp_path / "text", "x\n")
    assert not (tmp_path / "victim").exists()


def test_an_error_while_writing_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch) -> None:
    write_atomic(tmp_path / "text", "old\n")

    def fail(fd: int) -> None:
        raise OSError(5, "broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="broken"):
        write_atomic(tmp_path / "text", "new\n")
    assert [path.name for path in tmp_path.iterdir()] == ["text"]
    assert (tmp_path / "text").read_text() == "old\n"


def test_a_replaced_file_is_on_the_disk_before_its_name(tmp_path: Path, monkeypatch) -> None:
    calls: list[str] = []
    replace = Path.replace

    def record_replace(path: Path, target: Path) -> Path:
        calls.append("replace")
        return replace(path, target)

    monkeypatch.setattr(
        os, "fsync", lambda fd: calls.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
    )
    monkeypatch.setattr(Path, "replace", record_replace)
    write_atomic(tmp_path / "text", "x\n")
    assert calls == ["file", "replace", "folder"]


def test_a_lock_on_a_read_only_disk_is_read_and_stays(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / ".lock"
    path.touch()

    def open_read_only(target: Path, flags: int) -> int:
        if flags & os.O_RDWR:
            raise OSError(30, os.strerror(30))
        return open_existing(target, flags)

    def unlink_read_only(target: Path, missing_ok: bool = False) -> None:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("neurofeedback.storage.file_lock.open_existing", open_read_only)
    monkeypatch.setattr(Path, "unlink", unlink_read_only)
    assert not is_locked(path)
    assert path.exists()


@pytest.mark.parametrize(
    ("name", "content", "torn"),
    [
        ("a.json", b"", True),
        ("a.json", b"{", True),
        ("a.json", b'{"a": 1}\n', False),
        ("a.tsv", b"one\ntw", True),
        ("a.tsv", b"one\n\0\0\0", True),
        ("a.tsv", b"one\n", False),
    ],
)
def test_torn_files_are_recognised(tmp_path: Path, name: str, content: bytes, torn: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_torn(tmp_path / name) is torn
    assert is_torn(tmp_path / "missing.json")


def test_zeros_after_a_power_cut_are_cut_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    path.write_bytes(b"one\ntw\0\0\0")
    cut_at_zeros(path)
    assert path.read_bytes() == b"one\n"


def test_making_a_folder_syncs_the_one_that_names_it(tmp_path: Path, monkeypatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(private_files, "sync_folder", synced.append)
    make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]


def test_a_disk_that_cannot_sync_folders_is_written_to(tmp_path: Path, monkeypatch) -> None:
    def refuse_folders(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", refuse_folders)
    write_atomic(tmp_path / "text", "x\n")
    assert (tmp_path / "text").read_text() == "x\n"


def test_torn_end_of_a_link_is_not_cut(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "events.tsv"
    victim.write_bytes(b"no line\0")
    link.symlink_to(victim)
    cuts = [lambda: cut_torn_line(link), lambda: cut_at_zeros(link), lambda: cut_torn_sample(link, 5)]
    for cut in cuts:
        with pytest.raises(OSError, match=r"events\.tsv is a link"):
            cut()
    assert victim.read_bytes() == b"no line\0"
