"""docs/peers.md and its plots, from the results of the peers benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

_OURS, _OTHERS, _LINE = "#1d3b4a", "#b08d57", "#8a9aa3"
_HEAD = """# Beside what others compute

The same samples for everybody, once a second. BrainFlow's MINDFULNESS and RESTFULNESS are its own model on its own band
powers over 5 s with its own filters; theta/beta and alpha/theta are mean densities over 5 s, all channels; muse-lsl's
alpha/delta follows its neurofeedback example (log10 amplitudes of TP9, 5 s). Written by `python -m benchmarks.peers`.
"""
_AUC = """
## Wandering against focus, simulated people

AUC within each person, mean over people with its 95 % interval; practice only, eyes closed with artifacts and drift, on
the frames this program calls valid, so that peers profit from its gate here, and every peer smoothed with 4 s as the
index is. A sign is given beforehand: restful, mindful, more alpha or less theta/beta should mean focus. An AUC below .5
is the wrong way round. No effect is the control.
"""
_EYES = """
## Open against closed eyes, simulated people

The same person without any effect of wandering sits five minutes with closed eyes, then five with open ones (alpha at
.4 of its size, more blinks, a little more muscle); the baseline is one with closed eyes. AUC as above, for open eyes as
the wandering state. Nobody's mind has changed, so .5 would be right, and what is far from it is a measure of the eyes:
that is why a sitting, its baseline and whatever it is compared with have to keep the eyes alike.
"""
_THROWN = """
## What artifacts do to the value shown

Share of updates outside the 5-95 % range of the same person's sitting without the disturbance (10 % by definition when
nothing happens), or no number at all; under stalls an update counts as thrown when it shows a value though nothing new
has come. Peers as they are, without added smoothing. This program withholds what it cannot judge: the share it shows no
valid frame for is in brackets.
"""
_TASK = """
## Arithmetic against rest, real recordings

Six people, 19 channels, windows of 4 s. AUC within each person; a classifier's weights come from the other five people.
Rest was always recorded first and each state is one recording, so anything that changes with time counts as a
difference between the states: read this as a positive control, not as decoding. Gamma on the scalp is largely muscle,
and what it adds is no gain one may claim. Every score points to what its maker calls focused or mindful, and an AUC
above .5 says that arithmetic is more of it; alpha falls in arithmetic, so what rests on alpha must come out below.
"""


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Render page and plots."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    lines = [_HEAD, f"Machine: {results['machine']}. Commit: {results['commit']}.", _AUC]
    lines += _table(results["auc"], _estimate)
    _plot_auc(results["auc"], images / "acceptance-peers-auc.png")
    lines += ["\n![AUC of the index and of its peers](images/acceptance-peers-auc.png)"]
    if results.get("eyes"):
        lines += [_EYES, "| measure | AUC |", "|---|---|"]
        lines += [f"| {name} | {_estimate(cell)} |" for name, cell in results["eyes"].items()]
    lines += [_THROWN]
    lines += _table(results["thrown"], _thrown)
    _plot_thrown(results["thrown"], images / "acceptance-peers-thrown.png")
    lines += ["\n![Share of updates thrown by artifacts](images/acceptance-peers-thrown.png)"]
    if results["arithmetic"]:
        lines += [_TASK, "| measure | AUC |", "|---|---|"]
        lines += [f"| {name} | {_estimate(cell)} |" for name, cell in results["arithmetic"].items()]
    (folder / "peers.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _table(table: Mapping[str, Mapping[str, Any]], cell: Any) -> Iterator[str]:
    columns = list(table)
    yield "| | " + " | ".join(columns) + " |"
    yield "|---|" + "---|" * len(columns)
    for name in table[columns[0]]:
        yield f"| {name} | " + " | ".join(cell(table[column][name]) for column in columns) + " |"


def _estimate(cell: Mapping[str, Any]) -> str:
    if cell["value"] is None:
        return "n/a"
    return f"{cell['value']:.3f} ({cell['low']:.3f} to {cell['high']:.3f}; {cell['n']})"


def _thrown(cell: Mapping[str, Any]) -> str:
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


def _plot_thrown(table: Mapping[str, Mapping[str, Any]], path: Path) -> None:
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
