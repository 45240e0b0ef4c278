"""Print a version's section of CHANGELOG.md. Exit 1 if the version is not the package's, or has no section."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(version: str, root: Path = ROOT) -> int:
    """Print the section of a version such as ``0.2.0``; returns the exit code."""
    source = (root / "neurofeedback" / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if found is None or version != found[1]:
        print(f"the tag is {version}, neurofeedback/_version.py has {found and found[1]}", file=sys.stderr)
        return 1
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        print(f"CHANGELOG.md has no section on {version}", file=sys.stderr)
        return 1
    print(section[1].strip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
