"""A source for a Lab Streaming Layer stream of this machine, with its own rate, channel names and units."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.acquisition.loopback import restricted_to_loopback
from neurofeedback.acquisition.placement.sample_placement import SamplePlacer
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import devices
from neurofeedback.types import Chunk, StreamInfo

if TYPE_CHECKING:
    from mne_lsl.lsl import StreamInlet
    from mne_lsl.lsl.stream_info import _BaseStreamInfo

_FIND_S = 5.0
_THIS_MACHINE = "[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {127.0.0.1}\n[log]\nlevel = -2\n"
_TO_UV = {"microvolts": 1.0, "microvolt": 1.0, "uv": 1.0, "µv": 1.0, "millivolts": 1e3, "mv": 1e3}
_TO_UV |= {"volts": 1e6, "volt": 1e6, "v": 1e6, "-6": 1.0, "-3": 1e3, "0": 1e6}
_OWN_FRAMES = "features"  # the stream type of this program's own outlet
_NOT_EEG = frozenset({"misc", "stim", "markers", "acc", "gyro", "ppg", "aux", "ecg", "emg", "eog", "resp"})


def load_lsl(*, network: bool = False):
    """Import mne-lsl, restricted to this machine unless ``network`` is set.

    Raises
    ------
    SettingsError
        The extra is not installed.
    """
    try:
        from mne_lsl import lsl  # takes seconds, and only when asked for
    except ImportError:
        raise SettingsError(
            "Lab Streaming Layer is not installed", got="no package mne-lsl", todo="pip install mne-lsl"
        ) from None
    if not network:
        lsl.set_config_content(_THIS_MACHINE)
    return lsl


class LslSource:
    """Reads one EEG stream by its name.

    A stream has no packet counter and resends what it can, so single lost samples are not detected; a silence of
    more than a second becomes a gap of the length that the sender's clock gives.

    Parameters
    ----------
    name : str
        Name of the stream.
    now : callable
        Monotonic clock, s.
    """

    def __init__(self, name: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._now = now
        self._inlet: StreamInlet | None = None
        self._rows: list[int] = []
        self._scale = np.ones(0)
        self._placer: SamplePlacer | None = None
        self._last_time = -np.inf
        self._received = False
        self._stream = StreamInfo(f"lsl:{name}", 0.0, ())

    @property
    def stream(self) -> StreamInfo:
        """The stream's rate and channels; complete once it is open."""
        return self._stream

    def open(self) -> None:
        """Find the stream and connect.

        Raises
        ------
        SourceError
            There is no such stream, it is no EEG of a regular rate, its channels or rate have changed, or it cannot be
            restricted to this computer.
        """
        try:
            with restricted_to_loopback():
                self._connect()
        except OSError as error:
            self.close()
            raise SourceError(
                f"stream {self._name} cannot be restricted to this computer",
                got=error.strerror or str(error),
                todo="connect again",
            ) from None
        if self._placer is None:
            self._placer = SamplePlacer(len(self._rows), self._stream.sfreq)

    def _connect(self) -> None:
        lsl = load_lsl()
        found = lsl.resolve_streams(timeout=_FIND_S, name=self._name)
        if not found:
            raise SourceError(
                f"there is no stream named {self._name}",
                got=f"nothing within {_FIND_S:.0f} s",
                allowed="a stream of this machine",
                todo="start its program, or look with `neurofeedback devices --scan`",
            )
        self._inlet = lsl.StreamInlet(found[0], processing_flags=["clocksync"])
        try:
            with self._translate_errors():
                self._inlet.open_stream(timeout=_FIND_S)
                sinfo = self._inlet.get_sinfo(timeout=_FIND_S)
            self._read_info(sinfo)
        except SourceError:
            self.close()
            raise

    def read(self) -> Chunk | None:
        """Return what has arrived, or None.

        Raises
        ------
        SourceError
            The source is not open, or the sending program is gone.
        """
        if self._inlet is None or self._placer is None:
            raise SourceError(f"{self._stream.device} is not open")
        with self._translate_errors():
            values, stamps = self._inlet.pull_chunk(timeout=0.0)
        if len(stamps) == 0:
            return None
        data = np.asarray(values, dtype=np.float64).T[self._rows] * self._scale[:, None]
        times = np.maximum.accumulate(np.concatenate([[self._last_time], stamps]))[1:]
        self._last_time = float(times[-1])
        self._received = True
        placed = self._placer.place(data, range(len(stamps)), times.tolist())
        if placed is None:
            return None
        return Chunk(placed.first_sample, placed.data, placed.lost, float(stamps[-1]), self._now())

    def pop_received(self) -> bool:
        """Return whether samples were read since the last call, also if they are held until their place is known."""
        received, self._received = self._received, False
        return received

    def flush(self) -> Chunk | None:
        """Return the samples that are held, placed by what is known now; no read may follow."""
        placed = None if self._placer is None else self._placer.flush()
        return placed and Chunk(placed.first_sample, placed.data, placed.lost, None, self._now())

    def restart_numbering(self) -> None:
        """Count samples from 0 again; the stream goes on."""
        if self._placer is not None:
            self._placer.restart_numbering()

    def close(self) -> None:
        """Close the stream; may be called twice."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            inlet.close_stream()
        if self._placer is not None:
            self._placer.restart()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raise the library's errors (TimeoutError, RuntimeError) as SourceError."""
        try:
            yield
        except (TimeoutError, RuntimeError) as error:
            raise SourceError(
                f"stream {self._name} does not answer", got=str(error), todo="see that its program is running"
            ) from None

    def _read_info(self, sinfo: _BaseStreamInfo) -> None:
        names = sinfo.get_channel_names() or [f"X{row + 1}" for row in range(sinfo.n_channels)]
        types = sinfo.get_channel_types() or ["eeg"] * sinfo.n_channels
        units = sinfo.get_channel_units() or ["microvolts"] * sinfo.n_channels
        rows = [row for row, kind in enumerate(types) if str(kind).lower() not in _NOT_EEG]
        if not rows or sinfo.sfreq <= 0:
            raise SourceError(
                f"stream {self._name} is no EEG",
                got=f"{len(rows)} EEG channels at {sinfo.sfreq:g} Hz",
                allowed="at least one EEG channel of a regular rate",
            )
        unknown = sorted({str(units[row]) for row in rows if str(units[row]).lower() not in _TO_UV})
        if unknown:
            raise SourceError(
                f"stream {self._name} has unknown units",
                got=", ".join(unknown),
                allowed=", ".join(sorted(_TO_UV)),
                todo="describe its channels in microvolts where it is sent",
            )
        facts = {"lsl_source_id": sinfo.source_id, "lsl_type": sinfo.stype, "lsl_host": sinfo.hostname}
        stream = StreamInfo(
            self._stream.device, float(sinfo.sfreq), tuple(str(names[row]) for row in rows), facts=facts
        )
        if self._placer is not None:
            self._check_same(stream)
        self._rows, self._stream = rows, stream
        self._scale = np.array([_TO_UV[str(units[row]).lower()] for row in rows])

    def _check_same(self, reopened: StreamInfo) -> None:
        """Refuse a reopened stream with other channels or another rate."""
        previous = self._stream
        if (reopened.ch_names, reopened.sfreq) != (previous.ch_names, previous.sfreq):
            raise SourceError(
                f"stream {self._name} has come back with other channels or another rate",
                got=f"{', '.join(reopened.ch_names)} at {reopened.sfreq:g} Hz",
                allowed=f"{', '.join(previous.ch_names)} at {previous.sfreq:g} Hz",
                todo="send the stream as before, or end this sitting and start another",
            )


def find_streams(timeout_s: float = 1.0) -> list[tuple[str, str]]:
    """Return the streams of this machine that may be EEG, as (device name, description)."""
    lsl = load_lsl()
    with restricted_to_loopback():
        found = lsl.resolve_streams(timeout=timeout_s)
    return [
        (
            f"lsl:{sinfo.name}",
            tr(devices.LSL_STREAM, n_channels=sinfo.n_channels, sfreq=f"{sinfo.sfreq:g}", type=sinfo.stype),
        )
        for sinfo in found
        if sinfo.sfreq > 0 and sinfo.stype.lower() not in _NOT_EEG | {_OWN_FRAMES}
    ]
