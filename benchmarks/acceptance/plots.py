"""Plots of docs/acceptance.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_INK, _SHORT, _PLAIN = "#1d3b4a", "#b5473c", "#8a9aa3"


def draw(targets: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Draw the plots whose results exist; return their files by title."""
    folder.mkdir(parents=True, exist_ok=True)
    out: dict[str, Path] = {}
    plots = {
        "Scores of simulated people": (("T4", "T5", "T6"), "acceptance-auc.png", 0.5, "AUC"),
        "Artifacts that the gate misses, and its false alarms": (("T11",), "acceptance-gate.png", None, "%"),
        "Valid frames that artifacts move out of the clean 5-95 % range": (
            ("invariance",),
            "acceptance-invariance.png",
            0.10,
            "share of valid frames",
        ),
    }
    for title, (identities, name, line, unit) in plots.items():
        figures = [
            {**figure, "name": f"{identity}  {figure['name']}"} if len(identities) > 1 else figure
            for identity in identities
            for figure in targets.get(identity, {}).get("figures", ())
        ]
        figures = [figure for figure in figures if _fits(figure, identities)]
        if identities == ("T11",):
            figures = [_as_error_rate(figure) for figure in figures]
        if figures:
            out[title] = _forest(title, figures, folder / name, line, unit)
    return out


def _fits(figure: Mapping[str, Any], identities: tuple[str, ...]) -> bool:
    name = figure["name"]
    if "T4" in identities:
        return "profile" in name or "mean AUC" in name
    if "T11" in identities:
        return name.startswith("alpha") and "rule" not in name
    return "outside" in name


def _as_error_rate(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure in per cent, with hits as misses, so that all fit one axis."""
    missed = "hit" in figure["name"] or "caught" in figure["name"]
    name = figure["name"].replace("hit", "missed").replace("caught", "missed")
    goal = [_missed(float(bound), missed=missed) for bound in _bounds(figure)]
    ends = sorted(_missed(figure[end], missed=missed) for end in ("low", "high"))
    value = _missed(figure["value"], missed=missed)
    return {
        **figure,
        "name": name,
        "value": value,
        "low": ends[0],
        "high": ends[1],
        "goal": " to ".join(f"{bound:g}" for bound in goal),
    }


def _missed(share: float, *, missed: bool) -> float:
    return 100 * (1 - share) if missed else 100 * share


def _bounds(figure: Mapping[str, Any]) -> list[str]:
    return [bound for bound in figure["goal"].replace("<= ", "").replace(">= ", "").split(" to ") if bound]


def _forest(title: str, figures: list[Mapping[str, Any]], path: Path, line: float | None, unit: str) -> Path:
    height = 1.2 + 0.26 * len(figures)
    fig, axes = plt.subplots(figsize=(8.4, height), layout="constrained")
    for row, figure in enumerate(reversed(figures)):
        colour = {"short": _SHORT, "pass": _INK}.get(figure["verdict"], _PLAIN)
        if figure["low"] is not None:
            axes.plot([figure["low"], figure["high"]], [row, row], color=colour, lw=1.6)
        axes.plot(figure["value"], row, "o", color=colour, ms=5)
        for bound in _bounds(figure):
            axes.plot(float(bound), row, "|", color=colour, ms=12, mew=1)
    if line is not None:
        axes.axvline(line, color=_PLAIN, lw=0.8, ls=":")
    axes.set_yticks(range(len(figures)), [figure["name"] for figure in reversed(figures)], fontsize=8)
    axes.set_xlabel(f"{unit}; bars are 95 % intervals, ticks are goals, red is short, grey has no goal", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left", fontsize=10)
    fig.savefig(path, dpi=110)
    plt.close(fig)
    return path
