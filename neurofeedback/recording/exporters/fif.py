"""MNE's own format, in double precision: every float32 microvolt comes back as it was."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.recording.mne_session import to_raw
from neurofeedback.recording.recording import Recording


def write_fif(recording: Recording, out: Path) -> None:
    """Write FIF."""
    to_raw(recording).save(out, fmt="double", verbose="error")
