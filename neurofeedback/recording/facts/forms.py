"""Answers to forms: dated, append-only. A correction or a second asking is a new line and never replaces one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import check_label
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.facts.changes import log_change, log_notices, log_saved, now_text
from neurofeedback.recording.facts.form_records import (
    Acknowledged,
    Answers,
    AskedForm,
    AskedWhen,
    Linked,
    definition_path,
    definitions_of,
    form_hash,
    form_path,
    form_session,
    format_definition,
    read_form,
)
from neurofeedback.recording.facts.form_tables import update_tables
from neurofeedback.settings.questionnaire import Questionnaire
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic
from neurofeedback.storage.hash_chain import append_entry
from neurofeedback.storage.private_files import make_folder
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import in_english, templates_of, tr, tr_stored

_TODO = "free disk space, then save again; the answers are still here"
_SOON = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SavedForm:
    """What was saved: the hash of its line, the score, and sentences about anything unusual."""

    hash: str
    score: int | None
    notices: tuple[str, ...]


def save_answers(
    root: Path,
    questionnaire: Questionnaire,
    answers: Mapping[str, int],
    *,
    participant: str,
    session: str = "",
    when: AskedWhen = "",
    asked_at: datetime | None = None,
    asked_by: str = "self",
    visit: str = "",
    supersedes: str = "",
    reason: str = "",
    source: str = "",
) -> SavedForm:
    """Append the answers to a form, and rebuild the tables made from them.

    Parameters
    ----------
    root : Path
        The recordings folder.
    questionnaire : Questionnaire
        The form.
    answers : mapping of str to int
        Answers by item; missing items count as unanswered.
    participant, session : str
        Labels with or without ``sub-`` and ``ses-``; an empty session for a form without a sitting.
    when, asked_by, visit, supersedes, reason, source : str
        As in ``Answers``. ``supersedes`` may be the beginning of a hash; session, when and visit of the corrected
        answers are used where none is given.
    asked_at : datetime, optional
        Time of the asking; None for now, or for the time of the corrected answers.

    Raises
    ------
    SettingsError
        An answer is not one of its item's choices, an item does not exist, the label of the session is not
        valid, or there is nothing to supersede, or it is corrected already.
    RecordingError
        The disk cannot be written; nothing of what was there has changed.
    """
    label, session = participant.removeprefix("sub-"), session.removeprefix("ses-")
    check_label("participant", label)
    if session:
        check_label("session", session)
    if unknown := sorted(set(answers) - {item.id for item in questionnaire.items}):
        raise SettingsError(f"{questionnaire.title} does not have this item", got=", ".join(unknown))
    try:
        score = questionnaire.score(answers)
    except ValueError as error:
        raise SettingsError(f"an answer to {questionnaire.title} is not one of its choices", got=str(error)) from None
    earlier = [one for one in read_form(root, questionnaire.name) if one.answers.participant == label]
    old = _find_uncorrected(earlier, supersedes) if supersedes else None
    asked = (asked_at or (old.asked_at if old else datetime.now())).astimezone()
    if old is not None:
        own_session = "" if old.session == form_session(old.answers) else old.session
        session, when, visit = session or own_session, when or old.answers.when, visit or old.answers.visit
    sha256 = form_hash(questionnaire)
    entry = Answers(
        participant=label,
        session=session,
        form=questionnaire.name,
        form_version=questionnaire.version,
        form_sha256=sha256,
        asked_at=asked.isoformat(timespec="seconds"),
        when=when,
        asked_by=asked_by,
        visit=visit,
        items=dict(answers),
        score=score,
        supersedes=old.hash if old else "",
        reason=reason,
        source=source,
    )
    with explain_disk_errors(f"the answers to {questionnaire.title} are not saved yet", todo=_TODO):
        ensure_dataset(root)
        register_participant(root, f"sub-{label}")
        _write_definition(root, questionnaire, sha256)
    with in_english():
        hash_, notices = _append(root, questionnaire.name, entry, "answers")
        notices += () if source or old else _order_notices(questionnaire, earlier, asked)
    log_notices(root, notices, by=asked_by, participant=f"sub-{label}", what=questionnaire.name)
    return SavedForm(hash_, score, tuple(tr_stored(notice, templates_of(texts)) for notice in notices))


def find_correctable(root: Path, form: str, participant: str, beginning: str) -> AskedForm:
    """Return the asking whose hash begins so, to correct it.

    Raises
    ------
    SettingsError
        There is none of this person, more than one, or later answers correct it already.
    """
    label = participant.removeprefix("sub-")
    return _find_uncorrected([one for one in read_form(root, form) if one.answers.participant == label], beginning)


def link_answers(root: Path, form: str, answers: str, session: str) -> tuple[str, ...]:
    """Say to which session an asking belongs, and return sentences about anything unusual."""
    found = _find_hash(read_form(root, form), answers)
    entry = Linked(
        participant=found.answers.participant,
        answers=found.hash,
        session=session.removeprefix("ses-"),
        at=now_text(),
    )
    return _append(root, form, entry, "linked")[1]


def acknowledge_answers(root: Path, form: str, answers: str, *, by: str, done: str) -> None:
    """Add that staff have seen an answer: who, and what was done.

    Raises
    ------
    SettingsError
        A name or what was done is missing, or there is no such asking.
    RecordingError
        The disk cannot be written.
    """
    if not by.strip() or not done.strip():
        raise SettingsError(
            "an acknowledgement needs a name and what was done",
            got=f"name {by!r}, done {done!r}",
            todo="enter both, in the words of the person who acknowledges",
        )
    found = _find_hash(read_form(root, form), answers)
    entry = Acknowledged(
        participant=found.answers.participant, answers=found.hash, at=now_text(), by=by.strip(), done=done.strip()
    )
    _append(root, form, entry, "acknowledged")


def log_not_asked(root: Path, form: str, participant: str, why: str) -> None:
    """Log that a form that was wanted could not be asked."""
    label = f"sub-{participant.removeprefix('sub-')}"
    with explain_disk_errors(f"the change log in {root} cannot be written", todo="free disk space"):
        ensure_dataset(root)
    log_change(root, "not_asked", participant=label, what=form, why=why)


def _append(root: Path, form: str, entry: Answers | Linked | Acknowledged, what: str) -> tuple[str, tuple[str, ...]]:
    """Append a line to a form's record and to the change log, and rebuild the tables.

    Once the line is saved, what fails becomes a notice: saving again would save it twice.
    """
    path = form_path(root, form)
    before = read_form(root, form)
    with explain_disk_errors(f"{path} cannot be written", todo=_TODO):
        hash_ = append_entry(path, entry.model_dump(exclude_defaults=True) | {"kind": entry.kind})
    participant = f"sub-{entry.participant}"
    notices = log_saved(root, "answers", participant=participant, what=form, after=hash_, why=what)
    try:
        notices += update_tables(
            root, form, before, read_form(root, form), participant=participant, definitions=definitions_of(root, form)
        )
    except (RecordingError, OSError) as error:
        notices += (tr(texts.SAVED_BUT, error=error),)
    return hash_, notices


def _write_definition(root: Path, questionnaire: Questionnaire, sha256: str) -> None:
    """Store the wording of a form once; a later wording gets a file of its own."""
    path = definition_path(root, questionnaire.name, sha256)
    if not path.exists():
        make_folder(path.parent)
        write_atomic(path, format_definition(questionnaire))


def _find_uncorrected(asked: list[AskedForm], beginning: str) -> AskedForm:
    found = _find_hash(asked, beginning)
    if later := found.superseded_by:
        raise SettingsError(
            "these answers are corrected already", got=beginning, todo=f"correct the correction, {later[:12]}"
        )
    return found


def _find_hash(asked: list[AskedForm], beginning: str) -> AskedForm:
    found = [one for one in asked if one.hash.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    raise SettingsError(
        "there is no such answer" if not found else "this names more than one answer",
        got=beginning,
        allowed=", ".join(f"{one.hash[:12]} ({one.answers.asked_at})" for one in asked[-5:]) or "no answers yet",
        todo="list them with `neurofeedback forms list`",
    )


def _order_notices(questionnaire: Questionnaire, earlier: list[AskedForm], asked: datetime) -> tuple[str, ...]:
    """Return sentences about the time of an asking: twice within a minute, out of order, or within the recall time."""
    if not earlier:
        return ()
    last = max(one.asked_at for one in earlier)
    title, shown = questionnaire.title, last.strftime("%Y-%m-%d %H:%M")
    if asked < last:
        return (tr(texts.OUT_OF_ORDER, form=title, last=shown),)
    if asked - last < _SOON:
        return (tr(texts.ASKED_TWICE, form=title, seconds=round((asked - last).total_seconds())),)
    recall = timedelta(days=questionnaire.min_days_apart)
    if asked - last < recall:
        return (tr(texts.OVERLAPS, form=title, last=shown, days=questionnaire.recall_days),)
    return ()
