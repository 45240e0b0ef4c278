"""The names that identify the person and the computer, for reports that are passed on without them."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def identifying_names() -> Iterator[tuple[str, str]]:
    """Yield each name and what replaces it; the home folder first, since it contains the user name."""
    with suppress(RuntimeError):  # an account without a home folder
        yield str(Path.home()), "~"
        yield Path.home().as_posix(), "~"
    with suppress(KeyError, OSError):  # an account without a name
        yield getpass.getuser(), "<user>"
    yield platform.node(), "<computer>"
    yield platform.node().partition(".")[0], "<computer>"
