"""Prints what is announced on the accessibility bus. Runs on Debian's Python, whose python3-gi talks to the bus."""

import sys

from gi.repository import Gio, GLib

_FLAGS = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print one line for each announcement, until killed."""
    session = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    name = "org.a11y.Bus"
    found = session.call_sync(name, "/org/a11y/bus", name, "GetAddress", None, None, 0, -1, None)
    bus = Gio.DBusConnection.new_for_address_sync(found.unpack()[0], _FLAGS, None, None)

    def announced(_bus, _sender, _path, _interface, _signal, parameters) -> None:
        _write(parameters.unpack()[3])

    bus.signal_subscribe(None, "org.a11y.atspi.Event.Object", "Announcement", None, None, 0, announced)
    registry = "org.a11y.atspi.Registry"
    wanted = GLib.Variant("(sass)", ("object:announcement", [], ""))
    bus.call_sync(registry, "/org/a11y/atspi/registry", registry, "RegisterEvent", wanted, None, 0, -1, None)
    _write("listening")
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
