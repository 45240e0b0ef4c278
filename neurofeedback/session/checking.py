"""How a headset sits, without a recording: reads an open source and judges every second of every electrode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from neurofeedback.acquisition.open import keeps_own_pace, open_source
from neurofeedback.acquisition.reconnect import Reconnecting
from neurofeedback.acquisition.source import Source, SourceEnded
from neurofeedback.acquisition.watchdog import FIRST_SAMPLE_S
from neurofeedback.errors import SourceError
from neurofeedback.processing.electrodes import ElectrodeJudge
from neurofeedback.session.fitting import FitKeeper
from neurofeedback.session.link import LinkMeter
from neurofeedback.session.mailbox import Snapshot
from neurofeedback.session.pace import Clock
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.profile import fit_montage
from neurofeedback.types import Chunk, Fit, Stream

_POLL_S = 0.01
_TELL_AGAIN_S = 0.25


@contextmanager
def checking(device: str, settings: Settings, clock: Clock) -> Iterator[Checking]:
    """Open a device by its name, look for it should it be lost, and let go of it in the end.

    Raises
    ------
    NeurofeedbackError
        There is no such device, or it does not answer.
    """
    source = open_source(device, now=clock.now)
    if not keeps_own_pace(device):
        source = Reconnecting(source, settings.gaps.lost_s, now=clock.now)
    try:
        source.open()
        wanted = source.stream.montage if settings.montage == "device" else settings.montage
        stream, montage = fit_montage(None if wanted == "auto" else load_montage(wanted), source.stream)
        yield Checking(source, stream, montage, settings, clock)
    finally:
        source.close()


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

    Attributes
    ----------
    link : LinkMeter
        How the samples arrive.
    """

    def __init__(self, source: Source, stream: Stream, montage: Montage, settings: Settings, clock: Clock) -> None:
        self.stream = stream
        self.link = LinkMeter(stream.n_channels, stream.sfreq)
        self._source = source
        self._clock = clock
        self._gaps = settings.gaps
        self._judge = ElectrodeJudge(stream.ch_names, stream.sfreq, settings, montage.full_scale_uv)
        self._keeper = FitKeeper(montage, settings.contact)
        self._last_data = clock.now()
        self._snapshot = Snapshot(status="fitting", stream=stream)

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

    def _take(self, chunk: Chunk) -> None:
        fits = [self._keeper.push(second.electrodes) for second in self._judge.push(chunk.data)]
        self._last_data = self._clock.now()
        self.link.push(chunk, self._last_data, after_silence=self._snapshot.signal_lost_s > 0)
        if fits:
            self._show(fits[-1], 0.0)

    def _watch(self) -> None:
        silent_s = self._clock.now() - self._last_data
        if silent_s >= self._gaps.give_up_s:
            raise SourceError(
                f"nothing has come from {self.stream.device} for {silent_s:.0f} s",
                todo="check that the headset is on and near, then start again",
            )
        patience_s = self._gaps.lost_s if self.link.n_samples else max(FIRST_SAMPLE_S, self._gaps.lost_s)
        if silent_s >= max(patience_s, self._snapshot.signal_lost_s + _TELL_AGAIN_S):
            self._show(self._keeper.lose(), silent_s)

    def _show(self, fit: Fit, lost_s: float) -> None:
        facts = self.link.facts
        self._snapshot = Snapshot(
            status="fitting",
            stream=self.stream,
            elapsed_s=self.link.n_samples / self.stream.sfreq,
            signal_lost_s=lost_s,
            contacts=tuple(electrode.contact for electrode in fit.electrodes),
            fit=fit,
            loss_rate=float(np.mean(facts.loss_rates)),
            latency_ms=facts.latency_p50_ms,
        )
