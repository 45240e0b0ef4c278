"""Defaults of the app and the choices it remembers between starts. No Qt here."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path

from neurofeedback.session.config import NO_DEVICE, SessionConfig
from neurofeedback.storage.atomic_files import write_json_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.texts import home
from neurofeedback.ui.device_names import is_simulated_device, with_pulse, without_pulse
from neurofeedback.ui.preferences import PROBES, Preferences

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult

_log = logging.getLogger(__name__)
MAX_MINUTES = 180
DEMO_DEVICE = "simulated"
FIRST_PARTICIPANT = "01"
DEMO_PARTICIPANT = "demo"
"""Participant of every demo, so that no demo enters a person's history, progress or decoder."""
_MAX_FILE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device name as a person types it, with a one-line description."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ProgrammeChoice:
    """A programme with its name, title and description; ``minutes`` 0 means without end.

    ``feedback`` is whether sound and picture follow the index, ``headset`` whether it ever uses a headset.
    """

    name: str
    title: str
    minutes: float = 0.0
    description: str = ""
    feedback: bool = True
    headset: bool = True


@dataclass(frozen=True, slots=True)
class StudyOpening:
    """A study, and whose visit is chosen first.

    Parameters
    ----------
    base : SessionConfig
        Its dataset, and what the protocol does not decide, such as device and sound; an empty device for the
        remembered one or the only one found.
    participant, visit, deviation : str
        Chosen first, and why the visit deviates from the protocol; empty for none.
    """

    base: SessionConfig
    participant: str = ""
    visit: str = ""
    deviation: str = ""


@dataclass(frozen=True, slots=True)
class AppDefaults:
    """Defaults that the command line passes to the app.

    Parameters
    ----------
    recordings : Path
        Folder of the recordings.
    devices : tuple of DeviceChoice
        Devices offered on the first page; any other name can be typed.
    programmes : tuple of ProgrammeChoice
        Programmes offered, besides a practice of a length the person sets.
    profiles : tuple of str
        Names of the profiles offered.
    participant : str
        Participant label until another one is remembered.
    last_device : str
        Device of the newest recording; empty if there is none.
    scan : callable, optional
        Finds the headsets in reach, which takes some seconds.
    request : SessionConfig, optional
        A session to start at once.
    study : StudyOpening, optional
        A study whose page is shown first.
    audio : str
        Audio output of sessions started on the first page, as in ``SessionConfig``.
    state_file : Path, optional
        File of the remembered choices; in the user's configuration folder by default.
    preferences_file : Path, optional
        File of the settings; beside ``state_file`` by default.
    notice : str
        One sentence for the first page; empty for none.
    language : str
        Language of the texts until another one is chosen in the window; empty for that of the settings.
    """

    recordings: Path
    devices: tuple[DeviceChoice, ...] = (DeviceChoice(DEMO_DEVICE, home.DEMO),)
    programmes: tuple[ProgrammeChoice, ...] = ()
    profiles: tuple[str, ...] = ("default",)
    participant: str = FIRST_PARTICIPANT
    last_device: str = ""
    scan: Callable[[], ScanResult] | None = None
    request: SessionConfig | None = None
    study: StudyOpening | None = None
    audio: str = "auto"
    state_file: Path | None = None
    preferences_file: Path | None = None
    notice: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class AppState:
    """Choices remembered from the last start; ``minutes`` 0 is the default length of the practice.

    ``device`` is empty until one was chosen or found; ``recorded_with`` is the headset of the newest recording at the
    last start, so that a session recorded by another command since then is noticed. ``battery`` is the charge of the
    headset ``battery_of`` after its last sitting, %; -1 if it is unknown.
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
    battery: int = -1
    battery_of: str = ""

    def request(
        self, defaults: AppDefaults, preferences: Preferences, *, without_headset: bool = False
    ) -> SessionConfig:
        """Return the configuration of a session with these choices and settings; without a device it is a demo."""
        device = NO_DEVICE if without_headset else self.device or DEMO_DEVICE
        if preferences.pulse:
            device = with_pulse(device)
        programme = next((one for one in defaults.programmes if one.name == self.programme), None)
        has_own_length = bool(self.programme) and (programme is None or programme.headset)
        return SessionConfig(
            device=device,
            recordings=Path(preferences.recordings) if preferences.recordings else defaults.recordings,
            participant=DEMO_PARTICIPANT if is_simulated_device(device) else self.participant,
            profile=preferences.profile,
            minutes=None if has_own_length else float(self.minutes) or None,
            audio=defaults.audio,
            wait_for_fit=not without_headset,
            programme=self.programme,
            probe_interval_s=PROBES[preferences.probes],
            learn_live=None if preferences.learn_live else False,
            lsl_out=preferences.lsl_out,
            osc_out=preferences.osc_out,
            settings_overrides=preferences.settings_overrides(),
        )

    def with_defaults(self, defaults: AppDefaults) -> AppState:
        """Fill empty fields from the defaults, except the headset, and drop a programme that no longer exists."""
        programmes = {programme.name for programme in defaults.programmes}
        recorded_with = "" if is_simulated_device(defaults.last_device) else without_pulse(defaults.last_device)
        newer = recorded_with if recorded_with != self.recorded_with else ""
        return replace(
            self,
            device=newer or self.device,
            recorded_with=recorded_with or self.recorded_with,
            participant=self.participant or defaults.participant,
            programme=self.programme if self.programme in programmes else "",
        )


def state_path() -> Path:
    """Return the default file of the remembered choices, in the user's configuration folder."""
    return user_config_path("neurofeedback") / "app.json"


def load_state(path: Path) -> AppState:
    """Read the remembered choices; a missing or damaged field has its default."""
    stored = _read(path)
    usable = {f.name: stored[f.name] for f in fields(AppState) if _is_valid(f.name, stored.get(f.name))}
    return replace(AppState(), **usable)


def save_state(path: Path, state: AppState) -> None:
    """Write the choices atomically; a folder that cannot be written is logged and does no harm."""
    try:
        make_folder(path.parent)
        write_json_atomic(path.resolve(), asdict(state))
    except OSError as error:
        _log.warning("choices could not be remembered in %s: %s", path, error)


def _read(path: Path) -> dict[str, object]:
    try:
        if not path.is_file() or path.stat().st_size > _MAX_FILE_BYTES:
            return {}
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("remembered choices in %s cannot be read, using the defaults: %s", path, error)
        return {}
    return stored if isinstance(stored, dict) else {}


def _is_valid(name: str, value: object) -> bool:
    default = getattr(AppState(), name)
    if type(value) is not type(default):
        return False
    if name == "participant":
        return str(value).lower() != DEMO_PARTICIPANT
    return name != "minutes" or value in range(MAX_MINUTES + 1)
