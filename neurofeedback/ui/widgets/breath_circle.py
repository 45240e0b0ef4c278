"""The circle of the breath pacer: it grows while breathing in and shrinks while breathing out."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from neurofeedback.feedback.breath_pacer import Breath, breath_at
from neurofeedback.session.live_state import Snapshot
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.practices import choice
from neurofeedback.ui.theme import DARK

_SMALL, _LARGE = 0.12, 0.27  # radius in heights of the picture
_STILL_FILL = 0.6
_MAX_DRIFT_S = 0.6


class BreathClock:
    """The time in a paced segment between two snapshots, so that the circle moves smoothly."""

    def __init__(self) -> None:
        self._segment_s = 0.0

    def update(self, snapshot: Snapshot, step_s: float) -> Breath | None:
        """Return the breath to show; None without a pacer or before its first breath.

        Parameters
        ----------
        step_s : float
            Time since the last call, s.
        """
        if not snapshot.paused:
            self._segment_s += step_s
        if abs(self._segment_s - snapshot.segment_s) > _MAX_DRIFT_S:
            self._segment_s = snapshot.segment_s
        return breath_at(self._segment_s, snapshot.breaths_per_min) if snapshot.breaths_per_min else None


def draw_breath(painter: QPainter, room: QRectF, breath: Breath, *, still: bool) -> None:
    """Draw the circle with its words; ``still`` draws it in one size, so that only the words change."""
    fill = _STILL_FILL if still else breath.fill
    height = min(room.width(), room.height())
    radius = (_SMALL + fill * (_LARGE - _SMALL)) * height
    ink, inside = QColor(DARK.accent), QColor(DARK.accent)
    inside.setAlphaF(0.16)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, max(1.5, 0.005 * height)))
    painter.setBrush(inside)
    painter.drawEllipse(QPointF(room.center()), radius, radius)
    font = painter.font()
    font.setPixelSize(max(14, round(0.034 * height)))
    painter.setFont(font)
    painter.setPen(QColor(DARK.text))
    words = tr(choice.BREATHE_IN if breath.inhaling else choice.BREATHE_OUT)
    painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), words)
