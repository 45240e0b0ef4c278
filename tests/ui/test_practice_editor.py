"""Tests of one's own practices: what the editor saves and refuses, and the list that edits, duplicates and deletes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from hypothesis import given, settings
from hypothesis import strategies as st
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.settings.load import load_programme, parse
from neurofeedback.settings.programme import Programme
from neurofeedback.storage.dataset_access import restrict_recordings
from neurofeedback.texts.practices import editor as texts
from neurofeedback.ui.app_state import AppDefaults, AppState, save_state
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.practices.practice_draft import GuideRow, PracticeDraft, SegmentRow, draft_problem
from neurofeedback.ui.practices.practice_editor import PracticeEditor
from neurofeedback.ui.practices.practice_files import (
    PracticeFile,
    delete_practice,
    faulty_practice_notice,
    list_practices,
    programme_choices,
    read_draft,
    restore_practice,
    save_practice,
)
from neurofeedback.ui.practices.practices_page import PracticesPage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
MINE = PracticeDraft(title="Mine", rows=(SegmentRow(minutes=5.0),))
rows = st.builds(
    SegmentRow,
    phase=st.sampled_from(["practice", "transfer", "rest"]),
    minutes=st.sampled_from([0.0, 2.0, 5.0]),
    quiet_percent=st.sampled_from([0, 0, 60]),
    background=st.sampled_from(["", "sea"]),
    bell_min=st.sampled_from([0.0, 1.0]),
    breaths_per_min=st.sampled_from([0.0, 0.0, 6.0]),
    guide=st.lists(
        st.builds(GuideRow, at_min=st.sampled_from([0.0, 1.0, 2.0]), text=st.sampled_from(["Sit.", "Rest.", " "])),
        max_size=2,
    ).map(tuple),
)
guides = st.lists(
    st.builds(
        GuideRow, st.sampled_from([0.0, 0.5, 1.0, 2.25]), st.sampled_from(["Sit.", "Rest."]), st.sampled_from(["", "x"])
    ),
    max_size=3,
    unique_by=lambda text: text.at_min,
).map(tuple)
valid_rows = st.builds(
    SegmentRow,
    phase=st.sampled_from(["practice", "transfer", "rest"]),
    minutes=st.sampled_from([2.5, 5.0, 60.0]),
    background=st.sampled_from(["", "sea"]),
    bell_min=st.sampled_from([0.0, 1.5]),
    breaths_per_min=st.sampled_from([0.0, 5.5]),
    guide=guides,
)
valid_drafts = st.builds(
    PracticeDraft,
    description=st.sampled_from(["", "Wide and quiet."]),
    title=st.just("Mine"),
    feedback=st.sampled_from(["none", "timer"]),
    rows=st.lists(valid_rows, min_size=1, max_size=3).map(tuple),
)
drafts = st.builds(
    PracticeDraft,
    title=st.sampled_from(["Mine", "ÄÖ", " "]),
    minutes=st.sampled_from([0.0, 0.0, 15.0]),
    feedback=st.sampled_from(["index", "none", "timer"]),
    rows=st.lists(rows, max_size=3).map(tuple),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "programmes"


@pytest.fixture
def editor(qtbot: QtBot, folder: Path) -> PracticeEditor:
    made = PracticeEditor(folder)
    qtbot.addWidget(made)
    made.resize(1024, 640)
    with qtbot.waitActive(made):
        made.show()
    made.activate(PracticeDraft())
    return made


@pytest.fixture
def page(qtbot: QtBot, folder: Path) -> PracticesPage:
    save_practice(MINE, folder)
    made = PracticesPage(folder)
    qtbot.addWidget(made)
    made.resize(1024, 640)
    with qtbot.waitActive(made):
        made.show()
    made.activate()
    return made


def shown(page: PracticeEditor | PracticesPage) -> str:
    return "\n".join(words.text() for words in page.findChildren(QLabel) if words.isVisible())


def titles(page: PracticesPage) -> list[str]:
    return [item.text() for place in range(page.list.count()) if (item := page.list.item(place)) is not None]


def choose(page: PracticesPage, title: str) -> None:
    page.list.setCurrentRow(next(at for at, text in enumerate(titles(page)) if text.startswith(title)))


class TestDraft:
    @settings(max_examples=150, deadline=None)
    @given(drafts)
    def test_a_draft_without_a_problem_is_a_valid_practice_and_one_with_a_problem_is_not(
        self, draft: PracticeDraft
    ) -> None:
        problem = draft_problem(draft)
        data = {"name": draft.file_name or "x", **draft.as_toml()}
        try:
            parse(Programme, data, "this practice")
        except SettingsError:
            assert problem
        else:  # what only the editor refuses: a name without letters, and texts at one minute that it would sort
            assert not problem or not draft.file_name
        assert "\n" not in problem

    @settings(max_examples=20, deadline=None)
    @given(valid_drafts)
    def test_saved_practice_is_read_as_it_was(
        self, tmp_path_factory: pytest.TempPathFactory, draft: PracticeDraft
    ) -> None:
        folder = tmp_path_factory.mktemp("own")
        path = save_practice(draft, folder)
        read = read_draft(PracticeFile(path.stem, draft.title, own=True), folder)
        by_time = tuple(
            replace(row, guide=tuple(sorted(row.guide, key=lambda text: text.at_min))) for row in draft.rows
        )
        assert read == replace(draft, rows=by_time, name=path.stem)

    @pytest.mark.parametrize("title", ["", "???", " "])
    def test_practice_needs_a_name(self, title: str, folder: Path) -> None:
        with pytest.raises(SettingsError, match="at least one letter or digit"):
            save_practice(replace(MINE, title=title), folder)

    @pytest.mark.parametrize("title", ["Mine!", "mine", "Body scan"])
    def test_new_practice_never_replaces_another(self, title: str, folder: Path) -> None:
        save_practice(MINE, folder)
        with pytest.raises(SettingsError, match="already a practice called"):
            save_practice(replace(MINE, title=title), folder)
        edited = replace(MINE, title="Mine, longer", name="mine")
        assert save_practice(edited, folder) == folder / "mine.toml"

    def test_folder_that_cannot_be_written_is_reported(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        for act in (lambda: save_practice(MINE, tmp_path / "file"), lambda: delete_practice("gone", tmp_path)):
            with pytest.raises(RecordingError, match="could not be"):
                act()

    def test_deleted_practice_is_put_back_unless_its_name_is_taken(self, folder: Path) -> None:
        save_practice(MINE, folder)
        deleted = delete_practice("mine", folder)
        assert not any(practice.own for practice in list_practices(folder))
        save_practice(MINE, folder)
        with pytest.raises(SettingsError, match="already a practice"):
            restore_practice(deleted)
        again = delete_practice("mine", folder)
        assert again != deleted
        restore_practice(deleted)
        assert [practice.title for practice in list_practices(folder) if practice.own] == ["Mine"]


class TestEditor:
    def test_saved_practice_can_be_loaded(self, editor: PracticeEditor, folder: Path) -> None:
        saved: list[str] = []
        editor.saved.connect(saved.append)
        editor.title.setText("Long morning!")
        editor.minutes.setValue(30)
        for row in (
            SegmentRow("rest", 2.0),
            SegmentRow("transfer", 5.0, 0, "wind", 1.0, guide=(GuideRow(1.5, "Rest."),)),
        ):
            editor._add(row)
        editor.save()
        assert saved == ["Long morning!"]
        programme = load_programme(str(folder / "long-morning.toml"))
        assert (programme.title, programme.minutes, programme.feedback) == ("Long morning!", 30.0, "index")
        assert [(s.phase, s.minutes, s.background, s.bell_every_min) for s in programme.segments] == [
            ("practice", None, None, 0.0),
            ("rest", 2.0, None, 0.0),
            ("transfer", 5.0, "wind", 1.0),
        ]
        assert [(text.at_min, text.text) for text in programme.segments[2].guide] == [(1.5, "Rest.")]

    def test_rows_grow_and_are_removed(self, editor: PracticeEditor, qtbot: QtBot) -> None:
        assert len(editor.segments) == 1
        assert editor.segments[0].remove_button.isHidden()
        for _ in range(8):
            qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
        segment = editor.segments[3]
        assert segment.phase.accessibleName() == "Segment 4"
        qtbot.mouseClick(segment.add_text_button, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(segment.add_text_button, Qt.MouseButton.LeftButton)
        segment.texts[0].text.setText("First.")
        segment.texts[1].text.setText("Second.")
        qtbot.mouseClick(segment.texts[0].remove_button, Qt.MouseButton.LeftButton)
        assert [text.text for text in editor.draft().rows[3].guide] == ["Second."]
        assert segment.texts[0].text.accessibleName() == "Text 1 of segment 4"
        for _ in range(2):
            qtbot.mouseClick(editor.segments[0].remove_button, Qt.MouseButton.LeftButton)
        assert [len(row.guide) for row in editor.draft().rows] == [0, 1, 0, 0, 0, 0, 0]
        assert segment.phase.accessibleName() == "Segment 2"

    def test_problem_is_shown_and_nothing_is_written(self, editor: PracticeEditor, folder: Path) -> None:
        editor.title.setText("Two open")
        editor._add(SegmentRow())
        editor.save()
        assert "Only one segment may leave its minutes open; these do: 1, 2." in shown(editor)
        assert not folder.exists()

    def test_a_question_of_its_own_is_saved_shown_again_and_refused_in_plain_words(
        self, editor: PracticeEditor, folder: Path
    ) -> None:
        editor.activate(replace(MINE, rows=(SegmentRow(),)))
        editor.asked.setText("Was the mind wide?")
        for answers, feedback, problem in (
            ("wide", "index", texts.ANSWERS_NEEDED),
            ("wide; Wide", "index", texts.ANSWERS_NEEDED),
            (f"wide; {'x' * 41}", "index", texts.ANSWER_TOO_LONG.format(answer="x" * 41, most=40)),
            ("wide; caught", "timer", texts.QUESTION_WITHOUT_HEADSET),
        ):
            editor.answers.setText(answers)
            editor.feedback.setCurrentIndex(editor.feedback.findData(feedback))
            editor.save()
            assert editor._message.text() == problem
        assert not folder.exists()
        editor.feedback.setCurrentIndex(editor.feedback.findData("none"))
        editor.save()
        saved = load_programme(str(folder / "mine.toml"))
        assert saved.question is not None
        assert (saved.question.text, saved.question.answers) == ("Was the mind wide?", ("wide", "caught"))
        editor.activate(read_draft(PracticeFile("mine", "Mine", own=True), folder))
        assert (editor.asked.text(), editor.answers.text()) == ("Was the mind wide?", "wide; caught")
        editor.asked.setText("")
        editor.save()
        assert editor._message.text() == texts.ANSWERS_WITHOUT_QUESTION

    def test_answers_with_a_semicolon_stay_as_they_are_in_the_file(self, editor: PracticeEditor) -> None:
        draft = replace(MINE, question="Where?", answers=("here; there", "away"))
        editor.activate(draft)
        assert editor.draft().answers == draft.answers

    def test_too_slow_pace_is_raised_and_recordings_belong_to_their_text(self, editor: PracticeEditor) -> None:
        editor.activate(
            PracticeDraft(rows=(SegmentRow(guide=(GuideRow(0.0, "Sit.", "sit"), GuideRow(1.0, "Rest.", "r"))),))
        )
        segment = editor.segments[0]
        segment.pace.setValue(2.0)
        segment.texts[0].text.setText("Stand.")
        row = editor.draft().rows[0]
        assert row.breaths_per_min == 4.0
        assert [text.id for text in row.guide] == ["", "r"]

    def test_what_was_not_changed_is_not_rounded(self, editor: PracticeEditor) -> None:
        rows = (SegmentRow("practice", 1 / 3, 61.25, "file", 1.0625, guide=(GuideRow(0.125, "Sit."),)), SegmentRow())
        shown = PracticeDraft("Mine", minutes=10.125, rows=rows, name="mine")
        editor.activate(shown)
        assert editor.draft() == shown
        editor.segments[0].minutes.setValue(2.0)
        assert editor.draft().rows[0] == replace(rows[0], minutes=2.0)

    def test_numbers_below_the_least_one_are_raised(self, editor: PracticeEditor, qtbot: QtBot) -> None:
        editor.minutes.setValue(0.1)
        editor.segments[0].quiet.setFocus()
        editor.segments[0].quiet.setValue(4)
        editor.title.setFocus()
        assert editor.segments[0].quiet.value() == 10, "shown when the field is left"
        assert editor.draft().minutes == 0.25

    def test_escape_leaves_the_editor(self, editor: PracticeEditor, qtbot: QtBot) -> None:
        with qtbot.waitSignal(editor.left):
            qtbot.keyClick(editor, Qt.Key.Key_Escape)

    def test_escape_asks_before_it_discards(self, editor: PracticeEditor, qtbot: QtBot) -> None:
        left: list[bool] = []
        editor.left.connect(lambda: left.append(True))
        editor.title.setText("Half written")
        for choice, expected in (("&Go on", []), ("&Close without it", [True])):
            qtbot.keyClick(editor, Qt.Key.Key_Escape)
            assert editor.question is not None
            next(button for button in editor.question.buttons() if button.text() == choice).click()
            assert left == expected


class TestList:
    def test_own_practice_is_edited_and_renamed_in_its_file(self, page: PracticesPage, folder: Path) -> None:
        assert titles(page)[0] == "Mine"
        page.edit()
        page.editor.title.setText("Yours")
        page.editor.save()
        assert titles(page)[0] == "Yours"
        assert "Saved: Yours." in shown(page)
        assert [path.name for path in folder.iterdir()] == ["mine.toml"]

    def test_shipped_practice_is_duplicated_with_its_texts_and_not_changed(
        self, page: PracticesPage, folder: Path
    ) -> None:
        choose(page, "Body scan")
        assert not page.edit_button.isEnabled()
        assert not page.delete_button.isEnabled()
        page.delete()
        page.duplicate()
        page.editor.save()
        own, shipped = load_programme(str(folder / "body-scan-my-own.toml")), load_programme("body-scan")
        assert own.title == "Body scan, my own"
        assert (own.segments, own.feedback) == (shipped.segments, shipped.feedback)

    def test_practice_is_deleted_and_put_back(self, page: PracticesPage, qtbot: QtBot) -> None:
        assert page.undo_button.isHidden()
        qtbot.keyClick(page.list, Qt.Key.Key_Delete)
        assert "Mine" not in titles(page)
        assert "Deleted: Mine." in shown(page)
        qtbot.mouseClick(page.undo_button, Qt.MouseButton.LeftButton)
        assert titles(page)[0] == "Mine"
        assert page.undo_button.isHidden()

    def test_file_with_a_mistake_is_listed_with_one_sentence(self, page: PracticesPage, folder: Path) -> None:
        (folder / "bad.toml").write_text('name = "bad"\ntitle = "Bad"\n[[segments]]\nminutes = 0\n')
        page.activate()
        choose(page, "bad")
        assert page._message.text().endswith(
            "bad.toml cannot be used: got segments.0.minutes = 0: Input should be greater than 0; correct that file; "
            "docs/practices.md lists the keys."
        )
        assert not page.duplicate_button.isEnabled()
        assert page.delete_button.isEnabled()
        (folder / "mine.toml").unlink()
        choose(page, "Mine")
        page.edit()
        assert page.currentWidget() is page._overview
        assert "mine" in page._message.text()

    def test_new_practice_is_offered_on_the_first_page(
        self, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("neurofeedback.settings.load.user_folder", lambda: tmp_path)
        (tmp_path / "recordings").mkdir()
        restrict_recordings(tmp_path / "recordings")
        save_state(tmp_path / "app.json", AppState(claims_seen=True, participant="P1"))
        defaults = AppDefaults(
            tmp_path / "recordings",
            programmes=programme_choices(),
            state_file=tmp_path / "app.json",
            notice="A notice.",
        )
        window = MainWindow(lambda _: None, defaults)  # type: ignore[arg-type]
        qtbot.addWidget(window)
        window.show()
        assert window._home._notice.text() == "A notice."
        window._settings.practices.emit()
        page = window._practices
        assert texts.NONE_YET in shown(page)
        page.open_editor(MINE)
        page.editor.save()
        page.left.emit(True)
        assert window._home._practice.findText("Mine") >= 0


def test_practice_with_a_mistake_is_named_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurofeedback.settings.load.user_folder", lambda: tmp_path)
    assert faulty_practice_notice() == ""
    (tmp_path / "programmes").mkdir()
    (tmp_path / "programmes" / "bad.toml").write_text("name = ")
    assert "A practice of your own is left out" in faulty_practice_notice()
    assert "bad" not in [choice.name for choice in programme_choices()]


def test_programmes_are_sorted_first_sitting_first_and_those_without_feedback_last() -> None:
    names = [programme.name for programme in programme_choices()]
    assert names[0] == "first"
    assert names.index("10-minutes") < names.index("45-minutes") < names.index("open-end") < names.index("timer")


def test_programme_length_includes_all_phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_practice(PracticeDraft(title="Fixed", rows=(SegmentRow(minutes=10.0),)), tmp_path / "programmes")
    monkeypatch.setattr("neurofeedback.settings.load.user_folder", lambda: tmp_path)
    lengths = {choice.title: choice.minutes for choice in programme_choices()}
    assert lengths["Fixed"] == pytest.approx(10 + (30 + 120 + 8) / 60)
    assert lengths["Open end"] == 0
