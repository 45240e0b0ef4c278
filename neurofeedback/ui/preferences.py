"""Settings of the window in a TOML file. No Qt here, and nothing that is slow to import."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from neurofeedback.session.config import SettingOverride
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.storage.toml_text import parse_toml
from neurofeedback.texts import settings, window
from neurofeedback.texts.catalogue import ENGLISH, language, tr
from neurofeedback.texts.practices import choice

_log = logging.getLogger(__name__)
VERSION = 1
_MAX_FILE_BYTES = 100_000
PROBES: Mapping[str, float | None] = {"default": None, "rare": 180.0, "none": 0.0}
"""Mean time between questions for each setting, s; None is the profile's."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Settings of the window; an empty text means the default of the profile or the system."""

    language: str = ""
    theme: str = "dark"
    large_type: bool = False
    reduced_motion: bool = False
    picture: str = "water"
    background: str = "rain"
    background_file: str = ""
    ceiling_dbfs: float = -18.0
    sound_device: str = ""
    drowsiness_shimmer: bool = False
    background_follows: bool = False
    tone_timbre: str = "pad"
    calm_sign: bool = False
    voice: bool = False
    voice_language: str = ""
    voice_folder: str = ""
    background_db: float = 0.0
    tone_db: float = 0.0
    calm_db: float = 0.0
    bells_db: float = 0.0
    voice_db: float = 0.0
    pace: str = ""
    probes: str = "default"
    ask_sure: bool = False
    ask_sleepy: bool = False
    mood_questions: bool = False
    difficulty_question: bool = False
    learn_live: bool = True
    baseline: str = "session"
    profile: str = "default"
    recordings: str = ""
    pulse: bool = False
    lsl_out: str = ""
    osc_out: str = ""

    def settings_overrides(self) -> tuple[SettingOverride, ...]:
        """Return the settings of the profile that differ from their defaults."""
        defaults = Preferences()
        audio = {
            name: getattr(self, own)
            for own, name in _AUDIO.items()
            if getattr(self, own) != getattr(defaults, own) and (own != "background_file" or self.background == "file")
        }
        if self.background == "file" and not self.background_file:
            del audio["background"]
        overrides = tuple(SettingOverride("audio", name, value) for name, value in audio.items())
        asked = {"ask_sure": self.ask_sure, "ask_sleepy": self.ask_sleepy}
        overrides += tuple(  # one question is the default, unless the method asks more
            SettingOverride("probes", name, value=ask, unless_set=not ask) for name, ask in asked.items()
        )
        if not self.voice_language and language() != ENGLISH:
            overrides = (*overrides, SettingOverride("audio", "voice_language", language(), unless_set=True))
        if self.background_db:
            lufs = SettingOverride("audio", "background_lufs", _BACKGROUND_LUFS + self.background_db)
            overrides = (*overrides, lufs)
        if self.calm_sign:
            overrides = (*overrides, SettingOverride("calm", "enabled", value=True))
        if self.pace:
            overrides = (*overrides, SettingOverride("pacer", "breaths_per_min", float(self.pace)))
        if self.baseline != defaults.baseline:
            overrides = (*overrides, SettingOverride("baseline", "feedback_source", self.baseline))
        return overrides


_AUDIO = {
    "background": "background",
    "background_file": "background_file",
    "ceiling_dbfs": "ceiling_dbfs",
    "sound_device": "device",
    "drowsiness_shimmer": "drowsiness_shimmer",
    "background_follows": "background_follows",
    "tone_timbre": "tone_timbre",
    "tone_db": "tone_db",
    "calm_db": "calm_db",
    "bells_db": "bells_db",
    "voice": "voice_enabled",
    "voice_language": "voice_language",
    "voice_folder": "voice_folder",
    "voice_db": "voice_db",
}
_BACKGROUND_LUFS = -33.0  # the default of ``audio.background_lufs``, which a level here raises or lowers
LEVEL_LIMITS_DB: Mapping[str, tuple[float, float]] = {
    "background_db": (-24.0, 6.0),
    "tone_db": (-30.0, 0.0),
    "calm_db": (-30.0, 0.0),
    "bells_db": (-30.0, 0.0),
    "voice_db": (-30.0, 0.0),
}
"""Lowest and highest level of each part of the sound, dB."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "language": tuple(settings.LANGUAGES),
    "theme": ("dark", "light"),
    "picture": ("water", "ring", "none"),
    "background": tuple(settings.BACKGROUNDS),
    "tone_timbre": tuple(settings.TONE_TIMBRES),
    "pace": tuple(choice.PACES),
    "probes": tuple(PROBES),
    "baseline": ("session", "own"),
    "lsl_out": ("", "machine", "network"),
}
_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
_OLD_VALUES: Mapping[str, Mapping[str, str]] = {"probes": {"usual": "default"}}
"""Values that earlier versions wrote, and their present names."""
_LIMITS: Mapping[str, tuple[float, float]] = {"ceiling_dbfs": (-60.0, -3.0), **LEVEL_LIMITS_DB}


def is_language(text: str) -> bool:
    """Whether a text is the tag of a language, such as ``de`` or ``pt-BR``."""
    return re.fullmatch(_LANGUAGE, text) is not None


def load_preferences(path: Path, notify: Callable[[str], object]) -> Preferences:
    """Read the settings; a file that cannot be used is renamed, ``notify`` gets one sentence, and defaults are used."""
    if not path.exists():
        return Preferences()
    try:
        return _parse_document(_document(path))
    except (OSError, ValueError) as error:
        backup = _back_up(path)
        _log.warning("settings in %s cannot be used: %s", path, error)
        sentences = [tr(window.PREFERENCES_UNREADABLE, error=error)]
        if backup is not None:
            sentences.append(tr(window.PREFERENCES_BACKUP, file=backup.name))
        notify(" ".join(sentences))
        return Preferences()


def save_preferences(path: Path, preferences: Preferences) -> None:
    """Write the settings atomically; a folder that cannot be written is logged and does no harm."""
    import tomli_w  # only when something has changed

    try:
        make_folder(path.parent)
        write_atomic(path.resolve(), tomli_w.dumps({"version": VERSION, **asdict(preferences)}))
    except OSError as error:
        _log.warning("settings could not be saved in %s: %s", path, error)


def _document(path: Path) -> dict[str, object]:
    if path.stat().st_size > _MAX_FILE_BYTES:
        msg = "the file is too large to be settings"
        raise ValueError(msg)
    return parse_toml(path.read_text(encoding="utf-8"))


def _parse_document(document: Mapping[str, object]) -> Preferences:
    version = document.get("version")
    if version != VERSION:
        msg = f"they are of version {version}, and this program knows version {VERSION}"
        raise ValueError(msg)
    known = {field.name for field in fields(Preferences)} | {"version"}
    if document.keys() - known:
        document = _with_new_names(document)
    if unknown := sorted(document.keys() - known):
        msg = f"there is no setting {', '.join(unknown)}"
        raise ValueError(msg)
    values = {name: _checked(name, value) for name, value in document.items() if name != "version"}
    return replace(Preferences(), **values)


def _with_new_names(document: Mapping[str, object]) -> Mapping[str, object]:
    from neurofeedback.settings.renamed_keys import WINDOW_KEYS, rename_keys  # pydantic; only for old files

    renamed, notices = rename_keys(document, WINDOW_KEYS)
    if notices:
        _log.warning("the settings of the window use old names: %s", ", ".join(notices))
    return renamed


def _checked(name: str, value: object) -> object:
    default = getattr(Preferences(), name)
    if isinstance(value, str):
        value = _OLD_VALUES.get(name, {}).get(value, value)
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    low, high = _LIMITS.get(name, (float("-inf"), float("inf")))
    valid = type(value) is type(default) and (not isinstance(value, float) or low <= value <= high)
    if name == "voice_language" and isinstance(value, str) and value and not is_language(value):
        valid = False
    if not valid or (name in CHOICES and value not in CHOICES[name]):
        msg = f"{name} cannot be {value!r}"
        raise ValueError(msg)
    return value


def _back_up(path: Path) -> Path | None:
    """Rename a file that cannot be used, so that the next save does not overwrite it."""
    backup = path.with_name(f"{path.name}.unused")
    try:
        return path.replace(backup)
    except OSError:
        return None
