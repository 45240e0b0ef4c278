"""Citation, issue forms and hosted workflows: complete, in agreement with the package, pinned, without secrets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from neurofeedback import __version__
from tests.helpers import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))

pytestmark = pytest.mark.skipif(not GITHUB.is_dir(), reason="not in a checkout")


def test_citation_and_archive_agree_with_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    archive = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert (citation["cff-version"], citation["version"]) == ("1.2.0", __version__)
    assert "version" in project["dynamic"]
    assert citation["license"] == archive["license"] == project["license"]
    assert citation["title"] == archive["title"]
    assert citation["authors"] == archive["creators"]
    assert {"message", "title", "authors"} <= set(citation)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_the_forms_need(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    questions = [part for part in form["body"] if part["type"] != "markdown"]
    assert {part["type"] for part in questions} <= {"input", "textarea", "dropdown"}
    assert len({part["id"] for part in questions}) == len(questions)
    assert all(part["attributes"]["label"] for part in questions)


def test_the_form_on_headsets_requires_the_anonymous_report() -> None:
    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "1-headset.yml").read_text(encoding="utf-8"))
    (report,) = [part for part in form["body"] if part.get("id") == "report"]
    assert "doctor --report" in report["attributes"]["description"]
    assert report["validations"]["required"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_needs_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert "secrets." not in text
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_only_scripts_that_exist(path: Path) -> None:
    named = re.findall(r"(?<![\w./-])((?:scripts|packaging|\.ci)/[\w.-]+)", path.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("version", "changes", "printed", "fault"),
    [
        ("1.2.0", "# C\n\n## [1.2.0] - 2026\n\n- A\n\n## [1.1.0]\n\n- B\n", "- A\n", ""),
        ("1.2.1", "## [1.2.1]\n\n- A\n", "", "_version.py has 1.2.0"),
        ("1.2.0", "## [Unreleased]\n\n- A\n", "", "no section on 1.2.0"),
    ],
)
def test_release_notes_are_the_section_of_the_version(
    tmp_path: Path, version: str, changes: str, printed: str, fault: str
) -> None:
    (tmp_path / "packaging").mkdir()
    script = tmp_path / "packaging" / "release_notes.py"
    script.write_bytes((ROOT / "packaging" / "release_notes.py").read_bytes())
    (tmp_path / "neurofeedback").mkdir()
    (tmp_path / "neurofeedback" / "_version.py").write_text('"""The version."""\n\n__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(changes)
    done = subprocess.run([sys.executable, script, version], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (int(bool(fault)), printed)
    assert fault in done.stderr
