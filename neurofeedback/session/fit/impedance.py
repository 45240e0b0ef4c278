"""Impedance of the electrodes, measured by the board itself instead of its signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.source import ImpedanceSource
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.session.clock import Clock
from neurofeedback.session.fit.impedance_reading import ElectrodeImpedance, ImpedanceReading
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import apply_montage

_TIMEOUT_S = 15.0
_POLL_S = 0.05


class ImpedanceMonitor:
    """Measures the impedances of an open source on request.

    Parameters
    ----------
    source : ImpedanceSource
        An open source that measures impedance; somebody reads it meanwhile.
    ch_names : sequence of str
        Its electrodes, without the reference.
    now : callable
        Monotonic clock, s.
    """

    def __init__(self, source: ImpedanceSource, ch_names: Sequence[str], now: Callable[[], float]) -> None:
        self._source = source
        self._names = (*ch_names, "")
        self._now = now
        self._ends_at: float | None = None
        self._measured_at = 0.0
        self._electrodes: tuple[ElectrodeImpedance, ...] = ()
        self._failed = False

    def start(self) -> None:
        """Begin a measurement, unless one is running."""
        if self._ends_at is None:
            self._ends_at, self._failed = self._now() + _TIMEOUT_S, False
            self._source.start_impedance()

    def update(self) -> bool:
        """Return whether a measurement is running; it ends when all were measured, or after 15 s."""
        if self._ends_at is None:
            return False
        measured = self._source.impedances
        if len(measured) == len(self._names) and min(measured) > 0:
            pairs = zip(self._names, measured, strict=True)
            self._electrodes = tuple(ElectrodeImpedance(name, kohm / 2) for name, kohm in pairs)
            self._measured_at, self._ends_at = self._now(), None
        elif self._now() >= self._ends_at:
            self._failed, self._ends_at = True, None
        if self._ends_at is None:
            self._source.stop_impedance()
        return self._ends_at is not None

    @property
    def reading(self) -> ImpedanceReading:
        """What is known now."""
        age_s = self._now() - self._measured_at if self._electrodes else 0.0
        return ImpedanceReading(self._ends_at is not None, self._electrodes, age_s, self._failed)


def measure_impedances(device: str, settings: Settings, clock: Clock) -> tuple[ElectrodeImpedance, ...]:
    """Open a device and return the impedance of each electrode and of the reference.

    Raises
    ------
    SourceError
        Not all were measured within 15 s.
    NeurofeedbackError
        There is no such device, it does not answer, or it does not measure impedance.
    """
    source = open_source(device, now=clock.now)
    if not isinstance(source, ImpedanceSource) or not source.measures_impedance:
        raise SettingsError("this headset does not measure impedance", got=device, allowed="ganglion")
    montage_name = source.stream.montage if settings.montage == "device" else settings.montage
    stream, _ = apply_montage(None if montage_name == "auto" else load_montage(montage_name), source.stream)
    try:
        source.open()
        monitor = ImpedanceMonitor(source, stream.ch_names, clock.now)
        monitor.start()
        while monitor.update():
            source.read()
            clock.wait(_POLL_S)
    finally:
        source.close()
    if monitor.reading.failed:
        raise SourceError(
            "the headset measured no impedance", got=device, todo="switch it off and on, and bring it nearer"
        )
    return monitor.reading.electrodes
