"""``course`` and ``participant``: plan of a course, entries of an attendant, due list, report, consent, withdrawal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from neurofeedback.cli.helpers.common import echo, existing_recordings_folder, recordings_folder
from neurofeedback.errors import SettingsError
from neurofeedback.texts import course as texts
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.recording.facts.entry_models import AnyEntry
    from neurofeedback.settings.course import Course

course_app = typer.Typer(help="A course of doses and meditation: plan, what is due, the attendant's entries, report.")
participant_app = typer.Typer(help="A person: consent, withdrawal, pseudonymized export.")
Recordings = Annotated[Path | None, typer.Option(help="Folder of the recordings.")]
Who = Annotated[str, typer.Argument(help="Participant.")]
EntryKind = Literal["dose", "end", "vitals", "note", "stop-sound", "ready", "adverse", "medicine"]


@course_app.command()
def new(
    participant: Who,
    start: Annotated[str, typer.Option(help="First day, such as 2026-12-01.")],
    template: Annotated[str, typer.Option(help="infusion, esketamine, meditation, or a TOML file.")] = "infusion",
    time: Annotated[str, typer.Option(help="Time of day of the doses, such as 14:00.")] = "",
    birth_year: Annotated[int | None, typer.Option(help="Year of birth, for the report.")] = None,
    recordings: Recordings = None,
) -> None:
    """Write the plan of a person's course from a template."""
    from neurofeedback.recording.facts.course_file import check_course, new_course, read_course

    folder = recordings_folder(recordings)
    path = new_course(folder, participant, template, start, clock=time, birth_year=birth_year)
    if (written := read_course(folder, participant)) is not None:
        for notice in check_course(written):
            echo(notice)
    echo(tr(texts.COURSE_WRITTEN, path=path, participant=participant))


@course_app.command()
def freeze(participant: Who, recordings: Recordings = None) -> None:
    """Freeze a course: its hash and those of its forms. It needs the clinic's contacts."""
    from neurofeedback.recording.facts.course_file import freeze_course

    echo(tr(texts.FROZEN, path=freeze_course(existing_recordings_folder(recordings), participant)))


@course_app.command("next")
def due(
    participant: Who,
    everything: Annotated[bool, typer.Option("--all", help="The whole plan, not only what is due.")] = False,
    recordings: Recordings = None,
) -> None:
    """Print what is due; an answer that staff have not acknowledged comes first."""
    from neurofeedback.analysis.course.course_plan import due_items, read_course_data, todays_items
    from neurofeedback.recording.facts.course_file import changed_since_frozen, check_course
    from neurofeedback.recording.facts.form_records import unacknowledged_lines

    folder = existing_recordings_folder(recordings)
    for line in unacknowledged_lines(folder, participant):
        echo(line, bold="! ")
    plan = _course(folder, participant)
    if changed := changed_since_frozen(folder, participant):
        echo(tr(texts.CHANGED_SINCE_FROZEN, what=", ".join(changed)))
    for notice in check_course(plan):
        echo(notice)
    now = datetime.now().astimezone()
    items = due_items(read_course_data(folder, plan), now)
    for item in items if everything else todays_items(items, now):
        echo(tr(texts.DUE_LINE, mark=tr(texts.STATES[item.state]), due=f"{item.at:%Y-%m-%d %H:%M}", what=item.what))


@course_app.command()
def log(
    participant: Who,
    kind: Annotated[EntryKind, typer.Argument(help="What to enter.")],
    text: Annotated[str, typer.Argument(help="Dose, vital signs, note, term, medicine; asked if left out.")] = "",
    at: Annotated[str, typer.Option(help="When it happened, if not now: 14:02, or 2026-12-01T14:02.")] = "",
    by: Annotated[str, typer.Option(help="Who enters this.")] = "",
    substance: Annotated[str, typer.Option(help="Of a dose.")] = "ketamine",
    route: Annotated[str, typer.Option(help="Of a dose: iv, im, nasal, oral.")] = "iv",
    escort: Annotated[str, typer.Option(help="Ready to leave: with whom.")] = "",
    told_not_to_drive: Annotated[bool, typer.Option(help="Ready to leave: was told not to drive.")] = False,
    how_bad: Annotated[Literal["mild", "moderate", "severe"], typer.Option(help="Of an adverse event.")] = "mild",
    serious: Annotated[bool, typer.Option(help="A serious adverse event.")] = False,
    related: Annotated[
        Literal["yes", "possibly", "no", "unknown"], typer.Option(help="Adverse event: thought to be related.")
    ] = "unknown",
    start: Annotated[str, typer.Option(help="Adverse event: when it began.")] = "",
    end: Annotated[str, typer.Option(help="Adverse event: when it ended.")] = "",
    done: Annotated[str, typer.Option(help="Adverse event: what was done.")] = "",
    outcome: Annotated[str, typer.Option(help="Adverse event: outcome.")] = "",
    clock_offset: Annotated[float, typer.Option(help="Seconds to add to this computer's clock.")] = 0.0,
    correct: Annotated[str, typer.Option(help="Entry that this one corrects, see `course show`.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is corrected.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Save without reading it back.")] = False,
    recordings: Recordings = None,
) -> None:
    """Enter what an attendant does or sees, with a recording or without one. Stored, never interpreted."""
    from neurofeedback.recording.facts.entries import find_entry, minutes_since_dose, read_entries, save_entry
    from neurofeedback.recording.facts.entry_parsing import format_entry
    from neurofeedback.recording.facts.merge_entries import merge_into_recordings
    from neurofeedback.recording.facts.time_zero import parse_clock

    folder = recordings_folder(recordings)
    echo(tr(texts.NOT_A_MONITOR), err=True)
    if kind in {"end", "ready"} and text:
        raise SettingsError(f"{kind} holds no text", got=repr(text), todo=tr(texts.TEXT_NOT_USED, text=text))
    old = find_entry(folder, participant, correct) if correct else None
    near = old.at if old else datetime.now().astimezone()
    happened = parse_clock(at, near) if at else near
    event = {
        "how_bad": how_bad,
        "serious": serious,
        "related": related,
        "start": start,
        "end": end,
        "done": done,
        "outcome": outcome,
    }
    while True:
        try:
            entry = _entry(kind, text or _ask(kind), substance, route, (escort, told_not_to_drive), event)
            break
        except SettingsError as error:
            if not sys.stdin.isatty():
                raise
            text = typer.prompt(tr(texts.ASK_AGAIN, error=error), default="", show_default=False)
            if not text:
                echo(tr(texts.NOT_SAVED))
                raise typer.Exit(error.exit_code) from None
    shown = format_entry(entry)
    must_confirm = kind != "stop-sound" and not yes and sys.stdin.isatty()
    if must_confirm and not typer.confirm(tr(texts.READ_BACK, entry=f"{happened:%H:%M} {shown}"), default=True):
        echo(tr(texts.NOT_SAVED))
        raise typer.Exit
    hash_, notices = save_entry(
        folder,
        participant,
        entry,
        at=happened if at or old is None else None,
        by=by,
        clock_offset_s=clock_offset,
        supersedes=correct,
        reason=reason,
    )
    entries = read_entries(folder, participant)
    happened = next(one.at for one in entries if one.hash == hash_)
    minutes = minutes_since_dose(entries, happened)
    since = "" if minutes is None else tr(texts.MINUTES_FROM_DOSE, minutes=f"{minutes:g}")
    echo(tr(texts.ENTRY_SAVED, at=f"{happened:%H:%M}", entry=shown, minutes=since))
    _, unmerged = merge_into_recordings(folder, participant, min(happened, old.at) if old else happened)
    for notice in (*notices, *unmerged):
        echo(notice)


@course_app.command()
def show(participant: Who, recordings: Recordings = None) -> None:
    """List the attendant's entries, corrected ones too."""
    from neurofeedback.recording.facts.entries import read_entries
    from neurofeedback.recording.facts.entry_parsing import format_entry

    entries = read_entries(existing_recordings_folder(recordings), participant, corrected=True)
    for one in entries:
        corrected = f" -> {one.superseded_by[:12]}" if one.superseded_by else ""
        echo(f"{one.hash[:12]}  {one.at:%Y-%m-%d %H:%M}  {format_entry(one.line.entry)}  {one.line.by}{corrected}")
    if not entries:
        echo(tr(texts.NO_ENTRIES))


@course_app.command("report")
def write_report(
    participant: Who,
    out: Annotated[Path, typer.Option(help="File to write, .pdf or .html.")],
    edition: Annotated[
        Literal["clinic", "patient"], typer.Option(help="patient: without item 9 and vital signs.")
    ] = "clinic",
    by: Annotated[str, typer.Option(help="Who prints it.")] = "",
    recordings: Recordings = None,
) -> None:
    """Write the report of a course: two pages for the clinic, or for the patient."""
    from neurofeedback.report.course.course_page import read_course_content, write_course_report
    from neurofeedback.texts.clinic.course_report import WRITTEN

    content = read_course_content(existing_recordings_folder(recordings), participant)
    path = write_course_report(content, out, edition=edition, by=by)
    echo(tr(WRITTEN, path=path))


@course_app.command()
def contacts(
    clinic: Annotated[str, typer.Option(help="The clinic with its telephone number.")],
    emergency: Annotated[str, typer.Option(help="Emergency number.")],
    crisis_line: Annotated[str, typer.Option(help="Crisis line with its number.")],
) -> None:
    """Set the clinic's contacts, shown when an answer calls for help; a course cannot be frozen without them."""
    from neurofeedback.settings.load import contacts_path, parse_contacts, save_contacts

    save_contacts(parse_contacts(clinic, emergency, crisis_line))
    echo(tr(texts.CONTACTS_SAVED, path=contacts_path()))


@participant_app.command()
def consent(
    participant: Who,
    version: Annotated[str, typer.Option(help="Version of the information that the person has read.")],
    date_: Annotated[str, typer.Option("--date", help="When, such as 2026-12-01; today by default.")] = "",
    by: Annotated[str, typer.Option(help="Who enters this.")] = "",
    recordings: Recordings = None,
) -> None:
    """Enter that a person has consented to a version of the information."""
    from neurofeedback.recording.facts.entries import save_consent

    at, notices = save_consent(recordings_folder(recordings), participant, version, day=date_, by=by)
    echo(tr(texts.CONSENT_SAVED, version=version, at=f"{at:%Y-%m-%d}"))
    for notice in notices:
        echo(notice)


@participant_app.command()
def withdraw(
    participant: Who,
    since: Annotated[str, typer.Option("--from", help="First day to withdraw, such as 2026-12-01; or all.")],
    move: Annotated[bool, typer.Option("--move", help="Move sessions to sourcedata/withdrawn, do not delete.")] = False,
    by: Annotated[str, typer.Option(help="Who enters this.")] = "",
    why: Annotated[str, typer.Option(help="Reason, if one was given.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    recordings: Recordings = None,
) -> None:
    """Withdraw a person: remove the data, all or from a day on, and write a receipt."""
    from neurofeedback.study.privacy.withdraw import parse_first_day, withdraw_participant

    folder = existing_recordings_folder(recordings)
    first = parse_first_day(since)
    if not yes:
        typer.confirm(tr(texts.WITHDRAW_QUESTION, participant=participant, what=since), abort=True)
    done = withdraw_participant(folder, participant, since=first, move=move, by=by, why=why)
    echo(
        tr(
            texts.WITHDRAWN,
            participant=participant,
            n_files=done.n_files,
            n_lines=done.n_lines,
            receipt=done.receipt,
        )
    )


@participant_app.command()
def pseudonymize(
    participants: Annotated[list[str], typer.Argument(help="Participants.")],
    out: Annotated[Path, typer.Option(help="New folder for the tables.")],
    key: Annotated[Path, typer.Option(help="File of the codes; keep it apart.")],
    recordings: Recordings = None,
) -> None:
    """Export sessions, answers and entries with codes and days instead of names and dates."""
    from neurofeedback.study.privacy.pseudonymize import export_pseudonymized

    export_pseudonymized(existing_recordings_folder(recordings), participants, out, key)
    echo(tr(texts.EXPORTED, folder=out, key=key))


def _entry(
    kind: EntryKind, text: str, substance: str, route: str, leaving: tuple[str, bool], event: dict[str, str | bool]
) -> AnyEntry:
    from pydantic import ValidationError

    from neurofeedback.recording.facts import entry_models, entry_parsing

    makers: dict[EntryKind, Callable[[], AnyEntry]] = {
        "dose": lambda: entry_parsing.parse_dose(text, substance, route),
        "end": entry_models.DoseEnd,
        "vitals": lambda: entry_parsing.parse_vitals(text),
        "note": lambda: entry_models.AttendantNote(text=text),
        "stop-sound": lambda: entry_models.StopSound(reason=text),
        "ready": lambda: entry_models.ReadyToLeave(escort=leaving[0], told_not_to_drive=leaving[1]),
        "adverse": lambda: entry_models.AdverseEvent.model_validate({"term": text, **event}),
        "medicine": lambda: entry_models.Medicine(name=text),
    }
    try:
        return makers[kind]()
    except ValidationError:
        raise SettingsError("this entry is not complete", got=repr(text), todo="enter it again, in words") from None


def _ask(kind: EntryKind) -> str:
    if kind in {"end", "ready", "stop-sound"} or not sys.stdin.isatty():
        return ""
    return str(typer.prompt(kind))


def _course(folder: Path, participant: str) -> Course:
    from neurofeedback.recording.facts.course_file import read_course

    course = read_course(folder, participant)
    if course is None:
        raise SettingsError(tr(texts.NO_COURSE, participant=participant))
    return course
