"""Style shared by all figures of a report, and rendering as SVG inside a page."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, ACCENT, GREY, PALE = "#1d1d1f", "#0b5563", "#75757a", "#e4e4e7"
WIDTH_IN = 7.4
_LABEL_LENGTH = 16
_PNG_DPI = 250
_STYLE: dict[Any, Any] = {
    "font.size": 8.0,
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "hatch.linewidth": 0.5,
    "hatch.color": GREY,
    "svg.fonttype": "none",
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def render_svg(name: str, height_in: float, draw: Callable[[Figure], None]) -> str:
    """Draw a figure and return it as an SVG element; ``name`` makes its inner ids differ from those of other figures.

    Text is never read as mathematics, whatever characters a name contains.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the font of the page draws glyphs that this one lacks
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", dpi=200, transparent=True, metadata=_NO_METADATA)
    text = out.getvalue()
    return re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])


def render_figure(name: str, height_in: float, draw: Callable[[Figure], None], kind: str) -> str:
    """Draw a figure as ``svg`` for a page, or as ``png``, encoded in base64, for a PDF."""
    if kind == "svg":
        return render_svg(name, height_in, draw)
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=_PNG_DPI)
    return base64.b64encode(out.getvalue()).decode()


def shorten_label(text: str) -> str:
    """Shorten a name so that it does not deform a figure.

    Examples
    --------
    >>> shorten_label("TP9"), shorten_label("an electrode with a long name")
    ('TP9', 'an electrode wi…')
    """
    clean = "".join(character for character in text if character.isprintable())
    return clean if len(clean) <= _LABEL_LENGTH else clean[: _LABEL_LENGTH - 1] + "…"
