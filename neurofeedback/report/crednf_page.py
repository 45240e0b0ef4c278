"""The CRED-nf page as HTML."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from neurofeedback._version import __version__
from neurofeedback.report.templates import render_template
from neurofeedback.texts.catalogue import in_english
from neurofeedback.texts.studies import crednf as texts


@dataclass(frozen=True, slots=True)
class CrednfRow:
    """One item as a row, all values as text."""

    id: str
    label: str
    status: str
    answer: str
    evidence: str


@dataclass(frozen=True, slots=True)
class CrednfPage:
    """Content of the page. ``figure`` is an SVG element or empty, ``cobidas`` are rows of name and value."""

    title: str
    items: tuple[CrednfRow, ...]
    counts: str
    answers: str
    figure: str
    cobidas: tuple[tuple[str, str], ...]


def render_crednf(page: CrednfPage) -> str:
    """Return the page as HTML; it is English, as the checklist is."""
    with in_english():
        return render_template("crednf.html.j2", texts, {**asdict(page), "version": __version__})
