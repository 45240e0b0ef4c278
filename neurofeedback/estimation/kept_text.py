"""Baselines as plain JSON: of one session, as it is stored beside it, and kept, as an engine is handed it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.personal_baseline import PersonalBaseline, SessionBaseline, matches_montage
from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.settings.montages import Montage

SCHEMA = 1
_DIGITS = 6

Floats = NDArray[np.float64]


def personal_baseline_to_json(personal: PersonalBaseline | None) -> str:
    """Return a kept baseline on one line, as ``start.json`` holds it; empty for none."""
    return "" if personal is None else json.dumps(baseline_document(personal), separators=(",", ":"))


def parse_matching_baseline(text: str, montage: Montage) -> PersonalBaseline | None:
    """Read a kept baseline for an engine; None for none, or for one of other channels.

    Raises
    ------
    ValueError
        The text is something else.
    """
    if not text or text == "n/a":
        return None
    kept = parse_personal_baseline(json.loads(text))
    return kept if matches_montage(kept.median, montage) else None


def baseline_document(baseline: SessionBaseline | PersonalBaseline) -> dict[str, object]:
    """Return either as plain values for a JSON file; ``null`` for what is not known."""
    past = baseline.median if isinstance(baseline, PersonalBaseline) else baseline
    document: dict[str, object] = {
        "schema": SCHEMA,
        "ch_names": list(past.ch_names),
        "reference": past.reference,
        "eyes": past.eyes,
        "clean_s": past.clean_s,
        "iaf_hz": _rounded_or_none(past.iaf_hz),
        "channels": {
            kind: [_rounded_or_none(value) for value in column]
            for kind, column in zip(KINDS, past.channel_median.T.tolist(), strict=True)
        },
        "features": _by_feature({"level": past.level, "mu": past.mu, "spread": past.spread}),
    }
    if isinstance(baseline, PersonalBaseline):
        document |= {"n_sessions": baseline.n_sessions, "between": _by_feature({"spread": baseline.between_session_sd})}
    return document


def _by_feature(columns: Mapping[str, Floats]) -> dict[str, dict[str, float | None]]:
    return {
        name: {column: _rounded_or_none(float(values[row])) for column, values in columns.items()}
        for row, name in enumerate(FEATURES)
    }


def _rounded_or_none(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def parse_session_baseline(document: object) -> SessionBaseline:
    """Read one session's baseline.

    Raises
    ------
    ValueError
        It is something else, or of other features than this version computes.
    """
    given = _table(document)
    if given.get("schema") != SCHEMA:
        raise ValueError(f"schema {given.get('schema')!r}, not {SCHEMA}")
    names, channels, features = given.get("ch_names"), _table(given.get("channels")), _table(given.get("features"))
    if not isinstance(names, list) or set(channels) != set(KINDS):
        raise ValueError("other channels or kinds of feature")
    columns = [_numbers(channels[kind], len(cast("list[object]", names))) for kind in KINDS]
    return SessionBaseline(
        ch_names=tuple(str(name) for name in cast("list[object]", names)),
        reference=str(given.get("reference")),
        eyes=str(given.get("eyes")),
        clean_s=_number(given.get("clean_s")),
        iaf_hz=_number(given.get("iaf_hz")),
        channel_median=np.array(columns).T,
        mu=_column(features, "mu"),
        spread=_column(features, "spread"),
        level=_column(features, "level"),
    )


def parse_personal_baseline(document: object) -> PersonalBaseline:
    """Read a kept baseline.

    Raises
    ------
    ValueError
        It is something else.
    """
    given = _table(document)
    n = given.get("n_sessions")
    if not isinstance(n, int):
        raise ValueError("no number of sessions")
    return PersonalBaseline(n, parse_session_baseline(given), _column(_table(given.get("between")), "spread"))


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
