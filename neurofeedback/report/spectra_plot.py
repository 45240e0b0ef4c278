"""Figure of the spectra: one panel for each channel or region, both axes logarithmic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from neurofeedback.analysis.session_spectra import SPECTRA_PHASES, SpectraPanel
from neurofeedback.report.figure_style import ACCENT, GREY, INK, render_svg, shorten_label
from neurofeedback.texts import report
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import inside_sentence
from neurofeedback.texts.status import phase_label
from neurofeedback.types import Phase

_LINES = {Phase.BASELINE: ("#a3a3a8", 2.4), Phase.PRACTICE: (ACCENT, 1.1)}
_BRAIN_HZ = 45.0
_TICKS_HZ = (2, 5, 10, 20, 40)


def plot_spectra(panels: Sequence[SpectraPanel], iaf_hz: float | None) -> str:
    """Draw at least one spectrum (uV^2/Hz), the 1/f fits and the individual alpha frequency as SVG."""
    n_columns = len(panels) if len(panels) <= 3 else 2 if len(panels) == 4 else 4
    n_rows = -(-len(panels) // n_columns)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, panel, iaf_hz)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes in grid.flat[max(0, len(panels) - n_columns) : len(panels)]:  # the lowest panel of each column
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(tr(report.FREQUENCY))
        for axes in grid[:, 0]:
            axes.set_ylabel("µV²/Hz")
        grid[0, 0].set_ylim(*_limits(panels))
        figure.legend(handles=_legend(panels, iaf_hz), loc="outside lower center", ncols=4)

    return render_svg("spectra", 0.9 + 1.85 * n_rows, draw)


def _draw_panel(axes: Axes, panel: SpectraPanel, iaf_hz: float | None) -> None:
    axes.set_title(shorten_label(panel.label))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(_TICKS_HZ)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for phase, spectrum in panel.spectra.items():
        colour, width = _LINES[phase]
        axes.plot(spectrum.freqs, spectrum.psd, color=colour, linewidth=width)
        axes.plot(spectrum.freqs, spectrum.aperiodic, color=colour, linewidth=0.9, linestyle=(0, (4, 2)))
    if iaf_hz is not None:
        axes.axvline(iaf_hz, color=INK, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
    if not panel.spectra:
        axes.text(0.5, 0.5, tr(report.TOO_LITTLE_CLEAN), transform=axes.transAxes, ha="center", va="center", color=GREY)


def _limits(panels: Sequence[SpectraPanel]) -> tuple[float, float]:
    """Return the range of power (uV^2/Hz) of all spectra up to 45 Hz; a mains peak above may exceed it."""
    spectra = [spectrum for panel in panels for spectrum in panel.spectra.values()]
    brain = np.concatenate([spectrum.psd[spectrum.freqs <= _BRAIN_HZ] for spectrum in spectra])
    return float(brain.min()) / 2, float(brain.max()) * 2


def _legend(panels: Sequence[SpectraPanel], iaf_hz: float | None) -> list[Artist]:
    shown = [phase for phase in SPECTRA_PHASES if any(phase in panel.spectra for panel in panels)]
    handles: list[Artist] = [
        Line2D([], [], color=_LINES[phase][0], linewidth=_LINES[phase][1], label=inside_sentence(phase_label(phase)))
        for phase in shown
    ]
    handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 2)), label=tr(report.APERIODIC_FIT)))
    if iaf_hz is not None:
        name = tr(report.IAF, hz=f"{iaf_hz:.1f}")
        handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (1, 1.5)), label=name))
    return handles
