"""What a person does during a sitting, turned into rows of ``events.tsv``; and what is set at the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neurofeedback.audio.sink import Sink
from neurofeedback.session.mailbox import Ask, Request
from neurofeedback.session.phases import PhaseKeeper
from neurofeedback.session.presses import Presses
from neurofeedback.session.probing import NOTHING, Prober, Step
from neurofeedback.settings.programme import MAX_MINUTES
from neurofeedback.types import Command, CommandKind, Event, EventKind

QUIETEST_DB, LOUDEST_DB = -60.0, 12.0
_LOWEST_RATE, _HIGHEST_RATE = 0.1, 0.95


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was asked for.

    Parameters
    ----------
    sample : int
        The sample being taken at that time.
    soonest : int
        The first sample a command may name: frames before it are made already.
    session_s : float
        Session time, s.
    """

    sample: int
    soonest: int
    session_s: float


class Controls:
    """Obeys requests that make sense at that moment; the others change nothing."""

    def __init__(
        self,
        keeper: PhaseKeeper,
        prober: Prober,
        presses: Presses,
        sink: Sink,
        *,
        target_rate: float,
        tone_depth: float,
        baseline: str,
    ) -> None:
        self._keeper, self._prober, self._presses, self._sink = keeper, prober, presses, sink
        self.target_rate, self.tone_depth, self.baseline = target_rate, tone_depth, baseline
        self.volume_db = 0.0
        self.muted = self.paused = self.stopping = False
        self._act: dict[Ask, Callable[[str, Moment], Step]] = {
            Ask.STOP: self._stop,
            Ask.MARK: self._mark,
            Ask.PRESS: self._press,
            Ask.ANSWER: self._answer,
            Ask.SKIP: self._skip,
            Ask.PAUSE: self._pause,
            Ask.RESUME: self._resume,
            Ask.LONGER: self._longer,
            Ask.VOLUME: self._volume,
            Ask.MUTE: self._mute,
            Ask.TARGET_RATE: self._target_rate,
            Ask.TONE_DEPTH: self._tone_depth,
            Ask.BASELINE: self._baseline,
        }

    def obey(self, request: Request, moment: Moment) -> Step:
        """Do what is asked for; return the rows it adds."""
        act = self._act.get(request.kind)
        return NOTHING if act is None else act(request.value, moment)

    def look(self, moment: Moment) -> Step:
        """See whether it is time for a question, or too late for an answer."""
        if self.paused:
            return NOTHING
        step = self._prober.look(moment.sample)
        rows = self._presses.look(moment.sample)
        return Step((*step.rows, *rows), chime=step.chime, finished=step.finished)

    def end(self, sample: int) -> Step:
        """Close what is open when the sitting ends."""
        step = self._prober.end(sample)
        return Step((*step.rows, *self._presses.end()), finished=step.finished)

    def took(self, command: Command) -> None:
        """Keep what a segment of the plan has set."""
        if command.kind is CommandKind.TARGET_RATE:
            self.target_rate = float(command.value)

    def _stop(self, _value: str, _moment: Moment) -> Step:
        if self._keeper.open_ended and not self.paused:
            self._keeper.finish()
        else:
            self.stopping = True
        return NOTHING

    def _mark(self, text: str, moment: Moment) -> Step:
        return Step((Event(moment.sample, EventKind.MARK, text or "n/a"),))

    def _press(self, _value: str, moment: Moment) -> Step:
        return NOTHING if self.paused else Step(self._presses.push(moment.sample))

    def _answer(self, value: str, moment: Moment) -> Step:
        return self._prober.answer(int(value), moment.sample)

    def _skip(self, _value: str, moment: Moment) -> Step:
        return self._prober.skip(moment.sample)

    def _pause(self, _value: str, moment: Moment) -> Step:
        if self.paused:
            return NOTHING
        self.paused = True
        dropped = self._prober.pause(moment.sample)
        command = Command(moment.soonest, CommandKind.PAUSE, "on")
        return Step((*dropped.rows, command), finished=dropped.finished)

    def _resume(self, _value: str, moment: Moment) -> Step:
        if not self.paused:
            return NOTHING
        self.paused = False
        return Step((Command(moment.soonest, CommandKind.PAUSE, "off"),))

    def _longer(self, value: str, moment: Moment) -> Step:
        minutes = _within(value, 0.0, MAX_MINUTES)
        if not minutes or not self._keeper.longer(60 * minutes):
            return NOTHING
        return Step((Event(moment.sample, EventKind.LONGER, f"{minutes:g}"),))

    def _volume(self, value: str, moment: Moment) -> Step:
        self.volume_db = _within(value, QUIETEST_DB, LOUDEST_DB)
        self._sink.set_volume_db(self.volume_db, moment.session_s)
        return Step((Event(moment.sample, EventKind.VOLUME, f"{self.volume_db:g}"),))

    def _mute(self, value: str, moment: Moment) -> Step:
        self.muted = value == "on"
        self._sink.mute(self.muted, moment.session_s)
        return Step((Event(moment.sample, EventKind.MUTE, value),))

    def _target_rate(self, value: str, moment: Moment) -> Step:
        self.target_rate = _within(value, _LOWEST_RATE, _HIGHEST_RATE)
        return Step((Command(moment.soonest, CommandKind.TARGET_RATE, f"{self.target_rate:g}"),))

    def _tone_depth(self, value: str, moment: Moment) -> Step:
        self.tone_depth = _within(value, 0.0, 1.0)
        return Step((Command(moment.soonest, CommandKind.TONE_DEPTH, f"{self.tone_depth:g}"),))

    def _baseline(self, value: str, moment: Moment) -> Step:
        """Let another baseline drive the sound, where there is another one."""
        if not self.baseline or value not in {"session", "own"} or value == self.baseline:
            return NOTHING
        self.baseline = value
        return Step((Command(moment.soonest, CommandKind.BASELINE, value),))


def _within(value: str, low: float, high: float) -> float:
    """Read a number and keep it within limits.

    Examples
    --------
    >>> _within("0.5", 0.0, 1.0), _within("7", 0.0, 1.0), _within("nan", 0.0, 1.0)
    (0.5, 1.0, 0.0)
    """
    number = float(value)
    return min(max(low, number), high)
