"""Answers to questionnaires as BIDS phenotype files: one table for each questionnaire, before and after a session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.atomic_files import explain_disk_errors, write_atomic, write_json_atomic
from neurofeedback.settings.questionnaire import Item, Questionnaire

AnswerTime = Literal["before", "after"]
_MISSING = "n/a"


def write_answers(
    root: Path, stem: str, questionnaire: Questionnaire, when: AnswerTime, answers: Mapping[str, int]
) -> int | None:
    """Keep the answers given before or after a session, in place of earlier ones to the same, and return the score.

    Parameters
    ----------
    stem : str
        Name of the session, such as ``sub-01_ses-20261122T091500_task-meditation``.
    given : mapping of str to int
        Answers by item; items that are left out stay unanswered.

    Raises
    ------
    SettingsError
        An answer is not among its item's choices, or there is no such item.
    RecordingError
        The table is another questionnaire's, or the disk refuses.
    """
    if unknown := sorted(set(answers) - {item.id for item in questionnaire.items}):
        raise SettingsError(f"{questionnaire.title} has no such item", got=", ".join(unknown))
    try:
        score = questionnaire.score(answers)
    except ValueError as error:
        raise SettingsError(f"an answer to {questionnaire.title} is none of its choices", got=str(error)) from None
    participant, session = stem.split("_")[:2]
    cells = [_MISSING if answers.get(item.id) is None else str(answers[item.id]) for item in questionnaire.items]
    row = [participant, session, *cells, _MISSING if score is None else str(score)]
    path = answers_path(root, questionnaire.name, when)
    with explain_disk_errors(f"the answers cannot be kept in {path}", todo="make room, then try again"):
        path.parent.mkdir(exist_ok=True)
        _replace_row(path, _table_columns(questionnaire), row)
        write_json_atomic(path.with_suffix(".json"), _sidecar(questionnaire, when))
    return score


def answers_path(root: Path, name: str, when: AnswerTime) -> Path:
    """Where the answers to a questionnaire are."""
    return root / "phenotype" / f"{name}_{when}.tsv"


def _table_columns(questionnaire: Questionnaire) -> list[str]:
    return ["participant_id", "session_id", *(item.id for item in questionnaire.items), "score"]


def _replace_row(path: Path, columns: list[str], row: list[str]) -> None:
    """Put a row into a table, where the same session stood before if it did."""
    text = path.read_text(encoding="utf-8-sig", errors="replace") if path.exists() else ""  # as a spreadsheet left it
    rows = [line.split("\t") for line in text.splitlines()]
    if rows and rows[0] != columns:
        raise RecordingError(
            f"{path} has other columns than this questionnaire",
            got=", ".join(rows[0]),
            allowed=", ".join(columns),
            todo="rename that file, or give the changed questionnaire a name of its own",
        )
    kept = [line for line in rows[1:] if line[:2] != row[:2]]
    write_atomic(path, "".join("\t".join(line) + "\n" for line in [columns, *kept, row]))


def _sidecar(questionnaire: Questionnaire, when: AnswerTime) -> dict[str, object]:
    described = f"{questionnaire.title}, asked {when} the session. {questionnaire.instruction}".strip()
    tool = {"Description": f"{described} Version {questionnaire.version}. {questionnaire.source}"}
    items = {item.id: _describe_item(questionnaire, item) for item in questionnaire.items}
    score = {"Description": "sum of the scored items, as the source adds them; no diagnosis"}
    return {"MeasurementToolMetadata": tool, **items, "score": score}


def _describe_item(questionnaire: Questionnaire, item: Item) -> dict[str, object]:
    levels = {str(choice.value): choice.text for choice in questionnaire.options(item)}
    return {"Description": item.text, "Levels": levels}
