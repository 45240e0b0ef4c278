"""Wait until a headset that sends datagrams is there, before its driver listens.

BrainFlow 5.23 listens to a Crown for five seconds and then ends its thread while it holds a lock that this thread
needs for the first message: if that comes a little later, the driver never returns.
"""

from __future__ import annotations

import select
import socket

from neurofeedback.errors import SourceError

_WAIT_S = 4.0


def wait_for_datagram(port: int, wait_s: float = _WAIT_S) -> None:
    """Return once a datagram arrives at a UDP port of this computer.

    Raises
    ------
    SourceError
        None arrives within ``wait_s`` (s), or another program has the port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", port))
        except OSError as error:
            raise SourceError(
                "this computer's UDP port cannot be opened", got=f"{port}: {error.strerror}", todo="end other programs"
            ) from None
        if not select.select([listener], [], [], wait_s)[0]:
            raise SourceError(
                "no headset sends to this computer's UDP port",
                got=port,
                todo="switch OSC on in Neurosity's app, and let UDP through the firewall",
            )
