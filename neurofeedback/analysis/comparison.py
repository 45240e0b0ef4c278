"""Two sets of one person's sessions side by side, such as before and after an infusion: raw measures, not the index."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

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
from neurofeedback.analysis.resting_measures import (
    MEASURES,
    NO_FEEDBACK_PHASES,
    WINDOW_S,
    CleanSignal,
    compute_measures,
    estimate_iaf,
)
from neurofeedback.errors import SettingsError
from neurofeedback.recording.history import PastSession, past_sessions
from neurofeedback.recording.session_notes import SessionNotes
from neurofeedback.types import Phase

_RECOMMENDED_WINDOWS = 30
_MAX_WINDOWS = 75
_MAX_OTHERS = 12
_MIN_OTHERS = 3

NO_INDEX = (
    "The mind-wandering index is not compared. It is relative to the baseline of its own sitting, and a drug moves "
    "what it is made of: less beta raises it and a flatter spectrum lowers it, wherever the mind is. To compare an "
    "index across drug states, each state would need baselines of its own; here, absolute measures of the raw signal "
    "are compared instead."
)


@dataclass(frozen=True, slots=True)
class ComparisonSide:
    """One side: what it is called, its sessions, and what was entered about each."""

    name: str
    stems: tuple[str, ...]
    said: tuple[SessionNotes, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Side b against side a.

    Parameters
    ----------
    minutes : float
        Clean signal taken of every session, the same of each.
    ch_names : tuple of str
        Channels that were clean enough in all sessions.
    left_out : mapping
        Sessions that could not be used, with the reason.
    notes : tuple of str
        What a reader must know before the figures.
    """

    participant: str
    a: ComparisonSide
    b: ComparisonSide
    minutes: float
    ch_names: tuple[str, ...]
    contrasts: Mapping[str, Contrast]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Return all of it as plain values; NaN nowhere, as what could not be measured is not in it."""
        found = {name: {**asdict(MEASURES[name]), **asdict(one)} for name, one in self.contrasts.items()}
        plain = asdict(replace(self, contrasts={}))
        return {**plain, "contrasts": found, "index": {"compared": False, "why": NO_INDEX}}


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
    meant = {one.stem for side in wanted for one in side}
    others = [one for one in history if one.stem not in meant][-_MAX_OTHERS:] if len(meant) == 2 else []
    done = iter(range(1, len(meant) + len(others) + 1))

    def tick() -> None:
        progress(next(done), len(meant) + len(others))

    sides, rows = match_sessions([open_sessions(root, side, phases, left_out, tick) for side in wanted], left_out)
    elsewhere = [
        one
        for one in open_sessions(root, others, phases, {}, tick)
        if one.recording_format == sides[0][0].recording_format
    ]
    found, n_windows = _compute_contrasts(sides, rows, elsewhere)
    said = [_side(name, side) for name, side in zip((a, b), sides, strict=True)]
    return Comparison(
        participant=participant,
        a=said[0],
        b=said[1],
        minutes=n_windows * WINDOW_S / 60,
        ch_names=tuple(sides[0][0].profile.montage.ch_names[row] for row in rows),
        contrasts=add_q_values(found),
        left_out=left_out,
        notes=_notes(sides, n_windows, found),
    )


def _check_disjoint(selections: Sequence[Sequence[PastSession]]) -> None:
    shared = {one.stem for one in selections[0]} & {one.stem for one in selections[1]}
    if shared:
        raise SettingsError(
            "a session cannot stand on both sides", got=", ".join(sorted(shared)), todo="name two conditions"
        )


def _side(name: str, side: Sequence[ComparableSession]) -> ComparisonSide:
    return ComparisonSide(name, tuple(one.stem for one in side), tuple(one.notes for one in side))


def _compute_contrasts(
    sides: Sequence[Sequence[ComparableSession]], rows: tuple[int, ...], others: Sequence[ComparableSession]
) -> tuple[dict[str, Contrast], int]:
    """Contrast all measures on the same length of signal of the same channels, with bands fixed for all sessions."""
    everything = [one for side in sides for one in side]
    n_windows = min(_MAX_WINDOWS, *(one.signal.count(rows) for one in everything))
    iaf = _common_iaf(everything)

    def measured(one: ComparableSession, signal: CleanSignal) -> dict[str, float]:
        return compute_measures(signal, one.profile.montage, one.profile.settings, iaf, one.mains_hz)

    values = [[measured(one, _select_windows(one, rows, n_windows)) for one in side] for side in sides]
    same = [one for one in others if one.signal.count(rows) >= n_windows]
    usual = [measured(one, _select_windows(one, rows, n_windows)) for one in same]
    found = {name: one for name in MEASURES if (one := _contrast_measure(name, values, usual))}
    if len(everything) == 2:
        cut = [(one, _select_windows(one, rows, n_windows).blocks(MIN_WINDOWS)) for one in everything]
        blocks = [[measured(one, block) for block in pieces] for one, pieces in cut]
        found = {name: replace(one, within=block_interval(*_values(name, blocks))) for name, one in found.items()}
    return found, n_windows


def _select_windows(one: ComparableSession, rows: tuple[int, ...], n_windows: int) -> CleanSignal:
    only = CleanSignal(one.signal.sfreq, {row: one.signal.windows[row] for row in rows})
    return only.subsample(n_windows)


def _common_iaf(sessions: Sequence[ComparableSession]) -> float | None:
    """Return the median alpha frequency: one set of bands, or a moving peak would look like moving power."""
    found = [estimate_iaf(one.signal, one.profile.montage, one.profile.settings) for one in sessions]
    peaks = [iaf for iaf in found if not math.isnan(iaf)]
    return float(np.median(peaks)) if peaks else None


def _contrast_measure(
    name: str, sides: Sequence[Sequence[Mapping[str, float]]], reference_values: Sequence[Mapping[str, float]]
) -> Contrast | None:
    """Contrast one measure over the sessions that have it; None where a side has none."""
    a, b, others = _values(name, [*sides, reference_values])
    own_spread = float(np.std(others, ddof=1)) if len(others) >= _MIN_OTHERS else None
    return compute_contrast(a, b, own_spread) if a and b else None


def _values(name: str, sides: Sequence[Sequence[Mapping[str, float]]]) -> list[list[float]]:
    return [[found[name] for found in side if not math.isnan(found[name])] for side in sides]


def _notes(
    sides: Sequence[Sequence[ComparableSession]], n_windows: int, contrasts: Mapping[str, Contrast]
) -> tuple[str, ...]:
    notes = [_numbers_note([len(side) for side in sides])]
    if n_windows < _RECOMMENDED_WINDOWS:
        notes.append("Less than two minutes of clean signal are common to all sessions, so every figure is unsure.")
    if any(not one.notes.eyes for side in sides for one in side):
        notes.append("For some sessions nobody said whether the eyes were closed; they are taken as closed.")
    if "muscle" not in contrasts:
        notes.append("This headset's rate is too low to measure muscle apart, so beta and gamma may be muscle.")
    return (*notes, NO_INDEX)


def _numbers_note(n: Sequence[int]) -> str:
    if min(n) >= MIN_SESSIONS_FOR_TEST:
        return (
            "The session is the unit: intervals and tests hold for other sessions of this person, and for nobody else."
        )
    if max(n) == 1:
        return (
            "One session a side: a difference between two days, beside how much this person differs from day to day "
            "anyway. It cannot say what the difference comes from, so there is no test."
        )
    return (
        f"Fewer than {MIN_SESSIONS_FOR_TEST} sessions on a side: differences stand beside the person's own scatter, "
        "without a test."
    )
