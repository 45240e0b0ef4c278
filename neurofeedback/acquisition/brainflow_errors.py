"""Error messages for BrainFlow's exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from brainflow.exit_codes import BrainFlowExitCodes as Code

from neurofeedback.acquisition.boards import BoardSpec, connection_needs
from neurofeedback.errors import SourceError

_log = logging.getLogger(__name__)
_BLUETOOTH_TODO = "switch it on near this computer, disconnect it from phones and other programs, and try again"


def to_source_error(code: int, spec: BoardSpec, parameters: Mapping[str, str | int], log_line: str = "") -> SourceError:
    """Turn BrainFlow's exit code into an error a person can act on.

    Parameters
    ----------
    code : int
        BrainFlow's exit code.
    spec : BoardSpec
        The board.
    parameters : mapping
        Its input parameters.
    log_line : str
        The last line that the driver logged.
    """
    _log.debug("BrainFlow: %s: %s", Code(code).name, log_line)
    if code in {Code.ANOTHER_BOARD_IS_CREATED_ERROR, Code.PORT_ALREADY_OPEN_ERROR, Code.STREAM_ALREADY_RUN_ERROR}:
        return SourceError(f"{spec.name} is already in use by this program", todo="end the other session first")
    if code == Code.INVALID_ARGUMENTS_ERROR:
        return SourceError(f"{spec.name} needs more to connect", got=log_line or None, allowed=_needs(spec))
    port = str(parameters.get("serial_port", ""))
    failure = _port_failure(code, spec, port) if port else _radio_failure(code, spec)
    return failure or SourceError(
        f"{spec.name} cannot be opened", got=f"{Code(code).name}: {log_line}".rstrip(": "), allowed=_needs(spec)
    )


def _needs(spec: BoardSpec) -> str:
    return connection_needs(spec).removesuffix(".")


def _port_failure(code: int, spec: BoardSpec, port: str) -> SourceError | None:
    if sys.platform != "win32" and not Path(port).exists():
        return SourceError("there is no such serial port", got=port, todo="plug the dongle in and look at its name")
    if code == Code.UNABLE_TO_OPEN_PORT_ERROR and not os.access(port, os.R_OK | os.W_OK):
        return SourceError(
            "no right to open the serial port",
            got=port,
            todo="on Linux: sudo usermod -aG dialout $USER, then log in again",
        )
    if code == Code.UNABLE_TO_OPEN_PORT_ERROR:
        return SourceError("the serial port cannot be opened", got=port, todo="close other programs that use it")
    if code == Code.SER_PORT_ERROR:
        return SourceError("this is not a serial port", got=port, allowed="a port such as /dev/ttyUSB0 or COM3")
    if code == Code.BOARD_NOT_READY_ERROR:
        return SourceError(
            f"no {spec.name} answers on this port",
            got=port,
            allowed="a board whose answer ends with $$$",
            todo="switch the board to PC, check its batteries and that this is its dongle's port",
        )
    return None


def _radio_failure(code: int, spec: BoardSpec) -> SourceError | None:
    if code == Code.UNABLE_TO_OPEN_PORT_ERROR:
        return SourceError("no Bluetooth adapter was found", todo="switch Bluetooth on, or plug an adapter in")
    if code == Code.BOARD_NOT_READY_ERROR:
        return SourceError(f"no {spec.name} was found", allowed=_needs(spec), todo=_BLUETOOTH_TODO)
    return None
