"""Anybody's labelled features, from a table: the same decoder, evaluated the same honest way."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.course import Course, Taught, course_of
from neurofeedback.estimation.decoder import Decoder, fit_decoder
from neurofeedback.estimation.evaluation import Learn, left_out, prequential, scored_by
from neurofeedback.estimation.figures import (
    Interval,
    Scored,
    auc_within,
    brier_skill,
    calibration_error,
    side_by_side,
)
from neurofeedback.estimation.labels import Lesson
from neurofeedback.estimation.usual import Usual, median_of
from neurofeedback.settings.estimate import DecoderSettings
from neurofeedback.settings.evidence import Evidence

NEEDED = ("subject", "session", "onset", "label")
_SURE = "sure"


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled moment; ``label`` is wandering, ``sure`` 1 to 4, ``values`` NaN where a cell is empty or n/a."""

    subject: str
    session: str
    onset: float
    label: bool
    sure: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in order of time within each session; sessions as they first appear."""

    features: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TableScores:
    """What the decoder makes of a table; None where there is nothing to compare.

    ``subjects`` are each subject's answers, and their AUC session by session.
    """

    n: int
    n_wander: int
    n_sessions: int
    known: tuple[str, ...]
    prequential: Interval | None
    sessions_left_out: Interval | None
    subjects_left_out: Interval | None
    brier_skill: Interval | None
    ece: Interval | None
    subjects: tuple[tuple[str, int, Interval | None], ...]


def read_table(path: Path) -> Table:
    """Read a table of labelled features, separated by commas, semicolons or tabs.

    Raises
    ------
    RecordingError
        Columns are missing, or a cell is not what its column holds.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror, allowed="a table of text") from None
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path} cannot be read", got=error.reason, allowed="a table of UTF-8 text") from None
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = max(",;\t", key=head.count)
    names = next(csv.reader([head], delimiter=delimiter), [])
    missing = [name for name in NEEDED if name not in names]
    features = tuple(name for name in names if name not in {*NEEDED, _SURE})
    if missing or not features or len(set(names)) < len(names):
        raise RecordingError(
            f"{path} is no table of labelled features",
            got=f"columns {', '.join(names) or 'none'}",
            allowed=f"{', '.join(NEEDED)} (1 = wandering), features by any name, each once; {_SURE} (1 to 4) if known",
            todo=f"name these columns: {', '.join(missing)}" if missing else "give it features, each with its own name",
        )
    cells = csv.reader(lines[1:], delimiter=delimiter)
    rows = [_row(path, number, names, features, row) for number, row in enumerate(cells, start=2) if row]
    if not rows:
        raise RecordingError(f"{path} holds no rows", todo="there is nothing to evaluate")
    places = {key: k for k, key in enumerate(dict.fromkeys((row.subject, row.session) for row in rows))}
    return Table(features, tuple(sorted(rows, key=lambda row: (places[row.subject, row.session], row.onset))))


def _row(path: Path, number: int, names: Sequence[str], features: tuple[str, ...], cells: Sequence[str]) -> Row:
    try:
        told = dict(zip(names, cells, strict=True))
        sure = int(told.get(_SURE) or 4)
        if told["label"] not in {"0", "1"} or not 1 <= sure <= 4:
            raise ValueError(f"label {told['label']}, {_SURE} {sure}")
        onset = float(told["onset"])
        values = tuple(math.nan if told[name] in {"", "n/a"} else float(told[name]) for name in features)
        if math.isnan(onset) or any(math.isinf(value) for value in values):
            raise ValueError("a number without end, or no onset")
    except ValueError as error:
        raise RecordingError(
            f"{path}, line {number} cannot be understood",
            got=str(error),
            allowed="a cell for each column; label 0 or 1; sure 1 to 4; numbers, empty or n/a for features",
        ) from None
    return Row(told["subject"], told["session"], onset, told["label"] == "1", sure, values)


def evaluate_table(table: Table, evidence: Evidence, settings: DecoderSettings) -> TableScores:
    """Hold the decoder against a table: nothing is ever shuffled across time.

    A value counts from the median of its session's rows until then, in units of the table's spread within sessions;
    features that no evidence profile names get the neutral prior.
    """
    courses = _courses(table, settings)

    def learn(course: Course, day: float, device: str) -> Decoder:
        return fit_decoder(course, evidence, settings, day=day, device=device)

    ahead = {subject: prequential(course, learn, settings) for subject, course in courses.items()}
    aside = [left_out(course, learn) for course in courses.values()]
    known = {feature.feature for profile in evidence.members or (evidence,) for feature in profile.features}
    together, wide = side_by_side(list(ahead.values())), settings.left_out_se_factor
    others = _subjects_left_out(table.features, courses, learn) if len(courses) > 1 else side_by_side([])
    narrow = settings.prequential_se_factor
    return TableScores(
        n=len(table.rows),
        n_wander=sum(row.label for row in table.rows),
        n_sessions=sum(len(course.sittings) for course in courses.values()),
        known=tuple(name for name in table.features if name in known),
        prequential=_auc(together, narrow),
        sessions_left_out=_auc(side_by_side(aside), wide),
        subjects_left_out=_auc(others, wide),
        brier_skill=brier_skill(together),
        ece=calibration_error(together, settings),
        subjects=tuple(
            (subject, len(courses[subject].wander), _auc(scored, narrow)) for subject, scored in ahead.items()
        ),
    )


def _auc(scored: Scored, se_factor: float) -> Interval | None:
    return auc_within(scored.score, scored.wander, scored.session, se_factor)


def _subjects_left_out(names: tuple[str, ...], courses: dict[str, Course], learn: Learn) -> Scored:
    parts: list[Scored] = []
    for subject, course in courses.items():
        sittings = [taught for other, theirs in courses.items() if other != subject for taught in theirs.sittings]
        decoder = learn(course_of(names, sittings), 0.0, "")
        parts.append(scored_by(decoder, course))
    return side_by_side(parts)


def _courses(table: Table, settings: DecoderSettings) -> dict[str, Course]:
    sd = _spread_within_sessions(table)
    taught: dict[str, list[Taught]] = {}
    for (subject, session), rows in groupby(table.rows, key=lambda row: (row.subject, row.session)):
        taught.setdefault(subject, []).append(_taught(session, list(rows), sd, table.features, settings))
    return {subject: course_of(table.features, sittings) for subject, sittings in taught.items()}


def _taught(
    session: str, rows: list[Row], sd: NDArray[np.float64], names: tuple[str, ...], settings: DecoderSettings
) -> Taught:
    values = np.array([row.values for row in rows], dtype=np.float64)
    lessons = [
        Lesson(
            sample=k,
            x=(values[k] - median_of(values[: k + 1])) / sd,
            wander=row.label,
            weight=settings.sureness_weights[row.sure - 1],
            minutes=(row.onset - rows[0].onset) / 60.0,
        )
        for k, row in enumerate(rows)
    ]
    x = np.nan_to_num((values - median_of(values)) / sd, nan=0.0)
    usual = Usual(names, x.T @ x / len(x), float(len(x)))
    return Taught(session, 0.0, "", tuple(lessons), usual)


def _spread_within_sessions(table: Table) -> NDArray[np.float64]:
    """Spread of each feature around its sessions' medians, ``(n_features,)``; 1 for one that never changes."""
    parts = []
    for _, rows in groupby(table.rows, key=lambda row: (row.subject, row.session)):
        values = np.array([row.values for row in rows], dtype=np.float64)
        parts.append(values - median_of(values))
    apart = np.concatenate(parts)
    there = np.isfinite(apart)
    sd = np.sqrt((np.where(there, apart, 0.0) ** 2).sum(axis=0) / np.maximum(there.sum(axis=0), 1))
    return np.where(sd > 0, sd, 1.0)
