"""Any board BrainFlow drives, as a source."""

from __future__ import annotations

import contextlib
import logging
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brainflow.board_shim import BoardShim, BrainFlowError, BrainFlowInputParams
from numpy.typing import NDArray

from neurofeedback.acquisition import native_log
from neurofeedback.acquisition.auxiliary import Table, signals_in, stretches
from neurofeedback.acquisition.boards import BoardSpec
from neurofeedback.acquisition.clock import arrival_times
from neurofeedback.acquisition.descriptions import ch_names, describe, other_tables
from neurofeedback.acquisition.explain import explain
from neurofeedback.acquisition.holders import holders
from neurofeedback.acquisition.ledger import Ledger, of_channels
from neurofeedback.acquisition.stale import StaleBlocks
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, Stream

_log = logging.getLogger(__name__)
_BUFFER_S = 60


class BoardSource:
    """Samples of one board, in their places.

    Parameters
    ----------
    spec : BoardSpec
        The board.
    parameters : mapping, optional
        BrainFlow's input parameters by name, such as ``serial_port``.
    device : str, optional
        The name the person typed; the spec's own by default.
    setup : str, optional
        BrainFlow's command that sets the board up before it streams.
    now : callable
        Monotonic clock, s.
    wall : callable
        The clock BrainFlow stamps arrivals with, s since 1970.
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
        self._description = describe(spec, self._parameters)
        self._stream = _stream(spec, self._description, device or spec.name)
        self._beside = signals_in(self._description)
        self._columns = [*self._description["eeg_channels"], *(column for s in self._beside for column in s.columns)]
        self._ledger = Ledger(len(self._columns), self._stream.sfreq, spec.counter)
        self._blocks = _blocks(spec, self._description)
        self._tables = _tables(spec, self._parameters, [signal.label for signal in self._beside])
        self._origin: float | None = None
        self._port = str(self._parameters.get("serial_port", ""))
        self._is_open = self._port_was_there = False
        self._board: BoardShim | None = None
        self._finalize: weakref.finalize[Any, Any] | None = None
        self._last_read = 0.0

    @property
    def stream(self) -> Stream:
        """What the board delivers, from BrainFlow's own description of it."""
        return self._stream

    def open(self) -> None:
        """Connect and start streaming; after a ``close`` the sample positions go on, by the host's clock.

        Raises
        ------
        SourceError
            The board is not there, does not answer, or is held by someone else.
        """
        if self._is_open:
            return
        self._check_port()
        native_log.redirect()
        board = _Board(self._spec.board_id, _input_params(self._parameters))
        try:
            board.prepare_session()
            self._finalize = weakref.finalize(self, _release, board)
            if self._setup:
                board.config_board(self._setup)
            board.start_stream(round(_BUFFER_S * self._stream.sfreq))
        except BrainFlowError as error:
            failure = explain(error.exit_code, self._spec, self._parameters, native_log.drain())
            self.close()
            raise failure from None
        self._board = board
        self._is_open, self._port_was_there = True, bool(self._port) and Path(self._port).exists()
        self._last_read = self._now()
        self._ledger.restart()
        if self._blocks:
            self._blocks.restart()
        for table in self._tables:
            table.restart(self._last_read)

    def _check_port(self) -> None:
        others = holders(self._port) if self._port else []
        if others:
            raise SourceError("another program has the serial port open", got=", ".join(others), todo="close it first")

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read, or None; a board that is gone is silent, no more."""
        if not self._is_open:
            raise SourceError(f"{self._stream.device} is not open")
        if self._board is None:
            return None
        try:
            rows = self._board.get_board_data()
            since, self._last_read = self._last_read, self._now()
            rows = self._blocks.push(rows) if self._blocks else rows
            if rows.shape[1]:
                return self._chunk(self._board, rows, since)
        except BrainFlowError as error:
            raise explain(error.exit_code, self._spec, self._parameters, native_log.drain()) from None
        if self._port_was_there and not Path(self._port).exists():
            _log.warning("%s was unplugged", self._stream.device)
            self._let_go()  # the driver would keep a core busy reading a port that is no more
        return None

    def _chunk(self, board: BoardShim, rows: NDArray[np.float64], since: float) -> Chunk | None:
        stamps = rows[self._description["timestamp_channel"]]
        waited_s = min(max(0.0, self._wall() - float(stamps[-1])), self._last_read - since)
        counters = rows[self._description["package_num_channel"]].astype(np.int64).tolist()
        times = arrival_times(stamps, since, self._last_read)
        placed = self._ledger.push(rows[self._columns], counters, times)
        if placed is None:
            return None
        if self._origin is None:
            self._origin = float(stamps[0])
        n_channels = self._stream.n_channels
        beside = stretches(self._beside, placed, n_channels, 0.0)
        others = [
            stretch
            for table in self._tables
            for stretch in table.push(board.get_board_data(preset=table.preset), self._origin, self._last_read)
        ]
        device_time = None if self._ledger.in_doubt else float(stamps[-1])
        lost = of_channels(placed.lost, n_channels)
        data = placed.data[:n_channels]
        return Chunk(placed.first_sample, data, lost, device_time, self._last_read, (*beside, *others), waited_s)

    def close(self) -> None:
        """Stop and release the board, also one that is gone; may take seconds."""
        self._is_open = False
        self._let_go()

    def _let_go(self) -> None:
        self._board = None
        finalize, self._finalize = self._finalize, None
        if finalize is not None:
            finalize()
            native_log.drain()
            _log.info(
                "%s let go; so far %d duplicate or garbage samples dropped, %d stale blocks of a channel marked",
                self._stream.device,
                self._ledger.n_dropped,
                self._blocks.n_stale if self._blocks else 0,
            )


class _Board(BoardShim):
    """A session that only ``_release`` ends.

    BoardShim's own ``__del__`` releases by board number and parameters, not by object: an old object that
    dies late (a traceback may hold it) would end the session of its successor.
    """

    def __del__(self) -> None:
        pass


def _release(board: BoardShim) -> None:
    """End a session. A board that is gone cannot be stopped, which is no reason not to release it."""
    for end in (board.stop_stream, board.release_session):
        with contextlib.suppress(BrainFlowError):
            end()


def _blocks(spec: BoardSpec, description: Mapping[str, Any]) -> StaleBlocks | None:
    """Watch the channels of a board whose driver gives them out in blocks."""
    if spec.counter is None or spec.counter.repeat == 1:
        return None
    return StaleBlocks(description["eeg_channels"], description["package_num_channel"], spec.counter.repeat)


def _tables(spec: BoardSpec, parameters: Mapping[str, str | int], taken: Iterable[str]) -> tuple[Table, ...]:
    """List the board's other tables, as far as they hold signals that no table before them does."""
    tables: list[Table] = []
    labels = set(taken)
    for preset, description in other_tables(spec, parameters).items():
        signals = signals_in(description, labels)
        labels |= {signal.label for signal in signals}
        if signals:
            tables.append(Table(preset, description, signals, spec.counters.get(signals[0].label)))
    return tuple(tables)


def _stream(spec: BoardSpec, description: Mapping[str, Any], device: str) -> Stream:
    return Stream(
        device=device,
        sfreq=float(description["sampling_rate"]),
        ch_names=ch_names(description),
        montage=spec.montage,
        placed_freely=spec.placed_freely or not description.get("eeg_names"),
        reference=spec.reference,
        ground=spec.ground,
        manufacturer=spec.manufacturer,
        model=description["name"],
        facts={"board_id": str(spec.board_id), "brainflow": BoardShim.get_version()},
    )


def _input_params(parameters: Mapping[str, str | int]) -> BrainFlowInputParams:
    params = BrainFlowInputParams()
    for name, value in parameters.items():
        setattr(params, name, value)
    return params
