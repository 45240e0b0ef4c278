"""``export``: write a recording in another format."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.helpers.common import echo, print_json


class ExportFormat(StrEnum):
    """Formats, as typed."""

    EDF = "edf"
    BDF = "bdf"
    FIF = "fif"
    CSV = "csv"
    SET = "set"
    MAT = "mat"
    BIDS_ZIP = "bids-zip"


def export(
    session: Annotated[Path, typer.Argument(help="A session or any recording; for bids-zip also a whole dataset.")],
    to: Annotated[ExportFormat, typer.Option(help="bdf has 24 bits, edf 16; fif, csv, set and mat store every digit.")],
    out: Annotated[Path | None, typer.Option(help="File to write; else one in this folder.")] = None,
    anonymize: Annotated[
        bool, typer.Option("--anonymize", help="Leave out dates, names, notes and serial numbers.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Write a session as EDF+, BDF+, FIF, CSV, EEGLAB or MATLAB file, or sessions as a zipped BIDS dataset."""
    from neurofeedback.formats.export.exporters import export_recording  # mne when asked for

    written = export_recording(session, to.value, out, anonymize=anonymize)
    if json:
        print_json({"files": [str(path) for path in written]})
    else:
        for path in written:
            echo(path)
