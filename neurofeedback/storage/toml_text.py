"""Parsing of TOML texts of any origin."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_MAX_KEY_PARTS = 16
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
