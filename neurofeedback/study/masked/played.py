"""Whether what was played is whole before the study is unlocked, and what the arm says afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import NeurofeedbackError, RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.masking.masked_sessions import is_sealed, read_study_start
from neurofeedback.recording.masking.played_feedback import (
    COLUMNS,
    parse_chunk,
    played_row,
    read_sealed_chunks,
    summarize_sealed,
)
from neurofeedback.recording.session_json import StudyStart, read_summary
from neurofeedback.storage.atomic_files import is_blank
from neurofeedback.study.enrolment import arm_record, find_enrolment, unlocked_arms
from neurofeedback.study.masked.visit import chunk_place, sham_source
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.sealing import key_path, open_chunk, read_key
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts
from neurofeedback.verification.replay import replay

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class PlayedCheck:
    """Result for one session: whether it is right, and a sentence."""

    session: str
    right: bool
    text: str


def check_played(root: Path) -> list[PlayedCheck]:
    """Check what every session with sealed feedback has played.

    Before the study is unlocked, only whether the sealed chunks are those that were recorded. Afterwards also whether a
    replay with the series of the arm gives the same.

    Raises
    ------
    RecordingError
        The protocol is not frozen.
    """
    frozen_protocol(root)
    is_unlocked = unlocked_arms(root) is not None
    stems = [stem for stem in find_session_stems(root) if is_sealed(SessionFiles.from_stem(root, stem))]
    checks: list[PlayedCheck] = []
    for stem in stems:
        try:
            checks.append(_check_session(SessionFiles.from_stem(root, stem), unlocked=is_unlocked))
        except NeurofeedbackError as error:
            checks.append(PlayedCheck(stem, right=False, text=str(error)))
    return checks


def open_played(files: SessionFiles, start: StudyStart) -> NDArray[np.float64]:
    """Return what a session of an unlocked study has played, shape ``(n_frames, n_columns)``; see ``COLUMNS``.

    Raises
    ------
    RecordingError
        The study is not unlocked, the run key is missing, or a chunk was changed or moved.
    """
    if unlocked_arms(files.root) is None:
        raise RecordingError(tr(texts.SESSION_MASKED), got=files.stem, todo=tr(texts.SESSION_MASKED_TODO))
    site = find_enrolment(files.root, start.participant).site
    key = read_key(key_path(start.protocol_sha256, site))
    chunks = [
        parse_chunk(open_chunk(sealed, chunk_place(start.protocol_sha256, files.stem, number), key))
        for number, sealed in enumerate(read_sealed_chunks(files))
    ]
    return np.concatenate(chunks) if chunks else np.zeros((0, len(COLUMNS)))


def _check_session(files: SessionFiles, *, unlocked: bool) -> PlayedCheck:
    if is_blank(files.derived_file("summary.json")):
        return PlayedCheck(files.stem, right=False, text=tr(texts.SEALED_UNFINISHED))
    counted, stored = summarize_sealed(files), read_summary(files.derived_file("summary.json"))
    if counted.sealed_sha256 != stored.sealed_sha256 or counted.sealed_sha256 is None:
        return PlayedCheck(files.stem, right=False, text=tr(texts.SEALED_CHANGED))
    n = counted.sealed_chunks or 0
    if not unlocked:
        return PlayedCheck(files.stem, right=True, text=tr(texts.SEALED_WHOLE, n=n))
    return _compare(files)


def _compare(files: SessionFiles) -> PlayedCheck:
    start = read_study_start(files)
    if start is None:
        return PlayedCheck(files.stem, right=False, text=tr(texts.STUDY_LOST))
    protocol, _ = frozen_protocol(files.root)
    played = open_played(files, start)
    source = sham_source(files.root, protocol, start, arm_record(files.root, start.participant))
    frames = replay(open_recording(files.raw), sham=source).frames
    expected = np.array([played_row(frame) for frame in frames], np.float64).reshape(-1, len(COLUMNS))[: len(played)]
    same = expected.shape == played.shape and np.allclose(expected, played, rtol=0, atol=_TOLERANCE, equal_nan=True)
    text = texts.PLAYED_SAME if same else texts.PLAYED_OTHER
    return PlayedCheck(files.stem, right=same, text=tr(text, n=len(played)))
