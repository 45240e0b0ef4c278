"""Comparison of two conditions as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure

from neurofeedback._version import __version__
from neurofeedback.analysis.comparison import Comparison
from neurofeedback.analysis.conditions.contrasts import Contrast, EffectInterval
from neurofeedback.analysis.resting_measures import MEASURES
from neurofeedback.errors import RecordingError
from neurofeedback.report.figure_style import ACCENT, GREY, INK, PALE, render_svg
from neurofeedback.report.templates import render_template
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.texts import comparison as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session import DISCLAIMER, STOP_ADVICE

_MAX_Q = 0.05
_MAX_NAMED = 6
_COLUMNS = 3
_MUSCLE_AFFECTED = frozenset({"beta", "gamma", "muscle", "o_beta"})


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure as a row of the table, all values as text."""

    name: str
    text: str
    unit: str
    caveat: str
    n: str
    a: str
    b: str
    difference: str
    sd: str
    interval: str
    within_interval: str
    g: str
    p: str
    q: str


def write_comparison_page(comparison: Comparison, path: Path) -> Path:
    """Write the page, in place of an earlier one.

    Raises
    ------
    RecordingError
        The folder does not exist, or the file cannot be written.
    """
    try:
        write_atomic(path, render_comparison(comparison))
    except OSError as error:
        raise RecordingError(
            f"the comparison cannot be written to {path}",
            got=error.strerror or str(error),
            todo="choose another place with --out",
        ) from None
    return path


def render_comparison(comparison: Comparison) -> str:
    """Return the page as HTML."""
    contrasts = comparison.contrasts
    return render_template(
        "comparison.html.j2",
        texts,
        {
            "c": comparison,
            "finding": finding_sentence(comparison),
            "rows": measure_rows(contrasts),
            "missing": _missing_lines(comparison),
            "tested": any(one.p is not None for one in contrasts.values()),
            "paired": any(one.within_interval is not None for one in contrasts.values()),
            "figure": plot_differences(contrasts),
            "dates_figure": plot_dates(comparison) if comparison.separated else "",
            "earlier": comparison.b.name if _b_is_earlier(comparison) else comparison.a.name,
            "disclaimer": tr(DISCLAIMER),
            "stop_advice": tr(STOP_ADVICE),
            "version": __version__,
        },
    )


def _missing_lines(comparison: Comparison) -> list[tuple[str, str]]:
    """Return the sessions that measures leave out, and the measures, measures of the same sessions together."""
    by_sessions: dict[tuple[str, ...], list[str]] = {}
    for name, stems in comparison.missing.items():
        by_sessions.setdefault(stems, []).append(MEASURES[name].text)
    return [(", ".join(stem.split("_")[1] for stem in stems), "; ".join(names)) for stems, names in by_sessions.items()]


def finding_sentence(comparison: Comparison) -> str:
    """Return what the comparison found, in one or two sentences for somebody who does not know statistics."""
    tested = {name: one.q for name, one in comparison.contrasts.items() if one.q is not None}
    if not tested:
        return tr(texts.NOT_TESTED_SEPARATED if comparison.separated else texts.NOT_TESTED)
    names = [MEASURES[name].text for name, q in tested.items() if q <= _MAX_Q]
    if not names:
        return tr(texts.NO_DIFFERENCES, m=len(tested))
    listed, more = "; ".join(names[:_MAX_NAMED]), len(names) - _MAX_NAMED
    listed = tr(texts.AND_MORE, list=listed, n=more) if more > 0 else listed
    return tr(texts.DIFFERENCES_FOUND, k=len(names), m=len(tested), names=listed)


def measure_rows(contrasts: Mapping[str, Contrast]) -> list[MeasureRow]:
    """Return each measure as a row of text."""
    return [_row(name, one) for name, one in contrasts.items()]


def _row(name: str, one: Contrast) -> MeasureRow:
    measure = MEASURES[name]
    digits = 3 if measure.unit == "1" else 2
    return MeasureRow(
        name=name,
        text=measure.text,
        unit=measure.unit,
        caveat=measure.caveat,
        n=tr(texts.N_OF_BOTH, n_a=one.n[0], n_b=one.n[1]),
        a=f"{fmean(one.a):.{digits}f}",
        b=f"{fmean(one.b):.{digits}f}",
        difference=f"{one.difference:+.{digits}f}",
        sd=tr(texts.NOT_KNOWN) if one.sd is None else f"{one.sd:.{digits}f}",
        interval=_interval(one.interval, digits),
        within_interval=_interval(one.within_interval, digits),
        g="" if one.g is None else f"{one.g:+.2f}",
        p=_format_p(one.p),
        q=_format_p(one.q),
    )


def _interval(interval: EffectInterval | None, digits: int) -> str:
    if interval is None:
        return tr(texts.NOT_KNOWN)
    return tr(texts.INTERVAL, low=f"{interval.low:+.{digits}f}", high=f"{interval.high:+.{digits}f}")


def _format_p(p: float | None) -> str:
    if p is None:
        return ""
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def plot_differences(contrasts: Mapping[str, Contrast]) -> str:
    """Draw the difference of every measure, in SDs between sessions, as SVG."""
    points = [(name, point) for name, one in contrasts.items() if (point := _point_and_interval(one)) is not None]

    def draw(canvas: Figure) -> None:
        axes = canvas.subplots()
        axes.axvline(0, color=GREY, linewidth=0.8)
        for height, (name, point) in enumerate(reversed(points)):
            _draw_point(axes, height, point, hollow=name in _MUSCLE_AFFECTED)
        axes.set_yticks(range(len(points)), [MEASURES[name].text for name, _ in reversed(points)])
        axes.set_ylim(-0.7, max(len(points), 1) - 0.3)
        reach = max([1.0, *(1.1 * abs(value) for _, point in points for value in point)])
        axes.set_xlim(-reach, reach)
        axes.set_xlabel(tr(texts.FIGURE_AXIS))
        axes.tick_params(left=False)
        if not points:
            axes.text(0, 0, tr(texts.FIGURE_EMPTY), ha="center")

    return render_svg("conditions", 0.8 + 0.24 * max(len(points), 2), draw)


def _point_and_interval(one: Contrast) -> Sequence[float] | None:
    """Return point, low and high of one row; the point alone without an interval; None without an SD."""
    if one.g is not None and one.g_interval is not None:
        return one.g, one.g_interval.low, one.g_interval.high
    return (one.difference / one.sd,) if one.sd else None


def _draw_point(axes: Axes, height: int, point: Sequence[float], *, hollow: bool) -> None:
    if len(point) > 1:
        axes.plot(point[1:], [height, height], color=INK, linewidth=1.1)
    axes.plot(
        point[0], height, "o", markersize=5, markerfacecolor="white" if hollow else ACCENT, markeredgecolor=ACCENT
    )


def plot_dates(comparison: Comparison) -> str:
    """Draw each measure over dates, with mean and SD of the earlier side, as SVG."""
    measures = list(comparison.contrasts)
    n_rows = -(-len(measures) // _COLUMNS)
    earlier_is_b = _b_is_earlier(comparison)

    def draw(canvas: Figure) -> None:
        grid = canvas.subplots(n_rows, _COLUMNS, squeeze=False, sharex=True).ravel()
        for axes, name in zip(grid, measures, strict=False):
            one, dates = comparison.contrasts[name], comparison.dates[name]
            earlier = one.b if earlier_is_b else one.a
            middle, sd = fmean(earlier), stdev(earlier)
            axes.axhspan(middle - sd, middle + sd, color=PALE, linewidth=0)
            axes.axhline(middle, color=GREY, linewidth=0.8)
            axes.plot(list(dates.a), one.a, "o", markersize=4, color=ACCENT)
            axes.plot(list(dates.b), one.b, "o", markersize=4, markerfacecolor="white", markeredgecolor=ACCENT)
            axes.set_title(MEASURES[name].text)
            axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=4))
            axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))
            axes.tick_params(axis="x", labelrotation=30)
        for axes in grid[len(measures) :]:
            axes.set_visible(False)

    return render_svg("dates", 0.6 + 1.3 * n_rows, draw)


def _b_is_earlier(comparison: Comparison) -> bool:
    """Return whether side b was earlier than side a, by the mean date of a measure that both have."""
    means = [
        [fmean(started.timestamp() for started in side) for side in (dates.a, dates.b)]
        for dates in comparison.dates.values()
    ]
    return bool(means) and means[0][1] < means[0][0]
