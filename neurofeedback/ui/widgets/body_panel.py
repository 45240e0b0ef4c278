"""Heart, breath and stillness of a finished sitting, measured in a helper thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QWidget

from neurofeedback.texts import body
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import column, label


class BodyPanel(QWidget):
    """Shows the sentences of a sitting; hidden where the headset recorded none of it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = label(name=body.NAME)
        self._note = label(body.NOTE, quiet=True)
        inside = column(self, gap=6)
        inside.addWidget(label(body.TITLE, quiet=True))
        for part in (self._lines, self._note):
            part.setWordWrap(True)
            inside.addWidget(part)
        self._task: BackgroundTask[tuple[str, ...]] = BackgroundTask(self, "body")
        self._task.done.connect(self._show)
        self._task.failed.connect(lambda sentence: self._show((tr(body.FAILED, why=sentence),)))
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether the signals are being measured."""
        return self._task.busy

    def show_session(self, recording: Path | None) -> None:
        """Measure and show a sitting; None shows nothing."""
        self.hide()
        self.cancel()
        if recording is not None:
            self._task.start(partial(_describe_body_task, recording))

    def cancel(self) -> None:
        """Stop measuring."""
        self._task.cancel()

    def _show(self, lines: tuple[str, ...]) -> None:
        self._lines.setText("\n".join(lines))
        self.setVisible(bool(lines))


def _describe_body_task(session: Path, handle: TaskHandle) -> tuple[str, ...]:
    from neurofeedback.ui.viewmodels import describe_body  # slow to import

    handle.report_progress(0.0)
    return describe_body(session)
