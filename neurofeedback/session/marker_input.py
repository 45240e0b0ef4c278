"""Markers that another program of this machine sends by Lab Streaming Layer, such as PsychoPy."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurofeedback.acquisition.loopback import restricted_to_loopback
from neurofeedback.acquisition.lsl import load_lsl
from neurofeedback.errors import SourceError

if TYPE_CHECKING:
    from mne_lsl.lsl import StreamInlet

_log = logging.getLogger(__name__)
_FIND_S = 5.0
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker, and how long ago it was sent, s."""

    text: str
    age_s: float


class LslMarkers:
    """Receives the markers of one stream; a sender that starts again is found again.

    Parameters
    ----------
    name : str
        Name of the stream.

    Raises
    ------
    SourceError
        There is no such stream on this machine, it is a stream of a regular rate, or it cannot be read.
    SettingsError
        The extra ``lsl`` is not installed.
    """

    def __init__(self, name: str) -> None:
        lsl = load_lsl()
        self._clock = lsl.local_clock
        self._last_error = ""
        self._inlet: StreamInlet | None = None
        try:
            with restricted_to_loopback():
                self._connect(name, lsl)
        except (OSError, TimeoutError, RuntimeError) as error:
            self.close()
            _log.info("stream %s: %s", name, error)
            raise SourceError(
                f"stream {name} cannot be read",
                got=f"no answer within {_FIND_S:.0f} s",
                todo="see that its program is running",
            ) from None

    def _connect(self, name: str, lsl: Any) -> None:
        found = lsl.resolve_streams(timeout=_FIND_S, name=name)
        if not found:
            raise SourceError(
                f"there is no stream of markers named {name}",
                got=f"nothing within {_FIND_S:.0f} s",
                allowed="a stream of this machine",
                todo="start its program first",
            )
        if found[0].sfreq > 0:
            raise SourceError(
                f"stream {name} has no markers",
                got=f"samples at {found[0].sfreq:g} Hz",
                allowed="a stream of an irregular rate, such as of type Markers",
            )
        self._inlet = inlet = lsl.StreamInlet(found[0])  # of this machine: one clock
        inlet.open_stream(timeout=_FIND_S)

    def read(self) -> list[Marker]:
        """Return the markers since the last call; none while the sender is gone."""
        if self._inlet is None:
            return []
        try:
            rows, stamps = self._inlet.pull_chunk(timeout=0.0)
        except (TimeoutError, RuntimeError) as error:
            if str(error) != self._last_error:
                self._last_error = str(error)
                _log.warning("no markers: %s", error)
            return []
        now = self._clock()
        return [
            Marker(str(row[0])[:_LONGEST], max(0.0, now - float(stamp)))
            for row, stamp in zip(rows, stamps, strict=True)
        ]

    def close(self) -> None:
        """Close the stream; may be called twice."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            with contextlib.suppress(RuntimeError, TimeoutError):
                inlet.close_stream()
