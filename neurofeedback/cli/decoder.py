"""``decoder``: what the program has learned of a person's own signs of wandering, and how well that works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from neurofeedback.cli.common import last_participant, plain_console, print_json, recordings_to_read
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.estimation.figures import Interval
    from neurofeedback.session.labelled_table import TableScores
    from neurofeedback.session.learning import Learned
    from neurofeedback.settings.model import Settings

Participant = Annotated[str | None, typer.Option(help="Who; the last one if left out.")]
Recordings = Annotated[Path | None, typer.Option(help="Folder of the recordings.")]
Profile = Annotated[str, typer.Option(help="Profile by name or file.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

_console = plain_console()


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="The personal decoder: your own signs of wandering, learned from your own answers.")
    family.command(help="What was learned, which way, how sure, and how well it works.")(show)
    family.command(help="Learn from all recordings anew; leave sessions out, or take them in again.")(fit)
    family.command(help="Begin anew: leave out every session until now. `fit --include` takes one in again.")(reset)
    family.command(help="Hold the decoder against a table of labelled features; nothing is shuffled across time.")(
        evaluate
    )
    app.add_typer(family, name="decoder")


def show(
    participant: Participant = None, recordings: Recordings = None, profile: Profile = "default", json: AsJson = False
) -> None:
    """Show what is known of a person."""
    from neurofeedback.session.learning import learned  # noqa: PLC0415 - NumPy, and not for --help
    from neurofeedback.settings.load import load_settings  # noqa: PLC0415

    root, who = _whose(recordings, participant)
    settings = load_settings(profile)
    _tell(learned(root, who, settings), settings, json=json)


def fit(
    participant: Participant = None,
    recordings: Recordings = None,
    profile: Profile = "default",
    exclude: Annotated[list[str] | None, typer.Option(help="A session to leave out; may be repeated.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="A session to take in again; may be repeated.")] = None,
    json: AsJson = False,
) -> None:
    """Learn anew."""
    from neurofeedback.recording.bids import find_stems  # noqa: PLC0415
    from neurofeedback.session.learning import excluded_of, learned  # noqa: PLC0415
    from neurofeedback.settings.load import load_settings  # noqa: PLC0415

    root, who = _whose(recordings, participant)
    settings = load_settings(profile)
    stems = [stem for stem in find_stems(root) if stem.startswith(f"sub-{who}_")]
    out = {_session(stems, name) for name in exclude or ()}
    back = {_session(stems, name) for name in include or ()}
    left_out = sorted((set(excluded_of(root, who)) | out) - back)
    _tell(learned(root, who, settings, excluded=left_out, anew=True), settings, json=json)


def reset(participant: Participant = None, recordings: Recordings = None, json: AsJson = False) -> None:
    """Forget what was learned; the recordings stay."""
    from neurofeedback.recording.bids import find_stems  # noqa: PLC0415
    from neurofeedback.session.learning import learned  # noqa: PLC0415
    from neurofeedback.settings.load import load_settings  # noqa: PLC0415

    root, who = _whose(recordings, participant)
    stems = [stem for stem in find_stems(root) if stem.startswith(f"sub-{who}_")]
    settings = load_settings()
    _tell(learned(root, who, settings, excluded=stems), settings, json=json)


def evaluate(
    table: Annotated[Path, typer.Argument(help="subject, session, onset, label (1 = wandering), any features.")],
    profile: Profile = "default",
    json: AsJson = False,
) -> None:
    """Evaluate on a table."""
    from neurofeedback.session.labelled_table import evaluate_table, read_table  # noqa: PLC0415
    from neurofeedback.settings.load import load_evidence, load_settings  # noqa: PLC0415

    settings = load_settings(profile)
    scores = evaluate_table(read_table(table), load_evidence(settings.index.evidence), settings.decoder)
    if json:
        print_json(asdict(scores))
    else:
        _tell_table(scores)


def _whose(recordings: Path | None, participant: str | None) -> tuple[Path, str]:
    from neurofeedback.recording.bids import check_label  # noqa: PLC0415

    root = recordings_to_read(recordings)
    who = participant or last_participant(root)
    check_label("participant", who)
    return root, who


def _session(stems: Sequence[str], name: str) -> str:
    found = [stem for stem in stems if name in {stem, *stem.split("_"), stem.split("_")[1].removeprefix("ses-")}]
    if len(found) != 1:
        raise SettingsError(
            "no such session",
            got=name,
            allowed=", ".join(stem.split("_")[1] for stem in stems) or "none: this participant has no session",
            todo="name it as `neurofeedback history` does",
        )
    return found[0]


def _tell(known: Learned, settings: Settings, *, json: bool) -> None:
    from neurofeedback.session import decoder_words as words  # noqa: PLC0415

    sentence = words.pairs_sentence(known.evaluation, settings.decoder)
    driving = words.driving_sentence(known.decoder, known.evaluation)
    if json:
        print_json(_document(known, sentence, driving))
        return
    _console.print(f"Participant {known.participant}: {driving}")
    if sentence != driving:
        _console.print(sentence)
    if known.evaluation.n:
        _console.print(_learned_table(known))
        _console.print(_how_well(known))
    for session in known.excluded:
        _console.print(f"Left out: {session}")
    for notice in known.notices:
        _console.print(f"Note: {notice}")


def _learned_table(known: Learned) -> RichTable:
    from neurofeedback.session.decoder_words import signs  # noqa: PLC0415

    table = RichTable(box=None, pad_edge=False)
    for column in ("sign", "while wandering", "weight", "chance that this is the way"):
        table.add_column(column, overflow="fold")
    weights = dict(zip(known.decoder.names, known.decoder.weights.tolist(), strict=True))
    for name, plain, direction, chance in signs(known.decoder):
        table.add_row(plain, direction, f"{weights[name]:+.2f}", f"{100 * chance:.0f} %")
    return table


def _how_well(known: Learned) -> str:
    scores = known.evaluation
    kinds = f"{scores.n_wander} elsewhere, {scores.n - scores.n_wander} on the breath"
    lines = [
        f"Learned from {scores.n} answers ({kinds}) of {scores.n_sessions} sittings"
        f"{', and from presses' if known.decoder.with_presses else ''}.",
        f"AUC, sitting by sitting ahead: {_interval(scores.prequential)}; "
        f"each sitting left out: {_interval(scores.left_out)}",
        f"Brier skill over the usual rate: {_interval(scores.brier_skill)}; calibration error: {_interval(scores.ece)}",
        "How far each study is borne out: "
        + ", ".join(f"{name} {100 * share:.0f} %" for name, share in known.decoder.shares),
        f"Drowsy is another matter: your threshold is {known.drowsy_level:.2f} of the usual one "
        f"({sum(len(told.drowsy) for told in known.told)} answers).",
    ]
    return "\n".join(lines)


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return "too little to say"
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f}; {interval.n} answers)"


def _document(known: Learned, sentence: str, driving: str) -> dict[str, Any]:
    from neurofeedback.session.decoder_words import badge, signs  # noqa: PLC0415

    scores = asdict(known.evaluation)
    decoder = known.decoder
    values = {
        name: (weight, sd)
        for name, weight, sd in zip(decoder.names, decoder.weights.tolist(), decoder.sd.tolist(), strict=True)
    }
    return {
        "participant": known.participant,
        "badge": badge(known.evaluation),
        "sentence": sentence,
        "driving": driving,
        "signs": [
            {
                "feature": name,
                "name": plain,
                "weight": values[name][0],
                "sd": values[name][1],
                "direction": direction,
                "chance": chance,
            }
            for name, plain, direction, chance in signs(decoder)
        ],
        "evaluation": scores,
        "with_presses": decoder.with_presses,
        "profiles": dict(decoder.shares),
        "drowsy_level": known.drowsy_level,
        "sessions": [told.taught.session for told in known.told],
        "excluded": list(known.excluded),
        "notices": list(known.notices),
    }


def _tell_table(scores: TableScores) -> None:
    table = RichTable(title="AUC, pairs of one session", title_justify="left", box=None, pad_edge=False)
    for column in ("how", "AUC (95 % interval)"):
        table.add_column(column, overflow="fold")
    table.add_row("session by session ahead", _interval(scores.prequential))
    table.add_row("each session left out", _interval(scores.sessions_left_out))
    table.add_row("each subject left out", _interval(scores.subjects_left_out))
    for subject, n, auc in scores.subjects:
        table.add_row(f"  {subject}, ahead ({n} answers)", _interval(auc))
    _console.print(table)
    _console.print(
        f"{scores.n} answers, {scores.n_wander} of wandering, {scores.n_sessions} sessions. "
        f"Features with a prior from studies: {', '.join(scores.known) or 'none'}; all others begin from nothing.\n"
        f"Brier skill: {_interval(scores.brier_skill)}; calibration error: {_interval(scores.ece)}"
    )
