"""Tables of a BIDS dataset that belong to a recording: channel types and units, events, and the time of its start."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from neurofeedback.formats.edf_file import TimedText, decode_text
from neurofeedback.formats.file_checks import check_inside, convert_library_errors
from neurofeedback.formats.find_bids import find_dataset_root

_DESCRIPTIONS = ("trial_type", "stim_type", "value", "trigger")
_MISSING = {"", "n/a"}


@dataclass(frozen=True, slots=True)
class BidsTables:
    """What the tables say.

    Parameters
    ----------
    types, units : mapping of str to str
        Type and unit of each channel by its name.
    events : tuple of TimedText, optional
        Events with their onset since the first sample; None without a table of events.
    started : datetime, optional
        Time of the first sample.
    """

    types: Mapping[str, str]
    units: Mapping[str, str]
    events: tuple[TimedText, ...] | None
    started: datetime | None


NO_TABLES = BidsTables({}, {}, None, None)


def read_bids_tables(path: Path) -> BidsTables:
    """Read the tables of a recording, wherever in its dataset they are.

    Raises
    ------
    RecordingError
        A table is damaged, or a file beside the recording is a link that leaves the dataset.
    """
    import mne_bids

    for sibling in path.parent.iterdir():
        check_inside(sibling, find_dataset_root(path))
    with convert_library_errors(path, "BIDS"):
        bids_path = mne_bids.get_bids_path_from_fname(path)
        tables = [
            bids_path.find_matching_sidecar(suffix=suffix, extension=".tsv", on_error="ignore")
            for suffix in ("channels", "events")
        ]
        channels, events = ([] if table is None else _read_rows(Path(str(table))) for table in tables)
        return BidsTables(
            {row["name"]: _value(row, "type") for row in channels if "name" in row},
            {row["name"]: _value(row, "units") for row in channels if "name" in row},
            None if tables[1] is None else tuple(_to_event(row) for row in events if _value(row, "onset")),
            _start_time(path),
        )


def _read_rows(path: Path) -> list[dict[str, str]]:
    lines = decode_text(path.read_bytes()).splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
    return [{key: value for key, value in row.items() if key} for row in rows]


def _value(row: Mapping[str, str], column: str) -> str:
    value = row.get(column, "").strip()
    return "" if value.lower() in _MISSING else value


def _to_event(row: Mapping[str, str]) -> TimedText:
    text = next((value for column in _DESCRIPTIONS if (value := _value(row, column))), "n/a")
    return TimedText(float(row["onset"]), float(_value(row, "duration") or 0), text)


def _start_time(path: Path) -> datetime | None:
    """Return the time in the table of the session's recordings; without a time zone it is taken as UTC."""
    rows = [row for table in sorted(path.parent.parent.glob("*_scans.tsv")) for row in _read_rows(table)]
    times = (_value(row, "acq_time") for row in rows if Path(row.get("filename", "")).name == path.name)
    try:
        started = datetime.fromisoformat(next(times, ""))
    except ValueError:
        return None
    return started if started.tzinfo else started.replace(tzinfo=UTC)
