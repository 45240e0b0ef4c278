"""What a bundle and a menu entry are made of; building one takes minutes and is `scripts/bundle`'s."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.helpers import ROOT

PACKAGING = ROOT / "packaging"
PERMITTED = {"BoardController", "DataHandler", "BrainFlowBluetooth", "GanglionLib", "MuseLib", "simpleble-c"}

pytestmark = pytest.mark.skipif(not PACKAGING.is_dir(), reason="not in a checkout")


def quoted_names(path: Path) -> set[str]:
    line = next(line for line in path.read_text().splitlines() if line.startswith("PERMITTED = "))
    return set(re.findall(r'"([^"]+)"', line))


def test_recipe_and_trial_agree_on_redistribution_and_list_every_licence() -> None:
    assert quoted_names(PACKAGING / "neurofeedback.spec") == PERMITTED
    assert quoted_names(PACKAGING / "try_bundle.py") == PERMITTED
    licences = (PACKAGING / "LICENCES.md").read_text()
    assert [name for name in PERMITTED if name not in licences] == []


def test_a_released_bundle_leaves_out_what_may_not_be_passed_on() -> None:
    workflow = ROOT / ".github/workflows/release.yml"
    job = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]["bundle"]
    assert job["env"]["NEUROFEEDBACK_BUNDLE_WITHOUT_BLE"] == "1"


def test_the_recipe_excludes_no_package_that_the_program_imports() -> None:
    """Except for packages of extras, whose lack the program names itself."""
    recipe = (PACKAGING / "neurofeedback.spec").read_text(encoding="utf-8")
    (excluded,) = re.findall(r"excludes=\[(.*?)\]", recipe, re.DOTALL)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^\w-]", line)[0].lower().replace("-", "_") for line in project["dependencies"]}
    names = set(re.findall(r'"([\w.]+)"', excluded))
    assert {"tkinter", "pyarrow"} <= names
    assert names & needed == set()


def test_the_icon_is_drawn() -> None:
    assert ET.parse(PACKAGING / "neurofeedback.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file
    assert (PACKAGING / "neurofeedback.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.skipif(sys.platform != "linux", reason="menus of Linux")
def test_install_desktop_adds_the_program_to_the_menu_and_removes_it(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "my data"), "HOME": str(tmp_path)}
    script = str(ROOT / "scripts" / "install-desktop")
    for _ in range(2):
        subprocess.run([script], env=environment, check=True, capture_output=True)
    entry = tmp_path / "my data/applications/neurofeedback.desktop"
    lines = entry.read_text().splitlines()
    (program,) = re.findall(r'^Exec="(.+)"$', entry.read_text(), re.MULTILINE)
    assert os.access(program, os.X_OK)
    assert lines[0] == "[Desktop Entry]"
    assert {"Type=Application", "Icon=neurofeedback", "Terminal=false"} <= set(lines)
    icons = sorted(path.name for path in (tmp_path / "my data/icons").rglob("neurofeedback.*"))
    assert icons == ["neurofeedback.png", "neurofeedback.svg"]
    subprocess.run([script, "--remove"], env=environment, check=True, capture_output=True)
    assert not list((tmp_path / "my data").rglob("neurofeedback.*"))
    assert subprocess.run([script, "--what"], env=environment, check=False, capture_output=True).returncode == 2
