"""The last errors: where they happened, never what they were about."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import SettingsError
from neurofeedback.settings.load import load_settings
from neurofeedback.storage.error_log import describe_error, read_errors, record_error

PERSON = "anna-mueller"


def error_of(name: str) -> SettingsError:
    try:
        load_settings(name)
    except SettingsError as error:
        return error
    raise AssertionError(name)


def test_an_error_is_described_by_kind_and_place_alone() -> None:
    error = error_of(PERSON)
    assert PERSON in str(error)
    kind, place, *_ = describe_error(error).split(" < ")
    assert kind == "SettingsError"
    assert place.startswith("settings/load.py:")
    assert PERSON not in describe_error(error)


def test_an_error_within_another_package_names_its_file(tmp_path: Path) -> None:
    try:
        (tmp_path / PERSON).read_text()
    except OSError as error:
        described = describe_error(error)
    assert described.startswith("FileNotFoundError < pathlib")
    assert PERSON not in described


def test_the_last_twenty_errors_are_kept_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "errors.txt"
    for _ in range(22):
        record_error(error_of(PERSON), path=path)
    lines = read_errors(path)
    assert len(lines) == 20
    assert all("SettingsError < settings/load.py:" in line for line in lines)
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_no_second_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    record_error(error_of(PERSON), path=tmp_path / "file" / "errors.txt")
    assert read_errors(tmp_path / "file" / "errors.txt") == []
