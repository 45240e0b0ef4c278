"""Colours and type sizes of the dark and the light theme, and their Qt style sheet."""

from __future__ import annotations

from dataclasses import dataclass, fields

BASE_PT = 11
LARGE_PT = 22
LARGE_TYPE = 1.25
"""Factor of both sizes with large type."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``; both text colours are legible on window, panel, field and selected."""

    name: str
    window: str
    panel: str
    field: str
    selected: str
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
    selected="#3a3123",
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
    selected="#e8dcc4",
    edge="#857863",
    text="#2a241b",
    quiet="#5f5546",
    accent="#85530f",
    on_accent="#fffaf0",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

ON_PICTURE = "#f6f0e4"
"""Text over the picture, which is dark in both themes."""
NIGHT = "#0b0e16"
"""Background of the plain pictures."""
DIM = "#9a927f"
"""Text on the dark screen: legible, but giving no light."""


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, relative luminance).

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
QLabel#demo { background: $field; color: $text; padding: 6px 32px; }
QFrame#card { background: $panel; border: 1px solid $edge; border-radius: 14px; }
QFrame#card QWidget { background: transparent; }
QFrame#card[dark="true"] { background: #000000; border-color: #33302a; }
QFrame#card[dark="true"] QLabel, QFrame#card[dark="true"] QPushButton { color: $dim; border-color: #33302a; }
QPushButton { background: transparent; color: $text; border: 1px solid $edge; border-radius: 8px; padding: 8px 18px; }
QPushButton:hover { background: $field; }
QPushButton:focus { border: 2px solid $accent; padding: 7px 17px; }
QPushButton[flat="true"] { border: 1px solid transparent; color: $quiet; padding: 5px 10px; }
QPushButton[flat="true"]:hover { color: $text; }
QPushButton[flat="true"]:focus { border: 1px solid $accent; color: $text; }
QPushButton[main="true"] { background: $accent; color: $on_accent; border: 2px solid $accent; padding: 9px 24px; }
QPushButton[main="true"]:focus { border: 2px solid $text; }
QPushButton[main="true"]:disabled { background: $panel; color: $quiet; border: 2px solid $edge; }
QPushButton[sit="true"] {
    font-size: {LARGE_PT}pt; border-radius: 34px; min-height: 64px; min-width: 220px; padding: 0 24px;
}
QPushButton[answer="true"] { padding: 10px 6px; min-height: 40px; }
QSlider { background: transparent; min-height: 24px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $edge; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal {
    background: $accent; border: 2px solid $panel; width: 14px; height: 14px; margin: -7px 0; border-radius: 9px;
}
QSlider::handle:horizontal:focus { border: 2px solid $text; }
QCheckBox { background: transparent; spacing: 10px; }
QCheckBox::indicator { width: 18px; height: 18px; border: 1px solid $edge; border-radius: 5px; background: $field; }
QCheckBox::indicator:checked { background: $accent; }
QCheckBox:focus { color: $accent; }
QPlainTextEdit {
    background: $field; color: $text; border: 1px solid $edge; border-radius: 8px; padding: 6px 8px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QPlainTextEdit { placeholder-text-color: $quiet; }
QPlainTextEdit:focus { border: 2px solid $accent; padding: 5px 7px; }
QTableView, QListWidget {
    background: $window; border: 1px solid $edge; border-radius: 8px; outline: 0; selection-background-color: $selected;
    selection-color: $text; padding: 3px;
}
QTableView:focus, QListWidget:focus { border: 2px solid $accent; padding: 2px; }
QTableView::item { padding: 0 10px; border: none; }
QListWidget::item { padding: 7px 12px; border: none; }
QTableView::item:selected, QListWidget::item:selected { background: $selected; color: $text; }
QHeaderView, QHeaderView::section {
    background: $panel; color: $quiet; border: none; padding: 0 6px;
}
QScrollArea { border: none; }
QScrollBar:vertical { background: $window; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $edge; border-radius: 5px; min-height: 40px; }
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical { height: 0; }
QScrollBar:horizontal { background: $window; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $edge; border-radius: 5px; min-width: 40px; }
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal { width: 0; }
QProgressBar { background: $field; border: none; border-radius: 3px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QPushButton:disabled { color: $quiet; border-color: $panel; }
QComboBox, QLineEdit, QSpinBox, QDoubleSpinBox {
    background: $field; color: $text; border: 1px solid $edge; border-radius: 8px; padding: 7px 10px;
    selection-background-color: $accent; selection-color: $on_accent; min-height: 22px;
    placeholder-text-color: $quiet;
}
QComboBox:focus, QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus { border: 2px solid $accent; padding: 6px 9px; }
QSpinBox:disabled, QDoubleSpinBox:disabled { color: $quiet; background: $panel; border-color: $field; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QLineEdit, QComboBox QLineEdit:focus { border: none; padding: 0; }
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 8px; }
QComboBox QAbstractItemView { background: $field; border: none; outline: 0; }
QToolTip { background: $field; color: $text; border: 1px solid $edge; padding: 4px; }
"""


def stylesheet(theme: Theme, *, large_type: bool = False) -> str:
    """Return the Qt style sheet of a theme."""
    scale = LARGE_TYPE if large_type else 1.0
    base, large = round(scale * BASE_PT), round(scale * LARGE_PT)
    sheet = _SHEET.replace("{BASE_PT}", str(base)).replace("{LARGE_PT}", str(large))
    colours = {"on_picture": ON_PICTURE, "dim": DIM} | {f.name: getattr(theme, f.name) for f in fields(theme)}
    for name in sorted(colours, key=len, reverse=True):
        sheet = sheet.replace(f"${name}", colours[name])
    return sheet
