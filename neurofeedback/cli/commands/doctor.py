"""``neurofeedback doctor``: what is missing on this machine, and every setting there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from neurofeedback.cli.helpers.common import print_json, recordings_folder
from neurofeedback.errors import EXIT_OK, EXIT_SETTINGS


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting as people read it."""

    name: str
    default: object
    allowed: str
    description: str


def register(app: typer.Typer) -> None:
    """Add ``doctor`` to the program."""
    app.command()(doctor)


def doctor(
    recordings: Annotated[Path | None, typer.Option(help="Recordings folder to look at.")] = None,
    settings: Annotated[bool, typer.Option("--settings", help="List every setting instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell what is missing on this machine and the one line that mends it."""
    raise typer.Exit(_show_settings(as_json) if settings else _show_checks(recordings_folder(recordings), as_json))


def _show_checks(recordings: Path, as_json: bool) -> int:
    from neurofeedback.cli.helpers.diagnostics import RequirementStatus, run_diagnostics  # loads the sound library

    checks = []
    for check in run_diagnostics(recordings):
        checks.append(check)
        if not as_json:
            typer.echo(f"{check.need:<8}  {check.name:<16}  {check.found}")
            if check.fix:
                typer.echo(f"{'':<10}-> {check.fix}")
    if as_json:
        print_json([asdict(check) for check in checks])
    return EXIT_SETTINGS if any(check.need is RequirementStatus.MISSING for check in checks) else EXIT_OK


def _show_settings(as_json: bool) -> int:
    from neurofeedback.settings import Settings  # only this option needs the model

    rows = list(setting_rows(Settings.model_json_schema(), Settings().model_dump(mode="json")))
    if as_json:
        print_json([asdict(row) for row in rows])
        return EXIT_OK
    for row in rows:
        typer.echo(f"{row.name} = {row.default}  ({row.allowed})\n    {row.description}")
    return EXIT_OK


def setting_rows(schema: dict[str, Any], defaults: dict[str, Any]) -> Iterator[SettingDescription]:
    """Flatten the settings model into rows, in its own order.

    Parameters
    ----------
    schema : dict
        JSON schema of the model.
    defaults : dict
        The model's defaults, nested as the model is.
    """
    for key, value in defaults.items():
        field = schema["properties"][key]
        if isinstance(value, dict):
            section = schema["$defs"][field["$ref"].rsplit("/", 1)[-1]]
            for row in setting_rows(section, value):
                yield SettingDescription(f"{key}.{row.name}", row.default, row.allowed, row.description)
        else:
            yield SettingDescription(key, value, describe_allowed(field), field["description"])


def describe_allowed(field: dict[str, Any]) -> str:
    """Say in words what a field of a JSON schema accepts.

    Examples
    --------
    >>> allowed({"type": "number", "minimum": 0.1, "maximum": 2})
    'number, 0.1 to 2'
    >>> allowed({"enum": ["auto", 50, 60]})
    'auto, 50, 60'
    >>> allowed({"type": "array", "items": {"type": "string"}})
    'names, in brackets'
    """
    if "enum" in field:
        return ", ".join(str(value) for value in field["enum"])
    if "minimum" in field:
        return f"{field['type']}, {field['minimum']:g} to {field['maximum']:g}"
    if field["type"] == "array":
        return f"{len(field['prefixItems'])} numbers" if "prefixItems" in field else "names, in brackets"
    return {"boolean": "true or false", "string": "text"}[field["type"]]
