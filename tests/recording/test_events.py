"""``events.tsv``: every kind of row is described, and what is written is read back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.errors import RecordingError
from neurofeedback.recording.events import GAP_TYPE, HEADER, SIDECAR, format_event_row, format_gap_rows, read_events
from neurofeedback.types import Command, CommandKind, Event, EventKind, LostRun

COLUMNS = HEADER.strip().split("\t")


def test_every_kind_of_row_is_described() -> None:
    levels = SIDECAR["trial_type"]["Levels"]
    assert set(levels) == {*CommandKind, *EventKind, GAP_TYPE}
    assert all(levels.values())


def test_every_column_bids_does_not_know_is_described() -> None:
    assert set(COLUMNS) - set(SIDECAR) == {"onset", "duration"}
    assert COLUMNS[:2] == ["onset", "duration"]


@given(
    kind=st.sampled_from(list(EventKind)),
    sample=st.integers(0, 10**8),
    response_ms=st.none() | st.integers(0, 120_000),
)
def test_what_is_written_is_read_back(kind: EventKind, sample: int, response_ms: int | None) -> None:
    event = Event(sample, kind, "2", 0.0, None if response_ms is None else response_ms / 1000)
    row = format_event_row(event, 256.0)
    assert row.count("\t") == len(COLUMNS) - 1
    assert read(row) == ((), (event,))


def test_a_refit_is_read_back_to_the_letter() -> None:
    command = Command(700, CommandKind.DECODER, '{"weights":{"beta_all":-0.25},"n_answers":12}')
    assert read(format_event_row(command, 256.0)) == ((command,), ())


def test_sessions_from_before_response_times_can_be_read() -> None:
    assert read("1.0\t0.0\t256\tmark\tn/a\n") == ((), (Event(256, EventKind.MARK),))


def test_a_gap_has_as_many_columns_as_the_rest() -> None:
    assert format_gap_rows([LostRun(10, 5)], ("TP9",), 256.0).count("\t") == len(COLUMNS) - 1


@pytest.mark.parametrize("row", ["1\t0\t2\tmark\n", "1\t0\tx\tmark\tn/a\tn/a\n", "1\t0\t2\tjump\tn/a\tn/a\n"])
def test_a_row_of_something_else_is_named(row: str) -> None:
    with pytest.raises(RecordingError, match="line 2 is not an event"):
        read(row)


def read(rows: str) -> tuple[tuple[Command, ...], tuple[Event, ...]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.tsv"
        path.write_text(HEADER + rows)
        return read_events(path)
