"""The anonymous report of ``doctor --report``: what someone else needs to find a fault on this computer.

It names no person, computer, folder or participant, and no device by a name that its owner gave it: outputs and
headsets are counted or listed by kind.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from neurofeedback._version import __version__
from neurofeedback.cli.helpers.common import checkout, missing_window_packages
from neurofeedback.errors import SourceError
from neurofeedback.storage.error_log import read_errors
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.safe_text import escape_controls, redact
from neurofeedback.texts.technical import doctor as texts

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult

_GROUPS = ("dialout", "uucp", "plugdev", "bluetooth", "audio", "input")
_ANSWER_S = 5.0
_PATH = re.compile(r"(?<![\w<])(?:(/dev/[\w.-]+)(?![\\/\w.-])|(?:[A-Za-z]:[\\/]|~[\\/]|[\\/])\S.*)")
"""A port, or a path with the rest of its line: where a path with spaces ends cannot be seen."""

_ADDRESS = re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b")


def anonymous(text: str, names: Iterable[tuple[str, str]]) -> str:
    """Return a text without names, participants, hardware addresses, and paths other than those of ports.

    A path is replaced with all that follows it on its line, since names of folders may have spaces.

    Examples
    --------
    >>> anonymous("00:55:DA:B0:12:34 at /dev/ttyUSB0, not /data/study of Anna/x.edf", [])
    '<address> at /dev/ttyUSB0, not <path>'
    """
    text = _ADDRESS.sub("<address>", redact(text, names))
    text = _PATH.sub(lambda match: match[1] or "<path>", text)
    return escape_controls(text)


def write_report(recordings: Path, requirements: Iterable[str], names: Iterable[tuple[str, str]]) -> str:
    """Return the report as text.

    Parameters
    ----------
    recordings : Path
        Folder of the recordings; only whether it can be written and its free space are reported.
    requirements : iterable of str
        Requirements of the package, as in its metadata.
    names : iterable of (str, str)
        Names that identify the person or the computer, and what replaces each.
    """
    names = tuple(names)
    sections = {
        texts.REPORT_SYSTEM: report_system(),
        texts.REPORT_PACKAGES: report_packages(requirements),
        texts.REPORT_DISK: report_disk(recordings),
        texts.REPORT_SOUND: report_sound(),
        texts.REPORT_BLUETOOTH: report_bluetooth(),
        texts.REPORT_PERMISSIONS: report_permissions(),
        texts.REPORT_DEVICES: report_devices(),
        texts.REPORT_ERRORS: read_errors() or [tr(texts.REPORT_NONE)],
    }
    lines = [line for title, body in sections.items() for line in (tr(title), *(f"  {line}" for line in body))]
    return "\n".join(anonymous(line, names) for line in lines)


def report_system() -> Iterator[str]:
    """Yield versions of program, Python and system, and the kind of screen."""
    origin = "bundle" if getattr(sys, "frozen", False) else "checkout" if checkout() else "installed"
    yield f"neurofeedback {__version__} ({origin})"
    yield f"Python {platform.python_version()} {platform.python_implementation()} {platform.machine()}"
    yield f"{platform.system()} {platform.release()}"
    if sys.platform == "linux":
        try:
            yield platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            yield "no os-release"
        yield f"screen: {_screen()}, desktop: {os.environ.get('XDG_CURRENT_DESKTOP') or '-'}"
        yield f"window libraries missing: {', '.join(missing_window_packages()) or '-'}"
    yield f"cores: {os.cpu_count()}"


def _screen() -> str:
    if os.environ.get("QT_QPA_PLATFORM"):
        return f"Qt {os.environ['QT_QPA_PLATFORM'].partition(':')[0]}"
    return "Wayland" if os.environ.get("WAYLAND_DISPLAY") else "X11" if os.environ.get("DISPLAY") else "-"


def report_packages(requirements: Iterable[str]) -> Iterator[str]:
    """Yield the version of each package that is required, and of those for optional outputs that are installed."""
    for requirement in map(Requirement, requirements):
        optional = "extra" in str(requirement.marker or "")
        try:
            yield f"{requirement.name} {importlib.metadata.version(requirement.name)}"
        except importlib.metadata.PackageNotFoundError:
            if not optional and (requirement.marker is None or requirement.marker.evaluate()):
                yield f"{requirement.name} -"


def report_disk(recordings: Path) -> Iterator[str]:
    """Yield whether the folder of recordings exists and can be written, and its free space."""
    existing = next(parent for parent in (recordings, *recordings.absolute().parents) if parent.exists())
    free_gb = shutil.disk_usage(existing).free / 1e9
    yield f"exists: {recordings.is_dir()}, writable: {os.access(existing, os.W_OK)}, free: {free_gb:.0f} GB"


def report_sound() -> Iterator[str]:
    """Yield how many outputs there are, and which sound servers run."""
    from neurofeedback.audio.miniaudio_output import device_names  # loads the sound library

    try:
        yield f"outputs: {len(device_names())}"
    except SourceError as error:
        yield f"outputs: - ({type(error).__name__})"
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/run/user/0")
    servers = {"PulseAudio": "pulse/native", "PipeWire": "pipewire-0"}
    running = [name for name, socket in servers.items() if (runtime / socket).exists()]
    if sys.platform == "linux":
        yield f"servers: {', '.join(running) or '-'}, PULSE_SERVER: {'PULSE_SERVER' in os.environ}"


def report_bluetooth(root: Path = Path("/")) -> Iterator[str]:
    """Yield version of BlueZ, adapters, switches of the radio and the message bus, on Linux."""
    if sys.platform != "linux":
        yield tr(texts.NOT_CHECKED)
        return
    yield f"BlueZ: {_program_version('bluetoothctl')}"
    adapters = sorted(path.name for path in (root / "sys/class/bluetooth").glob("hci*"))
    yield f"adapters: {', '.join(adapters) or '-'}"
    for switch in sorted((root / "sys/class/rfkill").glob("*")):
        kind, soft, hard = (_first_line(switch / name) for name in ("type", "soft", "hard"))
        if kind == "bluetooth":
            yield f"blocked by software: {soft == '1'}, by a switch: {hard == '1'}"
    yield f"system bus: {(root / 'run/dbus/system_bus_socket').exists()}"


def _program_version(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        return "-"
    try:
        done = subprocess.run(  # noqa: S603 - found in the path of the system, without arguments of others
            [found, "--version"], capture_output=True, text=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    match = re.search(r"\d+(\.\d+)+", done.stdout)
    return match[0] if match else "?"


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").partition("\n")[0]
    except OSError:
        return ""


def report_permissions(root: Path = Path("/")) -> Iterator[str]:
    """Yield the groups of this account that matter for devices, and which ports it may open."""
    if sys.platform != "win32":
        import grp  # not on Windows

        mine = {group.gr_name for group in grp.getgrall() if group.gr_gid in os.getgroups()}
        groups = ", ".join(name for name in _GROUPS if name in mine) or "-"
        yield f"groups: {groups}, administrator: {os.geteuid() == 0}"
    for pattern in ("ttyUSB*", "ttyACM*", "cu.usb*"):
        for port in sorted((root / "dev").glob(pattern)):
            yield f"port {port.name.rstrip('0123456789')}: may be opened: {os.access(port, os.R_OK | os.W_OK)}"


def report_devices() -> Iterator[str]:
    """Scan for headsets, and yield the kind of each, and why the scan could not find more."""
    from neurofeedback.acquisition.discovery import scan  # loads bleak and pyserial

    yield from describe_scan(scan())


def describe_scan(result: ScanResult) -> Iterator[str]:
    """Yield the kinds of the devices found, without names and addresses, and the reasons of what was not found.

    Of a reason only what is wrong is given: what was found instead may name another program or a file.
    """
    kinds = [found.device.partition(":")[0] for found in result.found]
    yield f"{tr(texts.REPORT_FOUND)}: {', '.join(kinds) or '-'}"
    for hindrance in result.hindrances:
        yield hindrance.partition(": ")[0]
