"""Where the electrodes were measured, as BIDS tables; nothing where nobody measured (names tell the usual places)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence

_SPACE = "CapTrak"

COORDINATES: dict[str, object] = {
    "EEGCoordinateSystem": _SPACE,
    "EEGCoordinateUnits": "mm",
    "EEGCoordinateSystemDescription": "x to the right ear, y to the nose, z up; from the middle between the ears",
}


def measured(profile_toml: str) -> Mapping[str, Sequence[float]]:
    r"""Return the places a session's resolved profile knows, by electrode, mm.

    Examples
    --------
    >>> measured("[montage.positions_mm]\nCz = [0.0, 10.0, 120.0]")
    {'Cz': [0.0, 10.0, 120.0]}
    >>> measured("")
    {}
    """
    return tomllib.loads(profile_toml).get("montage", {}).get("positions_mm", {})


def electrodes(places: Mapping[str, Sequence[float]]) -> str:
    """Return the content of ``electrodes.tsv``."""
    rows = (f"{' '.join(name.split())}\t" + "\t".join(f"{value:g}" for value in at) for name, at in places.items())
    return "\n".join(("name\tx\ty\tz", *rows)) + "\n"
