"""Rendering of HTML pages: one Jinja environment, in which texts come from the catalogue and all values are escaped.

The layout itself stands in the ``.j2`` files beside it: ``session.html.j2``, ``page.css.j2`` and their parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from neurofeedback.texts.catalogue import language, localize_number, tr
from neurofeedback.texts.format import format_clock, format_duration, format_percent
from neurofeedback.texts.status import phase_label
from neurofeedback.types import Phase


def render_template(template: str, texts: ModuleType, context: Mapping[str, object]) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    template : str
        File name of a template of this folder.
    texts : module
        Module of ``neurofeedback.texts``; the template uses its constants as ``text("NAME", field=...)``.
    context : mapping
        Values by name. They are escaped, except figures, which the template passes through ``safe``.
    """

    def text(name: str, /, **fields: object) -> Markup:
        return Markup(tr(getattr(texts, name), **{key: escape(value) for key, value in fields.items()}))  # noqa: S704

    environment = Environment(
        loader=PackageLoader("neurofeedback", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clock=format_clock, duration=format_duration, phase=lambda word: phase_label(Phase(word)), share=format_percent
    )
    environment.filters["format"] = lambda number, *values: localize_number(number % values)
    environment.filters["translated"] = tr
    environment.globals.update(text=text, language=language())
    return environment.get_template(template).render(context)
