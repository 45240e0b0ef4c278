"""The settings of a session as rows, with those that are not the default's told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ReportedSetting:
    """One setting: its full name, its value and the default as text, what it is, and whether the two differ."""

    name: str
    value: str
    default: str
    description: str
    changed: bool


def setting_rows(settings: Settings) -> list[ReportedSetting]:
    """List every setting in the order of the model.

    Examples
    --------
    >>> [row.name for row in setting_rows(Settings(montage="muse")) if row.changed]
    ['montage']
    """
    return list(_rows(settings, Settings(), ""))


def _rows(model: SettingsModel, defaults: SettingsModel, prefix: str) -> Iterator[ReportedSetting]:
    for name, field in type(model).model_fields.items():
        value, default = getattr(model, name), getattr(defaults, name)
        if isinstance(value, SettingsModel):
            yield from _rows(value, default, f"{prefix}{name}.")
        else:
            yield ReportedSetting(
                f"{prefix}{name}", _text(value), _text(default), field.description or "", value != default
            )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " to ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
