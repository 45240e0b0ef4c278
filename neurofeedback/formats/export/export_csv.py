"""CSV export for spreadsheets: time, one column per channel in microvolts, and the marks at each sample."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from neurofeedback.formats.mne_conversion import list_annotations
from neurofeedback.formats.text.import_neurofeedback_csv import MARKS_COLUMN
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.recording import Recording

_CHUNK_S = 60.0
_SEPARATORS = str.maketrans("\t\r\n;", "    ")


def write_csv(recording: Recording, out: Path) -> None:
    """Write a recording as CSV; lost samples are empty cells, and values have all the digits of float32."""
    sfreq = recording.stream.sfreq
    marks: defaultdict[int, list[str]] = defaultdict(list)
    for annotation in list_annotations(recording):
        if annotation.description != GAP_TYPE:
            marks[round(annotation.onset * sfreq)].append(annotation.description.translate(_SEPARATORS))
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(
            ["time_s", *(f"{' '.join(name.split())} (uV)" for name in recording.stream.ch_names), MARKS_COLUMN]
        )
        for chunk in recording.iter_chunks(max(1, round(_CHUNK_S * sfreq))):
            for sample, row in enumerate(chunk.data.T.tolist(), start=chunk.first_sample):
                values = ["" if np.isnan(value) else f"{value:.9g}" for value in row]
                table.writerow([f"{sample / sfreq:.9f}", *values, "; ".join(marks.pop(sample, ()))])
