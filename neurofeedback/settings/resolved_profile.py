"""The resolved profile of one stream: settings, montage and evidence, with its checks."""

from __future__ import annotations

from dataclasses import replace

from neurofeedback.errors import SettingsError
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import FEATURE_REGIONS, Montage, infer_montage
from neurofeedback.types import StreamInfo

_NO_FRONTAL_ELECTRODE = (
    "There is no frontal electrode, so the index uses what the other electrodes show; it knows less than with one."
)
_MONTAGES_WITH = {
    "frontal": "montage muse, ganglion (Fz, Pz, O1, O2) or ganglion-fp (Fp1, Fp2, O1, O2)",
    "posterior": "montage muse, ganglion (Fz, Pz, O1, O2) or ganglion-fp (Fp1, Fp2, O1, O2)",
    "fz": "montage ganglion (Fz, Pz, O1, O2) or cyton",
    "all": "montage ganglion (Fz, Pz, O1, O2)",
}
_MAX_RATE_SHARE = 0.45  # of the sampling frequency: room for filters below half of it


class Profile(SettingsModel):
    """Everything that determines the engine's output besides samples and commands."""

    settings: Settings
    montage: Montage
    evidence: Evidence


def apply_montage(montage: Montage | None, stream: StreamInfo) -> tuple[StreamInfo, Montage]:
    """Return the stream and the montage matched to its channels.

    A stream with fixed positions must have the montage's channels; one with freely placed electrodes gets its channel
    names from the montage. Without a montage the regions are derived from the stream's channel names.

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
    """Return the montage with all channels of a stream; new ones belong to no region."""
    unnamed = tuple(name for name in ch_names if name not in montage.ch_names)
    return montage.model_copy(update={"ch_names": ch_names, "left_out": (*montage.left_out, *unnamed)})


def check_rate(profile: Profile, sfreq: float) -> Profile:
    """Return the profile if the sampling rate is high enough for the muscle band of the gate.

    Raises
    ------
    SettingsError
        The muscle band does not lie below 0.45 of the sampling frequency.
    """
    highest_hz = profile.settings.gate.emg_high_hz
    if not highest_hz < _MAX_RATE_SHARE * sfreq:
        raise SettingsError(
            f"the sampling rate is too low to detect muscle activity up to {highest_hz:g} Hz",
            got=f"{sfreq:g} Hz",
            allowed=f"more than {highest_hz / _MAX_RATE_SHARE:.0f} Hz",
            todo="use a headset or recording with a higher rate",
        )
    return profile


def drop_frontal_features(profile: Profile) -> Profile:
    """Return the profile without frontal features if the montage has posterior electrodes but too few frontal ones.

    The evidence's notice then says which features the index lacks.
    """
    montage, evidence = profile.montage, profile.evidence
    has_posterior = any(name.endswith("_posterior") for name in evidence.feature_names)
    if not has_posterior or _has_region(montage, "frontal") or not _has_region(montage, "posterior"):
        return profile
    absent = [name for name in evidence.feature_names if name.endswith("_frontal")]
    if not absent:
        return profile
    notice = " ".join(filter(None, [evidence.notice, _NO_FRONTAL_ELECTRODE]))
    reduced = evidence.without(absent).model_copy(update={"notice": notice})
    return profile.model_copy(update={"evidence": reduced})


def _has_region(montage: Montage, region: str) -> bool:
    return len(montage.rows(region)) >= montage.min_valid_in(region)


def check_regions(profile: Profile) -> Profile:
    """Return the profile if its montage has enough channels for every feature of the index.

    Raises
    ------
    SettingsError
        A feature's region is unknown, or empty or too small in the montage.
    """
    for name in profile.evidence.feature_names:
        region = name.rsplit("_", 1)[-1]
        if region not in FEATURE_REGIONS:
            raise SettingsError(
                f"the evidence profile {profile.evidence.name} has a feature without a region",
                got=name,
                allowed=f"names that end in _{', _'.join(FEATURE_REGIONS)}",
            )
        _check_region(name, region, profile.montage)
    return profile


def _check_region(feature: str, region: str, montage: Montage) -> None:
    rows, needed = montage.rows(region), montage.min_valid_in(region)
    if _has_region(montage, region):
        return
    problem = "no electrode at Fz" if region == "fz" else f"too few {region} channels"
    raise SettingsError(
        f"the index needs {feature}, but montage {montage.name} has {problem}",
        got=f"{len(rows)} of {', '.join(montage.ch_names)}",
        allowed=f"at least {needed}",
        todo="name those channels in a montage, choose another evidence profile, or place the electrodes for the "
        + _MONTAGES_WITH[region],
    )
