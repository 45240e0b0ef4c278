"""Long tables of numbers are read without their text in memory, with the same values; any other table is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.formats.text import import_brainflow, import_csv, import_openbci
from neurofeedback.formats.text.text_table import TextTable, read_long_columns
from neurofeedback.formats.text.time_cells import parse_times
from tests.helpers import known_case

HEADING = "timestamps,TP9,AF7,AF8\n"
ROWS = [f"{1.7e9 + i / 256:.6f},{np.sin(i):.3f},{i / 8:.3f}, {-i}" for i in range(300)]
REGULAR = "\n".join(ROWS) + "\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_bytes((HEADING + text).encode())
    return path


@pytest.mark.parametrize("text", [REGULAR, REGULAR.rstrip(), REGULAR.replace("\n", "\r\n")])
def test_regular_rows_have_the_same_values(tmp_path: Path, text: str) -> None:
    table = read_long_columns(write(tmp_path, text), [3, 0, 1], 1, 4)

    expected = TextTable(tmp_path, ROWS, ",").read_columns([3, 0, 1])
    assert table is not None
    np.testing.assert_allclose(table, expected, rtol=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        REGULAR + "1.0,2.0\n",
        REGULAR + "\n" + ROWS[0],
        REGULAR + "1.0,2.0,,4.0\n",
        REGULAR + "1.0,2.0,nan,4.0\n",
        REGULAR + "1.0,2.0,open,4.0\n",
        REGULAR + '1.0,2.0,"3.0",4.0\n',
        REGULAR.replace("\n", ",1\n"),
        REGULAR + "1.0,2.0,3.0,4.0,5.0\n",
        "",
    ],
    ids=["torn", "blank line", "empty cell", "nan", "text", "quotes", "cells without heading", "one cell more", "none"],
)
def test_any_other_table_is_left_to_the_careful_reader(tmp_path: Path, text: str) -> None:
    assert read_long_columns(write(tmp_path, text), [0, 1, 2], 1, 4) is None


@pytest.mark.parametrize("kind", ["muse-lsl", "emotiv", "brainflow", "openbci"])
def test_long_files_are_read_as_short_ones(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case for case in map(known_case, range(60)) if case.kind == kind]
    assert len(cases) >= 2
    for number, case in enumerate(cases[:4]):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = case.seed.write(folder)
        short = open_recording(path)
        with monkeypatch.context() as patch:
            for module in (import_brainflow, import_csv, import_openbci):
                patch.setattr(module, "LONG_BYTES", 0)
            long = open_recording(path)

        assert (long.stream, long.lost, long.events) == (short.stream, short.lost, short.events)
        assert long.import_report == short.import_report
        np.testing.assert_array_equal(long.read_samples(0, 10_000), short.read_samples(0, 10_000))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(["milliseconds", "microseconds"]),
    st.sampled_from(" T"),
)
def test_columns_of_iso_dates_have_the_times_of_single_cells(
    dates: list[datetime], precision: str, separator: str
) -> None:
    cells = [date.isoformat(separator, precision) for date in dates]

    times = parse_times(Path("table.csv"), cells)

    expected = [datetime.fromisoformat(cell).replace(tzinfo=UTC).timestamp() for cell in cells]
    assert times.tolist() == expected
    assert parse_times(Path("table.csv"), ["", *cells]).tolist()[1:] == expected


@pytest.mark.parametrize("cell", ["2024-02-30 10:00:00.004", "2024-02-20 10:00:00.00x", "2024-02-20 10:61:00.004"])
def test_impossible_dates_in_a_column_are_refused(cell: str) -> None:
    start = datetime(2024, 2, 20, 10)
    cells = [(start + timedelta(seconds=i)).isoformat(" ", "milliseconds") for i in range(5)]

    with pytest.raises(RecordingError, match="time of sample row 7"):
        parse_times(Path("table.csv"), [*cells, cell])
