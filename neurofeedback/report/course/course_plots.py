"""Figures of the report of a course. Colours mean kinds, never good or bad, and no points are joined across a dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurofeedback.analysis.course.course_measures import (
    REPORTED_MEASURES,
    DoseSession,
    MeasuredSession,
    own_band,
)
from neurofeedback.analysis.course.course_plan import CourseData, DueItem
from neurofeedback.analysis.resting_measures import MEASURES
from neurofeedback.recording.facts.form_records import AskedForm
from neurofeedback.report.figure_style import ACCENT, GREY, INK, PALE, render_figure
from neurofeedback.settings.questionnaire import Questionnaire
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import course_report as texts

_COLUMNS = 3
_DAY_S = 86400.0
_MIN_RANGE = {"alpha": 1.0, "beta": 1.0, "gamma": 1.0, "exponent": 0.4, "lzc_ratio": 0.1, "muscle": 1.0}
"""Smallest range of each scale, in the unit of its measure."""


@dataclass(frozen=True, slots=True)
class ScoredForm:
    """A form whose scores are drawn: its wording, the answers, and days on which it was planned and not answered."""

    wording: Questionnaire
    asked: tuple[AskedForm, ...]
    missed_days: tuple[float, ...]


def plot_strip(data: CourseData, kind: str) -> str:
    """Draw the strip of days: doses, recordings, sittings, forms, usable signal."""
    names = (texts.ROW_DOSES, texts.ROW_RECORDINGS, texts.ROW_SITTINGS, texts.ROW_FORMS, texts.ROW_USABLE)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        doses = [(one.at, getattr(one.line.entry, "text", "")) for one in data.doses]
        for at, text in doses:
            axes.plot(_day(data, at), 4, "D", color=INK, markersize=6)
            axes.annotate(text[:32], (_day(data, at), 4), xytext=(6, 5), textcoords="offset points", fontsize=7)
        for one in data.sessions:
            row = 2 if one.practice_s else 3
            axes.plot(_day(data, one.started_at), row, "o", color=ACCENT, markersize=5)
            shade = 1 - (one.valid_fraction or 0.0)
            axes.plot(
                _day(data, one.started_at), 0, "s", markersize=6, markerfacecolor=str(shade), markeredgecolor=GREY
            )
        for asked in data.forms:
            axes.plot(_day(data, asked.asked_at), 1, "|", color=INK, markersize=9, markeredgewidth=1.5)
        axes.set_yticks(range(5), [tr(name) for name in reversed(names)])
        axes.set_ylim(-0.6, 4.9)
        _set_days(axes, data)
        axes.grid(axis="x", color=PALE, linewidth=0.6)
        axes.set_axisbelow(True)

    return render_figure("strip", 1.7, draw, kind)


def plot_scores(data: CourseData, forms: Sequence[ScoredForm], kind: str, *, item_9: bool) -> str:
    """Draw the scores of forms as dots over days, with the authors' ranges."""

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, len(forms), squeeze=False)[0]
        for axes, form in zip(grid, forms, strict=True):
            _draw_scores(axes, data, form, item_9=item_9)

    return render_figure("scores", 2.0, draw, kind)


def _draw_scores(axes: Axes, data: CourseData, form: ScoredForm, *, item_9: bool) -> None:
    lower = 0
    for band in form.wording.ranges:
        axes.axhline(band.up_to + 0.5, color=PALE, linewidth=0.8)
        axes.annotate(
            band.text, (1.0, (lower + band.up_to) / 2), xycoords=("axes fraction", "data"), va="center", fontsize=6.5
        )
        lower = band.up_to + 1
    for one in form.asked:
        if one.answers.score is None or one.superseded_by:
            continue
        at = _day(data, one.asked_at)
        axes.plot(at, one.answers.score, "o", color=ACCENT, markersize=5)
        if item_9 and form.wording.items_to_acknowledge(one.answers.items):
            axes.plot(at, one.answers.score, "o", markersize=11, markerfacecolor="none", markeredgecolor=INK)
    for day in form.missed_days:
        axes.plot(day, -0.2, "x", color=INK, markersize=5, clip_on=False)
    axes.set_ylim(-0.5, form.wording.ranges[-1].up_to + 0.5)
    axes.set_title(form.wording.title)
    _set_days(axes, data)


def plot_measures(data: CourseData, sessions: Sequence[MeasuredSession], kind: str) -> str:
    """Draw each measure of every session over days, as points, with the person's own band where there is one."""

    def draw(figure: Figure) -> None:
        grid = figure.subplots(-(-len(REPORTED_MEASURES) // _COLUMNS), _COLUMNS, squeeze=False, sharex=True).ravel()
        for axes, name in zip(grid, REPORTED_MEASURES, strict=True):
            band = own_band(sessions, name)
            if band is not None:
                axes.axhspan(band.mean - band.sd, band.mean + band.sd, color=PALE, linewidth=0)
            for one in sessions:
                if name in one.values:
                    axes.plot(
                        _day(data, one.started),
                        one.values[name],
                        "o",
                        markersize=4,
                        markerfacecolor="white" if one.under_substance else ACCENT,
                        markeredgecolor=ACCENT,
                    )
            for dose in data.doses:
                axes.axvline(_day(data, dose.at), color=GREY, linewidth=0.6, linestyle=":")
            axes.set_title(_measure_title(name), fontsize=7)
            _set_scale(axes, name, known=any(name in one.values for one in sessions))
            _set_days(axes, data, label=False)
        for axes in grid[-_COLUMNS:]:
            axes.set_xlabel(tr(texts.DAY_OF_COURSE))

    return render_figure("measures", 2.9, draw, kind)


def plot_within(session: DoseSession, kind: str) -> str:
    """Draw the means of a session's segments against the minutes from the dose, with muscle and usable share."""

    def draw(figure: Figure) -> None:
        grid = figure.subplots(-(-(len(REPORTED_MEASURES) + 1) // 4), 4, squeeze=False, sharex=True).ravel()
        for axes, name in zip(grid, REPORTED_MEASURES, strict=False):
            _draw_within(axes, session, name)
        usable = grid[len(REPORTED_MEASURES)]
        for segment in session.course.segments:
            usable.plot((segment.start_min, segment.stop_min), (segment.usable, segment.usable), color=INK, linewidth=2)
        usable.set_ylim(0, 1.05)
        usable.set_title(tr(texts.USABLE), fontsize=7)
        for axes in grid[len(REPORTED_MEASURES) + 1 :]:
            axes.set_visible(False)
        for axes in grid[-4:]:
            axes.set_xlabel(tr(texts.MINUTES_AXIS), fontsize=7)

    return render_figure(f"within-{session.started:%Y%m%d%H%M}", 2.7, draw, kind)


def _draw_within(axes: Axes, session: DoseSession, name: str) -> None:
    reference = session.course.reference
    if reference is not None and name in reference.means and reference.means[name].low is not None:
        before = reference.means[name]
        axes.axhspan(before.low or before.mean, before.high or before.mean, color=PALE, linewidth=0)
    for segment in session.course.segments:
        if (found := segment.means.get(name)) is None:
            continue
        middle = (segment.start_min + segment.stop_min) / 2
        if found.low is not None and found.high is not None:
            axes.plot((middle, middle), (found.low, found.high), color=INK, linewidth=1)
        axes.plot(middle, found.mean, "o", color=ACCENT, markersize=3.5)
    axes.axvline(0, color=GREY, linewidth=0.6, linestyle=":")
    axes.set_title(tr(texts.SHORT_NAMES[name]), fontsize=7)
    _set_scale(axes, name, known=any(name in segment.means for segment in session.course.segments))


def _measure_title(name: str) -> str:
    unit = MEASURES[name].unit
    return f"{tr(texts.SHORT_NAMES[name])} ({tr(texts.UNITS.get(unit, unit))})"


def _set_scale(axes: Axes, name: str, *, known: bool) -> None:
    """Widen a scale that would make an everyday difference look large; an axis without values says so."""
    if not known:
        axes.set_yticks([])
        axes.text(0.5, 0.5, tr(texts.NOT_MEASURED), transform=axes.transAxes, ha="center", va="center", fontsize=7)
        return
    low, high = axes.get_ylim()
    half = max(high - low, _MIN_RANGE[name]) / 2
    axes.set_ylim((low + high) / 2 - half, (low + high) / 2 + half)


def missed_days(data: CourseData, items: Sequence[DueItem], form: str) -> tuple[float, ...]:
    """Return the days on which a form was planned and not answered."""
    return tuple(
        _day(data, item.at) for item in items if item.kind == "form" and item.what == form and item.state == "missed"
    )


def _day(data: CourseData, at: datetime) -> float:
    return (at - data.course.first_day).total_seconds() / _DAY_S


def _set_days(axes: Axes, data: CourseData, *, label: bool = True) -> None:
    axes.set_xlim(-0.7, data.course.days + 1.0)
    step = 7 if data.course.days > 10 else 1
    axes.set_xticks(range(0, data.course.days + 1, step))
    if label:
        axes.set_xlabel(tr(texts.DAY_OF_COURSE))
