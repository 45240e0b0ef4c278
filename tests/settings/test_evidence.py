"""Evidence profiles: a set of features or a mixture of sets, never something between."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from neurofeedback.errors import SettingsError
from neurofeedback.settings.evidence import Evidence, FeatureEvidence
from neurofeedback.settings.load import load_evidence

THETA = FeatureEvidence(feature="theta_frontal", mu=0.4, between_sd=0.2, source="x")
ALPHA = FeatureEvidence(feature="alpha_posterior", mu=-0.2, between_sd=0.2, source="x")


def feature_with(mu: float) -> FeatureEvidence:
    return THETA.model_copy(update={"mu": mu})


def own_file(folder: Path, text: str) -> str:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_features_come_in_their_order() -> None:
    evidence = Evidence(name="x", features=(THETA, ALPHA))
    assert evidence.feature_names == ("theta_frontal", "alpha_posterior")
    assert evidence.mu == (0.4, -0.2)


def test_a_mixture_averages_its_members() -> None:
    members = tuple(Evidence(name=f"m{mu:g}".replace(".", "-"), features=(feature_with(mu),)) for mu in (0.0, 0.5, 1.0))
    mixture = Evidence(name="mix", members=members)
    assert mixture.feature_names == ("theta_frontal",)
    assert mixture.mu == (0.5,)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "either features or members"),
        ({"features": (THETA,), "members": (Evidence(name="m", features=(THETA,)),)}, "either features or members"),
        (
            {"members": (Evidence(name="a", features=(THETA,)), Evidence(name="b", features=(ALPHA,)))},
            "same features in the same order",
        ),
        (
            {"members": (Evidence(name="a", features=(THETA, ALPHA)), Evidence(name="b", features=(ALPHA, THETA)))},
            "same features in the same order",
        ),
        ({"features": (THETA, THETA)}, "named twice"),
        ({"features": (THETA,), "member_weights": (1.0,)}, "one positive number for each member"),
        ({"members": (Evidence(name="a", features=(THETA,)),), "member_weights": (0.0,)}, "one positive number"),
        ({"members": (Evidence(name="a", features=(THETA,)),), "index_member": "b"}, "the name of a member"),
    ],
)
def test_evidence_without_features_and_members_is_refused(parts: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Evidence(name="x", **parts)  # pyright: ignore[reportArgumentType]


def test_members_count_by_their_weights_unless_one_is_the_index() -> None:
    members = tuple(Evidence(name=name, features=(feature_with(mu),)) for name, mu in (("a", 0.0), ("b", 1.0)))
    assert Evidence(name="mix", members=members, member_weights=(3.0, 1.0)).mu == (0.25,)
    assert Evidence(name="mix", members=members, member_weights=(3.0, 1.0), index_member="b").mu == (1.0,)
    weighted = Evidence(name="mix", members=members, member_weights=(3.0, 1.0)).weighted_profiles
    assert [(member.name, share) for member, share in weighted] == [("a", 0.75), ("b", 0.25)]
    assert Evidence(name="x", features=(THETA,)).weighted_profiles[0][1] == 1.0


def test_shipped_default_has_the_index_of_the_probes_and_a_mixture_as_prior() -> None:
    mixture = load_evidence("default")
    probes, novices = load_evidence("probe-pooled"), load_evidence("breath-novice")
    assert mixture.weighted_profiles == ((probes, 0.75), (novices, 0.25))
    assert mixture.mu == probes.mu == (-0.15, 0.08, -0.02)
    assert [feature.between_sd for feature in probes.features] == [0.35, 0.40, 0.40]


def test_a_mixture_file_names_shipped_profiles(tmp_path: Path) -> None:
    assert load_evidence(own_file(tmp_path, "name = 'own'\nmembers = ['open']")).members[0].name == "open"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ("[1]", "is not a name: got 1"),
        ("['default']", "is itself a mixture: got default"),
        ("['opne']", "no such evidence profile: got 'opne'.*did you mean open?"),
        ("'open'", "members = 'open': Input should be a valid array"),
        ("[]", "either features or members"),
    ],
)
def test_a_mixture_of_something_else_is_refused(tmp_path: Path, members: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_evidence(own_file(tmp_path, f"name = 'own'\nmembers = {members}"))
