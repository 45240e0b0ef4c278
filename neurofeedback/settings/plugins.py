"""Plug-ins: sources and outputs of other installed packages, found by entry points and loaded only when named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Any

from neurofeedback.errors import NeurofeedbackError, SettingsError

SOURCES = "neurofeedback.sources"
OUTPUTS = "neurofeedback.outputs"


def split_plugin_name(text: str) -> tuple[str, str]:
    """Split ``NAME`` or ``NAME:ARGUMENT``.

    Examples
    --------
    >>> split_plugin_name("sine:10"), split_plugin_name("states")
    (('sine', '10'), ('states', ''))
    """
    name, _, argument = text.partition(":")
    return name, argument


def load_plugin(group: str, name: str) -> Callable[..., Any]:
    """Return the factory that a package offers under this name.

    Parameters
    ----------
    group : str
        ``SOURCES`` or ``OUTPUTS``.
    name : str
        Name of the entry point.

    Raises
    ------
    SettingsError
        No installed package offers it, two do, or its code cannot be loaded.
    """
    entry = _find(group, name)
    return call_plugin(f"{name} of {_package(entry)}", entry.load)


def call_plugin(name: str, factory: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Return what a factory makes; an error of its code, not of this program, becomes a SettingsError."""
    try:
        return factory(*arguments, **options)
    except NeurofeedbackError:
        raise
    except Exception as error:  # noqa: BLE001 - code of another package may raise anything
        raise SettingsError(
            f"the plug-in {name} cannot be used",
            got=f"{type(error).__name__}: {error}",
            todo="see its documentation, or leave it out",
        ) from None


def plugin_versions(used: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the versions of the packages of plug-ins, given as group and name."""
    entries = [_find(group, name) for group, name in used]
    return {entry.dist.name: entry.dist.version for entry in entries if entry.dist is not None}


def _find(group: str, name: str) -> metadata.EntryPoint:
    offered = metadata.entry_points(group=group)
    found = [entry for entry in offered if entry.name == name]
    if len({_package(entry) for entry in found}) > 1:
        raise SettingsError(
            f"two packages offer a plug-in named {name}",
            got=", ".join(sorted({_package(entry) for entry in found})),
            todo="remove one of them",
        )
    if not found:
        names = sorted({entry.name for entry in offered})
        raise SettingsError(
            "there is no such plug-in",
            got=repr(name),
            allowed=", ".join(names) or "none: no installed package offers one",
            todo="install its package; docs/develop.md describes how one is made",
        )
    return found[0]


def _package(entry: metadata.EntryPoint) -> str:
    return "an unknown package" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
