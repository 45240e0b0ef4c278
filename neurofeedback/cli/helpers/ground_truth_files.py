"""The ground truth of a simulated sitting, written beside what the program computed of it."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import read_json, write_atomic, write_json_atomic
from neurofeedback.simulation import ground_truth as tables
from neurofeedback.simulation.feedback_response import NO_RESPONSE, FeedbackResponse
from neurofeedback.simulation.simulated_session import SimulatedSession


def write_truth(session: Path, truth: SimulatedSession, response: FeedbackResponse = NO_RESPONSE) -> None:
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
        ("truthevents", tables.EVENTS_HEADER, tables.event_rows(truth, n_samples / truth.headset.sfreq)),
    )
    try:
        for label, header, rows in written:
            table = session / f"{stem}_desc-{label}_timeseries.tsv"
            write_atomic(table, "".join("\t".join(row) + "\n" for row in (header, *rows)))
            columns = {name: tables.COLUMNS[name] for name in header}
            write_json_atomic(table.with_suffix(".json"), {**columns, **tables.describe_truth(truth, response)})
    except OSError as error:
        raise RecordingError(
            "the ground truth cannot be written",
            got=error.strerror,
            todo=f"make room and simulate again; the recording is kept in {session}",
        ) from None
