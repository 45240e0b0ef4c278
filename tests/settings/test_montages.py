"""Montages put on streams: positions that are known must fit, free inputs are named, the rest is derived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurofeedback.errors import SettingsError
from neurofeedback.settings import Evidence, FeatureEvidence, Montage, Profile, Settings
from neurofeedback.settings.estimation import IndexSettings
from neurofeedback.settings.load import available, load_montage, resolve
from neurofeedback.settings.montages import infer_montage
from neurofeedback.settings.resolved_profile import apply_montage, check_regions
from neurofeedback.types import StreamInfo

MUSE = load_montage("muse")
CYTON = load_montage("cyton")


def numbered(n_channels: int, montage: str = "cyton") -> StreamInfo:
    names = tuple(f"E{row}" for row in range(1, n_channels + 1))
    return StreamInfo("cyton:PORT", 250.0, names, montage=montage, placed_freely=True)


def needing(feature: str) -> Evidence:
    return Evidence(name="x", features=(FeatureEvidence(feature=feature, mu=0.1, between_sd=0.1, source="x"),))


# --- the model ---


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"ch_names": ("Fz", "Fz")}, "channel names repeat"),
        ({"ch_names": ("Fz",), "frontal": ("F3",)}, "frontal names channels that are not in ch_names: F3"),
        ({"ch_names": ()}, "at least 1 item"),
        ({"ch_names": ("Fz", "Cz"), "left_out": ("Oz",)}, "left_out names channels that are not in ch_names: Oz"),
        ({"ch_names": ("Fz", "Cz"), "frontal": ("Fz",), "left_out": ("Fz",)}, "left_out names channels of a region"),
        ({"ch_names": ("Fz",), "left_out": ("Fz",)}, "or all there are"),
    ],
)
def test_a_montage_that_contradicts_itself_is_refused(parts: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Montage(name="x", **parts)  # pyright: ignore[reportArgumentType]


def test_rows_follow_the_channels() -> None:
    assert MUSE.rows("frontal") == (1, 2)
    assert MUSE.rows("posterior") == (0, 3)
    assert MUSE.rows("all") == (0, 1, 2, 3)


# --- derived from names ---


def test_frontopolar_sites_are_frontal_only_without_other_frontal_sites() -> None:
    assert infer_montage(("Fp1", "Fp2", "O1", "O2")).frontal == ("Fp1", "Fp2")
    montage = infer_montage(("Fp1", "AFz", "Cz", "TP10", "EXG1"), reference="Cz")
    assert (montage.frontal, montage.posterior) == (("AFz",), ("TP10",))
    assert (montage.name, montage.reference, montage.emg) == ("auto", "Cz", montage.ch_names[:-1])


@pytest.mark.parametrize("name", ["A2-A1", "A1", "M2", "ECG", "EOG left", "EXG3", "Fp1-F7", "EEG ECG", "Status"])
def test_channel_off_the_scalp_is_in_no_region(name: str) -> None:
    montage = infer_montage(("Fz", name, "Pz"))
    assert montage.left_out == (name,)
    assert montage.rows("all") == (0, 2)


@pytest.mark.parametrize("name", ["Fz", "EEG Fz", "Fz-A1", "EEG Fz-REF", "fz-linked ears", "EEG Fz-LE"])
def test_prefix_and_reference_do_not_hide_a_site(name: str) -> None:
    montage = infer_montage((name, "O1"))
    assert (montage.frontal, montage.left_out, montage.rows("fz")) == ((name,), (), (0,))


def test_a_cap_that_counts_a1_to_a32_has_no_ears_in_it() -> None:
    assert infer_montage(("A1", "A2", "A3", "B1")).left_out == ()


def test_names_that_a_reader_has_numbered_keep_their_site() -> None:
    assert infer_montage(("Fz-0", "Fz-1", "Oz")).frontal == ("Fz-0", "Fz-1")


def test_names_that_all_look_like_ears_are_used_as_channels() -> None:
    assert infer_montage(("A1", "A2")).rows("all") == (0, 1)


def test_region_fz_needs_one_electrode() -> None:
    assert (CYTON.min_valid_in("fz"), CYTON.min_valid_in("frontal")) == (1, 2)
    assert MUSE.rows("fz") == ()


@pytest.mark.parametrize(("n_channels", "min_valid"), [(4, 1), (7, 1), (8, 2), (32, 2)])
def test_a_large_montage_needs_two_channels_a_region(n_channels: int, min_valid: int) -> None:
    assert infer_montage(tuple(f"E{row}" for row in range(n_channels))).min_valid == min_valid


@given(st.permutations(["Fz", "Cz", "Pz", "Oz", "AF7"]))
def test_the_order_of_channels_changes_no_region(names: list[str]) -> None:
    assert set(infer_montage(tuple(names)).frontal) == {"Fz", "AF7"}


# --- put on a stream ---


def test_known_positions_keep_their_rows() -> None:
    stream = StreamInfo("muse-2", 256.0, ("AF8", "TP9", "TP10", "AF7", "AUX"), montage="muse")
    named, montage = apply_montage(MUSE, stream)
    assert named == stream
    assert montage.rows("frontal") == (3, 0)
    assert montage.rows("all") == (0, 1, 2, 3)


def test_a_missing_position_is_named() -> None:
    with pytest.raises(SettingsError, match="got AF7, TP9; missing AF8, TP10"):
        apply_montage(MUSE, StreamInfo("odd", 256.0, ("AF7", "TP9"), montage="muse"))


def test_free_inputs_are_named_by_the_montage() -> None:
    named, montage = apply_montage(CYTON, numbered(10))
    assert named.ch_names == (*CYTON.ch_names, "X9", "X10") == montage.ch_names
    assert montage.left_out == ("X9", "X10")
    assert (named.reference, named.ground) == (CYTON.reference, CYTON.ground)


def test_too_few_free_inputs_are_refused() -> None:
    with pytest.raises(SettingsError, match="got 4 channels; allowed: 8 channels or more"):
        apply_montage(CYTON, numbered(4))


def test_without_a_montage_regions_come_from_channel_names() -> None:
    stream = StreamInfo("playback:x", 128.0, ("F3", "O1"), reference="Cz")
    assert apply_montage(None, stream) == (stream, infer_montage(stream.ch_names, reference="Cz"))


# --- resolved ---


def test_the_device_brings_its_montage() -> None:
    named, profile = resolve(Settings(), numbered(8))
    assert profile.montage.name == "cyton"
    assert named.ch_names == profile.montage.ch_names


def test_a_profile_may_name_another_montage() -> None:
    assert resolve(Settings(montage="openbci-cap"), numbered(8))[1].montage.name == "openbci-cap"


def test_auto_derives_from_names() -> None:
    stream = StreamInfo("lsl:x", 256.0, ("Fz", "Cz", "Pz"))
    assert resolve(Settings(), stream)[1].montage.name == "auto"


@pytest.mark.parametrize(
    ("feature", "ch_names", "message"),
    [
        ("theta_frontal", ("O1", "O2"), "too few frontal channels: got 0 of O1, O2; allowed: at least 1"),
        ("alpha_posterior", ("Fz", "Cz"), "too few posterior channels"),
        (
            "theta_left",
            ("Fz", "Pz"),
            "a feature without a region: got theta_left; allowed: .*_frontal, _posterior, _all, _fz",
        ),
        ("o_theta_fz", ("F3", "F4", "Pz"), "montage auto has no electrode at Fz: got 0 of F3, F4, Pz"),
    ],
)
def test_an_index_without_its_region_is_refused(feature: str, ch_names: tuple[str, ...], message: str) -> None:
    profile = Profile(settings=Settings(), montage=infer_montage(ch_names), evidence=needing(feature))
    with pytest.raises(SettingsError, match=message):
        check_regions(profile)


@pytest.mark.parametrize("evidence", ["default", "open", "breath-novice", "probe-pooled"])
def test_posterior_channels_alone_give_an_index_without_frontal_features(evidence: str) -> None:
    settings = Settings(index=IndexSettings(evidence=evidence))
    whole = resolve(settings, StreamInfo("x", 250.0, ("Fz", "Pz", "O1")))[1].evidence
    profile = resolve(settings, StreamInfo("x", 250.0, ("Pz", "O1")))[1]
    remaining = [name for name in whole.feature_names if not name.endswith("_frontal")]
    assert list(profile.evidence.feature_names) == remaining
    assert dict(zip(profile.evidence.feature_names, profile.evidence.mu, strict=True)) == {
        name: mu for name, mu in zip(whole.feature_names, whole.mu, strict=True) if name in remaining
    }
    assert "no frontal electrode" in profile.evidence.notice
    assert not whole.notice


def test_frontal_channels_alone_are_refused_with_montages_that_help() -> None:
    with pytest.raises(SettingsError, match=r"too few posterior channels.*montage muse, ganglion .* or ganglion-fp"):
        resolve(Settings(), StreamInfo("x", 250.0, ("Fp1", "Fp2")))


def test_montages_named_in_refusals_have_the_region() -> None:
    for region, names in {"frontal": ("muse", "ganglion", "ganglion-fp"), "fz": ("ganglion", "cyton")}.items():
        assert all(load_montage(name).rows(region) for name in names)


def test_the_expert_profile_needs_an_electrode_at_fz() -> None:
    settings = Settings(index=IndexSettings(evidence="expert-fm-theta"))
    assert resolve(settings, numbered(8))[1].evidence.feature_names[0] == "o_theta_fz"
    with pytest.raises(SettingsError, match="needs o_theta_fz, but montage muse has no electrode at Fz"):
        resolve(settings, StreamInfo("muse-2", 256.0, MUSE.ch_names, montage="muse"))


@pytest.mark.parametrize("name", available("montages"))
def test_every_shipped_montage_carries_the_default_index(name: str) -> None:
    montage = load_montage(name)
    stream = StreamInfo("x", 250.0, tuple(f"E{row}" for row in range(len(montage.ch_names))), name, placed_freely=True)
    assert resolve(Settings(), stream)[1].montage.name == name


def test_a_rate_too_low_for_the_muscle_band_is_refused() -> None:
    with pytest.raises(SettingsError, match="got 50 Hz; allowed: more than 98 Hz"):
        resolve(Settings(), StreamInfo("odd", 50.0, ("Fz", "Pz")))
