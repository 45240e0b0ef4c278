"""What can go wrong with a headset, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neurofeedback.errors import SettingsError


class Answer(StrEnum):
    """What the firmware answers when it is asked who it is."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults of one emulated headset; times count from the first sample of the first stream, s.

    Parameters
    ----------
    loss : float
        Probability that a packet is lost.
    garbage : float
        Probability that noise bytes follow a packet (serial line only).
    stall_at_s, stall_for_s : float
        The headset goes silent while it stays connected.
    drop_at_s, drop_for_s : float
        The link drops, and the headset can be found again after ``drop_for_s``.
    unplug_at_s : float
        The port vanishes for good (serial line only).
    answer : Answer
        What the firmware answers (serial line only).
    """

    loss: float = 0.0
    garbage: float = 0.0
    stall_at_s: float | None = None
    stall_for_s: float = 5.0
    drop_at_s: float | None = None
    drop_for_s: float = 3.0
    unplug_at_s: float | None = None
    answer: Answer = Answer.RIGHT

    def __post_init__(self) -> None:
        for name in ("loss", "garbage"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise SettingsError(f"{name} is not a probability", got=value, allowed="0 to 1")

    def stalled(self, at_s: float) -> bool:
        """Whether the headset is silent at this time of its stream (s).

        Examples
        --------
        >>> Faults(stall_at_s=2.0, stall_for_s=1.5).stalled(3.0)
        True
        """
        return self.stall_at_s is not None and self.stall_at_s <= at_s < self.stall_at_s + self.stall_for_s

    def dropped(self, at_s: float) -> bool:
        """Whether the link is down at this time (s)."""
        return self.drop_at_s is not None and self.drop_at_s <= at_s < self.drop_at_s + self.drop_for_s

    def unplugged(self, at_s: float) -> bool:
        """Whether the port is gone at this time (s)."""
        return self.unplug_at_s is not None and at_s >= self.unplug_at_s
