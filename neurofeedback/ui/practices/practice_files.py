"""List the practices, and read, save, delete and restore a person's own. No Qt here."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.errors import SettingsError
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.practices import editor
from neurofeedback.ui.app_state import ProgrammeChoice
from neurofeedback.ui.practices.practice_draft import GuideRow, PracticeDraft, SegmentRow, draft_problem

if TYPE_CHECKING:
    from neurofeedback.settings.programme import Programme, SegmentSettings

_log = logging.getLogger(__name__)
_DELETED = ".deleted"


@dataclass(frozen=True, slots=True)
class PracticeFile:
    """One practice as the list shows it.

    Parameters
    ----------
    name : str
        Name of the practice and of its file.
    title : str
        Its title; empty if the file cannot be used.
    own : bool
        Whether it is the person's own.
    error : str
        What is wrong with the file, as one sentence; empty if it can be used.
    """

    name: str
    title: str
    own: bool
    error: str = ""


def programme_choices() -> tuple[ProgrammeChoice, ...]:
    """List the valid programmes, the one for the first sitting first; invalid ones are logged."""
    from neurofeedback.settings.load import available, load_programme  # pydantic

    choices: list[ProgrammeChoice] = []
    for name in available("programmes"):
        try:
            programme = load_programme(name)
        except SettingsError as error:
            _log.warning("the programme %s is left out: %s", name, error)
            continue
        choice = ProgrammeChoice(
            name,
            programme.title,
            _minutes(programme),
            programme.description,
            programme.has_feedback,
            programme.headset,
        )
        choices.append(choice)
    return tuple(sorted(choices, key=_order))


def _order(choice: ProgrammeChoice) -> tuple[bool, bool, float, str]:
    """Sort the first sitting first, practices with feedback before the others, and short ones before long ones."""
    return choice.name != "first", not choice.feedback, choice.minutes or math.inf, choice.title


def _minutes(programme: Programme) -> float:
    """Return the length of a whole session of this programme, min; 0 without end."""
    from neurofeedback.session.plan import plan_session
    from neurofeedback.settings.session import PhaseSettings  # pydantic

    total_s = plan_session(PhaseSettings(), None, 0.0, programme).total_s
    return total_s / 60 if math.isfinite(total_s) else 0.0


def faulty_practice_notice() -> str:
    """Return one sentence about the first practice of one's own whose file has a mistake; empty if there is none."""
    from neurofeedback.settings.load import user_folder  # pydantic

    errors = [practice.error for practice in list_practices(user_folder() / "programmes") if practice.error]
    return tr(editor.FAULTY_NOTICE, error=errors[0]) if errors else ""


def list_practices(folder: Path) -> tuple[PracticeFile, ...]:
    """List a person's own practices in ``folder``, also those with a mistake, then the shipped ones, each by title."""
    from neurofeedback.settings.load import configs_folder, load_programme  # pydantic

    found: list[PracticeFile] = []
    for own, place in ((True, folder), (False, configs_folder() / "programmes")):
        for path in place.glob("*.toml"):
            try:
                found.append(PracticeFile(path.stem, load_programme(str(path)).title, own))
            except SettingsError as error:
                found.append(PracticeFile(path.stem, "", own, error_text(error)))
    return tuple(sorted(found, key=lambda one: (not one.own, bool(one.error), one.title.lower(), one.name)))


def read_draft(practice: PracticeFile, folder: Path) -> PracticeDraft:
    """Read a practice for the editor.

    Raises
    ------
    SettingsError
        Its file is gone or has a mistake.
    """
    from neurofeedback.settings.load import configs_folder, load_programme  # pydantic

    place = folder if practice.own else configs_folder() / "programmes"
    programme = load_programme(str(place / f"{practice.name}.toml"))
    if not all(segment.announced for segment in programme.segments):
        raise SettingsError(
            "this practice has a part that is not announced, which the editor cannot show",
            got=programme.title,
            todo="edit its file",
        )
    return PracticeDraft(
        title=programme.title,
        description=programme.description,
        minutes=programme.minutes or 0.0,
        feedback=programme.feedback if programme.headset else "timer",
        rows=tuple(_row(segment) for segment in programme.segments),
        name=practice.name if practice.own else "",
        learn=programme.learn,
        evidence=programme.evidence,
        question="" if programme.question is None else programme.question.text,
        answers=() if programme.question is None else programme.question.answers,
    )


def _row(segment: SegmentSettings) -> SegmentRow:
    return SegmentRow(
        phase=segment.phase,
        minutes=segment.minutes or 0.0,
        quiet_percent=round(100 * (segment.target_rate or 0.0), 7),
        background=segment.background or "",
        bell_min=segment.bell_every_min,
        breaths_per_min=segment.breaths_per_min or 0.0,
        guide=tuple(GuideRow(text.at_min, text.text, text.id) for text in segment.guide),
    )


def duplicate(draft: PracticeDraft) -> PracticeDraft:
    """Return the draft of a new practice with the same segments."""
    return replace(draft, title=tr(editor.COPY_OF, title=draft.title)[:60], name="")


def save_practice(draft: PracticeDraft, folder: Path) -> Path:
    """Check a practice and write it to ``folder``; a new one gets its file's name from its title.

    Raises
    ------
    SettingsError
        The draft does not make a practice, or its name is taken.
    RecordingError
        The file cannot be written.
    """
    import tomli_w

    from neurofeedback.settings.load import configs_folder, parse  # pydantic
    from neurofeedback.settings.programme import Programme

    if problem := draft_problem(draft):
        raise SettingsError(problem)
    name = draft.name or draft.file_name
    places = (folder, configs_folder() / "programmes")
    if not draft.name and any((place / f"{name}.toml").exists() for place in places):
        raise SettingsError(tr(editor.NAME_TAKEN, title=draft.title.strip()))
    data = {"name": name, **draft.as_toml()}
    parse(Programme, data, "this practice", todo=tr(editor.CHANGE_AND_SAVE))
    path = folder / f"{name}.toml"
    with explain_disk_errors(tr(editor.NOT_SAVED), todo=tr(editor.FREE_DISK)):
        make_folder(folder)
        write_atomic(path, tomli_w.dumps(data))
    return path


def delete_practice(name: str, folder: Path) -> Path:
    """Rename the file of a person's own practice, so that it is no longer listed; return its new path.

    Raises
    ------
    RecordingError
        It cannot be renamed.
    """
    path = folder / f"{name}.toml"
    numbers = ("" if number == 1 else str(number) for number in count(1))
    target = next(free for number in numbers if not (free := path.with_name(f"{path.name}{_DELETED}{number}")).exists())
    with explain_disk_errors(tr(editor.NOT_DELETED), todo=tr(editor.FREE_DISK)):
        return path.replace(target)


def restore_practice(deleted: Path) -> None:
    """Put a deleted practice back.

    Raises
    ------
    SettingsError
        A new practice has its name.
    RecordingError
        It cannot be renamed.
    """
    path = deleted.with_name(deleted.name.rpartition(_DELETED)[0])
    if path.exists():
        raise SettingsError(tr(editor.NAME_TAKEN, title=path.stem))
    with explain_disk_errors(tr(editor.NOT_RESTORED), todo=tr(editor.FREE_DISK)):
        deleted.replace(path)
