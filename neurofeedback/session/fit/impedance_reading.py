"""Impedance of electrodes as the board measured it, its level, and what to do about the highest."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.texts import headset_fit as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.contact import FLAT
from neurofeedback.texts.status import electrode_place

LEVELS = (
    (10.0, texts.IMPEDANCE_VERY_GOOD),
    (50.0, texts.IMPEDANCE_GOOD),
    (100.0, texts.IMPEDANCE_ACCEPTABLE),
    (150.0, texts.IMPEDANCE_DOUBTFUL),
)
"""Upper limit (kOhm) of each level, as OpenBCI's own program has them for the Ganglion; above the last it is poor."""

ACCEPTABLE_KOHM = LEVELS[-2][0]
"""Above it, an electrode should be put better."""


@dataclass(frozen=True, slots=True)
class ElectrodeImpedance:
    """Impedance of one electrode, kOhm; the reference has no name. It is half of what is measured with the ground."""

    ch_name: str
    kohm: float

    @property
    def level(self) -> str:
        """What the impedance means, as an English sentence of the catalogue.

        Examples
        --------
        >>> ElectrodeImpedance("Fz", 12.0).level, ElectrodeImpedance("Fz", 400.0).level
        ('good', 'poor')
        """
        return next((level for limit, level in LEVELS if self.kohm <= limit), texts.IMPEDANCE_POOR)


@dataclass(frozen=True, slots=True)
class ImpedanceReading:
    """What is known of the impedances of an open headset.

    Parameters
    ----------
    measuring : bool
        The board measures now.
    electrodes : tuple of ElectrodeImpedance
        The last whole measurement, the reference last; empty before the first.
    age_s : float
        Time since then, s.
    failed : bool
        The last attempt ended without one.
    """

    measuring: bool = False
    electrodes: tuple[ElectrodeImpedance, ...] = ()
    age_s: float = 0.0
    failed: bool = False

    @property
    def hint(self) -> str:
        """What to do at the one electrode that has the highest impedance; empty if all are acceptable."""
        worst = max(self.electrodes, key=lambda one: one.kohm, default=None)
        if worst is None or worst.kohm <= ACCEPTABLE_KOHM:
            return ""
        place = electrode_place(worst.ch_name)
        name = worst.ch_name or tr(texts.IMPEDANCE_REFERENCE)
        where = f"{tr(texts.PLACES[place])} ({name})" if place else name
        return tr(texts.HINT_AT, places=f"{where[0].upper()}{where[1:]}", hint=tr(texts.HINTS[FLAT]))
