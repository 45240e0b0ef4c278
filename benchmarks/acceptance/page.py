"""The generated page docs/acceptance.md: one table of all targets, and one table of figures for each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.acceptance import plots
from benchmarks.acceptance.results import ROOT
from benchmarks.generated_page import Section, Table, format_interval, format_number, write_page

_PROBE_STUDIES = ROOT / "docs" / "probe-studies.json"
_COLUMNS = ("figure", "value", "95 % interval", "n", "goal", "known", "verdict")


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Write the page and its plots."""
    targets: Mapping[str, Any] = results["targets"]
    images = plots.draw(targets, folder / "images")
    write_page(
        folder / "acceptance.md",
        "Acceptance",
        command="./scripts/acceptance",
        machine=results["machine"],
        sections=[
            Section(table=_summary(targets), images=[(title, image.name) for title, image in images.items()]),
            _probe_studies(json.loads(_PROBE_STUDIES.read_text(encoding="utf-8"))),
            *_sections(targets),
        ],
    )


def _summary(targets: Mapping[str, Any]) -> Table:
    rows = [
        (identity, entry["what"], entry["verdict"] + (" (few people)" if entry["fast"] else ""), entry["commit"])
        for identity, entry in targets.items()
    ]
    return Table(("target", "what", "verdict", "commit"), rows)


def _probe_studies(studies: Mapping[str, Any]) -> Section:
    """Return the table of the evidence on real answers, from committed data: the recordings are not in the tests."""
    rows = [
        (row["name"], format_number(row.get("auc", row.get("difference"))), _interval(row)) for row in studies["rows"]
    ]
    return Section(
        "Answers to probes of real people",
        facts=(f"{studies['people']} people of {studies['studies']} public studies; {studies['what']}.",),
        table=Table(("what", "AUC, or difference", "95 % interval over people"), rows),
    )


def _interval(row: Mapping[str, Any]) -> str:
    return format_interval(row["low"], row["high"]) if "low" in row else ""


def _sections(targets: Mapping[str, Any]) -> Iterator[Section]:
    for identity, entry in targets.items():
        verdict: str = entry["verdict"]
        yield Section(
            f"{identity}: {entry['what']}",
            facts=(
                f"**{verdict[0].upper()}{verdict[1:]}.**" + (f" {entry['why']}." if entry["why"] else ""),
                f"People: {entry['population']}." if entry["population"] else "",
            ),
            table=Table(_COLUMNS, [_row(figure) for figure in entry["figures"]]),
        )


def _row(figure: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        figure["name"],
        f"{format_number(figure['value'])} {figure['unit']}".strip(),
        format_interval(figure["low"], figure["high"]),
        f"{figure['n']} {figure['of']}",
        figure["goal"],
        figure["known"],
        f"**{figure['verdict']}**" if figure["verdict"] == "short" else figure["verdict"],
    )
