"""A profile made ready for one stream: settings, the montage on its rows, and the evidence behind its index."""

from __future__ import annotations

from dataclasses import replace

from neurofeedback.errors import SettingsError
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import FEATURE_REGIONS, Montage, infer_montage
from neurofeedback.types import StreamInfo

_MAX_RATE_SHARE = 0.45  # of the sampling frequency: room for filters below half of it


class Profile(SettingsModel):
    """All that fixes what the engine does with a stream, besides the samples and commands themselves."""

    settings: Settings
    montage: Montage
    evidence: Evidence


def apply_montage(montage: Montage | None, stream: StreamInfo) -> tuple[StreamInfo, Montage]:
    """Put a montage on a stream's rows.

    A stream that knows its positions must have the montage's channels; one whose electrodes are placed
    freely is named by it. None derives the regions from the stream's own names.

    Raises
    ------
    SettingsError
        The stream has too few channels, or not those the montage names.
    """
    if montage is None:
        return stream, infer_montage(stream.ch_names, reference=stream.reference)
    if stream.placed_freely:
        return _name_rows(montage, stream)
    missing = [name for name in montage.ch_names if name not in stream.ch_names]
    if missing:
        raise SettingsError(
            f"montage {montage.name} needs channels that {stream.device} does not have",
            got=f"{', '.join(stream.ch_names)}; missing {', '.join(missing)}",
            allowed="a montage made of this device's channels",
            todo='set montage = "device" in the profile',
        )
    return stream, _extend_to_channels(montage, stream.ch_names)


def _name_rows(montage: Montage, stream: StreamInfo) -> tuple[StreamInfo, Montage]:
    needed = len(montage.ch_names)
    if stream.n_channels < needed:
        raise SettingsError(
            f"montage {montage.name} needs more channels than {stream.device} has",
            got=f"{stream.n_channels} channels",
            allowed=f"{needed} channels or more",
            todo="choose a smaller montage in the profile",
        )
    ch_names = montage.ch_names + tuple(f"X{row + 1}" for row in range(needed, stream.n_channels))
    named = replace(stream, ch_names=ch_names, reference=montage.reference, ground=montage.ground)
    return named, _extend_to_channels(montage, ch_names)


def _extend_to_channels(montage: Montage, ch_names: tuple[str, ...]) -> Montage:
    """Put a montage on all channels of a stream; those it does not name are in no region."""
    unnamed = tuple(name for name in ch_names if name not in montage.ch_names)
    return montage.model_copy(update={"ch_names": ch_names, "left_out": (*montage.left_out, *unnamed)})


def check_rate(profile: Profile, sfreq: float) -> Profile:
    """Refuse a rate too low for the muscle band, without which an artifact could pass for a signal.

    Raises
    ------
    SettingsError
        The muscle band does not lie below 0.45 of the sampling frequency.
    """
    highest_hz = profile.settings.gate.emg_high_hz
    if not highest_hz < _MAX_RATE_SHARE * sfreq:
        raise SettingsError(
            f"the signal is sampled too slowly to tell muscle up to {highest_hz:g} Hz from EEG",
            got=f"{sfreq:g} Hz",
            allowed=f"more than {highest_hz / _MAX_RATE_SHARE:.0f} Hz",
            todo="use a headset or recording with a higher rate",
        )
    return profile


def check_regions(profile: Profile) -> Profile:
    """Refuse a profile whose index needs a region that has no channels.

    Raises
    ------
    SettingsError
        A feature's region is unknown, or empty or too small in the montage.
    """
    for name in profile.evidence.feature_names:
        region = name.rsplit("_", 1)[-1]
        if region not in FEATURE_REGIONS:
            raise SettingsError(
                f"the evidence profile {profile.evidence.name} names a feature of no region",
                got=name,
                allowed=f"names that end in _{', _'.join(FEATURE_REGIONS)}",
            )
        _check_region(name, region, profile.montage)
    return profile


def _check_region(feature: str, region: str, montage: Montage) -> None:
    rows, needed = montage.rows(region), montage.min_valid_in(region)
    if len(rows) >= needed:
        return
    lacks = "no electrode at Fz" if region == "fz" else f"too few {region} channels"
    raise SettingsError(
        f"the index needs {feature}, but montage {montage.name} has {lacks}",
        got=f"{len(rows)} of {', '.join(montage.ch_names)}",
        allowed=f"at least {needed}",
        todo="name those channels in a montage, or choose another evidence profile",
    )
