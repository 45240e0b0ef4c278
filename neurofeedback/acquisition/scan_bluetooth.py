"""Muse and Ganglion headsets in Bluetooth reach, known by the names they advertise. None is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from bleak import BleakAdapter, BleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
from bleak.exc import BleakBluetoothNotAvailableReason as Reason

from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult, scan_failed
from neurofeedback.errors import SourceError

_LISTEN_S = 4.0
_SERVICES = ["fe8d", "fe84"]  # what a Muse and a Ganglion offer once they are connected
_BLUEZ_TODO = "sudo apt-get install bluez, then sudo systemctl enable --now bluetooth; only Muse and Ganglion need it"


@dataclass(frozen=True, slots=True)
class BluetoothHeadset:
    """One headset as it is seen from afar; ``rssi`` is the strength of its signal, dBm."""

    name: str
    address: str
    rssi: int


@dataclass(frozen=True, slots=True)
class _HeadsetModel:
    """A model by the beginning of its name. BrainFlow connects to the first headset it sees of the same ``maker``."""

    prefix: str
    maker: str
    device: str
    board: str
    look_alike: str = ""


_MODELS = (
    _HeadsetModel("MuseS", "Muse", "muse-s", "muse-s", "type muse-s-athena if it is an Athena"),
    _HeadsetModel("Muse", "Muse", "muse-2", "muse-2", "type muse-2016 if it is a Muse of 2016"),
    _HeadsetModel("Ganglion", "OpenBCI", "ganglion", "ganglion-native"),
    _HeadsetModel("Simblee", "OpenBCI", "ganglion", "ganglion-native"),
)

_UNAVAILABLE = {
    Reason.NO_BLUETOOTH: ("there is no Bluetooth adapter", "plug one in; only Muse and Ganglion need it"),
    Reason.NO_BLE_CENTRAL_ROLE: ("the Bluetooth adapter knows no Low Energy", "plug in one of Bluetooth 4.0 or newer"),
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
    """Listen to what headsets advertise for a while (s)."""
    try:
        seen, held = asyncio.run(_scan(listen_s))
    except (BleakError, OSError, EOFError, ValueError) as error:  # ValueError: the bus's address is none
        return bluetooth_unavailable(error)
    return identify_headsets(seen, held)


async def _scan(listen_s: float) -> tuple[list[BluetoothHeadset], list[BluetoothHeadset]]:
    adapter = await BleakAdapter.get()
    connected = await adapter.get_connected_devices(_SERVICES)
    advertised = await BleakScanner.discover(listen_s, return_adv=True)
    seen = [BluetoothHeadset(device.name or "", device.address, said.rssi) for device, said in advertised.values()]
    return seen, [BluetoothHeadset(device.name or "", device.address, 0) for device in connected]


def identify_headsets(
    advertised: Collection[BluetoothHeadset], connected: Collection[BluetoothHeadset] = ()
) -> ScanResult:
    """Name the headsets among all that advertises, and those another program holds (which cannot be connected)."""
    taken = {headset.address for headset in connected}
    known = [(headset, model) for headset in advertised if headset.address not in taken and (model := _model(headset))]
    makers = [model.maker for _, model in known]
    return ScanResult(
        tuple(_found_device(headset, model, alone=makers.count(model.maker) == 1) for headset, model in known),
        tuple(_already_connected(headset) for headset in connected if _model(headset)),
    )


def _model(headset: BluetoothHeadset) -> _HeadsetModel | None:
    return next((model for model in _MODELS if headset.name.startswith(model.prefix)), None)


def _found_device(headset: BluetoothHeadset, model: _HeadsetModel, *, alone: bool) -> FoundDevice:
    """Name one headset; where there are more of its maker, so that the driver takes this one."""
    device = model.device if alone else f"brainflow:{model.board}:serial_number={headset.name}"
    about = f"{headset.name} at {headset.address}, {headset.rssi} dBm"
    return FoundDevice(device, f"{about}; {model.look_alike}" if model.look_alike else about)


def _already_connected(headset: BluetoothHeadset) -> str:
    error = SourceError(
        f"{headset.name} is connected already",
        got="a program of this computer that holds it",
        todo="close that program, or switch the headset off and on",
    )
    return str(error)


def bluetooth_unavailable(error: Exception) -> ScanResult:
    """Say why Bluetooth cannot be used here, and what to do."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        what, todo = _UNAVAILABLE.get(error.reason, _DENIED)
        return scan_failed(what, todo=todo)
    if isinstance(error, BleakDBusError) and error.dbus_error.startswith("org.bluez."):
        return scan_failed("Bluetooth refuses to look for headsets", got=error, todo="switch Bluetooth off and on")
    if isinstance(error, BleakError) and not isinstance(error, BleakDBusError):
        return scan_failed("Bluetooth cannot be used", got=error, todo="switch Bluetooth off and on")
    return scan_failed("no Bluetooth service is running", todo=_BLUEZ_TODO)  # no message bus, or nobody on it
