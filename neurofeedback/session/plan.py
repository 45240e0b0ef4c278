"""The plan of a session: its segments and their lengths."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from neurofeedback.errors import SettingsError
from neurofeedback.settings.programme import MAX_MINUTES, MIN_MINUTES, Programme, SegmentSettings
from neurofeedback.settings.session import PhaseSettings
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

_STANDARD_BASELINE_S = 60.0
_RECORDING_MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class GuideCue:
    """A text to be spoken and shown ``at_s`` seconds after the start of its segment.

    ``sentence`` names a recording of it; empty for none.
    """

    at_s: float
    text: str
    sentence: str = ""


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
    breaths_per_min : float
        Pace of the breath pacer; 0 for none.
    guide : tuple of GuideCue
        Texts to be spoken and shown, in order of time.
    announced : bool
        Whether bell and voice announce it.
    """

    phase: Phase
    length_s: float
    target_rate: float | None = None
    background: str = ""
    bell_interval_s: float = 0.0
    breaths_per_min: float = 0.0
    guide: tuple[GuideCue, ...] = ()
    announced: bool = True

    def stretched(self, length_s: float) -> Segment:
        """Return the segment with another length, and its texts at the same shares of it; as they are without one."""
        scale = length_s / self.length_s if 0 < self.length_s < math.inf else 1.0
        guide = tuple(replace(cue, at_s=scale * cue.at_s) for cue in self.guide)
        return replace(self, length_s=length_s, guide=guide)


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """Segments in order; ``min_clean_s`` is the clean signal that the baseline needs, s.

    ``practice`` is the title of a practice that has no feedback as a whole; empty otherwise.
    """

    segments: tuple[Segment, ...]
    min_clean_s: float
    practice: str = ""

    @classmethod
    def from_phases(cls, phases: Iterable[tuple[Phase, float]], baseline_clean_s: float) -> SessionPlan:
        """Return a plan of phases and their lengths in seconds; phases of length 0 are left out."""
        return cls(tuple(Segment(phase, length) for phase, length in phases if length > 0), baseline_clean_s)

    @property
    def phases(self) -> tuple[tuple[Phase, float], ...]:
        """Phases in order, each with its length in seconds."""
        return tuple((segment.phase, segment.length_s) for segment in self.segments)

    @property
    def has_feedback(self) -> bool:
        """Whether any segment is practice with feedback, or a baseline for it."""
        return any(phase in {Phase.BASELINE, Phase.PRACTICE} for phase, _ in self.phases)

    @property
    def total_s(self) -> float:
        """Length of the session in seconds; infinite if it is open-ended."""
        return sum(segment.length_s for segment in self.segments)

    def without_feedback(self) -> SessionPlan:
        """Return the plan with transfer in place of practice, for visits of a study without feedback."""
        segments = (
            replace(segment, phase=Phase.TRANSFER) if segment.phase is Phase.PRACTICE else segment
            for segment in self.segments
        )
        return replace(self, segments=tuple(segments))

    @property
    def short_baseline_notice(self) -> str:
        """Notice about a short baseline; empty if it is long enough."""
        baseline_s = dict(self.phases).get(Phase.BASELINE, 0.0)
        if self.phases and not self.has_feedback:
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
    breaths_per_min: float = 0.0,
) -> SessionPlan:
    """Return the plan of a session of some minutes, or of the length of the programme or profile.

    One segment gets the time that the others leave; if that is less than the profile's shortest practice, all are
    scaled down. ``bell_interval_s`` is the time between bells in practice without a programme, ``breaths_per_min`` the
    pace of a breath pacer where it is not that of the programme.

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
    total_s = None if minutes is None else _validate_minutes(minutes) * 60
    segments = _profile_segments(settings, bell_interval_s)
    if programme is not None:
        segments = _programme_segments(programme, settings, breaths_per_min)
        if total_s is not None and not programme.flexible:
            raise SettingsError(
                f"the programme {programme.name} has its own length",
                got=f"{minutes:g} minutes",
                allowed="a programme in which one segment leaves out its minutes",
                todo="leave out --minutes",
            )
        total_s = 60 * programme.minutes if total_s is None and programme.minutes else total_s
    lengths = [segment.length_s for segment in segments]
    if total_s is not None:
        lengths = _segment_lengths(segments, total_s, settings.min_practice_s)
        if programme is not None and programme.minutes:  # the times of its texts are those of its own length
            segments = _stretched(segments, _segment_lengths(segments, 60 * programme.minutes, settings.min_practice_s))
    segments = _stretched(segments, lengths)
    nonempty = tuple(segment for segment in segments if segment.length_s > 0)
    baseline_s = next((segment.length_s for segment in segments if segment.phase is Phase.BASELINE), 0.0)
    practice = "" if programme is None or programme.has_feedback else programme.title
    return SessionPlan(nonempty, min(min_clean_s, baseline_s / 2), practice)


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


def _programme_segments(programme: Programme, settings: PhaseSettings, breaths_per_min: float) -> list[Segment]:
    """Return the segments with those before and after them; paced breathing comes before settling and baseline."""
    segments = [_programme_segment(segment, programme, breaths_per_min) for segment in programme.segments]
    if not programme.has_feedback:
        return [Segment(Phase.SETTLE, settings.settle_s), *segments, Segment(Phase.DEBRIEF, settings.debrief_s)]
    warm_up = [replace(segment, phase=Phase.SETTLE) for segment in segments[: programme.n_warm_up]]
    return [*warm_up, *_with_fixed_segments(settings, segments[programme.n_warm_up :])]


def _programme_segment(segment: SegmentSettings, programme: Programme, breaths_per_min: float) -> Segment:
    phase = Phase(segment.phase)
    return Segment(
        phase if programme.has_feedback or phase is Phase.REST else Phase.TRANSFER,
        math.inf if segment.minutes is None else 60 * segment.minutes,
        segment.target_rate,
        segment.background or "",
        60 * segment.bell_every_min,
        0.0 if segment.breaths_per_min is None else breaths_per_min or segment.breaths_per_min,
        tuple(GuideCue(60 * text.at_min, text.text, text.id) for text in segment.guide),
        segment.announced,
    )


def _with_fixed_segments(settings: PhaseSettings, middle: list[Segment]) -> list[Segment]:
    before = [Segment(Phase.SETTLE, settings.settle_s), Segment(Phase.BASELINE, settings.baseline_s)]
    return [*before, *middle, Segment(Phase.DEBRIEF, settings.debrief_s)]


def _segment_lengths(segments: list[Segment], total_s: float, min_free_s: float) -> list[float]:
    """Return lengths that add up to the total: the segment without length, else the first practice, gets the rest."""
    lengths = [segment.length_s for segment in segments]
    phases = [segment.phase for segment in segments]
    flexible = lengths.index(math.inf) if math.inf in lengths else phases.index(Phase.PRACTICE)
    others_s = sum(lengths[:flexible] + lengths[flexible + 1 :])
    left_s, scale = total_s - others_s, 1.0
    if left_s < min_free_s:
        left_s, scale = min_free_s, total_s / (others_s + min_free_s)
    lengths[flexible] = left_s
    return [scale * length for length in lengths]


def _stretched(segments: list[Segment], lengths: list[float]) -> list[Segment]:
    return [segment.stretched(length) for segment, length in zip(segments, lengths, strict=True)]


def _validate_minutes(minutes: float) -> float:
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:  # false for NaN too
        raise SettingsError(
            "a session cannot have that length",
            got=f"{minutes:g} minutes",
            allowed=f"{MIN_MINUTES:g} to {MAX_MINUTES:g} minutes",
            todo="pass --minutes 20",
        )
    return minutes
