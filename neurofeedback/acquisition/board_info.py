"""BrainFlow's own descriptions of its boards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brainflow.board_shim import BoardIds, BoardShim, BrainFlowError, BrainFlowPresets

from neurofeedback.acquisition.boards import BoardSpec
from neurofeedback.errors import SettingsError

_SEE_DEVICES = "`neurofeedback devices --all` lists them"


def describe_board(spec: BoardSpec, parameters: Mapping[str, str | int] | None = None) -> dict[str, Any]:
    """BrainFlow's description of a board.

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
    """BrainFlow's descriptions of a board's tables besides that of the EEG, by the number of their preset.

    A board that streams another's samples brings one table alone.
    """
    if "master_board" in (parameters or {}):
        return {}
    presets = sorted(int(preset) for preset in BoardShim.get_board_presets(spec.board_id))
    others = [preset for preset in presets if preset != BrainFlowPresets.DEFAULT_PRESET]
    return {preset: BoardShim.get_board_descr(spec.board_id, preset) for preset in others}


def table_layout(board: str) -> dict[str, Any]:
    """Where a board's table has what: ``board_id``, ``n_rows``, ``sfreq``, ``eeg``, ``counter``, ``stamp``.

    Parameters
    ----------
    board : str
        BrainFlow's name or number of it.

    Raises
    ------
    SettingsError
        BrainFlow has no such EEG board.
    """
    known = board_ids()
    numbers = known | {str(number): number for number in known.values()}
    if board not in numbers:
        raise SettingsError("there is no such board of BrainFlow", got=repr(board), todo=_SEE_DEVICES)
    board_id = numbers[board]
    description = describe_board(BoardSpec(board, board_id, ""))
    return {
        "board_id": board_id,
        "n_rows": description["num_rows"],
        "sfreq": float(description["sampling_rate"]),
        "eeg": tuple(description["eeg_channels"]),
        "counter": description["package_num_channel"],
        "stamp": description["timestamp_channel"],
    }


def channel_names(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Channel names of a board, numbered where BrainFlow has none.

    Examples
    --------
    >>> ch_names({"eeg_channels": [1, 2]}), ch_names({"eeg_channels": [1], "eeg_names": "Fz"})
    (('EEG1', 'EEG2'), ('Fz',))
    """
    named = description.get("eeg_names")
    return tuple(named.split(",")) if named else tuple(f"EEG{i + 1}" for i in range(len(description["eeg_channels"])))


def board_ids() -> dict[str, int]:
    """Every board BrainFlow can connect to by the name used after ``brainflow:``.

    Examples
    --------
    >>> board_ids()["unicorn"]
    8
    """
    names = {board.name.lower().removesuffix("_board").replace("_", "-"): board.value for board in BoardIds}
    return {name: number for name, number in names.items() if name not in {"no", "playback-file"}}
