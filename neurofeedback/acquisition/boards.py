"""The boards this program knows by name, as data: what BrainFlow calls them and what it does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
    counters : mapping
        The same for its auxiliary signals that come in tables of their own, by label.
    extras : mapping
        What may follow the colon to switch on more, and BrainFlow's command for it.
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
    counters: Mapping[str, CounterRule] = field(default_factory=dict[str, CounterRule])
    extras: Mapping[str, str] = field(default_factory=dict[str, str])


_BLUETOOTH = "Bluetooth on, the headset switched on and not connected to another program or phone."
_DONGLE = "Its USB dongle plugged in, the board switched on (to PC), and the right to open the serial port."
_MUSE_COUNTER = CounterRule(65536, repeat=12)
_MUSE_COUNTERS = {"motion": CounterRule(65536, repeat=3), "ppg": CounterRule(65536, repeat=6)}
_PULSE = {"ppg": "p61"}


def _muse(name: str, board_id: int, extras: Mapping[str, str] | None = None) -> BoardSpec:
    more = "".join(f" {name}:{extra} records its {extra} too." for extra in extras or {})
    return BoardSpec(
        name,
        board_id,
        _BLUETOOTH + more,
        montage="muse",
        reference="Fpz",
        ground="forehead (driven)",
        manufacturer="InteraXon",
        counter=_MUSE_COUNTER,
        counters=_MUSE_COUNTERS,
        extras=extras or {},
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
    _muse("muse-2", 38, _PULSE),
    _muse("muse-s", 39, _PULSE),
    _muse("muse-2016", 41),
    replace(_muse("muse-s-athena", 67), counter=None, counters={}),
    _openbci("ganglion", 46, _BLUETOOTH),
    _openbci("cyton", 0, _DONGLE, "serial_port", CounterRule(256)),
    _openbci("cyton-daisy", 2, _DONGLE, "serial_port", CounterRule(256, step=2)),
)

BOARDS = {spec.name: spec for spec in _SPECS}
