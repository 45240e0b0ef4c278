"""The part of BlueZ that a Bluetooth library needs to find one headset, on a private message bus without a radio.

BlueZ's objects are data (path, interface, properties), and a table maps each method to a function. A program that
should see the headset is started with ``DBUS_SYSTEM_BUS_ADDRESS`` set to the address of this bus.
"""

from __future__ import annotations

import asyncio
import select
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from neurofeedback.emulators.bluetooth_headset import Peripheral
from neurofeedback.errors import SettingsError

_ADAPTER = "/org/bluez/hci0"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_OBJECTS = "org.freedesktop.DBus.ObjectManager"
_CHARACTERISTIC = "org.bluez.GattCharacteristic1"
_ADVERTISE_S, _RESOLVE_S = 0.2, 0.1
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""


@asynccontextmanager
async def private_bus() -> AsyncIterator[str]:
    """Run a private message bus and yield its address.

    Raises
    ------
    SettingsError
        There is no ``dbus-daemon`` on this machine.
    """
    program = shutil.which("dbus-daemon")
    if program is None:
        raise SettingsError(
            "an emulated headset with Bluetooth needs dbus-daemon",
            got="none on this machine",
            todo="sudo apt install dbus",
        )
    with tempfile.TemporaryDirectory(prefix="neurofeedback-") as folder:
        socket, config = Path(folder) / "bus", Path(folder) / "bus.conf"
        config.write_text(_CONFIG.format(socket=socket), encoding="utf-8")
        daemon = await asyncio.create_subprocess_exec(
            program,
            f"--config-file={config}",
            "--nofork",
            "--print-address",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the emulator, which ends the bus itself
        )
        try:
            await cast("asyncio.StreamReader", daemon.stdout).readline()  # the address: from now on it listens
            yield f"unix:path={socket}"
        finally:
            daemon.terminate()
            await daemon.wait()


class BlueZ:
    """``org.bluez`` with one adapter and one headset.

    Parameters
    ----------
    bus : MessageBus
        Connected to the private bus.
    peripheral : Peripheral
        The headset.
    write : callable
        Called with each value written to a characteristic.
    reachable : callable
        Whether the headset can be found now.
    accepts_connection : callable
        Whether an attempt to connect succeeds now.
    """

    def __init__(
        self,
        bus: MessageBus,
        peripheral: Peripheral,
        write: Callable[[bytes], None],
        reachable: Callable[[], bool],
        accepts_connection: Callable[[], bool],
    ) -> None:
        self._bus = bus
        self._peripheral = peripheral
        self._write = write
        self._reachable = reachable
        self._accepts_connection = accepts_connection
        self._device = f"{_ADAPTER}/dev_{peripheral.address.replace(':', '_')}"
        self._services = {uuid: f"{self._device}/service{i:04x}" for i, uuid in enumerate(peripheral.services, start=1)}
        self._paths = {
            characteristic.uuid: f"{self._services[uuid]}/char{i:04x}"
            for uuid, characteristics in peripheral.services.items()
            for i, characteristic in enumerate(characteristics)
        }
        self._objects: dict[str, dict[str, dict[str, Variant]]] = {}
        self._advertising: asyncio.Task[None] | None = None
        self._methods: dict[tuple[str, str], Callable[[Message], None]] = {
            ("org.bluez.Adapter1", "StartDiscovery"): self._start_discovery,
            ("org.bluez.Adapter1", "StopDiscovery"): self._stop_discovery,
            ("org.bluez.Device1", "Connect"): self._connect,
            ("org.bluez.Device1", "Disconnect"): lambda _: self.disconnect(),
            (_CHARACTERISTIC, "StartNotify"): lambda call: self._notify(call, on=True),
            (_CHARACTERISTIC, "StopNotify"): lambda call: self._notify(call, on=False),
            (_CHARACTERISTIC, "WriteValue"): lambda call: self._write(bytes(call.body[0])),
        }

    async def start(self) -> None:
        """Publish the adapter and request the name ``org.bluez`` on the bus."""
        self._objects["/org/bluez"] = {"org.bluez.AgentManager1": {}}
        adapter = {"Address": "00:00:00:00:5A:AD", "Name": "hci0", "Alias": "hci0"}
        self._objects[_ADAPTER] = {
            "org.bluez.Adapter1": {name: Variant("s", value) for name, value in adapter.items()}
            | {"Powered": Variant("b", True), "Discovering": Variant("b", False)}
            | {"Roles": Variant("as", ["central", "peripheral"])}
        }
        self._bus.add_message_handler(self._handle)
        await self._bus.request_name("org.bluez")

    @property
    def is_full(self) -> bool:
        """Whether the bus accepts nothing now; dbus-fast would close the connection instead of waiting."""
        return not select.select([], [cast("int", self._bus._fd)], [], 0)[1]  # noqa: SLF001 - there is no public name

    def notify(self, uuid: str, value: bytes) -> None:
        """Send a characteristic's new value if notification is on."""
        properties = self._objects.get(self._paths[uuid], {}).get(_CHARACTERISTIC, {})
        if "Notifying" in properties and properties["Notifying"].value:
            self._change(self._paths[uuid], _CHARACTERISTIC, Value=Variant("ay", value))

    def disconnect(self) -> None:
        """End the connection, on request or because the link is gone."""
        if self._device in self._objects:
            down = Variant("b", False)
            self._change(self._device, "org.bluez.Device1", Connected=down, ServicesResolved=down)

    def _handle(self, call: Message) -> Message | bool | None:
        if call.message_type is not MessageType.METHOD_CALL or call.interface in {None, "org.freedesktop.DBus"}:
            return None
        if call.interface in {_PROPERTIES, _OBJECTS}:
            return self._look_up(call)
        if call.path not in self._objects:
            return Message.new_error(call, "org.freedesktop.DBus.Error.UnknownObject", str(call.path))
        if call.interface == _CHARACTERISTIC and call.member == "ReadValue":
            return Message.new_method_return(call, "ay", [self._objects[call.path][_CHARACTERISTIC]["Value"].value])
        try:
            self._methods.get((str(call.interface), str(call.member)), _do_nothing)(call)
        except ConnectionError as error:
            return Message.new_error(call, "org.bluez.Error.Failed", str(error))
        return Message.new_method_return(call)

    def _look_up(self, call: Message) -> Message:
        if call.member == "GetManagedObjects":
            return Message.new_method_return(call, "a{oa{sa{sv}}}", [self._objects])
        properties = self._objects.get(str(call.path), {}).get(call.body[0], {})
        if call.member == "GetAll":
            return Message.new_method_return(call, "a{sv}", [properties])
        if call.member == "Get" and call.body[1] in properties:
            return Message.new_method_return(call, "v", [properties[call.body[1]]])
        if call.member == "Set":
            return Message.new_method_return(call)
        return Message.new_error(call, "org.freedesktop.DBus.Error.UnknownProperty", str(call.body))

    def _add(self, path: str, interface: str, **properties: Variant) -> None:
        self._objects[path] = {interface: properties}
        self._signal("/", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, {interface: properties}])

    def _change(self, path: str, interface: str, **properties: Variant) -> None:
        self._objects[path][interface].update(properties)
        self._signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, properties, []])

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        self._bus.send(Message.new_signal(path, interface, member, signature, body))

    def _start_discovery(self, _: Message) -> None:
        self._change(_ADAPTER, "org.bluez.Adapter1", Discovering=Variant("b", True))
        self._advertising = asyncio.ensure_future(self._advertise())

    def _stop_discovery(self, _: Message) -> None:
        self._change(_ADAPTER, "org.bluez.Adapter1", Discovering=Variant("b", False))
        if self._advertising is not None:
            self._advertising.cancel()

    async def _advertise(self) -> None:
        """Advertise the headset at intervals while it is in reach."""
        while True:
            await asyncio.sleep(_ADVERTISE_S)
            if self._reachable():
                self._add(self._device, "org.bluez.Device1", **self._advertised_properties())
                self._change(self._device, "org.bluez.Device1", RSSI=Variant("n", -49))

    def _advertised_properties(self) -> Mapping[str, Variant]:
        text = {"Address": self._peripheral.address, "AddressType": "public"}
        text |= {"Name": self._peripheral.name, "Alias": self._peripheral.name}
        flags = ("Paired", "Bonded", "Connected", "ServicesResolved")
        return {
            **{name: Variant("s", value) for name, value in text.items()},
            **{name: Variant("b", False) for name in flags},
            "RSSI": Variant("n", -50),
            "UUIDs": Variant("as", [*self._peripheral.services][:1]),
            "Adapter": Variant("o", _ADAPTER),
        }

    def _connect(self, _: Message) -> None:
        if not self._accepts_connection():
            raise ConnectionError("le-connection-abort-by-local")
        self._change(self._device, "org.bluez.Device1", Connected=Variant("b", True))
        for uuid, characteristics in self._peripheral.services.items():
            service = self._services[uuid]
            primary, device = Variant("b", True), Variant("o", self._device)
            self._add(service, "org.bluez.GattService1", UUID=Variant("s", uuid), Primary=primary, Device=device)
            for characteristic in characteristics:
                self._add(
                    self._paths[characteristic.uuid],
                    _CHARACTERISTIC,
                    UUID=Variant("s", characteristic.uuid),
                    Service=Variant("o", service),
                    Value=Variant("ay", characteristic.value),
                    Notifying=Variant("b", False),
                    Flags=Variant("as", list(characteristic.flags)),
                    MTU=Variant("q", 247),
                )
        # a library that learns of both at once looks for the last services before it has them
        asyncio.get_running_loop().call_later(_RESOLVE_S, self._resolve_services)

    def _resolve_services(self) -> None:
        if self._objects[self._device]["org.bluez.Device1"]["Connected"].value:
            self._change(self._device, "org.bluez.Device1", ServicesResolved=Variant("b", True))

    def _notify(self, call: Message, *, on: bool) -> None:
        self._change(str(call.path), _CHARACTERISTIC, Notifying=Variant("b", on))


def _do_nothing(_: Message) -> None:
    """Do nothing: agents, filters and pairing need no more."""
