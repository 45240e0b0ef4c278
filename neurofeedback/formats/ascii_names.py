"""Channel names as old formats can hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def to_ascii_names(names: Sequence[str], max_length: int) -> list[str]:
    """Return names in ASCII, short, each once; numbered where that would make two alike.

    Examples
    --------
    >>> to_ascii_names(("Öz", "Fz"), 16), to_ascii_names(("日", "本"), 16)
    (['Oz', 'Fz'], ['-1', '-2'])
    """
    short = [unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()[:max_length] for name in names]
    doubtful = len({*short, ""}) <= len(short)
    return [f"{name[: max_length - 4]}-{row}" if doubtful else name for row, name in enumerate(short, start=1)]
