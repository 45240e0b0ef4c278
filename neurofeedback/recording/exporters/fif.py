"""MNE's own format, in double precision: every float32 microvolt comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neurofeedback.recording.exporters.names import plain_names
from neurofeedback.recording.mne_session import to_raw
from neurofeedback.recording.recording import Recording

_LONGEST_NAME = 64


def write_fif(recording: Recording, out: Path) -> None:
    """Write FIF."""
    names = tuple(plain_names(recording.stream.ch_names, _LONGEST_NAME))
    plain = replace(recording, stream=replace(recording.stream, ch_names=names))
    to_raw(plain).save(out, fmt="double", verbose="error")
