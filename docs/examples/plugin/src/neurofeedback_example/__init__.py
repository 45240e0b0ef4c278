"""An example of a plug-in: a source of a test signal, and an output that writes each state to a file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from neurofeedback.types import Chunk, Command, Event, Frame, StreamInfo

SFREQ = 256.0


class SineSource:
    """Four channels of a sine of 20 uV, sent as time goes by."""

    def __init__(self, hz: float, now: Callable[[], float]) -> None:
        self._hz, self._now = hz, now
        self._start_s: float | None = None
        self._n_sent = 0

    @property
    def stream(self) -> StreamInfo:
        """Rate, channels and device."""
        return StreamInfo(f"plugin:sine:{self._hz:g}", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse")

    def open(self) -> None:
        """Begin to send."""
        self._start_s = self._now()

    def read(self) -> Chunk | None:
        """Return the samples since the last read."""
        if self._start_s is None:
            return None
        stop = math.floor((self._now() - self._start_s) * SFREQ)
        if stop <= self._n_sent:
            return None
        first, self._n_sent = self._n_sent, stop
        wave = 20 * np.sin(2 * np.pi * self._hz * np.arange(first, stop) / SFREQ)
        return Chunk(first, np.tile(wave.astype(np.float32), (4, 1)), host_time=self._now())

    def restart_numbering(self) -> None:
        """Count samples from 0 again."""
        self._start_s, self._n_sent = self._now(), 0

    def close(self) -> None:
        """End; may be called twice."""
        self._start_s = None


class StateFile:
    """Writes onset and state of each frame as a line of a new file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x", encoding="utf-8")
        self.description = f"states to {path.name}"

    def process_chunk(self, chunk: Chunk) -> None:
        """Leave samples out."""

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Write frames."""
        self._file.writelines(f"{frame.onset:g}\t{frame.state}\n" for frame in frames)

    def process_event(self, event: Event | Command) -> None:
        """Leave events out."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_sine(argument: str, *, now: Callable[[], float] = time.monotonic) -> SineSource:
    """Return the source of ``plugin:sine`` or ``plugin:sine:HZ``."""
    return SineSource(float(argument or 10.0), now)


def open_states(argument: str, stream: StreamInfo, hop_s: float) -> StateFile:
    """Return the output of ``--output states:FILE``."""
    del stream, hop_s  # other outputs need the names of the channels and the rate of the frames
    return StateFile(Path(argument))
