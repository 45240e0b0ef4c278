"""Errors: four parts in one sentence, and the exit codes that scripts rely on."""

from __future__ import annotations

import pytest

from neurofeedback.errors import NeurofeedbackError, RecordingError, SettingsError, SourceError


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "it is wrong."),
        ({"got": 0}, "it is wrong: got 0."),
        ({"got": ""}, "it is wrong: got ."),
        ({"allowed": "1 to 2"}, "it is wrong: allowed: 1 to 2."),
        ({"todo": "try 1"}, "it is wrong: try 1."),
        ({"got": 0, "allowed": "1 to 2", "todo": "try 1"}, "it is wrong: got 0; allowed: 1 to 2; try 1."),
        ({"todo": "did you mean 1?"}, "it is wrong: did you mean 1?"),
    ],
)
def test_a_message_is_one_sentence_of_the_parts_there_are(parts: dict[str, str], sentence: str) -> None:
    assert str(NeurofeedbackError("it is wrong", **parts)) == sentence


def test_the_parts_stay_readable() -> None:
    error = SettingsError("it is wrong", got=0, allowed="1 to 2", todo="try 1")
    assert (error.what, error.got, error.allowed, error.todo) == ("it is wrong", 0, "1 to 2", "try 1")


@pytest.mark.parametrize(("family", "code"), [(SettingsError, 2), (SourceError, 3), (RecordingError, 4)])
def test_each_family_has_its_exit_code(family: type[NeurofeedbackError], code: int) -> None:
    assert family("it is wrong").exit_code == code
    assert issubclass(family, NeurofeedbackError)
