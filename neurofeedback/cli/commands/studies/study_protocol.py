"""``study new``, ``check``, ``freeze``, ``prereg``, ``donors``, ``next`` and ``status``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import echo, existing_recordings_folder, print_json, recordings_folder
from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

if TYPE_CHECKING:
    from neurofeedback.study.protocol import Protocol
    from neurofeedback.study.schedule import VisitStatus

Recordings = Annotated[Path | None, typer.Option(help="Folder of the recordings, with the study in code/study.")]
By = Annotated[str, typer.Option(help="Who does this, as a name or initials.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def new(
    template: Annotated[str, typer.Argument(help="sham-2x2, crossover or infusion-course.")],
    recordings: Recordings = None,
) -> None:
    """Write a commented protocol to edit: a sham-controlled 2x2, a crossover, or an infusion course."""
    from neurofeedback.study.protocol import new_protocol

    echo(tr(texts.WROTE_PROTOCOL, path=new_protocol(recordings_folder(recordings), template)))


def check(recordings: Recordings = None) -> None:
    """Check the protocol and name every mistake; exit 2 if there is one."""
    from neurofeedback.study.protocol import read_protocol
    from neurofeedback.study.protocol_lock import changed_defaults, changed_parts, lock_path, read_lock

    root = existing_recordings_folder(recordings)
    protocol = read_protocol(root)
    echo(
        tr(
            texts.PROTOCOL_FINE,
            name=protocol.name,
            version=protocol.version,
            arms=len(protocol.arms),
            visits=len(protocol.visits),
            sites=len(protocol.sites),
        )
    )
    if not lock_path(root).exists():
        echo(tr(texts.NOT_FROZEN_YET))
        return
    lock = read_lock(root)
    echo(tr(texts.FROZEN, at=lock.at, by=lock.by, hash=lock.sha256))
    if changed := changed_parts(root, protocol, lock):
        echo(tr(texts.CHANGED_SINCE, parts=", ".join(changed)))
    if defaults := changed_defaults(root, protocol, lock):
        echo(tr(texts.CHANGED_DEFAULTS, settings="\n".join(f"  {one}" for one in defaults)))


def freeze(by: By, recordings: Recordings = None) -> None:
    """Freeze the protocol: write the hashes of it and of everything it names."""
    from neurofeedback.study.protocol_lock import freeze_protocol

    lock = freeze_protocol(existing_recordings_folder(recordings), by)
    echo(tr(texts.FROZEN, at=lock.at, by=lock.by, hash=lock.sha256))


def prereg(recordings: Recordings = None) -> None:
    """Print the text of a preregistration of the protocol, in Markdown; its hash stands in it once it is frozen."""
    from neurofeedback.study.preregistration import preregistration

    echo(preregistration(existing_recordings_folder(recordings)), nl=False)


def donors(
    pilot: Annotated[Path, typer.Argument(help="Recordings folder of the pilot; never of the trial itself.")],
    min_minutes: Annotated[float, typer.Option(help="Least practice of a donor: the longest of the protocol, min.")],
    participant: Annotated[list[str] | None, typer.Option(help="Pilot participants to use; all if left out.")] = None,
    recordings: Recordings = None,
) -> None:
    """Write the pool of donors for yoked sham from the sittings of a pilot."""
    from neurofeedback.study.donors import write_donors
    from neurofeedback.study.protocol import read_protocol, study_folder

    root = existing_recordings_folder(recordings)
    protocol = read_protocol(root)
    pilot = existing_recordings_folder(pilot)
    if pilot.resolve() == root.resolve():
        raise SettingsError("the pilot is the trial itself", got=pilot, todo="use the recordings of a pilot")
    path = study_folder(root) / (protocol.sham.donors or "donors.json")
    pool = write_donors(pilot, path, min_s=60 * min_minutes, participants=participant or ())
    people = len({donor.participant for donor in pool.donors})
    echo(tr(texts.WROTE_DONORS, path=path, n=len(pool.donors), people=people, seconds=f"{pool.min_s:g}"))


def next_(
    participant: Annotated[str, typer.Argument(help="Participant number; everybody if left out.")] = "",
    recordings: Recordings = None,
) -> None:
    """Print which visit comes next, when it is due, its forms and its instruction."""
    from neurofeedback.study.agenda import read_agenda
    from neurofeedback.study.enrolment import find_enrolment

    root = existing_recordings_folder(recordings)
    agenda = read_agenda(root, _today())
    wanted = find_enrolment(root, participant) if participant else None
    people = [one for one in agenda.people if wanted is None or one.enrolment == wanted]
    for person in people:
        status = person.next
        if status is None:
            echo(tr(texts.ALL_DONE, participant=person.enrolment.participant, n=len(agenda.protocol.visits)))
            continue
        echo(_next_line(agenda.protocol, status))
        if participant:
            _print_details(agenda.protocol, status, person.enrolment.open_part)
    if not people:
        echo(tr(texts.NO_ONE_ENROLLED))


def status(recordings: Recordings = None, json: AsJson = False) -> None:
    """Print every person's visits: due, done, late, or excluded and by which rule; then what deviates."""
    from neurofeedback.study.enrolment import read_enrolments
    from neurofeedback.study.protocol_lock import frozen_protocol
    from neurofeedback.study.schedule import check_clock, person_status
    from neurofeedback.study.session_table import study_sessions
    from neurofeedback.study.status_table import deviations

    root = existing_recordings_folder(recordings)
    protocol, _ = frozen_protocol(root)
    sessions, today = study_sessions(root, protocol), _today()
    check_clock(sessions, today)
    people = read_enrolments(root)
    rows = [person_status(protocol, person.participant, sessions, today) for person in people]
    found = deviations(protocol, {person.participant for person in people}, sessions, rows)
    if json:
        visits = [
            {
                "participant": one.participant,
                "visit": one.visit.name,
                "state": one.state,
                "first": str(one.first or ""),
                "last": str(one.last or ""),
                "sessions": one.sessions,
                "rules": one.rules,
            }
            for row in rows
            for one in row
        ]
        print_json({"visits": visits, "deviations": found})
        return
    _print_status(protocol, rows, found)


def _print_status(protocol: Protocol, rows: list[list[VisitStatus]], found: list[str]) -> None:
    from neurofeedback.study.schedule import VisitState

    counts = {state: sum(one.state is state for row in rows for one in row) for state in VisitState}
    width = max(9, *(len(visit.name) for visit in protocol.visits)) + 1
    echo("".join(f"{name:<{width}}" for name in ("", *(visit.name for visit in protocol.visits))).rstrip())
    for row in rows:
        cells = (row[0].participant, *(_cell(one) for one in row))
        echo("".join(f"{cell:<{width}}" for cell in cells).rstrip())
    echo(
        tr(
            texts.STATUS_COUNT,
            n=len(rows),
            done=counts[VisitState.DONE],
            due=counts[VisitState.DUE],
            late=counts[VisitState.LATE],
            excluded=counts[VisitState.EXCLUDED],
        )
    )
    if found:
        echo(tr(texts.DEVIATIONS), bold="")
        for line in found:
            echo(f"- {line}")


def _cell(one: VisitStatus) -> str:
    return ",".join(one.rules) if one.rules else str(one.state)


def _next_line(protocol: Protocol, status: VisitStatus) -> str:
    from neurofeedback.study.agenda import when_template

    when = tr(when_template(status), first=status.first, last=status.last)
    return tr(
        texts.NEXT_VISIT,
        participant=status.participant,
        number=status.number,
        n=len(protocol.visits),
        visit=status.visit.name,
        when=when,
    )


def _print_details(protocol: Protocol, status: VisitStatus, open_part: str) -> None:
    visit, none = status.visit, tr(texts.NO_FORMS)
    before, after = ", ".join(visit.forms_before) or none, ", ".join(visit.forms_after) or none
    echo(tr(texts.NEXT_FORMS, before=before, after=after))
    instruction = protocol.instruction(open_part)
    echo(tr(texts.NEXT_INSTRUCTION, version=instruction.version, text=instruction.text))
    if visit.ask_guess:
        echo(tr(texts.NEXT_GUESS, participant=status.participant))


def _today() -> date:
    return date.today()
