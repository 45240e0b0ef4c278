"""The record of answers to forms: its lines, and reading them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from neurofeedback.settings.questionnaire import Questionnaire
from neurofeedback.storage.hash_chain import Chain, read_chain
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr

AskedWhen = Literal["before", "after", ""]
FORMS = Path("sourcedata", "forms")
_DEFINITIONS = FORMS / "definitions"


class Answers(BaseModel):
    """One asking of a form.

    Parameters
    ----------
    participant, session : str
        Labels without ``sub-`` and ``ses-``; an empty session for a form without a sitting.
    form, form_version, form_sha256 : str
        Name, version and hash of the form's whole wording.
    asked_at : str
        ISO 8601 with time zone.
    when : str
        ``before`` or ``after`` a sitting; empty if neither.
    asked_by : str
        As entered; ``self`` if the person answered alone.
    visit : str
        Name of the visit in a course; empty for none.
    items : dict
        Answers by item; a missing item was not answered.
    score : int, optional
        Sum of the scored items; None while one is missing.
    supersedes, reason : str
        Hash of the line that this one corrects, and why; empty for no correction.
    source : str
        Where data of an earlier version came from; empty otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["answers"] = "answers"
    participant: str
    session: str = ""
    form: str
    form_version: str
    form_sha256: str
    asked_at: str
    when: AskedWhen = ""
    asked_by: str = "self"
    visit: str = ""
    items: dict[str, int] = Field(default_factory=dict)
    score: int | None = None
    supersedes: str = ""
    reason: str = ""
    source: str = ""


class Linked(BaseModel):
    """Says to which session an earlier asking belongs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["linked"] = "linked"
    participant: str
    answers: str
    session: str
    at: str


class Acknowledged(BaseModel):
    """Says that staff have seen an answer: who, when, and what was done."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["acknowledged"] = "acknowledged"
    participant: str
    answers: str
    at: str
    by: str
    done: str


_LINE: TypeAdapter[Answers | Linked | Acknowledged] = TypeAdapter(
    Annotated[Answers | Linked | Acknowledged, Field(discriminator="kind")]
)


@dataclass(frozen=True, slots=True)
class AskedForm:
    """One asking of a form, with what later lines say about it.

    Parameters
    ----------
    hash : str
        Hash of its line.
    answers : Answers
        As saved.
    session : str
        Label of its session without ``ses-``: as asked, else as linked later, else that of the form alone.
    superseded_by : str
        Hash of the line that corrects it; empty for none.
    acknowledged : tuple of Acknowledged
        What staff wrote about it.
    """

    hash: str
    answers: Answers
    session: str
    superseded_by: str = ""
    acknowledged: tuple[Acknowledged, ...] = ()

    @property
    def asked_at(self) -> datetime:
        """Time of the asking, with time zone."""
        return datetime.fromisoformat(self.answers.asked_at)


def form_path(root: Path, form: str) -> Path:
    """Return the path of the record of a form's answers."""
    return root / FORMS / f"{form}.jsonl"


def form_names(root: Path) -> list[str]:
    """Return the names of the forms that were asked in a dataset, sorted."""
    return sorted(path.stem for path in (root / FORMS).glob("*.jsonl"))


def form_hash(questionnaire: Questionnaire) -> str:
    """Return the SHA-256 of a form's whole wording as it is stored, hexadecimal."""
    return hashlib.sha256(format_definition(questionnaire).encode()).hexdigest()


def format_definition(questionnaire: Questionnaire) -> str:
    """Return a form as it is stored: without defaults, so that a later field of forms does not change it."""
    return questionnaire.model_dump_json(indent=2, exclude_defaults=True) + "\n"


def definition_path(root: Path, form: str, sha256: str) -> Path:
    """Return the path of the wording of a form as it was asked."""
    return root / _DEFINITIONS / f"{form}_{sha256[:16]}.json"


def read_definition(root: Path, form: str, sha256: str) -> Questionnaire | None:
    """Return the wording of a form as it was asked; None if its file is missing or damaged."""
    path = definition_path(root, form, sha256)
    try:
        return Questionnaire.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def definitions_of(root: Path, form: str) -> Callable[[str], Questionnaire | None]:
    """Return a function that finds the wording of a form by its hash."""
    return lambda sha256: read_definition(root, form, sha256)


def read_form(root: Path, form: str) -> list[AskedForm]:
    """Return all askings of a form in the order of the file. Lines that cannot be read are left out."""
    return _asked(read_chain(form_path(root, form)))


def read_all_forms(root: Path, participant: str) -> list[AskedForm]:
    """Return all askings of all forms of a participant, by time."""
    label = participant.removeprefix("sub-")
    found = [one for form in form_names(root) for one in read_form(root, form) if one.answers.participant == label]
    return sorted(found, key=lambda one: one.asked_at)


def form_session(answers: Answers) -> str:
    """Return the label of the session that holds a form asked without a sitting: the time of the asking."""
    return datetime.fromisoformat(answers.asked_at).strftime("%Y%m%dT%H%M%S")


def _asked(chain: Chain) -> list[AskedForm]:
    lines = [(hash_, line) for hash_, data in chain.content if (line := _parse_line(data)) is not None]
    linked = {line.answers: line.session for _, line in lines if isinstance(line, Linked)}
    corrected = {line.supersedes: hash_ for hash_, line in lines if isinstance(line, Answers) and line.supersedes}
    seen: dict[str, list[Acknowledged]] = {}
    for _, line in lines:
        if isinstance(line, Acknowledged):
            seen.setdefault(line.answers, []).append(line)
    return [
        AskedForm(
            hash_,
            line,
            linked.get(hash_, line.session) or form_session(line),
            corrected.get(hash_, ""),
            tuple(seen.get(hash_, ())),
        )
        for hash_, line in lines
        if isinstance(line, Answers)
    ]


def _parse_line(data: object) -> Answers | Linked | Acknowledged | None:
    try:
        return _LINE.validate_python(data)
    except ValidationError:
        return None


def unacknowledged(root: Path, participant: str) -> list[tuple[AskedForm, str]]:
    """Return answers that staff are to acknowledge and have not, each with the item, by time; corrected ones too."""
    found: list[tuple[AskedForm, str]] = []
    for one in read_all_forms(root, participant):
        wording = read_definition(root, one.answers.form, one.answers.form_sha256)
        if wording is not None and not one.acknowledged:
            found += [(one, item) for item in wording.items_to_acknowledge(one.answers.items)]
    return found


def unacknowledged_lines(root: Path, participant: str, *, command: bool = True) -> list[str]:
    """Return a sentence for each answer that staff have not acknowledged yet, with the command that does, or not."""
    lines: list[str] = []
    for one, item in unacknowledged(root, participant):
        wording = read_definition(root, one.answers.form, one.answers.form_sha256)
        question = next((known.text for known in wording.items if known.id == item), item) if wording else item
        line = tr(
            texts.NOT_ACKNOWLEDGED,
            participant=one.answers.participant,
            value=one.answers.items[item],
            question=question,
            form=wording.title if wording else one.answers.form,
            asked=one.asked_at.strftime("%Y-%m-%d %H:%M"),
        )
        lines.append(tr(texts.ACKNOWLEDGE, line=line, entry=one.hash[:12]) if command else line)
    return lines
