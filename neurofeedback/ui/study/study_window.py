"""The part of the main window for a study: its page, and sessions that show nothing of what is played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtGui import QCloseEvent

from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import Snapshot
from neurofeedback.texts.studies import study_page
from neurofeedback.ui.app_state import AppDefaults, StudyOpening
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.session_bridge import Launch
from neurofeedback.ui.session_window import NO_SESSION, SessionWindow

if TYPE_CHECKING:  # pages of a study are seldom wanted
    from neurofeedback.ui.study.study_page import StudyPage

_PROTOCOL = Path("code", "study", "protocol.toml")


def has_protocol(recordings: Path) -> bool:
    """Return whether a recordings folder has a study protocol; `study.protocol` takes long to import."""
    return (recordings / _PROTOCOL).is_file()


def study_base(recordings: Path, audio: str, preferences: Preferences) -> SessionConfig:
    """Return what the protocol does not decide of a session: folder, sound output and streams."""
    return SessionConfig(
        "", recordings, audio=audio, lsl_out=preferences.lsl_out, osc_out=preferences.osc_out, wait_for_fit=True
    )


class StudySessionWindow(SessionWindow):
    """Shows the page of a study before and after its sessions, and no index while one is masked."""

    def __init__(self, launch: Launch, defaults: AppDefaults) -> None:
        super().__init__(launch, defaults)
        self._study: StudyPage | None = None
        self._opening: StudyOpening | None = None
        self._device_scan.changed.connect(self._show_study_device)

    @property
    def _is_masked(self) -> bool:
        return self._bridge.active and self._request is not None and self._request.is_masked

    def _show_study(self, opening: StudyOpening) -> None:
        """Show the page of a study, with what was done until now."""
        self._opening = opening
        page = self._study_page(opening)
        self._show(page)
        page.activate()
        self._show_study_device()
        if not self._study_device and self._device_scan.findings is None:
            self._device_scan.begin()

    def _study_page(self, opening: StudyOpening) -> StudyPage:
        """Return the page of a study; a new one for another study, and after the pages were built anew."""
        from neurofeedback.ui.study.study_page import StudyPage  # slow to import

        page = self._study
        if page is None or self._places.indexOf(page) < 0 or page.opening != opening:
            self._forget_study()
            self._study = page = StudyPage(opening)
            page.left.connect(self._leave_study)
            page.begun.connect(self._begin_visit)
            self._places.addWidget(page)
        return page

    def _leave_study(self) -> None:
        self._forget_study()
        self._show_home()

    def _forget_study(self) -> None:
        if self._study is not None:
            self._study.cancel()
            if self._places.indexOf(self._study) >= 0:
                self._places.removeWidget(self._study)
                self._study.deleteLater()
        self._study = None

    @property
    def _study_device(self) -> str:
        """Device of the next visit: of the command line, remembered, or the only one found; empty for none."""
        given = self._opening.base.device if self._opening is not None else ""
        found = self._device_scan.findings.found if self._device_scan.findings else ()
        return given or self._state.device or (found[0].device if len(found) == 1 else "")

    def _show_study_device(self) -> None:
        if self._study is not None:
            self._study.show_device(self._study_device, self._device_scan.status_line)

    def _begin_visit(self, config: SessionConfig) -> None:
        self.begin(replace(config, device=self._study_device))

    def begin(self, request: SessionConfig) -> None:
        """Start a session, unless one is running; a masked one closes the researcher's window."""
        if request.is_masked and self._research is not None and not self._bridge.active:
            self._research.close()
        super().begin(request)

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; those before the first of a masked session are masked, too."""
        masked = self._is_masked and not snapshot.masked
        super().show_snapshot(replace(snapshot, masked=True) if masked else snapshot, step_s)

    def toggle_research(self) -> None:
        """Open or close the researcher's window, which is not opened in a masked session."""
        if self._is_masked:
            self._session_page.show_notice(study_page.MASKED_NOTICE)
            return
        super().toggle_research()

    def _ended(self, result: SessionResult) -> None:
        """Show the study's page after its sessions: they have no page of results, and nothing of them is remembered."""
        if not self._is_study or self._opening is None:
            super()._ended(result)
            return
        self._note_exit(result)
        self._latest = NO_SESSION
        page = self._study_page(self._opening)
        self._show(page)
        page.finish(result)
        if self._closing:
            self.close()

    def closeEvent(self, a0: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Close; what is being saved is still saved."""
        if self._study is not None:
            self._study.cancel()
        super().closeEvent(a0)
