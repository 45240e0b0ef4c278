"""A practice as the editor has it, and what is wrong with it in plain words. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.practices import editor

_BETWEEN = ";"
_MIN_ANSWERS, _MAX_ANSWERS = 2, 5
_MAX_ANSWER_LENGTH = 40


@dataclass(frozen=True, slots=True)
class GuideRow:
    """A text of a segment, and the minute at which it is spoken; ``id`` names a recording of it."""

    at_min: float = 0.0
    text: str = ""
    id: str = ""

    def as_toml(self) -> dict[str, float | str]:
        """Return the text as a table of a practice file."""
        table: dict[str, float | str] = {"text": self.text.strip()}
        if self.at_min:
            table["at_min"] = self.at_min
        return {**table, "id": self.id} if self.id else table


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment as the editor shows it.

    Parameters
    ----------
    minutes : float
        Length; 0 for the time that the other segments leave.
    quiet_percent : float
        Share of quiet; 0 as in the segment before.
    background : str
        Background sound; empty as in the segment before.
    bell_min : float
        Time between soft bells, min; 0 for none.
    breaths_per_min : float
        Pace of the breath pacer; 0 for none.
    guide : tuple of GuideRow
        Its texts.
    """

    phase: str = "practice"
    minutes: float = 0.0
    quiet_percent: float = 0.0
    background: str = ""
    bell_min: float = 0.0
    breaths_per_min: float = 0.0
    guide: tuple[GuideRow, ...] = ()

    def as_toml(self) -> dict[str, object]:
        """Return the segment as a table of a practice file, its texts in order of time."""
        table: dict[str, object] = {"phase": self.phase}
        values = {
            "minutes": self.minutes,
            "target_rate": round(self.quiet_percent / 100, 9),
            "background": self.background,
            "bell_every_min": self.bell_min,
            "breaths_per_min": self.breaths_per_min,
            "guide": [text.as_toml() for text in sorted(self.guide, key=lambda text: text.at_min)],
        }
        return table | {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class PracticeDraft:
    """A practice that is being edited.

    Parameters
    ----------
    minutes : float
        Length of the whole sitting; 0 for the sum of the segments.
    feedback : str
        ``index``, ``none``, or ``timer`` for a practice that is always without a headset.
    name : str
        Name of its file; empty for a new practice.
    question : str
        Its own question; empty for the standard one.
    answers : tuple of str
        The answers to it.
    learn, evidence
        As in the file; the editor keeps them as they are.
    """

    title: str = ""
    description: str = ""
    minutes: float = 0.0
    feedback: str = "index"
    rows: tuple[SegmentRow, ...] = (SegmentRow(),)
    name: str = ""
    learn: bool = True
    evidence: str = ""
    question: str = ""
    answers: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The name of a new file, made from the title; empty if the title has no letter or digit of ASCII."""
        return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in self.title).split()).lower()[:64]

    def as_toml(self) -> dict[str, object]:
        """Return the practice as the content of a file, without its name."""
        values: dict[str, object] = {"title": self.title.strip(), "description": self.description.strip()}
        if self.minutes:
            values["minutes"] = self.minutes
        if self.feedback != "index":
            values["feedback"] = "none"
        elif self.evidence:
            values["evidence"] = self.evidence
        if self.feedback == "timer":
            values["headset"] = False
        if not self.learn:
            values["learn"] = False
        if self.question.strip():
            values["question"] = {"text": self.question.strip(), "answers": [answer.strip() for answer in self.answers]}
        return {**values, "segments": [row.as_toml() for row in self.rows]}


def join_answers(answers: tuple[str, ...]) -> str:
    """Return answers as one line."""
    return f"{_BETWEEN} ".join(answers)


def split_answers(line: str, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the answers of a line; those from ``before`` if it is still their line.

    Examples
    --------
    >>> split_answers("open; caught ;")
    ('open', 'caught')
    """
    if line == join_answers(before):
        return before
    return tuple(answer.strip() for answer in line.split(_BETWEEN) if answer.strip())


def draft_problem(draft: PracticeDraft) -> str:
    """Return the first thing that is wrong with a practice, as one sentence; empty if nothing is."""
    if not draft.title.strip() or not (draft.name or draft.file_name):
        return tr(editor.NEEDS_NAME)
    if not draft.rows:
        return tr(editor.NEEDS_SEGMENT)
    return _length_problem(draft) or _question_problem(draft) or _pacer_problem(draft) or _segment_problems(draft)


def _question_problem(draft: PracticeDraft) -> str:
    if not draft.question.strip():
        return tr(editor.ANSWERS_WITHOUT_QUESTION) if draft.answers else ""
    n_different = len({answer.strip().casefold() for answer in draft.answers})
    if not _MIN_ANSWERS <= len(draft.answers) <= _MAX_ANSWERS or n_different < len(draft.answers):
        return tr(editor.ANSWERS_NEEDED)
    too_long = [answer for answer in draft.answers if len(answer) > _MAX_ANSWER_LENGTH]
    if too_long:
        return tr(editor.ANSWER_TOO_LONG, answer=too_long[0], most=_MAX_ANSWER_LENGTH)
    return tr(editor.QUESTION_WITHOUT_HEADSET) if draft.feedback == "timer" else ""


def _length_problem(draft: PracticeDraft) -> str:
    open_rows = [number for number, row in enumerate(draft.rows, start=1) if not row.minutes]
    if len(open_rows) > 1:
        return tr(editor.ONE_OPEN, numbers=", ".join(map(str, open_rows)))
    if draft.minutes and not open_rows:
        return tr(editor.NEEDS_OPEN)
    if not draft.minutes and open_rows and open_rows[0] != len(draft.rows):
        return tr(editor.OPEN_IS_LAST, n=open_rows[0])
    return ""


def _pacer_problem(draft: PracticeDraft) -> str:
    if draft.feedback != "index":
        return ""
    paced = [bool(row.breaths_per_min) for row in draft.rows]
    if all(paced):
        return tr(editor.ONLY_PACER)
    n_first = paced.index(False)
    for number, row in enumerate(draft.rows, start=1):
        if row.breaths_per_min and number > n_first:
            return tr(editor.PACER_FIRST, n=number)
        if row.breaths_per_min and not row.minutes:
            return tr(editor.PACER_MINUTES, n=number)
    return ""


def _segment_problems(draft: PracticeDraft) -> str:
    for number, row in enumerate(draft.rows, start=1):
        if draft.feedback != "index" and row.quiet_percent:
            return tr(editor.QUIET_WITHOUT_FEEDBACK, n=number)
        if problem := _text_problem(number, row):
            return problem
    return ""


def _text_problem(number: int, row: SegmentRow) -> str:
    seen: set[float] = set()
    for place, text in enumerate(row.guide, start=1):
        if not text.text.strip():
            return tr(editor.EMPTY_TEXT, n=number, k=place)
        if row.minutes and text.at_min >= row.minutes:
            return tr(editor.TEXT_TOO_LATE, n=number, k=place, at=text.at_min, minutes=row.minutes)
        if text.at_min in seen:
            return tr(editor.SAME_MINUTE, n=number, at=text.at_min)
        seen.add(text.at_min)
    return ""
