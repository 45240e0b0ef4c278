"""``decoder``: what the program has learned of a person's own signs of wandering, and how well that works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from neurofeedback.cli.helpers.common import existing_recordings_folder, last_participant, plain_console, print_json
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.learning.feature_table import FeatureTableScores
    from neurofeedback.learning.metrics import MetricInterval
    from neurofeedback.learning.training import DecoderState
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
    from neurofeedback.learning.training import train_decoder  # NumPy, and not for --help
    from neurofeedback.settings.load import load_settings

    root, who = _resolve_participant(recordings, participant)
    settings = load_settings(profile)
    _print_state(train_decoder(root, who, settings), settings, json=json)


def fit(
    participant: Participant = None,
    recordings: Recordings = None,
    profile: Profile = "default",
    exclude: Annotated[list[str] | None, typer.Option(help="A session to leave out; may be repeated.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="A session to take in again; may be repeated.")] = None,
    json: AsJson = False,
) -> None:
    """Learn anew."""
    from neurofeedback.learning.training import excluded_sessions, train_decoder
    from neurofeedback.recording.bids_paths import find_session_stems
    from neurofeedback.settings.load import load_settings

    root, who = _resolve_participant(recordings, participant)
    settings = load_settings(profile)
    stems = [stem for stem in find_session_stems(root) if stem.startswith(f"sub-{who}_")]
    out = {_find_session(stems, name) for name in exclude or ()}
    back = {_find_session(stems, name) for name in include or ()}
    left_out = sorted((set(excluded_sessions(root, who)) | out) - back)
    _print_state(train_decoder(root, who, settings, excluded=left_out, rebuild=True), settings, json=json)


def reset(participant: Participant = None, recordings: Recordings = None, json: AsJson = False) -> None:
    """Forget what was learned; the recordings stay."""
    from neurofeedback.learning.training import train_decoder
    from neurofeedback.recording.bids_paths import find_session_stems
    from neurofeedback.settings.load import load_settings

    root, who = _resolve_participant(recordings, participant)
    stems = [stem for stem in find_session_stems(root) if stem.startswith(f"sub-{who}_")]
    settings = load_settings()
    _print_state(train_decoder(root, who, settings, excluded=stems), settings, json=json)


def evaluate(
    table: Annotated[Path, typer.Argument(help="subject, session, onset, label (1 = wandering), any features.")],
    profile: Profile = "default",
    json: AsJson = False,
) -> None:
    """Evaluate on a table."""
    from neurofeedback.learning.feature_table import evaluate_feature_table, read_feature_table
    from neurofeedback.settings.load import load_evidence, load_settings

    settings = load_settings(profile)
    scores = evaluate_feature_table(read_feature_table(table), load_evidence(settings.index.evidence), settings.decoder)
    if json:
        print_json(_with_published_keys(asdict(scores)))
    else:
        _print_scores(scores)


def _resolve_participant(recordings: Path | None, participant: str | None) -> tuple[Path, str]:
    from neurofeedback.recording.bids_paths import check_label

    root = existing_recordings_folder(recordings)
    who = participant or last_participant(root)
    check_label("participant", who)
    return root, who


def _find_session(stems: Sequence[str], name: str) -> str:
    found = [stem for stem in stems if name in {stem, *stem.split("_"), stem.split("_")[1].removeprefix("ses-")}]
    if len(found) != 1:
        raise SettingsError(
            "no such session",
            got=name,
            allowed=", ".join(stem.split("_")[1] for stem in stems) or "none: this participant has no session",
            todo="name it as `neurofeedback history` does",
        )
    return found[0]


def _print_state(state: DecoderState, settings: Settings, *, json: bool) -> None:
    from neurofeedback.learning import decoder_messages as words

    sentence = words.auc_sentence(state.evaluation, settings.decoder)
    driving = words.guidance_sentence(state.decoder, state.evaluation)
    if json:
        print_json(_document(state, sentence, driving))
        return
    _console.print(f"Participant {state.participant}: {driving}")
    if sentence != driving:
        _console.print(sentence)
    if state.evaluation.n_answers:
        _console.print(_feature_table(state))
        _console.print(_performance_text(state))
    for session in state.excluded:
        _console.print(f"Left out: {session}")
    for notice in state.notices:
        _console.print(f"Note: {notice}")


def _feature_table(state: DecoderState) -> RichTable:
    from neurofeedback.learning.decoder_messages import feature_directions

    table = RichTable(box=None, pad_edge=False)
    for column in ("sign", "while wandering", "weight", "chance that this is the way"):
        table.add_column(column, overflow="fold")
    weights = dict(zip(state.decoder.names, state.decoder.weights.tolist(), strict=True))
    for name, plain, direction, chance in feature_directions(state.decoder):
        table.add_row(plain, direction, f"{weights[name]:+.2f}", f"{100 * chance:.0f} %")
    return table


def _performance_text(state: DecoderState) -> str:
    scores = state.evaluation
    kinds = f"{scores.n_wander} elsewhere, {scores.n_answers - scores.n_wander} on the breath"
    lines = [
        f"Learned from {scores.n_answers} answers ({kinds}) of {scores.n_sessions} sittings"
        f"{', and from presses' if state.decoder.with_self_caught else ''}.",
        f"AUC, sitting by sitting ahead: {_format_interval(scores.prequential)}; "
        f"each sitting left out: {_format_interval(scores.leave_one_session_out)}",
        f"Brier skill over the usual rate: {_format_interval(scores.brier_skill)}; "
        f"calibration error: {_format_interval(scores.ece)}",
        "How far each study is borne out: "
        + ", ".join(f"{name} {100 * share:.0f} %" for name, share in state.decoder.profile_probabilities),
        f"Drowsy is another matter: your threshold is {state.drowsy_level:.2f} of the usual one "
        f"({sum(len(one.sleepiness_ratings) for one in state.session_labels)} answers).",
    ]
    return "\n".join(lines)


def _format_interval(interval: MetricInterval | None) -> str:
    if interval is None:
        return "too little to say"
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f}; {interval.n} answers)"


_PUBLISHED_KEYS = {"n_answers": "n", "leave_one_session_out": "left_out", "features_with_prior": "known"}
"""Keys of the JSON documents of version 0.1.0, for fields that have other names now."""


def _with_published_keys(scores: dict[str, Any]) -> dict[str, Any]:
    return {_PUBLISHED_KEYS.get(name, name): value for name, value in scores.items()}


def _document(state: DecoderState, sentence: str, guidance: str) -> dict[str, Any]:
    from neurofeedback.learning.decoder_messages import decoder_stage, feature_directions

    decoder = state.decoder
    values = {
        name: (weight, sd)
        for name, weight, sd in zip(decoder.names, decoder.weights.tolist(), decoder.sd.tolist(), strict=True)
    }
    return {
        "participant": state.participant,
        "badge": decoder_stage(state.evaluation),
        "sentence": sentence,
        "driving": guidance,
        "signs": [
            {
                "feature": name,
                "name": plain,
                "weight": values[name][0],
                "sd": values[name][1],
                "direction": direction,
                "chance": chance,
            }
            for name, plain, direction, chance in feature_directions(decoder)
        ],
        "evaluation": _with_published_keys(asdict(state.evaluation)),
        "with_presses": decoder.with_self_caught,
        "profiles": dict(decoder.profile_probabilities),
        "drowsy_level": state.drowsy_level,
        "sessions": [told.training_data.session for told in state.session_labels],
        "excluded": list(state.excluded),
        "notices": list(state.notices),
    }


def _print_scores(scores: FeatureTableScores) -> None:
    table = RichTable(title="AUC, pairs of one session", title_justify="left", box=None, pad_edge=False)
    for column in ("how", "AUC (95 % interval)"):
        table.add_column(column, overflow="fold")
    table.add_row("session by session ahead", _format_interval(scores.prequential))
    table.add_row("each session left out", _format_interval(scores.sessions_left_out))
    table.add_row("each subject left out", _format_interval(scores.subjects_left_out))
    for subject, n, auc in scores.subjects:
        table.add_row(f"  {subject}, ahead ({n} answers)", _format_interval(auc))
    _console.print(table)
    _console.print(
        f"{scores.n} answers, {scores.n_wander} of wandering, {scores.n_sessions} sessions. "
        f"Features with a prior from studies: {', '.join(scores.features_with_prior) or 'none'}; "
        "all others begin from nothing.\n"
        f"Brier skill: {_format_interval(scores.brier_skill)}; calibration error: {_format_interval(scores.ece)}"
    )
