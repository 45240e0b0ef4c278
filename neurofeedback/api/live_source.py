"""Live sources of the public API: a device as a context manager that is iterable over its chunks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from neurofeedback.acquisition import open as acquisition
from neurofeedback.acquisition.source import Source, SourceEnded
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.types import Chunk, StreamInfo

if TYPE_CHECKING:
    import mne

_POLL_S = 0.02


class LiveSource:
    """A headset or another source of samples: a context manager that is iterable over its chunks.

    Made by `open_source`. Entering connects and starts to stream, leaving stops and releases the device.
    Iterating waits for samples and ends when the source has no more.
    """

    def __init__(self, source: Source, wait: Callable[[], None]) -> None:
        self._source = source
        self._wait = wait
        self._is_open = False

    def __enter__(self) -> Self:
        self._source.open()
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Chunk]:
        while True:
            if not self._is_open:
                raise SourceError("the source is not open", todo='use it as in "with nf.open_source(...) as source:"')
            try:
                chunk = self._source.read()
            except SourceEnded:
                return
            if chunk is None:
                self._wait()
            else:
                yield chunk

    @property
    def stream(self) -> StreamInfo:
        """Device, channel names and sampling frequency; complete once the source is open."""
        return self._source.stream

    @property
    def info(self) -> mne.Info:
        """Channels (type EEG, usual 10-10 positions), sampling frequency in Hz and no data, for MNE."""
        from neurofeedback.formats.mne_conversion import to_info  # mne when asked for

        return to_info(self.stream)

    def close(self) -> None:
        """Stop streaming and release the device; safe to call twice."""
        self._is_open = False
        self._source.close()


class _VirtualClock:
    """A clock for what this program itself plays: it advances as fast as the samples are read."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def __call__(self) -> float:
        return self._now_s

    def advance(self) -> None:
        self._now_s += _POLL_S


def open_source(device: str, *, duration_s: float | None = None, real_time: bool = True) -> LiveSource:
    """Return the source a device name stands for; a ``with`` statement connects and disconnects it.

    Parameters
    ----------
    device : str
        A name as on the command line: ``simulated:SEED``, ``synthetic``, ``muse-2``, ``cyton:/dev/ttyUSB0``,
        ``playback:FILE``, ``lsl:NAME`` or ``brainflow:BOARD``.
    duration_s : float, optional
        Length of a simulated session in s; 90 minutes by default.
    real_time : bool
        Whether ``simulated`` and ``playback`` deliver their samples at the pace of the clock. False delivers them
        as fast as they are read. Any other device sends in real time.

    Returns
    -------
    LiveSource
        A context manager, iterable over `Chunk` (``data`` has shape (n_channels, n_samples), float32, uV, NaN where
        samples were lost), with ``stream`` and ``info``.

    Raises
    ------
    SettingsError
        There is no such device, its name lacks what follows the colon, or it cannot be read faster than real time.
    RecordingError
        The file to play cannot be read.
    SourceError
        On entering: the device is not there or does not answer.

    Examples
    --------
    >>> import neurofeedback as nf
    >>> with nf.open_source("simulated:3", duration_s=2.0, real_time=False) as source:
    ...     n_samples = sum(chunk.n_samples for chunk in source)
    ...     print(source.stream.sfreq, source.info["ch_names"], n_samples > 400)
    256.0 ['TP9', 'AF7', 'AF8', 'TP10'] True
    """
    if real_time:
        return LiveSource(acquisition.open_source(device, duration_s=duration_s), lambda: time.sleep(_POLL_S))
    if not acquisition.is_self_paced(device):
        raise SettingsError(
            "this device sends in real time only",
            got=repr(device),
            allowed="simulated and playback",
            todo="leave real_time out",
        )
    clock = _VirtualClock()
    return LiveSource(acquisition.open_source(device, now=clock, duration_s=duration_s), clock.advance)
