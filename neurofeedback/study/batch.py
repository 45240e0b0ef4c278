"""Batch processing of many recordings, on the cores of this machine or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.formats.find_bids import find_eeg_files
from neurofeedback.formats.importers import is_recording
from neurofeedback.formats.reader import find_sessions
from neurofeedback.settings.load import load_settings
from neurofeedback.storage.atomic_files import explain_disk_errors, open_replacement
from neurofeedback.storage.private_files import make_folder
from neurofeedback.study.batch_log import BatchLog
from neurofeedback.study.jobs import LEADING_COLUMNS, BatchJob, BatchRow, BatchWork, failed_row, run_job

TABLES = (".csv", ".parquet")
_CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a batch processes, how, and where the table goes.

    Parameters
    ----------
    folder, out : Path
        Folder of the recordings; the table to write (``.csv`` or ``.parquet``).
    profile : str, optional
        Profile for all recordings, by name or file; each recording's own if None.
    baseline_s : float, optional
        Plan the phases with a baseline of this length, s.
    n_jobs : int
        Processes on this machine; -1 for one per core.
    cluster : str, optional
        Address of a Dask scheduler whose workers see the same files.
    """

    folder: Path
    out: Path
    work: BatchWork = BatchWork.REPLAY
    profile: str | None = None
    baseline_s: float | None = None
    n_jobs: int = -1
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Number of recordings, number done by an earlier run, and the failed ones with the reason."""

    n_recordings: int
    n_already_done: int
    failures: dict[str, str]


def run_batch(request: BatchRequest, progress: Callable[[int, int], None] = lambda done, of: None) -> BatchResult:
    """Process all recordings of a folder and write one table; a stopped batch continues where it was.

    Parameters
    ----------
    progress : callable
        Called with the number of recordings done and their total.

    Raises
    ------
    SettingsError
        The profile or the table's format is unknown, or a library for it or for the cluster is missing.
    RecordingError
        There is no recording, or the table cannot be written. A recording that fails gives a row, not an error.
    """
    _check_table(request.out)
    if request.profile:
        load_settings(request.profile)
    jobs = _jobs(request)
    with explain_disk_errors(f"the table cannot be written to {request.out}", todo="choose another --out"):
        rows, n_done = _collect_rows(jobs, request, progress)
        _write_table(rows, request.out)
    failures = {row.recording: row.error for row in rows if row.failed}
    return BatchResult(len(jobs), n_done, failures)


def find_recordings(folder: Path) -> list[Path]:
    """Return the recordings of a folder by name: this program's sessions, a BIDS dataset's EEG files, or other files.

    Raises
    ------
    RecordingError
        There is no such folder, or it contains no recording that can be read.
    """
    if not folder.is_dir():
        raise RecordingError(f"there is no folder at {folder}", todo="pass a dataset, or a folder of recordings")
    found = [files.raw for files in find_sessions(folder.absolute())] or find_eeg_files(folder)
    found = found or sorted(path for path in folder.iterdir() if path.is_file() and is_recording(path))
    if not found:
        raise RecordingError(f"{folder} contains no recording that can be read", todo="name another folder")
    return found


def _check_table(out: Path) -> None:
    if out.suffix not in TABLES:
        raise SettingsError("the table has no format", got=out.name, allowed=" or ".join(TABLES), todo="rename --out")
    if out.suffix == ".parquet":
        try:
            import pyarrow as _  # noqa: F401 - an extra
        except ImportError:
            raise SettingsError("Parquet needs pyarrow", todo="install the extra `parquet`, or write .csv") from None


def _jobs(request: BatchRequest) -> list[BatchJob]:
    root = request.folder.expanduser().absolute()
    return [
        BatchJob(
            path.relative_to(root).as_posix() or path.name, str(path), request.work, request.profile, request.baseline_s
        )
        for path in find_recordings(root)
    ]


def _collect_rows(
    jobs: Sequence[BatchJob], request: BatchRequest, progress: Callable[[int, int], None]
) -> tuple[list[BatchRow], int]:
    make_folder(request.out.parent)
    log = BatchLog(request.out.with_name(f".{request.out.name}.journal"), request.profile)
    try:
        done = {job.key: row for job in jobs if (row := log.completed_row(job)) is not None}
        rows, n_done = dict(done), len(done)
        waiting = [job for job in jobs if job.key not in done]
        progress(len(rows), len(jobs))
        for job, row in _run_all(waiting, request):
            log.append(job, row)
            rows[job.key] = row
            progress(len(rows), len(jobs))
    finally:
        log.close()
    return [rows[job.key] for job in jobs], n_done


def _run_all(jobs: Sequence[BatchJob], request: BatchRequest) -> Iterator[tuple[BatchJob, BatchRow]]:
    by_key = {job.key: job for job in jobs}
    rows = _run_on_cluster(jobs, request.cluster) if request.cluster else _run_on_cores(jobs, request.n_jobs)
    return ((by_key[row.recording], row) for row in rows)


def _run_on_cores(jobs: Sequence[BatchJob], n_jobs: int) -> Iterator[BatchRow]:
    from joblib import Parallel, delayed

    rows: Any = Parallel(n_jobs, return_as="generator_unordered")(delayed(run_job)(job) for job in jobs)
    yield from rows


def _run_on_cluster(jobs: Sequence[BatchJob], address: str) -> Iterator[BatchRow]:
    """Run the jobs on a cluster; if a worker dies, only its recording fails."""
    try:
        from distributed import Client, as_completed  # an extra
    except ImportError:
        raise SettingsError(
            "a cluster needs Dask", todo="install the extra `cluster`, or leave out --cluster"
        ) from None
    try:
        client = Client(address, timeout=_CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise SettingsError("the cluster does not answer", got=f"{address}: {error}", todo="check --cluster") from None
    with client:
        sent = {client.submit(run_job, job, pure=False): job for job in jobs}
        for future in as_completed(sent):
            error = future.exception()
            row: Any = None if error else future.result()
            yield row or failed_row(sent[future], f"its worker died: {error}")


def _write_table(rows: Sequence[BatchRow], out: Path) -> None:
    """Write the table in one step; the order of columns does not depend on which job ended first."""
    names = dict.fromkeys([*LEADING_COLUMNS, *(name for row in rows for name in row.values)])
    table = pd.DataFrame([row.as_columns() for row in rows], columns=[*names])
    with open_replacement(out) as file:
        if out.suffix == ".parquet":
            table.to_parquet(file, index=False)
        else:
            table.to_csv(file, index=False, lineterminator="\n")
