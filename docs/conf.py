"""Settings of the documentation, which ``scripts/docs`` builds strictly and without a network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from neurofeedback._version import __version__  # noqa: E402 - of this checkout

project = "Neurofeedback for meditation"
author = "The contributors"
version = release = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
exclude_patterns = ["examples"]
highlight_language = "text"
nitpicky = True
html_theme = "furo"
html_title = f"{project} {release}"
html_show_copyright = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

DECISIONS = "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"
MORE = "\n```{{toctree}}\n:hidden:\n\n{}\n```\n"
_TOCTREE = re.compile(r"```\{toctree}\n(.*?)```", re.DOTALL)
_STUB = re.compile(r"# .*\n\n\[[^]]*]\(\.\./(?P<file>[A-Z_]+\.md)\)\s*")


def unlisted_pages() -> list[str]:
    """Return the pages that no table of contents lists: they come last under Develop."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.md")}
    listed = {line for text in pages.values() for block in _TOCTREE.findall(text) for line in block.splitlines()}
    return sorted(set(pages) - listed - {"index"})


def insert_text(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put a file of the checkout's top folder in the place of a page that only links to it, with its links adapted."""
    stub = _STUB.fullmatch(source[0])
    if stub:
        text = (ROOT / stub["file"]).read_text(encoding="utf-8")
        text = re.sub(r"]\(docs/", "](", text)
        text = re.sub(r"]\(([A-Z_]+)\.md", lambda match: f"]({match[1].lower()}.md", text)
        source[0] = re.sub(r"\[([^]]*)]\(LICENSE\)", r"\1", text)
    elif page == "decisions/README":
        source[0] += DECISIONS
    elif page == "develop":
        source[0] += MORE.format("\n".join(unlisted_pages()))
    source[0] = re.sub(r"\[([^]]*)]\(\.\./configs/[^)]*\)", r"\1", source[0])  # a folder of the checkout, not a page


def setup(app: Sphinx) -> None:
    """Register what this file adds to Sphinx."""
    app.connect("source-read", insert_text)
