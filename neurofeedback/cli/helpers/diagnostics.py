"""What the program needs of this machine: one check for each thing, with the one line that mends it."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packaging.requirements import Requirement

from neurofeedback.audio.player import device_names
from neurofeedback.cli.helpers.common import has_display, missing_window_packages
from neurofeedback.errors import SourceError

DISTRIBUTION = "neurofeedback-meditation"
_MIN_FREE_BYTES = 200_000_000


class RequirementStatus(StrEnum):
    """How a check came out: there, only needed for some uses, or nothing works without it."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing looked at: what was found, and what to type if it is not right."""

    name: str
    need: RequirementStatus
    found: str
    fix: str = ""


def run_diagnostics(recordings: Path) -> Iterator[Diagnostic]:
    """Look at everything, cheapest first."""
    yield Diagnostic("python", RequirementStatus.OK, platform.python_version())  # an older one does not come this far
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
        return [DISTRIBUTION]  # run from a source tree that was never installed: the check says so


def check_packages(requirements: list[str]) -> Iterator[Diagnostic]:
    """Compare every package the wheel asks for with the version that is installed."""
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _check_package(requirement)


def _check_package(requirement: Requirement) -> Diagnostic:
    fix = f"{sys.executable} -m pip install '{requirement}'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Diagnostic(requirement.name, RequirementStatus.MISSING, "not installed", fix)
    if not requirement.specifier.contains(version, prereleases=True):
        return Diagnostic(requirement.name, RequirementStatus.MISSING, f"{version}, not {requirement.specifier}", fix)
    return Diagnostic(requirement.name, RequirementStatus.OK, version)


def check_recordings(folder: Path) -> Diagnostic:
    """See whether the recordings folder can be written, and has room."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        fix = f"pass --recordings DIR, or sudo chown {getpass.getuser()} '{existing}'"
        return Diagnostic(
            "recordings", RequirementStatus.MISSING, f"{folder} cannot be written ({error.strerror})", fix
        )
    found = f"{folder}, {free / 1e9:.1f} GB free"
    if free < _MIN_FREE_BYTES:
        return Diagnostic(
            "recordings", RequirementStatus.MISSING, found, "make room, or pass --recordings DIR on another disk"
        )
    return Diagnostic("recordings", RequirementStatus.OK, found)


def check_display() -> Diagnostic:
    """Look for a screen to open the window on."""
    if has_display():
        return Diagnostic(
            "display", RequirementStatus.OK, os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "there"
        )
    return Diagnostic("display", RequirementStatus.OPTIONAL, "none", "add --headless to train in the terminal")


def check_window_libraries() -> Diagnostic:
    """Try to load the system libraries of the window."""
    missing = missing_window_packages()
    if not missing:
        return Diagnostic("window libraries", RequirementStatus.OK, "all there")
    return Diagnostic(
        "window libraries",
        RequirementStatus.OPTIONAL,
        f"{len(missing)} missing",
        f"sudo apt-get install {' '.join(missing)}",
    )


def check_sound() -> Diagnostic:
    """Look for a device to play on; without one a sitting is silent or goes to a WAV file."""
    fix = "connect loudspeakers or headphones (on a bare Linux: sudo apt-get install pulseaudio), or --audio FILE.wav"
    try:
        names = device_names()
    except SourceError as error:
        return Diagnostic("sound", RequirementStatus.OPTIONAL, f"no device ({error.got})", fix)
    if not names:
        return Diagnostic("sound", RequirementStatus.OPTIONAL, "no device", fix)
    return Diagnostic("sound", RequirementStatus.OK, ", ".join(names))


def check_bluetooth(root: Path = Path("/")) -> Diagnostic:
    """Look for a Bluetooth adapter (Muse, Ganglion), on Linux; elsewhere it is assumed."""
    if sys.platform != "linux":
        return Diagnostic("bluetooth", RequirementStatus.OK, "not looked at on this system")
    names = sorted(path.name for path in (root / "sys/class/bluetooth").glob("hci*"))
    if not names:
        return Diagnostic(
            "bluetooth", RequirementStatus.OPTIONAL, "no adapter", "plug one in; only Muse and Ganglion need it"
        )
    if not (root / "run/dbus/system_bus_socket").exists():
        fix = "sudo apt-get install bluez && sudo systemctl enable --now bluetooth"
        return Diagnostic("bluetooth", RequirementStatus.OPTIONAL, f"{', '.join(names)}, but no system bus", fix)
    return Diagnostic("bluetooth", RequirementStatus.OK, ", ".join(names))


def check_serial(root: Path = Path("/")) -> Diagnostic:
    """See whether this user may open the serial dongles (Cyton) that are plugged in."""
    ports = sorted(str(path) for pattern in ("ttyUSB*", "ttyACM*", "cu.usb*") for path in (root / "dev").glob(pattern))
    closed = [port for port in ports if not os.access(port, os.R_OK | os.W_OK)]
    if closed:
        fix = f"sudo usermod -aG dialout {getpass.getuser()}, then log in again"
        return Diagnostic("serial", RequirementStatus.OPTIONAL, f"no right to open {', '.join(closed)}", fix)
    return Diagnostic("serial", RequirementStatus.OK, ", ".join(ports) or "no dongle plugged in; only Cyton needs one")
