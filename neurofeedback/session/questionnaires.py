"""Answers to questionnaires as BIDS phenotype files, one table each for answers before and after a session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.settings.questionnaire import Item, Questionnaire
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic, write_json_atomic
from neurofeedback.storage.private_files import make_folder

AnswerTime = Literal["before", "after"]
_MISSING = "n/a"


def write_answers(
    root: Path, stem: str, questionnaire: Questionnaire, when: AnswerTime, answers: Mapping[str, int]
) -> int | None:
    """Store the answers to a questionnaire for a session, replacing earlier ones, and return the score.

    Parameters
    ----------
    root : Path
        The recordings folder.
    stem : str
        Name of the session, such as ``sub-01_ses-20261122T091500_task-meditation``.
    questionnaire : Questionnaire
        The questionnaire.
    when : {"before", "after"}
        Time of the answers relative to the session.
    answers : mapping of str to int
        Answers by item; missing items count as unanswered.

    Returns
    -------
    int or None
        The score; None if it cannot be computed from these answers.

    Raises
    ------
    SettingsError
        An answer is not one of its item's choices, or an item does not exist.
    RecordingError
        The table belongs to another questionnaire, or the disk cannot be written.
    """
    if unknown := sorted(set(answers) - {item.id for item in questionnaire.items}):
        raise SettingsError(f"{questionnaire.title} does not have this item", got=", ".join(unknown))
    try:
        score = questionnaire.score(answers)
    except ValueError as error:
        raise SettingsError(f"an answer to {questionnaire.title} is not one of its choices", got=str(error)) from None
    participant, session = stem.split("_")[:2]
    cells = [_MISSING if answers.get(item.id) is None else str(answers[item.id]) for item in questionnaire.items]
    row = [participant, session, *cells, _MISSING if score is None else str(score)]
    path = answers_path(root, questionnaire.name, when)
    with explain_disk_errors(f"the answers cannot be saved in {path}", todo="free disk space, then try again"):
        make_folder(path.parent)
        _replace_row(path, _table_columns(questionnaire), row)
        write_json_atomic(path.with_suffix(".json"), _sidecar(questionnaire, when))
    return score


def answers_path(root: Path, name: str, when: AnswerTime) -> Path:
    """Return the path of the table of answers to a questionnaire."""
    return root / "phenotype" / f"{name}_{when}.tsv"


def _table_columns(questionnaire: Questionnaire) -> list[str]:
    return ["participant_id", "session_id", *(item.id for item in questionnaire.items), "score"]


def _replace_row(path: Path, columns: list[str], row: list[str]) -> None:
    """Append a row to a table and remove an earlier row of the same session."""
    text = (
        path.read_text(encoding="utf-8-sig", errors="replace") if path.exists() else ""
    )  # utf-8-sig: from a spreadsheet
    rows = [line.split("\t") for line in text.splitlines()]
    if rows and rows[0] != columns:
        raise RecordingError(
            f"{path} has other columns than this questionnaire",
            got=", ".join(rows[0]),
            allowed=", ".join(columns),
            todo="rename that file, or give the changed questionnaire another name",
        )
    other_rows = [line for line in rows[1:] if line[:2] != row[:2]]
    write_atomic(path, "".join("\t".join(line) + "\n" for line in [columns, *other_rows, row]))


def _sidecar(questionnaire: Questionnaire, when: AnswerTime) -> dict[str, object]:
    description = f"{questionnaire.title}, asked {when} the session. {questionnaire.instruction}".strip()
    measurement_tool = {"Description": f"{description} Version {questionnaire.version}. {questionnaire.source}"}
    items = {item.id: _describe_item(questionnaire, item) for item in questionnaire.items}
    score = {"Description": "sum of the scored items, as the source adds them; no diagnosis"}
    return {"MeasurementToolMetadata": measurement_tool, **items, "score": score}


def _describe_item(questionnaire: Questionnaire, item: Item) -> dict[str, object]:
    levels = {str(choice.value): choice.text for choice in questionnaire.options(item)}
    return {"Description": item.text, "Levels": levels}
