"""Replayed or features of many recordings at once: on this machine's cores, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurofeedback.errors import SettingsError
from neurofeedback.recording.atomic_files import explain_disk_errors
from neurofeedback.settings.load import load_settings
from neurofeedback.study.batch_log import BatchLog
from neurofeedback.study.jobs import OK, BatchJob, BatchWork, Row, failed_row, run_job
from neurofeedback.study.recordings import find_recordings

TABLES = (".csv", ".parquet")
_CONNECT_TIMEOUT_S = 10.0
_LEADING_COLUMNS = ("recording", "status", "error")


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a batch is to do.

    Parameters
    ----------
    folder, out : Path
        Where the recordings are; the table to write (``.csv`` or ``.parquet``).
    n_jobs : int
        Processes on this machine; -1 for one a core.
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
    """How many recordings there were, how many were done before, and which failed, with the reason."""

    n_recordings: int
    n_already_done: int
    failures: dict[str, str]


def run_batch(request: BatchRequest, progress: Callable[[int, int], None] = lambda done, of: None) -> BatchResult:
    """Work on all recordings of a folder and write one table; what was done before a break is not done again.

    Parameters
    ----------
    progress : callable
        Told how many recordings are done, of how many.

    Raises
    ------
    SettingsError
        The profile or the table's format is unknown, or a library for it or for the cluster is missing.
    RecordingError
        There is no recording, or the table cannot be written. A bad recording is a row, no error.
    """
    _check_table(request.out)
    if request.profile:
        load_settings(request.profile)
    jobs = _jobs(request)
    with explain_disk_errors(f"the table cannot be written to {request.out}", todo="choose another --out"):
        rows, n_known = _collect_rows(jobs, request, progress)
        _write_table(rows, request.out)
    failures = {str(row["recording"]): str(row["error"]) for row in rows if row["status"] != OK}
    return BatchResult(len(jobs), n_known, failures)


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
) -> tuple[list[Row], int]:
    request.out.parent.mkdir(parents=True, exist_ok=True)
    journal = BatchLog(request.out.with_name(f".{request.out.name}.journal"), request.profile)
    try:
        known = {job.key: row for job in jobs if (row := journal.completed_row(job)) is not None}
        rows, n_known = dict(known), len(known)
        waiting = [job for job in jobs if job.key not in known]
        progress(len(rows), len(jobs))
        for job, row in _run_all(waiting, request):
            journal.append(job, row)
            rows[job.key] = row
            progress(len(rows), len(jobs))
    finally:
        journal.close()
    return [rows[job.key] for job in jobs], n_known


def _run_all(jobs: Sequence[BatchJob], request: BatchRequest) -> Iterator[tuple[BatchJob, Row]]:
    by_key = {job.key: job for job in jobs}
    rows = _run_on_cluster(jobs, request.cluster) if request.cluster else _run_on_cores(jobs, request.n_jobs)
    return ((by_key[str(row["recording"])], row) for row in rows)


def _run_on_cores(jobs: Sequence[BatchJob], n_jobs: int) -> Iterator[Row]:
    from joblib import Parallel, delayed

    rows: Any = Parallel(n_jobs, return_as="generator_unordered")(delayed(run_job)(job) for job in jobs)
    yield from rows


def _run_on_cluster(jobs: Sequence[BatchJob], address: str) -> Iterator[Row]:
    """Send the jobs to a scheduler; a worker that dies costs its recording alone."""
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


def _write_table(rows: Sequence[Row], out: Path) -> None:
    """Write the table in one step, its columns in an order that does not depend on which job ended first."""
    names = {name: None for row in rows for name in row}
    table = pd.DataFrame(rows, columns=[*_LEADING_COLUMNS, *(name for name in names if name not in _LEADING_COLUMNS)])
    draft = out.with_name(f".{out.name}.draft")
    try:
        if out.suffix == ".parquet":
            table.to_parquet(draft, index=False)
        else:
            table.to_csv(draft, index=False, lineterminator="\n")
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
