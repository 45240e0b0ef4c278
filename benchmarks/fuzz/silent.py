"""Count silent faults: files with known truth that are read wrongly without a refusal or a warning."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.fuzz import truth_binary, truth_text
from benchmarks.fuzz.truth import Case, Truth
from neurofeedback.errors import NeurofeedbackError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.recording import Recording
from neurofeedback.types import EventKind
from neurofeedback.verification.check_result import CheckStatus
from neurofeedback.verification.sample_checks import verify_opened

_RATE = 0.005
_LENGTH_S = 0.05
_GAP_S = 0.02
_AMPLITUDE = 0.01
_WRITERS = (*truth_text.WRITERS, *truth_binary.WRITERS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a file was read: ``true``, ``refused``, ``warned`` (wrong, with a notice) or ``silent``; and the errors."""

    verdict: str
    errors: tuple[str, ...] = ()


def make_case(number: int) -> Case:
    """Return the case of a number; the same number gives the same file."""
    rng = random.Random(number)  # noqa: S311 - no secret
    return rng.choice(_WRITERS)(rng)


def judge(case: Case) -> Outcome:
    """Write a case, read it and compare it with its truth."""
    with tempfile.TemporaryDirectory(prefix="truth-") as folder:
        try:
            recording = open_recording(case.seed.write(Path(folder)))
            errors = tuple(_compare(recording, case.truth))
            if not errors:
                return Outcome("true")
            report = recording.import_report
            notices = report.notices if report is not None else ()
            wrong = [check for check in verify_opened(recording) if check.status is CheckStatus.WRONG]
        except NeurofeedbackError as error:
            return Outcome("refused", (str(error),))
    return Outcome("warned" if notices or wrong else "silent", errors)


def count_outcomes(first: int, n_cases: int) -> tuple[Counter[str], list[tuple[int, str, Outcome]]]:
    """Return the number of each verdict by format, and every case that is not read truly."""
    counts: Counter[str] = Counter()
    others: list[tuple[int, str, Outcome]] = []
    for number in range(first, first + n_cases):
        case = make_case(number)
        outcome = judge(case)
        counts[f"{case.kind}: {outcome.verdict}"] += 1
        counts[outcome.verdict] += 1
        if outcome.verdict != "true":
            others.append((number, f"{case.kind} {case.faults}", outcome))
    return counts, others


def _compare(recording: Recording, truth: Truth) -> Iterator[str]:
    sfreq = recording.stream.sfreq
    if abs(sfreq / truth.sfreq - 1) > _RATE:
        yield f"rate {sfreq:g} for {truth.sfreq:g} Hz"
    if abs(recording.n_samples / sfreq - truth.n_samples / truth.sfreq) > _LENGTH_S:
        yield f"length {recording.n_samples / sfreq:.3f} for {truth.n_samples / truth.sfreq:.3f} s"
    data = recording.read_chunk(0, recording.n_samples).data
    if data.shape[0] != truth.data.shape[0]:
        yield f"channels {recording.stream.ch_names}"
        return
    yield from _compare_gaps(np.logical_and.reduce(np.isnan(data), axis=0), sfreq, truth)
    ratios = np.nanstd(data, axis=1) / np.std(truth.values, axis=1)
    if np.abs(ratios - 1).max() > _AMPLITUDE:
        yield f"amplitude {np.round(ratios, 4).tolist()}"
    marks = sorted(event.sample for event in recording.events if event.kind is EventKind.MARK)
    late = [mark - true * sfreq / truth.sfreq for mark, true in zip(marks, truth.marks, strict=False)]
    if "blink" not in {event.value for event in recording.events} and len(marks) < len(truth.marks):
        yield f"{len(marks)} of {len(truth.marks)} marks"
    elif max(map(abs, late), default=0.0) > 1.5 and len(marks) == len(truth.marks):
        yield f"marks off by {max(map(abs, late)):.1f} samples"


def _compare_gaps(lost: NDArray[np.bool_], sfreq: float, truth: Truth) -> Iterator[str]:
    """Compare where time was lost: the time lost up to each moment of the recording."""
    true_lost = np.ones(truth.n_samples, bool)
    true_lost[truth.kept] = False
    moments = np.linspace(0, min(lost.size / sfreq, truth.n_samples / truth.sfreq), 400)[:-1]
    counted = np.concatenate([[0], np.cumsum(lost)]) / sfreq
    expected = np.concatenate([[0], np.cumsum(true_lost)]) / truth.sfreq
    difference = counted[(moments * sfreq).astype(int)] - expected[(moments * truth.sfreq).astype(int)]
    worst = float(np.abs(difference).max())
    if worst > _GAP_S:
        yield f"gaps differ by {worst:.3f} s"
