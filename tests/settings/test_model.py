"""The settings model: complete, frozen, and every number with a unit, limits and a description."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from neurofeedback.settings import Settings


def leaves(model: type[BaseModel], prefix: str = "") -> list[tuple[str, FieldInfo]]:
    found: list[tuple[str, FieldInfo]] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += leaves(field.annotation, f"{prefix}{name}.")
        else:
            found.append((prefix + name, field))
    return found


@pytest.mark.parametrize(("name", "field"), leaves(Settings))
def test_every_setting_is_described(name: str, field: FieldInfo) -> None:
    assert field.description, name
    assert field.default is not None, name


@pytest.mark.parametrize(("name", "field"), [leaf for leaf in leaves(Settings) if leaf[1].annotation in {int, float}])
def test_every_number_has_limits(name: str, field: FieldInfo) -> None:
    bounds = {type(limit).__name__ for limit in field.metadata}
    assert {"Ge", "Le"} <= bounds, name


def test_settings_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().name = "x"  # pyright: ignore[reportAttributeAccessIssue]


def test_defaults_pass_their_own_checks() -> None:
    settings = Settings()
    assert Settings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"bands": {"theta_high_below_iaf_hz": 4.0}}, "the theta band is empty with alpha at 7 Hz: 3.5 to 3 Hz"),
        ({"bands": {"delta_hz": (1.6, 1.9)}}, "the delta band is empty"),
        ({"bands": {"beta_hz": (14.1, 14.2)}}, "contains no bin of a 2 s window"),
        ({"gate": {"emg_low_hz": 30.1, "emg_high_hz": 30.3}}, "the muscle band is empty"),
        (
            {"bands": {"alpha_below_iaf_hz": 0.5, "alpha_above_iaf_hz": 0.5}, "spectrum": {"window_s": 0.5}},
            "alpha band",
        ),
    ],
)
def test_bands_that_hold_no_bin_are_refused(parts: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate(parts)


def test_shorter_windows_are_allowed_where_every_band_holds_a_bin() -> None:
    assert Settings.model_validate({"spectrum": {"window_s": 1.0}}).spectrum.window_s == 1.0
