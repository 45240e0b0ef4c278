"""Checks that hold for any file: it is read consistently, or refused with one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.lost_runs import lost_mask
from neurofeedback.recording.recording import Recording
from neurofeedback.verification.verified_import import import_verified

_MAX_CHUNKS = 8


def opens_or_refuses(path: Path) -> bool:
    """Open a file and read from it; True if it could be read."""
    try:
        recording = open_recording(path)
        _check_facts(recording)
        _check_samples(recording)
    except NeurofeedbackError as error:
        _check_message(error, path)
        return False
    return True


def imports_or_leaves_nothing(path: Path, root: Path) -> None:
    """Import a file; a refused one leaves no session behind."""
    before = set(root.rglob("*")) if root.exists() else set()
    try:
        import_verified(path, root, participant="01")
    except NeurofeedbackError as error:
        _check_message(error, path)
        left = {entry for entry in set(root.rglob("*")) - before if "sub-" in entry.name}
        assert not left, f"left behind: {left}"


def _check_message(error: NeurofeedbackError, path: Path) -> None:
    message = str(error)
    assert "\n" not in message, f"more than a line: {message!r}"
    assert len(message) < 2000, f"too long: {len(message)} characters"
    assert path.parent.name in message or path.name in message, f"names no file: {message!r}"
    assert "a crash of its reader" not in message, f"its process crashed: {message!r}"


def _check_facts(recording: Recording) -> None:
    stream = recording.stream
    assert recording.n_samples > 0
    assert np.isfinite(stream.sfreq)
    assert len(set(stream.ch_names)) == stream.n_channels > 0
    assert all(0 <= event.sample < recording.n_samples for event in recording.events)
    assert all(run.n_samples > 0 for run in recording.lost)
    assert recording.timestamps is None or recording.timestamps.shape == (recording.n_samples,)


def _check_samples(recording: Recording) -> None:
    for chunk, _ in zip(recording.iter_chunks(max(1, recording.n_samples // 5)), range(_MAX_CHUNKS), strict=False):
        assert chunk.data.dtype == np.float32
        assert chunk.data.shape[0] == recording.stream.n_channels
        assert np.array_equal(np.isnan(chunk.data), lost_mask(chunk.lost, chunk.first_sample, chunk.data.shape))
