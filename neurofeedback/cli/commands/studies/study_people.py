"""``study allocate``, ``install``, ``enrol``, ``reveal`` and ``unlock``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.commands.studies.study_protocol import By, Recordings
from neurofeedback.cli.helpers.common import echo, existing_recordings_folder
from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

Why = Annotated[str, typer.Option(help="Why; it is written into the table of unblinding first.")]


def allocate(
    site: Annotated[str, typer.Option(help="Name of the site in the protocol.")],
    out: Annotated[Path, typer.Option(help="New folder for the sealed records and the run key.")],
    by: By,
    recordings: Recordings = None,
) -> None:
    """Draw the allocation of a site, on the keeper's computer, from the frozen protocol."""
    from neurofeedback.study.allocation import allocate as draw

    files = draw(existing_recordings_folder(recordings), site, out, by=by)
    echo(tr(texts.ALLOCATED, records=files.records, key=files.key))


def install(
    folder: Annotated[Path, typer.Argument(help="Folder with the keeper's files.")],
    by: By,
    recordings: Recordings = None,
) -> None:
    """Bring the keeper's files to this laptop: sealed records into the dataset, the run key beside the settings."""
    from neurofeedback.study.allocation import install_allocation

    sites = install_allocation(existing_recordings_folder(recordings), folder, by=by)
    echo(tr(texts.INSTALLED, sites=", ".join(sites)))
    echo(tr(texts.KEY_PLACE))


def enrol(
    participant: Annotated[str, typer.Argument(help="Participant number, such as 07.")],
    consent: Annotated[str, typer.Option(help="Version and date of the consent.")],
    by: By,
    factor: Annotated[list[str] | None, typer.Option(help="NAME=LEVEL, for each factor of the protocol.")] = None,
    person: Annotated[
        str, typer.Option(help="What only this person has, such as initials and birth date; its keyed hash is stored.")
    ] = "",
    recordings: Recordings = None,
) -> None:
    """Enrol a person: log eligibility and consent, then take the next slot. The arm is not shown."""
    from neurofeedback.study.enrolment import EnrolmentRequest
    from neurofeedback.study.enrolment import enrol as take_slot

    request = EnrolmentRequest(participant, _levels(factor or []), consent, by, person)
    enrolled = take_slot(existing_recordings_folder(recordings), request)
    echo(tr(texts.ENROLLED, participant=enrolled.participant, site=enrolled.site, stratum=enrolled.stratum))
    if enrolled.open_part:
        echo(tr(texts.OPEN_PART, part=enrolled.open_part))


def reveal(
    participant: Annotated[str, typer.Argument(help="Participant number.")],
    why: Why,
    by: By,
    recordings: Recordings = None,
) -> None:
    """Show one person's arm in an emergency. A row about it is written first."""
    from neurofeedback.recording.masking.masked_sessions import unblinding_path
    from neurofeedback.study.enrolment import reveal as show

    root = existing_recordings_folder(recordings)
    arm = show(root, participant, by=by, why=why)
    echo(tr(texts.REVEALED, participant=participant, arm=arm, path=unblinding_path(root)))


def unlock(why: Why, by: By, recordings: Recordings = None) -> None:
    """Show all arms at the end of the study. A row for each person is written first."""
    from neurofeedback.recording.masking.masked_sessions import unblinding_path
    from neurofeedback.study.enrolment import unlock as show_all

    root = existing_recordings_folder(recordings)
    arms = show_all(root, by=by, why=why)
    echo(tr(texts.UNLOCKED, n=len(arms), path=unblinding_path(root)), err=True)
    for participant, arm in arms.items():
        echo(f"{participant}\t{arm}")


def _levels(pairs: list[str]) -> dict[str, str]:
    wrong = next((pair for pair in pairs if "=" not in pair), None)
    if wrong is not None:
        raise SettingsError("a factor cannot be read", got=repr(wrong), allowed="NAME=LEVEL")
    return dict(pair.split("=", 1) for pair in pairs)
