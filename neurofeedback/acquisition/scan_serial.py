"""Scan for OpenBCI dongles by their USB ids, and query the board behind each."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable

from serial import Serial, SerialException
from serial.tools.list_ports import comports

from neurofeedback.acquisition.port_users import find_port_users
from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult, scan_failed
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import devices

_FT231X = (0x0403, 0x6015)  # the dongle's USB chip; other devices have it too, hence the query
_BAUD = 115200
_ANSWER_S = 3.0
_MAX_ANSWER = 4096
_END = b"$$$"
_PLUG_TODO = (
    "if it is an OpenBCI dongle: its switch at GPIO 6, then the board at PC with a charged battery, then try again"
)
_RIGHTS_TODO = "on Linux: sudo usermod -aG dialout $USER, then log in again"
_CLOSE_TODO = "close the other program that uses it"
_NO_PORT_TODO = "plug the dongle in and look at its name"


def find_dongle_ports() -> list[str]:
    """Return the ports whose USB ids are those of an OpenBCI dongle."""
    return sorted(port.device for port in comports() if (port.vid, port.pid) == _FT231X)


def query_port(port: str, query: Callable[[str], bytes] | None = None) -> ScanResult:
    """Query the board behind a serial port, unless a program has the port open: a query would stop its stream.

    Parameters
    ----------
    port : str
        Such as ``/dev/ttyUSB0`` or ``COM3``.
    query : callable, optional
        Sends the query to the port and returns the answer; raises ``SerialException``.
    """
    others = find_port_users(port)
    if others:
        return scan_failed(f"another program has {port} open", got=", ".join(others), todo="close it first")
    try:
        answer = (query or read_version)(port)
    except SerialException as error:
        return _port_error(port, error)
    return _parse_answer(port, answer.decode("ascii", "replace"))


def read_version(port: str) -> bytes:
    """Send ``v``, which stops an OpenBCI board and asks for its version, and read up to ``$$$``."""
    with Serial(port, _BAUD, timeout=_ANSWER_S, write_timeout=_ANSWER_S, exclusive=True) as line:
        line.write(b"v")
        return line.read_until(_END, _MAX_ANSWER)


def _parse_answer(port: str, answer: str) -> ScanResult:
    if not answer.endswith(_END.decode()):
        return scan_failed(f"nothing at {port} answers as an OpenBCI board does", todo=_PLUG_TODO)
    if "Failure" in answer:
        return scan_failed(
            f"the dongle at {port} gets no answer from a board",
            got=" ".join(answer.removesuffix("$$$").split()),
            todo="switch the board to PC after the dongle is in, near it, with a charged battery",
        )
    board = "cyton-daisy" if "On Daisy" in answer else "cyton"
    firmware = re.search(r"Firmware: *(\S+?)\$*\s", answer)
    about = tr(devices.OPENBCI_FIRMWARE, version=firmware[1]) if firmware else tr(devices.OPENBCI)
    return ScanResult((FoundDevice(f"{board}:{port}", about),))


def _port_error(port: str, error: SerialException) -> ScanResult:
    """Return why a port cannot be used. Windows gives no error number, and lets one program at a time open a port."""
    text = str(error)
    if error.errno == errno.ENOENT or "FileNotFoundError" in text:
        return scan_failed(f"there is no serial port {port}", todo=_NO_PORT_TODO)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return scan_failed(f"no right to open {port}", todo=_RIGHTS_TODO)
    if error.errno in {errno.EBUSY, errno.EAGAIN} or "PermissionError" in text:
        return scan_failed(f"another program has {port} open", todo=_CLOSE_TODO)
    return scan_failed(
        f"{port} cannot be used as a serial port", got=text, todo="pass a port such as /dev/ttyUSB0 or COM3"
    )
