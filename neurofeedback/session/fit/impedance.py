"""Impedance of the electrodes, measured by the board itself instead of its signal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.source import ImpedanceSource
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.session.clock import Clock
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import apply_montage
from neurofeedback.texts import headset_fit as texts

_TIMEOUT_S = 15.0
_POLL_S = 0.05

LEVELS = (
    (10.0, texts.IMPEDANCE_VERY_GOOD),
    (50.0, texts.IMPEDANCE_GOOD),
    (100.0, texts.IMPEDANCE_ACCEPTABLE),
    (150.0, texts.IMPEDANCE_DOUBTFUL),
)
"""Upper limit (kOhm) of each level, as OpenBCI's own program has them for the Ganglion; above the last it is poor."""


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


@contextmanager
def open_impedance_source(device: str, settings: Settings, clock: Clock) -> Iterator[tuple[ImpedanceSource, list[str]]]:
    """Open a device that measures impedance; yield it with the names of its electrodes, the reference's empty.

    Raises
    ------
    NeurofeedbackError
        There is no such device, it does not answer, or it does not measure impedance.
    """
    source = open_source(device, now=clock.now)
    if not isinstance(source, ImpedanceSource) or not source.measures_impedance:
        raise SettingsError("this headset does not measure impedance", got=device, allowed="ganglion")
    montage_name = source.stream.montage if settings.montage == "device" else settings.montage
    stream, _ = apply_montage(None if montage_name == "auto" else load_montage(montage_name), source.stream)
    source.prepare_impedance()
    try:
        source.open()
        yield source, [*stream.ch_names, ""]
    finally:
        source.close()


def measure_impedances(device: str, settings: Settings, clock: Clock) -> list[ElectrodeImpedance]:
    """Return the impedance of each electrode and of the reference.

    Raises
    ------
    SourceError
        Not all were measured within 15 s.
    NeurofeedbackError
        As ``open_impedance_source``.
    """
    with open_impedance_source(device, settings, clock) as (source, names):
        deadline = clock.now() + _TIMEOUT_S
        while clock.now() < deadline:
            source.read()
            measured = source.impedances
            if len(measured) == len(names) and min(measured) > 0:
                return [ElectrodeImpedance(name, kohm / 2) for name, kohm in zip(names, measured, strict=True)]
            clock.wait(_POLL_S)
    raise SourceError("the headset measured no impedance", got=device, todo="switch it off and on, and bring it nearer")
