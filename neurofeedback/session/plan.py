"""The sitting as data: which phases, and how long each is."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.errors import SettingsError
from neurofeedback.settings.model import PhaseSettings
from neurofeedback.types import Phase

MIN_MINUTES = 0.25
MAX_MINUTES = 240.0
_USUAL_BASELINE_S = 60.0


@dataclass(frozen=True, slots=True)
class SittingPlan:
    """Phases in order with their lengths in seconds; those of no length are left out.

    ``baseline_clean_s`` is the clean signal the baseline wants before it ends.
    """

    phases: tuple[tuple[Phase, float], ...]
    baseline_clean_s: float

    @property
    def total_s(self) -> float:
        """Length of the whole sitting in seconds."""
        return sum(length for _, length in self.phases)

    @property
    def cost_of_short_baseline(self) -> str:
        """What a short baseline costs, as a sentence; empty when it is long enough."""
        baseline_s = dict(self.phases).get(Phase.BASELINE, 0.0)
        if baseline_s >= _USUAL_BASELINE_S:
            return ""
        return (
            f"The baseline is only {baseline_s:.0f} s long, so what counts as usual for you is known less well, "
            "and the tone will be more cautious."
        )


def plan_sitting(settings: PhaseSettings, minutes: float | None, min_clean_s: float) -> SittingPlan:
    """Lay out a sitting of so many minutes, or of the profile's own length.

    Practice takes what the other phases leave; where that is less than the profile's least, all phases are
    scaled down alike.

    Raises
    ------
    SettingsError
        The length cannot be sat.

    Examples
    --------
    >>> [(str(phase), round(length, 1)) for phase, length in plan_sitting(PhaseSettings(), 2.0, 60.0).phases]
    [('settle', 6.2), ('baseline', 24.9), ('practice', 49.8), ('transfer', 37.4), ('debrief', 1.7)]
    """
    lengths = {
        Phase.SETTLE: settings.settle_s,
        Phase.BASELINE: settings.baseline_s,
        Phase.PRACTICE: settings.practice_s,
        Phase.TRANSFER: settings.transfer_s,
        Phase.DEBRIEF: settings.debrief_s,
    }
    if minutes is not None:
        lengths = _fit(lengths, _checked(minutes) * 60, settings.min_practice_s)
    phases = tuple((phase, length) for phase, length in lengths.items() if length > 0)
    return SittingPlan(phases, min(min_clean_s, lengths[Phase.BASELINE] / 2))


def _fit(lengths: dict[Phase, float], total_s: float, min_practice_s: float) -> dict[Phase, float]:
    others_s = sum(length for phase, length in lengths.items() if phase is not Phase.PRACTICE)
    if total_s - others_s >= min_practice_s:
        return lengths | {Phase.PRACTICE: total_s - others_s}
    scale = total_s / (others_s + min_practice_s)
    return {phase: length * scale for phase, length in (lengths | {Phase.PRACTICE: min_practice_s}).items()}


def _checked(minutes: float) -> float:
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:  # false for NaN too
        raise SettingsError(
            "a sitting cannot be that long",
            got=f"{minutes:g} minutes",
            allowed=f"{MIN_MINUTES:g} to {MAX_MINUTES:g} minutes",
            todo="pass --minutes 20",
        )
    return minutes
