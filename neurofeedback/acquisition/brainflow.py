"""A source for any board that BrainFlow supports."""

from __future__ import annotations

import contextlib
import logging
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from brainflow.board_shim import BoardShim, BrainFlowError, BrainFlowInputParams
from numpy.typing import NDArray

from neurofeedback.acquisition import brainflow_log
from neurofeedback.acquisition.aux_signals import AuxTable, find_aux_signals, split_signals
from neurofeedback.acquisition.board_info import auxiliary_tables, describe_board, describe_stream
from neurofeedback.acquisition.boards import BoardSpec
from neurofeedback.acquisition.brainflow_errors import to_source_error
from neurofeedback.acquisition.datagrams import wait_for_datagram
from neurofeedback.acquisition.placement.counter_tracking import arrival_times, to_seconds
from neurofeedback.acquisition.placement.muse_stale_blocks import StalePacketFilter
from neurofeedback.acquisition.placement.sample_placement import PlacedSamples, SamplePlacer, restrict_to_channels
from neurofeedback.acquisition.port_users import find_port_users
from neurofeedback.errors import SourceError
from neurofeedback.formats.text.athena_scale import ATHENA, FIRST_CORRECT, has_old_scale
from neurofeedback.types import AuxChunk, Chunk, StreamInfo

_log = logging.getLogger(__name__)
_BUFFER_S = 60


class BoardSource:
    """Numbered samples of one board.

    Parameters
    ----------
    spec : BoardSpec
        The board.
    parameters : mapping, optional
        BrainFlow's input parameters by name, such as ``serial_port``.
    device : str, optional
        Device name as typed; the spec's name by default.
    setup : str, optional
        BrainFlow command that configures the board before it streams.
    now : callable
        Monotonic clock, s.
    wall : callable
        The clock of BrainFlow's timestamps, s since 1970.
    """

    def __init__(
        self,
        spec: BoardSpec,
        parameters: Mapping[str, str | int] | None = None,
        *,
        device: str = "",
        setup: str = "",
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._spec = spec
        self._parameters = dict(parameters or {})
        self._setup = setup
        self._now = now
        self._wall = wall
        self._description = describe_board(spec, self._parameters)
        self._stream = describe_stream(spec, self._description, device or spec.name)
        self._aux_signals = find_aux_signals(self._description)
        self._columns = [
            *self._description["eeg_channels"],
            *(column for s in self._aux_signals for column in s.columns),
        ]
        self._rule = spec.counter
        self._placer = SamplePlacer(len(self._columns), self._stream.sfreq, self._rule)
        self._stale_filter = _make_stale_filter(spec, self._description)
        self._tables = _aux_tables(spec, self._parameters, [signal.label for signal in self._aux_signals])
        self._origin: float | None = None
        self._first_stamp = 0.0
        self._port = str(self._parameters.get("serial_port", ""))
        self._is_open = self._port_existed = False
        self._board: BoardShim | None = None
        self._finalize: weakref.finalize[Any, Any] | None = None
        self._last_read = 0.0
        self._received = False
        self._impedances: tuple[float, ...] = ()

    @property
    def stream(self) -> StreamInfo:
        """The board's stream, from BrainFlow's description of it."""
        return self._stream

    @property
    def measures_impedance(self) -> bool:
        """Whether the board can measure impedance."""
        return bool(self._spec.impedance_commands)

    @property
    def impedances(self) -> tuple[float, ...]:
        """Newest impedance of each electrode and of the reference, kOhm; 0 where none has been measured."""
        return self._impedances

    def start_impedance(self) -> None:
        """Measure impedance from now on; the board sends no samples meanwhile."""
        self._impedances = ()
        self._configure(self._spec.impedance_commands[0])

    def stop_impedance(self) -> None:
        """Let the board stream again; the host's clock places its next sample."""
        self._configure(self._spec.impedance_commands[1])
        self._placer.restart()

    def _configure(self, command: str) -> None:
        if self._board is None:
            raise SourceError(f"{self._stream.device} is not open")
        try:
            self._board.config_board(command)
        except BrainFlowError as error:
            raise to_source_error(error.exit_code, self._spec, self._parameters, brainflow_log.drain()) from None

    def open(self) -> None:
        """Connect and start streaming; after a ``close`` the sample numbers continue by the host's clock.

        Raises
        ------
        SourceError
            The board is missing, does not answer, or is in use by another program.
        """
        if self._is_open:
            return
        self._check_scale()
        self._check_port()
        if self._spec.datagram_port:
            wait_for_datagram(int(self._parameters.get("ip_port", self._spec.datagram_port)))
        brainflow_log.redirect()
        board = _Board(self._spec.board_id, _input_params(self._parameters))
        try:
            board.prepare_session()
            self._finalize = weakref.finalize(self, _release, board)
            self._find_counter_rule(board)
            if self._setup:
                board.config_board(self._setup)
            board.start_stream(round(_BUFFER_S * self._stream.sfreq))
        except BrainFlowError as error:
            failure = to_source_error(error.exit_code, self._spec, self._parameters, brainflow_log.drain())
            self.close()
            raise failure from None
        except SourceError:
            self.close()
            raise
        self._board = board
        self._is_open, self._port_existed = True, bool(self._port) and Path(self._port).exists()
        self._last_read = self._now()
        self._placer.restart()
        if self._stale_filter:
            self._stale_filter.restart()
        for table in self._tables:
            table.restart(self._last_read)

    def _find_counter_rule(self, board: BoardShim) -> None:
        """Find how the board counts by its firmware, if that differs; it is the same after each reconnection."""
        rules = self._spec.counters_by_firmware
        if not rules:
            return
        firmware = board.config_board("get_firmware_version")
        if firmware not in rules:
            raise SourceError(
                f"this {self._spec.name} does not say which firmware it has",
                got=firmware,
                allowed=", ".join(rules),
                todo="name it: docs/headsets.md says how",
            )
        self._stream = replace(self._stream, facts={**self._stream.facts, "firmware": firmware})
        if self._rule is not rules[firmware]:
            self._rule = rules[firmware]
            self._placer = SamplePlacer(len(self._columns), self._stream.sfreq, self._rule)

    def _check_scale(self) -> None:
        """Refuse an Athena on a BrainFlow that gives its samples too large: they would be recorded so."""
        version = BoardShim.get_version()
        if self._description["name"] == ATHENA and has_old_scale(version):
            raise SourceError(
                "this BrainFlow gives the samples of a Muse S Athena 4.55 times too large",
                got=version,
                allowed=f"{FIRST_CORRECT} or newer",
                todo="python -m pip install --upgrade brainflow",
            )

    def _check_port(self) -> None:
        others = find_port_users(self._port) if self._port else []
        if others:
            raise SourceError("another program has the serial port open", got=", ".join(others), todo="close it first")

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read, or None; also None for a board that is gone."""
        if not self._is_open:
            raise SourceError(f"{self._stream.device} is not open")
        if self._board is None:
            return None
        try:
            rows = self._board.get_board_data()
            since, self._last_read = self._last_read, self._now()
            rows = self._stale_filter.process(rows) if self._stale_filter else rows
            rows = self._select_samples(rows)
            if rows.shape[1]:
                return self._chunk(rows, since)
        except BrainFlowError as error:
            raise to_source_error(error.exit_code, self._spec, self._parameters, brainflow_log.drain()) from None
        if self._port_existed and not Path(self._port).exists():
            _log.warning("%s was unplugged", self._stream.device)
            self._release_board()  # the driver would keep a core busy reading a port that no longer exists
        return None

    def _select_samples(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the columns of the driver's table that are samples: a Ganglion's impedances are in it too."""
        rule = self._rule
        if rule is None or not self._spec.counters_by_firmware:
            return rows
        counters = rows[self._description["package_num_channel"]].astype(np.int64).tolist()
        is_sample = np.array([rule.is_sample(counter) for counter in counters], bool)
        if not is_sample.all():
            newest = rows[self._description["resistance_channels"], np.flatnonzero(~is_sample)[-1]]
            self._impedances, self._received = tuple(newest.tolist()), True
        return rows[:, is_sample]

    def _chunk(self, rows: NDArray[np.float64], since: float) -> Chunk | None:
        stamps = to_seconds(rows[self._description["timestamp_channel"]])
        waited_s = min(max(0.0, self._wall() - float(stamps[-1])), self._last_read - since)
        counters = rows[self._description["package_num_channel"]].astype(np.int64).tolist()
        times = arrival_times(stamps, since, self._last_read)
        self._received = True
        if self._origin is None and not self._placer.has_pending:
            self._first_stamp = float(stamps[0])
        placed = self._placer.place(rows[self._columns], counters, times)
        if placed is None:
            return None
        if self._origin is None:
            self._origin = self._first_stamp
        device_time = None if self._placer.has_pending else float(stamps[-1])
        return self._to_chunk(placed, device_time, list(self._read_tables()), waited_s)

    def _read_tables(self) -> Iterator[AuxChunk]:
        """Yield what has arrived in the tables without EEG."""
        board, origin = self._board, self._origin
        if board is None or origin is None:
            return
        for table in self._tables:
            yield from table.process(board.get_board_data(preset=table.preset), origin, self._last_read)

    def _to_chunk(
        self, placed: PlacedSamples, device_time: float | None, others: Sequence[AuxChunk], waited_s: float
    ) -> Chunk:
        n_channels = self._stream.n_channels
        same_table = split_signals(self._aux_signals, placed, n_channels, 0.0)
        lost = restrict_to_channels(placed.lost, n_channels)
        data = placed.data[:n_channels]
        return Chunk(placed.first_sample, data, lost, device_time, self._last_read, (*same_table, *others), waited_s)

    def flush(self) -> Chunk | None:
        """Return the samples that are held, placed by what is known now; no read may follow."""
        placed = self._placer.flush()
        if placed is None:
            return None
        self._last_read = self._now()
        others: list[AuxChunk] = []
        with contextlib.suppress(BrainFlowError):  # the board is gone, and what it still had
            others.extend(self._read_tables())  # not read while the samples were held
        others += [chunk for table in self._tables for chunk in table.flush()]
        return self._to_chunk(placed, None, others, 0.0)

    def pop_received(self) -> bool:
        """Return whether samples were read since the last call, also if they are held until their place is known."""
        received, self._received = self._received, False
        return received

    def restart_numbering(self) -> None:
        """Count samples of all signals from 0 again; the board goes on streaming."""
        shift_s = self._placer.restart_numbering() / self._stream.sfreq
        if self._origin is not None:
            self._origin += shift_s
        for table in self._tables:
            table.restart_numbering(shift_s)

    def close(self) -> None:
        """Stop and release the board, also one that is gone; may take seconds."""
        self._is_open = False
        self._release_board()

    def _release_board(self) -> None:
        self._board = None
        finalize, self._finalize = self._finalize, None
        if finalize is not None:
            finalize()
            brainflow_log.drain()
            _log.info(
                "%s released; so far %d duplicate or garbage samples dropped, %d stale blocks of a channel marked",
                self._stream.device,
                self._placer.n_dropped,
                self._stale_filter.n_stale if self._stale_filter else 0,
            )


class _Board(BoardShim):
    """A BrainFlow session that only ``_release`` ends.

    ``BoardShim.__del__`` releases by board number and parameters, not by object: an old object that is deleted
    late (a traceback may refer to it) would end the session of its successor.
    """

    def __del__(self) -> None:
        pass


def _release(board: BoardShim) -> None:
    """End a session; release also a board that is gone and cannot be stopped."""
    for end in (board.stop_stream, board.release_session):
        with contextlib.suppress(BrainFlowError):
            end()


def _make_stale_filter(spec: BoardSpec, description: Mapping[str, Any]) -> StalePacketFilter | None:
    """Return a filter for a board whose driver repeats blocks of single channels, else None."""
    if spec.counter is None or not spec.repeats_blocks:
        return None
    return StalePacketFilter(description["eeg_channels"], description["package_num_channel"], spec.counter.repeat)


def _aux_tables(spec: BoardSpec, parameters: Mapping[str, str | int], exclude: Iterable[str]) -> tuple[AuxTable, ...]:
    """Return the board's tables without EEG that hold signals no earlier table has."""
    tables: list[AuxTable] = []
    labels = set(exclude)
    for preset, description in auxiliary_tables(spec, parameters).items():
        signals = find_aux_signals(description, labels)
        labels |= {signal.label for signal in signals}
        if signals:
            tables.append(AuxTable(preset, description, signals, spec.counters.get(signals[0].label)))
    return tuple(tables)


def _input_params(parameters: Mapping[str, str | int]) -> BrainFlowInputParams:
    params = BrainFlowInputParams()
    for name, value in parameters.items():
        setattr(params, name, value)
    return params
