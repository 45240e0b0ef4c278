"""Live outputs of a session to other programs: Lab Streaming Layer and OSC."""

from __future__ import annotations

import logging
import math
import socket
import uuid
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from neurofeedback.acquisition.loopback import can_restrict_to_loopback, restricted_to_loopback
from neurofeedback.acquisition.lsl import load_lsl
from neurofeedback.errors import SettingsError
from neurofeedback.session.outputs.sample_clock import SampleClock
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Chunk, Command, Event, Frame, StreamInfo

if TYPE_CHECKING:
    from pythonosc.osc_message_builder import OscMessageBuilder

_log = logging.getLogger(__name__)

FRAME_FIELDS = ("onset", "valid", "signal", "confidence", "index_u", "mwi", "threshold", "reward", "tone_gain")
_LSL_SCOPES = ("machine", "network")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class FrameConsumer(Protocol):
    """Takes the frames of a session; every method returns at once."""

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Take the frames just made, at least one."""
        ...


class SessionConsumer(FrameConsumer, Protocol):
    """Takes chunks, frames and events of a session."""

    def process_chunk(self, chunk: Chunk) -> None:
        """Take a chunk, microvolts, NaN where samples are lost."""
        ...

    def process_event(self, event: Event | Command) -> None:
        """Take an event or command."""
        ...


class SessionOutput(SessionConsumer, Protocol):
    """Sends a session to other programs."""

    @property
    def description(self) -> str:
        """Where the session is sent, and who can read it."""
        ...

    def close(self) -> None:
        """Close streams and sockets."""
        ...


def frame_values(frame: Frame) -> tuple[float, ...]:
    """Return the values of a frame in the order of ``FRAME_FIELDS``; NaN where there is none."""
    return (
        frame.onset,
        float(frame.valid),
        frame.signal,
        frame.confidence,
        frame.index_u,
        frame.mwi,
        frame.threshold,
        float(frame.reward),
        frame.guidance.tone_gain,
    )


class LslOutput:
    """Three streams: ``NAME-eeg`` (raw), ``NAME-frames`` and ``NAME-markers``, for LabRecorder and PsychoPy.

    Samples, frames and markers are stamped by the place of their sample in the recording, in the clock of LSL. In no
    stream does a stamp lie before the last one.

    Parameters
    ----------
    name : str
        Begins the names of the streams.
    network : bool
        Visible in the whole network, not only on this machine.
    allow_network : bool
        Send also where the streams cannot be restricted to this machine.

    Raises
    ------
    SettingsError
        Other computers could read the streams, and that is not allowed.
    """

    _eeg: Any
    _frames: Any
    _markers: Any

    def __init__(
        self, name: str, stream: StreamInfo, hop_s: float, *, network: bool = False, allow_network: bool = False
    ) -> None:
        self._eeg = self._frames = self._markers = None
        if not network:
            check_permission("machine", allow_network=allow_network)
        lsl = load_lsl(network=network)
        self._clock = lsl.local_clock
        self._sample_clock = SampleClock(stream.sfreq)
        self._last_frame_s = self._last_marker_s = 0.0
        run = uuid.uuid4().hex  # a source id is of one run: two programs, or a second session, are other sources
        eeg = lsl.StreamInfo(f"{name}-eeg", "EEG", stream.n_channels, stream.sfreq, "float32", f"{name}-eeg-{run}")
        eeg.set_channel_names(list(stream.ch_names))
        eeg.set_channel_types("eeg")
        eeg.set_channel_units("microvolts")
        rate = 1 / hop_s
        frames = lsl.StreamInfo(
            f"{name}-frames", "Features", len(FRAME_FIELDS), rate, "float64", f"{name}-frames-{run}"
        )
        frames.set_channel_names(list(FRAME_FIELDS))
        frames.set_channel_units(["seconds" if field == "onset" else "none" for field in FRAME_FIELDS])
        markers = lsl.StreamInfo(f"{name}-markers", "Markers", 1, 0.0, "string", f"{name}-markers-{run}")
        self._is_reachable = network or not can_restrict_to_loopback()
        infos, outlets = (eeg, frames, markers), []
        try:
            with nullcontext() if network else restricted_to_loopback():
                outlets = [lsl.StreamOutlet(info) for info in infos]
        except OSError as error:
            _log.warning("the streams cannot be restricted to this computer: %s", error)
            self._is_reachable = True
        if self._is_reachable and not (network or allow_network):
            outlets.clear()  # closes them
            raise _reachable_error()
        self._eeg, self._frames, self._markers = outlets or [lsl.StreamOutlet(info) for info in infos]
        outlets.clear()  # the error in the log would keep them open

    @property
    def description(self) -> str:
        """Who can read the streams."""
        return tr(session_notices.LSL_REACHABLE if self._is_reachable else session_notices.LSL_THIS_COMPUTER)

    def process_chunk(self, chunk: Chunk) -> None:
        """Send a chunk."""
        samples: Any = np.ascontiguousarray(chunk.data.T)
        arrival_s = self._clock() - chunk.buffer_delay_s
        self._eeg.push_chunk(samples, self._sample_clock.stamps(chunk.first_sample, chunk.stop, arrival_s))

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Send frames, with the time of their onset."""
        for frame in frames:
            values: Any = np.array(frame_values(frame))
            self._last_frame_s = max(self._last_frame_s, self._time_of(frame.sample))
            self._frames.push_sample(values, self._last_frame_s)

    def process_event(self, event: Event | Command) -> None:
        """Send an event as the text ``kind:value``, with the time of its sample."""
        self._last_marker_s = max(self._last_marker_s, self._time_of(event.sample))
        self._markers.push_sample([f"{event.kind}:{event.value}"], self._last_marker_s)

    def _time_of(self, sample: int) -> float:
        """Return the time of a sample by LSL's clock, s; the current time before the first chunk."""
        time_s = self._sample_clock.time_of(sample)
        return self._clock() if time_s is None else time_s

    def close(self) -> None:
        """Close the streams."""
        del self._eeg, self._frames, self._markers


class OscOutput:
    """Each frame as ``/neurofeedback/NAME VALUE`` messages over UDP; a missing number is not sent.

    Parameters
    ----------
    address : str
        ``PORT`` on this machine, or ``HOST:PORT``.

    Raises
    ------
    SettingsError
        The address is not valid, its host is unknown, or the OSC extra is not installed.
    """

    def __init__(self, address: str) -> None:
        self._build = _message_builder()
        self._target = _resolve(*parse_address(address))
        self._address = address
        self._socket = socket.socket(self._target[0], socket.SOCK_DGRAM)
        if not is_remote_address(address):
            self._socket.bind((self._target[1][0], 0))
        self._warned = False

    @property
    def description(self) -> str:
        """Where the frames are sent."""
        return tr(session_notices.OSC_TARGET, address=":".join(map(str, parse_address(self._address))))

    def process_chunk(self, chunk: Chunk) -> None:
        """Raw samples are not sent over OSC."""

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Pass on the newest frame."""
        if not frames:
            return
        for name, value in zip(FRAME_FIELDS, frame_values(frames[-1]), strict=True):
            if not math.isnan(value):
                self._send(name, float(value))
        self._send("state", str(frames[-1].state))

    def process_event(self, event: Event | Command) -> None:
        """Send an event."""
        self._send(f"event/{event.kind}", event.value)

    def _send(self, name: str, value: float | str) -> None:
        message = self._build(f"/neurofeedback/{name}")
        message.add_arg(value)
        try:
            self._socket.sendto(message.build().dgram, self._target[1])
        except OSError as error:  # the session continues without OSC
            if not self._warned:
                _log.warning("OSC cannot be sent: %s", error)
            self._warned = True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def parse_address(address: str) -> tuple[str, int]:
    """Split ``PORT`` or ``HOST:PORT``.

    Examples
    --------
    >>> parse_address("9000"), parse_address("studio.local:9001")
    (('127.0.0.1', 9000), ('studio.local', 9001))
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(
            "this is not an OSC address",
            got=repr(address),
            allowed="PORT, or HOST:PORT",
            todo="pass --osc-out 9000",
        )
    return host or "127.0.0.1", int(port)


def open_outputs(
    lsl_out: str, osc_out: str, stream: StreamInfo, hop_s: float, *, allow_network: bool = False
) -> tuple[SessionOutput, ...]:
    """Open the outputs that a session is configured with.

    Parameters
    ----------
    lsl_out : str
        ``machine``, ``network``, or empty for none.
    osc_out : str
        ``PORT`` or ``HOST:PORT``, or empty for none.
    allow_network : bool
        Send LSL also where it cannot be restricted to this machine.
    """
    with ExitStack() as opened:
        outputs: list[SessionOutput] = []
        if lsl_out:
            network = check_lsl_scope(lsl_out) == "network"
            outputs.append(LslOutput("neurofeedback", stream, hop_s, network=network, allow_network=allow_network))
            opened.callback(outputs[-1].close)
        if osc_out:
            outputs.append(OscOutput(osc_out))
        opened.pop_all()
    return tuple(outputs)


def check_lsl_scope(lsl_out: str) -> str:
    """Return ``lsl_out`` if it is ``machine`` or ``network``, else raise a SettingsError."""
    if lsl_out not in _LSL_SCOPES:
        raise SettingsError(
            "LSL cannot be sent like that",
            got=repr(lsl_out),
            allowed=" or ".join(_LSL_SCOPES),
            todo="pass --lsl-out machine",
        )
    return lsl_out


def needs_permission(lsl_out: str) -> bool:
    """Return whether other computers could read a stream that is meant for this machine."""
    return lsl_out == "machine" and not can_restrict_to_loopback()


def check_permission(lsl_out: str, *, allow_network: bool) -> None:
    """Raise a SettingsError if other computers could read the streams, and that is not allowed."""
    if needs_permission(lsl_out) and not allow_network:
        raise _reachable_error()


def _reachable_error() -> SettingsError:
    return SettingsError(
        "other computers on this network can read this stream",
        got="LSL for this computer alone, which this system cannot ensure",
        allowed="LSL that others may read, or none",
        todo="pass --allow-network or choose network, if that is fine; else send no LSL",
    )


def describe_outputs(lsl_out: str, osc_out: str) -> str:
    """Return a notice about what leaves this machine, empty if nothing does; raise on invalid outputs."""
    network = bool(lsl_out) and check_lsl_scope(lsl_out) == "network"
    osc = bool(osc_out) and is_remote_address(osc_out)
    remote = [name for name, leaves in (("LSL", network), ("OSC", osc)) if leaves]
    if not remote:
        return ""
    names = remote[0] if len(remote) == 1 else tr(session_notices.BOTH_OUTPUTS, first=remote[0], second=remote[1])
    return tr(session_notices.SENT_TO_NETWORK, outputs=names)


def is_remote_address(address: str) -> bool:
    """Return whether an OSC address is another machine's."""
    return parse_address(address)[0] not in _LOCAL_HOSTS


def _message_builder() -> type[OscMessageBuilder]:
    try:
        from pythonosc.osc_message_builder import OscMessageBuilder  # only when asked for
    except ImportError:
        raise SettingsError(
            "OSC is not installed", got="no package python-osc", todo="pip install python-osc"
        ) from None
    return OscMessageBuilder


def _resolve(host: str, port: int) -> tuple[int, Any]:
    """Return the address family and socket address of a host."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (socket.gaierror, UnicodeError):  # unknown, or no name a host can have
        raise SettingsError("OSC cannot be sent there", got=host, allowed="a host that is known") from None
    return family, address
