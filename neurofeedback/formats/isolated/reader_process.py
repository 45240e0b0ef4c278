"""Read another program's file in a process of its own, so that no file can crash, block or fill this one.

The process has limits of memory and processor time, and hands the recording over as plain files.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError
from neurofeedback.formats.importers import import_file
from neurofeedback.formats.isolated import READER_PROCESS
from neurofeedback.formats.isolated.recording_files import DOCUMENT, read_recording, write_recording
from neurofeedback.formats.rules.options import ImportOptions
from neurofeedback.recording.recording import Recording

_ERROR = "error.json"
_CRASH = "a crash of its reader"
_KINDS: dict[str, type[NeurofeedbackError]] = {kind.__name__: kind for kind in (RecordingError, SettingsError)}
_COMPANION_SUFFIXES = (".eeg", ".dat", ".fdt", ".vmrk")
_MEMORY_BYTES, _MEMORY_PER_BYTE = 1_000_000_000, 8
_CPU_S, _CPU_S_PER_MB = 15, 2.0
_WALL_PER_CPU = 10.0


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What the reading of a file may take: bytes beyond those of the program, processor time and time, s."""

    memory_bytes: int = _MEMORY_BYTES
    cpu_s: int = _CPU_S
    wall_s: float = _WALL_PER_CPU * _CPU_S


def limits_for(path: Path) -> ReaderLimits:
    """Return the limits for a file by its size and that of its companions."""
    files = [path, *(path.with_suffix(suffix) for suffix in _COMPANION_SUFFIXES if path.suffix != suffix)]
    n_bytes = sum(file.stat().st_size for file in files if file.is_file())
    cpu_s = round(_CPU_S + _CPU_S_PER_MB * n_bytes / 1e6)
    return ReaderLimits(_MEMORY_BYTES + _MEMORY_PER_BYTE * n_bytes, cpu_s, _WALL_PER_CPU * cpu_s)


def import_isolated(path: Path, options: ImportOptions, limits: ReaderLimits | None = None) -> Recording:
    """Read another program's file as ``import_file`` does, in a process of its own.

    On Linux the system enforces the limits of memory and processor time; elsewhere only the time is limited.

    Parameters
    ----------
    path : Path
        The file.
    options : ImportOptions
        What the user states about it.
    limits : ReaderLimits, optional
        Limits; by default they follow from the size of the file.

    Raises
    ------
    RecordingError
        The file cannot be read, or its reading crashed or needed more than the limits.
    """
    if not path.is_file():
        raise RecordingError(f"{path} is no file that can be read", allowed="a regular file", todo="check the path")
    limits = limits or limits_for(path)
    folder = Path(tempfile.mkdtemp(prefix="neurofeedback-"))
    try:
        status = _run(path, options, folder, limits)
        return _result(path, folder, status, limits)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _result(path: Path, folder: Path, status: int, limits: ReaderLimits) -> Recording:
    if status == 0 and (folder / _ERROR).exists():
        error = json.loads((folder / _ERROR).read_text(encoding="utf-8"))
        raise _KINDS.get(error.pop("kind"), RecordingError)(**error)
    if status != 0 or not (folder / DOCUMENT).exists():
        raise _failure(path, _reason(status, limits))
    try:
        return read_recording(folder)
    except ValueError:
        raise _failure(path, _CRASH) from None


def _reason(status: int, limits: ReaderLimits) -> str:
    """Return why a process gave no recording, by its exit status."""
    if status == errno.ENOSPC:
        return os.strerror(status)
    if hasattr(signal, "SIGXCPU") and status == -signal.SIGXCPU:
        return _no_end(limits.cpu_s)
    return _CRASH


def _no_end(after_s: float) -> str:
    return f"no end after {after_s:g} s"


def _failure(path: Path, got: str) -> RecordingError:
    return RecordingError(
        f"{path} cannot be read",
        got=got,
        allowed="an undamaged file with EEG channels",
        todo="copy or export it again; do not trust it if it is not your own",
    )


def _run(path: Path, options: ImportOptions, folder: Path, limits: ReaderLimits) -> int:
    """Read a file in another process; return its exit status, negative for the signal that ended it.

    A fork costs milliseconds, a new program half a second of imports; but a program with several threads must not fork.
    """
    if sys.platform == "linux" and threading.active_count() == 1:
        return _run_forked(path, options, folder, limits)
    request = json.dumps([str(path), asdict(options), str(folder), asdict(limits)])
    module = [] if getattr(sys, "frozen", False) else ["-P", "-m", __name__]  # -P: runs no module of the current folder
    command = [sys.executable, *module, READER_PROCESS]
    process = subprocess.Popen(  # noqa: S603 - this program
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    try:
        process.communicate(request, timeout=limits.wall_s)
    except subprocess.TimeoutExpired:
        raise _failure(path, _no_end(limits.wall_s)) from None
    finally:
        process.kill()
        process.wait()
    return process.returncode


def _run_forked(path: Path, options: ImportOptions, folder: Path, limits: ReaderLimits) -> int:
    ended, alive = os.pipe()  # the second end is closed when the child ends
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 counts the threads of libraries
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(ended)
            _silence()
            status = serve(path, options, folder, limits)
        finally:
            os._exit(status)
    try:
        os.close(alive)
        has_ended = wait([ended], limits.wall_s)
    finally:
        os.close(ended)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not has_ended:
        raise _failure(path, _no_end(limits.wall_s))
    return os.waitstatus_to_exitcode(status)


def _silence() -> None:
    """Send what libraries print nowhere, also what they print when they crash."""
    import faulthandler

    faulthandler.disable()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def serve(path: Path, options: ImportOptions, folder: Path, limits: ReaderLimits) -> int:
    """Read a file within limits and write the recording, or the error, into a folder; return the exit status.

    The status is 0, or the number of the system's error if the error itself cannot be written.
    """
    _set_limits(limits)
    try:
        write_recording(import_file(path, options), folder)
    except NeurofeedbackError as error:
        return _write_error(folder, error)
    except MemoryError:
        return _write_error(
            folder,
            RecordingError(
                f"{path} needs more memory than a recording of its size",
                got=f"over {limits.memory_bytes / 1e9:.1f} GB",
                todo="copy or export it again; do not trust it if it is not your own",
            ),
        )
    except OSError as error:
        return _write_error(folder, RecordingError(f"{path} cannot be read", got=error.strerror or str(error)))
    return 0


def _write_error(folder: Path, error: NeurofeedbackError) -> int:
    got = None if error.got is None else str(error.got)
    text = json.dumps(
        {"kind": type(error).__name__, "what": error.what, "got": got, "allowed": error.allowed, "todo": error.todo}
    )
    try:
        (folder / _ERROR).write_text(text, encoding="utf-8")
    except OSError as failure:
        return failure.errno or 1
    return 0


def _set_limits(limits: ReaderLimits) -> None:
    if sys.platform != "linux":
        return
    import resource

    used = time.process_time()
    soft_s = round(used) + limits.cpu_s
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (soft_s, soft_s + 5))
    n_bytes = _data_bytes() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, n_bytes))


def _data_bytes() -> int:
    """Return the memory that this process has for data, bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            return 1024 * int(line.split()[1])
    return 0


def main() -> None:
    """Serve one request, read as JSON from stdin: the start of this process as a program."""
    path, options, folder, limits = json.loads(sys.stdin.read())
    raise SystemExit(serve(Path(path), ImportOptions(**options), Path(folder), ReaderLimits(**limits)))


if __name__ == "__main__":
    main()
