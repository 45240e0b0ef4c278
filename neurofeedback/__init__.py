"""EEG neurofeedback for meditation: samples of a headset in, guidance to hear and see out, everything on disk as BIDS.

Examples
--------
>>> import neurofeedback as nf
>>> with nf.open_source("simulated:3", duration_s=2.0, real_time=False) as source:
...     engine = nf.Engine(source.stream, profile="default")
...     onsets = [frame.onset for chunk in source for frame in engine.process(chunk)]
>>> onsets[:3]
[0.25, 0.5, 0.75]
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from neurofeedback._version import __version__

if TYPE_CHECKING:
    from neurofeedback.api import (
        Engine,
        StreamInfo,
        open_source,
        probes,
        read_answers,
        read_body,
        read_session,
        read_session_facts,
        replay,
        save_answers,
        set_session_facts,
        verify,
    )

__all__ = [
    "Engine",
    "StreamInfo",
    "__version__",
    "open_source",
    "probes",
    "read_answers",
    "read_body",
    "read_session",
    "read_session_facts",
    "replay",
    "save_answers",
    "set_session_facts",
    "verify",
]

# BrainFlow imports pkg_resources on Python 3.11; the warning is meant for its authors.
warnings.filterwarnings("ignore", "pkg_resources is deprecated")


def __getattr__(name: str) -> object:
    """Import the public API when it is first used, so that ``import neurofeedback`` stays fast."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from neurofeedback import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
