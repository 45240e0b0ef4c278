"""Restrict the sockets that a library opens to this machine.

liblsl cannot bind to the loopback address by any setting. On Linux each of its sockets is bound to the loopback device
right after it is opened, for which an account needs no rights since Linux 5.7.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")
_POLL_S = 0.002
_LOOPBACK, _MAX_NAME_BYTES = b"lo", 16


def can_restrict_to_loopback() -> bool:
    """Return whether sockets of this program can be restricted to this machine."""
    if sys.platform != "linux" or not _DESCRIPTORS.is_dir():
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            _bind_to_loopback(probe)
        except OSError:
            return False
    return True


@contextmanager
def restricted_to_loopback() -> Iterator[None]:
    """Bind all Internet sockets that are opened meanwhile to the loopback device; do nothing where that is impossible.

    Sockets that are connected to another computer stay as they are.

    Raises
    ------
    OSError
        A socket cannot be bound.
    """
    if not can_restrict_to_loopback():
        yield
        return
    before = _open_sockets()
    ended = threading.Event()
    binder = threading.Thread(target=_bind_new_sockets, args=(before, ended), name="loopback", daemon=True)
    binder.start()
    try:
        yield
    finally:
        ended.set()
        binder.join()
    _bind_all(_open_sockets() - before)


def _bind_new_sockets(before: frozenset[tuple[int, str]], ended: threading.Event) -> None:
    """Bind sockets while a library is busy, since some are open for a short time only."""
    while not ended.wait(_POLL_S):
        opened = _open_sockets() - before
        with suppress(OSError):  # closed meanwhile; one that stays open is bound at the end
            _bind_all(opened)
        before |= opened


def _bind_all(sockets: frozenset[tuple[int, str]]) -> None:
    for descriptor, name in sorted(sockets):
        try:
            duplicate = socket.socket(fileno=os.dup(descriptor))
        except OSError:  # closed meanwhile, or no socket any more
            continue
        with duplicate:
            is_internet = _target(descriptor) == name and duplicate.family in (socket.AF_INET, socket.AF_INET6)
            if is_internet and not _has_remote_peer(duplicate):
                _bind_to_loopback(duplicate)


def _has_remote_peer(opened: socket.socket) -> bool:
    """Return whether a socket is connected to another address than those of the loopback device.

    It is that of another thread, such as of a board or a sound server: bound, it would lose its connection.
    """
    try:
        peer = ipaddress.ip_address(opened.getpeername()[0])
    except OSError:  # not connected
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return not (mapped or peer).is_loopback


def _open_sockets() -> frozenset[tuple[int, str]]:
    """Return descriptor and identity of this process's open sockets."""
    names = [(int(entry.name), _target(int(entry.name))) for entry in _DESCRIPTORS.iterdir()]
    return frozenset((descriptor, name) for descriptor, name in names if name.startswith("socket:"))


def _target(descriptor: int) -> str:
    with suppress(OSError):
        return str((_DESCRIPTORS / str(descriptor)).readlink())
    return ""


def _bind_to_loopback(opened: socket.socket) -> None:
    bound_to = opened.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _MAX_NAME_BYTES).rstrip(b"\0")
    if bound_to != _LOOPBACK:  # to bind it again would need rights
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _LOOPBACK + b"\0")
