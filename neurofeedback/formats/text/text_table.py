"""Read text tables: complete lines and numbers from files of any encoding, with a truncated or damaged row handled."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError

_log = logging.getLogger(__name__)
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def detect_encoding(head: bytes) -> str:
    r"""Return a text's encoding by its byte order mark, or UTF-8 without one.

    Examples
    --------
    >>> detect_encoding(b"\xff\xfet\0"), detect_encoding(b"timestamps")
    ('utf-16', 'utf-8')
    """
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if head.startswith(mark)), "utf-8")


def read_lines(path: Path) -> list[str]:
    """Read a text file's lines.

    Raises
    ------
    RecordingError
        The file cannot be read, or is not text.
    """
    try:
        data = path.read_bytes()
        return data.decode(detect_encoding(data)).splitlines()
    except UnicodeDecodeError as error:
        raise RecordingError(
            f"{path} is damaged", got=f"invalid text at byte {error.start}", allowed="UTF-8", todo="export it again"
        ) from None
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None


@dataclass(frozen=True, slots=True)
class TextTable:
    """The rows of a table; ``first_line`` is the line number of the first row in the file."""

    path: Path
    lines: list[str]
    delimiter: str
    first_line: int = 1

    def without_torn_row(self) -> TextTable:
        """Return the table without a truncated last row, which is logged.

        Raises
        ------
        RecordingError
            No row is left.
        """
        lines = self.lines
        if lines and lines[-1].count(self.delimiter) < lines[0].count(self.delimiter):
            lines = lines[:-1]
            warn_truncated(self.path, len(lines))
        if not lines:
            raise RecordingError(f"{self.path} holds no samples", got="only a header or a cut-off line")
        return TextTable(self.path, lines, self.delimiter, self.first_line)

    def read_columns(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """Return columns as numbers, shape ``(n_columns, n_rows)``.

        Raises
        ------
        RecordingError
            A row is too short, or a cell is not a number; the error names the line.
        """
        try:
            return np.loadtxt(self.lines, delimiter=self.delimiter, usecols=tuple(columns), ndmin=2, comments=None).T
        except (ValueError, IndexError, OverflowError) as error:
            raise RecordingError(
                f"{self.path} is damaged",
                got=self._describe_first_bad_cell(columns) or str(error),
                todo="correct or remove that line",
            ) from None

    def _describe_first_bad_cell(self, columns: Sequence[int]) -> str:
        for number, line in enumerate(self.lines, start=self.first_line):
            cells = line.split(self.delimiter)
            for column in columns:
                if column >= len(cells):
                    return f"{len(cells)} cells in line {number}"
                if not _is_number(cells[column]):
                    return f"{cells[column].strip()[:40]!r} in line {number}, column {column + 1}"
        return ""


def warn_truncated(path: Path, n_complete: int) -> None:
    """Warn that the last line of a file was left out."""
    _log.warning("%s: the last line is cut off; the %d complete lines are used", path, n_complete)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def split_column_names(line: str, delimiter: str = ",") -> list[str]:
    """Split a header line into column names without spaces and quotes around them."""
    return [name.strip().strip('"') for name in line.split(delimiter)]
