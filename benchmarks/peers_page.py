"""The generated page docs/peers.md and its plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.generated_page import Section, Table, write_page

_OURS, _OTHERS, _LINE = "#1d3b4a", "#b08d57", "#8a9aa3"


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Write the page and its plots."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    _plot_auc(results["auc"], images / "acceptance-peers-auc.png")
    _plot_moved(results["thrown"], images / "acceptance-peers-thrown.png")
    sections = [
        Section(
            "Wandering against focus, simulated people",
            table=_by_column(results["auc"], _estimate),
            images=[("AUC of the index and of its peers", "acceptance-peers-auc.png")],
        ),
        Section("Open against closed eyes, simulated people", table=_by_measure(results.get("eyes", {}))),
        Section(
            "Effect of artifacts on the displayed value",
            table=_by_column(results["thrown"], _moved),
            images=[("Share of updates moved by artifacts", "acceptance-peers-thrown.png")],
        ),
        Section("Arithmetic against rest, real recordings", table=_by_measure(results["arithmetic"])),
    ]
    write_page(
        folder / "peers.md",
        "Comparison with other programs' scores",
        command="python -m benchmarks.peers",
        machine=f"{results['machine']}. Commit: {results['commit']}",
        sections=[section for section in sections if section.table is not None],
    )


def _by_column(table: Mapping[str, Mapping[str, Any]], cell: Callable[[Mapping[str, Any]], str]) -> Table:
    columns = list(table)
    rows = [(name, *(cell(table[column][name]) for column in columns)) for name in table[columns[0]]]
    return Table(("measure", *columns), rows)


def _by_measure(cells: Mapping[str, Any]) -> Table | None:
    return Table(("measure", "AUC"), [(name, _estimate(cell)) for name, cell in cells.items()]) if cells else None


def _estimate(cell: Mapping[str, Any]) -> str:
    if cell["value"] is None:
        return "n/a"
    return f"{cell['value']:.3f} ({cell['low']:.3f} to {cell['high']:.3f}; {cell['n']})"


def _moved(cell: Mapping[str, Any]) -> str:
    withheld = cell["withheld"]["value"]
    return f"{100 * cell['outside']['value']:.0f} %" + (f" ({100 * withheld:.0f} %)" if withheld else "")


def _plot_auc(table: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    fig, axes = plt.subplots(1, len(table), figsize=(11, 3.2), sharey=True, layout="constrained")
    for ax, (title, row) in zip(axes, table.items(), strict=True):
        for place, (name, cell) in enumerate(reversed(row.items())):
            colour = _OURS if name.startswith("this program") else _OTHERS
            ax.plot([cell["low"], cell["high"]], [place, place], color=colour, lw=1.8)
            ax.plot(cell["value"], place, "o", color=colour, ms=5)
        ax.axvline(0.5, color=_LINE, lw=0.8, ls=":")
        ax.set_yticks(range(len(row)), list(reversed(row)), fontsize=8)
        ax.set_title(title, fontsize=9, loc="left")
        ax.spines[["top", "right"]].set_visible(False)
    fig.supxlabel("AUC within a person, wandering against focus (95 % over people)", fontsize=8)
    fig.savefig(path, dpi=110)
    plt.close(fig)


def _plot_moved(table: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    names, kinds = list(next(iter(table.values()))), list(table)
    fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
    width = 0.8 / len(names)
    shades = [_OURS, *[mpl.colormaps["YlOrBr"](x) for x in np.linspace(0.3, 0.8, len(names) - 1)]]
    for place, name in enumerate(names):
        shares = [100 * table[kind][name]["outside"]["value"] for kind in kinds]
        ax.bar(
            np.arange(len(kinds)) + (place - len(names) / 2 + 0.5) * width,
            shares,
            width,
            label=name,
            color=shades[place],
        )
    ax.axhline(10, color=_LINE, lw=0.8, ls=":")
    ax.set_xticks(range(len(kinds)), kinds, fontsize=8)
    ax.set_ylabel("% of shown updates outside\nthe clean 5-95 % range", fontsize=8)
    ax.legend(fontsize=7, frameon=False, ncols=2)
    ax.spines[["top", "right"]].set_visible(False)
    fig.savefig(path, dpi=110)
    plt.close(fig)
