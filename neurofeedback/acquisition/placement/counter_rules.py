"""How devices count their packets. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CounterRule:
    """How a board counts its packets.

    Parameters
    ----------
    modulus : int
        The counter wraps to 0 at this value.
    step : int
        Increase of the counter from one sample to the next.
    repeat : int
        Number of successive samples that carry the same count; 0 if the first samples have to show it.
    """

    modulus: int
    step: int = 1
    repeat: int = 1

    @property
    def cycle(self) -> int:
        """Number of samples until the counter repeats itself.

        Examples
        --------
        >>> CounterRule(256).cycle, CounterRule(256, step=2).cycle, CounterRule(65536, repeat=12).cycle
        (256, 128, 786432)
        """
        return self.modulus // self.step * self.repeat

    def packet(self, counter: int) -> int:
        """Return the place of a packet within the cycle, in packets."""
        return counter % self.modulus // self.step

    def n_samples(self, packet: int) -> int:
        """Return the number of samples in the packet at this place of the cycle."""
        del packet
        return self.repeat

    def first_sample(self, packet: int) -> int:
        """Return the place of a packet's first sample within the cycle, in samples."""
        return packet * self.repeat

    def is_sample(self, counter: int) -> bool:
        """Whether a count belongs to a sample, and not to something else that the board sends.

        Examples
        --------
        >>> CounterRule(256).is_sample(201)
        True
        """
        del counter
        return True


@dataclass(frozen=True, slots=True)
class GanglionRule(CounterRule):
    """How a Ganglion counts: 201 samples a cycle, two in each packet; counts from 100 or 101 on have more bits.

    Firmware 2 sends the first sample of a cycle in a packet of its own (0), then numbers 1 to 100 or 101 to 200.
    Firmware 3 sends none of its own, numbers 0 to 99 or 100 to 199, and never the last sample of a cycle. Counts from
    201 on are impedances and texts.

    Examples
    --------
    >>> three, two = GANGLION_RULES["3"], GANGLION_RULES["2"]
    >>> [three.first_sample(three.packet(counter)) for counter in (0, 99, 100, 199)]
    [0, 198, 0, 198]
    >>> [two.first_sample(two.packet(counter)) for counter in (0, 1, 100, 101, 200)]
    [0, 1, 199, 1, 199]
    >>> three.cycle, three.is_sample(200), three.is_sample(201)
    (201, True, False)
    >>> two.n_samples(0), two.n_samples(1), three.n_samples(0)
    (1, 2, 2)
    """

    @property
    def cycle(self) -> int:
        """Number of samples until the counter repeats itself."""
        return _GANGLION_CYCLE

    @property
    def _begins_alone(self) -> bool:
        return self.modulus > _GANGLION_PAIRS

    def packet(self, counter: int) -> int:
        """Return the place of a packet within the cycle, in packets."""
        return counter if counter < self.modulus else counter - _GANGLION_PAIRS

    def n_samples(self, packet: int) -> int:
        """Return the number of samples in the packet at this place of the cycle."""
        return 1 if self._begins_alone and packet == 0 else self.repeat

    def first_sample(self, packet: int) -> int:
        """Return the place of a packet's first sample within the cycle, in samples."""
        return max(0, packet * self.repeat - self._begins_alone)

    def is_sample(self, counter: int) -> bool:
        """Whether a count belongs to a sample, and not to an impedance or a text."""
        return counter <= 2 * _GANGLION_PAIRS


_GANGLION_PAIRS, _GANGLION_CYCLE = 100, 201

GANGLION_RULES: Mapping[str, CounterRule] = {
    "3": GanglionRule(_GANGLION_PAIRS, repeat=2),
    "2": GanglionRule(_GANGLION_PAIRS + 1, repeat=2),
}
"""How a Ganglion counts, by the number of its firmware."""
