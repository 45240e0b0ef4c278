"""What a screen reader is told, heard on the real accessibility bus by a listener in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LAUNCHER = next((path for path in (Path("/usr/libexec/at-spi-bus-launcher"),) if path.exists()), None)
DEBIAN_PYTHON = "/usr/bin/python3"
SCRIPT = """
"$1" --launch-immediately &
launcher=$!
"$2" "$3/announcement_listener.py" >"$5/heard" &
listener=$!
until grep -q listening "$5/heard"; do kill -0 "$listener" || exit 1; sleep .1; done
"$4" "$3/announcing_app.py" "$5"
kill "$listener" "$launcher"
"""


def _missing() -> str:
    tools = [tool for tool in ("xvfb-run", "dbus-run-session", "bash") if shutil.which(tool) is None]
    tools += [] if LAUNCHER else ["at-spi-bus-launcher"]
    gi = subprocess.run([DEBIAN_PYTHON, "-c", "import gi"], capture_output=True, check=False) if not tools else None
    return ", ".join([*tools, *(["python3-gi"] if gi is not None and gi.returncode else [])])


@pytest.mark.timeout(300)
@pytest.mark.a11y
@pytest.mark.skipif(sys.platform != "linux", reason="the accessibility bus of Linux")
def test_question_answer_loss_and_results_are_announced_in_order(tmp_path: Path) -> None:
    if missing := _missing():
        pytest.skip(f"needs {missing} (apt install xvfb xauth at-spi2-core python3-gi)")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND"))}
    environment |= {"QT_QPA_PLATFORM": "xcb", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "LC_ALL": "C.UTF-8"}
    environment |= {"PYTHONPATH": str(HERE.parents[1]), "HOME": str(tmp_path)}
    arguments = [str(LAUNCHER), DEBIAN_PYTHON, str(HERE), sys.executable, str(tmp_path)]
    ran = subprocess.run(
        ["xvfb-run", "-a", "dbus-run-session", "--", "bash", "-c", SCRIPT, "announcements", *arguments],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    heard, at = (tmp_path / "heard").read_text(encoding="utf-8"), -1
    for words in (
        "Just before the sound: where was your mind? 1 on the breath, 2 elsewhere, 3 not sure.",
        "Answered: on the breath.",
        "No data from the headset.",
        "The signal is back.",
        "The sitting is over. You sat for 10 minutes. 90 % of it had a usable signal.",
        "The chime asked",
    ):
        found = heard.find(words)
        assert found > at, f"{words!r} was not heard in order; heard:\n{heard}\n{ran.stderr[-2000:]}"
        at = found
