"""What group studies say about each feature, as data: the index and the decoder's prior are read from it."""

from __future__ import annotations

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel
from neurofeedback.types import INDEX_NAME


class FeatureEvidence(SettingsModel):
    """Expected standardised difference of one feature, mind-wandering minus focus."""

    feature: str = Field(description="a feature name of processing.features, such as theta_frontal")
    mu: float = Field(ge=-2, le=2, description="expected difference, baseline spreads")
    between_sd: float = Field(gt=0, le=2, description="spread of the difference between persons")
    source: str = Field(min_length=1, description="where the number is from")


class Evidence(SettingsModel):
    """An evidence profile: a set of features with sources, or a mixture of such sets.

    A mixture's members all name the same features in the same order.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the profile")
    description: str = Field(default="", description="one line for people")
    index_name: str = Field(default=INDEX_NAME, min_length=1, max_length=60, description="what the index is called")
    notice: str = Field(default="", description="what a person is told before a sitting, such as what is not claimed")
    features: tuple[FeatureEvidence, ...] = Field(default=(), description="the features, in the order of the index")
    members: tuple[Evidence, ...] = Field(default=(), description="the profiles a mixture averages")

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
        return self

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features of the index, in order."""
        return self.members[0].feature_names if self.members else tuple(f.feature for f in self.features)

    @property
    def mu(self) -> tuple[float, ...]:
        """Expected differences in feature order; of a mixture their average."""
        if not self.members:
            return tuple(f.mu for f in self.features)
        columns = zip(*(member.mu for member in self.members), strict=True)
        return tuple(sum(column) / len(self.members) for column in columns)
