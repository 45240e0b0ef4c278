"""Functions shared by commands: recordings folder, last participant and device, window checks, JSON output."""

from __future__ import annotations

import ctypes
import json
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.storage.toml_text import read_value
from neurofeedback.texts.languages import install_translation, known_language, system_languages
from neurofeedback.texts.safe_text import escape_controls
from neurofeedback.texts.settings import LANGUAGES

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.console import Console

_log = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parents[2]
FIRST_PARTICIPANT = "01"
_option_language = [""]

WINDOW_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""Shared libraries that Qt needs on Linux and its wheel does not contain, with the Debian package of each."""


def checkout() -> Path | None:
    """Return the root of the source checkout this runs from, or None for an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "configs").is_dir() else None


def recordings_folder(chosen: Path | None = None) -> Path:
    """Return the folder for recordings: the chosen one, else the checkout's, else ``./recordings``, else documents."""
    if chosen is not None:
        return chosen
    root = checkout()
    if root is not None:
        return root / "recordings"
    here = Path("recordings").resolve()
    if here.is_dir():
        return here
    from platformdirs import user_documents_path  # needed by an installed wheel only

    return user_documents_path() / "neurofeedback"


def existing_recordings_folder(chosen: Path | None = None) -> Path:
    """Return the folder of recordings to read; one that was chosen must exist.

    Raises
    ------
    RecordingError
        The chosen folder does not exist.
    """
    if chosen is not None and not chosen.is_dir():
        raise RecordingError(
            "there is no such folder of recordings", got=chosen, todo="check the path given with --recordings"
        )
    return recordings_folder(chosen)


def last_participant(recordings: Path) -> str:
    """Return the participant of the newest session in a recordings folder, or ``01``."""
    timers = (path.parent for path in recordings.glob("derivatives/neurofeedback/sub-*/ses-*/*_sitting.json"))
    newest = max((*recordings.glob("sub-*/ses-*"), *timers), key=lambda session: session.name, default=None)
    return FIRST_PARTICIPANT if newest is None else newest.parent.name.removeprefix("sub-")


def last_device(recordings: Path) -> str:
    """Return the device of the newest session in a recordings folder, as it was typed; empty if there is none."""
    starts = recordings.glob("derivatives/neurofeedback/sub-*/ses-*/*_start.json")
    recorded = (start for start in starts if not start.name.endswith("_task-imported_start.json"))
    newest = max(recorded, key=lambda start: start.parent.name, default=None)
    if newest is None:
        return ""
    from neurofeedback.recording.session_json import read_start  # NumPy, and not for --help

    try:
        return read_start(newest).stream.device
    except RecordingError as error:
        _log.warning("the last device cannot be read: %s", error)
        return ""


def has_display() -> bool:
    """Return whether there is a screen for a window."""
    variables = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform != "linux" or any(os.environ.get(name) for name in variables)


def missing_window_packages() -> list[str]:
    """Return the Debian packages of the libraries that a window needs and this machine lacks."""
    if sys.platform != "linux":
        return []
    return [package for library, package in WINDOW_LIBRARIES.items() if not _can_load(library)]


def _can_load(library: str) -> bool:
    bundle = getattr(sys, "_MEIPASS", None)
    if bundle and Path(bundle, library).is_file():  # the libraries there find each other
        return True
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def require_window() -> None:
    """Check that a window can open; Qt itself would end the program without a message.

    Raises
    ------
    SettingsError
        There is no display, or libraries are missing.
    """
    if not has_display():
        raise SettingsError(
            "a window cannot open here",
            got="no display (neither DISPLAY nor WAYLAND_DISPLAY is set)",
            allowed="a graphical session, or the terminal view",
            todo="try `neurofeedback train --device simulated --minutes 2 --headless`",
        )
    missing = missing_window_packages()
    if missing:
        raise SettingsError(
            "a window cannot open here",
            got=f"{len(missing)} missing system libraries",
            todo=f"run `sudo apt-get install {' '.join(missing)}`, or add --headless to train in the terminal",
        )


@contextmanager
def catch_interrupts() -> Iterator[threading.Event]:
    """Set an event on Ctrl-C instead of raising, so that a call into a device driver is not interrupted."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda _number, _frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that prints text as it is: a folder may be called ``[old]``, which is no markup.

    Control characters are escaped.
    """
    from rich.console import Console  # not for --help
    from rich.segment import Segment
    from rich.text import Text

    class PlainConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:  # pyright: ignore[reportIncompatibleMethodOverride]
            return super().render_str(escape_controls(text), **options)  # before its width is measured

        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else escape_controls(text), style, control)

    return PlainConsole(stderr=stderr, markup=False, highlight=False)


def echo(text: object = "", *, bold: str = "", err: bool = False, nl: bool = True) -> None:
    """Print a text, after a ``bold`` one, with control characters escaped: names of files and devices are not ours."""
    start = typer.style(escape_controls(bold), bold=True) if bold else ""
    typer.echo(start + escape_controls(str(text)), err=err, nl=nl)


def without_nan(value: JsonValue) -> JsonValue:
    """Return plain values with null in place of NaN and infinity, which JSON has no word for.

    Examples
    --------
    >>> without_nan({"a": [1.0, float("nan")]})
    {'a': [1.0, None]}
    """
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


class _SafeFormatter(logging.Formatter):
    """Escapes control characters in log lines."""

    def format(self, record: logging.LogRecord) -> str:
        return escape_controls(super().format(record))


def set_up_logging(*, verbose: bool) -> None:
    """Send logs to stderr: warnings, or everything of this package when verbose."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_SafeFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("neurofeedback").setLevel(logging.DEBUG if verbose else logging.WARNING)


def option_language() -> str:
    """Return the language that ``--language`` names in this run of the program; empty without it."""
    return _option_language[0]


def use_language(chosen: str) -> None:
    """Use a language for all texts: the chosen one, else that of the window's settings, else that of the system.

    Raises
    ------
    SettingsError
        There is no translation into the chosen language.
    """
    from platformdirs import user_config_path

    folder = user_config_path("neurofeedback")
    name = chosen or known_language(read_value(folder / "settings.toml", "language"))
    _option_language[0] = chosen
    used = install_translation([name] if name else system_languages(os.environ), folder)
    if chosen and not chosen.startswith(used):
        raise SettingsError(
            "there is no translation into this language",
            got=chosen,
            allowed=", ".join(filter(None, LANGUAGES)) + f", or a file neurofeedback_XX.mo in {folder}",
        )
