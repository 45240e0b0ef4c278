"""Channel names as old formats can hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def plain_names(names: Sequence[str], longest: int) -> list[str]:
    """Return names in ASCII, short, each once; numbered where that would make two alike.

    Examples
    --------
    >>> plain_names(("Öz", "Fz"), 16), plain_names(("日", "本"), 16)
    (['Oz', 'Fz'], ['-1', '-2'])
    """
    short = [unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()[:longest] for name in names]
    doubtful = len({*short, ""}) <= len(short)
    return [f"{name[: longest - 4]}-{row}" if doubtful else name for row, name in enumerate(short, start=1)]
