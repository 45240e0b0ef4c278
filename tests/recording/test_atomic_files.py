"""A JSON file that cannot be used is told in plain words, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import read_json

DAMAGED = {
    "empty": (b"", "a damaged file: no JSON from line 1 on"),
    "cut": (b'{"a": 1,\n"b": ', "a damaged file: no JSON from line 2 on"),
    "no text": (bytes(range(128, 256)), "a damaged file"),
    "no end": (b"[" * 100_000, "a damaged file"),
    "no object": (b"[1, 2]", "a JSON list"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_told_in_plain_words(case: str, tmp_path: Path) -> None:
    content, got = DAMAGED[case]
    path = tmp_path / "x_summary.json"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as told:
        read_json(path)
    todo = "restore the file from a copy, or check the rights"
    assert str(told.value) == f"{path} cannot be read: got {got}; allowed: a JSON object; {todo}."


def test_a_missing_file_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="got No such file or directory"):
        read_json(tmp_path / "none.json")
