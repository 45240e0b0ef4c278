"""The feedback that was played, in sealed chunks of one size: the same columns and bytes in every arm."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.types import BackgroundMode, Frame, State

COLUMNS = (
    "sample", "index_u", "threshold", "reward", "state", "tone_gain", "brightness", "background", "immediate", "ripple",
    "mist", "bell", "reward_sound", "drowsy_sound", "fallback_gain", "calm",
)  # fmt: skip
"""Columns of a row; words are stored as their place in their enumeration."""

FRAMES_PER_CHUNK = 8
SEAL_BYTES = 40
"""What sealing adds to a chunk: a nonce of 24 bytes and a tag of 16."""

PLAIN_BYTES = 8 * len(COLUMNS) * FRAMES_PER_CHUNK
CHUNK_BYTES = PLAIN_BYTES + SEAL_BYTES

SealChunk: TypeAlias = Callable[[str, int, bytes], bytes]
"""Returns a chunk of ``PLAIN_BYTES`` sealed, bound to the session (its stem) and the number of the chunk."""

_STATES = {state: float(place) for place, state in enumerate(State)}
_BACKGROUNDS = {mode: float(place) for place, mode in enumerate(BackgroundMode)}


def played_row(frame: Frame) -> tuple[float, ...]:
    """Return what was played in a frame, in the order of ``COLUMNS``: from the wearer's own index, or the sham's."""
    shown, guidance = frame.played or frame, frame.played_guidance
    return (
        frame.sample,
        shown.index_u,
        shown.threshold,
        shown.reward,
        _STATES[shown.state],
        guidance.tone_gain,
        guidance.brightness,
        _BACKGROUNDS[guidance.background],
        guidance.immediate,
        guidance.ripple,
        guidance.mist,
        guidance.bell,
        guidance.reward,
        guidance.drowsy,
        guidance.fallback_gain,
        guidance.calm,
    )


class ChunkSealer:
    """Collects the rows of a session and returns them as sealed chunks."""

    def __init__(self, seal: SealChunk, stem: str) -> None:
        self._seal, self._stem = seal, stem
        self._rows: list[tuple[float, ...]] = []
        self._n_chunks = 0

    def add(self, frames: Iterable[Frame]) -> bytes:
        """Return the chunks that these frames complete."""
        self._rows += map(played_row, frames)
        chunks = b""
        while len(self._rows) >= FRAMES_PER_CHUNK:
            chunks += self._seal_rows()
        return chunks

    def finish(self) -> bytes:
        """Return the rows that wait as a last chunk, filled with NaN; nothing if none wait."""
        return self._seal_rows() if self._rows else b""

    def _seal_rows(self) -> bytes:
        rows, self._rows = self._rows[:FRAMES_PER_CHUNK], self._rows[FRAMES_PER_CHUNK:]
        table = np.full((FRAMES_PER_CHUNK, len(COLUMNS)), math.nan, "<f8")
        table[: len(rows)] = rows
        self._n_chunks += 1
        return self._seal(self._stem, self._n_chunks - 1, table.tobytes())


def parse_chunk(plain: bytes) -> NDArray[np.float64]:
    """Return the rows of an opened chunk, shape ``(n_frames, n_columns)``."""
    table = np.frombuffer(plain, "<f8").reshape(-1, len(COLUMNS))
    return table[np.isfinite(table[:, 0])].astype(np.float64)


def read_sealed_chunks(files: SessionFiles) -> list[bytes]:
    """Return the sealed chunks of a session, still sealed; none for a session without."""
    if not files.sealed_feedback.exists():
        return []
    data = files.sealed_feedback.read_bytes()
    return [data[start : start + CHUNK_BYTES] for start in range(0, len(data) - CHUNK_BYTES + 1, CHUNK_BYTES)]


def summarize_sealed(files: SessionFiles) -> SessionSummary:
    """Return the number and the SHA-256 of a session's sealed chunks; nothing for a session without."""
    if not files.sealed_feedback.exists():
        return SessionSummary()
    chunks = read_sealed_chunks(files)
    return SessionSummary(sealed_chunks=len(chunks), sealed_sha256=hashlib.sha256(b"".join(chunks)).hexdigest())
