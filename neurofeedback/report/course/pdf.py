"""Writing of an HTML page as PDF on A4, by Qt's text documents, which the window brings along."""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path

from neurofeedback.storage.atomic_files import open_replacement

_MARGIN_MM = 12.0
_DPI = 300
_IMAGE = re.compile(r'src="data:image/png;base64,([^"]+)"')


def write_pdf(html: str, out: Path) -> None:
    """Write an HTML page as PDF. Images are PNG data in the page.

    Parameters
    ----------
    html : str
        A page of what Qt's rich text knows: paragraphs, headings, tables, images, and page breaks before headings.
    out : Path
        The file.

    Raises
    ------
    OSError
        The disk cannot be written.
    """
    from PyQt6.QtCore import QBuffer, QEventLoop, QIODevice, QMarginsF, QSizeF, QUrl  # Qt takes long to load
    from PyQt6.QtGui import (
        QGuiApplication,
        QImage,
        QPageLayout,
        QPageSize,
        QPdfWriter,
        QTextDocument,
    )

    if QGuiApplication.instance() is None:
        if sys.platform == "linux":
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _applications.append(QGuiApplication(sys.argv[:1]))
    images: dict[str, bytes] = {}

    def name_image(match: re.Match[str]) -> str:
        name = f"figure-{len(images)}.png"
        images[name] = base64.b64decode(match[1])
        return f'src="{name}"'

    text = _IMAGE.sub(name_image, html)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    layout = QPageLayout(
        QPageSize(QPageSize.PageSizeId.A4),
        QPageLayout.Orientation.Portrait,
        margins,
        QPageLayout.Unit.Millimeter,
    )
    writer.setPageLayout(layout)
    _loop = QEventLoop()  # a thread needs one for the timers of the layout, else Qt complains of each on stderr
    document = QTextDocument()
    document.setDocumentMargin(0)
    for name, data in images.items():
        document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), QImage.fromData(data))
    document.setHtml(text)
    paint = layout.paintRectPixels(_DPI)
    document.documentLayout().setPaintDevice(writer)  # type: ignore[union-attr] - a document always has a layout
    document.setPageSize(QSizeF(paint.width(), paint.height()))
    document.print(writer)
    del writer  # ends the file
    with open_replacement(out) as file:
        file.write(bytes(buffer.data().data()))


_applications: list[object] = []
"""Keeps an application that was made for printing alive: Qt needs it as long as there are fonts."""
