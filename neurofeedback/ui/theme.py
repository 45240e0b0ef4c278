"""Colours and sizes: one dark, warm theme and one light, one accent colour, two sizes of one typeface."""

from __future__ import annotations

from dataclasses import dataclass, fields

BASE_PT = 11
LARGE_PT = 22


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``. Text and quiet text are read on window, panel and field alike."""

    name: str
    window: str
    panel: str
    field: str
    edge: str
    text: str
    quiet: str
    accent: str
    on_accent: str


DARK = Theme(
    name="dark",
    window="#14120f",
    panel="#1b1814",
    field="#27221b",
    edge="#776b57",
    text="#efe7da",
    quiet="#b8ac97",
    accent="#e2b872",
    on_accent="#1b150b",
)
LIGHT = Theme(
    name="light",
    window="#f7f2e8",
    panel="#efe8da",
    field="#fdfaf4",
    edge="#857863",
    text="#2a241b",
    quiet="#5f5546",
    accent="#85530f",
    on_accent="#fffaf0",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

ON_PICTURE = "#f6f0e4"
"""Text over the picture, which is night in both themes."""


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, relative luminance).

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


_SHEET = """
QWidget { background: $window; color: $text; font-size: {BASE_PT}pt; }
QLabel { background: transparent; }
QLabel[large="true"] { font-size: {LARGE_PT}pt; }
QLabel[quiet="true"] { color: $quiet; }
QLabel[onPicture="true"] { color: $on_picture; }
QFrame#panel, QFrame#panel QWidget { background: $panel; }
QPushButton { background: transparent; color: $text; border: 1px solid $edge; border-radius: 8px; padding: 8px 18px; }
QPushButton:hover { background: $field; }
QPushButton:focus { border: 2px solid $accent; padding: 7px 17px; }
QPushButton[flat="true"] { border: 1px solid transparent; color: $quiet; padding: 5px 10px; }
QPushButton[flat="true"]:hover { color: $text; }
QPushButton[flat="true"]:focus { border: 1px solid $accent; color: $text; }
QPushButton[main="true"] { background: $accent; color: $on_accent; border: 2px solid $accent; padding: 9px 24px; }
QPushButton[main="true"]:focus { border: 2px solid $text; }
QPushButton[sit="true"] {
    font-size: {LARGE_PT}pt; border-radius: 34px; min-height: 64px; min-width: 220px; padding: 0;
}
QPushButton:disabled { color: $quiet; border-color: $panel; }
QComboBox, QLineEdit, QSpinBox {
    background: $field; color: $text; border: 1px solid $edge; border-radius: 8px; padding: 7px 10px;
    selection-background-color: $accent; selection-color: $on_accent; min-height: 22px;
}
QComboBox:focus, QLineEdit:focus, QSpinBox:focus { border: 2px solid $accent; padding: 6px 9px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QLineEdit, QComboBox QLineEdit:focus { border: none; padding: 0; }
QComboBox QAbstractItemView { background: $field; border: 1px solid $edge; outline: 0; }
QToolTip { background: $field; color: $text; border: 1px solid $edge; padding: 4px; }
"""


def stylesheet(theme: Theme) -> str:
    """Return the Qt style sheet of a theme."""
    sheet = _SHEET.replace("{BASE_PT}", str(BASE_PT)).replace("{LARGE_PT}", str(LARGE_PT))
    colours = {"on_picture": ON_PICTURE} | {f.name: getattr(theme, f.name) for f in fields(theme)}
    for name in sorted(colours, key=len, reverse=True):
        sheet = sheet.replace(f"${name}", colours[name])
    return sheet
