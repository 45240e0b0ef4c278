"""Boards with a device name of their own, and what is needed to connect every BrainFlow board."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from neurofeedback.acquisition.placement.counter_rules import GANGLION_RULES, CounterRule
from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import devices


@dataclass(frozen=True, slots=True)
class ConnectionHint:
    """What a person needs to connect a board.

    Parameters
    ----------
    needs : str
        What must be plugged in or switched on, as a sentence of ``texts.technical.devices``.
    syntax : str
        What follows the board's name in the device name; parts in brackets are optional.
    """

    needs: str
    syntax: str = ""


_X86 = ("x86_64", "amd64", "i386", "i686", "win32")
_SERIAL = ConnectionHint(devices.SERIAL, "serial_port=PORT")
_BLED112 = ConnectionHint(devices.BLED112, "serial_port=PORT")
_BLE = ConnectionHint(devices.BLUETOOTH, "[mac_address=ADDRESS]")
_WIFI_SHIELD = ConnectionHint(devices.WIFI_SHIELD, "ip_port=PORT[,ip_address=SHIELD]")
_NEUROSITY = ConnectionHint(devices.NEUROSITY, "[serial_number=NUMBER]")
_NEUROMD = ConnectionHint(devices.NEUROMD, "[timeout=SECONDS]")
_ANT = ConnectionHint(devices.ANT_NEURO)
_PAIRED = ConnectionHint(devices.PAIRED, "mac_address=ADDRESS")

CONNECTION_HINTS = {
    "aavaa-v3": _BLE,
    "ant-neuro-*": _ANT,
    "biolistener": ConnectionHint(devices.BIOLISTENER, "ip_address=OWN,ip_port=PORT"),
    "brainalive": _BLE,
    "brainbit": ConnectionHint(_NEUROMD.needs, "[serial_number=NUMBER]"),
    "brainbit-bled": _BLED112,
    "callibri-eeg": _NEUROMD,
    "crown": _NEUROSITY,
    "cyton-daisy-wifi": _WIFI_SHIELD,
    "cyton-wifi": _WIFI_SHIELD,
    "enophone": _PAIRED,
    "explore-*": _PAIRED,
    "freeeeg*": _SERIAL,
    "galea": ConnectionHint(devices.GALEA, "[ip_address=ADDRESS]"),
    "ganglion": _BLED112,
    "ganglion-wifi": _WIFI_SHIELD,
    "ironbci-32": _SERIAL,
    "muse-*-bled": _BLED112,
    "neuropawn-knight*": _SERIAL,
    "notion-?": _NEUROSITY,
    "ntl-wifi": _WIFI_SHIELD,
    "ob?000-*": _BLE,
    "pieeg": ConnectionHint(devices.PIEEG, "[serial_port=/dev/spidev0.0]"),
    "synchroni-*": _BLE,
    "unicorn": ConnectionHint(devices.UNICORN, "[serial_number=NUMBER]"),
}
"""Hints for BrainFlow's EEG boards without a device name of their own, by ``fnmatch`` patterns of BrainFlow's name."""

_UNKNOWN = ConnectionHint(devices.UNKNOWN_BOARD, "[PARAMETER=VALUE,...]")


def connection_hint(name: str) -> ConnectionHint:
    """Return what is needed to connect a board, by the name that follows ``brainflow:``.

    Examples
    --------
    >>> connection_hint("muse-s-bled").syntax, connection_hint("a-board-of-tomorrow").syntax
    ('serial_port=PORT', '[PARAMETER=VALUE,...]')
    """
    return next((hint for pattern, hint in CONNECTION_HINTS.items() if fnmatchcase(name, pattern)), _UNKNOWN)


def has_drivers() -> bool:
    """Return whether BrainFlow has drivers for this Python: for Linux and Windows it holds x86 libraries alone.

    Python for x86 also runs on other processors, by emulation, and loads them there.
    """
    return sys.platform == "darwin" or sysconfig.get_platform().endswith(_X86)


def require_drivers(device: str) -> None:
    """Raise a SettingsError if BrainFlow has no drivers for this computer."""
    if not has_drivers():
        raise SettingsError(
            "there are no drivers of headsets for the processor of this computer",
            got=f"{device} on {sysconfig.get_platform()}",
            allowed="simulated, playback:FILE or lsl:NAME",
            todo="use a computer with an x86 processor or a Mac, and send its signal by LSL if it has to be this one",
        )


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """One board.

    Parameters
    ----------
    name : str
        Device name, without the part after the colon.
    board_id : int
        BrainFlow's board id.
    needs : str
        What is needed to connect, as a sentence of ``texts.technical.devices``.
    parameter : str
        BrainFlow input parameter that follows the colon, such as ``serial_port``; empty if there is none.
    montage : str
        Name of its montage; ``auto`` derives regions from the channel names.
    placed_freely : bool
        Electrode positions come from the montage, not from BrainFlow's channel names.
    counter : CounterRule, optional
        How its packet counter runs; None if unknown.
    counters : mapping
        Counter rules of its auxiliary signals that have a table of their own, by label.
    repeats_blocks : bool
        Its driver repeats a channel's block where it got no new one.
    extras : mapping
        Optional signals that may follow the colon, each with the BrainFlow command that switches it on.
    setup : str
        BrainFlow command that configures the board where no optional signal is named.
    defaults : mapping
        BrainFlow's input parameters that are set unless the device name sets them.
    counters_by_firmware : mapping
        Counter rules by the number of the firmware, for a board whose driver reads it.
    impedance_commands : tuple of str
        BrainFlow commands after which the board measures impedance, kOhm, and streams again; empty if it cannot.
    datagram_port : int
        UDP port that it sends to unless the device name has another; 0 if it sends no datagrams.
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
    repeats_blocks: bool = False
    extras: Mapping[str, str] = field(default_factory=dict[str, str])
    setup: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    counters_by_firmware: Mapping[str, CounterRule] = field(default_factory=dict[str, CounterRule])
    impedance_commands: tuple[str, ...] = ()
    datagram_port: int = 0


_MUSE_COUNTER = CounterRule(65536, repeat=12)
_MUSE_COUNTERS = {"motion": CounterRule(65536, repeat=3), "ppg": CounterRule(65536, repeat=6)}
# An Athena counts the blocks of each kind; how many samples a block holds depends on its preset. Its packets and the
# time in them, which BrainFlow adds as higher digits, are left out by the modulus.
_ATHENA_COUNTER = CounterRule(256, repeat=0)
_ATHENA_COUNTERS = {"motion": CounterRule(256, repeat=3), "optics": _ATHENA_COUNTER}
_PULSE = {"ppg": "p61"}


def _muse(name: str, board_id: int, extras: Mapping[str, str] | None = None) -> BoardSpec:
    return BoardSpec(
        name,
        board_id,
        devices.BLUETOOTH,
        montage="muse",
        reference="Fpz",
        ground="forehead (driven)",
        manufacturer="InteraXon",
        counter=_MUSE_COUNTER,
        counters=_MUSE_COUNTERS,
        repeats_blocks=True,
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
        manufacturer=devices.OPENBCI,
        counter=counter,
    )


_SPECS = (
    BoardSpec("synthetic", -1, devices.SYNTHETIC, counter=CounterRule(256)),
    _muse("muse-2", 38, _PULSE),
    _muse("muse-s", 39, _PULSE),
    _muse("muse-2016", 41),
    replace(_muse("muse-s-athena", 67), counter=_ATHENA_COUNTER, counters=_ATHENA_COUNTERS, repeats_blocks=False),
    replace(
        _openbci("ganglion", 46, devices.BLUETOOTH),
        setup="n",  # the accelerometer, off by default
        defaults={"other_info": "fw:auto"},
        counters_by_firmware=GANGLION_RULES,
        impedance_commands=("z", "Z"),
    ),
    _openbci("cyton", 0, devices.DONGLE, "serial_port", CounterRule(256)),
    _openbci("cyton-daisy", 2, devices.DONGLE, "serial_port", CounterRule(256, step=2)),
)

BOARDS = {spec.name: spec for spec in _SPECS}
"""Boards with a device name of their own, by that name."""


def connection_needs(spec: BoardSpec) -> str:
    """Return what is needed to connect a board, and its optional signals, as sentences.

    Examples
    --------
    >>> connection_needs(BOARDS["synthetic"])
    'No hardware: BrainFlow generates its signal.'
    """
    extras = (tr(devices.EXTRA_SIGNAL, device=spec.name, signal=extra) for extra in spec.extras)
    return " ".join([tr(spec.needs), *extras])


def device_name_syntax(spec: BoardSpec) -> str:
    """Return the device name of a board, with a placeholder for its parameter.

    Examples
    --------
    >>> device_name_syntax(BOARDS["cyton"]), device_name_syntax(BOARDS["muse-2"])
    ('cyton:PORT', 'muse-2')
    """
    return f"{spec.name}:PORT" if spec.parameter else spec.name


# A Crown's count ends at 31 by a report from hardware, at 255 in its maker's own simulator; that it counts is checked.
_OTHER_COUNTERS = {"crown": CounterRule(32, repeat=0)}

_OSC_PORT = 9000

_OTHER_CONNECTIONS = {
    "ganglion": BOARDS["ganglion"],
    "ganglion-wifi": BOARDS["ganglion"],
    "cyton-wifi": BOARDS["cyton"],
    "cyton-daisy-wifi": BOARDS["cyton-daisy"],
    "muse-2-bled": BOARDS["muse-2"],
    "muse-s-bled": BOARDS["muse-s"],
    "muse-2016-bled": BOARDS["muse-2016"],
}
"""The same boards over other connections, whose packet counters may differ."""


def generic_board(name: str, board_id: int) -> BoardSpec:
    """Return the spec of a board without a device name of its own, by BrainFlow's name and id.

    Examples
    --------
    >>> generic_board("cyton-wifi", 5).montage, generic_board("unicorn", 8).montage
    ('cyton', 'auto')
    """
    hint, counter = connection_hint(name), _OTHER_COUNTERS.get(name)
    spec = BoardSpec(name, board_id, hint.needs, counter=counter, datagram_port=_OSC_PORT if hint is _NEUROSITY else 0)
    if name not in _OTHER_CONNECTIONS:
        return spec
    same = _OTHER_CONNECTIONS[name]
    return replace(
        spec,
        montage=same.montage,
        placed_freely=same.placed_freely,
        reference=same.reference,
        ground=same.ground,
        manufacturer=same.manufacturer,
    )


def streaming_board(spec: BoardSpec, master: str | int | None) -> BoardSpec:
    """Return the spec of a streaming board: montage and counter are those of its master board.

    Examples
    --------
    >>> streaming_board(generic_board("streaming", -2), 0).montage
    'cyton'
    """
    known = next((other for other in BOARDS.values() if other.board_id == master), None)
    if known is None:
        return spec
    same = replace(known, name=spec.name, board_id=spec.board_id, needs=spec.needs)
    return replace(
        same, setup="", defaults={}, counters_by_firmware={}, impedance_commands=()
    )  # these go to the board itself
