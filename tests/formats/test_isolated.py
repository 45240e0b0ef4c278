"""Other programs' files are read in a process of its own: no file can crash, block or fill this program."""

from __future__ import annotations

import errno
import os
import signal
import struct
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.fuzz import seeds
from neurofeedback.errors import RecordingError, SettingsError, SourceError
from neurofeedback.formats import import_brainvision
from neurofeedback.formats.importers import import_file
from neurofeedback.formats.isolated import reader_process, recording_files
from neurofeedback.formats.isolated.reader_process import ReaderLimits, import_isolated
from neurofeedback.formats.reader import open_recording
from neurofeedback.formats.rules.options import NO_OPTIONS
from neurofeedback.recording.recording import Recording
from neurofeedback.types import EventKind, LostRun

LIMITS = ReaderLimits(memory_bytes=50_000_000, cpu_s=1, wall_s=60.0)
LINUX = pytest.mark.skipif(not hasattr(os, "fork") or os.uname().sysname != "Linux", reason="limits are those of Linux")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, seeds.Seed]:
    return seeds.seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def assert_same(one: Recording, other: Recording) -> None:
    plain = {"read_samples": one.read_samples, "timestamps": None}
    assert replace(one, **plain).__reduce_ex__(4)[2] == replace(other, **plain).__reduce_ex__(4)[2]
    np.testing.assert_array_equal(one.read_samples(0, one.n_samples), other.read_samples(0, one.n_samples))
    np.testing.assert_array_equal(one.read_samples(7, 11), other.read_samples(7, 11))
    if one.timestamps is not None:
        np.testing.assert_array_equal(one.timestamps, other.timestamps)


def test_every_format_is_handed_over_whole(known: dict[str, seeds.Seed], tmp_path: Path, temporary: Path) -> None:
    for name, seed in known.items():
        path = seed.write(tmp_path / name)
        assert_same(import_isolated(path, NO_OPTIONS), import_file(path))
    assert list(temporary.iterdir()) == []


def test_gaps_marks_and_times_are_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = seeds.recording()
    lost = (LostRun(3, 2, (1,), "gap"), LostRun(9, 1), LostRun(20, 1, (), "invalid"))
    events = (
        replace(made.events[0], duration_s=0.25, value='\u2028 "x'),
        replace(made.events[1], kind=EventKind.START),
    )
    whole = replace(made, lost=lost, events=events, timestamps=np.arange(made.n_samples) / 7)
    monkeypatch.setattr(reader_process, "import_file", lambda *_: whole)
    (tmp_path / "a").write_bytes(b"any")
    assert_same(import_isolated(tmp_path / "a", NO_OPTIONS), whole)


def test_program_with_threads_starts_a_process_without_a_fork(
    known: dict[str, seeds.Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known["edf"].write(tmp_path)
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    monkeypatch.delattr(os, "fork")
    assert_same(import_isolated(path, NO_OPTIONS), import_file(path))
    with pytest.raises(RecordingError, match="is not a BrainFlow file"):
        open_recording(path, board="muse-2")


def loop(*_: object) -> None:
    while True:
        pass


def wait(*_: object) -> None:
    threading.Event().wait()


def crash(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def grow(*_: object) -> None:
    blocks = [np.ones(1_000_000) for _ in range(1_250)]  # 10 GB
    raise AssertionError(len(blocks))


def fill_disk(*_: object) -> Recording:
    """A recording for which the disk has no space."""

    def refuse(*_: object) -> NDArray[np.float32]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return replace(seeds.recording(), read_samples=refuse)


def fault(*_: object) -> None:
    raise ZeroDivisionError


@LINUX
@pytest.mark.parametrize(
    ("read", "limits", "words"),
    [
        (loop, LIMITS, "no end after 1 s"),
        (wait, replace(LIMITS, wall_s=0.2), r"no end after 0\.2 s"),
        (fill_disk, LIMITS, "got No space left on device"),
        (crash, LIMITS, "a crash of its reader"),
        (fault, LIMITS, "a crash of its reader"),
        (grow, LIMITS, "needs more memory than a recording of its size: got over 0.1 GB"),
    ],
)
def test_crash_endless_loop_and_huge_memory_are_one_message(
    read: Callable[..., None],
    limits: ReaderLimits,
    words: str,
    tmp_path: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(reader_process, "import_file", read)
    (tmp_path / "a.set").write_bytes(b"any")
    with pytest.raises(RecordingError, match=words) as refused:
        import_isolated(tmp_path / "a.set", NO_OPTIONS, limits)
    assert "\n" not in str(refused.value)
    assert list(temporary.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_error_of_the_reader_is_raised_with_all_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = SettingsError("one", got=2, allowed="three", todo="four")

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(reader_process, "import_file", refuse)
    (tmp_path / "a.set").write_bytes(b"any")
    with pytest.raises(SettingsError) as refused:
        import_isolated(tmp_path / "a.set", NO_OPTIONS)
    assert str(refused.value) == str(error)


@LINUX
def test_full_disk_is_named_also_where_the_error_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(reader_process, "import_file", fill_disk)
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(RecordingError, match="got No space left on device"):
        import_isolated(Path(__file__), NO_OPTIONS)


@LINUX
def test_samples_are_written_without_a_map(known: dict[str, seeds.Seed], tmp_path: Path) -> None:
    """A file that may hold 100 bytes stands for a full disk: a write fails, and a map would end the process."""
    import resource

    path, folder = known["edf"].write(tmp_path), tmp_path / "out"
    folder.mkdir()
    whole = import_file(path)
    handler, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            recording_files._write_samples(whole, folder / "samples.f4")
        with pytest.raises(OSError, match="File too large"):
            recording_files.write_recording(whole, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(folder.iterdir()) == []


def test_on_windows_nothing_of_the_folder_stays_mapped(
    known: dict[str, seeds.Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, folder = import_file(known["edf"].write(tmp_path)), tmp_path / "out"
    folder.mkdir()
    recording_files.write_recording(whole, folder)
    monkeypatch.setattr(recording_files.sys, "platform", "win32")
    monkeypatch.setattr(np, "memmap", None)
    assert_same(recording_files.read_recording(folder), whole)
    assert not folder.exists()


def test_module_beside_a_recording_is_not_executed(
    known: dict[str, seeds.Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known["edf"].write(tmp_path)
    (tmp_path / "numpy.py").write_text("open('executed', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert_same(import_isolated(path, NO_OPTIONS), import_file(path))
    assert not (tmp_path / "executed").exists()


def test_process_without_a_fork_that_does_not_end_is_named_with_its_time(
    known: dict[str, seeds.Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with pytest.raises(RecordingError, match=r"no end after 0\.01 s"):
        import_isolated(known["edf"].write(tmp_path), NO_OPTIONS, replace(LIMITS, wall_s=0.01))


@LINUX
def test_program_with_many_open_files_reads_a_recording(
    known: dict[str, seeds.Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl
    import resource

    make, limits = os.pipe, resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 1100:
        pytest.skip("this account may not open that many files")

    def far_pipe() -> tuple[int, int]:
        near = make()
        far = tuple(fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 1024) for one in near)
        for one in near:
            os.close(one)
        return far[0], far[1]

    path = known["edf"].write(tmp_path)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(1100, limits[0]), limits[1]))
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "pipe", far_pipe)
            recording = import_isolated(path, NO_OPTIONS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert_same(recording, import_file(path))


def test_error_of_an_unknown_kind_is_one_of_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SourceError("one", got=2)

    monkeypatch.setattr(reader_process, "import_file", refuse)
    (tmp_path / "a.set").write_bytes(b"any")
    with pytest.raises(RecordingError, match="one"):
        import_isolated(tmp_path / "a.set", NO_OPTIONS)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "a.edf")
    with pytest.raises(RecordingError, match="no file that can be read"):
        open_recording(tmp_path / "a.edf")


@LINUX
def test_set_of_cells_nested_in_cells_is_refused(tmp_path: Path) -> None:
    """A .set file of 960 kB whose reader overflows its stack."""
    flags, shape, name = struct.pack("<4I", 6, 8, 1, 0), struct.pack("<IIii", 5, 8, 1, 1), struct.pack("<2I", 1, 0)
    cell, n_deep = flags + shape + name, 20_000
    sizes = ((n_deep - i) * (len(cell) + 8) - 8 for i in range(n_deep))
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    (tmp_path / "a.set").write_bytes(head + b"".join(struct.pack("<2I", 14, size) + cell for size in sizes))
    assert (tmp_path / "a.set").stat().st_size == pytest.approx(960_000, rel=0.01)
    with pytest.raises(RecordingError, match=r"a\.set cannot be read"):
        open_recording(tmp_path / "a.set")


def test_many_marks_of_a_brainvision_file_are_those_that_mne_reads(
    known: dict[str, seeds.Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known["brainvision"].write(tmp_path)
    with path.with_suffix(".vmrk").open("a", encoding="utf-8") as file:
        file.write("Mk4=Stimulus,S  1,100,1,0\nMk5=Response,a\\1b,7,25,0\nMk6=Comment,,9,,0\nMk7=Comment,Ä,9,1,0\n")
        file.write("Mk8=Bad Interval,BAD_ACQ_SKIP,200,5,0\n")
    by_mne = import_file(path)
    monkeypatch.setattr(import_brainvision, "_MANY_MARKS", 2)
    assert_same(import_file(path), by_mne)
    assert len(by_mne.events) >= 6
