"""Read an open headset and rate each electrode every second: the loop of ``check`` and of the headset fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from neurofeedback.acquisition.battery import BatteryMonitor
from neurofeedback.acquisition.open import is_self_paced, open_source
from neurofeedback.acquisition.reconnect import ReconnectingSource
from neurofeedback.acquisition.source import ImpedanceSource, Source, SourceEnded
from neurofeedback.acquisition.watchdog import FIRST_SAMPLE_TIMEOUT_S
from neurofeedback.errors import SourceError
from neurofeedback.processing.contact import ElectrodeQualityMonitor
from neurofeedback.session.clock import Clock
from neurofeedback.session.fit.fit_criterion import FitCriterion
from neurofeedback.session.fit.impedance import ImpedanceMonitor
from neurofeedback.session.fit.impedance_reading import ImpedanceReading
from neurofeedback.session.link_stats import LinkMonitor
from neurofeedback.session.live_state import Snapshot
from neurofeedback.settings.load import load_montage
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.resolved_profile import apply_montage
from neurofeedback.types import Chunk, HeadsetFit, StreamInfo

_POLL_S = 0.01
_REPUBLISH_S = 0.25


@contextmanager
def open_contact_check(device: str, settings: Settings, clock: Clock) -> Iterator[ContactCheck]:
    """Open a device by name for a contact check, with reconnection, and close it at the end.

    Raises
    ------
    NeurofeedbackError
        There is no such device, or it does not answer.
    """
    source = open_source(device, now=clock.now)
    if not is_self_paced(device):
        source = ReconnectingSource(source, settings.gaps.lost_s, now=clock.now)
    try:
        source.open()
        montage_name = source.stream.montage if settings.montage == "device" else settings.montage
        stream, montage = apply_montage(None if montage_name == "auto" else load_montage(montage_name), source.stream)
        yield ContactCheck(source, stream, montage, settings, clock)
    finally:
        source.close()


class ContactCheck:
    """Reads an open source and rates its electrodes.

    Parameters
    ----------
    source : Source
        An open source; it stays open.
    stream : StreamInfo
        The source's stream, its channels named by the montage.
    montage : Montage
        On the stream's rows.
    clock : Clock
        Paces the reads and measures silence.

    Attributes
    ----------
    link_monitor : LinkMonitor
        Loss and age of the samples.
    """

    def __init__(self, source: Source, stream: StreamInfo, montage: Montage, settings: Settings, clock: Clock) -> None:
        self.stream = stream
        self.link_monitor = LinkMonitor(stream.n_channels, stream.sfreq)
        self._source = source
        self._clock = clock
        self._gaps = settings.gaps
        self._make_monitor = partial(
            ElectrodeQualityMonitor, stream.ch_names, stream.sfreq, settings, montage.full_scale_uv
        )
        self._electrode_monitor = self._make_monitor()
        self._criterion = FitCriterion(montage, settings.contact)
        self._battery = BatteryMonitor()
        self._impedance: ImpedanceMonitor | None = None
        if isinstance(source, ImpedanceSource) and source.measures_impedance:
            self._impedance = ImpedanceMonitor(source, stream.ch_names, clock.now)
        self._resumes = False
        self._last_data_time = clock.now()
        self._snapshot = Snapshot(status="fitting", stream=stream, impedance=self._impedance_reading)

    @property
    def _impedance_reading(self) -> ImpedanceReading | None:
        return None if self._impedance is None else self._impedance.reading

    @property
    def measures(self) -> bool:
        """Whether the headset measures impedance now, and sends no signal."""
        return self._impedance is not None and self._impedance.reading.measuring

    def start_impedance(self) -> None:
        """Measure the impedance of the electrodes, if the headset can; contact is rated again after it."""
        if self._impedance is not None and not self.measures:
            self._impedance.start()
            self._electrode_monitor, self._resumes = self._make_monitor(), True
            self._publish_impedance()

    def _update_impedance(self) -> bool:
        """Return whether the headset measures impedance; its end is published."""
        if self._impedance is None or not self.measures:
            return False
        self._last_data_time = self._clock.now()
        if self._impedance.update():
            return True
        self._publish_impedance()
        return False

    def _publish_impedance(self) -> None:
        """Publish that a measurement begins or ends, with the contact that was rated before it."""
        none_rated, rated = self._criterion.reset(), self._snapshot.headset_fit
        self._publish(none_rated if rated is None else replace(rated, starts_in_s=None), 0.0)

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield a snapshot for each read, the same one until it changes; ends with the source.

        Raises
        ------
        SourceError
            Nothing has arrived for ``gaps.give_up_s``.
        """
        while True:
            try:
                chunk = self._source.read()
            except SourceEnded:
                return
            measures = self._update_impedance()
            if measures:
                self._clock.wait(_POLL_S)
            elif chunk is not None and chunk.n_samples:
                self._process_chunk(chunk)
            else:
                self._check_silence()
                self._clock.wait(_POLL_S)
            yield self._snapshot

    def _process_chunk(self, chunk: Chunk) -> None:
        if self._resumes:  # what the headset did not send while it measured is no loss
            self._resumes, start = False, int(np.isfinite(chunk.data).all(axis=0).argmax())
            chunk = replace(chunk, first_sample=chunk.first_sample + start, data=chunk.data[:, start:], lost=())
        fits = [self._criterion.update(second.electrodes) for second in self._electrode_monitor.process(chunk.data)]
        self._last_data_time = self._clock.now()
        self._battery.update(chunk)
        self.link_monitor.update(chunk, self._last_data_time, after_silence=self._snapshot.signal_lost_s > 0)
        if fits:
            self._publish(fits[-1], 0.0)

    def _check_silence(self) -> None:
        silent_s = self._clock.now() - self._last_data_time
        if silent_s >= self._gaps.give_up_s:
            raise SourceError(
                f"nothing has come from {self.stream.device} for {silent_s:.0f} s",
                todo="check that the headset is on and near, then start again",
            )
        timeout_s = self._gaps.lost_s if self.link_monitor.n_samples else max(FIRST_SAMPLE_TIMEOUT_S, self._gaps.lost_s)
        if silent_s >= max(timeout_s, self._snapshot.signal_lost_s + _REPUBLISH_S):
            self._publish(self._criterion.reset(), silent_s)

    def _publish(self, fit: HeadsetFit, lost_s: float) -> None:
        stats = self.link_monitor.stats
        self._snapshot = Snapshot(
            status="fitting",
            stream=self.stream,
            elapsed_s=self.link_monitor.n_samples / self.stream.sfreq,
            signal_lost_s=lost_s,
            contacts=tuple(electrode.contact for electrode in fit.electrodes),
            headset_fit=fit,
            loss_rate=float(np.mean(stats.loss_rates)),
            latency_ms=stats.latency_p50_ms,
            battery=self._battery.level,
            impedance=self._impedance_reading,
        )
