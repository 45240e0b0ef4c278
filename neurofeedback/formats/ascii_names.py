"""Channel names for file formats that allow only short ASCII names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def to_ascii_names(names: Sequence[str], max_length: int) -> list[str]:
    """Return short, unique ASCII names; all are numbered if shortening makes two alike or leaves one empty.

    Examples
    --------
    >>> to_ascii_names(("Öz", "Fz"), 16), to_ascii_names(("日", "本"), 16)
    (['Oz', 'Fz'], ['-1', '-2'])
    """
    short = [unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()[:max_length] for name in names]
    ambiguous = len({*short, ""}) <= len(short)
    return [f"{name[: max_length - 4]}-{row}" if ambiguous else name for row, name in enumerate(short, start=1)]
