"""Montages: the channels of a headset, and which of them form each region of the head."""

from __future__ import annotations

import re

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel

REGIONS = ("frontal", "posterior", "all")

FEATURE_REGIONS = (*REGIONS, "fz")
"""Where a feature may be measured: a region, or the single electrode Fz."""

_FRONTAL = re.compile(r"^(AF|F)(z|[1-9]|10)$", re.IGNORECASE)
_FRONTOPOLAR = re.compile(r"^Fp(z|[1-9]|10)$", re.IGNORECASE)
_POSTERIOR = re.compile(r"^(TP|P|PO|O)(z|[1-9]|10)$", re.IGNORECASE)
_PREFIX = re.compile(r"^EEG[ _-]", re.IGNORECASE)
_EARS = re.compile(r"^[AM][12]$", re.IGNORECASE)
_NUMBERED_INPUT = re.compile(r"^[AM]([3-9]|[12]\d|3[0-2])$", re.IGNORECASE)  # caps that count A1 to A32
_NON_SCALP = re.compile(r"^((ECG|EKG|EOG|EMG|[HV]EOG|EXG|GSR|EDA|PPG|RESP|STATUS|TRIG)\b.*|EXG\d+)$", re.IGNORECASE)
_REFERENCE_SUFFIX = re.compile(r"^([AM][12]|A1A2|M1M2|\d+|REF|LE|AVG|AVE|AR|LINKED.*)$", re.IGNORECASE)


class Montage(SettingsModel):
    """Channels, regions and reference of one headset.

    A channel may be in several regions. ``min_valid`` is the number of valid channels a region needs for a value,
    ``full_scale_uv`` the device's range (half of peak to peak) for the saturation rule. ``left_out`` are recorded
    channels of no region, such as ECG or one ear against the other.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the montage")
    description: str = Field(default="", description="one line of description")
    reference: str = Field(default="n/a", description="reference electrode")
    ground: str = Field(default="n/a", description="ground electrode")
    ch_names: tuple[str, ...] = Field(min_length=1, description="channel names in row order")
    frontal: tuple[str, ...] = Field(default=(), description="channels of the frontal region")
    posterior: tuple[str, ...] = Field(default=(), description="channels of the posterior region")
    left_out: tuple[str, ...] = Field(default=(), description="channels of no region")
    emg: tuple[str, ...] = Field(default=(), description="channels most exposed to muscle activity")
    min_valid: int = Field(default=1, ge=1, le=8, description="minimum valid channels of a region")
    positions_mm: dict[str, tuple[float, float, float]] = Field(
        default_factory=dict, description="measured electrode positions, mm, CapTrak axes: right, front, up"
    )
    full_scale_uv: float | None = Field(
        default=None, gt=0, description="largest absolute value the device can report, uV"
    )

    @model_validator(mode="after")
    def _regions_are_channels(self) -> Montage:
        if len(set(self.ch_names)) != len(self.ch_names):
            msg = "channel names repeat"
            raise ValueError(msg)
        for region in ("frontal", "posterior", "emg", "left_out"):
            unknown = set(getattr(self, region)) - set(self.ch_names)
            if unknown:
                msg = f"{region} names channels that are not in ch_names: {', '.join(sorted(unknown))}"
                raise ValueError(msg)
        if set(self.left_out) & {*self.frontal, *self.posterior} or set(self.left_out) == set(self.ch_names):
            msg = "left_out names channels of a region, or all there are"
            raise ValueError(msg)
        return self

    def rows(self, region: str) -> tuple[int, ...]:
        """Return the row indices of ``frontal``, ``posterior``, ``emg``, ``all`` or ``fz``."""
        if region == "all":
            return tuple(row for row, name in enumerate(self.ch_names) if name not in self.left_out)
        if region == "fz":
            return tuple(row for row in self.rows("all") if _site(self.ch_names[row]).lower() == "fz")
        return tuple(self.ch_names.index(name) for name in getattr(self, region))

    def min_valid_in(self, region: str) -> int:
        """Return how many valid channels a region needs for a value."""
        return 1 if region == "fz" else self.min_valid


def infer_montage(ch_names: tuple[str, ...], *, reference: str = "n/a") -> Montage:
    """Return a montage with regions derived from 10-20 channel names, for devices and files without one.

    Fp sites form the frontal region only where there is no other frontal site: every blink is on them, and the blink
    rule rejects theta for that time. Ears, ECG, EOG and bipolar channels belong to no region. ``EEG Fz-A1`` is Fz.

    Examples
    --------
    >>> infer_montage(("Fp1", "Fz", "Pz", "O1")).posterior
    ('Pz', 'O1')
    >>> infer_montage(("EEG Fz-A1", "A2-A1", "ECG")).left_out
    ('A2-A1', 'ECG')
    >>> infer_montage(("Fp1", "Fp2", "O1", "O2")).frontal
    ('Fp1', 'Fp2')
    """
    frontal = tuple(name for name in ch_names if _FRONTAL.match(_site(name)))
    frontopolar = tuple(name for name in ch_names if _FRONTOPOLAR.match(_site(name)))
    posterior = tuple(name for name in ch_names if _POSTERIOR.match(_site(name)))
    numbered_inputs = any(_NUMBERED_INPUT.match(_site(name)) for name in ch_names)
    left_out = tuple(name for name in ch_names if _off_scalp(_site(name), ears=not numbered_inputs))
    left_out = left_out if len(left_out) < len(ch_names) else ()
    scalp = tuple(name for name in ch_names if name not in left_out)
    return Montage(
        name="auto",
        description="regions derived from channel names",
        reference=reference,
        ch_names=ch_names,
        frontal=frontal or frontopolar,
        posterior=posterior,
        left_out=left_out,
        emg=scalp,
        min_valid=2 if len(scalp) >= 8 else 1,
    )


def _site(name: str) -> str:
    """Return a channel name without its ``EEG`` prefix and reference suffix."""
    bare = _PREFIX.sub("", name.strip())
    site, dash, other = bare.partition("-")
    return site if dash and _REFERENCE_SUFFIX.match(other) and not _NON_SCALP.match(site) else bare


def _off_scalp(site: str, *, ears: bool) -> bool:
    """Return whether a channel is not on the scalp, or bipolar; A1 and M1 count as ears where ``ears``."""
    first, dash, second = site.partition("-")
    return bool(_NON_SCALP.match(site)) or (ears and bool(_EARS.match(site))) or bool(dash and first and second)
