"""Evidence profiles: expected effects of mind-wandering on features, for the index and the decoder's prior."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel
from neurofeedback.types import INDEX_NAME


class FeatureEvidence(SettingsModel):
    """Expected standardised difference of one feature, mind-wandering minus focus."""

    feature: str = Field(description="name of a feature, such as theta_frontal")
    mu: float = Field(ge=-2, le=2, description="expected difference in baseline spreads")
    between_sd: float = Field(gt=0, le=2, description="SD of the difference between persons")
    source: str = Field(min_length=1, description="source of the number")


class Evidence(SettingsModel):
    """An evidence profile: a set of features with sources, or a mixture of such sets.

    All members of a mixture have the same features in the same order. The decoder's prior is the mixture; the index
    before any answer is that of one member, or the weighted average of all.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the profile")
    description: str = Field(default="", description="one line of description")
    index_name: str = Field(default=INDEX_NAME, min_length=1, max_length=60, description="name of the index")
    notice: str = Field(default="", description="shown before a session, for example what the index does not measure")
    features: tuple[FeatureEvidence, ...] = Field(default=(), description="features in the order of the index")
    expected_auc: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="AUC of the index on other people's answers; sets the trust before answers",
    )
    members: tuple[Evidence, ...] = Field(default=(), description="profiles that a mixture averages")
    member_weights: tuple[float, ...] = Field(default=(), description="weight of each member; equal if not given")
    index_member: str = Field(
        default="", description="member of the index before any answer; the weighted average if not given"
    )

    @model_validator(mode="after")
    def _check_members(self) -> Evidence:
        if bool(self.features) == bool(self.members):
            msg = "an evidence profile has either features or members"
            raise ValueError(msg)
        if len({member.feature_names for member in self.members}) > 1:
            msg = "the members of a mixture must name the same features in the same order"
            raise ValueError(msg)
        if len(set(self.feature_names)) != len(self.feature_names):
            msg = "a feature is named twice"
            raise ValueError(msg)
        weights = self.member_weights
        if weights and (len(weights) != len(self.members) or not all(weight > 0 for weight in weights)):
            msg = "member_weights must be one positive number for each member"
            raise ValueError(msg)
        if self.index_member and self.index_member not in {member.name for member in self.members}:
            msg = "index_member must be the name of a member"
            raise ValueError(msg)
        return self

    @property
    def weighted_profiles(self) -> tuple[tuple[Evidence, float], ...]:
        """The members with their weights, which add up to 1; a profile with features is its own only member."""
        if not self.members:
            return ((self, 1.0),)
        weights = self.member_weights or (1.0,) * len(self.members)
        return tuple((member, weight / sum(weights)) for member, weight in zip(self.members, weights, strict=True))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features of the index, in order."""
        return self.members[0].feature_names if self.members else tuple(f.feature for f in self.features)

    def without(self, features: Collection[str]) -> Evidence:
        """Return the profile, and each member of a mixture, without these features; at least one must be left."""
        remaining = tuple(f for f in self.features if f.feature not in features)
        members = tuple(member.without(features) for member in self.members)
        # built anew, so that a profile without features is refused
        return Evidence.model_validate({**dict(self), "features": remaining, "members": members})

    @property
    def mu(self) -> tuple[float, ...]:
        """Expected differences of the index in feature order; for a mixture those of one member or the average."""
        if not self.members:
            return tuple(f.mu for f in self.features)
        if self.index_member:
            return next(member.mu for member in self.members if member.name == self.index_member)
        weights = self.member_weights or (1.0,) * len(self.members)
        columns = zip(*(member.mu for member in self.members), strict=True)
        return tuple(
            sum(weight * mu for weight, mu in zip(weights, column, strict=True)) / sum(weights) for column in columns
        )
