"""Montages put on streams: positions that are known must fit, free inputs are named, the rest is derived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurofeedback.errors import SettingsError
from neurofeedback.settings import Evidence, FeatureEvidence, Montage, Profile, Settings
from neurofeedback.settings.load import available, load_montage, resolve
from neurofeedback.settings.montages import infer_montage
from neurofeedback.settings.profile import check_regions, fit_montage
from neurofeedback.types import Stream

MUSE = load_montage("muse")
CYTON = load_montage("cyton")


def numbered(n_channels: int, montage: str = "cyton") -> Stream:
    names = tuple(f"E{row}" for row in range(1, n_channels + 1))
    return Stream("cyton:PORT", 250.0, names, montage=montage, placed_freely=True)


def needing(feature: str) -> Evidence:
    return Evidence(name="x", features=(FeatureEvidence(feature=feature, mu=0.1, between_sd=0.1, source="x"),))


# --- the model ---


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"ch_names": ("Fz", "Fz")}, "channel names repeat"),
        ({"ch_names": ("Fz",), "frontal": ("F3",)}, "frontal names channels that are not in ch_names: F3"),
        ({"ch_names": ()}, "at least 1 item"),
    ],
)
def test_a_montage_that_contradicts_itself_is_refused(parts: dict[str, tuple[str, ...]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Montage(name="x", **parts)  # pyright: ignore[reportArgumentType]


def test_rows_follow_the_channels() -> None:
    assert MUSE.rows("frontal") == (1, 2)
    assert MUSE.rows("posterior") == (0, 3)
    assert MUSE.rows("all") == (0, 1, 2, 3)


# --- derived from names ---


def test_blinking_sites_are_not_frontal() -> None:
    montage = infer_montage(("Fp1", "AFz", "Cz", "TP10", "EXG1"), reference="Cz")
    assert (montage.frontal, montage.posterior) == (("AFz",), ("TP10",))
    assert (montage.name, montage.reference, montage.emg) == ("auto", "Cz", montage.ch_names)


@pytest.mark.parametrize(("n_channels", "min_valid"), [(4, 1), (7, 1), (8, 2), (32, 2)])
def test_a_large_montage_needs_two_channels_a_region(n_channels: int, min_valid: int) -> None:
    assert infer_montage(tuple(f"E{row}" for row in range(n_channels))).min_valid == min_valid


@given(st.permutations(["Fz", "Cz", "Pz", "Oz", "AF7"]))
def test_the_order_of_channels_changes_no_region(names: list[str]) -> None:
    assert set(infer_montage(tuple(names)).frontal) == {"Fz", "AF7"}


# --- put on a stream ---


def test_known_positions_keep_their_rows() -> None:
    stream = Stream("muse-2", 256.0, ("AF8", "TP9", "TP10", "AF7", "AUX"), montage="muse")
    named, montage = fit_montage(MUSE, stream)
    assert named == stream
    assert montage.rows("frontal") == (3, 0)


def test_a_missing_position_is_named() -> None:
    with pytest.raises(SettingsError, match="got AF7, TP9; missing AF8, TP10"):
        fit_montage(MUSE, Stream("odd", 256.0, ("AF7", "TP9"), montage="muse"))


def test_free_inputs_are_named_by_the_montage() -> None:
    named, montage = fit_montage(CYTON, numbered(10))
    assert named.ch_names == (*CYTON.ch_names, "X9", "X10") == montage.ch_names
    assert (named.reference, named.ground) == (CYTON.reference, CYTON.ground)


def test_too_few_free_inputs_are_refused() -> None:
    with pytest.raises(SettingsError, match="got 4 channels; allowed: 8 channels or more"):
        fit_montage(CYTON, numbered(4))


def test_without_a_montage_names_decide() -> None:
    stream = Stream("playback:x", 128.0, ("F3", "O1"), reference="Cz")
    assert fit_montage(None, stream) == (stream, infer_montage(stream.ch_names, reference="Cz"))


# --- resolved ---


def test_the_device_brings_its_montage() -> None:
    named, profile = resolve(Settings(), numbered(8))
    assert profile.montage.name == "cyton"
    assert named.ch_names == profile.montage.ch_names


def test_a_profile_may_name_another_montage() -> None:
    assert resolve(Settings(montage="openbci-cap"), numbered(8))[1].montage.name == "openbci-cap"


def test_auto_derives_from_names() -> None:
    stream = Stream("lsl:x", 256.0, ("Fz", "Cz", "Pz"))
    assert resolve(Settings(), stream)[1].montage.name == "auto"


@pytest.mark.parametrize(
    ("feature", "ch_names", "said"),
    [
        ("theta_frontal", ("O1", "O2"), "too few frontal channels: got 0 of O1, O2; allowed: at least 1"),
        ("alpha_posterior", ("Fz", "Cz"), "too few posterior channels"),
        ("theta_left", ("Fz", "Pz"), "a feature of no region: got theta_left; allowed: .*_frontal, _posterior, _all"),
    ],
)
def test_an_index_without_its_region_is_refused(feature: str, ch_names: tuple[str, ...], said: str) -> None:
    profile = Profile(settings=Settings(), montage=infer_montage(ch_names), evidence=needing(feature))
    with pytest.raises(SettingsError, match=said):
        check_regions(profile)


@pytest.mark.parametrize("name", available("montages"))
def test_every_shipped_montage_carries_the_default_index(name: str) -> None:
    montage = load_montage(name)
    stream = Stream("x", 250.0, tuple(f"E{row}" for row in range(len(montage.ch_names))), name, placed_freely=True)
    assert resolve(Settings(), stream)[1].montage.name == name


def test_a_rate_too_low_for_the_muscle_band_is_refused() -> None:
    with pytest.raises(SettingsError, match="got 50 Hz; allowed: more than 98 Hz"):
        resolve(Settings(), Stream("odd", 50.0, ("Fz", "Pz")))
