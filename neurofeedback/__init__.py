"""Neurofeedback for meditation: a headset's samples in, guidance to see and hear out, everything on disk."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from neurofeedback.formats.mne_conversion import MneSession

__version__ = "0.1.0"

# BrainFlow imports pkg_resources on Python 3.11; the warning is for its authors, not for whoever trains.
warnings.filterwarnings("ignore", "pkg_resources is deprecated")


def read_session(path: str | PathLike[str]) -> MneSession:
    """Read a recording for MNE, with the table of its frames.

    Parameters
    ----------
    path : path-like
        A session's folder, any file in it, or any recording this program can read.

    Returns
    -------
    MneSession
        ``raw``, an `mne.io.Raw` in volts with phases, events and gaps as annotations, and ``frames``, a DataFrame with
        one row a frame (None for another program's recording). A tuple, so ``raw, frames = read_session(path)``.

    Raises
    ------
    RecordingError
        There is no recording that can be read; it says why.
    """
    from pathlib import Path

    from neurofeedback.formats.mne_conversion import read_session as read  # mne when asked for

    return read(Path(path))
