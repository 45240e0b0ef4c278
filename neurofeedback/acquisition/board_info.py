"""BrainFlow's descriptions of its boards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brainflow.board_shim import BoardIds, BoardShim, BrainFlowError, BrainFlowPresets

from neurofeedback.acquisition.boards import BoardSpec
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.formats.text.brainflow_layouts import BoardLayout, find_layout
from neurofeedback.types import StreamInfo

_SEE_DEVICES = "`neurofeedback devices --all` lists them"


def describe_board(spec: BoardSpec, parameters: Mapping[str, str | int] | None = None) -> dict[str, Any]:
    """Return BrainFlow's description of a board.

    Raises
    ------
    SettingsError
        BrainFlow cannot describe it, or it has no EEG channels.
    """
    board_id = int((parameters or {}).get("master_board", spec.board_id))
    try:
        description = BoardShim.get_board_descr(board_id)
    except BrainFlowError:
        raise SettingsError("BrainFlow does not know this board", got=board_id, todo=_SEE_DEVICES) from None
    if not description.get("eeg_channels"):
        raise SettingsError(
            f"{description['name']} has no EEG channels", allowed="a board that records EEG", todo=_SEE_DEVICES
        )
    return description


def auxiliary_tables(spec: BoardSpec, parameters: Mapping[str, str | int] | None = None) -> dict[int, dict[str, Any]]:
    """Return BrainFlow's descriptions of a board's tables without EEG, by preset number.

    A streaming board has only the EEG table.
    """
    if "master_board" in (parameters or {}):
        return {}
    presets = sorted(int(preset) for preset in BoardShim.get_board_presets(spec.board_id))
    others = [preset for preset in presets if preset != BrainFlowPresets.DEFAULT_PRESET]
    return {preset: BoardShim.get_board_descr(spec.board_id, preset) for preset in others}


def board_layout(board: str) -> BoardLayout:
    """Return the columns of a board's table, by BrainFlow's name or number of the board.

    Raises
    ------
    SettingsError
        BrainFlow has no such EEG board.
    """
    try:
        return find_layout(board)
    except RecordingError:
        if board in (ids := board_ids()):
            describe_board(BoardSpec(board, ids[board], ""))  # raises the error that it has no EEG channels
        raise SettingsError("there is no such board of BrainFlow", got=repr(board), todo=_SEE_DEVICES) from None


def channel_names(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the channel names of a board, numbered if BrainFlow has none.

    Examples
    --------
    >>> channel_names({"eeg_channels": [1, 2]}), channel_names({"eeg_channels": [1], "eeg_names": "Fz"})
    (('EEG1', 'EEG2'), ('Fz',))
    """
    named = description.get("eeg_names")
    return tuple(named.split(",")) if named else tuple(f"EEG{i + 1}" for i in range(len(description["eeg_channels"])))


def describe_stream(spec: BoardSpec, description: Mapping[str, Any], device: str) -> StreamInfo:
    """Return the stream of a board from BrainFlow's description of it; ``device`` is the name as typed."""
    return StreamInfo(
        device=device,
        sfreq=float(description["sampling_rate"]),
        ch_names=channel_names(description),
        montage=spec.montage,
        placed_freely=spec.placed_freely or not description.get("eeg_names"),
        reference=spec.reference,
        ground=spec.ground,
        manufacturer=spec.manufacturer,
        model=description["name"],
        facts={"board_id": str(spec.board_id), "brainflow": BoardShim.get_version()},
    )


def board_ids() -> dict[str, int]:
    """Return the ids of all boards BrainFlow can connect to, by the name used after ``brainflow:``.

    Examples
    --------
    >>> board_ids()["unicorn"]
    8
    """
    names = {board.name.lower().removesuffix("_board").replace("_", "-"): board.value for board in BoardIds}
    return {name: number for name, number in names.items() if name not in {"no", "playback-file"}}
