"""Checks of a recording that need no file of its session: samples, clock, loss and duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts
from neurofeedback.verification.check_result import CheckResult, Measurement, check_result, count_text
from neurofeedback.verification.clock_checks import check_drift, check_gaps, check_rate, check_samples, recording_clock
from neurofeedback.verification.duplicate_samples import (
    MUSE_BLOCK,
    WINDOW_SAMPLES,
    count_duplicates,
    find_duplicates_in_pieces,
    find_stale_blocks,
)

_PIECE_SAMPLES = 1 << 15


def verify_opened(
    recording: Recording, reads: Sequence[DeviceRead] = (), *, own: bool = False
) -> tuple[CheckResult, ...]:
    """Check the samples and the clock of an opened recording; ``own`` if it is a session of this program."""
    clock = recording_clock(recording, reads)
    return (
        check_samples(recording, clock),
        check_rate(recording, clock),
        check_drift(clock),
        check_gaps(recording, clock),
        _check_loss(recording, own=own),
        _check_duplicates(recording),
    )


def _check_loss(recording: Recording, *, own: bool) -> CheckResult:
    lost, sfreq = recording.lost, recording.stream.sfreq
    n_lost = count_lost_samples(lost)
    longest = max((run.n_samples for run in lost), default=0)
    share = n_lost / recording.n_samples
    measurements: dict[str, Measurement] = {
        "n_lost": n_lost,
        "n_runs": len(lost),
        "longest": longest,
        "share": round(share, 6),
    }
    if not lost:
        return check_result("loss", [], tr(texts.NO_LOSS), measurements)
    text = tr(texts.LOSS, n=n_lost, share=share, runs=count_text(len(lost), "run"), longest_s=longest / sfreq)
    n_nonzero = _count_nonzero_lost(recording) if own else 0
    faults = [tr(texts.LOST_NOT_ZERO, samples=count_text(n_nonzero, "sample"))] if n_nonzero else []
    return check_result("loss", faults, text, measurements)


def _count_nonzero_lost(recording: Recording) -> int:
    total = 0
    for run in recording.lost:
        data = recording.read_samples(run.start, run.start + run.n_samples)
        rows = slice(None) if run.channels is None else list(run.channels)
        total += int(np.count_nonzero(data[rows].any(axis=0)))
    return total


def _check_duplicates(recording: Recording) -> CheckResult:
    """Find repeated stretches, and on a Muse the stale blocks its driver inserts for lost packets."""
    stream = recording.stream
    pieces = (chunk.data for chunk in recording.iter_chunks(_PIECE_SAMPLES))
    duplicates = find_duplicates_in_pieces(pieces, stream.n_channels, stream.sfreq)
    n_repeated = count_duplicates(duplicates)
    faults = []
    if duplicates:
        first = duplicates[0]
        faults.append(
            tr(
                texts.REPEATS,
                repeated_s=n_repeated / stream.sfreq,
                duration_s=recording.duration_s,
                places=count_text(len(duplicates), "place"),
                first_s=first.n_samples / stream.sfreq,
                at_s=first.start / stream.sfreq,
                lag_s=first.lag / stream.sfreq,
            )
        )
    n_stale = _count_stale_blocks(recording) if stream.montage == "muse" and not duplicates else 0
    if n_stale:
        faults.append(tr(texts.STALE_BLOCKS, blocks=count_text(n_stale, "block"), size=MUSE_BLOCK))
    measurements = {"n_repeated": n_repeated, "n_repeats": len(duplicates), "n_stale_blocks": n_stale}
    return check_result("duplicates", faults, tr(texts.NO_DUPLICATES), measurements)


def _count_stale_blocks(recording: Recording) -> int:
    """Count them in pieces; each begins with the last block of the one before."""
    starts = range(0, recording.n_samples, WINDOW_SAMPLES)
    edges = ((max(0, start - MUSE_BLOCK), min(start + WINDOW_SAMPLES, recording.n_samples)) for start in starts)
    pieces = (recording.read_chunk(start, stop).data for start, stop in edges)
    return sum(blocks.n_blocks for piece in pieces for blocks in find_stale_blocks(piece))
