"""A person's own baseline across sessions: the median of their good session baselines, and its JSON form.

It is used beside the session's own baseline. Bands, gate limits and muscle level stay those of the session; only the
middle and the spread of each feature come from earlier sessions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline
from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.processing.regions import RegionAverager
from neurofeedback.settings.montages import Montage

MIN_SESSIONS = 3
MAX_SESSIONS = 20
MIN_CLEAN_S = 60.0
SCHEMA = 1
_MIN_BETWEEN_SD_SHARE = 0.25
_DIGITS = 6

Floats = NDArray[np.float64]


class SessionBaselineDocument(TypedDict):
    """JSON form of a ``SessionBaseline``; ``null`` for values that are not known."""

    schema: int
    ch_names: list[str]
    reference: str
    eyes: str
    clean_s: float
    iaf_hz: float | None
    channels: dict[str, list[float | None]]
    features: dict[str, dict[str, float | None]]


class PersonalBaselineDocument(SessionBaselineDocument):
    """JSON form of a ``PersonalBaseline``."""

    n_sessions: int
    between: dict[str, dict[str, float | None]]


@dataclass(frozen=True, slots=True, eq=False)
class SessionBaseline:
    """The part of one session's baseline that another session can be compared with.

    Parameters
    ----------
    ch_names : tuple of str
        Channels, in row order.
    reference, eyes : str
        Reference electrode; eyes ``closed`` or ``open``.
    clean_s : float
        Clean signal it is computed from, s.
    iaf_hz : float
        Individual alpha frequency; NaN where none was found.
    channel_median : ndarray, shape (n_channels, len(KINDS))
    mu, spread : ndarray, shape (len(FEATURES),)
        As in ``Baseline``.
    level : ndarray, shape (len(FEATURES),)
        Median of each regional feature, in its own unit; NaN for a region without channels.
    """

    ch_names: tuple[str, ...]
    reference: str
    eyes: str
    clean_s: float
    iaf_hz: float
    channel_median: Floats
    mu: Floats
    spread: Floats
    level: Floats

    @property
    def enough_signal(self) -> bool:
        """Whether it has a minute of clean signal and a median for every channel."""
        return self.clean_s >= MIN_CLEAN_S and bool(np.isfinite(self.channel_median).all())


@dataclass(frozen=True, slots=True, eq=False)
class PersonalBaseline:
    """Medians over ``n_sessions`` sessions, and the standard deviation of ``level`` between them."""

    n_sessions: int
    median: SessionBaseline
    between_session_sd: Floats


def summarize_baseline(baseline: Baseline, montage: Montage, eyes: str) -> SessionBaseline:
    """Return the part of a baseline that other sessions are compared with."""
    measured = np.broadcast_to(baseline.measured_channels[:, None], baseline.channel_median.shape)[None]
    level = RegionAverager(montage).means(baseline.channel_median[None], measured)[0] + baseline.mu
    return SessionBaseline(
        ch_names=montage.ch_names,
        reference=montage.reference,
        eyes=eyes,
        clean_s=baseline.clean_s,
        iaf_hz=math.nan if baseline.iaf_hz is None else baseline.iaf_hz,
        channel_median=baseline.channel_median,
        mu=baseline.mu,
        spread=baseline.spread,
        level=level,
    )


def aggregate_baselines(baselines: Sequence[SessionBaseline], montage: Montage, eyes: str) -> PersonalBaseline | None:
    """Return the personal baseline of earlier sessions, oldest first; None with fewer than three eligible ones.

    The spread between sessions is their standard deviation, at least a quarter of the spread between windows.
    """
    chosen = [baseline for baseline in baselines if is_eligible(baseline, montage, eyes)][-MAX_SESSIONS:]
    if len(chosen) < MIN_SESSIONS:
        return None
    spread = _median([baseline.spread for baseline in chosen])
    levels = np.stack([baseline.level for baseline in chosen])
    iaf = [baseline.iaf_hz for baseline in chosen if math.isfinite(baseline.iaf_hz)]
    median = SessionBaseline(
        ch_names=montage.ch_names,
        reference=montage.reference,
        eyes=eyes,
        clean_s=float(sum(baseline.clean_s for baseline in chosen)),
        iaf_hz=float(np.median(iaf)) if iaf else math.nan,
        channel_median=_median([baseline.channel_median for baseline in chosen]),
        mu=_median([baseline.mu for baseline in chosen]),
        spread=spread,
        level=_median([baseline.level for baseline in chosen]),
    )
    between_sd = np.maximum(levels.std(axis=0, ddof=1), _MIN_BETWEEN_SD_SHARE * spread)
    return PersonalBaseline(len(chosen), median, between_sd)


def compare_baselines(session: SessionBaseline, personal: PersonalBaseline) -> dict[str, float]:
    """Return the distance of a session's baseline from the personal one, by feature, in spreads between sessions."""
    distance = (session.level - personal.median.level) / personal.between_session_sd
    return {name: float(value) for name, value in zip(FEATURES, distance, strict=True) if math.isfinite(value)}


def is_eligible(baseline: SessionBaseline, montage: Montage, eyes: str) -> bool:
    """Whether a baseline may enter the personal baseline for these channels and eyes."""
    return baseline.enough_signal and matches_montage(baseline, montage) and baseline.eyes == eyes


def matches_montage(baseline: SessionBaseline, montage: Montage) -> bool:
    """Whether a baseline has these channels in this order, and this reference."""
    return baseline.ch_names == montage.ch_names and baseline.reference == montage.reference


def _median(values: Sequence[Floats]) -> Floats:
    return np.asarray(np.median(np.stack(values), axis=0), dtype=np.float64)


def personal_baseline_to_json(personal: PersonalBaseline | None) -> str:
    """Return a personal baseline as one line of JSON, as ``start.json`` holds it; empty for None."""
    return "" if personal is None else json.dumps(personal_baseline_document(personal), separators=(",", ":"))


def parse_matching_baseline(text: str, montage: Montage) -> PersonalBaseline | None:
    """Parse the JSON of a personal baseline; None for an empty text and for a baseline of other channels.

    Raises
    ------
    ValueError
        The text is not a personal baseline.
    """
    if not text or text == "n/a":
        return None
    personal = parse_personal_baseline(json.loads(text))
    return personal if matches_montage(personal.median, montage) else None


def session_baseline_document(baseline: SessionBaseline) -> SessionBaselineDocument:
    """Return a session's baseline as plain values for a JSON file."""
    return {
        "schema": SCHEMA,
        "ch_names": list(baseline.ch_names),
        "reference": baseline.reference,
        "eyes": baseline.eyes,
        "clean_s": baseline.clean_s,
        "iaf_hz": _rounded_or_none(baseline.iaf_hz),
        "channels": {
            kind: [_rounded_or_none(value) for value in column]
            for kind, column in zip(KINDS, baseline.channel_median.T.tolist(), strict=True)
        },
        "features": _by_feature({"level": baseline.level, "mu": baseline.mu, "spread": baseline.spread}),
    }


def personal_baseline_document(personal: PersonalBaseline) -> PersonalBaselineDocument:
    """Return a personal baseline as plain values for a JSON file."""
    between = _by_feature({"spread": personal.between_session_sd})
    return {**session_baseline_document(personal.median), "n_sessions": personal.n_sessions, "between": between}


def _by_feature(columns: Mapping[str, Floats]) -> dict[str, dict[str, float | None]]:
    return {
        name: {column: _rounded_or_none(float(values[row])) for column, values in columns.items()}
        for row, name in enumerate(FEATURES)
    }


def _rounded_or_none(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def parse_session_baseline(document: object) -> SessionBaseline:
    """Parse the JSON form of a session's baseline.

    Raises
    ------
    ValueError
        It is not a baseline, or has other features than this version computes.
    """
    table = _table(document)
    if table.get("schema") != SCHEMA:
        raise ValueError(f"schema {table.get('schema')!r}, not {SCHEMA}")
    names, channels, features = table.get("ch_names"), _table(table.get("channels")), _table(table.get("features"))
    if not isinstance(names, list) or set(channels) != set(KINDS):
        raise ValueError("other channels or kinds of feature")
    columns = [_numbers(channels[kind], len(cast("list[object]", names))) for kind in KINDS]
    return SessionBaseline(
        ch_names=tuple(str(name) for name in cast("list[object]", names)),
        reference=str(table.get("reference")),
        eyes=str(table.get("eyes")),
        clean_s=_number(table.get("clean_s")),
        iaf_hz=_number(table.get("iaf_hz")),
        channel_median=np.array(columns).T,
        mu=_column(features, "mu"),
        spread=_column(features, "spread"),
        level=_column(features, "level"),
    )


def parse_personal_baseline(document: object) -> PersonalBaseline:
    """Parse the JSON form of a personal baseline.

    Raises
    ------
    ValueError
        It is not a personal baseline.
    """
    table = _table(document)
    n_sessions = table.get("n_sessions")
    if not isinstance(n_sessions, int):
        raise ValueError("no number of sessions")
    return PersonalBaseline(n_sessions, parse_session_baseline(table), _column(_table(table.get("between")), "spread"))


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"no table: {str(value)[:40]}")
    return cast("Mapping[str, Any]", value)


def _column(features: Mapping[str, Any], column: str) -> Floats:
    if set(features) != set(FEATURES):
        raise ValueError("other features")
    return np.array([_number(_table(features[name]).get(column)) for name in FEATURES])


def _numbers(values: object, n: int) -> list[float]:
    if not isinstance(values, list) or len(cast("list[object]", values)) != n:
        raise ValueError(f"not one number for each of {n} channels")
    return [_number(value) for value in cast("list[object]", values)]


def _number(value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"no number: {value!r}")
    return float(value)
