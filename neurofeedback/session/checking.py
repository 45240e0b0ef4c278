"""How a headset sits, without a recording: reads an open source and judges every second of every electrode."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurofeedback.acquisition.source import Source, SourceEnded
from neurofeedback.errors import SourceError
from neurofeedback.processing.electrodes import WORDS, ElectrodeJudge
from neurofeedback.session.fitting import FitKeeper
from neurofeedback.session.mailbox import Snapshot
from neurofeedback.session.pace import Clock
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.types import Chunk, Contact, Fit, Stream, Verdict

_POLL_S = 0.01
_LATENCY_READS = 500


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """How the samples arrive: the share lost on each channel, and how old the oldest of a read is (ms)."""

    loss_rates: tuple[float, ...]
    latency_p50_ms: float
    latency_p95_ms: float


class Checking:
    """Looks at an open source until nobody asks any more.

    Parameters
    ----------
    source : Source
        Open; it stays so.
    stream : Stream
        What it delivers, its channels named by the montage.
    montage : Montage
        On the stream's rows.
    clock : Clock
        Paces the looks and counts silence.
    """

    def __init__(self, source: Source, stream: Stream, montage: Montage, settings: Settings, clock: Clock) -> None:
        self._source = source
        self._stream = stream
        self._clock = clock
        self._gaps = settings.gaps
        self._judge = ElectrodeJudge(stream.ch_names, stream.sfreq, settings, montage.full_scale_uv)
        self._keeper = FitKeeper(montage, settings.contact)
        self._n_lost = np.zeros(stream.n_channels, dtype=np.int64)
        self._ages_ms: deque[float] = deque(maxlen=_LATENCY_READS)
        self._last_data = clock.now()
        self._lost_s = 0.0
        self._snapshot = Snapshot(status="fitting", stream=stream)
        self.n_samples = 0
        self.fit: Fit | None = None

    def snapshots(self) -> Iterator[Snapshot]:
        """Look once for each snapshot taken, the same one until there is news; ends with the source.

        Raises
        ------
        SourceError
            Nothing has come for so long that the device counts as gone for good.
        """
        while True:
            try:
                chunk = self._source.read()
            except SourceEnded:
                return
            if chunk is not None and chunk.n_samples:
                self._take(chunk)
            else:
                self._watch()
                self._clock.wait(_POLL_S)
            yield self._snapshot

    @property
    def link(self) -> LinkFacts:
        """How the samples have arrived so far."""
        p50, p95 = np.percentile(self._ages_ms, (50, 95)).tolist() if self._ages_ms else (np.nan, np.nan)
        return LinkFacts(tuple((self._n_lost / max(1, self.n_samples)).tolist()), p50, p95)

    def _take(self, chunk: Chunk) -> None:
        back = self._lost_s > 0
        self._last_data, self._lost_s = self._clock.now(), 0.0
        self.n_samples += chunk.n_samples
        self._n_lost += np.isnan(chunk.data).sum(axis=1)
        seconds = self._judge.push(chunk.data)
        for second in seconds:
            self.fit = self._keeper.push(second.electrodes)
        age_s = self._clock.now() - chunk.host_time + chunk.n_samples / self._stream.sfreq
        if not back:  # a gap filled in afterwards says nothing about a usual read
            self._ages_ms.append(1000 * age_s)
        if seconds or back:
            self._show(() if self.fit is None else tuple(electrode.contact for electrode in self.fit.electrodes))

    def _watch(self) -> None:
        silent_s = self._clock.now() - self._last_data
        if silent_s >= self._gaps.give_up_s:
            raise SourceError(
                f"nothing has come from {self._stream.device} for {silent_s:.0f} s",
                todo="check that the headset is on and near, then start again",
            )
        if silent_s >= self._gaps.lost_s:
            self._keeper.reset()
            self.fit, self._lost_s = None, silent_s
            self._show(tuple(Contact(name, Verdict.BAD, (WORDS["lost"],)) for name in self._stream.ch_names))

    def _show(self, contacts: tuple[Contact, ...]) -> None:
        link = self.link
        self._snapshot = Snapshot(
            status="fitting",
            stream=self._stream,
            elapsed_s=self.n_samples / self._stream.sfreq,
            signal_lost_s=self._lost_s,
            contacts=contacts,
            fit=self.fit,
            loss_rate=float(np.mean(link.loss_rates)),
            latency_ms=link.latency_p50_ms,
        )
