"""The wheel: built, installed in a fresh environment outside the checkout, and at work there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.helpers import ROOT

CONFIGS = {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*.toml")}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of a fresh environment that holds the wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    (wheel,) = built.glob("*.whl")
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", wheel], check=True)
    return programs


def neurofeedback(programs: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [programs / "neurofeedback", *arguments], capture_output=True, text=True, check=False, cwd=cwd, timeout=300
    )


def test_the_wheel_is_for_any_platform_and_brings_the_configs(built: Path) -> None:
    (wheel,) = built.glob("*-py3-none-any.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"neurofeedback/py.typed", *(f"neurofeedback/{name}" for name in CONFIGS)} <= names
    assert "neurofeedback/texts/locale/neurofeedback_de.mo" in names
    assert not any(name.startswith(("tests/", "recordings/", "benchmarks/")) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_source_archive_can_build_the_wheel(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert CONFIGS | {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"} <= names


def test_doctor_of_installed_wheel_finds_all_requirements(installed: Path, tmp_path: Path) -> None:
    done = neurofeedback(installed, "doctor", "--json", "--recordings", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row["need"] for row in json.loads(done.stdout)} <= {"ok", "optional"}


def test_devices_are_listed(installed: Path, tmp_path: Path) -> None:
    done = neurofeedback(installed, "devices", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0][:9]) == (0, "synthetic"), done.stderr


def test_configs_come_with_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "from neurofeedback.settings import load; print(load.configs_folder(), load.load_settings().name)"
    done = subprocess.run(
        [installed / "python", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=300
    )
    folder, name = done.stdout.split()
    assert Path(folder).is_relative_to(installed.parent.resolve())
    assert name == "default"


def test_session_of_installed_wheel_is_recorded_here_with_report(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    sat = neurofeedback(
        installed, "train", "--device", "simulated", "--minutes", "0.5", "--headless", "--fast", cwd=tmp_path
    )
    assert sat.returncode == 0, sat.stderr
    (header,) = tmp_path.glob("recordings/sub-01/ses-*/eeg/*_eeg.vhdr")
    reported = neurofeedback(installed, "report", str(header.parents[1]), cwd=tmp_path)
    assert reported.returncode == 0, reported.stderr
    assert Path(reported.stdout.strip()).read_text(encoding="utf-8").startswith("<!")
