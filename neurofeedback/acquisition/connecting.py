"""What it takes to connect each of BrainFlow's boards: the one thing about them that BrainFlow does not tell."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class ConnectionHint:
    """One way to connect.

    Parameters
    ----------
    needs : str
        What it takes, as a sentence for people.
    typed : str
        What follows the board's name, as a person types it; what is in brackets may be left out.
    """

    needs: str
    syntax: str = ""


BLUETOOTH = "Bluetooth on, the headset switched on and not connected to another program or phone."
DONGLE = "Its USB dongle plugged in, the board switched on (to PC), and the right to open the serial port."

_SERIAL = ConnectionHint(
    "Its USB plug or dongle in, the board switched on, and the right to open the serial port.", "serial_port=PORT"
)
_BLED112 = ConnectionHint("A BLED112 dongle plugged in, and the right to open its serial port.", "serial_port=PORT")
_BLE = ConnectionHint(BLUETOOTH, "[mac_address=ADDRESS]")
_WIFI_SHIELD = ConnectionHint(
    "The board's WiFi shield on this network; ip_port is a free port of this computer.",
    "ip_port=PORT[,ip_address=SHIELD]",
)
_NEUROSITY = ConnectionHint(
    "OSC switched on in Neurosity's app, the headset on this network, and UDP let through the firewall.",
    "[serial_number=NUMBER]",
)
_NEUROMD = ConnectionHint("Windows or macOS, Bluetooth on, and the device switched on.", "[timeout=SECONDS]")
_ANT = ConnectionHint("Windows or Linux, and the amplifier on USB.")
_PAIRED = ConnectionHint("Bluetooth on, the device switched on and paired with this computer.", "mac_address=ADDRESS")

CONNECTION_HINTS = {
    "aavaa-v3": _BLE,
    "ant-neuro-*": _ANT,
    "biolistener": ConnectionHint(
        "The board set to send to this computer's address and this port.", "ip_address=OWN,ip_port=PORT"
    ),
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
    "galea": ConnectionHint("The headset on this network.", "[ip_address=ADDRESS]"),
    "ganglion": _BLED112,
    "ganglion-wifi": _WIFI_SHIELD,
    "ironbci-32": _SERIAL,
    "muse-*-bled": _BLED112,
    "neuropawn-knight*": _SERIAL,
    "notion-?": _NEUROSITY,
    "ntl-wifi": _WIFI_SHIELD,
    "ob?000-*": _BLE,
    "pieeg": ConnectionHint(
        "A Raspberry Pi that carries the board, with SPI switched on.", "[serial_port=/dev/spidev0.0]"
    ),
    "synchroni-*": _BLE,
    "unicorn": ConnectionHint("Windows or Linux, and the headset paired by its own dongle.", "[serial_number=NUMBER]"),
}
"""Every EEG board of BrainFlow but those with names of their own, by what follows ``brainflow:``; * stands for more."""

_UNKNOWN = ConnectionHint(
    "The parameters its driver asks for; see BrainFlow's page on supported boards.", "[PARAMETER=VALUE,...]"
)


def connection_hint(name: str) -> ConnectionHint:
    """Find what it takes to connect a board, by what follows ``brainflow:``.

    Examples
    --------
    >>> connection_hint("muse-s-bled").typed, connection_hint("a-board-of-tomorrow").typed
    ('serial_port=PORT', '[PARAMETER=VALUE,...]')
    """
    return next((way for pattern, way in CONNECTION_HINTS.items() if fnmatchcase(name, pattern)), _UNKNOWN)
