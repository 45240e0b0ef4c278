"""The official BIDS validator over many datasets in one run: its start takes longer than a dataset."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FRAME = {"Name": "frame", "BIDSVersion": "1.10.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "tests"}]}


@dataclass(frozen=True)
class BidsIssue:
    """What the validator says of a dataset."""

    dataset: Path
    severity: str
    code: str
    sub_code: str
    location: str

    @property
    def kind(self) -> str:
        return f"{self.code} {self.sub_code}".strip()


def bids_issues(*roots: Path) -> list[BidsIssue]:
    """Return the issues of the datasets and of the datasets in their folders of derivatives, without ignored files."""
    tool = Path(sys.executable).with_name("bids-validator-deno")
    with tempfile.TemporaryDirectory() as name:
        frame = Path(name)
        (frame / "dataset_description.json").write_text(json.dumps(_FRAME))
        for number, root in enumerate(roots):
            _remove_ignored(shutil.copytree(root, frame / "derivatives" / str(number)))
        command = [tool, frame, "--recursive", "--format", "json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)["derivativesSummary"]
    return [issue for number, root in enumerate(roots) for issue in _issues(root, found[f"/derivatives/{number}/"])]


def _remove_ignored(dataset: Path) -> None:
    """Remove what ``.bidsignore`` names: the validator reads that file only in the dataset it is started with."""
    ignored = dataset / ".bidsignore"
    for pattern in ignored.read_text().split() if ignored.exists() else ():
        assert "/" not in pattern.rstrip("/")
        for path in [path for path in dataset.rglob(pattern) if dataset / "derivatives" not in path.parents]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in dataset.glob("derivatives/*/dataset_description.json"):
        _remove_ignored(path.parent)


def _issues(dataset: Path, found: dict[str, Any]) -> Iterator[BidsIssue]:
    for issue in found["issues"]["issues"]:
        words = (str(issue.get(key, "")) for key in ("severity", "code", "subCode", "location"))
        yield BidsIssue(dataset, *words)
    for path in sorted(dataset.glob("derivatives/*/dataset_description.json")):
        yield from _issues(path.parent, found["derivativesSummary"][f"/derivatives/{path.parent.name}/"])


def bids_errors(*roots: Path) -> list[str]:
    """Return the errors, which exclude warnings: those are about metadata that only a laboratory can know."""
    issues = [issue for issue in bids_issues(*roots) if issue.severity == "error"]
    return [f"{issue.dataset}: {issue.kind} {issue.location}" for issue in issues]
