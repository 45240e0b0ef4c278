"""Selection of the sessions of a comparison: those that were named, those that can be used, and why others cannot."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neurofeedback.analysis.conditions.contrasts import MIN_SESSIONS_FOR_TEST
from neurofeedback.analysis.history import PastSession
from neurofeedback.analysis.measures.measure_cache import measure_sessions
from neurofeedback.analysis.measures.session_measures import SessionMeasures
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_notes import SessionNotes, read_notes
from neurofeedback.texts import comparison
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

_LABELS = re.compile(r"(ses-)?[0-9A-Za-z]+(,(ses-)?[0-9A-Za-z]+)*")
_USABLE_SHARE = 0.8
_REGIONS = ("all", "frontal", "posterior")


@dataclass(frozen=True, slots=True)
class SelectedSide:
    """One side of a comparison as it was chosen: its name and its sessions."""

    name: str
    sessions: tuple[PastSession, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ComparableSession:
    """A session with its start, its measures and the notes entered about it."""

    stem: str
    started: datetime
    notes: SessionNotes
    measures: SessionMeasures

    @property
    def recording_format(self) -> tuple[float, tuple[str, ...]]:
        """Sampling rate and channels, which sessions must share to be compared."""
        return self.measures.sfreq, self.measures.profile.montage.ch_names

    @property
    def eyes(self) -> str:
        """``closed`` or ``open``, as entered after the session, or else as its settings have it."""
        return self.notes.eyes or self.measures.profile.settings.phases.eyes


def select_side(history: Sequence[PastSession], selector: str) -> SelectedSide:
    """Return a side: a condition, or session labels with commas between them, after an own name and a colon or without.

    Examples of selectors: ``pre``, ``20261122T091500,20261123T090000``, ``Before: pre``.

    Raises
    ------
    SettingsError
        There is no such condition, and not all labels exist.
    """
    name, colon, rest = (part.strip() for part in selector.partition(":"))
    if colon and name and selector not in {one.condition for one in history}:
        return SelectedSide(name, tuple(select_sessions(history, rest)))
    sessions = tuple(select_sessions(history, selector))
    if "," not in selector or sessions[0].condition == selector:
        return SelectedSide(selector, sessions)
    days = sorted(one.started_at.date().isoformat() for one in sessions)
    return SelectedSide(tr(comparison.UNNAMED_SIDE, n=len(sessions), first=days[0], last=days[-1]), sessions)


def select_sessions(history: Sequence[PastSession], selector: str) -> list[PastSession]:
    """Return the sessions of a condition, or those whose labels are given with commas between them.

    Raises
    ------
    SettingsError
        There is no such condition, and not all labels exist.
    """
    in_condition = [one for one in history if one.condition == selector and selector]
    if in_condition:
        return in_condition
    by_label = {session_label(one): one for one in history}
    labels = [part.removeprefix("ses-") for part in selector.split(",")] if _LABELS.fullmatch(selector) else []
    if labels and all(part in by_label for part in labels):
        return [by_label[part] for part in dict.fromkeys(labels)]
    conditions = Counter(one.condition for one in history if one.condition)
    raise SettingsError(
        "there is no session under this condition, and none of this label",
        got=repr(selector[:80]),
        allowed=", ".join(f"{name} ({n})" for name, n in conditions.items()) or "no session has a condition yet",
        todo="enter the condition after a sitting (the window's After page), or name sessions like 20261122T091500",
    )


def session_label(session: PastSession) -> str:
    """Return the session label, without ``ses-``."""
    return session.stem.split("_")[1].removeprefix("ses-")


def open_sessions(
    root: Path,
    sessions: Sequence[PastSession],
    phases: Sequence[Phase],
    on_measured: Callable[[], object],
    n_jobs: int,
) -> Iterator[tuple[str, ComparableSession | str]]:
    """Yield the stem of each session and the session, or the reason why it cannot be used, in no special order."""
    by_stem = {session.stem: session for session in sessions}
    files = [SessionFiles.from_stem(root, stem) for stem in by_stem]
    for stem, found in measure_sessions(files, phases, n_jobs):
        on_measured()
        if isinstance(found, str):
            yield stem, found
        elif not found.clean_rows:
            yield stem, tr(comparison.LITTLE_CLEAN_SIGNAL)
        else:
            try:
                notes = read_notes(SessionFiles.from_stem(root, stem))
            except RecordingError as error:
                yield stem, str(error)
            else:
                yield stem, ComparableSession(stem, by_stem[stem].started_at, notes, found)


def match_sessions(
    sides: Sequence[Sequence[ComparableSession]], left_out: dict[str, str]
) -> tuple[list[list[ComparableSession]], dict[str, tuple[int, ...]]]:
    """Select the sessions of the most common headset and eye state, and the channels of each region that count.

    Sessions that differ are added to ``left_out``.

    Raises
    ------
    RecordingError
        A side has no session left, or no channel is clean on both sides.
    """
    everything = [one for side in sides for one in side]
    if everything:
        recording_format = Counter(one.recording_format for one in everything).most_common(1)[0][0]
        eyes = Counter(one.eyes for one in everything).most_common(1)[0][0]
        for one in everything:
            if one.recording_format != recording_format:
                left_out[one.stem] = tr(comparison.OTHER_HEADSET)
            elif one.eyes != eyes:
                left_out[one.stem] = tr(comparison.OTHER_EYES, eyes=one.eyes, most=eyes)
    used = [[one for one in side if one.stem not in left_out] for side in sides]
    if not all(used):
        raise _no_sessions_error("a side has no session with a minute of clean signal", left_out)
    montage = used[0][0].measures.profile.montage
    clean = [[one.measures.clean_rows for one in side] for side in used]
    rows = {region: choose_rows(clean, montage.rows(region)) for region in _REGIONS}
    if not any(rows.values()):
        raise _no_sessions_error("no channel was clean for a minute in sessions of both sides", left_out)
    return used, rows


def choose_rows(sides: Sequence[Sequence[frozenset[int]]], rows: Sequence[int]) -> tuple[int, ...]:
    """Return the channels of a region that count.

    A session that lacks one of them is left out of the region's measures. So channels that few sessions lack stay, as
    long as four in five sessions of each side have all of them, and at least five where a side has five; otherwise the
    channel that most sessions lack is left out instead.

    Parameters
    ----------
    sides : sequence of sequence of frozenset of int
        Clean channels of each session.

    Examples
    --------
    >>> nine, one = [frozenset({0, 1})] * 9, frozenset({0})
    >>> choose_rows([[*nine, one], nine], (0, 1)), choose_rows([[one], nine], (0, 1))
    ((0, 1), (0,))
    """
    chosen = list(rows)
    while len(chosen) > 1 and any(_count_complete(side, chosen) < _needed(len(side)) for side in sides):
        lacking = {row: sum(_share_lacking(side, row) for side in sides) for row in chosen}
        chosen.remove(max(chosen, key=lambda row: lacking[row]))
    return tuple(chosen) if all(_count_complete(side, chosen) for side in sides) else ()


def _count_complete(side: Sequence[frozenset[int]], rows: Sequence[int]) -> int:
    return sum(clean.issuperset(rows) for clean in side)


def _needed(n: int) -> int:
    return n if n < MIN_SESSIONS_FOR_TEST else max(math.ceil(_USABLE_SHARE * n), MIN_SESSIONS_FOR_TEST)


def _share_lacking(side: Sequence[frozenset[int]], row: int) -> float:
    return sum(row not in clean for clean in side) / len(side)


def _no_sessions_error(what: str, left_out: Mapping[str, str]) -> RecordingError:
    reasons = "; ".join(f"{stem}: {reason}" for stem, reason in left_out.items())
    return RecordingError(what, got=reasons or "bad contact on different channels", todo="compare other sessions")
