"""Texts can be translated, and nothing that waits runs in the window's thread."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest

from tests.helpers import ROOT, write_catalogue

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.texts import home, settings, sit, window
from neurofeedback.texts.catalogue import set_translations, tr
from neurofeedback.texts.languages import install_translation
from neurofeedback.texts.probe_questions import QUESTIONS
from neurofeedback.texts.session import DISCLAIMER
from neurofeedback.ui.pages.about_page import AboutPage

UI = ROOT / "neurofeedback" / "ui"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    set_translations(NullTranslations())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Texts in the gettext template that ``scripts/translations`` writes."""
    pofile = pytest.importorskip("babel.messages.pofile")
    out = tmp_path_factory.mktemp("texts") / "neurofeedback.pot"
    subprocess.run([sys.executable, str(ROOT / "scripts" / "translations"), str(out)], check=True, capture_output=True)
    with out.open("rb") as file:
        return {str(message.id) for message in pofile.read_po(file) if message.id}


def test_template_has_the_texts_of_window_terminal_and_probes(template: set[str]) -> None:
    expected = {DISCLAIMER, home.SIT, sit.END_QUESTION, home.UNDERSTOOD, sit.DARK, settings.PROBES["rare"]}
    expected |= {sit.COMPARE_WITH["own"], *(question.wording for question in QUESTIONS)}
    expected |= {text for question in QUESTIONS for _, text in question.choices}
    assert expected <= template
    assert "rare" not in template
    assert len(template) > 250


def test_template_has_the_texts_of_a_page(template: set[str], qtbot: QtBot) -> None:
    about = AboutPage()
    qtbot.addWidget(about)
    shown = {part.text() for kind in (QLabel, QAbstractButton) for part in about.findChildren(kind)}
    assert shown <= template


def test_pages_show_the_translation_of_the_first_language_that_has_one(tmp_path: Path, qtbot: QtBot) -> None:
    write_catalogue(tmp_path / "neurofeedback_it.mo", {home.UNDERSTOOD: "Capito", sit.LONGER_TIP: "{minutes} minuti"})
    assert install_translation(["fr-FR", "it-CH"], tmp_path) == "it"
    about = AboutPage()
    qtbot.addWidget(about)
    assert about.understood.text() == "Capito"
    assert tr(sit.LONGER_TIP, minutes=5) == "5 minuti"
    assert tr(window.CANCELLED) == "Cancelled."


WAITS = {"sleep", "wait", "join", "result", "run", "check_output", "communicate", "read_text", "read_bytes", "open"}
ALLOWED = {
    ("session_bridge.py", "join"): "called with a timeout of 0",
    ("session_bridge.py", "result"): "called only once it is done",
    ("background.py", "result"): "called only once it is done",
    ("sound_preview.py", "wait"): "runs in a helper thread",
    ("device_scan.py", "result"): "runs in a helper thread",
    ("app_state.py", "read_text"): "a file of a few lines, before the window is shown",
    ("preferences.py", "read_text"): "a file of a few lines, before the window is shown",
    ("access_dialog.py", "open"): "opens a dialog, not a file",
    ("history_page.py", "open"): "opens a dialog, not a file",
    ("crash_dialog.py", "open"): "opens a dialog, not a file",
    ("facts_dialog.py", "open"): "opens a dialog, not a file",
    ("facts_tabs.py", "run"): "starts a helper thread",
    ("correction.py", "run"): "starts a helper thread",
    ("person_tab.py", "open"): "opens a dialog, not a file",
    ("record_tab.py", "open"): "opens a dialog, not a file",
    ("basic.py", "open"): "opens a dialog, not a file",
    ("practice_draft.py", "join"): "joins texts",
    ("import_button.py", "open"): "opens a dialog, not a file",
    ("session_window.py", "open"): "opens a dialog, not a file",
    ("study_page.py", "open"): "opens a dialog, not a file",
}


def test_no_blocking_call_in_the_windows_thread() -> None:
    found = set()
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAITS:
                text = isinstance(node.func.value, ast.Constant)  # ", ".join
                found |= set() if text else {(path.name, node.func.attr)}
    assert found == set(ALLOWED)


SLOW = {
    "formats.reader",
    "formats.export.exporters",
    "formats.session_import",
    "recording.recovery",
    "verification",
    "analysis",
    "report",
}


def test_slow_modules_are_imported_in_helpers_only() -> None:
    for path in UI.rglob("*.py"):
        if path.name == "viewmodels.py":  # itself imported in helpers only
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            name = getattr(node, "module", "") or ""
            assert not any(name.startswith(f"neurofeedback.{slow}") for slow in SLOW), (path.name, name)
            assert name != "neurofeedback.ui.viewmodels"
