"""Questionnaires: items with their choices, scoring, and advice for certain answers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.clinic import ClinicContacts

_PLACEHOLDER = re.compile(rf"\{{({'|'.join(ClinicContacts.model_fields)})\}}")


class AnswerOption(SettingsModel):
    """One answer option and its value."""

    value: int = Field(ge=-1000, le=1000, description="value of the answer")
    text: str = Field(min_length=1, max_length=200, description="text of the answer")


class Item(SettingsModel):
    """One question. Without its own choices it has those of the questionnaire."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="column name of the answer, such as phq9_1")
    text: str = Field(min_length=1, max_length=500, description="the question, word for word")
    choices: tuple[AnswerOption, ...] = Field(
        default=(), description="answer options, if they differ from the questionnaire's"
    )
    scored: bool = Field(default=True, description="whether the answer counts in the score")
    reversed: bool = Field(default=False, description="whether the scale is reversed in the score")


class ScoreRange(SettingsModel):
    """The label of a range of scores in the source."""

    up_to: int = Field(description="highest score of this range")
    text: str = Field(min_length=1, max_length=200, description="label in the source")


class AnswerAdvice(SettingsModel):
    """Advice to show when one item is answered at or above a value."""

    item: str = Field(description="id of the item")
    at_least: int = Field(description="lowest answer value that shows the advice")
    text: str = Field(min_length=1, max_length=1000, description="the advice, in plain words and without diagnosis")
    clinic_text: str = Field(
        default="",
        max_length=1000,
        description="the advice where a clinic's contacts are set, with {clinic}, {emergency} and {crisis_line}; such "
        "an answer is to be acknowledged by staff",
    )


class Questionnaire(SettingsModel):
    """A questionnaire in its exact wording, with its source.

    The score is the sum of the scored items; it is the questionnaire's own number and no diagnosis.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]{0,31}$", description="name of the measure, as in its file")
    title: str = Field(min_length=1, max_length=200, description="title on the screen")
    version: str = Field(min_length=1, max_length=40, description="version of the wording")
    source: str = Field(min_length=1, max_length=500, description="source and licence")
    instruction: str = Field(default="", max_length=1000, description="text above the items")
    choices: tuple[AnswerOption, ...] = Field(default=(), description="answer options of items without their own")
    items: tuple[Item, ...] = Field(min_length=1, max_length=60, description="questions in order")
    ranges: tuple[ScoreRange, ...] = Field(default=(), description="labels of score ranges, rising")
    pointers: tuple[AnswerAdvice, ...] = Field(default=(), description="advice for certain answers")
    recall_days: int = Field(default=0, ge=0, le=366, description="days that the questions ask about; 0 for now")
    min_days_apart: int = Field(
        default=0, ge=0, le=366, description="days after the last answers before which a notice is given; 0 for none"
    )

    @model_validator(mode="after")
    def _check_items(self) -> Questionnaire:
        ids = [item.id for item in self.items]
        problems = [
            "two items have the same id" if len(set(ids)) != len(ids) else "",
            *(f"item {item.id} has fewer than two answers" for item in self.items if len(self.options(item)) < 2),
            *(
                f"two answers of item {item.id} have the same value"
                for item in self.items
                if not self._has_distinct_values(item)
            ),
            *(f"a pointer names {p.item}, which is no item" for p in self.pointers if p.item not in ids),
            "the ranges are not rising"
            if [r.up_to for r in self.ranges] != sorted({r.up_to for r in self.ranges})
            else "",
        ]
        if any(problems):
            raise ValueError("; ".join(filter(None, problems)))
        return self

    def _has_distinct_values(self, item: Item) -> bool:
        values = [choice.value for choice in self.options(item)]
        return len(set(values)) == len(values)

    def options(self, item: Item) -> tuple[AnswerOption, ...]:
        """Return the answer options of an item."""
        return item.choices or self.choices

    def score(self, answers: Mapping[str, int]) -> int | None:
        """Return the sum of the scored items, or None while one of them is unanswered, or if none is scored.

        Raises
        ------
        ValueError
            An answer is not among its item's choices.
        """
        total = 0
        for item in self.items:
            values = [choice.value for choice in self.options(item)]
            value = answers.get(item.id)
            if value is not None and value not in values:
                msg = f"{item.id} cannot be answered with {value}"
                raise ValueError(msg)
            if item.scored and value is None:
                return None
            if item.scored and value is not None:
                total += min(values) + max(values) - value if item.reversed else value
        return total if any(item.scored for item in self.items) else None

    def score_label(self, score: int) -> str:
        """Return the source's label of a score, or an empty string."""
        return next((r.text for r in self.ranges if score <= r.up_to), "")

    def advice_for(self, answers: Mapping[str, int], contacts: ClinicContacts | None = None) -> tuple[str, ...]:
        """Return the advice for these answers, with a clinic's contacts where they are set."""
        return tuple(
            _fill(pointer.clinic_text, contacts) if contacts and pointer.clinic_text else pointer.text
            for pointer in self.pointers
            if _calls_for(pointer, answers)
        )

    def items_to_acknowledge(self, answers: Mapping[str, int]) -> tuple[str, ...]:
        """Return the items whose answer staff are to acknowledge, such as item 9 of the PHQ-9 above zero."""
        return tuple(p.item for p in self.pointers if p.clinic_text and _calls_for(p, answers))


def placeholder_problems(questionnaire: Questionnaire) -> list[str]:
    """Return what is wrong with the placeholders of the advice: found when a form is loaded, not when help is needed.

    It is no check of the model, so that answers to an earlier form are still read.
    """
    left = (_PLACEHOLDER.sub("", pointer.clinic_text) for pointer in questionnaire.pointers)
    allowed = ", ".join(f"{{{name}}}" for name in ClinicContacts.model_fields)
    return [f"clinic_text may hold {allowed}, and no other braces" for text in left if "{" in text or "}" in text]


def _fill(text: str, contacts: ClinicContacts) -> str:
    values = contacts.model_dump()
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _calls_for(pointer: AnswerAdvice, answers: Mapping[str, int]) -> bool:
    return answers.get(pointer.item, pointer.at_least - 1) >= pointer.at_least
