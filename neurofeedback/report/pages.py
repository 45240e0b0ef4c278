"""What every page of the program shares: one environment of templates, in which each text of a person is escaped."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from neurofeedback.feedback.words import clock_words, duration_words, phase_words, share_words
from neurofeedback.types import Phase


def page(template: str, context: Mapping[str, object]) -> str:
    """Fill a template of this room. Figures are passed through ``safe`` by the template; nothing else is."""
    environment = Environment(
        loader=PackageLoader("neurofeedback", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clock=clock_words, duration=duration_words, phase=lambda word: phase_words(Phase(word)), share=share_words
    )
    return environment.get_template(template).render(context)
