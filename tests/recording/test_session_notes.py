"""What is said of a session comes back as it was said, and nothing else is taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_notes import NOTES_SUFFIX, SessionNotes, read_notes, write_notes
from neurofeedback.texts.safe_text import one_line

STEM = "sub-01_ses-20261122T091500_task-meditation"
texts = st.text(st.characters(codec="utf-8"), max_size=40)
cells = texts.map(one_line).filter(lambda text: text != "n/a")  # cells of a table
scales = st.none() | st.integers(1, 5)


@pytest.fixture
def files(tmp_path: Path) -> SessionFiles:
    files = SessionFiles.from_stem(tmp_path, STEM)
    files.derived.mkdir(parents=True)
    return files


@settings(max_examples=25)
@given(
    after=st.builds(
        SessionNotes,
        note=texts,
        tags=st.lists(texts, max_size=3).map(tuple),
        mood_after=scales,
        sleepiness_before=scales,
        condition=cells,
        dose=cells,
        minutes_since=st.none() | st.floats(0, 1e6),
        eyes=st.sampled_from(["", "open", "closed"]),
    )
)
def test_notes_are_read_back_as_written(after: SessionNotes, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = SessionFiles.from_stem(tmp_path_factory.mktemp("after"), STEM)
    files.derived.mkdir(parents=True)
    write_notes(files, after)
    assert read_notes(files) == after


def test_session_without_notes_has_none(files: SessionFiles) -> None:
    assert read_notes(files) == SessionNotes()


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": 2},
        {"schema": 1, "mood_after": 6},
        {"schema": 1, "mood_after": True},
        {"schema": 1, "note": 3},
        {"schema": 1, "tags": "calm"},
        {"schema": 1, "tags": [1]},
        {"schema": 1, "eyes": "shut"},
        {"schema": 1, "minutes_since": "ten"},
        {"schema": 1, "__class__": "os.system"},
        ["schema", 1],
    ],
)
def test_what_is_no_such_file_is_refused_and_named(wrong: object, files: SessionFiles) -> None:
    files.derived_file(NOTES_SUFFIX).write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(RecordingError, match=NOTES_SUFFIX):
        read_notes(files)


@pytest.mark.parametrize("minutes", [float("nan"), float("inf")])
def test_minutes_that_are_no_number_are_refused(minutes: float) -> None:
    with pytest.raises(RecordingError, match="minutes"):
        SessionNotes(minutes_since=minutes)


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="could not be saved"):
        write_notes(SessionFiles.from_stem(tmp_path / "gone", STEM), SessionNotes(note="calm"))
