"""``forms`` and ``session``: list, acknowledge and move answers; show and set the facts of a session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from neurofeedback.cli.helpers.common import echo, existing_recordings_folder, last_participant, recordings_folder
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr

forms_app = typer.Typer(help="Answers to forms: list, acknowledge, move those of earlier versions.")
session_app = typer.Typer(help="Facts about a session: condition, substance, dose, time zero, eyes.")
Recordings = Annotated[Path | None, typer.Option(help="Folder of the recordings.")]
Participant = Annotated[str | None, typer.Option(help="Participant; the last one by default.")]


@forms_app.command("list")
def list_forms(participant: Participant = None, recordings: Recordings = None) -> None:
    """List all answers of a person by time, corrected ones too; what staff have not acknowledged comes first."""
    from neurofeedback.recording.facts.form_records import read_all_forms, unacknowledged_lines

    folder = existing_recordings_folder(recordings)
    who = participant or last_participant(folder)
    for line in unacknowledged_lines(folder, who):
        echo(line, bold="! ")
    asked = read_all_forms(folder, who)
    for one in asked:
        more = tr(texts.CORRECTED, entry=one.superseded_by[:12]) if one.superseded_by else ""
        more += "".join(tr(texts.SEEN_BY, by=seen.by, done=seen.done) for seen in one.acknowledged)
        score = "-" if one.answers.score is None else one.answers.score
        echo(
            tr(
                texts.LISTED,
                entry=one.hash[:12],
                asked=one.asked_at.strftime("%Y-%m-%d %H:%M"),
                form=one.answers.form,
                session=f"ses-{one.session}",
                score=score,
                more=more,
            )
        )
    if not asked:
        echo(tr(texts.NO_FORMS))


@forms_app.command()
def acknowledge(
    entry: Annotated[str, typer.Argument(help="Entry as `forms list` prints it.")],
    by: Annotated[str, typer.Option(help="Who has seen the answer.")],
    done: Annotated[str, typer.Option(help="What was done.")],
    form: Annotated[str, typer.Option(help="Name of the form.")] = "phq9",
    recordings: Recordings = None,
) -> None:
    """Enter that staff have seen an answer, such as one above zero to item 9 of the PHQ-9."""
    from neurofeedback.recording.facts.forms import acknowledge_answers

    acknowledge_answers(existing_recordings_folder(recordings), form, entry, by=by, done=done)
    echo(tr(texts.ACKNOWLEDGED, by=by))


@forms_app.command()
def migrate(recordings: Recordings = None) -> None:
    """Move answers and facts of version 0.1.0 into the record, with a backup."""
    from neurofeedback.recording.facts.migrate import migrate_dataset

    done = migrate_dataset(existing_recordings_folder(recordings))
    for notice in done.notices:
        echo(notice)
    if done.backup is None:
        echo(tr(texts.NOTHING_TO_MIGRATE))
    else:
        echo(tr(texts.MIGRATED, n_answers=done.n_answers, n_sessions=done.n_sessions, backup=done.backup))


@session_app.command("set")
def set_facts(
    session: Annotated[str, typer.Argument(help="Label of the session, such as 20261201T140000.")],
    participant: Participant = None,
    condition: Annotated[str | None, typer.Option(help="Such as home, pre, during, post_24h.")] = None,
    substance: Annotated[str | None, typer.Option(help="Substance; the session then counts for no baseline.")] = None,
    dose: Annotated[str | None, typer.Option(help="Dose as prescribed, such as 35 mg.")] = None,
    route: Annotated[str | None, typer.Option(help="Route, such as iv.")] = None,
    time_zero: Annotated[str, typer.Option(help="Beginning of the infusion: 14:02, or 2026-12-01T14:02.")] = "",
    eyes: Annotated[Literal["closed", "open"] | None, typer.Option(help="Eyes closed or open.")] = None,
    visit: Annotated[str | None, typer.Option(help="Visit of a study or course.")] = None,
    arm: Annotated[str | None, typer.Option(help="Code of the arm of a study.")] = None,
    note: Annotated[str | None, typer.Option(help="Note about the protocol, such as a deviation.")] = None,
    by: Annotated[str, typer.Option(help="Who enters this.")] = "",
    why: Annotated[str, typer.Option(help="Why it is changed.")] = "",
    recordings: Recordings = None,
) -> None:
    """Set facts of a session. Earlier values stay in the change log."""
    from neurofeedback.recording.facts.session_facts import format_facts, update_facts
    from neurofeedback.recording.facts.time_zero import time_zero_facts

    folder = existing_recordings_folder(recordings)
    who = participant or last_participant(folder)
    given = {
        "condition": condition,
        "substance": substance,
        "dose": dose,
        "route": route,
        "eyes": eyes,
        "visit": visit,
        "arm": arm,
        "note": note,
    }
    changes: dict[str, str | float | None] = {name: value for name, value in given.items() if value is not None}
    notice = ""
    if time_zero:
        anchor, minutes, notice = time_zero_facts(folder, who, session, time_zero)
        changes |= {"anchor": anchor, "minutes_from_anchor": minutes}
    facts, notices = update_facts(folder, who, session, changes, by=by, why=why)
    for line in filter(None, (notice, *notices)):
        echo(line)
    echo(tr(texts.FACTS_SAVED, session=session, facts=format_facts(facts)))


@session_app.command("show")
def show_facts(
    session: Annotated[str, typer.Argument(help="Label of the session.")],
    participant: Participant = None,
    recordings: Recordings = None,
) -> None:
    """Show the facts of a session."""
    from neurofeedback.recording.facts.session_facts import SessionFacts, format_facts, read_facts

    folder = recordings_folder(recordings)
    facts = read_facts(folder, participant or last_participant(folder), session) or SessionFacts()
    echo(tr(texts.FACTS_SAVED, session=session, facts=format_facts(facts)))
