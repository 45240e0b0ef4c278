"""Timeline figure of a session: index, threshold, confidence, events, unusable signal and contact."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from neurofeedback.analysis.contact_log import ContactLog
from neurofeedback.analysis.frame_table import Floats, FrameTable, Span
from neurofeedback.report.figure_style import ACCENT, GREY, INK, PALE, WIDTH_IN, render_svg, shorten_label
from neurofeedback.texts import report
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.status import phase_label
from neurofeedback.types import Event, EventKind, Phase


@dataclass(frozen=True, slots=True)
class _Hatching:
    label: str
    colour: str
    hatch: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """How events of a kind (with one value, or any) are drawn: marker, fill and height on the index axis."""

    kind: EventKind
    value: str | None
    marker: str
    fill: str
    height: float
    label: str


MAX_MARKS = 200
_MAX_POINTS = 1200
_MAX_ROWS = 32
_MINUTES_FROM_S = 180.0
_POINTS_A_LETTER = 4.0
_ABOVE, _BELOW = 105.0, -5.0
_LEVELS_POINTS = (4, 15, 26)
_UNUSABLE_STYLES = {
    "unknown": _Hatching(report.NOT_CLEAR, "#ebebee", "/////"),
    "lost": _Hatching(report.NOT_ARRIVED, "#cfcfd4", "xxxxx"),
}
_MARKS = (
    _Mark(EventKind.MARK, None, "v", INK, _ABOVE, report.EVENT_MARK),
    _Mark(EventKind.SIGNAL_LOST, None, "x", "white", _ABOVE, report.EVENT_SIGNAL_LOST),
    _Mark(EventKind.SIGNAL_BACK, None, "o", "white", _ABOVE, report.EVENT_SIGNAL_BACK),
    _Mark(EventKind.ANSWER_WHERE, "1", "o", "white", _BELOW, report.ANSWER_FOCUS),
    _Mark(EventKind.ANSWER_WHERE, "2", "o", INK, _BELOW, report.ANSWER_WANDER),
    _Mark(EventKind.ANSWER_WHERE, "3", "o", PALE, _BELOW, report.ANSWER_UNSURE),
    _Mark(EventKind.PRESS, None, "|", INK, _BELOW, report.SELF_CAUGHT),
)
_CONTACT = {report.CONTACT_GOOD: "#ffffff", report.CONTACT_FAIR: "#b4b4ba", report.CONTACT_BAD: "#1d1d1f"}


def plot_timeline(
    frames: FrameTable, contacts: ContactLog, events: Sequence[Event], sfreq: float, index_name: str
) -> str:
    """Draw a session's timeline as SVG.

    Parameters
    ----------
    frames : FrameTable
        At least one frame.
    contacts : ContactLog
        Contact of the same session.
    events : sequence of Event
        Marks, losses, answers and presses; at most 200 of a kind are drawn.
    sfreq : float
        Sampling rate, Hz.
    index_name : str
        Name of the index.
    """
    n_rows = min(len(contacts.channels), _MAX_ROWS)
    raster_in = 0.2 + 0.16 * max(n_rows, 2)

    def draw(figure: Figure) -> None:
        heights = (2.3, 0.42, raster_in)
        index, confidence, contact = figure.subplots(3, 1, sharex=True, height_ratios=heights)
        unit_s = 60.0 if frames.onset[-1] >= _MINUTES_FROM_S else 1.0
        _draw_index(index, frames, unit_s, index_name)
        marks = _draw_events(index, events, sfreq * unit_s)
        _draw_confidence(confidence, frames, unit_s)
        _draw_contact(contact, contacts, n_rows, frames.onset[-1] / unit_s)
        contact.set_xlabel(tr(report.TIME_MINUTES if unit_s > 1 else report.TIME_SECONDS))
        contact.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        contact.set_xlim(0, frames.onset[-1] / unit_s)
        figure.legend(handles=[*_legend(frames), *marks, *_contact_legend()], loc="outside lower center", ncols=4)

    return render_svg("timeline", 3.9 + raster_in, draw)


def downsample(values: Floats, n_points: int = _MAX_POINTS) -> Floats:
    """Average neighbours so that at most ``n_points`` are left; NaN where more than half of them are.

    Examples
    --------
    >>> downsample(np.array([1, 3, np.nan, 5, np.nan, np.nan]), 3).tolist()
    [2.0, 5.0, nan]
    """
    size = -(-len(values) // n_points)
    padded = np.concatenate([values, np.full(-len(values) % size, np.nan)]).reshape(-1, size)
    known = np.isfinite(padded)
    count = known.sum(axis=1)
    sums = np.where(known, padded, 0.0).sum(axis=1)
    return np.where(2 * count >= size, sums / np.maximum(count, 1), np.nan)


def join_spans(spans: Iterable[Span], max_gap_s: float) -> list[tuple[float, float]]:
    """Return start and stop (s) of spans, joined where less than ``max_gap_s`` lies between: hours have thousands.

    Examples
    --------
    >>> join_spans([Span(0.0, 1.0, "lost"), Span(1.5, 2.0, "lost"), Span(9.0, 9.5, "lost")], 1.0)
    [(0.0, 2.0), (9.0, 9.5)]
    """
    joined: list[tuple[float, float]] = []
    for span in spans:
        if joined and span.start_s - joined[-1][1] < max_gap_s:
            joined[-1] = (joined[-1][0], span.stop_s)
        else:
            joined.append((span.start_s, span.stop_s))
    return joined


def _draw_index(axes: Axes, frames: FrameTable, unit_s: float, name: str) -> None:
    for label, style in _UNUSABLE_STYLES.items():
        spans = [span for span in frames.spans(frames.unusable_reason) if span.label == label]
        for start_s, stop_s in join_spans(spans, frames.onset[-1] / _MAX_POINTS):
            edges = (start_s / unit_s, stop_s / unit_s)
            axes.axvspan(*edges, facecolor=style.colour, hatch=style.hatch, edgecolor=GREY, linewidth=0, zorder=0)
    times = downsample(frames.onset) / unit_s
    axes.axhline(50, color=GREY, linewidth=0.6, zorder=1)
    axes.plot(times, downsample(frames.threshold), color=INK, linewidth=0.9, linestyle=(0, (5, 2)), zorder=2)
    axes.plot(times, downsample(frames.mwi), color=ACCENT, linewidth=1.0, zorder=3)
    axes.set_ylim(-10, 110)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_ylabel(textwrap.fill(name, 22))
    if not frames.has_index:
        axes.text(0.5, 0.6, tr(report.NO_INDEX), transform=axes.transAxes, ha="center", va="center")
    _draw_phases(axes, frames.spans(frames.phase), unit_s)


def _draw_phases(axes: Axes, phases: Sequence[Span], unit_s: float) -> None:
    """Write the phases above the axes; names wider than their phase are placed higher, one above the other."""
    points_a_second = WIDTH_IN * 72 * 0.88 / phases[-1].stop_s
    level = 0
    for before, _ in pairwise(phases):
        axes.axvline(before.stop_s / unit_s, color=INK, linewidth=0.8, zorder=4)
    for span in phases:
        name = phase_label(Phase(span.label))
        fits = len(name) * _POINTS_A_LETTER < span.length_s * points_a_second
        level = 0 if fits else level % 2 + 1
        side = "center" if fits else "left" if span.start_s < phases[-1].stop_s / 2 else "right"
        place = {"left": span.start_s, "center": (span.start_s + span.stop_s) / 2, "right": span.stop_s}[side]
        axes.annotate(
            name,
            (place / unit_s, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, _LEVELS_POINTS[level]),
            textcoords="offset points",
            ha=side,
        )


def _draw_events(axes: Axes, events: Sequence[Event], samples_a_unit: float) -> list[Artist]:
    """Draw losses and marks above the index, answers and presses below; return one of each kind for the legend."""
    handles: list[Artist] = []
    for mark in _MARKS:
        found = [e for e in events if e.kind is mark.kind and mark.value in {None, e.value}][:MAX_MARKS]
        if found:
            (line,) = axes.plot(
                [event.sample / samples_a_unit for event in found],
                np.full(len(found), mark.height),
                linestyle="",
                marker=mark.marker,
                markersize=4.5,
                color=INK,
                markerfacecolor=mark.fill,
                markeredgewidth=0.8,
                label=tr(mark.label),
                zorder=5,
            )
            handles.append(line)
    return handles


def _draw_confidence(axes: Axes, frames: FrameTable, unit_s: float) -> None:
    confidence = downsample(np.where(np.isfinite(frames.confidence), frames.confidence, 0.0))
    axes.fill_between(downsample(frames.onset) / unit_s, confidence, color="#9a9aa0", linewidth=0, step="pre")
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 1])
    axes.set_ylabel(tr(report.CONFIDENCE), rotation=0, ha="right", va="center")


def _draw_contact(axes: Axes, contacts: ContactLog, n_rows: int, end: float) -> None:
    if not n_rows:
        axes.set_yticks([])
        return
    size = -(-len(contacts.grades) // _MAX_POINTS)
    missing = -len(contacts.grades) % size
    padded = np.pad(contacts.grades[:, :n_rows], ((0, missing), (0, 0)), mode="edge")
    worst = padded.reshape(-1, size, n_rows).max(axis=1)
    right = end * len(padded) / len(contacts.grades)
    axes.imshow(
        worst.T,
        cmap=ListedColormap(list(_CONTACT.values())),
        vmin=0,
        vmax=2,
        aspect="auto",
        interpolation="nearest",
        extent=(0, right, n_rows - 0.5, -0.5),
    )
    axes.set_yticks(range(n_rows), [shorten_label(channel.ch_name) for channel in contacts.channels[:n_rows]])
    axes.set_yticks(np.arange(0.5, n_rows - 1), minor=True)
    axes.grid(which="minor", axis="y", color=PALE, linewidth=0.6)
    axes.tick_params(axis="y", which="both", length=0)
    axes.spines[["top", "right"]].set_visible(True)


def _legend(frames: FrameTable) -> list[Artist]:
    handles: list[Artist] = []
    if frames.has_index:
        handles += [
            Line2D([], [], color=ACCENT, linewidth=1.0, label=tr(report.INDEX)),
            Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (5, 2)), label=tr(report.THRESHOLD)),
        ]
    present = set(frames.unusable_reason.tolist())
    return handles + [
        Patch(facecolor=style.colour, hatch=style.hatch, edgecolor=GREY, linewidth=0.4, label=tr(style.label))
        for reason, style in _UNUSABLE_STYLES.items()
        if reason in present
    ]


def _contact_legend() -> list[Artist]:
    return [Patch(facecolor=colour, edgecolor=GREY, linewidth=0.4, label=tr(name)) for name, colour in _CONTACT.items()]
