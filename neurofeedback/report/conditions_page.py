"""A comparison of conditions as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurofeedback import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.feedback.words import CLAIMS, STOP_ADVICE
from neurofeedback.recording.files import rewrite
from neurofeedback.report.conditions import Comparison
from neurofeedback.report.contrast import Contrast, Interval
from neurofeedback.report.drawing import ACCENT, GREY, INK, drawn
from neurofeedback.report.pages import page
from neurofeedback.report.resting import MEASURES

_MUSCLE_REACHES = frozenset({"beta", "gamma", "muscle", "o_beta"})
_UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure as a line of the table, every figure as text."""

    text: str
    unit: str
    caveat: str
    a: str
    b: str
    difference: str
    spread: str
    interval: str
    within: str
    g: str
    p: str
    q: str


def write_page(comparison: Comparison, path: Path) -> Path:
    """Write the page, in place of an earlier one.

    Raises
    ------
    RecordingError
        The folder is not there, or the disk refuses.
    """
    try:
        rewrite(path, render(comparison))
    except OSError as error:
        raise RecordingError(
            f"the comparison cannot be written to {path}",
            got=error.strerror or str(error),
            todo="choose another place with --out",
        ) from None
    return path


def render(comparison: Comparison) -> str:
    """Return the page."""
    found = comparison.contrasts
    return page(
        "conditions.html.j2",
        {
            "c": comparison,
            "rows": rows(found),
            "tested": any(one.p is not None for one in found.values()),
            "paired": any(one.within is not None for one in found.values()),
            "figure": figure(found),
            "claims": CLAIMS,
            "stop_advice": STOP_ADVICE,
            "version": __version__,
        },
    )


def rows(found: Mapping[str, Contrast]) -> list[Row]:
    """Put each measure into words."""
    return [_row(name, one) for name, one in found.items()]


def _row(name: str, one: Contrast) -> Row:
    what = MEASURES[name]
    digits = 3 if what.unit == "1" else 2
    return Row(
        text=what.text,
        unit=what.unit,
        caveat=what.caveat,
        a=f"{fmean(one.a):.{digits}f}",
        b=f"{fmean(one.b):.{digits}f}",
        difference=f"{one.difference:+.{digits}f}",
        spread=_UNKNOWN if one.spread is None else f"{one.spread:.{digits}f}",
        interval=_interval(one.interval, digits),
        within=_interval(one.within, digits),
        g="" if one.g is None else f"{one.g:+.2f}",
        p=_small(one.p),
        q=_small(one.q),
    )


def _interval(interval: Interval | None, digits: int) -> str:
    return _UNKNOWN if interval is None else f"{interval.low:+.{digits}f} to {interval.high:+.{digits}f}"


def _small(p: float | None) -> str:
    if p is None:
        return ""
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def figure(found: Mapping[str, Contrast]) -> str:
    """Draw every measure's difference in scatters of the person's sessions, as SVG."""
    points = [(name, point) for name, one in found.items() if (point := _point(one)) is not None]

    def draw(canvas: Figure) -> None:
        axes = canvas.subplots()
        axes.axvline(0, color=GREY, linewidth=0.8)
        for height, (name, point) in enumerate(reversed(points)):
            _draw_point(axes, height, point, hollow=name in _MUSCLE_REACHES)
        axes.set_yticks(range(len(points)), [MEASURES[name].text for name, _ in reversed(points)])
        axes.set_ylim(-0.7, max(len(points), 1) - 0.3)
        reach = max([1.0, *(1.1 * abs(value) for _, point in points for value in point)])
        axes.set_xlim(-reach, reach)
        axes.set_xlabel("difference in scatters from session to session")
        axes.tick_params(left=False)
        if not points:
            axes.text(0, 0, "this person's scatter from session to session is not known yet", ha="center")

    return drawn("conditions", 0.8 + 0.24 * max(len(points), 2), draw)


def _point(one: Contrast) -> Sequence[float] | None:
    """Middle, low and high of one line; only the middle where there is no interval; None without a scatter."""
    if one.g is not None and one.g_interval is not None:
        return one.g, one.g_interval.low, one.g_interval.high
    return (one.difference / one.spread,) if one.spread else None


def _draw_point(axes: Axes, height: int, point: Sequence[float], *, hollow: bool) -> None:
    if len(point) > 1:
        axes.plot(point[1:], [height, height], color=INK, linewidth=1.1)
    axes.plot(
        point[0], height, "o", markersize=5, markerfacecolor="white" if hollow else ACCENT, markeredgecolor=ACCENT
    )
