"""Column layout of each BrainFlow board, read from BrainFlow. Importing this module loads its native libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brainflow.board_shim import BoardIds, BoardShim
from brainflow.exit_codes import BrainFlowError

from neurofeedback.errors import RecordingError

_MONTAGES = {"Cyton": "cyton", "CytonDaisy": "cyton-daisy", "Ganglion": "ganglion"}


@dataclass(frozen=True, slots=True)
class BoardLayout:
    """Column layout of one board: EEG rows in microvolts, the timestamp row in seconds, and the number of rows.

    ``counter_row`` and ``marker_row`` are None where a board has none. ``board_id`` is BrainFlow's board number.
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
        """Whether the electrodes can be placed anywhere: the board's channel names give no positions."""
        return self.name in _MONTAGES


def find_layouts(n_rows: int) -> list[BoardLayout]:
    """List the layouts of all boards with ``n_rows`` rows."""
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
        "BrainFlow has no such EEG board",
        got=repr(board),
        allowed=", ".join(layout.name for layout in _all_layouts()),
    )


def _all_layouts() -> list[BoardLayout]:
    return [layout for member in BoardIds if (layout := _read_layout(member.value))]


def _read_layout(board_id: int) -> BoardLayout | None:
    try:
        description: dict[str, Any] = BoardShim.get_board_descr(board_id)
    except BrainFlowError:
        return None
    rows = tuple(description.get("eeg_channels") or ())
    if not rows or "num_rows" not in description:
        return None
    names = tuple(str(description.get("eeg_names") or "").split(","))
    ch_names = names if len(names) == len(rows) else tuple(f"X{i + 1}" for i in range(len(rows)))
    return BoardLayout(
        description["name"],
        description["num_rows"],
        float(description["sampling_rate"]),
        rows,
        ch_names,
        description["timestamp_channel"],
        description.get("package_num_channel"),
        description.get("marker_channel"),
        board_id,
    )
