"""Mapping from index to guidance: focus is quiet, an unknown state is neutral, an artifact never sounds like focus."""

from __future__ import annotations

from neurofeedback.settings.audio_feedback import FeedbackSettings
from neurofeedback.types import BackgroundMode, Guidance, State

_MIN_AUDIBLE_GAIN = 0.02  # below this gain a step is inaudible, so the limit in decibels begins here
_NEUTRAL_RIPPLE = 0.2


def smoothstep(x: float) -> float:
    """Return a smooth step from 0 at 0 to 1 at 1, with zero slope at both ends.

    Examples
    --------
    >>> smoothstep(-1.0), smoothstep(0.25), smoothstep(2.0)
    (0.0, 0.15625, 1.0)
    """
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


class GuidanceMapper:
    """Maps index and confidence to guidance, with a slew limit while the signal is good."""

    def __init__(self, settings: FeedbackSettings, hop_s: float) -> None:
        self._settings = settings
        self._step = settings.slew_per_s * hop_s
        self._factor = 10 ** (settings.slew_db_per_s * hop_s / 20)
        self._gain = 0.0
        self.depth = settings.tone_depth
        self.neutral_gain = smoothstep(-settings.ramp_low_u / settings.ramp_width_u)

    def update(
        self, u: float, confidence: float, signal: float, state: State, *, feedback: bool, paused: bool = False
    ) -> Guidance:
        """Return the guidance of one frame. ``u`` is the index in spreads, NaN without one.

        ``feedback`` is false outside practice.

        In a pause the tone is off at once and the background is neutral.
        """
        if state is State.LOST:
            self._gain = 0.0
            return Guidance(background=BackgroundMode.LOST, immediate=True, mist=1.0)
        if paused:
            self._gain = 0.0
            return Guidance(background=BackgroundMode.NEUTRAL, immediate=True, ripple=_NEUTRAL_RIPPLE)
        if not feedback:
            self._gain = self._limit_slew(0.0)
            return Guidance(tone_gain=self._gain, ripple=_NEUTRAL_RIPPLE)
        if state is State.UNKNOWN:
            self._gain = self.neutral_gain
            return Guidance(
                self._gain,
                self._gain,
                BackgroundMode.NEUTRAL,
                immediate=True,
                ripple=_NEUTRAL_RIPPLE,
                mist=1.0,
                fallback_gain=self.neutral_gain,
            )
        target = smoothstep((u - self._settings.ramp_low_u) / self._settings.ramp_width_u)
        self._gain = self._limit_slew(self.neutral_gain + self.depth * confidence * (target - self.neutral_gain))
        mist = 0.5 * (1.0 - signal)
        return Guidance(self._gain, self._gain, ripple=target, mist=mist, fallback_gain=self.neutral_gain)

    def _limit_slew(self, target: float) -> float:
        """Return the gain moved towards ``target`` within the limits in gain and in decibels."""
        loudest = min(self._gain + self._step, max(self._gain, _MIN_AUDIBLE_GAIN) * self._factor)
        softest = max(self._gain - self._step, self._gain / self._factor if self._gain > _MIN_AUDIBLE_GAIN else 0.0)
        return min(max(target, softest), loudest)
