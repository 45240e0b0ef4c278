"""The sitting as data: which segments, and how long each is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from neurofeedback.errors import SettingsError
from neurofeedback.settings.programme import MAX_MINUTES, MIN_MINUTES, Programme
from neurofeedback.settings.session import PhaseSettings
from neurofeedback.types import Phase

_STANDARD_BASELINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a sitting.

    Parameters
    ----------
    length_s : float
        In seconds; infinite until the person ends it.
    target_rate : float, optional
        Share of frames with reward aimed at; None leaves it as it was.
    background : str
        Background sound; empty leaves it as it was.
    bell_interval_s : float
        Time between soft bells, s; 0 for none.
    """

    phase: Phase
    length_s: float
    target_rate: float | None = None
    background: str = ""
    bell_interval_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """Segments in order; ``baseline_clean_s`` is the clean signal the baseline wants before it ends."""

    segments: tuple[Segment, ...]
    min_clean_s: float

    @classmethod
    def from_phases(cls, phases: Iterable[tuple[Phase, float]], baseline_clean_s: float) -> SessionPlan:
        """Make a plan of phases and their lengths in seconds alone; those of no length are left out."""
        return cls(tuple(Segment(phase, length) for phase, length in phases if length > 0), baseline_clean_s)

    @property
    def phases(self) -> tuple[tuple[Phase, float], ...]:
        """Phases in order, each with its length in seconds."""
        return tuple((segment.phase, segment.length_s) for segment in self.segments)

    @property
    def total_s(self) -> float:
        """Length of the whole sitting in seconds; infinite if it is open."""
        return sum(segment.length_s for segment in self.segments)

    @property
    def short_baseline_notice(self) -> str:
        """What a short baseline costs, as a sentence; empty when it is long enough."""
        baseline_s = dict(self.phases).get(Phase.BASELINE, 0.0)
        if baseline_s >= _STANDARD_BASELINE_S:
            return ""
        return (
            f"The baseline is only {baseline_s:.0f} s long, so what counts as usual for you is known less well, "
            "and the tone will be more cautious."
        )


def plan_session(
    settings: PhaseSettings,
    minutes: float | None,
    min_clean_s: float,
    programme: Programme | None = None,
    *,
    bell_interval_s: float = 0.0,
) -> SessionPlan:
    """Lay out a sitting of so many minutes, or of the programme's or the profile's own length.

    One segment takes what the others leave; where that is less than the profile's least practice, all are
    scaled down alike. ``bell_interval_s`` is the time between soft bells in practice where no programme says otherwise.

    Raises
    ------
    SettingsError
        The length cannot be sat, or the programme has no segment that could take another length.

    Examples
    --------
    >>> plan = plan_session(PhaseSettings(), 2.0, 60.0)
    >>> [(str(segment.phase), round(segment.length_s, 1)) for segment in plan.segments]
    [('settle', 6.2), ('baseline', 24.9), ('practice', 49.8), ('transfer', 37.4), ('debrief', 1.7)]
    """
    segments, total_s = (
        _profile_segments(settings, bell_interval_s),
        None if minutes is None else _validate_minutes(minutes) * 60,
    )
    if programme is not None:
        segments = _programme_segments(programme, settings)
        if total_s is not None and not programme.flexible:
            raise SettingsError(
                f"the programme {programme.name} has its own length",
                got=f"{minutes:g} minutes",
                allowed="a programme in which one segment leaves out its minutes",
                todo="leave out --minutes",
            )
        total_s = 60 * programme.minutes if total_s is None and programme.minutes else total_s
    if total_s is not None:
        segments = _scale_segments(segments, total_s, settings.min_practice_s)
    planned = tuple(segment for segment in segments if segment.length_s > 0)
    baseline_s = next(segment.length_s for segment in segments if segment.phase is Phase.BASELINE)
    return SessionPlan(planned, min(min_clean_s, baseline_s / 2))


def _profile_segments(settings: PhaseSettings, bell_interval_s: float) -> list[Segment]:
    practice = Segment(Phase.PRACTICE, settings.practice_s, bell_interval_s=bell_interval_s)
    return _with_fixed_segments(settings, [practice, Segment(Phase.TRANSFER, settings.transfer_s)])


def _programme_segments(programme: Programme, settings: PhaseSettings) -> list[Segment]:
    return _with_fixed_segments(
        settings,
        [
            Segment(
                Phase(segment.phase),
                math.inf if segment.minutes is None else 60 * segment.minutes,
                segment.target_rate,
                segment.background or "",
                60 * segment.bell_every_min,
            )
            for segment in programme.segments
        ],
    )


def _with_fixed_segments(settings: PhaseSettings, middle: list[Segment]) -> list[Segment]:
    before = [Segment(Phase.SETTLE, settings.settle_s), Segment(Phase.BASELINE, settings.baseline_s)]
    return [*before, *middle, Segment(Phase.DEBRIEF, settings.debrief_s)]


def _scale_segments(segments: list[Segment], total_s: float, min_free_s: float) -> list[Segment]:
    """Give the segment without length, else the first practice, what the others leave of the whole."""
    lengths = [segment.length_s for segment in segments]
    phases = [segment.phase for segment in segments]
    free = lengths.index(math.inf) if math.inf in lengths else phases.index(Phase.PRACTICE)
    others_s = sum(lengths[:free] + lengths[free + 1 :])
    left_s, scale = total_s - others_s, 1.0
    if left_s < min_free_s:
        left_s, scale = min_free_s, total_s / (others_s + min_free_s)
    lengths[free] = left_s
    return [replace(segment, length_s=scale * length) for segment, length in zip(segments, lengths, strict=True)]


def _validate_minutes(minutes: float) -> float:
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:  # false for NaN too
        raise SettingsError(
            "a sitting cannot be that long",
            got=f"{minutes:g} minutes",
            allowed=f"{MIN_MINUTES:g} to {MAX_MINUTES:g} minutes",
            todo="pass --minutes 20",
        )
    return minutes
