"""The file of a person's course, and its lock once it is frozen."""

from __future__ import annotations

import re
from pathlib import Path

import tomli_w

from neurofeedback._version import __version__
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import check_label
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.facts.changes import file_hash, log_change, now_text
from neurofeedback.recording.facts.entries import COURSE
from neurofeedback.recording.facts.form_records import form_hash
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.course import Course
from neurofeedback.settings.load import load_contacts, load_course, load_questionnaire, parse
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, write_atomic, write_json_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.texts import course as texts
from neurofeedback.texts.catalogue import tr

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def course_path(root: Path, participant: str) -> Path:
    """Return the path of a person's course."""
    return root / COURSE / f"sub-{participant.removeprefix('sub-')}.toml"


def lock_path(root: Path, participant: str) -> Path:
    """Return the path of the lock of a frozen course."""
    return course_path(root, participant).with_suffix(".lock.json")


def read_course(root: Path, participant: str) -> Course | None:
    """Return a person's course; None without one. The label is that asked for, not one written in the file.

    Raises
    ------
    SettingsError
        The file cannot be used.
    """
    path = course_path(root, participant)
    label = participant.removeprefix("sub-")
    return load_course(str(path)).model_copy(update={"participant": label}) if path.exists() else None


def new_course(
    root: Path, participant: str, template: str, start: str, *, clock: str = "", birth_year: int | None = None
) -> Path:
    """Write the course of a person from a template, for editing, and return the file.

    Parameters
    ----------
    template : str
        Name or path of a course.
    start : str
        First day, such as ``2026-12-01``.
    clock : str
        Time of day of all doses, such as ``14:00``; empty for the template's.

    Raises
    ------
    SettingsError
        The person has a course already, or a value is not valid.
    RecordingError
        The disk cannot be written.
    """
    label = participant.removeprefix("sub-")
    check_label("participant", label)
    path = course_path(root, label)
    if path.exists():
        raise SettingsError(
            f"there is a course of sub-{label} already", got=path, todo="edit that file; nothing was overwritten"
        )
    if not _DAY.fullmatch(start):
        raise SettingsError("the first day is no date", got=start, allowed="such as 2026-12-01")
    data = load_course(template).model_dump(mode="json", exclude_none=True)
    data |= {"participant": label, "start": start}
    if birth_year is not None:
        data["birth_year"] = birth_year
    if clock:
        data["doses"] = [dose | {"time": clock} for dose in data.get("doses", [])]
    contacts = load_contacts()
    if contacts is not None:
        data["contacts"] = contacts.model_dump()
    parse(Course, data, "the course")
    with explain_disk_errors(f"{path} cannot be written", todo="free disk space, then try again"):
        ensure_dataset(root)
        register_participant(root, f"sub-{label}")
        make_folder(path.parent)
        write_atomic(path, tomli_w.dumps(data))
    log_change(root, "course", participant=f"sub-{label}", what="new", after=file_hash(path))
    return path


def check_course(course: Course) -> list[str]:
    """Return sentences about anything unusual in a course: dates out of order, two doses in a day, missing contacts."""
    notices: list[str] = []
    if not course.start:
        notices.append(tr(texts.NO_START))
    days = [dose.day for dose in course.doses]
    if days != sorted(days):
        notices.append(tr(texts.DOSES_OUT_OF_ORDER))
    notices += [tr(texts.TWO_DOSES, day=day) for day in sorted({day for day in days if days.count(day) > 1})]
    last = max([course.days, *days])
    notices += [
        tr(texts.AFTER_END, what=form.form, day=form.day) for form in course.forms if not form.dose and form.day > last
    ]
    if course.contacts is None:
        notices.append(tr(texts.NO_CONTACTS))
    notices += [tr(texts.RISK_AT_HOME)] if course.doses else []
    return notices


def freeze_course(root: Path, participant: str) -> Path:
    """Write the lock of a course: its hash, those of its forms, and the version of the program.

    A lock that still holds is left as it is. A course without contacts of a clinic gets those of the settings.

    Raises
    ------
    SettingsError
        There is no course, it has no contacts of a clinic, or a form does not exist.
    RecordingError
        It is frozen already in another state, or the disk cannot be written.
    """
    label = participant.removeprefix("sub-")
    course = read_course(root, label)
    if course is None:
        raise SettingsError(f"there is no course of sub-{label}", todo="make one with `neurofeedback course new`")
    is_new = not lock_path(root, label).exists()
    if is_new and course.contacts is None and (contacts := load_contacts()) is not None:
        _add_contacts(root, label, contacts)
        course = course.model_copy(update={"contacts": contacts})
    if course.contacts is None or not course.start:
        raise SettingsError(
            "this course cannot be frozen",
            got="no contacts of a clinic" if course.contacts is None else "no first day",
            allowed="[contacts] with clinic, emergency and crisis_line, and start",
            todo=f"enter them with `neurofeedback course contacts` or in {course_path(root, label)}",
        )
    names = sorted({planned.form for planned in course.forms})
    path, sha256 = lock_path(root, label), file_hash(course_path(root, label))
    if changed := changed_since_frozen(root, label):
        raise RecordingError(
            "this course was changed after it was frozen",
            got=", ".join(changed),
            todo="undo the change; or rename the lock, which the change log records, and freeze again",
        )
    if path.exists():
        return path
    with explain_disk_errors(f"{path} cannot be written", todo="free disk space, then try again"):
        write_json_atomic(
            path,
            {
                "frozen_at": now_text(),
                "course_sha256": sha256,
                "forms_sha256": {name: form_hash(load_questionnaire(name)) for name in names},
                "version": __version__,
            },
        )
    log_change(root, "course", participant=f"sub-{label}", what="frozen", after=sha256)
    return path


def _add_contacts(root: Path, label: str, contacts: ClinicContacts) -> None:
    """Append the contacts to the file of a course; what stands in it stays as it was typed."""
    path = course_path(root, label)
    text = path.read_text(encoding="utf-8")
    with explain_disk_errors(f"{path} cannot be written", todo="free disk space, then try again"):
        write_atomic(path, f"{text.rstrip()}\n\n{tomli_w.dumps({'contacts': contacts.model_dump()})}")
    log_change(root, "course", participant=f"sub-{label}", what="contacts", after=file_hash(path))


def is_frozen(root: Path, participant: str) -> bool:
    """Return whether a course is frozen and neither it nor one of its forms has been changed since."""
    return lock_path(root, participant).exists() and not changed_since_frozen(root, participant)


def changed_since_frozen(root: Path, participant: str) -> list[str]:
    """Return what was changed after a course was frozen: its file, names of forms; nothing if it is not frozen."""
    path = lock_path(root, participant)
    if not path.exists():
        return []
    lock, course = read_json(path), course_path(root, participant)
    sha256, forms = file_hash(course), lock.get("forms_sha256")
    changed = [] if sha256 and lock.get("course_sha256") == sha256 else [str(course)]
    return changed + [
        f"form {name}"
        for name, known in (forms if isinstance(forms, dict) else {}).items()
        if _form_hash(name) != known
    ]


def _form_hash(name: str) -> str:
    """Return the hash of a form as it is now; empty if it cannot be used."""
    try:
        return form_hash(load_questionnaire(name))
    except SettingsError:
        return ""
