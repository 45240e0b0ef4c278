"""What all figures of a report share: their style, and SVG that stands on its own inside a page."""

from __future__ import annotations

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
    """Draw a figure and return it as an SVG element; ``name`` keeps its inner ids apart from other figures'.

    Text stays text and is never read as mathematics, whatever a person or a device called a thing.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the page's own font draws what this one lacks
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", dpi=200, transparent=True, metadata=_NO_METADATA)
    text = out.getvalue()
    return re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])


def shorten_label(text: str) -> str:
    """Shorten a name so that it cannot push a figure out of shape.

    Examples
    --------
    >>> label("TP9"), label("an electrode with a long name")
    ('TP9', 'an electrode wi…')
    """
    clean = "".join(character for character in text if character.isprintable())
    return clean if len(clean) <= _LABEL_LENGTH else clean[: _LABEL_LENGTH - 1] + "…"
