"""The two scripts: what they look for, and the one line they stop with when they may not install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from neurofeedback.cli.helpers.common import WINDOW_LIBRARIES
from tests.helpers import ROOT

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="scripts for bash")


def setup(code: str, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run shell code after the functions that both scripts share."""
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . {root}/scripts/setup.bash; {code}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As little of a checkout as the scripts look at."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "neurofeedback").mkdir()
    (tmp_path / "neurofeedback" / "__init__.py").touch()
    return tmp_path


def fake_venv(checkout: Path, package: Path) -> None:
    """A .venv whose Python finds the package there."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={package} exec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    (python.parent / "pip").touch(0o755)


@pytest.mark.skipif(shutil.which("ldconfig") is None, reason="glibc's list of libraries")
def test_only_what_is_missing_is_asked_for() -> None:
    done = setup("missing_packages libc6:libc.so.6 nothing9:libnothing.so.9 bash:bash less:no-such-program files:/etc")
    assert done.stdout.split() == ["nothing9", "less"]


@pytest.mark.skipif(shutil.which("ldconfig") is None, reason="glibc's list of libraries")
def test_without_the_right_to_install_it_stops_with_one_line_to_type() -> None:
    done = setup(
        "apt_rights() { return 1; }; need_packages nothing9:libnothing.so.9 zilch:no-such-program; echo went on"
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].strip() == "sudo apt-get install -y nothing9 zilch"


def test_with_the_right_it_installs_them() -> None:
    done = setup(
        'apt-get() { echo "apt-get $*" >&2; }; env() { "${@:2}"; }; apt_rights() { :; }; apt_install Why one two'
    )
    assert done.returncode == 0, done.stderr
    assert "apt-get install -y -qq --no-install-recommends one two" in done.stderr


def test_an_apt_that_fails_stops_it() -> None:
    done = setup(
        'apt-get() { return 100; }; env() { "${@:2}"; }; apt_rights() { :; }; apt_install Why one; echo went on'
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "sudo apt-get install -y one" in done.stderr


def test_a_python_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "python3.12").symlink_to(sys.executable)
    done = setup("PATH=" + str(tmp_path) + " find_python")
    assert done.stdout.strip() == str(tmp_path / "python3.12")


def test_no_python_at_all_is_one_line_to_type() -> None:
    done = setup("command() { return 1; }; find_python() { return 1; }; venv=/nonexistent/x; make_venv")
    assert done.returncode == 1
    assert "sudo apt-get install -y python3 python3-venv" in done.stderr


@pytest.mark.parametrize(("here", "fits"), [(True, True), (False, False)])
def test_a_venv_of_another_checkout_does_not_fit(checkout: Path, tmp_path: Path, here: bool, fits: bool) -> None:
    other = tmp_path / "other"
    shutil.copytree(checkout / "neurofeedback", other / "neurofeedback")
    fake_venv(checkout, checkout if here else other)
    assert (setup("venv_fits", checkout).returncode == 0) == fits


def test_second_run_installs_no_package(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    shutil.copy(checkout / "pyproject.toml", checkout / ".venv" / "installed-app.toml")
    done = setup("pip_install() { echo installing; }; need_python app", checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_pyproject_is_installed_again(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    (checkout / ".venv" / "installed-app.toml").write_text("old")
    done = setup("pip_install() { echo installing; }; need_python app", checkout)
    assert done.stdout == "installing\n"
    assert (checkout / ".venv" / "installed-app.toml").read_text() == (checkout / "pyproject.toml").read_text()
    assert not (checkout / ".venv" / "installed-dev.toml").exists()


def test_the_tools_for_tests_are_more_than_the_app(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    done = setup('run_pip() { :; }; pip_install() { echo "$@"; }; need_python dev; need_python app', checkout)
    assert f"--group {checkout}/pyproject.toml:dev" in done.stdout
    assert f"--editable {checkout}[emulators,lsl,osc,cluster,parquet]" in done.stdout
    assert done.stdout.count("--editable") == 1


def lock_for(checkout: Path, pythons: str) -> None:
    header = f"# Written by scripts/lock.\n# Python {pythons}\n"
    (checkout / "requirements.lock").write_text(f"{header}a==1 --hash=sha256:0\n")


THIS_PYTHON = f"3.9 {sys.version_info[0]}.{sys.version_info[1]}"


def test_locked_versions_are_installed_with_hashes_then_the_checkout_alone(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    lock_for(checkout, THIS_PYTHON)
    done = setup('pip_install() { echo "$@"; }; need_python app; need_python app', checkout)
    assert done.stdout.splitlines() == [
        f"--require-hashes --requirement {checkout}/requirements.lock",
        f"--no-deps --editable {checkout}",
    ]


def test_a_changed_lock_is_installed_again(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    lock_for(checkout, THIS_PYTHON)
    change = f'echo "b==2" >>"{checkout}/requirements.lock"'
    done = setup(f'pip_install() {{ echo "$1"; }}; need_python app; {change}; need_python app', checkout)
    assert done.stdout.split() == ["--require-hashes", "--no-deps"] * 2


@pytest.mark.parametrize(
    ("pythons", "environment", "message"),
    [("3.7 3.8", {}, "is not for Python"), (THIS_PYTHON, {"NEUROFEEDBACK_UNLOCKED": "1"}, "")],
)
def test_without_a_lock_for_this_python_the_newest_permitted_are_installed(
    checkout: Path, pythons: str, environment: dict[str, str], message: str
) -> None:
    fake_venv(checkout, checkout)
    lock_for(checkout, pythons)
    done = setup('pip_install() { echo "$@"; }; need_python app', checkout, **environment)
    assert done.stdout == f"--editable {checkout}[emulators,lsl,osc]\n"
    assert message in done.stderr


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [
        ("No matching distribution found for a==1", True),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", False),
        ("Hash mismatch for a==1", False),
    ],
)
def test_a_lock_that_cannot_be_installed_is_passed_over_unless_a_package_is_another(
    checkout: Path, fault: str, goes_on: bool
) -> None:
    fake_venv(checkout, checkout)
    lock_for(checkout, THIS_PYTHON)
    pip = f'pip_install() {{ echo "$1"; [ "$1" != --require-hashes ] || {{ echo "{fault}" >&2; return 1; }}; }}'
    done = setup(f"{pip}; need_python app", checkout)
    assert done.stdout.split() == ["--require-hashes", *(["--editable"] if goes_on else [])]
    assert (done.returncode == 0) == goes_on
    assert fault in done.stderr
    assert ("NEUROFEEDBACK_UNLOCKED=1" in done.stderr) != goes_on


PIP = 'find_uv() {{ return 1; }}; run_pip() {{ echo "$*"; {}; }}; set +e; '


@pytest.mark.parametrize(("works", "used"), [("true", ["uv"]), ("false", ["uv", "pip"])])
def test_uv_installs_and_pip_where_uv_fails(checkout: Path, works: str, used: list[str]) -> None:
    fake_venv(checkout, checkout)
    code = f"find_uv() {{ echo fake_uv; }}; fake_uv() {{ echo uv; {works}; }}; run_pip() {{ echo pip; }}; pip_install a"
    assert setup(code, checkout).stdout.split() == used


def test_uv_is_installed_by_the_hashes_of_the_lock(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    shutil.copy(ROOT / "requirements-dev.lock", checkout)
    setup("command() { false; }; run_pip() { :; }; find_uv || true", checkout)
    first, *hashes = (checkout / ".venv" / "uv.lock").read_text(encoding="utf-8").splitlines()
    assert first.startswith("uv==")
    assert hashes
    assert all(line.strip().startswith("--hash=sha256:") for line in hashes)


@pytest.mark.parametrize(
    ("pip", "kind", "n_calls"),
    [
        ("return 1", "app", 2),
        ("return 1", "dev", 2),
        ('[ "$1" = --upgrade ]', "dev", 4),
    ],
)
def test_failed_installation_is_not_marked_as_installed_also_without_set_e(
    checkout: Path, pip: str, kind: str, n_calls: int
) -> None:
    """.ci/run calls it on the left of ``||``, where bash ignores ``set -e``."""
    fake_venv(checkout, checkout)
    done = setup(PIP.format(pip) + f"(need_python {kind}) || exit 7", checkout)
    assert done.returncode == 7
    assert len(done.stdout.splitlines()) == n_calls
    assert list((checkout / ".venv").glob("installed-*")) == []


def test_venv_that_cannot_be_made_ends_it_without_set_e(checkout: Path) -> None:
    done = setup(PIP.format("true") + "make_venv() { return 1; }; need_python app || exit 7", checkout)
    assert (done.returncode, done.stdout) == (7, "")


def test_without_a_lock_it_ends_well_and_is_marked(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    done = setup("pip_install() { :; }; need_python app; echo went on", checkout)
    assert (done.returncode, done.stdout) == (0, "went on\n")


def test_where_mne_lsl_cannot_be_installed_the_rest_is(checkout: Path) -> None:
    fake_venv(checkout, checkout)
    done = setup(PIP.format('[[ "$*" != *,lsl* ]]') + "set -e; need_python app", checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"--editable {checkout}[emulators,{extras}osc]" for extras in ("lsl,", "")]
    assert "Installed without mne-lsl" in done.stderr
    assert (checkout / ".venv" / "installed-app.toml").exists()


def test_scripts_and_doctor_know_the_same_libraries() -> None:
    needs = [need.split(":") for need in setup("echo $window_needs").stdout.split()]
    libraries = {sign: package for package, sign in needs if not sign.startswith("/")}
    assert libraries == WINDOW_LIBRARIES


# --- platforms ---


def platforms() -> ModuleType:
    """Import scripts/platforms, whose name has no ending."""
    loader = SourceFileLoader("platforms", str(ROOT / "scripts" / "platforms"))
    spec = spec_from_loader("platforms", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_only_a_missing_wheel_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    script = platforms()
    errors = iter(
        ("ERROR: No matching distribution found for b==1", "", "ERROR: No matching distribution found for b==1")
    )

    def answer(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        error = next(errors)
        return subprocess.CompletedProcess(command, bool(error), "", error)

    monkeypatch.setattr(script.subprocess, "run", answer)
    assert script.without_wheel(["a==1", "b==1"], ("win_arm64",)) == ["b==1"]


@pytest.mark.parametrize(
    "error",
    ["No module named pip", "WARNING: Retrying (Retry(total=4))\nERROR: No matching distribution found for a==1"],
)
def test_other_failures_of_pip_end_it(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = platforms()
    monkeypatch.setattr(
        script.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", error)
    )
    with pytest.raises(SystemExit, match="pip cannot find out"):
        script.without_wheel(["a==1"], ("win_arm64",))


# --- tests ---


def started_tests(checkout: Path, *arguments: str, statuses: tuple[int, ...] = (0, 0)) -> tuple[int, list[str]]:
    """Run scripts/test with a Python that only says how it was started, and ends as told."""
    with (checkout / "scripts" / "setup.bash").open("a") as functions:
        functions.write("need_packages() { :; }\nneed_python() { :; }\n")
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_by_the_clock.py").write_text("pytestmark = pytest.mark.real_time\n")
    (checkout / "tests" / "test_else.py").touch()
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    said = 'for argument in "$@"; do printf "%s|" "$argument"; done >>started; echo >>started\n'
    cases = " ".join(f"{number}) exit {status};;" for number, status in enumerate(statuses, 1))
    python.write_text(f"#!/bin/sh\n{said}case $(wc -l <started) in {cases} esac\n")
    python.chmod(0o755)
    done = subprocess.run([checkout / "scripts" / "test", *arguments], check=False, timeout=60)
    return done.returncode, (checkout / "started").read_text().splitlines()


def test_what_judges_by_the_clock_runs_by_itself_after_the_rest(checkout: Path) -> None:
    status, (rest, timed) = started_tests(checkout, "-x")
    assert status == 0
    assert rest == "-m|pytest|-m|not slow and not real_time|-n|3|--dist|loadfile|--no-loadscope-reorder|-x|"
    timed_arguments = "-n|2|--dist|loadfile|--no-loadscope-reorder|tests/test_by_the_clock.py|-x|"
    assert timed == f"-m|pytest|-m|not slow and real_time|{timed_arguments}"


def test_slow_ones_are_added_to_both(checkout: Path) -> None:
    _, (rest, timed) = started_tests(checkout, "--slow")
    assert "|-m|not real_time|-n|" in rest
    assert "|-m|real_time|-n|" in timed


def test_files_are_run_in_one_go(checkout: Path) -> None:
    (checkout / "test_it.py").touch()
    _, runs = started_tests(checkout, f"{checkout}/test_it.py::test_a")
    assert runs == [f"-m|pytest|-m|not slow|{checkout}/test_it.py::test_a|"]


@pytest.mark.parametrize(
    ("statuses", "status", "n_runs"),
    [((1, 0), 1, 2), ((0, 1), 1, 2), ((5, 0), 0, 2), ((0, 5), 0, 2), ((5, 5), 5, 2), ((5, 1), 1, 2), ((2, 0), 2, 1)],
)
def test_it_fails_if_either_run_fails_and_passes_where_one_has_no_tests(
    checkout: Path, statuses: tuple[int, ...], status: int, n_runs: int
) -> None:
    found, runs = started_tests(checkout, statuses=statuses)
    assert (found, len(runs)) == (status, n_runs)


@pytest.mark.skipif(shutil.which("awk") is None, reason="needs awk")
def test_the_summary_line_adds_up_all_runs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "== 1 failed, 3880 passed, 12 skipped, 33 deselected, 1 error in 600.50s (0:10:00) ==\n"
        "3 things came in 5 minutes\n121 passed, 2 errors in 99.25s\n"
    )
    done = subprocess.run([ROOT / ".ci" / "total", log], capture_output=True, text=True, check=True)
    assert done.stdout == "4001 passed, 4 failed, 12 skipped in 699.75s\n"


# --- run ---


def started(checkout: Path, *arguments: str, **environment: str) -> list[str]:
    """Run scripts/run with a program that only says what it was started with."""
    fake_venv(checkout, checkout)
    shutil.copy(checkout / "pyproject.toml", checkout / ".venv" / "installed-app.toml")
    program = checkout / ".venv" / "bin" / "neurofeedback"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    bare = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    bare.pop("QT_QPA_PLATFORM", None)
    done = subprocess.run(
        [checkout / "scripts" / "run", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=bare | environment,
        cwd=checkout.parent,
    )
    return done.stdout.splitlines()


def test_run_passes_arguments_on(checkout: Path) -> None:
    assert started(checkout, "train", "--device", "cyton:/dev/tty 1") == ["train", "--device", "cyton:/dev/tty 1"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_run_without_display_uses_the_terminal(checkout: Path) -> None:
    assert started(checkout) == ["train", "--device", "simulated", "--minutes", "2", "--headless"]


@pytest.mark.parametrize(("device", "needs"), [("muse-2", True), ("brainflow:unicorn", True), ("synthetic", False)])
def test_run_sees_to_bluetooth_for_headsets_that_use_it(checkout: Path, device: str, needs: bool) -> None:
    with (checkout / "scripts" / "setup.bash").open("a") as functions:
        functions.write('need_packages() { echo "needs $*"; }\n')
    out = started(checkout, "train", "--device", device)
    assert out[0].startswith("needs libdbus") == needs
    assert out[-3:] == ["train", "--device", device]


def test_run_with_a_display_opens_the_app(checkout: Path) -> None:
    with (checkout / "scripts" / "setup.bash").open("a") as functions:
        functions.write("need_packages() { :; }\n")
    assert started(checkout, DISPLAY=":0") == [""]
