"""``study power``, ``check-sham``, ``merge``, ``table`` and ``crednf``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.commands.studies.study_protocol import AsJson, By, Recordings
from neurofeedback.cli.helpers.common import echo, existing_recordings_folder, print_json, without_nan
from neurofeedback.errors import EXIT_RECORDING
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

if TYPE_CHECKING:
    from pydantic import JsonValue


def power(
    per_arm: Annotated[
        int | None, typer.Option(min=2, max=5000, help="People in a group; else the protocol's.")
    ] = None,
    difference: Annotated[
        float | None, typer.Option(min=0.0, max=5.0, help="Difference of the contrasts, logits; else the protocol's.")
    ] = None,
    studies: Annotated[int, typer.Option(min=10, max=100_000, help="Simulated studies.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 1,
    recordings: Recordings = None,
    json: AsJson = False,
) -> None:
    """Simulate the primary test at the level of answers: its power and its true level, beside a small effect."""
    from neurofeedback.study.protocol import read_protocol
    from neurofeedback.study.results.power import detectable_effect, group_sizes, simulate_power, small_effect_numbers

    protocol = read_protocol(existing_recordings_folder(recordings))
    outcome, n = protocol.outcome, per_arm or protocol.sample.per_arm
    wanted = outcome.difference if difference is None else difference
    found = simulate_power(protocol, per_arm=n, difference=wanted, n_studies=studies, seed=seed)
    null = simulate_power(protocol, per_arm=n, difference=0.0, n_studies=studies, seed=seed + 1)
    small, small_with_pre_score = small_effect_numbers(outcome.alpha)
    smaller = min(group_sizes(protocol, n))
    detectable = detectable_effect(smaller, outcome.alpha)
    if json:
        document = {
            "per_arm": n,
            "n_studies": studies,
            "difference": wanted,
            "power": found.power,
            "power_interval": found.interval,
            "null_rejections": null.power,
            "null_interval": null.interval,
            "detectable_d": detectable,
            "people_for_d_0_2": small,
            "people_for_d_0_2_with_pre_score": small_with_pre_score,
        }
        print_json(document)
        return
    n_visits = sum(visit.feedback for visit in protocol.visits)
    test = tr(texts.TESTS[outcome.test])
    answers = outcome.answers_per_visit
    echo(tr(texts.POWER_TITLE, test=test, n=n, visits=n_visits, answers=answers, runs=studies))
    low, high = found.interval
    echo(tr(texts.POWER_LINE, difference=wanted, power=found.power, low=low, high=high))
    low, high = null.interval
    echo(tr(texts.NULL_LINE, power=null.power, low=low, high=high, alpha=outcome.alpha))
    echo(tr(texts.DETECTABLE, n=smaller, d=detectable))
    echo(tr(texts.SMALL_EFFECT, n=small, n_pre=small_with_pre_score))
    echo(tr(texts.PILOT_AUC))


def check_sham(
    donors: Annotated[Path, typer.Argument(help="Pool of donors, as `study donors` writes it.")],
    recordings: Recordings = None,
    json: AsJson = False,
) -> None:
    """Compare real and sham feedback over the sittings of a pilot: reward rate, flips, gain and neutral share."""
    from dataclasses import asdict

    from neurofeedback.study.donors import read_donors
    from neurofeedback.study.results.sham_check import check_sham as compare

    result = compare(existing_recordings_folder(recordings), read_donors(donors, 2).pool)
    if json:
        document: dict[str, JsonValue] = {
            "n_people": result.n_people,
            "equivalences": [{**asdict(one)} for one in result.equivalences],
            "latency_p50_ms": result.latency_p50_ms,
            "latency_p95_ms": result.latency_p95_ms,
            "within": {one.name: one.is_within for one in result.equivalences},
        }
        print_json(without_nan(document))
        return
    echo(tr(texts.SHAM_CHECK_TITLE, n=result.n_people))
    for one in result.equivalences:
        verdict = tr(texts.WITHIN if one.is_within else texts.NOT_SHOWN)
        shown = {"difference": one.difference, "low": one.low, "high": one.high, "bound": one.bound}
        echo(tr(texts.SHAM_CHECK_LINE, name=one.name, verdict=verdict, **shown))
    echo(tr(texts.SHAM_NEUTRAL))
    echo(tr(texts.SHAM_LATENCY, p50=result.latency_p50_ms, p95=result.latency_p95_ms))


def check_played(recordings: Recordings = None) -> None:
    """Check what every masked session has played: its seal, and after unlocking by replays with the arm's series."""
    from neurofeedback.study.masked.played import check_played as check

    results = check(existing_recordings_folder(recordings))
    for one in results:
        echo(f"{one.session}: {one.text}")
    if not results:
        echo(tr(texts.NOTHING_SEALED))
    if not all(one.right for one in results):
        raise typer.Exit(EXIT_RECORDING)


def merge(
    datasets: Annotated[list[Path], typer.Argument(help="Recordings folders of the sites; they stay as they are.")],
    into: Annotated[Path, typer.Option(help="Folder of the merged dataset: a new one, or one merged before.")],
    by: By,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")] = False,
    same_people: Annotated[
        bool, typer.Option("--same-people", help="A number of nobody enrolled is one person in all datasets.")
    ] = False,
    accept_dates: Annotated[
        bool, typer.Option("--accept-dates", help="Merge also with dates that cannot be right, and log them.")
    ] = False,
) -> None:
    """Merge the datasets of the sites of a study into one. Merging again adds only what is new."""
    from neurofeedback.study.merging.merge import MergeOptions, merge_datasets

    roots = [existing_recordings_folder(path) for path in datasets]
    result = merge_datasets(roots, into.expanduser(), MergeOptions(by, same_people, accept_dates, dry_run))
    for name in result.differing:
        echo(tr(texts.MERGE_DIFFERING, name=name), err=True)
    for people in result.shared_slots:
        echo(tr(texts.MERGE_SHARED_SLOT, people=people), err=True)
    if not result.changes_something:
        echo(tr(texts.MERGE_NOTHING, path=into, people=result.n_people, sessions=result.n_sessions))
        return
    sentence = texts.MERGE_PLANNED if dry_run else texts.MERGE_DONE
    files = {"copied": result.n_copied, "joined": result.n_joined}
    echo(tr(sentence, path=into, people=result.n_people, sessions=result.n_sessions, **files))


class TableChoice(StrEnum):
    """What a row of the long table is, as typed."""

    SESSION = "session"
    PHASE = "phase"
    PROBE = "probe"


def table(
    out: Annotated[Path, typer.Option(help="Table to write, .csv; the dictionary is written beside it.")],
    by: Annotated[TableChoice, typer.Option(help="What a row is.")] = TableChoice.SESSION,
    recordings: Recordings = None,
) -> None:
    """Write the long table of a study with its data dictionary; arms are in it only after `study unlock`."""
    from neurofeedback.study.results.long_table import write_table

    written = write_table(existing_recordings_folder(recordings), by.value, out)
    echo(tr(texts.WROTE_TABLE, path=out, n=written.n_rows, dictionary=written.dictionary))


def crednf(
    out: Annotated[Path, typer.Option(help="Page to write, .html.")],
    recordings: Recordings = None,
) -> None:
    """Write the CRED-nf checklist of the study as one page, filled from the data."""
    from neurofeedback.study.results.crednf import count_sentence, write_checklist
    from neurofeedback.texts.studies.crednf import WRITTEN

    items = write_checklist(existing_recordings_folder(recordings), out)
    echo(tr(WRITTEN, path=out, counts=count_sentence(items)))
