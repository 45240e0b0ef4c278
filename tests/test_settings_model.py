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
