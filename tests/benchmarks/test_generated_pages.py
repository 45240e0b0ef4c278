"""The generated pages in docs/ match their results, and the page that explains them names only existing targets."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks import peers_page
from benchmarks.acceptance import page
from benchmarks.acceptance.registry import TARGETS
from tests.helpers import ROOT

DOCS = ROOT / "docs"


def test_acceptance_page_matches_its_results(tmp_path: Path) -> None:
    page.write(json.loads((DOCS / "acceptance.json").read_text(encoding="utf-8")), tmp_path)
    assert (tmp_path / "acceptance.md").read_text(encoding="utf-8") == (DOCS / "acceptance.md").read_text(
        encoding="utf-8"
    )


def test_peers_page_matches_its_results(tmp_path: Path) -> None:
    peers_page.write(json.loads((DOCS / "peers.json").read_text(encoding="utf-8")), tmp_path)
    assert (tmp_path / "peers.md").read_text(encoding="utf-8") == (DOCS / "peers.md").read_text(encoding="utf-8")


def test_explained_targets_exist() -> None:
    headings = re.findall(r"^### (.+)$", (DOCS / "benchmarks.md").read_text(encoding="utf-8"), re.MULTILINE)
    explained = {identity for heading in headings for identity in re.findall(r"\bT\d+[ab]?\b", heading)}
    assert explained
    assert explained <= set(TARGETS)
