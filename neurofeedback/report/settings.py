"""The settings of a session as rows, with those that are not the default's told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neurofeedback.settings.model import Settings
from neurofeedback.settings.strict import Strict


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: its full name, its value and the default as text, what it is, and whether the two differ."""

    name: str
    value: str
    default: str
    description: str
    changed: bool


def setting_rows(settings: Settings) -> list[SettingRow]:
    """List every setting in the order of the model.

    Examples
    --------
    >>> [row.name for row in setting_rows(Settings(montage="muse")) if row.changed]
    ['montage']
    """
    return list(_rows(settings, Settings(), ""))


def _rows(model: Strict, defaults: Strict, prefix: str) -> Iterator[SettingRow]:
    for name, field in type(model).model_fields.items():
        value, default = getattr(model, name), getattr(defaults, name)
        if isinstance(value, Strict):
            yield from _rows(value, default, f"{prefix}{name}.")
        else:
            yield SettingRow(f"{prefix}{name}", _text(value), _text(default), field.description or "", value != default)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " to ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
