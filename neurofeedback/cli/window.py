"""Open the window: what the command line knows goes in, sittings are made when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.cli.common import last_device, last_participant, recordings_folder, require_window

if TYPE_CHECKING:
    from neurofeedback.acquisition.findings import Findings
    from neurofeedback.session.request import SitRequest
    from neurofeedback.session.sitting import Sitting
    from neurofeedback.ui.choices import DeviceChoice


def open_window(recordings: Path | None = None, request: SitRequest | None = None) -> int:
    """Open the window and return its exit code.

    Parameters
    ----------
    recordings : Path, optional
        Where recordings go; decided here if None.
    request : SitRequest, optional
        A sitting to begin at once.

    Raises
    ------
    SettingsError
        No window can open on this machine.
    """
    require_window()
    from neurofeedback.settings.load import available  # noqa: PLC0415 - what a window needs comes with it
    from neurofeedback.ui.choices import AppDefaults  # noqa: PLC0415
    from neurofeedback.ui.programmes import programme_choices  # noqa: PLC0415
    from neurofeedback.ui.running import run_app  # noqa: PLC0415

    folder = recordings_folder(recordings)
    defaults = AppDefaults(
        recordings=folder,
        devices=_device_choices(),
        programmes=programme_choices(),
        profiles=tuple(available("profiles")),
        participant=last_participant(folder),
        last_device=last_device(folder),
        look=look,
        request=request,
    )
    return run_app(sitting_with_report, defaults)


def _device_choices() -> tuple[DeviceChoice, ...]:
    from neurofeedback.acquisition.boards import BOARDS, usage  # noqa: PLC0415
    from neurofeedback.ui.choices import DeviceChoice  # noqa: PLC0415

    simulated = DeviceChoice("simulated", "No headset is used: a simulated meditator sits instead.")
    return (simulated, *(DeviceChoice(usage(spec), spec.needs) for spec in BOARDS.values()))


def look() -> Findings:
    """Look for headsets as ``devices --scan`` does."""
    from neurofeedback.acquisition.discovery import scan  # noqa: PLC0415 - loads Bluetooth

    return scan()


def sitting_with_report(request: SitRequest) -> Sitting:
    """Make a sitting that ends with its report."""
    from neurofeedback.session.sitting import Sitting  # noqa: PLC0415 - a second of imports, off the window's thread

    return Sitting(request, finish=_write_report)


def _write_report(session: Path) -> None:
    from neurofeedback.report.session import write_report  # noqa: PLC0415 - matplotlib and MNE, after the sitting

    write_report(session)
