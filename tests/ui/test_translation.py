"""All texts pass one door, can be translated, and nothing that waits runs in the window's thread."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.helpers import ROOT

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QCoreApplication, QTranslator
from PyQt6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.texts.probe_questions import QUESTIONS
from neurofeedback.texts.session import DISCLAIMER
from neurofeedback.ui.pages.about_page import AboutPage
from neurofeedback.ui.translation import CONTEXT, install_translation, tr

UI = ROOT / "neurofeedback" / "ui"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    out = tmp_path_factory.mktemp("ts") / "neurofeedback_de.ts"
    subprocess.run([sys.executable, str(ROOT / "scripts" / "translations"), str(out)], check=True, capture_output=True)
    tree = ET.parse(out)  # noqa: S314 - written a moment ago
    return {source.text or "" for source in tree.iter("source")}


def test_every_fixed_sentence_is_offered_for_translation(sources: set[str]) -> None:
    wanted = {
        DISCLAIMER,
        "Sit",
        "End the sitting?",
        "Practice",
        "Understood",
        "D  dark",
        "&Import a recording",
        *(q.wording for q in QUESTIONS),
    }
    wanted |= {"D  dark", "O  compare with today", "&Import a recording"}
    wanted |= {text for question in QUESTIONS for _, text in question.choices}
    assert wanted <= sources
    assert len(sources) > 200


def test_what_the_pages_pass_is_in_the_file(sources: set[str], qtbot: QtBot) -> None:
    about = AboutPage()
    qtbot.addWidget(about)
    shown = {part.text() for kind in (QLabel, QAbstractButton) for part in about.findChildren(kind)}
    assert shown <= sources


class German(QTranslator):
    def translate(self, context: str | None, source: str | None, *_: object, **__: object) -> str:
        return "Sitzen" if (context, source) == (CONTEXT, "Sit") else ""


def test_another_language_takes_the_place_of_english(qtbot: QtBot) -> None:
    german, app = German(), QCoreApplication.instance()
    assert app is not None
    app.installTranslator(german)
    try:
        assert tr("Sit") == "Sitzen"
        assert tr("Understood") == "Understood"
    finally:
        app.removeTranslator(german)
    assert tr("") == ""


def test_no_translation_leaves_english(qtbot: QtBot, tmp_path: Path) -> None:
    app = QCoreApplication.instance()
    assert app is not None
    assert not install_translation(app, tmp_path)


WAITS = {"sleep", "wait", "join", "result", "run", "check_output", "communicate", "read_text", "read_bytes", "open"}
ALLOWED = {
    ("bridge.py", "join"): "a sitting is asked with no time to wait",
    ("bridge.py", "result"): "asked only once it is done",
    ("jobs.py", "result"): "asked only once it is done",
    ("looking.py", "result"): "a helper waits there",
    ("choices.py", "read_text"): "a file of a few lines, before the window is shown",
    ("preferences.py", "read_text"): "a file of a few lines, before the window is shown",
    ("crash.py", "open"): "opens a dialog, not a file",
}


def test_nothing_that_waits_is_called_in_the_windows_thread() -> None:
    found = set()
    for path in UI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAITS:
                text = isinstance(node.func.value, ast.Constant)  # ", ".join
                found |= set() if text else {(path.name, node.func.attr)}
    assert found == set(ALLOWED)


SLOW = {
    "recording.reader",
    "recording.history",
    "recording.recovery",
    "session.replay",
    "report",
    "recording.exporters",
}


def test_what_is_slow_is_imported_in_helpers_only() -> None:
    for path in UI.glob("*.py"):
        if path.name == "told.py":  # itself imported in helpers only
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            name = getattr(node, "module", "") or ""
            assert not any(name.startswith(f"neurofeedback.{slow}") for slow in SLOW), (path.name, name)
            assert name != "neurofeedback.ui.viewmodels"
