"""The plain alternative to the water picture: a ring that is wide at a low index and narrow at a high one."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.feedback.water_picture import WaterScene

_CLOSED, _OPEN = 0.12, 0.34
_MIN_OPACITY = 0.22


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring: its radius and line width in heights of the picture, and its opacity (0 to 1)."""

    radius: float
    line_width: float
    opacity: float


def ring_for_scene(scene: WaterScene) -> Ring:
    """Return the ring that shows the same ripple and mist as a water scene; mist makes it faint.

    Examples
    --------
    >>> ring_for_scene(WaterScene(ripple=0.0)).radius > ring_for_scene(WaterScene(ripple=1.0)).radius
    True
    >>> round(ring_for_scene(WaterScene(mist=1.0)).opacity, 2)
    0.22
    """
    radius = _OPEN + scene.ripple * (_CLOSED - _OPEN)
    return Ring(radius, 0.006 + 0.012 * (1.0 - scene.ripple), 1.0 - (1.0 - _MIN_OPACITY) * scene.mist)
