"""Auxiliary signals of a board (motion, pulse, battery), with their sample numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.acquisition.placement.counter_rules import CounterRule
from neurofeedback.acquisition.placement.counter_tracking import arrival_times
from neurofeedback.acquisition.placement.sample_placement import PlacedSamples, SamplePlacer
from neurofeedback.types import AuxChunk

_XYZ = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class _SignalKind:
    """A key of BrainFlow's description, and the label, names and unit of its channels here."""

    key: str
    label: str
    name: str
    unit: str = "n/a"
    axes: tuple[str, ...] = ()


_SIGNAL_KINDS = (
    _SignalKind("accel_channels", "motion", "accel", "g", _XYZ),
    _SignalKind("gyro_channels", "motion", "gyro", "deg/s", _XYZ),
    _SignalKind("magnetometer_channels", "motion", "magnetometer", axes=_XYZ),
    _SignalKind("rotation_channels", "motion", "rotation", axes=_XYZ),
    _SignalKind("ppg_channels", "ppg", "ppg"),
    _SignalKind("optical_channels", "optics", "optics"),
    _SignalKind("eda_channels", "skin", "eda"),
    _SignalKind("temperature_channels", "skin", "temperature"),
    _SignalKind("battery_channel", "battery", "battery", "%"),
)


@dataclass(frozen=True, slots=True)
class AuxSignal:
    """One auxiliary signal: its label, rate and channels, and their columns in the driver's table."""

    label: str
    sfreq: float
    columns: tuple[int, ...]
    ch_names: tuple[str, ...]
    units: tuple[str, ...]

    def to_auxiliary(self, placed: PlacedSamples, rows: slice, start_s: float) -> AuxChunk:
        """Return rows of placed samples as a chunk of this signal."""
        return AuxChunk(
            self.label, self.sfreq, self.ch_names, self.units, start_s, placed.first_sample, placed.data[rows]
        )


def find_aux_signals(description: Mapping[str, Any], exclude: Iterable[str] = ()) -> tuple[AuxSignal, ...]:
    """List the auxiliary signals of one of a board's tables, without those whose labels are excluded.

    Examples
    --------
    >>> find_aux_signals({"sampling_rate": 52, "accel_channels": [1, 2, 3]})[0].ch_names
    ('accel_x', 'accel_y', 'accel_z')
    """
    found: dict[str, list[tuple[int, str, str]]] = {}
    for kind in _SIGNAL_KINDS:
        columns = description.get(kind.key, [])
        columns = columns if isinstance(columns, list) else [columns]
        for i, column in enumerate(columns):
            found.setdefault(kind.label, []).append((column, _name(kind, i, len(columns)), kind.unit))
    sfreq = float(description.get("sampling_rate", 0))
    return tuple(
        AuxSignal(label, sfreq, *(tuple(part) for part in zip(*channels, strict=True)))
        for label, channels in found.items()
        if label not in exclude
    )


def _name(kind: _SignalKind, i: int, n_columns: int) -> str:
    if n_columns == len(kind.axes):
        return f"{kind.name}_{kind.axes[i]}"
    return kind.name if n_columns == 1 else f"{kind.name}_{i + 1}"


def split_signals(
    signals: Sequence[AuxSignal], placed: PlacedSamples, first_row: int, start_s: float
) -> tuple[AuxChunk, ...]:
    """Split placed rows, from ``first_row`` on, into one chunk for each signal."""
    cut: list[AuxChunk] = []
    for signal in signals:
        stop = first_row + len(signal.columns)
        cut.append(signal.to_auxiliary(placed, slice(first_row, stop), start_s))
        first_row = stop
    return tuple(cut)


class AuxTable:
    """A table of a board that holds no EEG; its samples are placed like those of the EEG.

    Parameters
    ----------
    preset : int
        BrainFlow's number of the table.
    description : mapping
        BrainFlow's description of the table.
    signals : sequence of AuxSignal
        The signals to read.
    rule : CounterRule, optional
        How the table's packet counter runs.
    """

    def __init__(
        self, preset: int, description: Mapping[str, Any], signals: Sequence[AuxSignal], rule: CounterRule | None
    ) -> None:
        self.preset = preset
        self._signals = signals
        self._columns = [column for signal in signals for column in signal.columns]
        self._counter, self._timestamp = description["package_num_channel"], description["timestamp_channel"]
        self._sfreq = float(description["sampling_rate"])
        self._placer = SamplePlacer(len(self._columns), self._sfreq, rule)
        self._start_s: float | None = None
        self._has_placed = False
        self._last_read = 0.0

    def restart(self, now: float) -> None:
        """Expect counter and clock to start again, as after a reconnect; ``now`` on the host's clock, s."""
        self._placer.restart()
        self._last_read = now
        if not self._has_placed:  # what was read so far is dropped
            self._start_s = None

    def restart_numbering(self, shift_s: float) -> None:
        """Count samples from 0 again, for a recording that starts ``shift_s`` (s) later than the previous one."""
        n_samples = self._placer.restart_numbering()
        if self._start_s is not None:
            self._start_s += n_samples / self._sfreq - shift_s

    def process(self, rows: NDArray[np.float64], origin: float, now: float) -> tuple[AuxChunk, ...]:
        """Return the chunks of the samples that have arrived.

        Parameters
        ----------
        rows : ndarray, shape (n_columns, n_samples)
            The driver's table.
        origin : float
            Time of the recording's first sample on the driver's clock, s.
        now : float
            The host's monotonic clock, s.
        """
        since, self._last_read = self._last_read, now
        if not rows.shape[1]:
            return ()
        stamps, counters = rows[self._timestamp], rows[self._counter].astype(np.int64).tolist()
        if self._start_s is None:
            self._start_s = float(stamps[0]) - origin
        return self._split(self._placer.place(rows[self._columns], counters, arrival_times(stamps, since, now)))

    def flush(self) -> tuple[AuxChunk, ...]:
        """Return the chunks of the samples that are held, placed by what is known now."""
        return self._split(self._placer.flush())

    def _split(self, placed: PlacedSamples | None) -> tuple[AuxChunk, ...]:
        if placed is None or self._start_s is None:
            return ()
        self._has_placed = True
        return split_signals(self._signals, placed, 0, self._start_s)
