"""Open the window, with the folder, devices and settings found by the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.cli.helpers.common import (
    last_device,
    last_participant,
    option_language,
    recordings_folder,
    require_window,
)
from neurofeedback.session.config import NO_DEVICE
from neurofeedback.texts import home
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult
    from neurofeedback.session.config import SessionConfig
    from neurofeedback.session.practice.timer_session import TimerSession
    from neurofeedback.session.session import Session
    from neurofeedback.ui.app_state import DeviceChoice, StudyOpening


def open_window(
    recordings: Path | None = None, request: SessionConfig | None = None, study: StudyOpening | None = None
) -> int:
    """Open the window and return its exit code.

    Parameters
    ----------
    recordings : Path, optional
        Folder for recordings; the default folder if None.
    request : SessionConfig, optional
        A session to start at once.
    study : StudyOpening, optional
        A study whose page is shown first.

    Raises
    ------
    SettingsError
        No window can open on this machine.
    """
    require_window()
    from neurofeedback.settings.load import available  # Qt, not for --help
    from neurofeedback.ui.app_main import run_app
    from neurofeedback.ui.app_state import AppDefaults
    from neurofeedback.ui.practices.practice_files import faulty_practice_notice, programme_choices

    folder = recordings_folder(recordings)
    defaults = AppDefaults(
        recordings=folder,
        devices=_device_choices(),
        programmes=programme_choices(),
        notice=faulty_practice_notice(),
        profiles=tuple(available("profiles")),
        participant=last_participant(folder),
        last_device=last_device(folder),
        scan=scan_headsets,
        request=request,
        study=study,
        language=option_language(),
    )
    return run_app(session_with_report, defaults)


def _device_choices() -> tuple[DeviceChoice, ...]:
    from neurofeedback.acquisition.boards import BOARDS, device_name_syntax, has_drivers
    from neurofeedback.ui.app_state import DEMO_DEVICE, DeviceChoice

    simulated = DeviceChoice(DEMO_DEVICE, tr(home.DEMO))
    boards = BOARDS.values() if has_drivers() else ()
    return (simulated, *(DeviceChoice(device_name_syntax(spec), tr(spec.needs)) for spec in boards))


def scan_headsets() -> ScanResult:
    """Scan for headsets as ``devices --scan`` does."""
    from neurofeedback.acquisition.discovery import scan  # loads Bluetooth

    return scan()


def session_with_report(request: SessionConfig) -> Session | TimerSession:
    """Return a session that writes its report when it ends, or a sitting without a headset."""
    if request.device == NO_DEVICE:
        from neurofeedback.session.practice.timer_session import TimerSession  # imports take a second

        return TimerSession(request)
    from neurofeedback.session.session import Session  # imports take a second, not on the window's thread

    return Session(request, on_finished=_write_report)


def _write_report(session: Path) -> None:
    from neurofeedback.report.session_page import write_report  # matplotlib and MNE, after the session

    write_report(session)
