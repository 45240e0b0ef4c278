"""An attendant's keys in the terminal view of a session: a key, words, a look at what was read, and it is saved."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from neurofeedback.analysis.course.course_plan import due_line
from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording.facts.entries import minutes_since_dose, read_entries, save_entry
from neurofeedback.recording.facts.entry_models import AnyEntry, AttendantNote, DoseEnd, StopSound
from neurofeedback.recording.facts.entry_parsing import format_entry, parse_dose, parse_vitals
from neurofeedback.recording.facts.time_zero import parse_clock
from neurofeedback.session.live_state import Request, RequestKind
from neurofeedback.texts import course
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import record

_QUESTIONS: dict[str, tuple[str, ...]] = {
    "d": (record.ASK_DOSE, record.ASK_SUBSTANCE, record.ASK_ROUTE),
    "e": (record.ASK_END,),
    "v": (record.ASK_VITALS,),
    "n": (record.ASK_NOTE,),
    "x": (record.ASK_REASON,),
}
_DUE_EVERY = timedelta(minutes=1)
_AT = re.compile(r"(?:^|\s)@\s*(\S+)\s*$")


def _local_now() -> datetime:
    return datetime.now().astimezone()


class AttendantKeys:
    """Turns keys into entries of an attendant, saved while the session runs; ``line`` and ``status`` are for a screen.

    ``x`` stops the sound at once; every other entry is shown as it was read before it is saved. An entry has the time
    of its key, or the one typed after ``@``. Escape leaves an entry.

    Parameters
    ----------
    recordings : Path
        The recordings folder.
    participant : str
        Label with or without ``sub-``.
    substance : str
        Of a dose, if none is typed.
    send : callable
        Passes a request on to the session.
    now : callable
        The time, with its zone.
    """

    def __init__(
        self,
        recordings: Path,
        participant: str,
        substance: str = "",
        *,
        send: Callable[[Request], None],
        now: Callable[[], datetime] = _local_now,
    ) -> None:
        self._recordings, self._participant, self._substance = recordings, participant, substance
        self._send, self._now = send, now
        self._kind = ""
        self._answers: list[str] = []
        self._typed = ""
        self._entry: AnyEntry | None = None
        self._pressed = self._at = now()
        self.status = self._due = self._shown = ""
        self._due_until: datetime | None = None

    def due(self) -> str:
        """Return what is due of the course, read again every minute and after each entry; empty without a course."""
        now, until = self._now(), self._due_until  # a key's thread may set it back
        if until is None or now >= until:
            self._due_until = now + _DUE_EVERY
            try:
                self._due = due_line(self._recordings, self._participant, now)
            except (NeurofeedbackError, OSError) as error:
                self._due = str(error)
        return self._due

    @property
    def question(self) -> str:
        """What is asked now; empty between entries."""
        if self._entry is not None:
            shown = f"{self._at:%H:%M} {format_entry(self._entry)}"
            return tr(record.READ_BACK, entry=shown)
        if not self._kind:
            return ""
        return tr(_QUESTIONS[self._kind][len(self._answers)], substance=self._substance or "-")

    @property
    def line(self) -> str:
        """What a screen shows: the question with what has been typed, else what was saved last.

        It changes once a key is dealt with, as the screen is drawn by another thread.
        """
        return self._shown

    def press(self, key: str) -> bool:
        """Take a key, by its name as in ``key_names``; return whether it belongs to an entry."""
        try:
            return self._take(key)
        finally:
            question = self.question
            self._shown = f"{self.status} {question} {self._typed}".strip() if question else self.status

    def close(self) -> str:
        """Save a stop of the sound whose reason is still asked for; return what is open and not saved, as a line."""
        if self._kind == "x":
            self.press("escape")
        return self._shown if self.question else ""

    def _take(self, key: str) -> bool:
        if self._kind:
            self._edit(key)
            return True
        if key.lower() in _QUESTIONS:
            self._begin(key.lower())
            return True
        if key.lower() == "k":
            self.status = tr(record.MARKED, at=f"{self._now():%H:%M:%S}")
        return False

    def _begin(self, key: str) -> None:
        self._kind, self._answers, self._typed, self.status = key, [], "", ""
        self._pressed = self._at = self._now()
        if key == "x":
            self._send(Request(RequestKind.MUTE, "on"))

    def _edit(self, key: str) -> None:
        if key == "escape":
            self._leave()
        elif key == "enter":
            self._save() if self._entry is not None else self._answer()
        elif self._entry is not None:
            return
        elif key == "backspace":
            self._typed = self._typed[:-1]
        elif key == "space" or len(key) == 1:
            self._typed += " " if key == "space" else key

    def _leave(self) -> None:
        if self._kind == "x":  # the sound is off: that is entered, with or without a reason
            self._answers = [""]
            self._read()
            return
        self._kind, self._entry, self.status = "", None, tr(course.NOT_SAVED)

    def _answer(self) -> None:
        self._answers.append(self._typed.strip())
        self._typed, self.status = "", ""
        if len(self._answers) == len(_QUESTIONS[self._kind]):
            self._read()

    def _read(self) -> None:
        """Read the entry; what cannot be read is asked again, never guessed."""
        try:
            text, at = self._take_time(self._answers[0])
            self._at = parse_clock(at, self._pressed) if at else self._pressed
            self._entry = self._make(text)
        except (NeurofeedbackError, ValidationError) as error:
            self._answers = []
            self.status = tr(record.NOT_COMPLETE) if isinstance(error, ValidationError) else str(error)
            return
        if self._kind == "x":
            self._save()

    def _take_time(self, text: str) -> tuple[str, str]:
        if self._kind == "e":
            return "", text.lstrip("@ ")
        found = _AT.search(text)
        return (text[: found.start()].rstrip(), found[1]) if found else (text, "")

    def _make(self, text: str) -> AnyEntry:
        match self._kind:
            case "d":
                return parse_dose(text, self._answers[1] or self._substance, self._answers[2].lower())
            case "v":
                return parse_vitals(text)
            case "n":
                return AttendantNote(text=text)
            case "x":
                return StopSound(reason=text)
            case _:
                return DoseEnd()

    def _save(self) -> None:
        """Save the entry; after an error Enter tries again, and Escape leaves it."""
        entry = self._entry
        if entry is None:
            return
        try:
            before = () if self._kind == "d" else read_entries(self._recordings, self._participant)
            minutes = minutes_since_dose(before, self._at)
            _, notices = save_entry(self._recordings, self._participant, entry, at=self._at)
        except (NeurofeedbackError, OSError) as error:
            self.status = str(error)
            return
        since = "" if minutes is None else tr(course.MINUTES_FROM_DOSE, minutes=f"{minutes:g}")
        saved = tr(course.ENTRY_SAVED, at=f"{self._at:%H:%M}", entry=format_entry(entry), minutes=since)
        self._kind, self._entry, self._answers = "", None, []
        self._due_until = None
        self.status = " ".join((saved, *notices))
