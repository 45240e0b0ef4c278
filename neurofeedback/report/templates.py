"""What every page of the program shares: one environment of templates, in which each text of a person is escaped."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from neurofeedback.session.status_text import phase_label
from neurofeedback.texts.format import format_clock, format_duration, format_percent
from neurofeedback.types import Phase


def render_template(template: str, context: Mapping[str, object]) -> str:
    """Fill a template of this room. Figures are passed through ``safe`` by the template; nothing else is."""
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
    return environment.get_template(template).render(context)
