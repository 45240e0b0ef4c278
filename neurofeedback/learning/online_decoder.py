"""The labels of a running session and one refit of the decoder on them; no thread, see ``decoder_thread``."""

from __future__ import annotations

from collections.abc import Iterable

from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.learning.decoder import Decoder, index_weights
from neurofeedback.learning.feature_covariance import pool_covariances
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.session_labels import LabelCollector, device_key, logged_zscores, zscore_columns
from neurofeedback.learning.training import DecoderState, DecoderTraining
from neurofeedback.learning.training_set import build_training_set
from neurofeedback.settings.load import load_evidence
from neurofeedback.settings.model import Settings
from neurofeedback.types import INDEX_NAME, Command, CommandKind, Frame, Probe, StreamInfo


class OnlineDecoder:
    """Refits the decoder from the frames, presses and answered probes of a running session.

    Parameters
    ----------
    state : DecoderState
        The decoder trained on earlier sessions.
    columns : tuple of str
        Names of ``Frame.values``.

    Notes
    -----
    A refit takes some 2 ms after 500 answers. Nothing here reads or writes files.
    """

    def __init__(self, state: DecoderState, settings: Settings, stream: StreamInfo, columns: tuple[str, ...]) -> None:
        self._state, self._settings, self._sfreq = state, settings, stream.sfreq
        self._evidence = load_evidence(settings.index.evidence)
        self._device = device_key(stream)
        self._zscore_places = [columns.index(name) for name in zscore_columns(state.feature_names)]
        past = pool_covariances(
            [one.window_covariance for one in state.training_data], state.feature_names, settings.decoder.prior_windows
        )
        self._collector = LabelCollector.for_session(past, stream.sfreq, settings, settings.spectrum.hop_s)
        self._day = max([one.day for one in state.training_data], default=0.0)
        self._index_is_compatible = self._evidence.index_name == INDEX_NAME
        self._decoder = self._fit()

    @property
    def initial_weights(self) -> DecoderWeights | None:
        """Weights at the start of the session, for ``EngineStart.decoder``; None without any answer."""
        return self._weights(self._decoder)

    @property
    def decoder(self) -> Decoder:
        """The current decoder."""
        return self._decoder

    @property
    def labelled_windows(self) -> tuple[LabelledWindow, ...]:
        """Labelled windows of this session so far."""
        return tuple(self._collector.labelled_windows)

    def process_frames(self, frames: Iterable[Frame]) -> None:
        """Process new frames."""
        for frame in frames:
            self._collector.add_frame(
                frame.sample, frame.phase, frame.valid, logged_zscores(frame, self._zscore_places)
            )

    def add_press(self, sample: int) -> None:
        """Process a press of "I was away"."""
        self._collector.add_press(sample)

    def add_probe(self, probe: Probe) -> Command | None:
        """Process a finished probe; return the command with the new weights, if it gave a labelled window."""
        if self._collector.add_probe(probe) is None or not self._index_is_compatible:
            return None
        self._decoder = self._fit()
        if self._decoder.n_answers < self._settings.decoder.min_answers_to_refit:
            return None
        at = (probe.sample if probe.answer_sample is None else probe.answer_sample) + round(
            self._settings.decoder.refit_delay_s * self._sfreq
        )
        weights = self._weights(self._decoder)
        return Command(at, CommandKind.DECODER, weights.to_json() if weights else "")

    def _fit(self) -> Decoder:
        current = self._collector.training_data("now", self._day, self._device)
        sessions = [*self._state.training_data, *([current] if current.labelled_windows else [])]
        training = DecoderTraining(
            build_training_set(self._state.feature_names, sessions), self._evidence, self._settings
        )
        return training.train(self._day, self._device, with_self_caught=self._state.decoder.with_self_caught)

    def _weights(self, decoder: Decoder) -> DecoderWeights | None:
        if not self._index_is_compatible or decoder.n_answers == 0:
            return None
        covariance = self._collector.window_labeller.shrunk_covariance()
        auc = self._state.evaluation.prequential
        return DecoderWeights(
            weights=tuple(zip(decoder.names, index_weights(decoder, covariance).tolist(), strict=True)),
            n_answers=decoder.n_answers,
            auc=None if auc is None else auc.value,
            auc_high=None if auc is None else auc.high,
            drowsy_level=self._state.drowsy_level,
        ).rounded()
