"""Scan for Muse and Ganglion headsets over Bluetooth by their advertised names, without connecting."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from bleak import BleakAdapter, BleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
from bleak.exc import BleakBluetoothNotAvailableReason as Reason

from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult, scan_failed
from neurofeedback.errors import SourceError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import devices

_LISTEN_S = 4.0
_SERVICES = ["fe8d", "fe84"]  # services of a connected Muse and Ganglion
_BLUEZ_TODO = "sudo apt-get install bluez, then sudo systemctl enable --now bluetooth; only Muse and Ganglion need it"


@dataclass(frozen=True, slots=True)
class BluetoothHeadset:
    """An advertising headset; ``rssi`` is its signal strength, dBm."""

    name: str
    address: str
    rssi: int


@dataclass(frozen=True, slots=True)
class _HeadsetModel:
    """A model, by the prefix of its name. BrainFlow connects to the first headset of the ``maker`` that it finds."""

    prefix: str
    maker: str
    device: str
    board: str
    look_alike: str = ""


_MODELS = (
    _HeadsetModel("MuseS", "Muse", "muse-s", "muse-s", devices.MAYBE_ATHENA),
    _HeadsetModel("Muse", "Muse", "muse-2", "muse-2", devices.MAYBE_2016),
    _HeadsetModel("Ganglion", "OpenBCI", "ganglion", "ganglion-native"),
    _HeadsetModel("Simblee", "OpenBCI", "ganglion", "ganglion-native"),
)

_UNAVAILABLE = {
    Reason.NO_BLUETOOTH: ("there is no Bluetooth adapter", "plug one in; only Muse and Ganglion need it"),
    Reason.NO_BLE_CENTRAL_ROLE: (
        "the Bluetooth adapter does not support Bluetooth Low Energy",
        "plug in one of Bluetooth 4.0 or newer",
    ),
    Reason.POWERED_OFF: (
        "Bluetooth is off",
        "switch it on in the system's settings (on Linux: rfkill unblock bluetooth; bluetoothctl power on)",
    ),
}
_DENIED = (
    "this program may not use Bluetooth",
    "allow it for your terminal (on macOS: System Settings, Privacy & Security, Bluetooth) and start that again",
)


def find_headsets(listen_s: float = _LISTEN_S) -> ScanResult:
    """Return the headsets that advertise within ``listen_s`` (s)."""
    try:
        advertised, connected = asyncio.run(_scan(listen_s))
    except (BleakError, OSError, EOFError, ValueError) as error:  # ValueError: the address of the bus is invalid
        return bluetooth_unavailable(error)
    return identify_headsets(advertised, connected)


async def _scan(listen_s: float) -> tuple[list[BluetoothHeadset], list[BluetoothHeadset]]:
    adapter = await BleakAdapter.get()
    connected = await adapter.get_connected_devices(_SERVICES)
    advertised = await BleakScanner.discover(listen_s, return_adv=True)
    found = [BluetoothHeadset(device.name or "", device.address, data.rssi) for device, data in advertised.values()]
    return found, [BluetoothHeadset(device.name or "", device.address, 0) for device in connected]


def identify_headsets(
    advertised: Collection[BluetoothHeadset], connected: Collection[BluetoothHeadset] = ()
) -> ScanResult:
    """Return the known headsets that advertise, and a problem for each that another program has connected."""
    in_use = {headset.address for headset in connected}
    known = [(headset, model) for headset in advertised if headset.address not in in_use and (model := _model(headset))]
    makers = [model.maker for _, model in known]
    names = [headset.name for headset, _ in known]
    return ScanResult(
        tuple(
            _found_device(headset, model, n_of_maker=makers.count(model.maker), n_of_name=names.count(headset.name))
            for headset, model in known
        ),
        tuple(_already_connected(headset) for headset in connected if _model(headset)),
    )


def _model(headset: BluetoothHeadset) -> _HeadsetModel | None:
    return next((model for model in _MODELS if headset.name.startswith(model.prefix)), None)


def _found_device(headset: BluetoothHeadset, model: _HeadsetModel, *, n_of_maker: int, n_of_name: int) -> FoundDevice:
    """Return the device name of a headset: with its serial number if others of its maker are in reach.

    Where two have the same serial number, only the address tells them apart.
    """
    key, value = ("serial_number", headset.name) if n_of_name == 1 else ("mac_address", headset.address)
    device = model.device if n_of_maker == 1 else f"brainflow:{model.board}:{key}={value}"
    about = tr(devices.BLUETOOTH_HEADSET, name=headset.name, address=headset.address, rssi=headset.rssi)
    notes = [tr(note) for note in (model.look_alike, devices.SAME_NAME if n_of_name > 1 else "") if note]
    short = about if n_of_name > 1 else headset.name
    return FoundDevice(device, "; ".join([about, *notes]), "; ".join([short, *notes]))


def _already_connected(headset: BluetoothHeadset) -> str:
    error = SourceError(
        f"{headset.name} is connected already",
        got="a program of this computer that uses it",
        todo="close that program, or switch the headset off and on",
    )
    return str(error)


def bluetooth_unavailable(error: Exception) -> ScanResult:
    """Return why Bluetooth cannot be used, and what to do."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        what, todo = _UNAVAILABLE.get(error.reason, _DENIED)
        return scan_failed(what, todo=todo)
    if isinstance(error, BleakDBusError) and error.dbus_error.startswith("org.bluez."):
        return scan_failed("Bluetooth refuses to look for headsets", got=error, todo="switch Bluetooth off and on")
    if isinstance(error, BleakError) and not isinstance(error, BleakDBusError):
        return scan_failed("Bluetooth cannot be used", got=error, todo="switch Bluetooth off and on")
    return scan_failed("no Bluetooth service is running", todo=_BLUEZ_TODO)  # no message bus, or no BlueZ on it
