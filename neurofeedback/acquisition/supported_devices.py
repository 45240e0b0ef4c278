"""The table of all devices: BrainFlow's EEG boards, and sources that need no board.

A new headset of BrainFlow is a ``BoardSpec`` in ``acquisition.boards``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neurofeedback.acquisition.board_info import board_ids, channel_names, describe_board
from neurofeedback.acquisition.boards import (
    BOARDS,
    BoardSpec,
    connection_hint,
    connection_needs,
    device_name_syntax,
    generic_board,
    has_drivers,
)
from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import devices

_BUILT_IN = {
    "simulated[:SEED]": devices.SIMULATED,
    "playback:FILE": devices.PLAYBACK,
    "lsl:NAME": devices.LSL,
}
_STREAMING = "brainflow:streaming:ip_address=GROUP,ip_port=PORT,master_board=NUMBER"


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device; ``n_channels`` and ``sfreq`` (Hz) are None where they depend on the file or board."""

    name: str
    n_channels: int | None
    sfreq: float | None
    ch_names: tuple[str, ...]
    needs: str


def list_devices() -> list[DeviceRow]:
    """Return every device this program can read on this computer, with channels, rate and what is needed to connect."""
    own = [DeviceRow(name, None, None, (), tr(needs)) for name, needs in _BUILT_IN.items()]
    if not has_drivers():
        return own
    named = [_row(device_name_syntax(spec), spec) for spec in BOARDS.values()]
    return [*named, *own, *_others(), DeviceRow(_STREAMING, None, None, (), tr(devices.STREAMING))]


def _others() -> Iterator[DeviceRow]:
    """Yield BrainFlow's EEG boards that have no device name of their own."""
    named = {spec.board_id for spec in BOARDS.values()}
    for name, board_id in board_ids().items():
        if board_id in named:
            continue
        try:
            yield _row(_device_syntax(name), generic_board(name, board_id))
        except SettingsError:  # it has no EEG, or no description of its own
            continue


def _device_syntax(name: str) -> str:
    options = connection_hint(name).syntax
    optional = options.startswith("[")
    return f"brainflow:{name}" + (f"[:{options[1:]}" if optional else f":{options}" if options else "")


def _row(name: str, spec: BoardSpec) -> DeviceRow:
    description = describe_board(spec)
    names = channel_names(description)
    return DeviceRow(name, len(names), float(description["sampling_rate"]), names, connection_needs(spec))
