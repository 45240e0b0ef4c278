"""Parsing of TOML texts of any origin."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

_MAX_KEY_PARTS = 16
_MAX_FILE_BYTES = 100_000
_DEEP_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]++\s*+\.\s*+){{{_MAX_KEY_PARTS}}}")


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a TOML text that is no deeper than settings are: a key of thousands of parts would take minutes.

    Raises
    ------
    ValueError
        The text is no TOML, or too deep.
    """
    if (deep := _DEEP_KEY.search(text)) is not None:
        line = text.count("\n", 0, deep.start()) + 1
        raise ValueError(f"nested too deeply: a key of more than {_MAX_KEY_PARTS} parts in line {line}")
    return tomllib.loads(text)


def read_value(path: Path, name: str) -> object:
    """Return one value of a small TOML file; None if it is not there, or the file cannot be read."""
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            return None
        return parse_toml(path.read_text(encoding="utf-8")).get(name)
    except (OSError, ValueError):  # who needs the whole file says so
        return None
