"""Read text tables: complete lines and numbers from files of any encoding, with a truncated or damaged row handled."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts

_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LATIN1_HIGH = bytes((*range(0xA0, 0xFE),))
_LATIN1_TEXT = bytes((9, 10, 13, *range(32, 127))) + _LATIN1_HIGH
_PROBED_LINES = 50
_BLOCK_LINES = 100_000
_BLOCK_BYTES = 1 << 20
LONG_BYTES = 8_000_000
HEAD_BYTES = 65_536


def detect_encoding(head: bytes) -> str:
    r"""Return a text's encoding by its byte order mark, or UTF-8 without one.

    Examples
    --------
    >>> detect_encoding(b"\xff\xfet\0"), detect_encoding(b"timestamps")
    ('utf-16', 'utf-8')
    """
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if head.startswith(mark)), "utf-8")


def read_lines(path: Path) -> list[str]:
    """Read a text file's lines, in UTF-8, UTF-16 or Latin-1.

    Raises
    ------
    RecordingError
        The file cannot be read, or is not text.
    """
    return _read_text(path).splitlines()  # the bytes are freed before the lines are made


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None
    try:
        return data.decode(detect_encoding(data))
    except UnicodeDecodeError as error:
        if _is_latin1(data):
            return data.decode("latin-1")
        raise RecordingError(
            f"{path} is damaged", got=f"invalid text at byte {error.start}", allowed="UTF-8", todo="export it again"
        ) from None


def _is_latin1(data: bytes) -> bool:
    """Return whether all bytes are those of a text in Latin-1 with few letters beyond ASCII."""
    beyond = data.translate(None, _LATIN1_TEXT)
    high = len(data) - len(data.translate(None, _LATIN1_HIGH))
    return not beyond and high <= max(8, len(data) // 50)


def read_table_lines(path: Path) -> list[str]:
    """Read a table's lines, with commas between cells and points in numbers whatever a spreadsheet made of them.

    Raises
    ------
    RecordingError
        The file cannot be read, or is not text.
    """
    return to_table_lines(read_lines(path))


def to_table_lines(lines: list[str]) -> list[str]:
    """Return lines with commas between cells, points in numbers and no quotes.

    Examples
    --------
    >>> to_table_lines(["a;b;c", "0,5;1;2"])
    ['a,b,c', '0.5,1,2']
    """
    delimiter = detect_delimiter(lines[:_PROBED_LINES])
    quoted = any('"' in line for line in lines[:_PROBED_LINES])
    if delimiter == "," and not quoted:
        return lines
    changes = str.maketrans({",": ".", delimiter: ",", '"': ""} if delimiter != "," else {'"': ""})
    return [line if line.startswith("%") else line.translate(changes) for line in lines]


def detect_delimiter(lines: Sequence[str]) -> str:
    r"""Return what separates the cells of most lines: tab, semicolon or comma.

    Examples
    --------
    >>> detect_delimiter(["0,5;1,5;2"]), detect_delimiter(["0,5\t1,5\t2"]), detect_delimiter(["1,2,3,a; b; c"])
    (';', '\t', ',')
    """
    votes = [_delimiter_of(line) for line in lines if line and not line.startswith("%")]
    return max(set(votes), key=votes.count) if votes else ","


def _delimiter_of(line: str) -> str:
    for delimiter in ("\t", ";"):
        cells = line.split(delimiter)
        if len(cells) > 2 and all(cell.count(",") < 2 for cell in cells):
            return delimiter
    return ","


@dataclass(frozen=True, slots=True)
class TextTable:
    """The rows of a table; ``first_line`` is the line number of the first row in the file."""

    path: Path
    lines: list[str]
    delimiter: str
    first_line: int = 1
    notices: tuple[str, ...] = ()

    def without_torn_row(self, n_cells: int | None = None) -> TextTable:
        """Return the table without a truncated last row, with a notice; a row has ``n_cells`` or those of the first.

        Raises
        ------
        RecordingError
            No row is left.
        """
        lines, notices = self.lines, self.notices
        n_cells = n_cells or (lines[0].count(self.delimiter) + 1 if lines else 0)
        if lines and lines[-1].count(self.delimiter) + 1 < n_cells:
            lines = lines[:-1]
            notices = (*notices, torn_notice(len(lines)))
        if not lines:
            raise RecordingError(f"{self.path} holds no samples", got="only a header or a cut-off line")
        return TextTable(self.path, lines, self.delimiter, self.first_line, notices)

    def read_columns(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """Return columns as numbers, shape ``(n_columns, n_rows)``; an empty cell is NaN.

        Raises
        ------
        RecordingError
            A row is too short, or a cell is not a number; the error names the line.
        """
        if len(self.lines) > _BLOCK_LINES and (fast := self._parse_fast(columns)) is not None:
            return fast
        try:
            return self._parse(self.lines, columns)
        except (ValueError, IndexError, OverflowError):
            pass  # perhaps only empty cells
        try:
            return self._parse([_fill_empty(line, self.delimiter) for line in self.lines], columns)
        except (ValueError, IndexError, OverflowError):
            raise RecordingError(
                f"{self.path} is damaged",
                got=self._describe_first_bad_cell(columns) or "a row that cannot be read",
                todo="correct or remove that line",
            ) from None

    def _parse_fast(self, columns: Sequence[int]) -> NDArray[np.float64] | None:
        """Parse with pandas, three times as fast as NumPy; None if a cell is empty or the rows differ."""
        import pandas as pd  # only for long files

        values = np.empty((len(columns), len(self.lines)))
        for start in range(0, len(self.lines), _BLOCK_LINES):
            block = self.lines[start : start + _BLOCK_LINES]
            try:
                table = pd.read_csv(
                    StringIO("\n".join(block)), sep=self.delimiter, header=None, usecols=sorted(set(columns)),
                    dtype=float, quoting=csv.QUOTE_NONE, skip_blank_lines=False,
                )  # fmt: skip
            except (ValueError, OverflowError):  # pandas' own errors are ValueErrors
                return None
            if len(table) != len(block):
                return None
            values[:, start : start + len(block)] = table[list(columns)].to_numpy().T
        return None if np.isnan(values).any() else values

    def _parse(self, lines: list[str], columns: Sequence[int]) -> NDArray[np.float64]:
        return np.loadtxt(lines, delimiter=self.delimiter, usecols=tuple(columns), ndmin=2, comments=None).T

    def read_texts(self, column: int) -> list[str]:
        """Return the cells of a column as texts, empty where a row is too short."""
        split = (line.split(self.delimiter) for line in self.lines)
        return [cells[column].strip() if column < len(cells) else "" for cells in split]

    def count_delimiters(self) -> int:
        """Count the delimiters of all rows."""
        starts = range(0, len(self.lines), _BLOCK_LINES)
        return sum("\n".join(self.lines[start : start + _BLOCK_LINES]).count(self.delimiter) for start in starts)

    def _describe_first_bad_cell(self, columns: Sequence[int]) -> str:
        for number, line in enumerate(self.lines, start=self.first_line):
            cells = line.split(self.delimiter)
            for column in columns:
                if column >= len(cells):
                    return f"{len(cells)} cells in line {number}"
                if cells[column].strip() and not _is_number(cells[column]):
                    return f"{cells[column].strip()[:40]!r} in line {number}, column {column + 1}"
        return ""


def read_long_columns(
    path: Path, columns: Sequence[int], first_line: int, n_cells: int, delimiter: str = ","
) -> NDArray[np.float64] | None:
    """Return columns of a long file of numbers alone, without its text in memory; None if it is not one.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of int
        The columns to read; an empty cell, a text or a missing row in them returns None.
    first_line : int
        Number of lines before the first row.
    n_cells : int
        Cells of every row.
    delimiter : str
        What separates them.

    Returns
    -------
    ndarray, shape (n_columns, n_rows), or None
    """
    import pandas as pd  # only for long files

    n_rows = _count_regular_rows(path, first_line, n_cells, delimiter.encode())
    if n_rows is None:
        return None
    values = np.empty((len(columns), n_rows))
    n_read = 0
    try:
        blocks = pd.read_csv(
            path, sep=delimiter, header=None, skiprows=first_line, usecols=sorted(set(columns)), dtype=float,
            chunksize=_BLOCK_LINES, quoting=csv.QUOTE_NONE, skip_blank_lines=False,
        )  # fmt: skip
        with blocks:
            for block in blocks:
                values[:, n_read : n_read + len(block)] = block[list(columns)].to_numpy().T
                n_read += len(block)
    except (OSError, ValueError, OverflowError):  # pandas' own errors are ValueErrors
        return None
    return None if n_read != n_rows or np.isnan(values).any() else values


def _count_regular_rows(path: Path, first_line: int, n_cells: int, delimiter: bytes) -> int | None:
    """Return the number of rows if they have ``n_cells`` cells on average and no quotes; else None."""
    n_lines = n_delimiters = 0
    with path.open("rb") as file:
        for _ in range(first_line):
            file.readline()
        last = b"\n"
        while block := file.read(_BLOCK_BYTES):
            if b'"' in block:
                return None
            n_lines += block.count(b"\n")
            n_delimiters += block.count(delimiter)
            last = block[-1:]
    n_rows = n_lines + (last != b"\n")
    return n_rows if n_rows and n_delimiters == n_rows * (n_cells - 1) else None


def torn_notice(n_complete: int) -> str:
    """Return the notice that the last line of a file was left out."""
    return english(texts.TORN_ROW, n=n_complete)


def _fill_empty(line: str, delimiter: str) -> str:
    if f"{delimiter}{delimiter}" not in line and not line.endswith(delimiter):
        return line
    return delimiter.join(cell if cell.strip() else "nan" for cell in line.split(delimiter))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def split_column_names(line: str, delimiter: str = ",") -> list[str]:
    """Split a header line into column names without spaces and quotes around them."""
    return [name.strip().strip('"') for name in line.split(delimiter)]
