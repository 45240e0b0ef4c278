"""Log of a batch, written to disk after each recording, so that a stopped batch can continue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.storage.append_only import AppendOnlyFile, cut_torn_line, read_complete_lines
from neurofeedback.study.jobs import BatchJob, BatchRow


class BatchLog:
    """Rows by job, one line each; a job whose recording or settings changed since counts as not done.

    Parameters
    ----------
    path : Path
        The file; created if missing. Lines that are not rows of this program are ignored.
    profile : str or None
        The profile of all jobs, by name or file; each recording's own if None.
    """

    def __init__(self, path: Path, profile: str | None) -> None:
        self._settings = _settings_hash(profile)
        self._rows: dict[str, BatchRow] = {}
        cut_torn_line(path)
        for line in read_complete_lines(path):
            self._load_line(line)
        self._file = AppendOnlyFile(path)

    def _load_line(self, line: str) -> None:
        try:
            entry = json.loads(line)
            row = BatchRow.from_columns(entry["row"])
            if not row.failed:
                self._rows[entry["job"]] = row
        except (ValueError, LookupError, TypeError, AttributeError):
            return

    def completed_row(self, job: BatchJob) -> BatchRow | None:
        """Return the row of a job that is done without error; None otherwise, so that a failed job runs again."""
        return self._rows.get(self._job_key(job))

    def append(self, job: BatchJob, row: BatchRow) -> None:
        """Write the row of a job."""
        self._file.append((json.dumps({"job": self._job_key(job), "row": row.as_columns()}) + "\n").encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _job_key(self, job: BatchJob) -> str:
        """Return a key of all that a job's result depends on: version, settings, and the recording's files."""
        return json.dumps([__version__, self._settings, asdict(job), _size_and_mtime(Path(job.path))])


def _settings_hash(profile: str | None) -> str:
    """Return a hash of the settings of a profile; its file may be edited between two runs."""
    if profile is None:
        return ""
    settings = load_settings(profile)
    content = f"{settings.model_dump_json()} {load_evidence(settings.index.evidence)!r}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _size_and_mtime(path: Path) -> list[int]:
    """Return size and modification time of a recording, over all files of a folder."""
    files: Iterable[Path] = sorted(path.rglob("*")) if path.is_dir() else (path,)
    stats = [file.stat() for file in files if file.is_file()]
    return [sum(stat.st_size for stat in stats), max((stat.st_mtime_ns for stat in stats), default=0)]
