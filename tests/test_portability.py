"""What only some systems have is used in guarded places alone; each is listed here with its guard."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import ROOT

PACKAGE = ROOT / "neurofeedback"
MODULES = {"ctypes", "fcntl", "grp", "msvcrt", "pty", "pwd", "resource", "termios", "tty", "winreg"}
CALLS = {
    "os": {
        "chmod", "chown", "fchmod", "fchown", "fork", "forkpty", "geteuid", "getgid", "getgroups",
        "getloadavg", "getpgid", "getuid", "kill", "killpg", "lchown", "link", "mkfifo", "nice", "openpty",
        "posix_fallocate", "rename", "sched_getaffinity", "sched_setaffinity", "setpriority", "setsid",
        "statvfs", "symlink", "sync", "umask", "uname", "wait", "waitpid",
    },
    "signal": {"SIGALRM", "SIGHUP", "SIGKILL", "SIGSTOP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "alarm", "pthread_kill"},
    "socket": {"AF_NETLINK", "AF_UNIX", "SO_BINDTODEVICE", "SO_REUSEPORT", "if_nametoindex", "if_nameindex"},
    "select": {"epoll", "poll"},
    "time": {"CLOCK_BOOTTIME", "CLOCK_MONOTONIC_RAW", "clock_gettime", "tzset"},
}  # fmt: skip
METHODS = {"chmod", "hardlink_to", "lchmod", "owner", "rename", "symlink_to"}
KEYWORDS = {"preexec_fn", "start_new_session", "shell", "pass_fds"}
PLACES = re.compile(r"/(dev|proc|sys|run|tmp|etc|usr|var)(/|$)|(sys|run|dev|proc)/")
TEXT_FILES = {"open", "read_text", "write_text"}

LINUX, NOT_WINDOWS, WINDOWS = 'sys.platform != "linux"', 'sys.platform != "win32"', 'sys.platform == "win32"'
NEW_NAME = "a folder gets a name that nothing has: rename replaces nothing, which Windows refuses"

GUARDED: dict[str, tuple[set[str], str, str]] = {
    "__main__.py": ({"os.umask"}, "os.umask(0o077)", "Windows has it, without effect on rights of others"),
    "loopback.py": (
        {"/proc/self/fd", "socket.SO_BINDTODEVICE"}, LINUX, "elsewhere LSL asks before it sends"),
    "port_users.py": ({"/proc"}, 'proc.glob("', "finds no process where there is no such folder"),
    "system_audio.py": (
        {"import ctypes", "os.getloadavg", "os.setpriority"}, LINUX, "ALSA's messages, priority, load"),
    "doctor.py": ({"run/dbus/system_bus_socket", "sys/class/bluetooth"}, LINUX, "BlueZ"),
    "common.py": ({"import ctypes"}, "ctypes.CDLL(library)", "system libraries of the window"),
    "doctor_report.py": (
        {"/run/user/0", "import grp", "os.geteuid", "os.getgroups", "run/dbus/system_bus_socket",
         "sys/class/bluetooth", "sys/class/rfkill"},
        NOT_WINDOWS, "groups, sound servers and BlueZ"),
    "keyboard.py": (
        {"import msvcrt", "import termios", "import tty"}, NOT_WINDOWS, "keys without Return, each system's way"),
    "bluez.py": ({"start_new_session="}, "dbus-daemon", "a bus of its own, on Linux"),
    "cyton.py": (
        {".symlink_to()", "import pty", "import tty"}, WINDOWS, "a pseudo-terminal, refused on Windows"),
    "reader_process.py": (
        {"/proc/self/status", "import resource", "os.fork", "os.kill", "os.waitpid", "signal.SIGKILL"},
        'sys.platform == "linux" and threading.active_count() == 1', "elsewhere a new program is started"),
    "write_complete_session.py": ({".rename()"}, ".part_folder", NEW_NAME),
    "dataset.py": ({".rename()"}, "built.rename(final)", NEW_NAME),
    "recovery.py": ({".rename()"}, "empty_folder", NEW_NAME),
    "clock.py": (
        {"time.CLOCK_BOOTTIME", "time.clock_gettime"}, 'sys.platform == "linux"', "sleep of the computer"),
    "bin.py": ({".rename()"}, "old.rename(new)", NEW_NAME),
    "merge.py": ({".rename()"}, "staging.rename(target)", NEW_NAME),
    "file_lock.py": ({"import fcntl", "import msvcrt"}, WINDOWS, "a lock, each system's way"),
    "private_files.py": ({".chmod()", "os.fchmod"}, "_HAS_MODES", "rights of others"),
    "sealing.py": ({".chmod()"}, "path.chmod(0o600)", "without effect on Windows"),
    "withdraw.py": ({".rename()"}, "path.rename(target)", NEW_NAME),
}  # fmt: skip
"""What each module, by the name of its file, uses; a piece of its text that is the guard; and why it may."""

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="not in a checkout")


def find(tree: ast.AST) -> Iterator[str]:
    """Yield the names of what only some systems have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {name.name}" for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield f"import {node.module}"
        elif isinstance(node, ast.ImportFrom):
            allowed = CALLS.get(node.module or "", set())
            yield from (f"{node.module}.{name.name}" for name in node.names if name.name in allowed)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield from (f"{node.value.id}.{name}" for name in CALLS.get(node.value.id, set()) & {node.attr})
        if isinstance(node, ast.Call):
            yield from find_in_call(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PLACES.match(node.value):
            yield node.value


def find_in_call(node: ast.Call) -> Iterator[str]:
    """Yield methods of paths and arguments of ``subprocess`` that only some systems have."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
        owner = node.func.value
        if not (isinstance(owner, ast.Name) and owner.id in CALLS):
            yield f".{node.func.attr}()"
    yield from (f"{keyword.arg}=" for keyword in node.keywords if keyword.arg in KEYWORDS)
    if isinstance(node.func, ast.Attribute) and node.func.attr in {"get_context", "set_start_method"}:
        yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and arg.value != "spawn")


def found_in(path: Path) -> set[str]:
    return set(find(ast.parse(path.read_text(encoding="utf-8"))))


def modules(name: str) -> list[Path]:
    """Return the modules of this file name that use anything that some systems lack."""
    return [path for path in sorted(PACKAGE.rglob(name)) if found_in(path)]


def test_only_guarded_places_use_what_some_systems_lack() -> None:
    found = {path: found_in(path) for path in sorted(PACKAGE.rglob("*.py"))}
    allowed = {path: GUARDED.get(path.name, (set[str](), "", ""))[0] for path in found}
    more = {path.relative_to(PACKAGE).as_posix(): names - allowed[path] for path, names in found.items()}
    assert {name: names for name, names in more.items() if names} == {}, "guard it, and list it in GUARDED"


@pytest.mark.parametrize("name", GUARDED)
def test_a_listed_place_uses_what_is_listed_with_its_guard(name: str) -> None:
    names, guard, why = GUARDED[name]
    (path,) = modules(name)
    assert found_in(path) == names
    assert guard in path.read_text(encoding="utf-8")
    assert why


def test_no_guarded_module_imports_at_its_top_what_windows_lacks() -> None:
    top: list[str] = []
    for path in (path for name in GUARDED for path in modules(name)):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        top += [f"{path.name}: {found}" for node in imports for found in find(node)]
    assert [line for line in top if not line.endswith("import ctypes")] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import fcntl", {"import fcntl"}),
        ("from os import fork", {"os.fork"}),
        ("import os\nos.kill(1, 9)", {"os.kill"}),
        ("signal.SIGUSR1", {"signal.SIGUSR1"}),
        ("path.chmod(0o600)", {".chmod()"}),
        ("a.rename(b)", {".rename()"}),
        ("run(x, shell=True)", {"shell="}),
        ("multiprocessing.get_context('fork')", {"fork"}),
        ("multiprocessing.get_context('spawn')", set()),
        ("open('/dev/null')", {"/dev/null"}),
        ("match.group()\nos.replace(a, b)\n'/ 2'", set()),
    ],
)
def test_what_some_systems_lack_is_found(code: str, found: set[str]) -> None:
    assert set(find(ast.parse(code))) == found
