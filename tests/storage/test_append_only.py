"""Incomplete ends are cut off, also of files longer than one block."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurofeedback.storage import append_only
from neurofeedback.storage.append_only import cut_at_zeros, cut_torn_line, iter_complete_lines, read_complete_lines

CASES = {
    "empty": (b"", b""),
    "whole": (b"one\ntwo\n", b"one\ntwo\n"),
    "torn": (b"one\ntwo\nthree and more", b"one\ntwo\n"),
    "one torn line": (b"one line without an end", b""),
    "zeros": (b"one\ntwo\nthr\0\0\0\0\0\0\0\0", b"one\ntwo\n"),
    "zeros between": (b"one\n\0\0\0\0\ntwo\n", b"one\n"),
    "zeros alone": (bytes(20), b""),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("block_bytes", [3, 4, 1 << 20])
def test_incomplete_end_is_cut(tmp_path: Path, monkeypatch, case: str, block_bytes: int) -> None:
    content, left = CASES[case]
    path = tmp_path / "log.tsv"
    path.write_bytes(content)
    monkeypatch.setattr(append_only, "_BLOCK_BYTES", block_bytes)
    cut_at_zeros(path)
    cut_torn_line(path)
    assert path.read_bytes() == left


@pytest.mark.parametrize("content", [content for content, _ in CASES.values()])
def test_lines_read_one_by_one_are_those_read_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.tsv"
    path.write_bytes(content)
    assert list(iter_complete_lines(path)) == read_complete_lines(path)
    assert list(iter_complete_lines(tmp_path / "missing")) == []
