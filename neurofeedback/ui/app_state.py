"""What the app starts from, and what it remembers of last time. No Qt here."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from neurofeedback.session.config import SessionConfig
from neurofeedback.texts import home
from neurofeedback.ui.preferences import PROBES, Preferences

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult

_log = logging.getLogger(__name__)
MAX_MINUTES = 180
_MAX_FILE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device name as a person types it, and one line that says what it is."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ProgrammeChoice:
    """A programme by name and by what a person reads; ``minutes`` 0 is without end."""

    name: str
    title: str
    minutes: float = 0.0
    description: str = ""


@dataclass(frozen=True, slots=True)
class AppDefaults:
    """What the command line hands the app.

    Parameters
    ----------
    recordings : Path
        Where recordings go.
    devices : tuple of DeviceChoice
        Offered on the first page; any other name can be typed.
    programmes : tuple of ProgrammeChoice
        Practices offered, besides one of a length of one's own.
    participant : str
        Label used until another one is remembered.
    request : SessionConfig, optional
        Begin this sitting at once.
    last_device : str
        Device of the newest recording, whatever recorded it; empty if there is none.
    look : callable, optional
        Finds the headsets in reach, in some seconds.
    audio : str
        Sound of sittings begun on the first page, as in ``SessionConfig``.
    state_file : Path, optional
        Where choices are remembered; the user's configuration folder by default.
    preferences_file : Path, optional
        Where settings are kept; beside the choices by default.
    """

    recordings: Path
    devices: tuple[DeviceChoice, ...] = (DeviceChoice("simulated", home.SIMULATED_DEVICE),)
    programmes: tuple[ProgrammeChoice, ...] = ()
    profiles: tuple[str, ...] = ("default",)
    participant: str = "01"
    last_device: str = ""
    scan: Callable[[], ScanResult] | None = None
    request: SessionConfig | None = None
    audio: str = "auto"
    state_file: Path | None = None
    preferences_file: Path | None = None


@dataclass(frozen=True, slots=True)
class AppState:
    """What a person chose last time; ``minutes`` 0 is the practice's own length.

    ``device`` is empty until one was chosen or found; ``recorded_with`` is the headset of the newest recording when
    the window last looked, so that a sitting begun elsewhere since then is noticed.
    """

    device: str = ""
    minutes: int = 20
    participant: str = ""
    programme: str = ""
    claims_seen: bool = False
    time_shown: bool = True
    facts_shown: bool = False
    volume_db: float = 0.0
    last_sitting: str = ""
    condition: str = ""
    recorded_with: str = ""

    def request(self, defaults: AppDefaults, preferences: Preferences) -> SessionConfig:
        """Return the sitting these choices ask for, as the settings want it."""
        return SessionConfig(
            device=self.device or defaults.devices[0].name,
            recordings=Path(preferences.recordings) if preferences.recordings else defaults.recordings,
            participant=self.participant,
            profile=preferences.profile,
            minutes=None if self.programme else float(self.minutes) or None,
            audio=defaults.audio,
            wait_for_fit=True,
            programme=self.programme,
            probe_interval_s=PROBES[preferences.probes],
            learn_live=preferences.learn_live or None,
            lsl_out=preferences.lsl_out,
            osc_out=preferences.osc_out,
            settings_overrides=preferences.as_profile_changes(),
        )

    def with_defaults(self, defaults: AppDefaults) -> AppState:
        """Fill what was never chosen from the defaults, but for the headset; a practice that is gone is forgotten."""
        known = {programme.name for programme in defaults.programmes}
        recorded_with = "" if is_simulated_device(defaults.last_device) else defaults.last_device
        newer = recorded_with if recorded_with != self.recorded_with else ""
        return replace(
            self,
            device=newer or self.device,
            recorded_with=recorded_with or self.recorded_with,
            participant=self.participant or defaults.participant,
            programme=self.programme if self.programme in known else "",
        )


def is_simulated_device(device: str) -> bool:
    """Tell whether a device needs no headset: nobody's signal is recorded with it.

    Examples
    --------
    >>> is_simulated_device("simulated:3"), is_simulated_device("muse-2")
    (True, False)
    """
    return device.partition(":")[0] in {"simulated", "synthetic"}


def state_path() -> Path:
    """File in the user's configuration folder that choices are remembered in."""
    return user_config_path("neurofeedback") / "app.json"


def load_state(path: Path) -> AppState:
    """Read remembered choices; whatever is missing or damaged keeps its default."""
    stored = _read(path)
    usable = {f.name: stored[f.name] for f in fields(AppState) if _fits(f.name, stored.get(f.name))}
    return replace(AppState(), **usable)


def save_state(path: Path, choices: AppState) -> None:
    """Write choices in one piece; a folder that cannot be written is logged, not fatal."""
    text = json.dumps(asdict(choices), indent=2)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)  # noqa: PTH105 - atomic on every platform
    except OSError as error:
        _log.warning("choices could not be remembered in %s: %s", path, error)


def _read(path: Path) -> dict[str, object]:
    try:
        if not path.is_file() or path.stat().st_size > _MAX_FILE_BYTES:
            return {}
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("remembered choices in %s cannot be read, starting afresh: %s", path, error)
        return {}
    return stored if isinstance(stored, dict) else {}


def _fits(name: str, value: object) -> bool:
    default = getattr(AppState(), name)
    if type(value) is not type(default):
        return False
    return name != "minutes" or value in range(MAX_MINUTES + 1)
