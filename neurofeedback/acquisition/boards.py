"""The boards this program knows by name, as data: what BrainFlow calls them and what it does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurofeedback.acquisition.connecting import BLUETOOTH, DONGLE, connection_hint
from neurofeedback.acquisition.sample_clock import CounterRule


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


_MUSE_COUNTER = CounterRule(65536, repeat=12)
_MUSE_COUNTERS = {"motion": CounterRule(65536, repeat=3), "ppg": CounterRule(65536, repeat=6)}
_PULSE = {"ppg": "p61"}


def _muse(name: str, board_id: int, extras: Mapping[str, str] | None = None) -> BoardSpec:
    more = "".join(f" {name}:{extra} records its {extra} too." for extra in extras or {})
    return BoardSpec(
        name,
        board_id,
        BLUETOOTH + more,
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
    _openbci("ganglion", 46, BLUETOOTH),
    _openbci("cyton", 0, DONGLE, "serial_port", CounterRule(256)),
    _openbci("cyton-daisy", 2, DONGLE, "serial_port", CounterRule(256, step=2)),
)

BOARDS = {spec.name: spec for spec in _SPECS}
"""The boards with device names of their own."""


def device_name_syntax(spec: BoardSpec) -> str:
    """How a board's device name is typed.

    Examples
    --------
    >>> usage(BOARDS["cyton"]), usage(BOARDS["muse-2"])
    ('cyton:PORT', 'muse-2')
    """
    return f"{spec.name}:PORT" if spec.parameter else spec.name


_OTHER_CONNECTIONS = {
    "ganglion": BOARDS["ganglion"],
    "ganglion-wifi": BOARDS["ganglion"],
    "cyton-wifi": BOARDS["cyton"],
    "cyton-daisy-wifi": BOARDS["cyton-daisy"],
    "muse-2-bled": BOARDS["muse-2"],
    "muse-s-bled": BOARDS["muse-s"],
    "muse-2016-bled": BOARDS["muse-2016"],
}
"""The same boards on other lines, which may count otherwise."""


def generic_board(name: str, board_id: int) -> BoardSpec:
    """Say what is known of a board that has no device name of its own, by BrainFlow's name and number.

    Examples
    --------
    >>> generic_board("cyton-wifi", 5).montage, generic_board("unicorn", 8).montage
    ('cyton', 'auto')
    """
    spec = BoardSpec(name, board_id, connection_hint(name).needs)
    if name not in _OTHER_CONNECTIONS:
        return spec
    like = _OTHER_CONNECTIONS[name]
    return replace(
        spec,
        montage=like.montage,
        placed_freely=like.placed_freely,
        reference=like.reference,
        ground=like.ground,
        manufacturer=like.manufacturer,
    )


def streaming_board(spec: BoardSpec, master: str | int | None) -> BoardSpec:
    """Say what is known of a board whose samples come by way of another: montage and count are the master's.

    Examples
    --------
    >>> streamed(generic_board("streaming", -2), 0).montage
    'cyton'
    """
    known = next((other for other in BOARDS.values() if other.board_id == master), None)
    return spec if known is None else replace(known, name=spec.name, board_id=spec.board_id, needs=spec.needs)
