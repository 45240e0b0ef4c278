"""What a user states about a foreign file."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.errors import SettingsError
from neurofeedback.formats.rules.units import ALLOWED_UNITS, scale_to_uv


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a user states about a file; None where the file itself decides.

    Parameters
    ----------
    board : str, optional
        Name or number of the board that recorded a BrainFlow file.
    sfreq : float, optional
        Sampling rate, Hz; goes before every rate of the file.
    unit : str, optional
        Unit of EEG channels whose own unit is missing or unknown, such as ``uV``.

    Raises
    ------
    SettingsError
        The rate is not positive, or the unit is no unit of voltage.
    """

    board: str | None = None
    sfreq: float | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.sfreq is not None and not 0 < self.sfreq < float("inf"):
            raise SettingsError("the sampling rate is not possible", got=f"{self.sfreq:g} Hz", allowed="above 0 Hz")
        if self.unit is not None and scale_to_uv(self.unit) is None:
            raise SettingsError("the unit is not a unit of voltage", got=repr(self.unit), allowed=ALLOWED_UNITS)

    @property
    def unit_scale(self) -> float | None:
        """Microvolts per stated unit; None without a stated unit."""
        return None if self.unit is None else scale_to_uv(self.unit)


NO_OPTIONS = ImportOptions()
