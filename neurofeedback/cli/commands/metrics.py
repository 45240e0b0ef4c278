"""``neurofeedback metrics``: the card of every number the program shows, and the evidence behind its index."""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import print_json
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.settings.evidence import Evidence
    from neurofeedback.texts.feature_descriptions import MetricDescription

    Rows = tuple[str, tuple[tuple[str, str], ...]]

_WIDTH, _LABEL = 100, 15


def register(app: typer.Typer) -> None:
    """Add ``metrics`` to the program."""
    app.command()(metrics)


def metrics(
    name: Annotated[str, typer.Argument(help="One metric, feature or evidence profile; all if not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what each number is, how it is computed, where that is from, and what it does not mean."""
    from neurofeedback.settings.load import available, load_evidence
    from neurofeedback.texts.metric_descriptions import FIELD_REFERENCES, METRIC_GROUPS, METRICS  # NumPy takes 0.1 s

    evidence = {profile: load_evidence(profile) for profile in available("evidence")}
    cards = dict(METRICS)
    if name:
        cards, evidence = _select(name, cards, evidence)
    if as_json:
        print_json(
            {
                "metrics": [asdict(card) for card in cards.values()],
                "evidence": [profile.model_dump(mode="json") for profile in evidence.values()],
                "reviews": list(FIELD_REFERENCES),
            }
        )
        return
    for group, members in METRIC_GROUPS.items():
        _print_group(group, [_card_rows(card) for card in members if card.name in cards], heading=not name)
    _print_group("Evidence profiles", [_evidence_rows(profile) for profile in evidence.values()], heading=not name)


def _select(
    name: str, cards: dict[str, MetricDescription], evidence: dict[str, Evidence]
) -> tuple[dict[str, MetricDescription], dict[str, Evidence]]:
    if name not in cards and name not in evidence:
        close = difflib.get_close_matches(name, [*cards, *evidence], n=1)
        raise SettingsError(
            "there is no such metric",
            got=repr(name),
            allowed=", ".join([*cards, *evidence]),
            todo=f"did you mean {close[0]}?" if close else "leave the name out to see all",
        )
    return (
        {key: card for key, card in cards.items() if key == name},
        {key: profile for key, profile in evidence.items() if key == name},
    )


def _card_rows(card: MetricDescription) -> Rows:
    title = f"{typer.style(card.name, bold=True)}  {card.title} [{card.unit}]"
    rows = (
        ("is", card.formula),
        ("is not", card.is_not),
        ("from", "; ".join(card.references)),
        ("logged as", ", ".join(card.columns)),
    )
    return title, rows


def _evidence_rows(profile: Evidence) -> Rows:
    expected = [(f.feature, f"{f.mu:+.2f} +- {f.between_sd:.2f} between people; {f.source}") for f in profile.features]
    members = ", ".join(member.name for member in profile.members)
    title = f"{typer.style(profile.name, bold=True)}  {profile.description}"
    return title, (*expected, ("average", members), ("notice", profile.notice))


def _print_group(group: str, cards: list[Rows], *, heading: bool) -> None:
    if heading:
        typer.echo(f"{typer.style(group, bold=True, underline=True)}\n")
    for title, rows in cards:
        typer.echo(title)
        for label, text in rows:
            if text:
                indent = " " * (_LABEL + 4)
                body = textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)
                typer.echo(f"  {label:<{_LABEL}}  {body.lstrip()}")
        typer.echo()
