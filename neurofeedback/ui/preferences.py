"""Settings of the window as strict data in a TOML file. No Qt here, and nothing that is slow to import."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from neurofeedback.recording.files import rewrite

_log = logging.getLogger(__name__)
VERSION = 1
_MAX_FILE_BYTES = 100_000
PROBES: Mapping[str, float | None] = {"usual": None, "rare": 180.0, "none": 0.0}
"""Mean time between questions for each setting, s; None is the profile's."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants the program to be; empty texts leave it to the profile or the system."""

    theme: str = "dark"
    large_type: bool = False
    reduced_motion: bool = False
    picture: str = "water"
    bed: str = "rain"
    bed_file: str = ""
    ceiling_dbfs: float = -18.0
    sound_device: str = ""
    drowsiness_shimmer: bool = False
    probes: str = "usual"
    learn_live: bool = False
    baseline: str = "session"
    profile: str = "default"
    recordings: str = ""
    lsl_out: str = ""
    osc_out: str = ""

    def changes(self) -> dict[str, dict[str, object]]:
        """Return what differs from the profile, by section of its settings; what is as usual is left to it."""
        usual = Preferences()
        audio = {
            name: getattr(self, own)
            for own, name in _AUDIO.items()
            if getattr(self, own) != getattr(usual, own) and (own != "bed_file" or self.bed == "file")
        }
        if self.bed == "file" and not self.bed_file:
            del audio["bed"]
        baseline = {"drives": self.baseline} if self.baseline != usual.baseline else {}
        found: dict[str, dict[str, object]] = {"audio": audio, "baseline": dict(baseline)}
        return {section: values for section, values in found.items() if values}


_AUDIO = {
    "bed": "bed",
    "bed_file": "bed_file",
    "ceiling_dbfs": "ceiling_dbfs",
    "sound_device": "device",
    "drowsiness_shimmer": "drowsiness_shimmer",
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "theme": ("dark", "light"),
    "picture": ("water", "ring", "none"),
    "bed": ("rain", "wind", "drone", "file"),
    "probes": tuple(PROBES),
    "baseline": ("session", "own"),
    "lsl_out": ("", "machine", "network"),
}
_LIMITS: Mapping[str, tuple[float, float]] = {"ceiling_dbfs": (-60.0, -3.0)}


def load_preferences(path: Path, say: Callable[[str], object]) -> Preferences:
    """Read the settings; a file that cannot be used is kept beside, said in one sentence, and defaults are used."""
    if not path.exists():
        return Preferences()
    try:
        return _understood(_document(path))
    except (OSError, ValueError) as error:
        kept = _set_aside(path)
        _log.warning("settings in %s cannot be used: %s", path, error)
        where = f" The file is kept as {kept.name}." if kept else ""
        say(f"Your settings could not be read ({error}), so the usual ones are used.{where}")
        return Preferences()


def save_preferences(path: Path, preferences: Preferences) -> None:
    """Write settings in one piece; a folder that cannot be written is logged, not fatal."""
    import tomli_w  # noqa: PLC0415 - only when something has changed

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rewrite(path, tomli_w.dumps({"version": VERSION, **asdict(preferences)}))
    except OSError as error:
        _log.warning("settings could not be kept in %s: %s", path, error)


def _document(path: Path) -> dict[str, object]:
    if path.stat().st_size > _MAX_FILE_BYTES:
        msg = "the file is too large to be settings"
        raise ValueError(msg)
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _understood(document: Mapping[str, object]) -> Preferences:
    version = document.get("version")
    if version != VERSION:
        msg = f"they are of version {version}, and this program knows version {VERSION}"
        raise ValueError(msg)
    known = {field.name for field in fields(Preferences)}
    if unknown := sorted(document.keys() - known - {"version"}):
        msg = f"there is no setting {', '.join(unknown)}"
        raise ValueError(msg)
    values = {name: _checked(name, value) for name, value in document.items() if name != "version"}
    return replace(Preferences(), **values)


def _checked(name: str, value: object) -> object:
    usual = getattr(Preferences(), name)
    if isinstance(usual, float) and type(value) is int:
        value = float(value)
    low, high = _LIMITS.get(name, (float("-inf"), float("inf")))
    fits = type(value) is type(usual) and (not isinstance(value, float) or low <= value <= high)
    if not fits or (name in CHOICES and value not in CHOICES[name]):
        msg = f"{name} cannot be {value!r}"
        raise ValueError(msg)
    return value


def _set_aside(path: Path) -> Path | None:
    """Keep a file that cannot be used, so that nothing in it is lost when settings are next written."""
    kept = path.with_name(f"{path.name}.unused")
    try:
        return path.replace(kept)
    except OSError:
        return None
