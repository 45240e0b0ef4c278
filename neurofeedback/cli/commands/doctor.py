"""``doctor``: check this machine for what the program needs, describe it in a report, or list every setting."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from packaging.requirements import Requirement

from neurofeedback.cli.helpers.common import echo, has_display, missing_window_packages, print_json, recordings_folder
from neurofeedback.errors import EXIT_OK, EXIT_SETTINGS, SourceError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.safe_text import redact
from neurofeedback.texts.technical import doctor as texts
from neurofeedback.ui.identifying_names import identifying_names

DISTRIBUTION = "neurofeedback-meditation"
_MIN_FREE_BYTES = 200_000_000


class RequirementStatus(StrEnum):
    """Whether a requirement is met, missing but needed for some uses only, or missing and needed by all."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One requirement: its status, what was found, and how to fix it (empty if met)."""

    name: str
    status: RequirementStatus
    finding: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting with its default, allowed values and description, for printing."""

    name: str
    default: object
    allowed: str
    description: str


def doctor(
    recordings: Annotated[Path | None, typer.Option(help="Recordings folder to check.")] = None,
    settings: Annotated[bool, typer.Option("--settings", help="List every setting instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Print an anonymous report for a developer; scans for headsets, 8 s.")
    ] = False,
) -> None:
    """Check this machine and print how to fix what is missing."""
    if report:
        _print_report(recordings_folder(recordings))
        return
    raise typer.Exit(_show_settings(as_json) if settings else _show_checks(recordings_folder(recordings), as_json))


def _print_report(recordings: Path) -> None:
    from neurofeedback.cli.helpers.doctor_report import write_report  # only this option needs it

    echo(tr(texts.REPORT_HINT), err=True)
    echo(write_report(recordings, _requirements(), identifying_names()))


def _show_checks(recordings: Path, as_json: bool) -> int:
    diagnostics: list[Diagnostic] = []
    names = tuple(identifying_names())
    for found in run_diagnostics(recordings):
        one = replace(found, finding=redact(found.finding, names), fix=redact(found.fix, names))
        diagnostics.append(one)
        if not as_json:
            echo(f"{one.status:<8}  {one.name:<16}  {one.finding}")
            if one.fix:
                echo(f"{'':<10}-> {one.fix}")
    if as_json:
        print_json([_diagnostic_document(one) for one in diagnostics])
    return EXIT_SETTINGS if any(one.status is RequirementStatus.MISSING for one in diagnostics) else EXIT_OK


def _diagnostic_document(diagnostic: Diagnostic) -> dict[str, str]:
    """Return a diagnostic with the keys that ``--json`` has had since version 0.1.0."""
    return {
        "name": diagnostic.name,
        "need": diagnostic.status,
        "found": diagnostic.finding,
        "fix": diagnostic.fix,
    }


def run_diagnostics(recordings: Path) -> Iterator[Diagnostic]:
    """Run all checks, the cheapest first."""
    yield Diagnostic("python", RequirementStatus.OK, platform.python_version())  # an older version cannot import this
    yield from check_packages(_requirements())
    yield check_recordings(recordings)
    yield check_display()
    yield check_window_libraries()
    yield check_sound()
    yield check_bluetooth()
    yield check_serial()


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return [DISTRIBUTION]  # a source tree that was never installed: reported as missing


def check_packages(requirements: list[str]) -> Iterator[Diagnostic]:
    """Compare every package that the wheel requires with the installed version."""
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _check_package(requirement)


def _check_package(requirement: Requirement) -> Diagnostic:
    fix = f"{sys.executable} -m pip install '{requirement}'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Diagnostic(requirement.name, RequirementStatus.MISSING, tr(texts.NOT_INSTALLED), fix)
    if not requirement.specifier.contains(version, prereleases=True):
        found = tr(texts.OTHER_VERSION, version=version, required=requirement.specifier)
        return Diagnostic(requirement.name, RequirementStatus.MISSING, found, fix)
    return Diagnostic(requirement.name, RequirementStatus.OK, version)


def check_recordings(folder: Path) -> Diagnostic:
    """Check that the recordings folder can be written and has free space."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        found = tr(texts.NOT_WRITABLE, folder=folder, reason=error.strerror)
        fix = tr(texts.MAKE_WRITABLE, command=f"sudo chown $USER '{existing}'")
        return Diagnostic("recordings", RequirementStatus.MISSING, found, fix)
    found = tr(texts.FREE_SPACE, folder=folder, free_gb=f"{free / 1e9:.1f}")
    if free < _MIN_FREE_BYTES:
        return Diagnostic("recordings", RequirementStatus.MISSING, found, tr(texts.DISK_FULL))
    return Diagnostic("recordings", RequirementStatus.OK, found)


def check_display() -> Diagnostic:
    """Check for a screen to open the window on."""
    if has_display():
        name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or tr(texts.DISPLAY_AVAILABLE)
        return Diagnostic("display", RequirementStatus.OK, name)
    return Diagnostic("display", RequirementStatus.OPTIONAL, tr(texts.NO_DISPLAY), tr(texts.USE_TERMINAL))


def check_window_libraries() -> Diagnostic:
    """Try to load the system libraries of the window."""
    missing = missing_window_packages()
    if not missing:
        return Diagnostic("window libraries", RequirementStatus.OK, tr(texts.ALL_LIBRARIES))
    return Diagnostic(
        "window libraries",
        RequirementStatus.OPTIONAL,
        tr(texts.MISSING_LIBRARIES, n=len(missing)),
        f"sudo apt-get install {' '.join(missing)}",
    )


def check_sound() -> Diagnostic:
    """Check for a sound output; without one a session is silent or goes to a WAV file."""
    from neurofeedback.audio.miniaudio_output import device_names  # loads the sound library

    fix = tr(texts.CONNECT_SOUND)
    try:
        names = device_names()
    except SourceError as error:
        return Diagnostic("sound", RequirementStatus.OPTIONAL, tr(texts.NO_SOUND_REASON, reason=error.got), fix)
    if not names:
        return Diagnostic("sound", RequirementStatus.OPTIONAL, tr(texts.NO_SOUND), fix)
    return Diagnostic("sound", RequirementStatus.OK, ", ".join(names))


def check_bluetooth(root: Path = Path("/")) -> Diagnostic:
    """Check for a Bluetooth adapter (Muse, Ganglion) on Linux; elsewhere one is assumed."""
    if sys.platform != "linux":
        return Diagnostic("bluetooth", RequirementStatus.OK, tr(texts.NOT_CHECKED))
    names = sorted(path.name for path in (root / "sys/class/bluetooth").glob("hci*"))
    if not names:
        return Diagnostic("bluetooth", RequirementStatus.OPTIONAL, tr(texts.NO_ADAPTER), tr(texts.PLUG_IN_ADAPTER))
    if not (root / "run/dbus/system_bus_socket").exists():
        fix = "sudo apt-get install bluez && sudo systemctl enable --now bluetooth"
        found = tr(texts.NO_SYSTEM_BUS, adapters=", ".join(names))
        return Diagnostic("bluetooth", RequirementStatus.OPTIONAL, found, fix)
    return Diagnostic("bluetooth", RequirementStatus.OK, ", ".join(names))


def check_serial(root: Path = Path("/")) -> Diagnostic:
    """Check that this user may open the serial dongles (Cyton) that are plugged in."""
    ports = sorted(str(path) for pattern in ("ttyUSB*", "ttyACM*", "cu.usb*") for path in (root / "dev").glob(pattern))
    closed = [port for port in ports if not os.access(port, os.R_OK | os.W_OK)]
    if closed:
        fix = tr(texts.LOG_IN_AGAIN, command="sudo usermod -aG dialout $USER")
        found = tr(texts.NO_PERMISSION, ports=", ".join(closed))
        return Diagnostic("serial", RequirementStatus.OPTIONAL, found, fix)
    return Diagnostic("serial", RequirementStatus.OK, ", ".join(ports) or tr(texts.NO_DONGLE))


def _show_settings(as_json: bool) -> int:
    from neurofeedback.settings import Settings  # only this option needs the model

    rows = list(setting_rows(Settings.model_json_schema(), Settings().model_dump(mode="json")))
    if as_json:
        print_json([asdict(row) for row in rows])
        return EXIT_OK
    for row in rows:
        echo(f"{row.name} = {row.default}  ({row.allowed})\n    {row.description}")
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
    """Return what a field of a JSON schema accepts, as text.

    Examples
    --------
    >>> describe_allowed({"type": "number", "minimum": 0.1, "maximum": 2})
    'number, 0.1 to 2'
    >>> describe_allowed({"enum": ["auto", 50, 60]})
    'auto, 50, 60'
    >>> describe_allowed({"type": "array", "items": {"type": "string"}})
    'names, in brackets'
    """
    if "enum" in field:
        return ", ".join(str(value) for value in field["enum"])
    if "minimum" in field:
        low, high = f"{field['minimum']:g}", f"{field['maximum']:g}"
        return tr(texts.NUMBER_RANGE, type=field["type"], low=low, high=high)
    if field["type"] == "array":
        fixed = field.get("prefixItems")
        return tr(texts.SEVERAL_NUMBERS, n=len(fixed)) if fixed else tr(texts.NAMES)
    return tr({"boolean": texts.TRUE_OR_FALSE, "string": texts.TEXT}[field["type"]])
