"""The page: docs/acceptance.md from the results, with the reasons of whatever falls short."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.acceptance import plots

_HEAD = """# Acceptance

What the program reaches on simulated people whose state and artifacts are known, target by target, and what the gate
does on real recordings. Written by `./scripts/acceptance`; do not edit it by hand (the reasons of what falls short are
in `docs/acceptance-notes.toml`).

The person is the unit: each value is a mean over people with its 95 % interval (t, Wilson for shares of cases,
bootstrap over people for shares of events), unless its row says otherwise. An AUC is taken within one person, over
valid frames of practice, wandering against focus, with the true state at the frame's end shifted by nothing. A verdict
compares the value, not the edge of its interval. "Known" is what the prototypes behind a target reached. People are
drawn by seeds 1, 2, 3 and so on (some targets add a thousand or more, so that theirs are other people).
"""


def number(value: float | None) -> str:
    """Write a value with as many digits as it deserves.

    Examples
    --------
    >>> number(0.51234), number(12.345), number(1234.5), number(None)
    ('0.512', '12.3', '1234', 'n/a')
    """
    if value is None or math.isnan(value):
        return "n/a"
    if math.isinf(value):
        return "never"
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval, or nothing where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{number(low)} to {number(high)}"


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Render the page and its plots."""
    targets: Mapping[str, Any] = results["targets"]
    images = plots.draw(targets, folder / "images")
    notes = plots.notes(folder / "acceptance-notes.toml")
    lines = [_HEAD, f"Machine: {results['machine']}.\n", *_summary(targets)]
    for name, image in images.items():
        lines.append(f"\n![{name}](images/{image.name})\n")
    for identity, entry in targets.items():
        lines += _section(identity, entry, notes.get(identity, ""))
    (folder / "acceptance.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _summary(targets: Mapping[str, Any]) -> Iterator[str]:
    yield "| target | what | verdict | commit |"
    yield "|---|---|---|---|"
    for identity, entry in targets.items():
        fast = " (few people)" if entry["fast"] else ""
        yield f"| {identity} | {entry['what']} | {entry['verdict']}{fast} | {entry['commit']} |"


def _section(identity: str, entry: Mapping[str, Any], note: str) -> Iterator[str]:
    yield f"\n## {identity}: {entry['what']}\n"
    yield f"**{entry['verdict'][0].upper()}{entry['verdict'][1:]}.**" + (f" {entry['why']}." if entry["why"] else "")
    for text in (f"People: {entry['population']}." if entry["population"] else "", *entry["notes"], note):
        if text:
            yield f"\n{text}"
    if entry["figures"]:
        yield "\n| figure | value | 95 % interval | n | goal | known | verdict |"
        yield "|---|---|---|---|---|---|---|"
        yield from map(_row, entry["figures"])


def _row(figure: Mapping[str, Any]) -> str:
    verdict = f"**{figure['verdict']}**" if figure["verdict"] == "short" else figure["verdict"]
    cells = (
        figure["name"].replace("|", "\\|"),
        f"{number(figure['value'])} {figure['unit']}".strip(),
        interval(figure["low"], figure["high"]),
        f"{figure['n']} {figure['of']}",
        figure["goal"],
        figure["known"],
        verdict,
    )
    return "| " + " | ".join(cells) + " |"
