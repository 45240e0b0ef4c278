"""Tests of the error messages for damaged JSON files."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurofeedback.errors import RecordingError
from neurofeedback.storage.atomic_files import read_json

DAMAGED = {
    "empty": (b"", "a damaged file: invalid JSON at line 1"),
    "cut": (b'{"a": 1,\n"b": ', "a damaged file: invalid JSON at line 2"),
    "no text": (bytes(range(128, 256)), "a damaged file"),
    "no end": (b"[" * 100_000, "a damaged file"),
    "no object": (b"[1, 2]", "a JSON list"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_has_a_plain_error_message(case: str, tmp_path: Path) -> None:
    content, got = DAMAGED[case]
    path = tmp_path / "x_summary.json"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        read_json(path)
    todo = "restore the file from a copy, or check its permissions"
    assert str(caught.value) == f"{path} cannot be read: got {got}; allowed: a JSON object; {todo}."


def test_a_missing_file_is_reported_as_missing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="got No such file or directory"):
        read_json(tmp_path / "none.json")
