"""The guide of a practice: which of its texts is due, and how long it stays on screen."""

from __future__ import annotations

from neurofeedback.audio.sink import Sink
from neurofeedback.feedback.breath_pacer import breath_at, turn_to
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import GuideCue, Segment
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.types import Phase

SHOWN_S = 20.0
"""How long a text stays on screen where sound and picture follow the index."""


class GuideTimer:
    """Finds the text that is due. Of several that are due at once, such as after a gap, only the newest is returned."""

    def __init__(self) -> None:
        self._segment: Segment | None = None
        self._n_passed = 0
        self._latest: GuideCue | None = None

    def update(self, segment: Segment, elapsed_s: float, *, wait: bool = False) -> GuideCue | None:
        """Return the text that is due now, once; None if there is none.

        Parameters
        ----------
        segment : Segment
            The segment that is running.
        elapsed_s : float
            Time since its start without pauses, s.
        wait : bool
            Return no text now, such as while a question is open; what becomes due is returned later.

        Examples
        --------
        >>> timer = GuideTimer()
        >>> segment = Segment(Phase.TRANSFER, 60.0, guide=(GuideCue(0.0, "Sit."), GuideCue(30.0, "Stand.")))
        >>> [cue and cue.text for cue in (timer.update(segment, at_s) for at_s in (0.0, 10.0, 30.0))]
        ['Sit.', None, 'Stand.']
        """
        if segment is not self._segment:
            self._segment, self._n_passed, self._latest = segment, 0, None
        n_due = sum(cue.at_s <= elapsed_s for cue in segment.guide)
        if wait or n_due <= self._n_passed:
            return None
        self._n_passed = n_due
        self._latest = segment.guide[n_due - 1]
        return self._latest

    def text_shown(self, elapsed_s: float) -> str:
        """Return the text that is on screen: the latest one, in practice with feedback only for a while."""
        if self._segment is None or self._latest is None:
            return ""
        is_over = self._segment.phase is Phase.PRACTICE and elapsed_s - self._latest.at_s >= SHOWN_S
        return "" if is_over else self._latest.text


class PracticeGuide:
    """Speaks the texts of a practice, and the phases that have no text of their own at their start; paces the breath.

    Attributes
    ----------
    text : str
        The text that is on screen.
    """

    def __init__(self, announcer: VoiceAnnouncer, sink: Sink, *, practice: str) -> None:
        self._announcer, self._sink = announcer, sink
        self._practice = practice
        self._timer = GuideTimer()
        self._inhaling: bool | None = None
        self._sounds = False
        self.text = ""

    def announce_phase(self, segment: Segment, at_s: float) -> None:
        """Say which phase begins, unless the practice does so itself or is without feedback as a whole."""
        begins_with_text = bool(segment.guide) and segment.guide[0].at_s == 0
        if not begins_with_text and not (self._practice and segment.phase is Phase.TRANSFER):
            self._announcer.announce_phase(segment.phase, at_s)

    def follow(self, controller: PhaseController, at_s: float, *, paused: bool) -> None:
        """Say and sound what is due in the plan: texts, breaths, and the time that is left."""
        self.update(controller.segment, controller.segment_s, at_s, paused=paused)
        speaks_itself = bool(controller.segment.guide) or controller.phase is Phase.DEBRIEF
        self._announcer.update_time(controller.left_s, at_s, quiet=speaks_itself)

    def update(self, segment: Segment, elapsed_s: float, at_s: float, *, paused: bool = False) -> None:
        """Say the text that is due, and sound the breath.

        Parameters
        ----------
        elapsed_s : float
            Time since the start of the segment without pauses, s.
        at_s : float
            Session time, s.
        """
        cue = self._timer.update(segment, elapsed_s, wait=paused or self._announcer.question_open)
        if cue is not None:
            self._announcer.speak_text(cue.text, at_s, sentence=cue.sentence, after_bell=cue.at_s == 0)
        self.text = self._timer.text_shown(elapsed_s)
        self._pace(segment.breaths_per_min, elapsed_s, at_s, paused=paused)

    def _pace(self, breaths_per_min: float, elapsed_s: float, at_s: float, *, paused: bool) -> None:
        """Sound each breath from its turn on, or its rest after a pause not at all."""
        breath = breath_at(elapsed_s, breaths_per_min) if breaths_per_min else None
        if paused or breath is None:
            if self._sounds:
                self._sink.breathe(None, at_s)
        elif breath.inhaling is not self._inhaling:
            self._sink.breathe(turn_to(breath.inhaling, breaths_per_min), at_s)
        self._sounds = breath is not None and not paused
        self._inhaling = None if breath is None else breath.inhaling
