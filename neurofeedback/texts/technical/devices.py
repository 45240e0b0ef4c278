"""Sentences that describe devices: what is needed to connect each, and what a scan found."""

from __future__ import annotations

BLUETOOTH = "Bluetooth on, the headset switched on and not connected to another program or phone."
DONGLE = "Its USB dongle plugged in, the board switched on (to PC), and permission to open the serial port."
SERIAL = "Its USB plug or dongle in, the board switched on, and permission to open the serial port."
BLED112 = "A BLED112 dongle plugged in, and permission to open its serial port."
WIFI_SHIELD = "The board's WiFi shield on this network; ip_port is a free port of this computer."
NEUROSITY = "OSC switched on in Neurosity's app, the headset on this network, and UDP let through the firewall."
NEUROMD = "Windows or macOS, Bluetooth on, and the device switched on."
ANT_NEURO = "Windows or Linux, and the amplifier on USB."
PAIRED = "Bluetooth on, the device switched on and paired with this computer."
BIOLISTENER = "The board set to send to this computer's address and this port."
GALEA = "The headset on this network."
PIEEG = "A Raspberry Pi that carries the board, with SPI switched on."
UNICORN = "Windows or Linux, and the headset paired by its own dongle."
UNKNOWN_BOARD = "The parameters its driver asks for; see BrainFlow's page on supported boards."
SYNTHETIC = "No hardware: BrainFlow generates its signal."
EXTRA_SIGNAL = "{device}:{signal} records its {signal} too."

SIMULATED = "No hardware: a simulated meditator, always the same for one seed."
PLAYBACK = "A recording this program can read; it is played as it was."
LSL = "A Lab Streaming Layer stream of this machine, and the extra [lsl]."
STREAMING = "Another BrainFlow program that streams to this multicast group; NUMBER is its board."

LSL_STREAM = "{n_channels} channels at {sfreq} Hz, type {type}"
BLUETOOTH_HEADSET = "{name} at {address}, {rssi} dBm"
MAYBE_ATHENA = "if it is an Athena, type muse-s-athena as the headset"
SAME_NAME = "another in reach has the same name: the address tells them apart"
MAYBE_2016 = "if it is a Muse of 2016, type muse-2016 as the headset"
OPENBCI = "OpenBCI"
OPENBCI_FIRMWARE = "OpenBCI, firmware {version}"

NAMES = {
    "muse-2": "Muse 2",
    "muse-s": "Muse S",
    "muse-2016": "Muse (2016)",
    "muse-s-athena": "Muse S Athena",
    "ganglion": "Ganglion",
    "ganglion-native": "Ganglion",
    "cyton": "Cyton",
    "cyton-daisy": "Cyton with Daisy",
    "synthetic": "BrainFlow's test signal",
    "simulated": "Demo",
    "playback": "Playback of {place}",
    "lsl": "LSL stream {place}",
}
"""Names that people know, by the first part of a device name."""
NAME_AT = "{name} on {place}"
NAME_WITH_NUMBER = "{name}, {number}"
NAME_FOUND = "{name} · found"
PORT = "PORT"
NAME_WITHOUT_PORT = "{name} (type its port in place of PORT)"
