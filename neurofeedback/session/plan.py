"""The plan of a session: its segments and their lengths."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from neurofeedback.errors import SettingsError
from neurofeedback.settings.programme import MAX_MINUTES, MIN_MINUTES, Programme
from neurofeedback.settings.session import PhaseSettings
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

_STANDARD_BASELINE_S = 60.0
_RECORDING_MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a session.

    Parameters
    ----------
    length_s : float
        In seconds; infinite for an open-ended segment.
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
    """Segments in order; ``min_clean_s`` is the clean signal that the baseline needs, s."""

    segments: tuple[Segment, ...]
    min_clean_s: float

    @classmethod
    def from_phases(cls, phases: Iterable[tuple[Phase, float]], baseline_clean_s: float) -> SessionPlan:
        """Return a plan of phases and their lengths in seconds; phases of length 0 are left out."""
        return cls(tuple(Segment(phase, length) for phase, length in phases if length > 0), baseline_clean_s)

    @property
    def phases(self) -> tuple[tuple[Phase, float], ...]:
        """Phases in order, each with its length in seconds."""
        return tuple((segment.phase, segment.length_s) for segment in self.segments)

    @property
    def total_s(self) -> float:
        """Length of the session in seconds; infinite if it is open-ended."""
        return sum(segment.length_s for segment in self.segments)

    @property
    def short_baseline_notice(self) -> str:
        """Notice about a short baseline; empty if it is long enough."""
        baseline_s = dict(self.phases).get(Phase.BASELINE, 0.0)
        if self.phases and all(phase is Phase.REST for phase, _ in self.phases):
            return ""
        if baseline_s >= _STANDARD_BASELINE_S:
            return ""
        return tr(session_notices.SHORT_BASELINE, seconds=baseline_s)


def plan_session(
    settings: PhaseSettings,
    minutes: float | None,
    min_clean_s: float,
    programme: Programme | None = None,
    *,
    bell_interval_s: float = 0.0,
) -> SessionPlan:
    """Return the plan of a session of some minutes, or of the length of the programme or profile.

    One segment gets the time that the others leave; if that is less than the profile's shortest practice, all are
    scaled down. ``bell_interval_s`` is the time between bells in practice without a programme.

    Raises
    ------
    SettingsError
        The length is not allowed, or the programme has no segment of flexible length.

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
    nonempty = tuple(segment for segment in segments if segment.length_s > 0)
    baseline_s = next(segment.length_s for segment in segments if segment.phase is Phase.BASELINE)
    return SessionPlan(nonempty, min(min_clean_s, baseline_s / 2))


def plan_recording(minutes: float | None) -> SessionPlan:
    """Return the plan of a recording without practice: one rest, of an hour if no length is given.

    Examples
    --------
    >>> plan_recording(10.0).phases
    ((<Phase.REST: 'rest'>, 600.0),)
    """
    length_s = 60 * _validate_minutes(_RECORDING_MINUTES if minutes is None else minutes)
    return SessionPlan((Segment(Phase.REST, length_s),), 0.0)


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
    """Give the segment without length, else the first practice, the time that the others leave."""
    lengths = [segment.length_s for segment in segments]
    phases = [segment.phase for segment in segments]
    flexible = lengths.index(math.inf) if math.inf in lengths else phases.index(Phase.PRACTICE)
    others_s = sum(lengths[:flexible] + lengths[flexible + 1 :])
    left_s, scale = total_s - others_s, 1.0
    if left_s < min_free_s:
        left_s, scale = min_free_s, total_s / (others_s + min_free_s)
    lengths[flexible] = left_s
    return [replace(segment, length_s=scale * length) for segment, length in zip(segments, lengths, strict=True)]


def _validate_minutes(minutes: float) -> float:
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:  # false for NaN too
        raise SettingsError(
            "a session cannot have that length",
            got=f"{minutes:g} minutes",
            allowed=f"{MIN_MINUTES:g} to {MAX_MINUTES:g} minutes",
            todo="pass --minutes 20",
        )
    return minutes
