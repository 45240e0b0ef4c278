"""Measured electrode positions as BIDS files. Without measured positions no file is written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence

LANDMARKS = ("NAS", "LPA", "RPA")
_SPACE = "CapTrak"
_AXES = "x to the right ear, y to the nose, z up; from the middle between the ears"


def make_coordsystem(positions: Mapping[str, Sequence[float]]) -> dict[str, object]:
    """Return the content of ``coordsystem.json``, with the landmarks that were measured."""
    landmarks = {name: list(positions[name]) for name in LANDMARKS if name in positions}
    system: dict[str, object] = {
        "EEGCoordinateSystem": _SPACE,
        "EEGCoordinateUnits": "mm",
        "EEGCoordinateSystemDescription": _AXES,
    }
    for kind in ("AnatomicalLandmark", "Fiducials") if landmarks else ():
        system |= {
            f"{kind}Coordinates": landmarks,
            f"{kind}CoordinateSystem": _SPACE,
            f"{kind}CoordinateUnits": "mm",
            f"{kind}CoordinateSystemDescription": _AXES,
        }
    return system | ({"FiducialsDescription": "nasion and the points before the ears, as touched"} if landmarks else {})


def read_positions(profile_toml: str) -> Mapping[str, Sequence[float]]:
    r"""Return the electrode positions in a session's resolved profile, mm.

    Examples
    --------
    >>> read_positions("[montage.positions_mm]\nCz = [0.0, 10.0, 120.0]")
    {'Cz': [0.0, 10.0, 120.0]}
    >>> read_positions("")
    {}
    """
    return tomllib.loads(profile_toml).get("montage", {}).get("positions_mm", {})


def format_electrodes_table(positions: Mapping[str, Sequence[float]]) -> str:
    """Return the content of ``electrodes.tsv``."""
    rows = (
        f"{' '.join(name.split())}\t" + "\t".join(f"{value:g}" for value in position)
        for name, position in positions.items()
        if name not in LANDMARKS
    )
    return "\n".join(("name\tx\ty\tz", *rows)) + "\n"
