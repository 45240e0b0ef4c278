"""Plays what a session would sound like, for the first start: quiet, tone, unclear signal, or a level between."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from neurofeedback.errors import NeurofeedbackError

if TYPE_CHECKING:
    from neurofeedback.audio.sink import Sink
    from neurofeedback.session.config import SettingOverride

_log = logging.getLogger(__name__)
HOP_S = 0.25
PLAY_MS = 6000
LOW_U, HIGH_U = -1.5, 1.5
"""The index of a mind with the breath and of one that wanders, in baseline spreads."""


class SoundPreview(QObject):
    """Opens the sound output when it is first needed; ``silent`` follows where there is none.

    Parameters
    ----------
    audio : str
        Sound output, as in ``SessionConfig``.
    overrides : tuple of SettingOverride
        The person's sound settings.
    """

    silent = pyqtSignal()

    def __init__(self, audio: str, overrides: tuple[SettingOverride, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._audio, self._overrides = audio, overrides
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="preview")
        self._sink: Sink | None = None
        self._unclear, self._u = False, LOW_U
        self._opening: Future[Sink] | None = None
        self._ticks = QTimer(self)
        self._ticks.setInterval(round(1000 * HOP_S))
        self._ticks.timeout.connect(self._tick)
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(PLAY_MS)
        self._end.timeout.connect(self.stop)

    def play(self, share: float, *, unclear: bool = False) -> None:
        """Play for some seconds; ``share`` is 0 with the breath to 1 wandering."""
        from neurofeedback.feedback.mapping import GuidanceMapper  # NumPy, which the window is shown before
        from neurofeedback.settings.load import load_settings

        settings = load_settings("default")
        self._mapper = GuidanceMapper(settings.feedback, HOP_S)
        self._unclear, self._u = unclear, LOW_U + share * (HIGH_U - LOW_U)
        if self._sink is None and self._opening is None:
            self._opening = self._helper.submit(_open, self._audio, self._overrides)
        self._ticks.start()
        self._end.start()

    def stop(self) -> None:
        """Fade out."""
        self._ticks.stop()
        self._end.stop()
        if self._opening is not None:
            self._opening.add_done_callback(_stop_opened)
            self._opening = None
        if self._sink is not None:
            self._helper.submit(self._sink.stop, 0.0)
            self._sink = None

    def _tick(self) -> None:
        if self._opening is not None and self._opening.done():
            self._opened(self._opening)
            self._opening = None
        if self._sink is None:
            return
        from neurofeedback.types import State

        state = State.UNKNOWN if self._unclear else State.WANDER
        guidance = self._mapper.update(self._u, 1.0, 1.0, state, feedback=True)
        self._sink.set_guidance(guidance, 0.0)

    def _opened(self, opening: Future[Sink]) -> None:
        error = opening.exception()
        if error is not None:
            if not isinstance(error, NeurofeedbackError):
                raise error
            _log.warning("no preview: %s", error)
            self.silent.emit()
            return
        self._sink = opening.result()
        from neurofeedback.audio.null_sink import NullSink

        if isinstance(self._sink, NullSink):
            self.silent.emit()


def _open(audio: str, overrides: tuple[SettingOverride, ...]) -> Sink:
    from neurofeedback.audio.open import open_sink
    from neurofeedback.settings.load import load_settings

    values = {override.name: override.value for override in overrides if override.section == "audio"}
    settings = load_settings("default").audio.model_copy(update=values)
    sink = open_sink(audio, settings, _log.info)
    sink.start()
    return sink


def _stop_opened(opening: Future[Sink]) -> None:
    if opening.exception() is None:
        opening.result().stop(0.0)
