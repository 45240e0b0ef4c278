"""A montage: which channels there are and what each region of the head is made of."""

from __future__ import annotations

import re

from pydantic import Field, model_validator

from neurofeedback.settings.model import Strict

REGIONS = ("frontal", "posterior", "all")

_FRONTAL = re.compile(r"^(AF|F)(z|[1-9]|10)$", re.IGNORECASE)
_POSTERIOR = re.compile(r"^(TP|P|PO|O)(z|[1-9]|10)$", re.IGNORECASE)


class Montage(Strict):
    """Channels, regions and reference of one headset.

    Regions name channels; a channel may be in several. ``min_valid`` is how many valid channels a region
    needs for a value, ``full_scale_uv`` the device's range (half of peak to peak) for the railed rule.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the montage")
    description: str = Field(default="", description="one line for people")
    reference: str = Field(default="n/a", description="reference electrode")
    ground: str = Field(default="n/a", description="ground electrode")
    ch_names: tuple[str, ...] = Field(min_length=1, description="channels in the order of the device's rows")
    frontal: tuple[str, ...] = Field(default=(), description="channels of the frontal region")
    posterior: tuple[str, ...] = Field(default=(), description="channels of the posterior region")
    emg: tuple[str, ...] = Field(default=(), description="channels that see muscle first")
    min_valid: int = Field(default=1, ge=1, le=8, description="valid channels a region needs")
    full_scale_uv: float | None = Field(default=None, gt=0, description="largest magnitude the device can report, uV")

    @model_validator(mode="after")
    def _regions_are_channels(self) -> Montage:
        if len(set(self.ch_names)) != len(self.ch_names):
            msg = "channel names repeat"
            raise ValueError(msg)
        for region in ("frontal", "posterior", "emg"):
            unknown = set(getattr(self, region)) - set(self.ch_names)
            if unknown:
                msg = f"{region} names channels that are not in ch_names: {', '.join(sorted(unknown))}"
                raise ValueError(msg)
        return self

    def rows(self, region: str) -> tuple[int, ...]:
        """Row indices of a region: ``frontal``, ``posterior``, ``emg`` or ``all``."""
        names = self.ch_names if region == "all" else getattr(self, region)
        return tuple(self.ch_names.index(name) for name in names)


def infer_montage(ch_names: tuple[str, ...], *, reference: str = "n/a") -> Montage:
    """Derive regions from 10-20 channel names, for devices and files that no montage is written for.

    Fp sites are left out of the frontal region (blinks).

    Examples
    --------
    >>> infer_montage(("Fp1", "Fz", "Pz", "O1")).posterior
    ('Pz', 'O1')
    """
    frontal = tuple(name for name in ch_names if _FRONTAL.match(name))
    posterior = tuple(name for name in ch_names if _POSTERIOR.match(name))
    return Montage(
        name="auto",
        description="regions derived from channel names",
        reference=reference,
        ch_names=ch_names,
        frontal=frontal,
        posterior=posterior,
        emg=ch_names,
        min_valid=2 if len(ch_names) >= 8 else 1,
    )
