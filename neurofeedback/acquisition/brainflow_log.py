"""BrainFlow's native log, written to a file instead of the screen and passed on to Python's log."""

from __future__ import annotations

import atexit
import logging
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TextIO

from brainflow.board_shim import BoardShim, LogLevels

_log = logging.getLogger(__name__)
_LINE = re.compile(r"^\[[^]]*\] \[[^]]*\] \[\w+\] (?P<text>.*)$")


@cache
def redirect() -> TextIO:
    """Make BrainFlow log to a file of this process, and return that file for reading."""
    folder = Path(tempfile.mkdtemp(prefix="neurofeedback-"))
    path = folder / "brainflow.log"
    BoardShim.set_log_file(str(path))
    BoardShim.set_log_level(LogLevels.LEVEL_WARN)
    file = path.open(encoding="utf-8", errors="replace")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(file.close)
    return file


def drain() -> str:
    """Pass on the lines logged since the last call, and return the last one."""
    text = ""
    for line in redirect().read().splitlines():
        match = _LINE.match(line)
        text = match["text"].strip() if match else line
        _log.debug("BrainFlow: %s", text)
    return text
