"""The boards this program knows by name, as data: what BrainFlow calls them and what it does not tell."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.acquisition.clock import CounterRule


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """One board.

    Parameters
    ----------
    name : str
        Device name without what follows the colon.
    board_id : int
        BrainFlow's number for it.
    needs : str
        What it takes to connect, as a sentence for people.
    parameter : str
        BrainFlow's input parameter that follows the colon, such as ``serial_port``; empty if nothing does.
    montage : str
        Name of the montage that fits, ``auto`` to derive regions from the channel names.
    placed_freely : bool
        The electrodes sit where the montage says, not where BrainFlow's names say.
    counter : CounterRule, optional
        How its packet counter runs; None where that is not known.
    """

    name: str
    board_id: int
    needs: str
    parameter: str = ""
    montage: str = "auto"
    placed_freely: bool = False
    reference: str = "n/a"
    ground: str = "n/a"
    manufacturer: str = "n/a"
    counter: CounterRule | None = None


_BLUETOOTH = "Bluetooth on, the headset switched on and not connected to another program or phone."
_DONGLE = "Its USB dongle plugged in, the board switched on (to PC), and the right to open the serial port."
_MUSE_COUNTER = CounterRule(65536, repeat=12)


def _muse(name: str, board_id: int, counter: CounterRule | None = _MUSE_COUNTER) -> BoardSpec:
    return BoardSpec(
        name,
        board_id,
        _BLUETOOTH,
        montage="muse",
        reference="Fpz",
        ground="forehead (driven)",
        manufacturer="InteraXon",
        counter=counter,
    )


def _openbci(
    name: str, board_id: int, needs: str, parameter: str = "", counter: CounterRule | None = None
) -> BoardSpec:
    return BoardSpec(
        name,
        board_id,
        needs,
        parameter,
        montage=name,
        placed_freely=True,
        manufacturer="OpenBCI",
        counter=counter,
    )


_SPECS = (
    BoardSpec("synthetic", -1, "Nothing: BrainFlow makes its signal up.", counter=CounterRule(256)),
    _muse("muse-2", 38),
    _muse("muse-s", 39),
    _muse("muse-2016", 41),
    _muse("muse-s-athena", 67, counter=None),
    _openbci("ganglion", 46, _BLUETOOTH),
    _openbci("cyton", 0, _DONGLE, "serial_port", CounterRule(256)),
    _openbci("cyton-daisy", 2, _DONGLE, "serial_port", CounterRule(256, step=2)),
)

BOARDS = {spec.name: spec for spec in _SPECS}
