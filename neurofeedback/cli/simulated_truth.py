"""The ground truth of a simulated sitting, written beside what the program computed of it."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.files import read_json, rewrite, rewrite_json
from neurofeedback.simulation import truth as tables
from neurofeedback.simulation.meditator import SimulatedSitting
from neurofeedback.simulation.response import DEAF, Response


def write_truth(session: Path, truth: SimulatedSitting, response: Response = DEAF) -> None:
    """Write what is true of a sitting into its folder of computed files.

    Raises
    ------
    RecordingError
        The files cannot be written.
    """
    summary = next(session.glob("*_summary.json"))
    stem = summary.name.removesuffix("_summary.json")
    n_samples = int(read_json(summary)["n_samples"])
    written = (
        ("truth", tables.STATES_HEADER, tables.state_rows(truth, n_samples)),
        ("truthevents", tables.EVENTS_HEADER, tables.event_rows(truth, n_samples / truth.device.sfreq)),
    )
    try:
        for label, header, rows in written:
            table = session / f"{stem}_desc-{label}_timeseries.tsv"
            rewrite(table, "".join("\t".join(row) + "\n" for row in (header, *rows)))
            columns = {name: tables.COLUMNS[name] for name in header}
            rewrite_json(table.with_suffix(".json"), {**columns, **tables.facts(truth, response)})
    except OSError as error:
        raise RecordingError(
            "the ground truth cannot be written",
            got=error.strerror,
            todo=f"make room and simulate again; the recording is kept in {session}",
        ) from None
