"""How BrainFlow lays out each board's columns, as BrainFlow itself says. Importing this loads its native libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brainflow.board_shim import BoardIds, BoardShim
from brainflow.exit_codes import BrainFlowError

from neurofeedback.errors import RecordingError

_MONTAGES = {"Cyton": "cyton", "CytonDaisy": "cyton-daisy", "Ganglion": "ganglion"}


@dataclass(frozen=True, slots=True)
class BoardLayout:
    """Columns of one board: rows of EEG in microvolts, of time in seconds, and how many there are in all.

    ``counter_row`` and ``marker_row`` are None where a board has none. ``board_id`` is BrainFlow's number of it.
    """

    name: str
    n_rows: int
    sfreq: float
    eeg_rows: tuple[int, ...]
    ch_names: tuple[str, ...]
    timestamp_row: int
    counter_row: int | None = None
    marker_row: int | None = None
    board_id: int | None = None

    @property
    def montage(self) -> str:
        """Montage that fits the board."""
        return "muse" if self.name.startswith("Muse") else _MONTAGES.get(self.name, "auto")

    @property
    def placed_freely(self) -> bool:
        """The board has numbered inputs; its channel names say nothing of positions."""
        return self.name in _MONTAGES


def find_layouts(n_rows: int) -> list[BoardLayout]:
    """List the layouts of all boards that deliver so many columns."""
    return [layout for layout in _all_layouts() if layout.n_rows == n_rows]


def find_layout(board: str) -> BoardLayout:
    """Find a board's layout by BrainFlow's name (``Muse2``, ``MUSE_2_BOARD``, ``muse-2``) or number.

    Raises
    ------
    RecordingError
        BrainFlow has no EEG board of that name.
    """
    name = board.strip().upper()
    names = {name, name.replace("-", "_")}
    for member in BoardIds:
        layout = _read_layout(member.value)
        if layout and names & {
            member.name,
            member.name.removesuffix("_BOARD"),
            str(member.value),
            layout.name.upper(),
        }:
            return layout
    raise RecordingError(
        "BrainFlow knows no such EEG board",
        got=repr(board),
        allowed=", ".join(layout.name for layout in _all_layouts()),
    )


def _all_layouts() -> list[BoardLayout]:
    return [layout for member in BoardIds if (layout := _read_layout(member.value))]


def _read_layout(board_id: int) -> BoardLayout | None:
    try:
        facts: dict[str, Any] = BoardShim.get_board_descr(board_id)
    except BrainFlowError:
        return None
    rows = tuple(facts.get("eeg_channels") or ())
    if not rows or "num_rows" not in facts:
        return None
    names = tuple(str(facts.get("eeg_names") or "").split(","))
    ch_names = names if len(names) == len(rows) else tuple(f"X{i + 1}" for i in range(len(rows)))
    return BoardLayout(
        facts["name"],
        facts["num_rows"],
        float(facts["sampling_rate"]),
        rows,
        ch_names,
        facts["timestamp_channel"],
        facts.get("package_num_channel"),
        facts.get("marker_channel"),
        board_id,
    )
