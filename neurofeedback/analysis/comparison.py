"""Comparison of two sets of one person's sessions, such as before and after an infusion, by raw measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from neurofeedback.analysis.clean_signal import NO_FEEDBACK_PHASES
from neurofeedback.analysis.conditions.contrasts import (
    MIN_SESSIONS_FOR_TEST,
    Contrast,
    add_q_values,
    block_interval,
    compute_contrast,
)
from neurofeedback.analysis.conditions.selection import (
    ComparableSession,
    SelectedSide,
    match_sessions,
    open_sessions,
    select_side,
)
from neurofeedback.analysis.history import past_sessions
from neurofeedback.analysis.measures.session_measures import CommonBands, regional_measures
from neurofeedback.analysis.resting_measures import MEASURES
from neurofeedback.errors import SettingsError
from neurofeedback.recording.session_notes import SessionNotes
from neurofeedback.texts import comparison as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

_RECOMMENDED_MINUTES = 2.0
_MAX_OTHERS = 12
_MIN_OTHERS = 3
_NOTED_LOSS = 0.01

Rows = Mapping[str, tuple[int, ...]]


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
    minutes, longest_minutes : float
        Length of the clean signal used of the session with least and of that with most.
    ch_names : tuple of str
        Channels that were clean enough in the sessions.
    dates : mapping
        For each measure, when its sessions were.
    left_out : mapping
        Sessions that could not be used, with the reason.
    missing : mapping
        For each measure that some sessions do not have, their names.
    notes : tuple of str
        Sentences to read before the figures.
    """

    participant: str
    a: ComparisonSide
    b: ComparisonSide
    minutes: float
    longest_minutes: float
    ch_names: tuple[str, ...]
    contrasts: Mapping[str, Contrast]
    dates: Mapping[str, MeasureDates]
    left_out: Mapping[str, str]
    missing: Mapping[str, tuple[str, ...]]
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
    n_jobs: int = 1,
) -> Comparison:
    """Compare the sessions of condition ``b`` with those of condition ``a``.

    Parameters
    ----------
    a, b : str
        A condition, or session labels with commas between them; ``Before: pre`` gives the side a name.
    progress : callable
        Called with the number of sessions measured and their total. An exception that it raises cancels; sessions that
        were measured are stored, so the next comparison continues from there.
    n_jobs : int
        Processes that measure sessions; -1 for one per core.

    Raises
    ------
    SettingsError
        There is no such condition or session, or both sides share one.
    RecordingError
        A side has no session with enough clean signal, or the sides have no channel in common.
    """
    left_out: dict[str, str] = {}
    history = past_sessions(root, participant, on_skipped=left_out.__setitem__)
    wanted = [select_side(history, a), select_side(history, b)]
    _check_disjoint(wanted)
    selected = {one.stem for side in wanted for one in side.sessions}
    others = [one for one in history if one.stem not in selected][-_MAX_OTHERS:] if len(selected) == 2 else []
    total = len(selected) + len(others)
    done = iter(range(1, total + 1))
    progress(0, total)
    found = dict(
        open_sessions(
            root,
            [*wanted[0].sessions, *wanted[1].sessions, *others],
            phases,
            lambda: progress(next(done), total),
            n_jobs,
        )
    )
    left_out |= {stem: one for stem, one in found.items() if stem in selected and isinstance(one, str)}
    opened = {stem: one for stem, one in found.items() if isinstance(one, ComparableSession)}
    sides, rows = match_sessions(
        [[opened[one.stem] for one in side.sessions if one.stem in opened] for side in wanted], left_out
    )
    other_sessions = [
        opened[one.stem]
        for one in others
        if one.stem in opened and opened[one.stem].recording_format == sides[0][0].recording_format
    ]
    contrasts, dates, missing = _compute_contrasts(sides, rows, other_sessions)
    everything = [one for side in sides for one in side]
    used = rows["all"] or rows["posterior"] or rows["frontal"]
    lengths = [one.measures.minutes(used) for one in everything if one.measures.clean_rows.issuperset(used)]
    return Comparison(
        participant=participant,
        a=_side(wanted[0].name, sides[0]),
        b=_side(wanted[1].name, sides[1]),
        minutes=min(lengths),
        longest_minutes=max(lengths),
        ch_names=tuple(sides[0][0].measures.profile.montage.ch_names[row] for row in used),
        contrasts=add_q_values(contrasts),
        dates=dates,
        left_out=left_out,
        missing=missing,
        notes=_notes(sides, min(lengths), contrasts, missing),
    )


def _check_disjoint(selections: Sequence[SelectedSide]) -> None:
    shared = {one.stem for one in selections[0].sessions} & {one.stem for one in selections[1].sessions}
    if shared:
        raise SettingsError(
            "a session cannot be on both sides", got=", ".join(sorted(shared)), todo="name two conditions"
        )


def _side(name: str, side: Sequence[ComparableSession]) -> ComparisonSide:
    return ComparisonSide(name, tuple(one.stem for one in side), tuple(one.notes for one in side))


def _compute_contrasts(
    sides: Sequence[Sequence[ComparableSession]], rows: Rows, others: Sequence[ComparableSession]
) -> tuple[dict[str, Contrast], dict[str, MeasureDates], dict[str, tuple[str, ...]]]:
    """Contrast all measures on the same channels, with the same bands for all sessions."""
    everything = [one for side in sides for one in side]
    profile = max(everything, key=lambda one: one.started).measures.profile
    bands = CommonBands(profile.montage, profile.settings, None)
    bands = replace(bands, iaf_hz=_common_iaf(everything, rows["posterior"], bands))

    def measure(one: ComparableSession) -> dict[str, float]:
        return regional_measures(one.measures.whole, one.measures, rows, bands)

    values = [[measure(one) for one in side] for side in sides]
    reference = [measure(one) for one in others]
    dates = {name: _dates(name, sides, values) for name in MEASURES}
    found = {name: one for name in MEASURES if (one := _contrast_measure(name, values, reference, dates[name]))}
    if len(everything) == 2:
        blocks = [
            [regional_measures(block, one.measures, rows, bands) for block in one.measures.blocks] for one in everything
        ]
        found = {
            name: replace(one, within_interval=block_interval(*_values(name, blocks))) for name, one in found.items()
        }
    measured = [
        (one.stem, found_in)
        for side, rest in zip(sides, values, strict=True)
        for one, found_in in zip(side, rest, strict=True)
    ]
    missing = {name: tuple(stem for stem, one in measured if math.isnan(one[name])) for name in found}
    return found, {name: dates[name] for name in found}, {name: stems for name, stems in missing.items() if stems}


def _common_iaf(sessions: Sequence[ComparableSession], rows: tuple[int, ...], bands: CommonBands) -> float | None:
    """Return the median alpha frequency: with bands of their own, a shifted peak would look like changed power."""
    found = [
        one.measures.iaf(rows, bands.montage, bands.settings)
        for one in sessions
        if one.measures.clean_rows.issuperset(rows)
    ]
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
    sides: Sequence[Sequence[ComparableSession]],
    minutes: float,
    contrasts: Mapping[str, Contrast],
    missing: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    everything = [one for side in sides for one in side]
    separated = any(one.separated for one in contrasts.values())
    notes = [_test_note([len(side) for side in sides], separated=separated)]
    if minutes < _RECOMMENDED_MINUTES:
        notes.append(tr(texts.LITTLE_SIGNAL))
    if missing:
        notes.append(tr(texts.MEASURES_WITHOUT_SESSIONS))
    lost = max(one.measures.lost_share for one in everything)
    if lost >= _NOTED_LOSS:
        notes.append(tr(texts.LOST_SAMPLES, share=f"{100 * lost:.0f}"))
    if any(not one.notes.eyes for one in everything):
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
