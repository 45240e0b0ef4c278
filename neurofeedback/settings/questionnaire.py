"""Questionnaires as data: items with their choices, how they are scored, and when a plain word is due."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel


class AnswerOption(SettingsModel):
    """One answer and what it counts."""

    value: int = Field(ge=-1000, le=1000, description="what the answer counts")
    text: str = Field(min_length=1, max_length=200, description="the answer as shown")


class Item(SettingsModel):
    """One question. Without choices of its own it has those of the questionnaire."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="column of the answer, such as phq9_1")
    text: str = Field(min_length=1, max_length=500, description="the question, word for word")
    choices: tuple[AnswerOption, ...] = Field(default=(), description="answers, if other than the questionnaire's")
    scored: bool = Field(default=True, description="whether the answer is part of the score")
    reversed: bool = Field(default=False, description="whether the scale is turned around before it is added")


class ScoreRange(SettingsModel):
    """What a score up to a limit is called in the source."""

    up_to: int = Field(description="highest score of this range")
    text: str = Field(min_length=1, max_length=200, description="its name in the source")


class AnswerAdvice(SettingsModel):
    """A plain word to show when one item is answered at or above a value."""

    item: str = Field(description="which item")
    at_least: int = Field(description="from which answer on")
    text: str = Field(min_length=1, max_length=1000, description="what to say, plainly and without diagnosis")


class Questionnaire(SettingsModel):
    """A questionnaire, word for word, with its source.

    The score is the sum of the scored items; it is the questionnaire's own number and no diagnosis.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]{0,31}$", description="name of the measure, as in its file")
    title: str = Field(min_length=1, max_length=200, description="title as shown")
    version: str = Field(min_length=1, max_length=40, description="of the wording")
    source: str = Field(min_length=1, max_length=500, description="where it is from, and its licence")
    instruction: str = Field(default="", max_length=1000, description="what stands above the items")
    choices: tuple[AnswerOption, ...] = Field(default=(), description="answers of every item without its own")
    items: tuple[Item, ...] = Field(min_length=1, max_length=60, description="the questions in order")
    ranges: tuple[ScoreRange, ...] = Field(default=(), description="names of scores in the source, rising")
    pointers: tuple[AnswerAdvice, ...] = Field(default=(), description="plain words that are due for some answers")

    @model_validator(mode="after")
    def _check_items(self) -> Questionnaire:
        ids = [item.id for item in self.items]
        problems = [
            "two items have the same id" if len(set(ids)) != len(ids) else "",
            *(f"item {item.id} has fewer than two answers" for item in self.items if len(self.options(item)) < 2),
            *(
                f"two answers of item {item.id} count the same"
                for item in self.items
                if not self._has_distinct_values(item)
            ),
            *(f"a pointer names {p.item}, which is no item" for p in self.pointers if p.item not in ids),
            "the ranges do not rise"
            if [r.up_to for r in self.ranges] != sorted({r.up_to for r in self.ranges})
            else "",
        ]
        found = [problem for problem in problems if problem]
        if found:
            raise ValueError("; ".join(found))
        return self

    def _has_distinct_values(self, item: Item) -> bool:
        values = [choice.value for choice in self.options(item)]
        return len(set(values)) == len(values)

    def options(self, item: Item) -> tuple[AnswerOption, ...]:
        """Choices of an item."""
        return item.choices or self.choices

    def score(self, answers: Mapping[str, int]) -> int | None:
        """Sum of the scored items; None while one of them is unanswered.

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
        return total

    def score_label(self, score: int) -> str:
        """Name a score as the source does; empty where it names none."""
        return next((r.text for r in self.ranges if score <= r.up_to), "")

    def advice_for(self, answers: Mapping[str, int]) -> tuple[str, ...]:
        """Plain words that these answers call for."""
        return tuple(p.text for p in self.pointers if answers.get(p.item, p.at_least - 1) >= p.at_least)
