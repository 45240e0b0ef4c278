"""``metrics``: description of every number the program shows, and the evidence behind its index."""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import echo, print_json
from neurofeedback.errors import SettingsError
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.processing.features import MetricDescription
    from neurofeedback.settings.evidence import Evidence

    Rows = tuple[str, str, tuple[tuple[str, str], ...]]

_WIDTH, _LABEL = 100, 15


def metrics(
    name: Annotated[str, typer.Argument(help="One metric, feature or evidence profile; all if not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Describe each number: what it is, how it is computed, its source, and what it does not mean."""
    from neurofeedback.estimation.metric_registry import FIELD_REFERENCES, METRIC_GROUPS, METRICS  # NumPy takes 0.1 s
    from neurofeedback.settings.load import available, load_evidence

    evidence = {profile: load_evidence(profile) for profile in available("evidence")}
    descriptions = dict(METRICS)
    if name:
        descriptions, evidence = _select(name, descriptions, evidence)
    if as_json:
        print_json(
            {
                "metrics": [asdict(description) for description in descriptions.values()],
                "evidence": [profile.model_dump(mode="json") for profile in evidence.values()],
                "reviews": list(FIELD_REFERENCES),
            }
        )
        return
    for group, members in METRIC_GROUPS.items():
        _print_group(
            group, [_description_rows(member) for member in members if member.name in descriptions], heading=not name
        )
    _print_group(
        tr(terminal.EVIDENCE_PROFILES), [_evidence_rows(profile) for profile in evidence.values()], heading=not name
    )


def _select(
    name: str, descriptions: dict[str, MetricDescription], evidence: dict[str, Evidence]
) -> tuple[dict[str, MetricDescription], dict[str, Evidence]]:
    if name not in descriptions and name not in evidence:
        close = difflib.get_close_matches(name, [*descriptions, *evidence], n=1)
        raise SettingsError(
            "there is no such metric",
            got=repr(name),
            allowed=", ".join([*descriptions, *evidence]),
            todo=f"did you mean {close[0]}?" if close else "leave the name out to see all",
        )
    return (
        {key: description for key, description in descriptions.items() if key == name},
        {key: profile for key, profile in evidence.items() if key == name},
    )


def _description_rows(metric: MetricDescription) -> Rows:
    rows = (
        (tr(terminal.IS), metric.formula),
        (tr(terminal.IS_NOT), metric.is_not),
        (tr(terminal.FROM), "; ".join(metric.references)),
        (tr(terminal.LOGGED_AS), ", ".join(metric.columns)),
    )
    return metric.name, f"{metric.title} [{metric.unit}]", rows


def _evidence_rows(profile: Evidence) -> Rows:
    expected = [
        (f.feature, tr(terminal.EVIDENCE, effect=f"{f.mu:+.2f}", between_sd=f"{f.between_sd:.2f}", source=f.source))
        for f in profile.features
    ]
    shares = profile.weighted_profiles if profile.members else ()
    members = ", ".join(f"{member.name} {100 * share:.0f} %" for member, share in shares)
    return (
        profile.name,
        profile.description,
        (*expected, (tr(terminal.PRIOR_OF_MIXTURE), members), (tr(terminal.NOTICE), profile.notice)),
    )


def _print_group(group: str, entries: list[Rows], *, heading: bool) -> None:
    if heading:
        echo("\n", bold=group)
    for name, title, rows in entries:
        echo(f"  {title}", bold=name)
        for label, text in rows:
            if text:
                indent = " " * (_LABEL + 4)
                body = textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)
                echo(f"  {label:<{_LABEL}}  {body.lstrip()}")
        echo()
