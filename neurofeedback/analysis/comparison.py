"""Comparison of two sets of one person's sessions, such as before and after an infusion, by raw measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from neurofeedback.analysis.clean_signal import NO_FEEDBACK_PHASES, WINDOW_S, CleanSignal
from neurofeedback.analysis.compare_selection import (
    MIN_WINDOWS,
    ComparableSession,
    match_sessions,
    open_sessions,
    select_sessions,
)
from neurofeedback.analysis.contrasts import (
    MIN_SESSIONS_FOR_TEST,
    Contrast,
    add_q_values,
    block_interval,
    compute_contrast,
)
from neurofeedback.analysis.history import PastSession, past_sessions
from neurofeedback.analysis.resting_measures import MEASURES, compute_measures, estimate_iaf
from neurofeedback.errors import SettingsError
from neurofeedback.recording.session_notes import SessionNotes
from neurofeedback.texts import comparison as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

_RECOMMENDED_WINDOWS = 30
_MAX_WINDOWS = 75
_MAX_OTHERS = 12
_MIN_OTHERS = 3


@dataclass(frozen=True, slots=True)
class ComparisonSide:
    """One side of a comparison: its name, its sessions, and the notes entered about each."""

    name: str
    stems: tuple[str, ...]
    notes: tuple[SessionNotes, ...]


@dataclass(frozen=True, slots=True)
class MeasureDates:
    """Start times of the sessions of both sides that have a measure, in the order of the contrast's values."""

    a: tuple[datetime, ...]
    b: tuple[datetime, ...]

    @property
    def is_b(self) -> list[bool]:
        """For each session in order of time: whether it is of side b."""
        both = [(started.timestamp(), False) for started in self.a] + [
            (started.timestamp(), True) for started in self.b
        ]
        return [is_b for _, is_b in sorted(both)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Result of comparing side b with side a.

    Parameters
    ----------
    minutes : float
        Length of the clean signal used, the same for every session.
    ch_names : tuple of str
        Channels that were clean enough in all sessions.
    dates : mapping
        For each measure, when its sessions were.
    left_out : mapping
        Sessions that could not be used, with the reason.
    notes : tuple of str
        Sentences to read before the figures.
    """

    participant: str
    a: ComparisonSide
    b: ComparisonSide
    minutes: float
    ch_names: tuple[str, ...]
    contrasts: Mapping[str, Contrast]
    dates: Mapping[str, MeasureDates]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def separated(self) -> bool:
        """Whether there are enough sessions for a test, and only their order in time forbids it."""
        return any(one.separated for one in self.contrasts.values())


def compare_conditions(
    root: Path,
    participant: str,
    a: str,
    b: str,
    *,
    phases: Sequence[Phase] = NO_FEEDBACK_PHASES,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Comparison:
    """Compare the sessions of condition ``b`` with those of condition ``a``.

    Parameters
    ----------
    a, b : str
        A condition, or session labels with commas between them.
    progress : callable
        Called with the number of sessions opened and their total.

    Raises
    ------
    SettingsError
        There is no such condition or session, or both sides share one.
    RecordingError
        A side has no session with enough clean signal, or the sides have no channel in common.
    """
    left_out: dict[str, str] = {}
    history = past_sessions(root, participant, on_skipped=left_out.__setitem__)
    wanted = [select_sessions(history, a), select_sessions(history, b)]
    _check_disjoint(wanted)
    selected = {one.stem for side in wanted for one in side}
    others = [one for one in history if one.stem not in selected][-_MAX_OTHERS:] if len(selected) == 2 else []
    done = iter(range(1, len(selected) + len(others) + 1))

    def tick() -> None:
        progress(next(done), len(selected) + len(others))

    sides, rows = match_sessions([open_sessions(root, side, phases, left_out, tick) for side in wanted], left_out)
    other_sessions = [
        one
        for one in open_sessions(root, others, phases, {}, tick)
        if one.recording_format == sides[0][0].recording_format
    ]
    contrasts, dates, n_windows = _compute_contrasts(sides, rows, other_sessions)
    both = [_side(name, side) for name, side in zip((a, b), sides, strict=True)]
    return Comparison(
        participant=participant,
        a=both[0],
        b=both[1],
        minutes=n_windows * WINDOW_S / 60,
        ch_names=tuple(sides[0][0].profile.montage.ch_names[row] for row in rows),
        contrasts=add_q_values(contrasts),
        dates=dates,
        left_out=left_out,
        notes=_notes(sides, n_windows, contrasts),
    )


def _check_disjoint(selections: Sequence[Sequence[PastSession]]) -> None:
    shared = {one.stem for one in selections[0]} & {one.stem for one in selections[1]}
    if shared:
        raise SettingsError(
            "a session cannot be on both sides", got=", ".join(sorted(shared)), todo="name two conditions"
        )


def _side(name: str, side: Sequence[ComparableSession]) -> ComparisonSide:
    return ComparisonSide(name, tuple(one.stem for one in side), tuple(one.notes for one in side))


def _compute_contrasts(
    sides: Sequence[Sequence[ComparableSession]], rows: tuple[int, ...], others: Sequence[ComparableSession]
) -> tuple[dict[str, Contrast], dict[str, MeasureDates], int]:
    """Contrast all measures on equal lengths of signal of the same channels, with the same bands for all sessions."""
    everything = [one for side in sides for one in side]
    n_windows = min(_MAX_WINDOWS, *(one.signal.count(rows) for one in everything))
    iaf = _common_iaf(everything)

    def measure(one: ComparableSession, signal: CleanSignal) -> dict[str, float]:
        return compute_measures(signal, one.profile.montage, one.profile.settings, iaf, one.mains_hz)

    values = [[measure(one, _select_windows(one, rows, n_windows)) for one in side] for side in sides]
    long_enough = [one for one in others if one.signal.count(rows) >= n_windows]
    reference = [measure(one, _select_windows(one, rows, n_windows)) for one in long_enough]
    dates = {name: _dates(name, sides, values) for name in MEASURES}
    found = {name: one for name in MEASURES if (one := _contrast_measure(name, values, reference, dates[name]))}
    if len(everything) == 2:
        cuts = [(one, _select_windows(one, rows, n_windows).blocks(MIN_WINDOWS)) for one in everything]
        blocks = [[measure(one, block) for block in pieces] for one, pieces in cuts]
        found = {
            name: replace(one, within_interval=block_interval(*_values(name, blocks))) for name, one in found.items()
        }
    return found, {name: dates[name] for name in found}, n_windows


def _select_windows(one: ComparableSession, rows: tuple[int, ...], n_windows: int) -> CleanSignal:
    only = CleanSignal(one.signal.sfreq, {row: one.signal.windows[row] for row in rows})
    return only.subsample(n_windows)


def _common_iaf(sessions: Sequence[ComparableSession]) -> float | None:
    """Return the median alpha frequency: with bands of their own, a shifted peak would look like changed power."""
    found = [estimate_iaf(one.signal, one.profile.montage, one.profile.settings) for one in sessions]
    peaks = [iaf for iaf in found if not math.isnan(iaf)]
    return float(np.median(peaks)) if peaks else None


def _contrast_measure(
    name: str,
    sides: Sequence[Sequence[Mapping[str, float]]],
    reference_values: Sequence[Mapping[str, float]],
    dates: MeasureDates,
) -> Contrast | None:
    """Contrast one measure over the sessions that have it; None where a side has none."""
    a, b, others = _values(name, [*sides, reference_values])
    own_sd = float(np.std(others, ddof=1)) if len(others) >= _MIN_OTHERS else None
    return compute_contrast(a, b, own_sd, is_b=dates.is_b) if a and b else None


def _dates(
    name: str, sides: Sequence[Sequence[ComparableSession]], values: Sequence[Sequence[Mapping[str, float]]]
) -> MeasureDates:
    a, b = (
        tuple(one.started for one, found in zip(side, measured, strict=True) if not math.isnan(found[name]))
        for side, measured in zip(sides, values, strict=True)
    )
    return MeasureDates(a, b)


def _values(name: str, sides: Sequence[Sequence[Mapping[str, float]]]) -> list[list[float]]:
    return [[found[name] for found in side if not math.isnan(found[name])] for side in sides]


def _notes(
    sides: Sequence[Sequence[ComparableSession]], n_windows: int, contrasts: Mapping[str, Contrast]
) -> tuple[str, ...]:
    separated = any(one.separated for one in contrasts.values())
    notes = [_test_note([len(side) for side in sides], separated=separated)]
    if n_windows < _RECOMMENDED_WINDOWS:
        notes.append(tr(texts.LITTLE_SIGNAL))
    if any(not one.notes.eyes for side in sides for one in side):
        notes.append(tr(texts.EYES_NOT_ENTERED))
    if "muscle" not in contrasts:
        notes.append(tr(texts.NO_MUSCLE))
    return (*notes, tr(texts.NO_INDEX))


def _test_note(n: Sequence[int], *, separated: bool) -> str:
    if separated:
        return tr(texts.SEPARATED)
    if min(n) >= MIN_SESSIONS_FOR_TEST:
        return tr(texts.SESSION_IS_UNIT)
    if max(n) == 1:
        return tr(texts.ONE_SESSION_EACH)
    return tr(texts.FEW_SESSIONS, n=MIN_SESSIONS_FOR_TEST)
