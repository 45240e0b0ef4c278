"""Announcements to a screen reader: questions, errors, phases and results, besides what stands on the page.

PyQt6 wraps no QAccessible. Qt Quick's ``Accessible.announce`` reaches the accessibility bus as ``object:announcement``;
its item lives in a Qt Quick widget of one pixel, which must exist before its window is shown.
"""

from __future__ import annotations

import logging

from PyQt6.QtCore import Q_ARG, QMetaObject, QObject, QUrl
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QLabel, QWidget

_log = logging.getLogger(__name__)
_QML = b"""
import QtQuick
Item {
    Accessible.role: Accessible.StaticText
    function announce(text, urgent) {
        Accessible.announce(text, urgent ? Accessible.Assertive : Accessible.Polite)
    }
}
"""
_WITHOUT_BUS = {"offscreen", "minimal"}
_active: list[ScreenReaderAnnouncer] = []


class ScreenReaderAnnouncer(QObject):
    """Announces for one window; the latest window is the one that ``announce`` uses.

    ``last`` holds the latest announcements, the newest at its end.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.last: list[str] = []
        self._item: QObject | None = None
        if QGuiApplication.platformName() not in _WITHOUT_BUS:
            self._item = self._make_item(window)
        _active[:] = [self]
        self.destroyed.connect(_active.clear)

    def announce(self, text: str, *, urgent: bool = False) -> None:
        """Announce a text; an urgent one interrupts what the screen reader says."""
        self.last = [*self.last[-19:], text]
        if self._item is not None:
            QMetaObject.invokeMethod(self._item, "announce", Q_ARG("QVariant", text), Q_ARG("QVariant", urgent))

    def _make_item(self, window: QWidget) -> QObject | None:
        try:
            from PyQt6.QtQml import QQmlComponent
            from PyQt6.QtQuick import QQuickWindow, QSGRendererInterface
            from PyQt6.QtQuickWidgets import QQuickWidget
        except ImportError as error:  # a build without Qt Quick
            _log.warning("nothing can be announced to screen readers: %s", error)
            return None
        QQuickWindow.setGraphicsApi(QSGRendererInterface.GraphicsApi.Software)
        widget = QQuickWidget(window)
        widget.setFixedSize(1, 1)
        component = QQmlComponent(widget.engine(), widget)
        component.setData(_QML, QUrl())
        item = component.create()
        if item is None:
            _log.warning("nothing can be announced to screen readers: %s", component.errors())
            return None
        widget.setContent(QUrl(), component, item)  # pyright: ignore[reportAttributeAccessIssue] - missing in the stubs
        return item


def announce(*texts: str, urgent: bool = False) -> None:
    """Announce texts as one announcement, without empty ones."""
    text = " ".join(filter(None, texts))
    if text and _active:
        _active[0].announce(text, urgent=urgent)


class LiveLabel(QLabel):
    """A label whose new texts are announced, such as an error."""

    def setText(self, a0: str | None) -> None:  # noqa: N802 - Qt's name
        """Show a text and announce it if it is new."""
        if a0 and a0 != self.text():
            announce(a0)
        super().setText(a0)
