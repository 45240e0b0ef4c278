"""A minute of an invented index, played through before the first sitting."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import pairwise

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from neurofeedback.texts import welcome

_STEP_S = 0.25
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RehearsalPart:
    """A part of the rehearsal: when it begins (s), the index there from 0 to 1, and the sentence that explains it."""

    begin_s: float
    share: float
    sentence: str = ""
    unclear: bool = False


REHEARSAL = (
    RehearsalPart(0.0, 0.0, welcome.MINUTE_FOCUS),
    RehearsalPart(10.0, 0.0, welcome.MINUTE_WANDER),
    RehearsalPart(20.0, 0.9),
    RehearsalPart(26.0, 0.9, welcome.MINUTE_BACK),
    RehearsalPart(34.0, 0.05, welcome.MINUTE_UNCLEAR, unclear=True),
    RehearsalPart(42.0, 0.05, welcome.MINUTE_WANDER),
    RehearsalPart(49.0, 0.7, welcome.MINUTE_BACK),
    RehearsalPart(55.0, 0.0, welcome.MINUTE_FOCUS),
    RehearsalPart(60.0, 0.0),
)
"""Between the parts the index moves in straight lines."""


def rehearsal_at(at_s: float) -> tuple[float, RehearsalPart]:
    """Return the index at a time of the rehearsal (s), 0 to 1, and the part.

    Examples
    --------
    >>> share, part = rehearsal_at(15.0)
    >>> round(share, 2), part.unclear
    (0.45, False)
    """
    for part, following in pairwise(REHEARSAL):
        if at_s < following.begin_s:
            progress = (at_s - part.begin_s) / (following.begin_s - part.begin_s)
            return part.share + progress * (following.share - part.share), part
    return REHEARSAL[-1].share, REHEARSAL[-1]


class Rehearsal(QObject):
    """Goes through the rehearsal in real time.

    ``moved`` has index and part, four times a second; ``explained`` the sentence of a part that has one; ``ended``
    comes last.
    """

    moved = pyqtSignal(float, object)
    explained = pyqtSignal(str)
    ended = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._at_s: float | None = None
        self._part: RehearsalPart | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(round(1000 * _STEP_S))
        self._timer.timeout.connect(self.advance)

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._at_s is not None

    def start(self) -> None:
        """Begin."""
        self._at_s, self._part = 0.0, None
        self._timer.start()
        self._show(0.0)

    def advance(self) -> None:
        """Go on by a quarter of a second; after the last part it ends."""
        if self._at_s is None:
            return
        self._at_s += _STEP_S
        if self._at_s < REHEARSAL[-1].begin_s:
            self._show(self._at_s)
        else:
            self.stop()

    def _show(self, at_s: float) -> None:
        share, part = rehearsal_at(at_s)
        if part is not self._part and part.sentence:
            self.explained.emit(part.sentence)
        self._part = part
        self.moved.emit(share, part)

    def stop(self) -> None:
        """End it, if it is running."""
        if self._at_s is None:
            return
        _log.info("the rehearsal was played for %.0f s", self._at_s)
        self._at_s = None
        self._timer.stop()
        self.ended.emit()
