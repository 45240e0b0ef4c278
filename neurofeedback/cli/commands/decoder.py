"""``decoder``: show, fit, reset and evaluate the personal decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from neurofeedback.cli.helpers.common import existing_recordings_folder, last_participant, plain_console, print_json
from neurofeedback.cli.helpers.json_documents import DecoderDocument, Fields
from neurofeedback.errors import SettingsError
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.learning.external_table import FeatureTableScores
    from neurofeedback.learning.metrics import MetricInterval
    from neurofeedback.learning.training import DecoderState
    from neurofeedback.settings.model import Settings

Participant = Annotated[str | None, typer.Option(help="Participant; the last one by default.")]
Recordings = Annotated[Path | None, typer.Option(help="Folder of the recordings.")]
Profile = Annotated[str, typer.Option(help="Profile by name or file.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

decoder_app = typer.Typer(help="The personal decoder: your own signs of wandering, learned from your own answers.")
_console = plain_console()
_PUBLISHED_KEYS = {"n_answers": "n", "leave_one_session_out": "left_out", "features_with_prior": "known"}
"""Keys of the JSON documents of version 0.1.0, for fields that have other names now."""


@decoder_app.command()
def show(
    participant: Participant = None, recordings: Recordings = None, profile: Profile = "default", json: AsJson = False
) -> None:
    """Show what was learned, which way, how sure, and how well it works."""
    from neurofeedback.learning.training import train_decoder  # NumPy, and not for --help
    from neurofeedback.settings.load import load_settings

    root, who = _resolve_participant(recordings, participant)
    settings = load_settings(profile)
    _print_state(train_decoder(root, who, settings), settings, json=json)


@decoder_app.command()
def fit(
    participant: Participant = None,
    recordings: Recordings = None,
    profile: Profile = "default",
    exclude: Annotated[list[str] | None, typer.Option(help="A session to leave out; may be repeated.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="A session to use again; may be repeated.")] = None,
    json: AsJson = False,
) -> None:
    """Fit the decoder to all recordings again; exclude or include sessions."""
    from neurofeedback.learning.training import excluded_sessions, train_decoder
    from neurofeedback.recording.bids_paths import find_session_stems
    from neurofeedback.settings.load import load_settings

    root, who = _resolve_participant(recordings, participant)
    settings = load_settings(profile)
    stems = [stem for stem in find_session_stems(root) if stem.startswith(f"sub-{who}_")]
    added = {_find_session(stems, name) for name in exclude or ()}
    removed = {_find_session(stems, name) for name in include or ()}
    excluded = sorted((set(excluded_sessions(root, who)) | added) - removed)
    _print_state(train_decoder(root, who, settings, excluded=excluded, rebuild=True), settings, json=json)


@decoder_app.command()
def reset(participant: Participant = None, recordings: Recordings = None, json: AsJson = False) -> None:
    """Exclude every session until now; the recordings stay. `fit --include` uses one again."""
    from neurofeedback.learning.training import train_decoder
    from neurofeedback.recording.bids_paths import find_session_stems
    from neurofeedback.settings.load import load_settings

    root, who = _resolve_participant(recordings, participant)
    stems = [stem for stem in find_session_stems(root) if stem.startswith(f"sub-{who}_")]
    settings = load_settings()
    _print_state(train_decoder(root, who, settings, excluded=stems), settings, json=json)


@decoder_app.command()
def evaluate(
    table: Annotated[Path, typer.Argument(help="subject, session, onset, label (1 = wandering), any features.")],
    profile: Profile = "default",
    json: AsJson = False,
) -> None:
    """Evaluate the decoder on a table of labelled features; nothing is shuffled across time."""
    from neurofeedback.learning.external_table import evaluate_feature_table, read_feature_table
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
    matching = [stem for stem in stems if name in {stem, *stem.split("_"), stem.split("_")[1].removeprefix("ses-")}]
    if len(matching) != 1:
        raise SettingsError(
            "no such session",
            got=name,
            allowed=", ".join(stem.split("_")[1] for stem in stems) or "none: this participant has no session",
            todo="use the label that `neurofeedback history` prints",
        )
    return matching[0]


def _print_state(state: DecoderState, settings: Settings, *, json: bool) -> None:
    from neurofeedback.learning.decoder_sentences import auc_sentence, guidance_sentence

    performance = auc_sentence(state.evaluation, settings.decoder)
    guidance = guidance_sentence(state.decoder, state.evaluation)
    if json:
        print_json(_document(state, performance, guidance))
        return
    _console.print(tr(terminal.DECODER_STATE, participant=state.participant, sentence=guidance))
    if performance != guidance:
        _console.print(performance)
    if state.evaluation.n_answers:
        _console.print(_feature_table(state))
        _console.print(_performance_text(state))
    for session in state.excluded:
        _console.print(tr(terminal.LEFT_OUT, session=session))
    for notice in state.notices:
        _console.print(tr(terminal.NOTE, notice=notice))


def _feature_table(state: DecoderState) -> RichTable:
    from neurofeedback.learning.decoder_sentences import feature_directions

    table = RichTable(box=None, pad_edge=False)
    for column in terminal.FEATURE_COLUMNS:
        table.add_column(tr(column), overflow="fold")
    weights = dict(zip(state.decoder.names, state.decoder.weights.tolist(), strict=True))
    for name, plain, direction, chance in feature_directions(state.decoder):
        table.add_row(plain, direction, f"{weights[name]:+.2f}", f"{100 * chance:.0f} %")
    return table


def _performance_text(state: DecoderState) -> str:
    scores, decoder = state.evaluation, state.decoder
    weights = (f"{name} {100 * share:.0f} %" for name, share in decoder.profile_probabilities)
    n_ratings = sum(len(labels.sleepiness_ratings) for labels in state.session_labels)
    lines = [
        tr(
            terminal.TRAINED_WITH_PRESSES if decoder.with_self_caught else terminal.TRAINED_FROM,
            n=scores.n_answers,
            n_wander=scores.n_wander,
            n_focus=scores.n_answers - scores.n_wander,
            sessions=scores.n_sessions,
        ),
        tr(
            terminal.AUC,
            prequential=_format_interval(scores.prequential),
            answer_by_answer=_format_interval(scores.answer_by_answer),
            untaught=_format_interval(scores.untaught),
            left_out=_format_interval(scores.leave_one_session_out),
        ),
        tr(
            terminal.SKILL,
            skill=_format_interval(scores.brier_skill),
            ece=_format_interval(scores.ece),
            share=100 * scores.share_above_base_rate,
        ),
        tr(terminal.PRIOR_WEIGHTS, weights=", ".join(weights)),
        tr(terminal.DROWSINESS, level=f"{state.drowsy_level:.2f}", n=n_ratings),
    ]
    return "\n".join(lines)


def _format_interval(interval: MetricInterval | None) -> str:
    if interval is None:
        return tr(terminal.TOO_FEW)
    value, low, high = (f"{number:.2f}" for number in (interval.value, interval.low, interval.high))
    template = terminal.AUC_INTERVAL if interval.n_pairs else terminal.INTERVAL
    return tr(template, value=value, low=low, high=high, n=interval.n, pairs=interval.n_pairs)


def _format_difference(interval: MetricInterval | None) -> str:
    if interval is None:
        return tr(terminal.TOO_FEW)
    value, low, high = (f"{number:+.3f}" for number in (interval.value, interval.low, interval.high))
    return tr(terminal.DIFFERENCE, value=value, low=low, high=high)


def _with_published_keys(scores: Fields) -> Fields:
    return {_PUBLISHED_KEYS.get(name, name): value for name, value in scores.items()}


def _document(state: DecoderState, performance: str, guidance: str) -> DecoderDocument:
    from neurofeedback.learning.decoder_sentences import decoder_stage, feature_directions

    decoder = state.decoder
    values = {
        name: (weight, sd)
        for name, weight, sd in zip(decoder.names, decoder.weights.tolist(), decoder.sd.tolist(), strict=True)
    }
    return {
        "participant": state.participant,
        "badge": decoder_stage(state.evaluation),
        "sentence": performance,
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
        "sessions": [labels.training_data.session for labels in state.session_labels],
        "excluded": list(state.excluded),
        "notices": list(state.notices),
    }


def _print_scores(scores: FeatureTableScores) -> None:
    table = RichTable(title=tr(terminal.TABLE_TITLE), title_justify="left", box=None, pad_edge=False)
    for column in terminal.TABLE_COLUMNS:
        table.add_column(tr(column), overflow="fold")
    table.add_row(tr(terminal.UNTAUGHT), _format_interval(scores.untaught))
    table.add_row(tr(terminal.ANSWER_BY_ANSWER), _format_interval(scores.answer_by_answer))
    table.add_row(tr(terminal.SESSION_BY_SESSION), _format_interval(scores.prequential))
    table.add_row(tr(terminal.SESSIONS_LEFT_OUT), _format_interval(scores.sessions_left_out))
    table.add_row(tr(terminal.SUBJECTS_LEFT_OUT), _format_interval(scores.subjects_left_out))
    table.add_row(tr(terminal.PLAIN_L2), _format_interval(scores.plain_l2))
    table.add_row(tr(terminal.ALPHA_MINUS_THETA), _format_interval(scores.alpha_minus_theta))
    table.add_row(tr(terminal.ABOVE_PLAIN_L2), _format_difference(scores.above_plain_l2))
    table.add_row(tr(terminal.ABOVE_ALPHA_MINUS_THETA), _format_difference(scores.above_alpha_minus_theta))
    for subject, n, auc in scores.subjects:
        table.add_row(tr(terminal.SUBJECT_ROW, subject=subject, n=n), _format_interval(auc))
    _console.print(table)
    counts = tr(terminal.TABLE_COUNTS, n=scores.n, n_wander=scores.n_wander, sessions=scores.n_sessions)
    priors = tr(terminal.TABLE_PRIORS, features=", ".join(scores.features_with_prior) or tr(terminal.NO_FEATURE))
    _console.print(f"{counts} {priors}")
    active = ", ".join(scores.active_subjects) or tr(terminal.NO_SUBJECT)
    n_active, n_subjects = len(scores.active_subjects), len(scores.subjects)
    _console.print(tr(terminal.ACTIVE_SUBJECTS, n=n_active, total=n_subjects, subjects=active))
    _console.print(
        tr(terminal.TABLE_SKILL, skill=_format_interval(scores.brier_skill), ece=_format_interval(scores.ece))
    )
