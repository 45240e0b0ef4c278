"""The plain alternative to the water: a ring that opens as the mind settles and closes as it wanders."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.feedback.water_picture import WaterScene

_CLOSED, _OPEN = 0.12, 0.34
_MIN_OPACITY = 0.22


@dataclass(frozen=True, slots=True)
class Ring:
    """What one ring looks like: its radius and stroke in heights of the picture, and how clearly it is seen."""

    radius: float
    line_width: float
    opacity: float


def ring_for_scene(scene: WaterScene) -> Ring:
    """Return the ring that says what a scene of the water says; mist makes it faint.

    Examples
    --------
    >>> ring_for_scene(Scene(ripple=0.0)).radius > ring_for_scene(Scene(ripple=1.0)).radius
    True
    >>> round(ring_for_scene(Scene(mist=1.0)).strength, 2)
    0.22
    """
    radius = _OPEN + scene.ripple * (_CLOSED - _OPEN)
    return Ring(radius, 0.006 + 0.012 * (1.0 - scene.ripple), 1.0 - (1.0 - _MIN_OPACITY) * scene.mist)
