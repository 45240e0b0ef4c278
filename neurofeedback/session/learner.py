"""Goes on learning while a sitting goes on."""

from __future__ import annotations

from collections.abc import Iterable

from neurofeedback.estimation.course import course_of
from neurofeedback.estimation.decoder import Decoder, index_weights
from neurofeedback.estimation.drive import Drive
from neurofeedback.estimation.labels import Lesson
from neurofeedback.estimation.usual import pooled
from neurofeedback.session.learning import Fitting, Learned
from neurofeedback.session.lessons import Pupil, device_key, logged_z, z_columns
from neurofeedback.settings.load import load_evidence
from neurofeedback.settings.model import Settings
from neurofeedback.types import INDEX_NAME, Command, CommandKind, Frame, Probe, Stream


class Learner:
    """Goes on learning during a sitting: frames, presses and answered probes in, refits out.

    Parameters
    ----------
    known : Learned
        What earlier sittings taught.
    columns : tuple of str
        The engine's names of ``Frame.values``.

    Notes
    -----
    A refit takes some 2 ms after 500 answers. Nothing here reads or writes files.
    """

    def __init__(self, known: Learned, settings: Settings, stream: Stream, columns: tuple[str, ...]) -> None:
        self._known, self._settings, self._sfreq = known, settings, stream.sfreq
        self._evidence = load_evidence(settings.index.evidence)
        self._device = device_key(stream)
        self._places = [columns.index(name) for name in z_columns(known.names)]
        past = pooled([one.varied for one in known.sittings], known.names, settings.decoder.past_windows)
        self._pupil = Pupil.of(past, stream.sfreq, settings, settings.spectrum.hop_s)
        self._day = max([one.day for one in known.sittings], default=0.0)
        self._applies = self._evidence.index_name == INDEX_NAME
        self._decoder = self._fit()

    @property
    def start(self) -> str:
        """What the sitting starts from, for ``EngineStart.decoder``: empty while nothing has been learned."""
        return self._drive(self._decoder)

    @property
    def decoder(self) -> Decoder:
        """As it stands now."""
        return self._decoder

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """What this sitting has taught until now."""
        return tuple(self._pupil.lessons)

    def push(self, frames: Iterable[Frame]) -> None:
        """Take frames as they are made."""
        for frame in frames:
            self._pupil.frame(frame.sample, frame.phase, frame.valid, logged_z(frame, self._places))

    def press(self, sample: int) -> None:
        """Take a press of "I was away"."""
        self._pupil.press(sample)

    def probe(self, probe: Probe) -> Command | None:
        """Take an answered probe; return the refit it brings, 2 s after the answer, if it teaches anything."""
        if self._pupil.probe(probe) is None or not self._applies:
            return None
        self._decoder = self._fit()
        at = (probe.sample if probe.answered is None else probe.answered) + round(
            self._settings.decoder.refit_delay_s * self._sfreq
        )
        return Command(at, CommandKind.DECODER, self._drive(self._decoder))

    def _fit(self) -> Decoder:
        now = self._pupil.taught("now", self._day, self._device)
        sittings = [*self._known.sittings, *([now] if now.lessons else [])]
        fitting = Fitting(course_of(self._known.names, sittings), self._evidence, self._settings)
        return fitting.decoder(self._day, self._device, with_presses=self._known.decoder.with_presses)

    def _drive(self, decoder: Decoder) -> str:
        if not self._applies or decoder.n == 0:
            return ""
        usual = self._pupil.labeller.usual()
        auc = self._known.evaluation.prequential
        return Drive(
            weights=tuple(zip(decoder.names, index_weights(decoder, usual).tolist(), strict=True)),
            n_answers=decoder.n,
            auc=None if auc is None else auc.value,
            auc_high=None if auc is None else auc.high,
            drowsy_level=self._known.drowsy_level,
        ).text()
