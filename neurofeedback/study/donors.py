"""The pool of donors for yoked sham: would-be indices of pilot sittings, frozen with the protocol."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from neurofeedback.analysis.frame_table import read_frame_columns
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.feedback.sham import donor_series
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.events import read_events
from neurofeedback.settings.base import SettingsModel
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, to_json, write_atomic
from neurofeedback.types import EventKind, Phase

_QUESTION_ENDS = frozenset(
    {
        EventKind.ANSWER_WHERE,
        EventKind.ANSWER_SURE,
        EventKind.ANSWER_SLEEPY,
        EventKind.ANSWER_OWN,
        EventKind.UNANSWERED,
    }
)
_DIGITS = 6
MIN_VALID_SHARE = 0.8
"""Least share of guided frames with an index in a donor, since the others are filled along a line."""


class Donor(SettingsModel):
    """One pilot sitting: who, which, and its would-be index over guided time, baseline spreads."""

    participant: str
    session: str
    u: tuple[float, ...] = Field(min_length=1)

    @property
    def series(self) -> NDArray[np.float64]:
        """The index ``(n_frames,)``."""
        return np.array(self.u)


class DonorPool(SettingsModel):
    """Donors of one rate of frames. ``min_s`` is the least guided time, s."""

    hop_s: float
    min_s: float
    donors: tuple[Donor, ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> DonorPool:
        if any(len(donor.u) * self.hop_s < self.min_s for donor in self.donors):
            raise ValueError("a donor is shorter than min_s")
        return self


@dataclass(frozen=True, slots=True)
class ReadPool:
    """A pool with the hash of its file."""

    pool: DonorPool
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class SittingFrames:
    """What a frame log says of one sitting, one value a frame; ``guided`` excludes pauses and questions."""

    participant: str
    session: str
    hop_s: float
    u: NDArray[np.float64]
    valid: NDArray[np.bool_]
    practice: NDArray[np.bool_]
    guided: NDArray[np.bool_]
    signal: NDArray[np.float64]
    confidence: NDArray[np.float64]
    state: NDArray[np.str_]
    latency_ms: NDArray[np.float64]
    threshold: NDArray[np.float64]
    reward: NDArray[np.bool_]
    gain: NDArray[np.float64]

    @property
    def own_series(self) -> NDArray[np.float64]:
        """The would-be index over guided time, with gaps filled."""
        return donor_series(self.u, self.guided, self.valid)


def write_donors(root: Path, path: Path, *, min_s: float, participants: Iterable[str] = ()) -> DonorPool:
    """Write a pool from the sittings of a pilot dataset and return it.

    Sittings that are too short or have too little signal are left out.

    Parameters
    ----------
    root : Path
        The pilot's recordings folder.
    path : Path
        The file to write; an existing one stays.
    min_s : float
        Least guided time, s: the longest practice of the protocol.
    participants : iterable of str
        Labels of the participants to use; all by default.

    Raises
    ------
    SettingsError
        The file exists, or the sittings differ in their rate of frames.
    RecordingError
        No sitting is long enough, or the disk cannot be written.
    """
    if path.exists():
        raise SettingsError(
            "there is a pool of donors", got=path, todo="delete it first, if the protocol is not frozen"
        )
    chosen = set(participants)
    sittings = [
        one
        for stem in find_session_stems(root)
        if (not chosen or stem.split("_")[0].removeprefix("sub-") in chosen)
        and (one := read_sitting(SessionFiles.from_stem(root, stem))) is not None
        and one.guided.sum() * one.hop_s >= min_s
        and (one.guided & one.valid).sum() >= MIN_VALID_SHARE * max(1, one.guided.sum())
    ]
    if not sittings:
        raise RecordingError(
            "no sitting can be a donor",
            got=root,
            allowed=f"{min_s:g} s of practice or more, {MIN_VALID_SHARE:.0%} of it with a usable signal",
        )
    hops = sorted({one.hop_s for one in sittings})
    if len(hops) > 1:
        raise SettingsError("the sittings differ in their rate of frames", got=f"one frame every {hops} s")
    donors = tuple(
        Donor(participant=one.participant, session=one.session, u=tuple(one.own_series.round(_DIGITS).tolist()))
        for one in sittings
    )
    pool = DonorPool(hop_s=hops[0], min_s=min_s, donors=donors)
    with explain_disk_errors(f"{path} cannot be written", todo="check the folder"):
        write_atomic(path, to_json(pool.model_dump()))
    return pool


def read_donors(path: Path, min_donors: int, hop_s: float | None = None) -> ReadPool:
    """Read a pool of donors.

    Raises
    ------
    RecordingError
        It is missing, damaged, too small, or of another rate of frames than ``hop_s``.
    """
    if not path.is_file():
        raise RecordingError("there is no pool of donors", got=path, todo="`neurofeedback study donors` writes one")
    try:
        pool = DonorPool.model_validate_json(to_json(read_json(path)))
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "a donor that is shorter than min_s"
        raise RecordingError(f"{path} cannot be used", got=place, todo="write the pool of donors again") from None
    if len(pool.donors) < min_donors:
        raise RecordingError(
            "the pool of donors is too small", got=len(pool.donors), allowed=f"{min_donors} or more",
            todo="record more pilot sittings",
        )  # fmt: skip
    if hop_s is not None and not math.isclose(pool.hop_s, hop_s):
        raise RecordingError(
            "the donors have another rate of frames",
            got=f"one every {pool.hop_s:g} s",
            allowed=f"one every {hop_s:g} s",
        )
    return ReadPool(pool, hashlib.sha256(path.read_bytes()).hexdigest())


def read_sitting(files: SessionFiles, phase: Phase = Phase.PRACTICE) -> SittingFrames | None:
    """Return the frames of a session; None for one without a frame log or without two frames.

    ``phase`` is what counts as practice; a run-in without feedback is a transfer.

    Raises
    ------
    RecordingError
        The frame log or the events cannot be read.
    """
    if not files.frame_log.is_file():
        return None
    numbers, words = read_frame_columns(files.frame_log, _NUMBERS, ("phase", "state", "valid", "reward"))
    if len(numbers["onset"]) < 2:
        return None
    stem = files.stem.split("_")
    practice = words["phase"] == phase
    return SittingFrames(
        participant=stem[0].removeprefix("sub-"),
        session=stem[1].removeprefix("ses-"),
        hop_s=round(float(np.median(np.diff(numbers["onset"]))), 4),
        u=numbers["index_u"],
        valid=words["valid"] == "1",
        practice=practice,
        guided=practice & ~_in_question(files, numbers["sample"]),
        signal=numbers["signal"],
        confidence=numbers["confidence"],
        state=words["state"],
        latency_ms=numbers["latency_ms"],
        threshold=numbers["threshold"],
        reward=words["reward"] == "1",
        gain=numbers["tone_gain"],
    )


_NUMBERS = ("onset", "sample", "signal", "confidence", "index_u", "latency_ms", "threshold", "tone_gain")


def _in_question(files: SessionFiles, samples: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether each frame lies between a question's chime and its last answer."""
    inside = np.zeros(len(samples), dtype=np.bool_)
    opened: int | None = None
    for row in sorted(read_events(files.eeg_file("events.tsv"))[1], key=lambda one: one.sample):
        if row.kind == EventKind.PROBE:
            opened = row.sample
        elif row.kind in _QUESTION_ENDS and opened is not None:
            inside |= (samples >= opened) & (samples <= row.sample)
    return inside
